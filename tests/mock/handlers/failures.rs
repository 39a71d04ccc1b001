//! Handlers that fail: retries, policies, dead letters, limits, time-outs.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::{DEAD, LONG, Stage};
use crate::support::{Produced, wait_until};

const FAST: [&str; 2] = ["--backoff", "1ms..5ms"];

#[test]
fn a_record_that_fails_is_tried_again() {
    let stage = Stage::with(&["a:1", "b:2"]);
    let script = r#"echo $KCONS_ATTEMPT >> $OUT; echo out; [ $KCONS_KEY = b ] || [ $KCONS_ATTEMPT = 3 ]"#;
    let outcome = stage.member(&FAST).args(["--exec", script]).run();
    outcome.has_code(0).has_stdout("out\nout\n");
    outcome.has_summary("2 records: 2 ok, 2 retries");
    outcome.stderr_contains("warning: t [0] @ 0: attempt 1 of 4 failed (exit status 1), again in 0.01 s\n");
    outcome.stderr_lacks("attempt 2");
    assert_eq!(stage.written().lines().filter(|line| *line == "1").count(), 2);
    assert!(stage.written().contains('3'), "{}", stage.written());
    assert_eq!(stage.committed(), 2);
}

#[test]
fn a_record_that_goes_on_failing_stops_the_run_uncommitted() {
    let stage = Stage::with(&["1", "2", "3"]);
    let script = r#"read n; echo "try $n" >> $OUT; [ $n != 2 ] || { echo "no such thing" >&2; exit 7; }"#;
    let outcome =
        stage.member(&FAST).args(["--order", "partition", "--retries", "2", "--exec", script]).run();
    outcome.has_code(5);
    outcome.stderr_contains("no such thing\n");
    outcome.stderr_contains(
        "error: t [0] @ 1: processing failed after 3 attempts\n  caused by: exit status 7\n",
    );
    assert_eq!(stage.committed(), 1);
    assert_eq!(stage.written(), "try 1\ntry 2\ntry 2\ntry 2\n");
    // It comes again.
    let outcome = stage.member(&["--exec", "cat; echo"]).run();
    outcome.has_code(0).has_stdout("2\n3\n");
}

#[test]
fn other_keys_went_on_meanwhile_and_are_not_committed_past_the_failure() {
    let stage = Stage::with(&["a:1", "b:2", "a:3", "b:4"]);
    // The last attempt of the one that fails ends once both records of the other key have started.
    let script = r#"read n; echo $n; : >> $OUT
        if [ $KCONS_KEY = b ]; then echo $n >> $OUT; exit; fi
        [ $KCONS_ATTEMPT = 1 ] || until [ $(wc -l < $OUT) = 2 ]; do sleep 0.02; done
        exit 1"#;
    let options = ["--parallel", "2", "--retries", "1", "--exec", script];
    let outcome = stage.member(&FAST).args(options).run();
    outcome.has_code(5).has_stdout("2\n4\n");
    assert_eq!(stage.committed(), -1);
}

#[test]
fn a_record_can_be_skipped() {
    let stage = Stage::with(&["1", "2", "3"]);
    let script = "read n; [ $n != 2 ]";
    let outcome =
        stage.member(&FAST).args(["--retries", "0", "--on-failure", "skip", "--exec", script]).run();
    outcome.has_code(0);
    outcome.stderr_contains("warning: t [0] @ 1: skipped after 1 attempt: exit status 1\n");
    outcome.has_summary("3 records: 2 ok, 1 skipped");
    assert_eq!(stage.committed(), 3);
}

#[test]
fn a_bad_record_is_not_tried_again() {
    let stage = Stage::with(&["1"]);
    let script = "echo >> $OUT; exit 65";
    let outcome = stage.member(&["--on-failure", "skip", "--exec", script]).run();
    outcome.has_code(0).stderr_contains("skipped after 1 attempt: exit status 65");
    assert_eq!(stage.written().lines().count(), 1);
}

#[test]
fn a_handler_that_asks_for_later_is_not_charged() {
    let stage = Stage::with(&["1"]);
    let script = r#"echo $KCONS_ATTEMPT >> $OUT; [ $(wc -l < $OUT) -ge 8 ] || exit 75"#;
    let outcome = stage.member(&FAST).args(["--retries", "0", "--exec", script]).run();
    outcome.has_code(0);
    assert_eq!(stage.written(), "1\n".repeat(8));
}

