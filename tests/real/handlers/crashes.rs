//! kill -9 at random moments, in each commit mode, with one handler and with sixteen (fault 1 for handlers).
#![expect(clippy::print_stdout, reason = "how much crashes repeat is worth seeing")]

use std::collections::HashSet;
use std::time::Duration;

use super::{BRIEF, Work};
use crate::real::scene::Numbers;
use crate::support::kafka::kafka;
use crate::support::oracle::Partition;
use crate::support::{rounds, try_until};

/// Kills that fit into the time of the suite; `KCONS_TEST_ROUNDS=50` makes it 50.
const KILLS: usize = 8;

/// What a crash made another run do again.
#[derive(Clone, Copy, Debug, Default)]
struct Repeats {
    /// Everything before it was done, so it could have been committed.
    committable: usize,
    /// Something before it was still at work.
    behind_a_gap: usize,
}

/// Kills a member again and again under load, and handles what is left; what each crash repeated.
fn crash_and_resume(options: &[&str], parallel: &str, seed: u64) -> Vec<Repeats> {
    let mut work = Work::with_keys(kafka(), 3, 40);
    // There is always something in hand.
    work.scene.produce(1000);
    let load = work.scene.load();
    let mut numbers = Numbers::from(seed);
    let kills = rounds(KILLS);
    for number in 0..kills {
        let options = [options, &["--parallel", parallel, "--instance-id", "same"]].concat();
        let mut running = work.member(&options, BRIEF).spawn();
        work.wait_for_more(1);
        let moment = Duration::from_millis(numbers.below(400) as u64);
        let has_ended = try_until(moment, || running.has_ended().then_some(()));
        assert_eq!(has_ended, None, "it ended by itself\n{}", running.stderr());
        let outcome = running.kill();
        work.leaves_nobody(&outcome);
        work.add(&format!("run {number}"), &outcome);
    }
    work.scene.end_load(load);
    work.handle_the_rest();
    work.must_be_whole();
    let repeats: Vec<Repeats> = (0..kills).map(|run| repeats_of(&work, run)).collect();
    let all = repeats.iter().map(|repeats| repeats.committable + repeats.behind_a_gap);
    println!(
        "{options:?}, {parallel} at once: {kills} kills, {} records handled, {} repeats, at most {} of a crash, {} of them with nothing before them at work",
        work.recorder.ends(),
        all.clone().sum::<usize>(),
        all.max().expect("there are runs"),
        repeats.iter().map(|repeats| repeats.committable).max().expect("there are runs"),
    );
    repeats
}

/// Records that a run had finished and a later one finished again.
fn repeats_of(work: &Work<'_>, number: usize) -> Repeats {
    let runs = &work.scene.history.runs;
    let places = |from: usize, to: usize| -> HashSet<(&Partition, i64)> {
        runs[from..to].iter().flat_map(|run| &run.printed).map(|one| (&one.partition, one.offset)).collect()
    };
    let (done, later) = (places(0, number + 1), places(number + 1, runs.len()));
    let mut repeats = Repeats::default();
    for (partition, offset) in places(number, number + 1).intersection(&later) {
        let is_whole = (0..*offset).all(|before| done.contains(&(*partition, before)));
        let count = if is_whole { &mut repeats.committable } else { &mut repeats.behind_a_gap };
        *count += 1;
    }
    repeats
}

#[track_caller]
fn at_most(repeats: &[Repeats], committable: usize) {
    assert!(repeats.iter().all(|one| one.committable <= committable), "more than {committable}: {repeats:?}");
}

#[track_caller]
fn leave_no_gaps(repeats: &[Repeats]) {
    assert!(repeats.iter().all(|one| one.behind_a_gap == 0), "{repeats:?}");
}

pub fn a_crash_with_one_handler_and_manual_commits_repeats_one_record_at_most() {
    let repeats = crash_and_resume(&["--commit", "manual"], "1", 11);
    at_most(&repeats, 1);
    leave_no_gaps(&repeats);
}

pub fn a_crash_with_one_handler_and_batches_repeats_one_batch_at_most() {
    let repeats = crash_and_resume(&["--commit", "batch=10"], "1", 12);
    at_most(&repeats, 10);
    leave_no_gaps(&repeats);
}

pub fn a_crash_with_one_handler_and_an_interval_repeats_what_came_since() {
    let repeats = crash_and_resume(&["--commit-interval", "100ms"], "1", 13);
    // An interval, an answer that is under way, and what the machine may take to get there.
    at_most(&repeats, 60);
    leave_no_gaps(&repeats);
}

pub fn a_crash_with_many_handlers_and_manual_commits_repeats_one_record_a_handler_and_what_waits_for_others()
{
    at_most(&crash_and_resume(&["--commit", "manual"], "16", 14), 16);
}

pub fn a_crash_with_many_handlers_and_batches_repeats_one_batch_and_what_waits_for_others() {
    at_most(&crash_and_resume(&["--commit", "batch=20"], "16", 15), 20);
}

pub fn a_crash_with_many_handlers_and_an_interval_loses_nothing() {
    crash_and_resume(&["--commit-interval", "100ms"], "16", 16);
}
