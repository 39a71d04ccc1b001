//! kill -9 at random moments, in each commit mode, with one handler and with sixteen.
#![expect(clippy::print_stdout, reason = "how much crashes repeat is worth seeing")]

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::{BRIEF, LONG, Work};
use crate::real::scene::Numbers;
use crate::support::kafka::kafka;
use crate::support::oracle::{Partition, Run};
use crate::support::{rounds, try_until, wait_until};

/// Kills that fit into the time of the suite; `KCONS_TEST_ROUNDS=50` makes it 50.
const KILLS: usize = 6;

/// How a run is crashed, and what counts then.
struct Plan {
    options: &'static [&'static str],
    parallel: usize,
    seed: u64,
    /// What is finished for longer could have been committed.
    margin: Duration,
}

/// What a crash made another run do again.
#[derive(Clone, Copy, Debug, Default)]
struct Repeats {
    all: usize,
    /// It and everything before it had been done for longer than the margin.
    committable: usize,
}

/// Kills a member again and again under load, and handles what is left; what each crash repeated.
fn crash_and_resume(plan: &Plan) -> Vec<Repeats> {
    let mut work = Work::with_keys(kafka(), 3, 40);
    // There is always something in hand.
    work.scene.produce(1000);
    let load = work.scene.load();
    let mut numbers = Numbers::from(plan.seed);
    let mut ends = Vec::new();
    for number in 0..rounds(KILLS) {
        let parallel = plan.parallel.to_string();
        let options = [plan.options, &["--parallel", &parallel, "--instance-id", "same"]].concat();
        let mut running = work.member(&options, BRIEF).spawn();
        work.wait_for_more(1);
        let moment = Duration::from_millis(numbers.below(400) as u64);
        let has_ended = try_until(moment, || running.has_ended().then_some(()));
        assert_eq!(has_ended, None, "it ended by itself\n{}", running.stderr());
        ends.push(Instant::now());
        let outcome = running.kill();
        work.leaves_nobody(&outcome);
        work.add(&format!("run {number}"), &outcome);
    }
    work.scene.end_load(load);
    work.handle_the_rest();
    work.must_be_whole();
    let repeats = ends.iter().enumerate().map(|(run, end)| repeats_of(&work, run, *end - plan.margin));
    let repeats: Vec<Repeats> = repeats.collect();
    println!(
        "{:?}, {} at once: {} kills, {} records handled, {} repeats, at most {} of a crash, {} of them done for {:?}",
        plan.options,
        plan.parallel,
        ends.len(),
        work.recorder.ends(),
        repeats.iter().map(|repeats| repeats.all).sum::<usize>(),
        repeats.iter().map(|repeats| repeats.all).max().expect("there are runs"),
        repeats.iter().map(|repeats| repeats.committable).max().expect("there are runs"),
        plan.margin,
    );
    repeats
}

/// Records that a run had finished and a later one finished again.
fn repeats_of(work: &Work<'_>, number: usize, long_ago: Instant) -> Repeats {
    let runs = &work.scene.history.runs;
    let places = |runs: &[Run], until: Option<Instant>| -> HashSet<(Partition, i64)> {
        let printed = runs.iter().flat_map(|run| &run.printed);
        let printed = printed.filter(|one| until.is_none_or(|until| one.at <= until));
        printed.map(|one| (one.partition.clone(), one.offset)).collect()
    };
    let later = places(&runs[number + 1..], None);
    // It can only commit what it did itself, on top of what it found committed.
    let mut long_done = places(&runs[..number], None);
    for note in &runs[number].notes {
        long_done.remove(&(note.partition.clone(), note.offset));
    }
    long_done.extend(places(&runs[number..=number], Some(long_ago)));
    let mut repeats = Repeats::default();
    for (partition, offset) in places(&runs[number..=number], None).intersection(&later) {
        repeats.all += 1;
        let is_committable = (0..=*offset).all(|before| long_done.contains(&(partition.clone(), before)));
        repeats.committable += usize::from(is_committable);
    }
    repeats
}

#[track_caller]
fn at_most(repeats: &[Repeats], all: usize, committable: usize) {
    let is_fine = |one: &Repeats| one.all <= all && one.committable <= committable;
    assert!(repeats.iter().all(is_fine), "more than {all}, or {committable} committable: {repeats:?}");
}

const MANUAL: &[&str] = &["--commit", "manual"];
const BATCH: &[&str] = &["--commit", "batch=20"];
const INTERVAL: &[&str] = &["--commit-interval", "100ms"];

/// What the machine may take from a handler's end to the commit.
const TURN: Duration = Duration::from_millis(300);

/// An interval, and what the machine may take.
const INTERVAL_AND_TURN: Duration = Duration::from_millis(1100);

pub fn a_crash_with_one_handler_and_manual_commits_repeats_one_record_at_most() {
    let plan = Plan { options: MANUAL, parallel: 1, seed: 11, margin: Duration::ZERO };
    at_most(&crash_and_resume(&plan), 1, 1);
}

pub fn a_crash_with_one_handler_and_batches_repeats_one_batch_at_most() {
    let plan = Plan { options: BATCH, parallel: 1, seed: 12, margin: Duration::ZERO };
    at_most(&crash_and_resume(&plan), 20, 20);
}

pub fn a_crash_with_one_handler_and_an_interval_repeats_what_came_since() {
    let plan = Plan { options: INTERVAL, parallel: 1, seed: 13, margin: INTERVAL_AND_TURN };
    at_most(&crash_and_resume(&plan), usize::MAX, 0);
}

// With many handlers what is done behind a record at work cannot be committed, so all that is in hand may come again.

pub fn a_crash_with_many_handlers_and_manual_commits_repeats_what_was_in_hand() {
    let plan = Plan { options: MANUAL, parallel: 16, seed: 14, margin: TURN };
    at_most(&crash_and_resume(&plan), usize::MAX, 16);
}

pub fn a_crash_with_many_handlers_and_batches_repeats_two_batches_in_hand() {
    // A batch that was full behind a record at work is counted anew.
    let plan = Plan { options: BATCH, parallel: 16, seed: 15, margin: TURN };
    at_most(&crash_and_resume(&plan), usize::MAX, 40);
}

pub fn a_crash_with_many_handlers_and_an_interval_repeats_what_came_since() {
    let plan = Plan { options: INTERVAL, parallel: 16, seed: 16, margin: INTERVAL_AND_TURN };
    at_most(&crash_and_resume(&plan), usize::MAX, 0);
}

pub fn handlers_die_with_a_run_that_is_killed() {
    let mut work = Work::new(kafka(), 1);
    work.scene.produce(16);
    let pipe = work.recorder.file("pipe");
    let script = format!("mkfifo '{0}' 2> /dev/null; read -r line < '{0}'", pipe.display());
    let running = work.member(&["--parallel", "16"], &script).spawn();
    wait_until("sixteen handlers", LONG, || (work.recorder.notes().len() == 16).then_some(()));
    let outcome = running.kill();
    work.leaves_nobody(&outcome);
    work.add("killed", &outcome);
    work.handle_the_rest();
    work.must_be_clean();
}
