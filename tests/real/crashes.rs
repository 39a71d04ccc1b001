//! kill -9 at random moments, in each commit mode: nothing is lost, and as much is repeated as the mode allows
//! (fault 1 for printing).

use std::time::{Duration, Instant};

use super::scene::{Numbers, Scene};
use crate::support::kafka::kafka;

const CRASHES: usize = 6;

/// Kills a member in the middle of its work again and again; gives how much each run repeated.
fn crash_and_resume(options: &[&str], seed: u64) -> Vec<usize> {
    let mut scene = Scene::new(kafka(), 3);
    let mut numbers = Numbers::from(seed);
    for number in 0..CRASHES {
        scene.produce(1_000);
        let mut running = scene.short_member().args(options).spawn();
        running.wait_for_lines(1 + numbers.below(300));
        let outcome = running.kill();
        scene.add(&format!("run {number}"), &outcome);
    }
    scene.read_the_rest();
    scene.must_be_whole();
    scene.history.repeats_by_run()
}

pub fn a_crash_in_manual_mode_repeats_one_record_at_most() {
    let repeats = crash_and_resume(&["--commit", "manual"], 1);
    assert!(repeats.iter().all(|repeats| *repeats <= 1), "{repeats:?}");
}

pub fn a_crash_in_batch_mode_repeats_one_batch_at_most() {
    let repeats = crash_and_resume(&["--commit", "batch=40"], 2);
    assert!(repeats.iter().all(|repeats| *repeats <= 40), "{repeats:?}");
}

pub fn a_crash_with_commits_in_the_background_loses_nothing() {
    crash_and_resume(&["--commit", "manual", "--async-commit"], 3);
    crash_and_resume(&["--commit", "batch=10", "--async-commit"], 4);
}

pub fn a_crash_in_auto_mode_repeats_what_came_since_the_last_interval() {
    let mut scene = Scene::new(kafka(), 3);
    let load = scene.load();
    let mut ends = Vec::new();
    for number in 0..3 {
        let mut running = scene.short_member().args(["--commit-interval", "200ms"]).spawn();
        running.wait_for_lines(1500);
        ends.push(Instant::now());
        let outcome = running.kill();
        scene.add(&format!("run {number}"), &outcome);
    }
    scene.end_load(load);
    scene.read_the_rest();
    scene.must_be_whole();
    for (number, end) in ends.iter().enumerate() {
        let [run, next] = &scene.history.runs[number..number + 2] else { panic!("there are more runs") };
        for again in &next.printed {
            let before = run
                .printed
                .iter()
                .find(|printed| (&printed.partition, printed.offset) == (&again.partition, again.offset));
            let age = before.map_or(Duration::ZERO, |printed| *end - printed.at);
            // Once an interval, and what the machine may take to get it there.
            assert!(age < Duration::from_millis(1200), "printed {age:?} before the crash, and again");
        }
    }
}
