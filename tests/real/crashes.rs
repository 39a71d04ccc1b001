//! kill -9 at random moments, in each commit mode: nothing is lost, and as much is repeated as the mode allows.
#![expect(clippy::print_stdout, reason = "how much crashes repeat is worth seeing")]

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::scene::{Numbers, Scene};
use crate::support::kafka::kafka;
use crate::support::{rounds, try_until};

/// Kills that fit into the time of the suite; `KCONS_TEST_ROUNDS=50` makes it 50.
const KILLS: usize = 12;

/// One in so many members has no name, so that the next one waits until the group misses it.
const NAMELESS: usize = 6;

/// Runs that were killed, one after the other.
struct Crashes {
    scene: Scene<'static>,
    /// When each was killed.
    ends: Vec<Instant>,
}

/// Kills a member again and again under load, and reads what is left.
fn crash_and_resume(options: &[&str], seed: u64) -> Crashes {
    let mut scene = Scene::new(kafka(), 3);
    let load = scene.load();
    let mut numbers = Numbers::from(seed);
    let (kills, mut ends) = (rounds(KILLS), Vec::new());
    for number in 0..kills {
        // A member with a name takes over from its dead self at once.
        let name = ["--instance-id", "same"];
        let name = if number % NAMELESS == NAMELESS - 1 { &[][..] } else { &name };
        let mut running = scene.short_member().args(options).args(name).spawn();
        let mut moment = Duration::from_millis(30 + numbers.below(470) as u64);
        if number % 2 == 1 {
            // However slow the machine: some moments are in the middle of the work.
            running.wait_for_lines(1);
            moment /= 2;
        }
        let has_ended = try_until(moment, || running.has_ended().then_some(()));
        assert_eq!(has_ended, None, "it ended by itself\n{}", running.stderr());
        ends.push(Instant::now());
        let outcome = running.kill();
        scene.add(&format!("run {number}"), &outcome);
    }
    scene.end_load(load);
    scene.read_the_rest();
    scene.must_be_whole();
    let (by_run, runs) = (scene.history.repeats_by_run(), &scene.history.runs[..kills]);
    println!(
        "{options:?}: {kills} kills, {} of them before the first record, {} records, {} repeats, {} at most in a run",
        runs.iter().filter(|run| run.printed.is_empty()).count(),
        runs.iter().map(|run| run.printed.len()).sum::<usize>(),
        by_run.iter().sum::<usize>(),
        by_run.iter().max().expect("there are runs"),
    );
    Crashes { scene, ends }
}

impl Crashes {
    #[track_caller]
    fn repeat_at_most(&self, bound: usize) {
        let repeats = self.scene.history.repeats_by_run();
        // A run that is killed before its first commit leaves what was repeated to the next one, with a part of its own.
        assert!(repeats.iter().all(|repeats| *repeats <= 2 * bound), "more than twice {bound}: {repeats:?}");
        let all = repeats.iter().sum::<usize>();
        assert!(all <= bound * self.ends.len(), "{all} are more than {bound} a crash: {repeats:?}");
    }
}

pub fn a_crash_in_manual_mode_repeats_one_record_at_most() {
    crash_and_resume(&["--commit", "manual"], 1).repeat_at_most(1);
}

pub fn a_crash_in_batch_mode_repeats_one_batch_at_most() {
    crash_and_resume(&["--commit", "batch=40"], 2).repeat_at_most(40);
}

pub fn a_crash_in_manual_mode_with_commits_in_the_background_loses_nothing() {
    crash_and_resume(&["--commit", "manual", "--async-commit"], 3);
}

pub fn a_crash_in_batch_mode_with_commits_in_the_background_loses_nothing() {
    crash_and_resume(&["--commit", "batch=10", "--async-commit"], 4);
}

pub fn a_crash_in_auto_mode_repeats_what_came_since_the_last_interval() {
    let Crashes { scene, ends } = crash_and_resume(&["--commit-interval", "100ms"], 5);
    let mut printed_before = HashMap::new();
    let mut oldest = Duration::ZERO;
    for (number, run) in scene.history.runs.iter().enumerate() {
        for printed in &run.printed {
            let place = (&printed.partition, printed.offset);
            if let Some((first, at)) = printed_before.insert(place, (number, printed.at)) {
                let end: Instant = ends[first];
                oldest = oldest.max(end.saturating_duration_since(at));
            }
        }
    }
    println!("the oldest record that was repeated was printed {oldest:?} before the crash");
    // Once an interval, and what the machine may take to get it there.
    assert!(oldest < Duration::from_millis(1100), "printed {oldest:?} before the crash, and again");
}
