//! The end of a run by signal, by its reader, and while the broker is frozen or gone.
#![expect(clippy::print_stdout, reason = "how long an end takes is worth seeing")]

use std::time::Duration;

use nix::sys::signal::Signal;

use super::scene::{LONG, Numbers, Scene};
use crate::support::kafka::{Kafka, Kind, kafka};
use crate::support::run::{Kcons, Reader, Running};
use crate::support::{rounds, try_until, wait_until};

/// At once, on a busy machine, and not only when a limit is over: that of a shutdown is 25 s.
const SOON: Duration = Duration::from_secs(20);

fn stop_again_and_again(options: &[&str], seed: u64) {
    let mut scene = Scene::new(kafka(), 3);
    let load = scene.load();
    let mut numbers = Numbers::from(seed);
    let signals = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];
    for number in 0..rounds(5) {
        let mut running = scene.member().args(options).spawn();
        running.wait_for_lines(1 + numbers.below(200));
        let before = running.elapsed();
        let signal = signals[number % 3];
        running.signal(signal);
        let outcome = running.finish();
        println!("{options:?}: out {:?} after the signal", outcome.elapsed - before);
        match signal {
            Signal::SIGINT => outcome.was_ended_by(signal),
            _ => outcome.has_code(0),
        };
        outcome.check(outcome.elapsed - before < SOON, "it did not leave at once");
        scene.add(&format!("run {number}"), &outcome);
    }
    scene.end_load(load);
    scene.read_the_rest();
    scene.must_be_clean();
}

pub fn a_signal_under_load_loses_and_repeats_nothing() {
    stop_again_and_again(&[], 1);
    stop_again_and_again(&["--commit", "batch=50"], 2);
}

/// A member whose pipe is full.
fn blocked_member(scene: &mut Scene, options: &[&str]) -> Running {
    scene.produce(40_000);
    let running = scene.short_member().args(options).stdout(Reader::Waits).spawn();
    wait_until("the pipe to be full", LONG, || running.is_writing().then_some(()));
    running
}

pub fn a_second_signal_ends_the_run_at_once() {
    let mut scene = Scene::new(kafka(), 3);
    let mut running = blocked_member(&mut scene, &[]);
    running.signal(Signal::SIGTERM);
    // A stop that is sent twice; the same signal would be delivered only once.
    running.signal(Signal::SIGINT);
    assert!(try_until(Duration::from_secs(2), || running.has_ended().then_some(())).is_none());
    let before = running.elapsed();
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(130).check(outcome.elapsed - before < SOON, "it took its time");
    scene.history.slack = SOON;
    scene.add("ended at once", &outcome);
    scene.read_the_rest();
    scene.must_be_whole();
}

pub fn a_reader_that_stops_reading_ends_the_run_at_its_deadline_with_a_commit() {
    let mut scene = Scene::new(kafka(), 3);
    // These are written and owed a commit, whatever is in the pipe when it is full.
    scene.produce(40);
    let options = ["--shutdown-timeout", "4s", "--commit-interval", "1h"];
    let mut running = scene.short_member().args(options).spawn();
    running.wait_for_lines(40);
    running.stop_reading();
    scene.produce(40_000);
    wait_until("the pipe to be full", LONG, || running.is_writing().then_some(()));
    let before = running.elapsed();
    running.signal(Signal::SIGTERM);
    wait_until("it to end though nobody reads", SOON, || running.has_ended().then_some(()));
    let outcome = running.finish();
    outcome.has_code(0).stderr_lacks("unconfirmed");
    outcome.check(outcome.elapsed - before < SOON, "it passed its deadline");
    assert!(!kafka().committed(&scene.group).is_empty(), "nothing was committed\n{outcome}");
    scene.history.slack = SOON;
    scene.add("blocked", &outcome);
    scene.read_the_rest();
    scene.must_be_whole();
}