#[test]
fn a_dead_letter_has_the_record_and_what_failed() {
    let stage = Stage::new(1);
    let record = Produced::value("{\"poison\":true}").key("k").header("trace", "a1").header("trace", "a2");
    stage.mock.produce(
        "t",
        &[Produced::value("1").partition(0), record.partition(0), Produced::value("3").partition(0)],
    );
    let script = r#"grep -q poison || exit 0; echo "cannot parse" >&2; exit 3"#;
    let options = ["--retries", "1", "--dead-letter", DEAD, "--exec", script];
    let outcome = stage.member(&FAST).args(options).run();
    outcome.has_code(0);
    outcome
        .stderr_contains("warning: t [0] @ 1: dead-lettered to `t.dead` after 2 attempts: exit status 3\n");
    outcome.has_summary("3 records: 2 ok, 1 dead-lettered, 1 retry");
    assert_eq!(stage.committed(), 3);
    let letters = stage.dead_letters();
    let letter = &letters.json_lines()[0];
    assert_eq!((letter["key"].as_str(), letter["value"]["poison"].as_bool()), (Some("k"), Some(true)));
    let headers: Vec<(&str, &str)> = letter["headers"]
        .as_array()
        .expect("headers")
        .iter()
        .map(|header| (header["key"].as_str().unwrap_or(""), header["value"].as_str().unwrap_or("")))
        .collect();
    assert_eq!(headers[..2], [("trace", "a1"), ("trace", "a2")]);
    let value = |name: &str| headers.iter().find(|header| header.0 == name).map(|header| header.1);
    assert_eq!(value("kcons.error"), Some("exit status 3: cannot parse"));
    for (name, expected) in
        [("attempts", "2"), ("topic", "t"), ("partition", "0"), ("offset", "1"), ("group", "g")]
    {
        assert_eq!(value(&format!("kcons.{name}")), Some(expected), "{name}");
    }
    assert!(value("kcons.timestamp").is_some_and(|time| time.parse::<i64>().is_ok()));
}

#[test]
fn a_dead_letter_topic_must_exist_before_anything_is_read() {
    let stage = Stage::with(&["1"]);
    let options = ["--dead-letter", "t.daed", "--exec", "echo >> $OUT"];
    let outcome = stage.member(&options).run();
    outcome.has_code(4);
    outcome.stderr_contains("error: topic `t.daed` does not exist\n  caused by: this run produces to it, so it must exist\n  hint: did you mean `t.dead`?\n");
    assert_eq!(stage.written(), "");
}

#[test]
fn a_dead_letter_goes_back_with_forward() {
    let stage = Stage::with(&["k:poison"]);
    stage.member(&FAST).args(["--retries", "0", "--dead-letter", DEAD, "--exec", "false"]).run().has_code(0);
    let brokers = stage.mock.brokers();
    let back =
        crate::support::run::Kcons::new(["consume", DEAD, "-e", "-b", &brokers, "--forward", "t"]).run();
    back.has_code(0).has_summary("1 record: 1 ok");
    let outcome = stage.alone(&["-o", "json"]).run();
    let record = &outcome.json_lines()[1];
    assert_eq!((record["key"].as_str(), record["value"].as_str()), (Some("k"), Some("poison")));
    assert_eq!(record["headers"].as_array().map(Vec::len), Some(0));
}

#[test]
fn many_failures_in_a_row_stop_the_run_whatever_the_policy() {
    let records: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let stage = Stage::with(&records.iter().map(String::as_str).collect::<Vec<_>>());
    let options = ["--retries", "0", "--on-failure", "skip", "--failure-limit", "5", "--exec", "exit 9"];
    let outcome = stage.member(&options).run();
    outcome.has_code(5).stderr_contains("error: 5 records in a row failed");
    assert_eq!(stage.committed(), 4);
    let endless = ["--retries", "0", "--on-failure", "skip", "--failure-limit", "0", "--exec", "exit 9"];
    stage.member(&endless).run().has_code(0);
    assert_eq!(stage.committed(), 20);
    let stage = Stage::with(&["a", "b"]);
    let options = ["--retries", "0", "--on-failure", "skip", "--failure-limit", "1", "--exec", "exit 9"];
    let outcome = stage.member(&options).run();
    outcome.has_code(5).stderr_contains("@ 0: processing failed after 1 attempt\n").stderr_lacks("in a row");
}

