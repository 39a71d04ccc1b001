//! Commits that fail, come late or are never answered, and partitions that go meanwhile.

use super::*;
use crate::choices::{CommitMode, CommitSettings};
use crate::kafka::TroubleKind;
use std::num::NonZeroU64;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn partition(number: i32) -> TopicPartition {
    TopicPartition { topic: "t".into(), partition: number }
}

fn commits(mode: CommitMode) -> (Commits, Instant) {
    let now = Instant::now();
    (Commits::new(CommitSettings { mode, is_async: false }, now), now)
}

fn batch(count: u64) -> CommitMode {
    CommitMode::Batch(NonZeroU64::new(count).unwrap())
}

/// Assigns a partition from its offset 0 on, of which `count` records are processed.
fn processed(commits: &mut Commits, number: i32, count: i64) -> AssignmentId {
    let id = commits.watermarks_mut().assign(partition(number), 0, 0);
    process(commits, id, 0..count);
    id
}

fn process(commits: &mut Commits, id: AssignmentId, offsets: std::ops::Range<i64>) {
    for offset in offsets {
        assert!(commits.watermarks_mut().take(id, offset) && commits.watermarks_mut().settle(id, offset));
        commits.processed(1);
    }
}

/// Sends what is due; panics if nothing is.
#[track_caller]
fn send(commits: &mut Commits, now: Instant) -> Vec<(TopicPartition, i64)> {
    let Due::Send(positions) = commits.due(now) else { panic!("a commit is due") };
    let offsets = positions.offsets();
    commits.sent(positions, now);
    offsets
}

fn refusal() -> CommitRefusal {
    CommitRefusal { kind: TroubleKind::Other, words: "no".to_owned() }
}

fn refused() -> CommitAnswer {
    CommitAnswer { refused: Some(refusal()), ..CommitAnswer::default() }
}

#[test]
fn a_commit_that_fails_is_sent_again_with_what_came_since() {
    let (mut commits, now) = commits(batch(2));
    let id = processed(&mut commits, 0, 2);
    let sent = send(&mut commits, now);
    assert_eq!(sent, [(partition(0), 2)]);
    let outcomes = commits.answered(refused(), now);
    assert_eq!(outcomes, [CommitOutcome::Refused { offsets: sent, refusal: refusal() }]);
    assert_eq!(commits.due(now), Due::NotYet, "after a pause");
    assert_eq!(commits.room(0), 0, "no record is taken before it is through");
    process(&mut commits, id, 2..3);
    assert_eq!(send(&mut commits, now + SECOND), [(partition(0), 3)]);
    let outcomes = commits.answered(CommitAnswer::default(), now + SECOND);
    assert_eq!(outcomes, [CommitOutcome::Confirmed(vec![(partition(0), 3)])]);
    assert_eq!((commits.room(0), commits.unconfirmed()), (2, 0));
}

#[test]
fn while_an_answer_is_late_nothing_is_sent_and_nothing_taken() {
    let (mut commits, now) = commits(CommitMode::Manual);
    processed(&mut commits, 0, 1);
    send(&mut commits, now);
    commits.ask();
    assert!(commits.is_under_way());
    assert_eq!((commits.due(now + 1000 * SECOND), commits.room(0)), (Due::NotYet, 0));
    assert_eq!(commits.unconfirmed(), 1, "it may have been lost");
    commits.answered(CommitAnswer::default(), now + 1000 * SECOND);
    assert_eq!((commits.unconfirmed(), commits.room(0)), (0, 1));
}

#[test]
fn an_answer_that_never_comes_is_given_up_with_the_member_that_waits_for_it() {
    let (mut commits, now) = commits(CommitMode::Manual);
    processed(&mut commits, 0, 1);
    assert!(!commits.give_up(now), "none is under way");
    send(&mut commits, now);
    assert!(commits.give_up(now) && !commits.is_under_way());
    assert_eq!(commits.answered(CommitAnswer::default(), now), [], "of the client that was let go");
    assert_eq!(send(&mut commits, now + SECOND), [(partition(0), 1)]);
}

#[test]
fn one_partition_that_is_refused_does_not_spoil_the_others() {
    let (mut commits, now) = commits(batch(4));
    for number in [0, 1] {
        processed(&mut commits, number, 2);
    }
    send(&mut commits, now);
    let answer = CommitAnswer { refused_partitions: vec![(partition(1), refusal())], refused: None };
    let expected = [
        CommitOutcome::Confirmed(vec![(partition(0), 2)]),
        CommitOutcome::Refused { offsets: vec![(partition(1), 2)], refusal: refusal() },
    ];
    assert_eq!(commits.answered(answer, now), expected);
    assert_eq!(send(&mut commits, now + SECOND), [(partition(1), 2)]);
}

#[test]
fn partitions_that_are_lost_in_mid_commit_are_owed_nothing() {
    let (mut commits, now) = commits(batch(2));
    let id = processed(&mut commits, 0, 2);
    send(&mut commits, now);
    commits.watermarks_mut().release(id);
    // It was given back to us, at what another member had committed.
    let again = commits.watermarks_mut().assign(partition(0), 10, 10);
    commits.answered(CommitAnswer::default(), now);
    assert_eq!(commits.watermarks().watermark(again), Some(10));
    assert!(!commits.is_anything_owed());
    commits.watermarks_mut().take(again, 10);
    commits.watermarks_mut().settle(again, 10);
    assert_eq!(commits.owed_of(&[partition(0)]).offsets(), [(partition(0), 11)]);
}

#[test]
fn a_hand_over_commits_the_partitions_that_go() {
    let (mut commits, now) = commits(CommitMode::Auto { interval: SECOND });
    let ids = [0, 1].map(|number| processed(&mut commits, number, 3));
    // A record in hand: its partition is committed up to there.
    commits.watermarks_mut().take(ids[1], 3);
    commits.watermarks_mut().take(ids[1], 4);
    commits.watermarks_mut().settle(ids[1], 4);
    let going = commits.owed_of(&[partition(1)]);
    assert_eq!((going.offsets(), going.records()), (vec![(partition(1), 3)], 4));
    commits.sent(going, now);
    commits.answered(CommitAnswer::default(), now);
    commits.watermarks_mut().release(ids[1]);
    assert!(commits.is_anything_owed(), "the other partition stays");
    commits.ask();
    assert_eq!(send(&mut commits, now), [(partition(0), 3)]);
}

#[test]
fn nothing_is_committed_once_it_is_forbidden() {
    let (mut commits, now) = commits(batch(2));
    processed(&mut commits, 0, 2);
    commits.forbid();
    assert_eq!(commits.due(now), Due::NothingOwed);
    assert!(commits.owed_of(&[partition(0)]).is_empty() && !commits.is_anything_owed());
    assert_eq!(commits.unconfirmed(), 0);
}

#[test]
fn a_commit_that_is_due_with_nothing_owed_is_none() {
    let (mut commits, now) = commits(batch(1));
    let id = processed(&mut commits, 0, 1);
    commits.watermarks_mut().release(id);
    assert_eq!(commits.due(now), Due::NothingOwed);
    assert_eq!(commits.due(now), Due::NotYet);
}
