//! `--exec` and `-- CMD`: what a process gets, what becomes of what it writes, and in which order.

use std::collections::HashMap;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::{GROUP, LONG, Stage};
use crate::support::terminal::OnTerminal;
use crate::support::{Produced, wait_until};

#[test]
fn a_process_gets_the_value_and_the_record_in_its_environment() {
    let stage = Stage::with(&["a:one", "two", "c:three"]);
    let script = r#"cat; echo " $KCONS_TOPIC $KCONS_PARTITION $KCONS_OFFSET ${KCONS_KEY-(none)} $KCONS_GROUP $KCONS_ATTEMPT""#;
    let outcome = stage.member(&["--exec", script]).run();
    outcome.has_code(0).has_stdout("one t 0 0 a g 1\ntwo t 0 1 (none) g 1\nthree t 0 2 c g 1\n");
    outcome.has_summary("3 records: 3 ok");
    assert_eq!(stage.committed(), 3);
}

#[test]
fn a_program_is_run_without_a_shell() {
    let stage = Stage::with(&["a b", "*"]);
    let outcome = stage.alone(&["--", "printf", "%s|", "$HOME", "*"]).run();
    outcome.has_code(0).has_stdout("$HOME|*|$HOME|*|");
    outcome.stderr_contains("every run starts over");
    let missing = stage.alone(&["--", "no-such-program"]).run();
    missing.has_code(2).stderr_contains("error: cannot run `no-such-program`: No such file or directory\n");
}