#[test]
fn a_handler_that_takes_too_long_is_ended_with_its_children() {
    let stage = Stage::with(&["1"]);
    let script = "trap 'echo term >> $OUT; exit 1' TERM; echo $$ > $OUT.pid; sleep 100 & wait";
    let options = ["--timeout", "3s", "--retries", "0", "--on-failure", "skip", "--exec", script];
    let outcome = stage.member(&options).run();
    outcome.has_code(0).stderr_contains("skipped after 1 attempt: timed out after 3s");
    assert_eq!(stage.written(), "term\n");
    let group = std::fs::read_to_string(stage.folder.path().join("out.pid")).expect("a pid");
    let group = nix::unistd::Pid::from_raw(group.trim().parse().expect("a pid"));
    wait_until("the end of the group", LONG, || nix::sys::signal::killpg(group, None).is_err().then_some(()));
}

#[test]
fn a_handler_killed_at_the_end_of_the_run_is_not_processed_and_not_failed() {
    let stage = Stage::with(&["1", "2"]);
    let script = "trap '' TERM; echo >> $OUT; while :; do sleep 0.05; done";
    let options = ["--shutdown-timeout", "3s", "--dead-letter", DEAD, "--exec", script];
    let mut running = stage.member(&options).spawn();
    wait_until("the handler", LONG, || (!stage.written().is_empty()).then_some(()));
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0).took_less_than(Duration::from_secs(20));
    outcome.has_summary("0 records: 0 ok");
    assert_eq!(stage.committed(), -1);
    assert_eq!(stage.dead_letters().lines().len(), 0);
}

