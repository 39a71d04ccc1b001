//! What a run with handlers says, and when.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::{GROUP, LONG, Stage};
use crate::support::http::{figures, listens_at, sum};
use crate::support::{try_until, wait_until};

#[test]
fn without_v_only_the_summary_is_said() {
    let stage = Stage::with(&["1", "2"]);
    let outcome = stage.member(&["--exec", "cat"]).run();
    outcome.has_code(0).has_summary("2 records: 2 ok");
    outcome.check(outcome.stderr_text().lines().count() == 1, "more than the summary was said");
    stage.member(&["-q", "--exec", "cat"]).run().has_code(0).has_stderr("");
}

#[test]
fn with_v_each_attempt_and_each_record_is_said() {
    let stage = Stage::with(&["1", "2", "1"]);
    let script =
        "read n; [ $n = 1 ] || { [ $KCONS_ATTEMPT = 3 ] && until [ -e $OUT.go ]; do sleep 0.02; done; }";
    let options =
        ["-v", "--backoff", "1ms..2ms", "--dedup", ".value", "--dedup-store", "ids", "--exec", script];
    let mut running = stage.member(&options).spawn();
    running.wait_for_stderr("attempt 2 of 4 failed");
    // Once all of it is processed, and not when it was read.
    let is_said = || running.stderr().contains("Reached end of partition 0").then_some(());
    assert_eq!(try_until(Duration::from_millis(300), is_said), None, "the end is said too early");
    std::fs::write(stage.folder.path().join("out.go"), "").expect("a file");
    let outcome = running.finish();
    outcome.has_code(0).has_summary("2 records: 2 ok, 2 retries, 1 duplicate");
    for attempt in [1, 2] {
        outcome
            .stderr_contains(&format!("t [0] @ 1: attempt {attempt} of 4 failed (exit status 1), again in "));
    }
    let said = outcome.stderr_text();
    let ok = |offset: usize| said.lines().find(|line| line.starts_with(&format!("t [0] @ {offset}: ok, ")));
    for offset in [0, 1] {
        outcome.check(ok(offset).is_some_and(|line| line.ends_with(" s")), "a record is not told");
    }
    outcome.stderr_contains("t [0] @ 2: duplicate, not handled again\n");
    outcome.stderr_contains("Reached end of partition 0\n");
}

#[test]
fn with_json_each_first_failure_is_an_event_of_its_record() {
    let stage = Stage::with(&["1"]);
    let options = ["--log", "json", "--backoff", "1ms..2ms", "--exec", "[ $KCONS_ATTEMPT = 3 ]"];
    let outcome = stage.member(&options).run();
    outcome.has_code(0);
    let warnings = outcome.events_named("warning");
    assert_eq!(warnings.len(), 1, "{outcome}");
    assert_eq!((&warnings[0]["partition"], &warnings[0]["offset"]), (&0.into(), &0.into()), "{outcome}");
    let shutdown = &outcome.events_named("shutdown_complete")[0];
    assert_eq!((&shutdown["retried"], &shutdown["retries"]), (&1.into(), &2.into()), "{outcome}");
}

