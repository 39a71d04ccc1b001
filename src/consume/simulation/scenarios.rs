//! What a member of a group does when something goes wrong, step by step.

use super::cluster::{Cluster, CommitFate, SharedCluster};
use super::judge::Oracle;
use super::{Simulation, history, settings};
use crate::handlers::{FailureReason, Outcome};
use crate::kafka::{Trouble, TroubleKind};
use crate::settings::Consume;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);
const PRINT: &str = "-g g -o raw";
const HANDLE: &str = "-g g --parallel 4 --exec true";

/// A cluster of one partition, with records of these keys.
fn filled(keys: &[Option<&str>]) -> SharedCluster {
    let cluster = Cluster::new(1);
    cluster.borrow_mut().produce(0, keys);
    cluster
}

/// A member that holds all partitions.
fn member<'a>(settings: &'a Consume, cluster: &SharedCluster) -> Simulation<'a> {
    let mut member = Simulation::start(settings, cluster, "member", Instant::now());
    member.settle();
    let partitions: Vec<i32> = cluster.borrow().logs.keys().map(|partition| partition.partition).collect();
    cluster.borrow_mut().give(&partitions);
    member.settle();
    member
}

fn failed() -> Outcome {
    Outcome::Failed(FailureReason::of("exit status 1"))
}

/// The guarantee holds for what these runs did.
#[track_caller]
fn must_hold(cluster: &SharedCluster, runs: Vec<Simulation<'_>>, oracles: &[Oracle]) {
    let runs = runs.into_iter().map(|simulation| simulation.run).collect();
    history(&cluster.borrow(), runs).must_satisfy(oracles.iter().copied());
}

#[test]
fn what_is_printed_is_committed_and_a_stop_leaves_nothing_behind() {
    let (settings, cluster) = (settings(PRINT), filled(&[None; 20]));
    let mut member = member(&settings, &cluster);
    assert_eq!(member.run.printed.len(), 20);
    member.stop();
    assert_eq!((member.result(), member.committed(0)), (Ok(()), Some(20)));
    must_hold(&cluster, vec![member], &[&Oracle::ALWAYS[..], &Oracle::AT_THE_END[..]].concat());
}

#[test]
fn a_hand_over_finishes_what_is_at_work_and_gives_the_rest_up() {
    let keys: Vec<_> = ["a", "b", "a", "b", "a", "b"].map(Some).to_vec();
    let (settings, cluster) = (settings(HANDLE), filled(&keys));
    let mut member = member(&settings, &cluster);
    assert_eq!(member.at_work(0), [0, 1], "one of each key");
    cluster.borrow_mut().take_back(&[0]);
    member.settle();
    member.answer(0, Outcome::Accepted);
    member.settle();
    assert_eq!(member.at_work(0), [1], "nothing is started any more");
    assert!(cluster.borrow().owned.contains(&super::partition(0)), "it is not given back yet");
    member.answer(0, Outcome::Accepted);
    member.settle();
    assert_eq!(member.committed(0), Some(2));
    assert!(!cluster.borrow().owned.contains(&super::partition(0)));
    member.stop();
    must_hold(&cluster, vec![member], &Oracle::ALWAYS_HANDLED);
}

#[test]
fn a_hand_over_starts_what_lies_below_a_record_that_is_done() {
    let keys: Vec<_> = ["a", "a", "b"].map(Some).to_vec();
    let (settings, cluster) = (settings(HANDLE), filled(&keys));
    let mut member = member(&settings, &cluster);
    assert_eq!(member.at_work(0), [0, 2]);
    member.answer(1, Outcome::Accepted);
    member.settle();
    cluster.borrow_mut().take_back(&[0]);
    member.settle();
    member.answer(0, Outcome::Accepted);
    member.settle();
    assert_eq!(member.at_work(0), [1], "or the next owner would repeat what is done above it");
    member.accept_all();
    assert_eq!(member.committed(0), Some(3));
    must_hold(&cluster, vec![member], &Oracle::ALWAYS_HANDLED);
}