#[test]
fn an_expression_that_fails_is_a_failed_record() {
    let stage = Stage::with(&[r#"{"n":1}"#, r#"{"n":"x"}"#, r#"{"n":3}"#]);
    let filter = [".value.n - 1 >= 0"];
    let options = ["--filter", filter[0], "--on-failure", "skip", "--exec", "cat; echo"];
    let outcome = stage.member(&options).run();
    outcome.has_code(0).has_stdout("{\"n\":1}\n{\"n\":3}\n");
    outcome.stderr_contains("warning: t [0] @ 1: skipped: `--filter` failed: ");
    let outcome = stage.alone(&["--filter", filter[0], "-o", "raw"]).run();
    outcome
        .has_code(5)
        .has_stdout("{\"n\":1}\n{\"n\":3}\n")
        .stderr_contains("warning: t [0] @ 1: `--filter` failed: ");
}

#[test]
fn the_pause_before_another_attempt_is_an_option() {
    let stage = Stage::with(&["1"]);
    let options = ["-v", "--backoff", "10h..10h", "--exec", "echo >> $OUT; echo failed >&2; exit 1"];
    let mut running = stage.member(&options).spawn();
    running.wait_for_stderr("failed\n");
    running.signal(Signal::SIGTERM);
    running.finish().has_code(0).has_summary("0 records: 0 ok");
    assert_eq!(stage.written().lines().count(), 1);
}

#[test]
fn what_came_before_a_record_that_no_handler_gets_is_processed_first() {
    let id = ".value + 0 | tostring";
    for options in
        [&["--filter", ".value + 0 > 0"][..], &["--dedup", id], &["--dedup", id, "--parallel", "2"]]
    {
        let stage = Stage::with(&["1", "2", "x", "4"]);
        let outcome = stage.member(options).args(["--exec", "read n; echo $n >> $OUT"]).run();
        outcome.has_code(5).stderr_contains("error: t [0] @ 2: processing failed\n  caused by: `--");
        let mut lines: Vec<_> = stage.written().lines().map(str::to_owned).collect();
        lines.sort();
        assert_eq!((&lines[..], stage.committed()), (&["1".to_owned(), "2".to_owned()][..], 2), "{outcome}");
    }
}

#[test]
fn a_record_without_an_id_does_not_overtake_those_whose_ids_are_looked_up() {
    let stage = Stage::with(&["1", "2", "3", "4"]);
    let id = "if .value == 3 then null else .value | tostring end";
    let script = "read n; [ $n != 3 ] || exit 65; echo $n";
    let outcome = stage.member(&["--dedup", id, "--exec", script]).run();
    outcome.has_code(5).has_stdout("1\n2\n");
    assert_eq!(stage.committed(), 2);
}

#[test]
fn a_strict_run_ends_with_a_record_that_cannot_be_decoded_and_not_before() {
    let stage = Stage::with(&["1", "2", "x", "4"]);
    let options = ["--strict", "--value-format", "json", "--stdin", "json", "--on-failure", "skip"];
    let outcome = stage.member(&options).args(["--exec", "echo $KCONS_OFFSET"]).run();
    outcome.has_code(5).has_stdout("0\n1\n");
    outcome.stderr_contains("error: t [0] @ 2: value is not JSON: unexpected `x` at byte 1\n");
    assert_eq!(stage.committed(), 2);
    let options = ["--value-format", "json", "--stdin", "json", "--exec", "echo $KCONS_OFFSET"];
    let outcome = stage.member(&options).run();
    outcome.has_code(0).has_stdout("2\n3\n");
    outcome.stderr_contains("warning: t [0] @ 2: value is not JSON: unexpected `x` at byte 1\n");
}

#[test]
fn each_record_that_failed_for_good_is_one_event_whatever_the_policy() {
    let stage = Stage::with(&["1", "2", "x", "4"]);
    let last = ["--exec", "[ $KCONS_OFFSET = 0 ]"];
    let options: [(&[&str], i32, &[i64]); 6] = [
        (&["--on-failure", "stop"], 5, &[1]),
        (&["--on-failure", "skip", "--failure-limit", "2"], 5, &[1, 2]),
        (&["--on-failure", "skip"], 0, &[1, 2, 3]),
        (&["--on-failure", "skip", "--filter", ".value + 0 > 1"], 0, &[1, 2, 3]),
        // That one could not be decoded is a warning: its handler has it as it is.
        (&["--on-failure", "skip", "--value-format", "json", "--stdin", "json"], 0, &[1, 2, 3]),
        (&["--strict", "--value-format", "json", "--stdin", "json", "--on-failure", "skip"], 5, &[1, 2]),
    ];
    for (options, code, offsets) in options {
        let outcome = stage.alone(options).args(["--retries", "0", "--log", "json"]).args(last).run();
        outcome.has_code(code);
        let failed = outcome.events_named("record_failed");
        let places: Vec<_> = failed.iter().filter_map(|event| event["offset"].as_i64()).collect();
        outcome.check(places == offsets, &format!("not the failed records {offsets:?}"));
        let is_whole = |event: &serde_json::Value| {
            let message = event["message"].as_str().unwrap_or_default();
            event["topic"] == "t" && event["partition"] == 0 && message.starts_with("t [0] @ ")
        };
        outcome.check(failed.iter().all(is_whole), "an event lacks its place");
        let errors = outcome.events_named("error").len();
        outcome.check(errors == usize::from(code != 0), "the error is missing, or said twice");
        // People are told once.
        let text = stage.alone(options).args(["--retries", "0"]).args(last).run();
        for offset in offsets.iter().filter(|_| !options.contains(&"--value-format")) {
            let times = text.stderr_text().matches(&format!("t [0] @ {offset}")).count();
            text.check(times == 1, &format!("offset {offset} is told {times} times"));
        }
    }
}

#[test]
fn a_printed_record_that_ends_the_run_is_one_event() {
    let stage = Stage::with(&["1", "x"]);
    for options in [&["--strict", "--value-format", "json"][..], &["--filter", ".value + 0 > 0"]] {
        let outcome = stage.member(options).args(["--log", "json"]).run();
        outcome.has_code(5);
        let failed = outcome.events_named("record_failed");
        outcome.check(failed.len() == 1 && failed[0]["offset"] == 1, "it is not one event");
        outcome.check(outcome.events_named("error").len() == 1, "the error is missing");
        let text = stage.member(options).run();
        text.check(text.stderr_text().matches("t [0] @ 1: ").count() == 1, "it is told twice");
    }
}

#[test]
fn a_property_of_the_producer_changes_how_records_go_out() {
    let stage = Stage::with(&["1"]);
    let forward = |options: &[&str]| stage.alone(&["--forward", DEAD]).args(options).run();
    let pause = Duration::from_secs(10);
    let outcome = forward(&[]);
    outcome.has_code(0).took_less_than(pause);
    let outcome = forward(&["-X", "linger.ms=10000"]);
    outcome.has_code(0).check(outcome.elapsed >= pause, "nothing lingered");
    assert_eq!(stage.dead_letters().lines().len(), 2);
    let shown = forward(&["-X", "linger.ms=2000", "--print-config"]);
    shown.has_code(0).check(
        shown.lines().iter().any(|line| line.split_whitespace().eq(["queue.buffering.max.ms", "2000", "-X"])),
        "it is not shown",
    );
    let refused = stage.alone(&["--forward", DEAD, "-X", "acks=1"]).run();
    refused
        .has_code(2)
        .stderr_contains("error: property `acks` cannot be set\n  caused by: a record counts as");
}