#[test]
fn a_record_that_takes_long_is_told_by_time_alone() {
    let stage = Stage::with(&["a:1", "b:2", "c:3"]);
    let script = "[ $KCONS_KEY = b ] || sleep 60";
    let mut running = stage.staying(&["--parallel", "3", "--exec", script]).spawn();
    running.wait_for_stderr("warning: t [0] @ 0 and 1 more record are not processed after 1");
    running.signal(Signal::SIGTERM);
    running.signal_until_it_ends(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(130);
    assert_eq!(outcome.stderr_text().matches("not processed after").count(), 1, "{outcome}");
}

#[test]
fn a_program_that_the_shell_cannot_run_ends_the_run_at_once() {
    const MISSING: &str = "check the command, and whether its program is in `PATH` here";
    for (handler, policy, what, hint) in [
        (["--exec", "no-such-program"], &["--dead-letter", "t.dead"][..], "exit status 127", MISSING),
        (
            ["--exec", "/"],
            &["--on-failure", "skip"],
            "exit status 126",
            "check the command, and that its program is an executable file",
        ),
        (["--exec", "./w.sh"], &[], "exit status 126", "make it executable: chmod +x ./w.sh"),
        (["--worker", "exec no-such-program"], &[], "worker exited with status 127", MISSING),
        (["--worker", "./w.sh"], &[], "worker exited with status 126", "make it executable: chmod +x ./w.sh"),
    ] {
        let stage = Stage::with(&["1", "2"]);
        let member = stage.member(policy).args(handler);
        std::fs::write(member.home().join("w.sh"), "").expect("a file");
        let outcome = member.run();
        outcome.has_code(5).stderr_lacks("attempt 1 of");
        outcome.stderr_contains(&format!("error: t [0] @ 0: the shell cannot run the handler ({what})\n"));
        outcome.stderr_contains(&format!("  hint: {hint}; the record was not committed\n"));
        assert_eq!(stage.committed(), -1);
        assert_eq!(stage.dead_letters().lines().len(), 0);
    }
    // By itself a program may mean anything by it.
    let stage = Stage::with(&["1"]);
    let outcome = stage.member(&["--on-failure", "skip", "--retries", "1", "--backoff", "1ms..1ms", "--"]);
    let outcome = outcome.args(["env", "sh", "-c", "exit 127"]).run();
    outcome.has_code(0).has_summary("1 record: 0 ok, 1 skipped, 1 retry");
}

#[test]
fn a_stop_says_what_it_waits_for_and_ends_as_soon_as_that_is_done() {
    let stage = Stage::with(&["1", "2"]);
    let script = "echo >> $OUT; while [ ! -e $OUT.go ]; do sleep 0.02; done";
    let mut running = stage.staying(&["--exec", script, "--shutdown-timeout", "60s"]).spawn();
    wait_until("the handler", LONG, || (!stage.written().is_empty()).then_some(()));
    running.signal(Signal::SIGTERM);
    running
        .wait_for_stderr("info: waiting for 1 record in hand, up to 53 s; another signal ends the run now\n");
    std::fs::write(stage.folder.path().join("out.go"), "").expect("a file");
    let outcome = running.finish();
    outcome.has_code(0).has_summary("1 record: 1 ok").took_less_than(Duration::from_secs(40));
    outcome.stderr_lacks("Shutdown signal");
}

#[test]
fn a_stop_says_that_it_waits_for_workers_and_for_the_reader() {
    let stage = Stage::with(&[]);
    let script = "trap '' TERM; while read -r line; do echo ok; done; sleep 600";
    let mut running = stage.staying(&["-v", "--worker", script]).spawn();
    running.wait_for_stderr("Reached end of partition 0");
    running.signal(Signal::SIGTERM);
    running.wait_for_stderr("info: waiting for handlers to exit; another signal ends the run now\n");
    running.finish().has_code(0);
    let large = "x".repeat(1 << 20);
    let stage = Stage::with(&[large.as_str(); 8]);
    let mut running = stage.staying(&["-o", "raw", "--metrics", "127.0.0.1:0"]).spawn();
    running.stop_reading();
    let address = listens_at(&mut running);
    // One alone is more than the pipe holds.
    wait_until("a record", LONG, || (sum(&figures(&address), "kcons_records_total") >= 1.0).then_some(()));
    running.signal(Signal::SIGTERM);
    running.wait_for_stderr("info: waiting for the reader of stdout, up to ");
    running.go_on_reading();
    running.finish().has_code(0);
}

#[test]
fn a_stop_says_nothing_of_what_it_waits_for_only_a_moment() {
    let stage = Stage::with(&["1", "2"]);
    let go = stage.folder.path().join("out.go");
    let script = "echo >> $OUT; while [ ! -e $OUT.go ]; do sleep 0.02; done";
    let worker = format!("while read -r line; do {script}; echo ok; done");
    for handler in [["--exec", script], ["--worker", &worker]] {
        std::fs::write(stage.out(), "").expect("a file");
        let mut running = stage.alone(&handler).spawn();
        wait_until("the handler", LONG, || (!stage.written().is_empty()).then_some(()));
        running.signal(Signal::SIGTERM);
        running.wait_for_stderr(" in hand, up to ");
        assert_eq!(try_until(Duration::from_secs(2), || running.has_ended().then_some(())), None);
        let before = running.elapsed();
        std::fs::write(&go, "").expect("a file");
        let outcome = running.finish();
        outcome.has_code(0);
        let count = |words: &str| outcome.stderr_text().matches(words).count();
        assert_eq!(count(" in hand, up to "), 1, "{outcome}");
        // On a busy machine the rest may take longer than a moment.
        if outcome.elapsed - before < Duration::from_secs(1) {
            assert_eq!(count("info: waiting for "), 1, "{outcome}");
        }
        std::fs::remove_file(&go).expect("it was made");
    }
}

#[test]
fn records_that_were_processed_and_not_committed_are_counted_by_a_second_signal() {
    let stage = Stage::with(&["1", "2", "3"]);
    let script = "read n; echo >> $OUT; [ $n != 3 ] || sleep 60";
    let options = ["--commit", "batch=100", "--exec", script];
    let mut running = stage.staying(&options).spawn();
    wait_until("the third", LONG, || (stage.written().len() == 3).then_some(()));
    running.signal(Signal::SIGTERM);
    running.wait_for_stderr("waiting for 1 record in hand");
    running.signal_until_it_ends(Signal::SIGTERM);
    running
        .finish()
        .has_code(130)
        .stderr_contains("warning: ended at once: 1 record unfinished, 2 processed records not committed\n");
    assert_eq!((stage.committed(), GROUP), (-1, "g"));
}