#[test]
fn a_hand_over_does_not_wait_for_ever() {
    let (settings, cluster) = (settings(HANDLE), filled(&[None, None]));
    let mut member = member(&settings, &cluster);
    member.answer(0, Outcome::Accepted);
    cluster.borrow_mut().take_back(&[0]);
    member.pass(29 * SECOND);
    assert!(cluster.borrow().owned.contains(&super::partition(0)));
    member.pass(2 * SECOND);
    assert!(!cluster.borrow().owned.contains(&super::partition(0)));
    assert_eq!(member.committed(0), Some(1), "what was done is committed all the same");
    assert_eq!(member.script.borrow().killed.len(), 1);
    must_hold(&cluster, vec![member], &Oracle::ALWAYS_HANDLED);
}

#[test]
fn a_commit_that_fails_is_made_up_for() {
    let (settings, cluster) = (settings("-g g -o raw --commit batch=5"), filled(&[None; 12]));
    cluster.borrow_mut().commit_fate = CommitFate::Refused(TroubleKind::Other);
    let mut member = member(&settings, &cluster);
    assert_eq!((member.run.printed.len(), member.committed(0)), (5, None), "nothing is taken meanwhile");
    assert!(member.said.contains(&"commit failed, trying again: no".to_owned()), "{:?}", member.said);
    cluster.borrow_mut().commit_fate = CommitFate::Taken;
    member.pass(SECOND);
    assert_eq!((member.run.printed.len(), member.committed(0)), (12, Some(10)));
    member.stop();
    assert_eq!((member.result(), member.committed(0)), (Ok(()), Some(12)));
    must_hold(&cluster, vec![member], &[&Oracle::ALWAYS[..], &Oracle::AT_THE_END[..]].concat());
}

#[test]
fn a_commit_that_is_late_holds_the_next_record_back_and_no_longer() {
    let (settings, cluster) = (settings("-g g -o raw --commit manual"), filled(&[None; 3]));
    cluster.borrow_mut().commit_fate = CommitFate::Held;
    let mut member = member(&settings, &cluster);
    member.pass(20 * SECOND);
    assert_eq!((member.run.printed.len(), member.committed(0)), (1, None));
    cluster.borrow_mut().commit_fate = CommitFate::Taken;
    member.settle();
    assert_eq!((member.run.printed.len(), member.committed(0)), (3, Some(3)));
}

#[test]
fn a_final_commit_that_is_never_answered_is_given_up_and_told() {
    let (settings, cluster) = (settings(PRINT), filled(&[None; 3]));
    let mut member = member(&settings, &cluster);
    cluster.borrow_mut().commit_fate = CommitFate::Held;
    member.is_stopped = true;
    member.pass(9 * SECOND);
    assert!(member.consumer.is_some(), "the final commit is tried for 10 s");
    member.pass(2 * SECOND);
    let told = "final commit unconfirmed; up to 3 records may be read again";
    assert_eq!(member.result(), Err(told.to_owned()));
}

#[test]
fn a_final_commit_that_fails_at_first_is_tried_again() {
    let (settings, cluster) = (settings(PRINT), filled(&[None; 3]));
    let mut member = member(&settings, &cluster);
    cluster.borrow_mut().commit_fate = CommitFate::Refused(TroubleKind::Other);
    member.is_stopped = true;
    member.pass(SECOND);
    cluster.borrow_mut().commit_fate = CommitFate::Taken;
    member.pass(2 * SECOND);
    assert_eq!((member.result(), member.committed(0)), (Ok(()), Some(3)));
}