pub fn a_hang_up_that_was_ignored_stays_ignored() {
    let mut scene = Scene::new(kafka(), 1);
    scene.produce(1);
    let script = format!(
        "trap '' HUP; exec {} consume {} -g {} -b {} -o json --log json",
        env!("CARGO_BIN_EXE_kcons"),
        scene.topic,
        scene.group,
        kafka().brokers()
    );
    let mut running = Kcons::other("/bin/sh", ["-c", &script]).spawn();
    running.wait_for_lines(1);
    running.signal(Signal::SIGHUP);
    scene.produce(1);
    running.wait_for_lines(2);
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0);
    scene.add("nohup", &outcome);
    scene.close();
    scene.must_be_clean();
}

/// Breaks the broker and stops a member that has, or has not, something to commit.
fn stop_without_broker(break_it: impl Fn(&Kafka), options: &[&str], is_owing: bool) {
    let kafka = Kafka::start(Kind::Plain, &[]);
    let mut scene = Scene::new(&kafka, 3);
    scene.produce(100);
    let options = [options, &["--shutdown-timeout", if is_owing { "5s" } else { "25s" }]].concat();
    let mut running = scene.member().args(options).spawn();
    running.wait_for_lines(100);
    if !is_owing {
        wait_until("everything to be committed", LONG, || {
            (kafka.committed(&scene.group).values().sum::<i64>() == 100).then_some(())
        });
        // The program has to have the answer, too.
        wait_until("the program to know it", LONG, || {
            let said = running.stderr();
            let last = said.lines().rev().find(|line| line.contains("offsets_committed"));
            last.filter(|line| line.contains(r#""result":"ok""#)).map(|_| ())
        });
    }
    break_it(&kafka);
    let before = running.elapsed();
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    let took = outcome.elapsed - before;
    let warning = "final commit unconfirmed; up to 100 records may be read again";
    if is_owing {
        outcome.has_code(1).stderr_contains(warning);
        // With more time a final commit is tried for 10 s.
        outcome.check(took < Duration::from_secs(9), "it passed its deadline");
    } else {
        outcome.has_code(0).stderr_lacks("unconfirmed");
        outcome.check(took < Duration::from_secs(9), "it waited though it owed nothing");
    }
    assert_eq!(outcome.lines().len(), 100);
}

pub fn a_frozen_broker_holds_the_end_up_only_for_a_commit() {
    stop_without_broker(|kafka| kafka.freeze(1), &["--commit-interval", "1h"], true);
    stop_without_broker(|kafka| kafka.freeze(1), &["--commit", "batch=100"], false);
}

pub fn a_killed_broker_holds_the_end_up_only_for_a_commit() {
    stop_without_broker(|kafka| kafka.kill(1), &["--commit-interval", "1h"], true);
    stop_without_broker(|kafka| kafka.kill(1), &["--commit", "manual"], false);
}

pub fn a_reader_that_leaves_ends_the_run_and_the_membership() {
    let mut scene = Scene::new(kafka(), 3);
    scene.produce(30_000);
    let mut running = scene.member().spawn();
    running.wait_for_lines(1);
    running.close_stdout();
    let outcome = running.finish();
    outcome.has_code(0);
    kafka().wait_for_state(&scene.group, "Empty");
    scene.add("head", &outcome);
    scene.close();
}

pub fn a_reader_that_blocks_for_longer_than_the_session_keeps_its_partitions() {
    let mut scene = Scene::new(kafka(), 3);
    let mut running = blocked_member(&mut scene, &["--commit-interval", "100ms"]);
    let before = kafka().members(&scene.group);
    let stayed =
        try_until(Duration::from_secs(9), || (kafka().members(&scene.group) != before).then_some(()));
    assert!(stayed.is_none(), "{:?}", kafka().members(&scene.group));
    running.go_on_reading();
    running.wait_for_lines(40_000);
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0).stderr_lacks("partitions_lost").stderr_lacks("partitions_revoked");
    scene.history.slack = SOON;
    scene.add("patient", &outcome);
    scene.close();
    scene.must_be_clean();
}
