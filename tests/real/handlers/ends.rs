//! Handlers at the end of a run: by signal (fault 3), at its deadline, and by Ctrl-C for the whole process group (fault 5).
#![expect(clippy::print_stdout, reason = "how long an end takes is worth seeing")]

use std::time::Duration;

use nix::sys::signal::Signal;

use super::{LONG, Work};
use crate::real::scene::Numbers;
use crate::support::kafka::kafka;
use crate::support::terminal::OnTerminal;
use crate::support::{rounds, wait_until};

/// Work of up to a second that goes by the offset.
const UNEVEN: &str = "sleep 0.$((KCONS_OFFSET * 7 % 10))";

fn stop_again_and_again(work: &mut Work<'static>, options: &[&str], seed: u64) {
    work.scene.pace = Duration::from_millis(200);
    let load = work.scene.load();
    let mut numbers = Numbers::from(seed);
    for number in 0..rounds(4) {
        let options = [options, &["--parallel", "16"]].concat();
        let mut running = work.member(&options, UNEVEN).spawn();
        work.wait_for_more(1 + numbers.below(40));
        let before = running.elapsed();
        running.signal(Signal::SIGTERM);
        let outcome = running.finish();
        println!("{options:?}: out {:?} after the signal", outcome.elapsed - before);
        outcome.has_code(0);
        outcome.check(outcome.elapsed - before < Duration::from_secs(4), "handlers take a second");
        work.leaves_nobody(&outcome);
        work.add(&format!("run {number}"), &outcome);
    }
    work.scene.end_load(load);
    work.handle_the_rest();
}

pub fn a_signal_while_many_handlers_run_loses_and_repeats_nothing() {
    for (number, options) in
        [&[][..], &["--commit", "manual"], &["--commit", "batch=7"]].into_iter().enumerate()
    {
        let mut work = Work::new(kafka(), 3);
        stop_again_and_again(&mut work, options, 21 + number as u64);
        work.must_be_clean();
    }
}

pub fn a_signal_gives_up_what_waits_for_its_key_and_repeats_only_what_ran_behind_it() {
    let mut work = Work::with_keys(kafka(), 3, 40);
    stop_again_and_again(&mut work, &[], 24);
    work.must_be_whole();
    let repeats = work.scene.history.repeats_by_run();
    println!("repeats of each run behind records that waited for their key: {repeats:?}");
}

pub fn handlers_that_take_too_long_are_ended_in_time_and_their_records_come_again() {
    let mut work = Work::new(kafka(), 3);
    work.scene.produce(30);
    let first_try = work.recorder.file("first-try");
    std::fs::write(&first_try, "").expect("a file");
    let script =
        format!("[ ! -e '{0}' ] || {{ trap '' TERM; while :; do sleep 0.1; done; }}", first_try.display());
    let options = ["--parallel", "16", "--shutdown-timeout", "4s", "--on-failure", "skip", "--retries", "0"];
    let mut running = work.member(&options, &script).spawn();
    wait_until("sixteen handlers", LONG, || (work.recorder.notes().len() >= 16).then_some(()));
    let before = running.elapsed();
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0).stderr_lacks("record_failed").stderr_contains("Processed 0 records");
    outcome.check(outcome.elapsed - before < Duration::from_millis(4700), "it passed its deadline");
    work.leaves_nobody(&outcome);
    assert!(kafka().committed(&work.scene.group).is_empty());
    work.add("the hanging one", &outcome);
    std::fs::remove_file(&first_try).expect("the file is there");
    work.handle_the_rest();
    work.must_be_clean();
}

pub fn control_c_on_a_terminal_fails_no_handler() {
    let mut work = Work::new(kafka(), 3);
    work.scene.produce(60);
    // A handler that the signal ended would be a failed record, and skipped.
    let options = ["--parallel", "16", "--retries", "0", "--on-failure", "skip"];
    let mut running = work.member(&options, "sleep 0.7").spawn_on_terminal(OnTerminal::Stdout);
    work.wait_for_ends(16);
    wait_until("the next sixteen", LONG, || (work.recorder.notes().len() >= 40).then_some(()));
    running.press_control_c();
    let outcome = running.finish();
    outcome.has_code(0).stderr_lacks("record_failed").stderr_contains(" 0 skipped");
    work.leaves_nobody(&outcome);
    work.add("interrupted", &outcome);
    work.handle_the_rest();
    work.must_be_clean();
}