#[test]
fn partitions_that_are_lost_in_mid_commit_are_somebody_elses() {
    let (settings, cluster) = (settings("-g g -o raw --commit batch=5"), filled(&[None; 5]));
    cluster.borrow_mut().commit_fate = CommitFate::Held;
    let mut member = member(&settings, &cluster);
    cluster.borrow_mut().lose(&[0]);
    member.settle();
    cluster.borrow_mut().commit_for_another(0, 3, member.now);
    cluster.borrow_mut().commit_fate = CommitFate::Taken;
    member.pass(10 * SECOND);
    assert_eq!(member.committed(0), Some(3));
    // Given back, it goes on where the other member was.
    cluster.borrow_mut().give(&[0]);
    member.settle();
    let printed: Vec<i64> = member.run.printed.iter().map(|printed| printed.offset).collect();
    assert_eq!(printed, [0, 1, 2, 3, 4, 3, 4]);
    member.stop();
    assert_eq!(member.committed(0), Some(5));
}

#[test]
fn records_of_a_lost_partition_are_nobodys_whatever_their_handlers_say() {
    let (settings, cluster) = (settings(HANDLE), filled(&[None, None]));
    let mut member = member(&settings, &cluster);
    cluster.borrow_mut().lose(&[0]);
    member.settle();
    assert_eq!((member.at_work(0).len(), member.script.borrow().killed.len()), (0, 2));
    member.pass(10 * SECOND);
    assert_eq!(member.committed(0), None);
    member.stop();
    must_hold(&cluster, vec![member], &Oracle::ALWAYS_HANDLED);
}

#[test]
fn a_run_ends_where_it_is_to_end() {
    for (words, printed, committed) in [
        ("-g g -o raw -e", 10, Some(11)),
        ("-g g -o raw -n 4", 4, Some(4)),
        ("-g g -o raw --to 6", 6, Some(6)),
        ("-o raw -e", 10, None),
        ("-o raw --from 8 -e", 2, None),
        ("-o raw --from 2 --to 5", 3, None),
    ] {
        let (settings, cluster) = (settings(words), filled(&[None; 10]));
        cluster.borrow_mut().mark(0);
        let mut run = Simulation::start(&settings, &cluster, words, Instant::now());
        run.settle();
        if words.contains("-g") {
            cluster.borrow_mut().give(&[0]);
        }
        run.pass(5 * SECOND);
        assert_eq!(run.result(), Ok(()), "{words}");
        assert_eq!((run.run.printed.len(), run.committed(0)), (printed, committed), "{words}");
    }
}

#[test]
fn a_stuck_record_holds_back_its_partition_only() {
    let cluster = Cluster::new(2);
    let words = format!("{HANDLE} --order none");
    let settings = settings(&words);
    cluster.borrow_mut().produce(0, &[None; 600]);
    cluster.borrow_mut().produce(1, &[None; 5]);
    let mut member = member(&settings, &cluster);
    // The first record of partition 0 is never answered.
    let others = |member: &Simulation<'_>| {
        let script = member.script.borrow();
        script
            .attempts
            .iter()
            .position(|attempt| (attempt.record.partition.partition, attempt.record.offset) != (0, 0))
    };
    while let Some(index) = others(&member) {
        member.answer(index, Outcome::Accepted);
        member.settle();
    }
    member.pass(20 * SECOND);
    assert_eq!((member.committed(0), member.committed(1)), (None, Some(5)));
    assert_eq!(member.at_work(0), [0]);
    member.accept_all();
    member.stop();
    assert_eq!(member.committed(0), Some(600));
    must_hold(&cluster, vec![member], &Oracle::ALWAYS_HANDLED);
}

#[test]
fn a_record_that_fails_is_tried_again_and_then_ends_the_run_uncommitted() {
    let words = format!("{HANDLE} --retries 2 --backoff 1s..1s");
    let (settings, cluster) = (settings(&words), filled(&[Some("a"), Some("a")]));
    let mut member = member(&settings, &cluster);
    for attempt in 1..=3 {
        assert_eq!(member.at_work(0), [0], "attempt {attempt}");
        member.answer(0, failed());
        member.pass(2 * SECOND);
    }
    member.pass(SECOND);
    assert_eq!(member.result(), Err("t [0] @ 0: processing failed after 3 attempts".to_owned()));
    assert_eq!(member.committed(0), None);
}