#[test]
fn the_envelope_can_be_asked_for() {
    let stage = Stage::with(&[r#"k:{"a":1}"#]);
    let outcome = stage.alone(&["--stdin", "json", "--exec", "cat"]).run();
    outcome.has_code(0);
    let line = &outcome.json_lines()[0];
    assert_eq!((line["key"].as_str(), line["value"]["a"].as_i64()), (Some("k"), Some(1)));
}

#[test]
fn a_tombstone_is_told_from_an_empty_value() {
    let stage = Stage::new(1);
    stage.mock.produce("t", &[Produced::value("").partition(0), Produced::tombstone("k").partition(0)]);
    let script = "echo ${KCONS_VALUE_NULL-no} $(wc -c)";
    stage.alone(&["--exec", script]).run().has_code(0).has_stdout("no 0\n1 0\n");
}

#[test]
fn output_of_processes_side_by_side_is_never_mixed() {
    let records: Vec<String> = (0..12).map(|number| format!("key-{number}:{number}")).collect();
    let stage = Stage::with(&records.iter().map(String::as_str).collect::<Vec<_>>());
    let script = "read n; for i in 1 2 3 4 5; do echo $n; sleep 0.01; done";
    let outcome = stage.member(&["--parallel", "6", "--exec", script]).run();
    outcome.has_code(0);
    let lines = outcome.lines();
    assert_eq!(lines.len(), 60);
    for block in lines.chunks(5) {
        assert!(block.iter().all(|line| *line == block[0]), "{lines:?}");
    }
    assert_eq!(stage.committed(), 12);
}

/// Handlers that note when they start and end, and do something in between: lines `+KEY NUMBER` and `-KEY NUMBER`.
fn order(stage: &Stage, work: &str, options: &[&str]) -> Vec<String> {
    let script = format!(r#"read n; echo "+$KCONS_KEY $n" >> $OUT; {work}; echo "-$KCONS_KEY $n" >> $OUT"#);
    stage.member(&["--parallel", "8", "--exec", &script]).args(options).run().has_code(0);
    stage.written().lines().map(str::to_owned).collect()
}

#[test]
fn records_with_one_key_are_handled_one_after_the_other() {
    let records: Vec<String> = (0..24).map(|number| format!("{}:{number}", number % 4)).collect();
    let stage = Stage::with(&records.iter().map(String::as_str).collect::<Vec<_>>());
    let lines = order(&stage, "sleep 0.02", &[]);
    assert_eq!(lines.len(), 48);
    let mut running: HashMap<&str, &str> = HashMap::new();
    let mut last: HashMap<&str, u32> = HashMap::new();
    let mut most = 0;
    for line in &lines {
        let (key, number) = line[1..].split_once(' ').expect("two words");
        if line.starts_with('+') {
            assert_eq!(running.insert(key, number), None, "{lines:?}");
            let number = number.parse().expect("a number");
            assert!(last.insert(key, number).is_none_or(|last| last < number), "{lines:?}");
        } else {
            assert_eq!(running.remove(key), Some(number), "{lines:?}");
        }
        most = most.max(running.len());
    }
    assert!(most > 1, "nothing was side by side: {lines:?}");
}

#[test]
fn a_partition_can_be_kept_in_order() {
    let stage = Stage::with(&["a:0", "b:1", "c:2", "d:3"]);
    let lines = order(&stage, "sleep 0.02", &["--order", "partition"]);
    assert_eq!(lines, ["+a 0", "-a 0", "+b 1", "-b 1", "+c 2", "-c 2", "+d 3", "-d 3"]);
    let stage = Stage::with(&["a:0", "a:1"]);
    // Each waits for the other to start.
    let both = "until [ $(grep -c + $OUT) = 2 ]; do sleep 0.02; done";
    let lines = order(&stage, both, &["--order", "none"]);
    assert!(lines[..2].iter().all(|line| line.starts_with('+')), "{lines:?}");
}

#[test]
fn a_count_is_exact_with_many_at_once() {
    let records: Vec<String> = (0..50).map(|number| format!("{number}:x")).collect();
    let stage = Stage::with(&records.iter().map(String::as_str).collect::<Vec<_>>());
    for (run, committed) in [(1, 7), (2, 14)] {
        let outcome = stage.member(&["--parallel", "5", "-n", "7", "--exec", "echo >> $OUT"]).run();
        outcome.has_code(0);
        assert_eq!(stage.written().lines().count(), 7 * run);
        assert_eq!(stage.committed(), committed);
    }
}

#[test]
fn a_rate_limits_what_is_started() {
    let records: Vec<String> = (0..11).map(|number| number.to_string()).collect();
    let stage = Stage::with(&records.iter().map(String::as_str).collect::<Vec<_>>());
    let outcome = stage.alone(&["--rate", "10", "--parallel", "4", "--exec", "echo >> $OUT"]).run();
    outcome.has_code(0);
    assert_eq!(stage.written().lines().count(), 11);
    // Eleven starts take a second: the first and the last are ten pauses apart.
    outcome.check(outcome.elapsed >= Duration::from_secs(1), "it went faster than it may");
}

#[test]
fn a_signal_lets_the_handler_finish_and_commits_it() {
    let stage = Stage::with(&["1", "2", "3"]);
    let script = "echo started >> $OUT; while [ ! -e $OUT.go ]; do sleep 0.02; done; echo done";
    let mut running = stage.member(&["-v", "--exec", script]).spawn();
    wait_until("the handler", LONG, || stage.written().contains("started").then_some(()));
    running.signal(Signal::SIGTERM);
    running.wait_for_stderr("Shutdown signal received...");
    std::fs::write(stage.folder.path().join("out.go"), "").expect("a file");
    let outcome = running.finish();
    outcome.has_code(0).has_stdout("done\n");
    assert_eq!((stage.committed(), stage.written().lines().count()), (1, 1));
}

#[test]
fn a_second_signal_leaves_no_child_behind() {
    let stage = Stage::with(&["1"]);
    let script = "echo $$ > $OUT; trap '' TERM; while :; do sleep 0.05; done";
    let pid = || wait_until("the handler", LONG, || stage.written().trim().parse::<i32>().ok());
    let is_gone = |pid: i32| {
        wait_until("the end of the handler", LONG, || {
            (!std::path::Path::new(&format!("/proc/{pid}")).exists()).then_some(())
        });
    };
    let mut running = stage.alone(&["--exec", script]).spawn();
    let first = pid();
    running.signal_until_it_ends(Signal::SIGINT);
    running.finish().has_code(130);
    is_gone(first);
    // On a terminal the loop of a shell is to end, too.
    std::fs::write(stage.out(), "").expect("a file");
    let mut running = stage.alone(&["--exec", script]).spawn_on_terminal(OnTerminal::Stderr);
    let second = pid();
    running.signal_until_it_ends(Signal::SIGINT);
    running.finish().was_ended_by(Signal::SIGINT);
    is_gone(second);
    assert_eq!(stage.committed(), -1, "{GROUP}");
}

#[test]
fn filtered_records_start_nothing_and_are_passed_by_the_commit() {
    let stage = Stage::with(&[r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#, r#"{"n":4}"#]);
    let outcome = stage.member(&["--filter", ".value.n % 2 == 1", "--exec", "cat; echo"]).run();
    outcome.has_code(0).has_stdout("{\"n\":1}\n{\"n\":3}\n").has_summary("2 records: 2 ok");
    assert_eq!(stage.committed(), 4);
}

#[test]
fn what_was_fetched_and_not_taken_is_not_committed() {
    let stage = Stage::new(2);
    for (partition, count) in [(0, 1000), (1, 10)] {
        let records: Vec<_> = (0..count).map(|_| Produced::value("v").partition(partition)).collect();
        stage.mock.produce("t", &records);
    }
    // Long enough for statistics to tell how far fetching is.
    let worker = "read line; sleep 4; echo ok; while read line; do echo ok; done";
    let outcome = stage.member(&["-n", "1000", "--worker", worker]).run();
    outcome.has_code(0).has_summary("1000 records: 1000 ok");
    let committed = stage.mock.committed(GROUP, &["t"]);
    assert_eq!(committed.values().sum::<i64>(), 1000, "{committed:?}");
    stage.member(&["--exec", "cat"]).run().has_code(0).has_stdout("v".repeat(10));
}
