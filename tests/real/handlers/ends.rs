//! Handlers at the end of a run: by signal, at its deadline, by Ctrl-C for the whole process group, and
//! when stdout closes or is full.
#![expect(clippy::print_stdout, reason = "how long an end takes is worth seeing")]

use std::time::Duration;

use nix::sys::signal::Signal;

use super::{LONG, Work};
use crate::real::scene::Numbers;
use crate::support::kafka::kafka;
use crate::support::run::Reader;
use crate::support::terminal::OnTerminal;
use crate::support::{rounds, wait_until};

/// At once, on a busy machine, and not only when the limit of a shutdown, 25 s, is over.
const SOON: Duration = Duration::from_secs(20);

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
        outcome.check(outcome.elapsed - before < SOON, "handlers take a second");
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
    outcome.has_code(0).stderr_lacks("record_failed").has_summary("0 records: 0 ok");
    outcome.check(outcome.elapsed - before < SOON, "it passed its deadline");
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
    outcome.was_ended_by(Signal::SIGINT).stderr_lacks("record_failed").stderr_lacks(" skipped");
    work.leaves_nobody(&outcome);
    work.add("interrupted", &outcome);
    work.handle_the_rest();
    work.must_be_clean();
}

pub fn a_reader_that_leaves_gets_no_more_committed_than_it_was_given() {
    // More than a pipe holds: a record is on stdout only once most of it was read.
    const LINE: usize = 100_000;
    const PIPE: usize = 65_536;
    let mut work = Work::new(kafka(), 1);
    work.scene.produce(200);
    let script = format!("head -c {} /dev/zero | tr '\\0' x; echo", LINE - 1);
    for options in [&["--commit-interval", "50ms"][..], &["--commit", "manual"]] {
        let before = kafka().committed(&work.scene.group).values().sum::<i64>();
        let mut running = work.member(options, &script).spawn();
        running.wait_for_lines(3);
        let committed = || kafka().committed(&work.scene.group).values().sum::<i64>() - before;
        wait_until("what was read to be committed", LONG, || (committed() >= 3).then_some(()));
        running.stop_reading();
        wait_until("a write that waits", LONG, || running.is_writing().then_some(()));
        running.close_stdout();
        let outcome = running.finish();
        outcome.has_code(0);
        kafka().wait_for_state(&work.scene.group, "Empty");
        work.leaves_nobody(&outcome);
        let committed = committed();
        let most = (outcome.stdout.len() + PIPE) / LINE;
        outcome.check(committed >= 3, "what was read whole is not committed");
        outcome.check(committed <= most as i64, &format!("{committed} committed, at most {most} written"));
    }
}

pub fn what_handlers_print_onto_a_full_disk_is_not_committed() {
    for options in [&[][..], &["--commit", "manual"], &["--commit", "batch=2"]] {
        let mut work = Work::new(kafka(), 1);
        work.scene.produce(10);
        // Those that print nothing are processed all the same.
        let script = "[ $KCONS_OFFSET != 5 ] || echo something";
        let outcome =
            work.member(&["-e"], script).args(options).stdout(Reader::File("/dev/full".into())).run();
        outcome.has_code(1).stderr_contains("cannot write to stdout: No space left on device");
        let committed = kafka().committed(&work.scene.group).values().sum::<i64>();
        assert_eq!(committed, 5, "{options:?}\n{outcome}");
        work.leaves_nobody(&outcome);
    }
}