#[test]
fn a_record_that_waits_for_another_attempt_keeps_no_ending_run_awake() {
    let words = format!("{HANDLE} --order none --retries 5 --backoff 1s..1s");
    let (settings, cluster) = (settings(&words), filled(&[None, None]));
    let mut member = member(&settings, &cluster);
    member.answer(0, failed());
    member.settle();
    member.is_stopped = true;
    member.pass(3 * SECOND);
    let consumer = member.consumer.as_ref().expect("a handler is still at work");
    assert!(consumer.pause(member.now) > Duration::ZERO, "the attempt that was due is never made");
    member.accept_all();
    member.pass(SECOND);
    assert_eq!((member.result(), member.committed(0)), (Ok(()), None));
}

#[test]
fn a_record_that_fails_is_skipped_if_the_policy_says_so() {
    let words = format!("{HANDLE} --retries 0 --on-failure skip");
    let (settings, cluster) = (settings(&words), filled(&[Some("a"), Some("a")]));
    let mut member = member(&settings, &cluster);
    member.answer(0, failed());
    member.settle();
    member.answer(0, Outcome::Accepted);
    member.settle();
    assert!(member.said.iter().any(|words| words.contains("skipped after 1 attempt")), "{:?}", member.said);
    member.stop();
    assert_eq!((member.result(), member.committed(0)), (Ok(()), Some(2)));
}

#[test]
fn a_dead_letter_is_processed_once_it_is_acknowledged() {
    let words = format!("{HANDLE} --retries 0 --dead-letter dead");
    let (settings, cluster) = (settings(&words), filled(&[Some("a"), Some("a")]));
    let mut member = member(&settings, &cluster);
    member.answer(0, failed());
    member.pass(10 * SECOND);
    assert_eq!((member.committed(0), member.at_work(0).len()), (None, 0), "its key waits as well");
    member.script.borrow_mut().answer_dead_letter(Ok(()));
    member.accept_all();
    member.stop();
    assert_eq!((member.result(), member.committed(0)), (Ok(()), Some(2)));
}

#[test]
fn a_dead_letter_that_is_not_taken_ends_the_run_uncommitted() {
    let words = format!("{HANDLE} --retries 0 --dead-letter dead");
    let (settings, cluster) = (settings(&words), filled(&[Some("a")]));
    let mut member = member(&settings, &cluster);
    member.answer(0, Outcome::Refused(FailureReason::of("bad")));
    member.settle();
    let trouble = Trouble { kind: TroubleKind::Other, reason: "no".to_owned() };
    member.script.borrow_mut().answer_dead_letter(Err(trouble));
    member.pass(5 * SECOND);
    assert_eq!(member.result(), Err("t [0] @ 0: the dead-letter topic did not accept it".to_owned()));
    assert_eq!(member.committed(0), None);
}

#[test]
fn records_with_one_id_are_handled_once_and_wait_for_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("ids");
    let words = format!("{HANDLE} --order none --dedup .key --dedup-store {}", store.display());
    let (settings, cluster) = (settings(&words), filled(&[Some("a"), Some("b"), Some("a"), Some("a")]));
    let mut member = member(&settings, &cluster);
    member.settle_until(|member| member.at_work(0).len() == 2);
    assert_eq!(member.at_work(0), [0, 1], "one of each id");
    member.answer(0, Outcome::Accepted);
    member.settle_until(|member| member.consumer.as_ref().unwrap().delivery.tally().unwrap().duplicates == 2);
    member.answer(0, Outcome::Accepted);
    member.settle_until(|member| member.consumer.as_ref().unwrap().delivery.has_nothing_in_hand());
    member.stop();
    assert_eq!((member.result(), member.committed(0), member.run.printed.len()), (Ok(()), Some(4), 2));
}
