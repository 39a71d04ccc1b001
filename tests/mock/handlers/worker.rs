//! `--worker`: what it is given and may answer, what becomes of its records when it ends, and what is committed.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::{DEAD, LONG, Stage};
use crate::support::{Produced, wait_until};

const FAST: [&str; 2] = ["--backoff", "1ms..5ms"];

/// Answers `ok` for each record as fast as it can.
const WILLING: &str = "exec stdbuf -oL sed 's/.*/ok/'";

/// A worker that does this with each envelope, in `$line`; the record's number in its partition is in `$n`.
fn each(what: &str) -> String {
    format!(r#"while IFS= read -r line; do n=${{line#*'"offset":'}}; n=${{n%%,*}}; {what}; done"#)
}

fn numbered(count: usize, keys: usize) -> Vec<String> {
    (0..count).map(|number| format!("key-{}:{number}", number % keys)).collect()
}

fn stage(records: &[String]) -> Stage {
    Stage::with(&records.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_worker_is_given_what_json_prints() {
    let stage = Stage::new(1);
    let record = Produced::value(r#"{"a": [1, "\u00e4"]}"#).key("k").header("trace", "a1");
    stage.mock.produce("t", &[record.partition(0), Produced::tombstone("k").partition(0)]);
    let printed = stage.alone(&["-o", "json"]).run();
    let worker = each(r#"printf '%s\n' "$line" >> $OUT; echo ok"#);
    stage.alone(&["--worker", &worker]).run().has_code(0).has_stdout("");
    assert_eq!(stage.written(), printed.has_code(0).stdout_text());
}

#[test]
fn a_worker_says_ok_retry_or_fail() {
    let stage = Stage::with(&["a:1", "b:2", "c:3"]);
    let worker = each(
        r#"echo "try $n" >> $OUT; echo "on stderr" >&2
           case $n in
             1) if [ -e $OUT.again ]; then echo ok; else echo > $OUT.again; echo "retry busy"; fi ;;
             2) echo "fail no such customer" ;;
             *) echo ok ;;
           esac"#,
    );
    let options = ["--on-failure", "skip", "--worker", &worker];
    let outcome = stage.member(&FAST).args(options).run();
    outcome.has_code(0).has_stdout("").stderr_contains("on stderr\n");
    outcome.stderr_contains("warning: t [0] @ 2: skipped after 1 attempt: no such customer\n");
    outcome.has_summary("3 records: 2 ok, 1 skipped, 1 retry");
    assert_eq!(stage.written().lines().filter(|line| *line == "try 1").count(), 2);
    assert_eq!(stage.written().lines().count(), 4);
    assert_eq!(stage.committed(), 3);
}

#[test]
fn any_other_line_is_quoted_and_fails_the_oldest_record() {
    let stage = Stage::with(&["a:1", "b:2", "c:3"]);
    let worker = format!("echo start >> $OUT; {}", each(r#"[ $n = 1 ] && echo "done with $n" || echo ok"#));
    let options = ["--retries", "0", "--on-failure", "skip", "--worker", &worker];
    let outcome = stage.member(&options).run();
    outcome.has_code(0).has_stdout("");
    outcome.stderr_contains(
        "warning: t [0] @ 1: skipped after 1 attempt: worker answered `done with 1`, not `ok`, \
         `retry REASON` or `fail REASON`\n",
    );
    outcome.has_summary("3 records: 2 ok, 1 skipped");
    assert_eq!(stage.written(), "start\nstart\n");
}

#[test]
fn an_answer_too_much_is_told() {
    let stage = Stage::with(&["1"]);
    let outcome = stage.member(&["--worker", &each(r"printf 'ok\nok\n'")]).run();
    outcome.has_code(0).stderr_contains("warning: worker answered `ok` with nothing left to answer; ");
    assert_eq!(stage.committed(), 1);
    let worker = each(r"printf 'ok\nok\n'");
    let outcome = stage.alone(&["--log", "json", "--worker", &worker]).run();
    let warnings = outcome.has_code(0).stderr_lacks("handler_output").events_named("warning");
    let is_told = |warning: &serde_json::Value| {
        warning["message"]
            .as_str()
            .is_some_and(|message| message.starts_with("worker answered `ok` with nothing"))
    };
    assert!(warnings.iter().any(is_told), "{warnings:?}");
    stage.alone(&["-q", "--worker", &worker]).run().has_code(0).has_stderr("");
}

#[test]
fn a_worker_that_dies_is_charged_for_the_oldest_record_only() {
    let stage = stage(&numbered(6, 6));
    // The first one reads three and dies after one answer.
    let worker = format!(
        "if [ ! -e $OUT ]; then read -r a; read -r b; read -r c; echo > $OUT; echo ok; exit 3; fi; {}",
        each("echo $n >> $OUT; echo ok")
    );
    let options = ["--retries", "0", "--on-failure", "skip", "--worker", &worker];
    let outcome = stage.member(&options).run();
    outcome.has_code(0);
    outcome.stderr_contains("warning: t [0] @ 1: skipped after 1 attempt: worker exited with status 3\n");
    outcome.has_summary("6 records: 5 ok, 1 skipped");
    assert_eq!(stage.written(), "\n2\n3\n4\n5\n");
    assert_eq!(stage.committed(), 6);
}

#[test]
fn a_worker_that_dies_with_nothing_to_do_is_charged_for_nothing() {
    const WARNING: &str =
        "warning: worker exited with status 0; it had no record in hand and is restarted with the next one\n";
    let stage = Stage::with(&["1"]);
    let options = ["--retries", "0", "--worker", "echo $$ >> $OUT; read -r line; echo ok"];
    let mut running = stage.staying(&options).spawn();
    running.wait_for_stderr(WARNING);
    for starts in [2, 3] {
        stage.produce(&["more"]);
        wait_until("the end of the worker", LONG, || {
            let last = stage.written().lines().nth(starts - 1)?.parse().ok()?;
            nix::sys::signal::kill(Pid::from_raw(last), None).is_err().then_some(())
        });
    }
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0).has_summary("3 records: 3 ok");
    assert_eq!(outcome.stderr_text().matches(WARNING).count(), 1);
}

#[test]
fn a_worker_that_takes_too_long_is_ended_with_its_children() {
    let stage = Stage::with(&["1", "2"]);
    // It goes on after SIGTERM, and so does its child: only SIGKILL helps.
    let worker = format!(
        "if [ -e $OUT.pid ]; then {}; exit; fi
         trap 'echo term >> $OUT' TERM; echo $$ > $OUT.pid; (trap '' TERM; sleep 100) & while :; do wait; done",
        each("echo ok")
    );
    let options =
        ["--timeout", "3s", "--retries", "0", "--on-failure", "skip", "--order", "none", "--worker", &worker];
    let outcome = stage.member(&options).run();
    outcome.has_code(0).stderr_contains("@ 0: skipped after 1 attempt: timed out after 3s");
    outcome.has_summary("2 records: 1 ok, 1 skipped");
    outcome.check(outcome.elapsed > Duration::from_secs(8), "it was not given its time");
    assert_eq!(stage.written(), "term\n");
    let group = std::fs::read_to_string(stage.folder.path().join("out.pid")).expect("a pid");
    let group = Pid::from_raw(group.trim().parse().expect("a pid"));
    wait_until("the end of the group", LONG, || nix::sys::signal::killpg(group, None).is_err().then_some(()));
}

#[test]
fn what_waits_for_an_answer_is_limited() {
    // It answers two at a time.
    let worker = "while read -r one && read -r other; do printf 'ok\\nok\\n'; done";
    let run = |keys: usize, options: &[&str]| {
        let stage = stage(&numbered(2, keys));
        let limits = ["--timeout", "2s", "--retries", "0", "--on-failure", "skip", "--worker", worker];
        let outcome = stage.member(&limits).args(options).run();
        outcome.has_code(0);
        outcome.stderr_text().contains("skipped after 1 attempt: timed out after 2s")
    };
    assert!(!run(2, &[]));
    assert!(!run(2, &["--in-flight", "2"]));
    assert!(run(2, &["--in-flight", "1"]));
    assert!(run(1, &[]), "a key has one record with the worker at a time");
    assert!(!run(1, &["--order", "none"]));
    assert!(run(2, &["--order", "partition"]));
}

#[test]
fn records_with_one_key_are_with_one_worker_at_a_time() {
    let stage = stage(&numbered(48, 6));
    let worker = each(
        r#"key=${line#*'"key":"'}; key=${key%%'"'*}
           echo "+$key $n $$" >> $OUT; sleep 0.01; echo "-$key $n $$" >> $OUT; echo ok"#,
    );
    stage.member(&["--parallel", "4", "--worker", &worker]).run().has_code(0);
    let written = stage.written();
    let (mut running, mut last) = (HashMap::new(), HashMap::new());
    let (mut most, mut workers) = (0, BTreeSet::new());
    for line in written.lines() {
        let words: Vec<&str> = line[1..].split(' ').collect();
        let (key, number): (_, u32) = (words[0], words[1].parse().expect("an offset"));
        workers.insert(words[2]);
        if line.starts_with('+') {
            assert_eq!(running.insert(key, number), None, "{written}");
            assert!(last.insert(key, number).is_none_or(|last| last < number), "{written}");
        } else {
            assert_eq!(running.remove(key), Some(number), "{written}");
        }
        most = most.max(running.len());
    }
    assert_eq!((written.lines().count(), workers.len()), (96, 4));
    assert!((2..=4).contains(&most), "{written}");
}

#[test]
fn many_records_go_through_workers_once_each() {
    const COUNT: usize = 20_000;
    let stage = Stage::new(1);
    let record =
        |number: usize| Produced::value(number.to_string()).key((number % 1000).to_string()).partition(0);
    stage.mock.produce("t", &(0..COUNT).map(record).collect::<Vec<_>>());
    let worker = r#"exec stdbuf -oL sed -e "w $OUT.$$" -e 's/.*/ok/'"#;
    let outcome = stage.member(&["--parallel", "2", "--worker", worker]).run();
    outcome.has_code(0).has_summary(&format!("{COUNT} records: {COUNT} ok"));
    assert_eq!(stage.committed(), COUNT as i64);
    let mut seen = BTreeSet::new();
    for file in std::fs::read_dir(stage.folder.path()).expect("the folder") {
        let mut last: HashMap<String, i64> = HashMap::new();
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("text");
        for line in text.lines() {
            let record: serde_json::Value = serde_json::from_str(line).expect("an envelope");
            let offset = record["offset"].as_i64().expect("an offset");
            assert!(seen.insert(offset), "{offset} came twice");
            let key = record["key"].as_str().expect("a key").to_owned();
            assert!(last.insert(key, offset).is_none_or(|last| last < offset), "{line}");
        }
    }
    assert_eq!(seen.len(), COUNT);
}

#[test]
fn workers_find_the_end_of_their_input_and_may_finish() {
    let stage = stage(&numbered(6, 6));
    let worker = format!("{}; sleep 0.2; echo finished >> $OUT", each("echo ok"));
    let outcome = stage.member(&["--parallel", "3", "--worker", &worker]).run();
    outcome.has_code(0).has_summary("6 records: 6 ok");
    assert_eq!(stage.written(), "finished\n".repeat(3));
    assert_eq!(stage.committed(), 6);
}

/// A worker that goes on with the record at this offset once there is a file.
fn waits_at(offset: u32) -> String {
    each(&format!(
        "echo $n >> $OUT; if [ $n = {offset} ]; then while [ ! -e $OUT.go ]; do sleep 0.02; done; fi; echo ok"
    ))
}

#[test]
fn a_signal_lets_a_worker_answer_what_it_has() {
    let stage = stage(&numbered(6, 6));
    let mut running = stage.member(&["-v", "--in-flight", "3", "--worker", &waits_at(2)]).spawn();
    wait_until("the worker", LONG, || stage.written().contains('2').then_some(()));
    running.signal(Signal::SIGTERM);
    running.wait_for_stderr("Shutdown signal received...");
    std::fs::write(stage.folder.path().join("out.go"), "").expect("a file");
    let outcome = running.finish();
    // The two behind it may have been on their way, or not yet.
    let count = stage.committed();
    outcome.has_code(0).check((3..=5).contains(&count), "what it had was not committed");
    outcome.has_summary(&format!("{count} records: {count} ok"));
    assert_eq!(stage.written(), (0..count).map(|offset| format!("{offset}\n")).collect::<String>());
}

#[test]
fn what_a_worker_has_not_answered_at_the_end_comes_again() {
    let stage = stage(&numbered(6, 6));
    let options = ["--shutdown-timeout", "3s", "--dead-letter", DEAD, "--worker", &waits_at(2)];
    let mut running = stage.mortal(&options).spawn();
    wait_until("the worker", LONG, || stage.written().contains('2').then_some(()));
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0).took_less_than(Duration::from_secs(20));
    outcome.has_summary("2 records: 2 ok");
    assert_eq!(stage.committed(), 2);
    stage.mortal(&["--worker", &each("echo again $n >> $OUT; echo ok")]).run().has_code(0);
    assert_eq!(stage.written(), "0\n1\n2\nagain 2\nagain 3\nagain 4\nagain 5\n");
}

#[test]
fn what_a_worker_refuses_is_a_dead_letter() {
    let stage = stage(&numbered(3, 3));
    let worker = each(r#"if [ $n = 1 ]; then echo "no stock" >&2; echo "fail sold out"; else echo ok; fi"#);
    let outcome = stage.member(&["--dead-letter", DEAD, "--worker", &worker]).run();
    outcome.has_code(0);
    outcome.stderr_contains("warning: t [0] @ 1: dead-lettered to `t.dead` after 1 attempt: sold out\n");
    outcome.has_summary("3 records: 2 ok, 1 dead-lettered");
    assert_eq!(stage.committed(), 3);
    let letters = stage.dead_letters();
    let headers = letters.json_lines()[0]["headers"].clone();
    let error = headers.as_array().expect("headers").iter().find(|header| header["key"] == "kcons.error");
    assert!(
        error.is_some_and(|error| error["value"].as_str().expect("text").starts_with("sold out")),
        "{headers}"
    );
}

#[test]
fn a_worker_that_refuses_stops_the_run_uncommitted() {
    let stage = stage(&numbered(3, 3));
    let worker = each(r#"if [ $n = 1 ]; then echo fail; else echo ok; fi"#);
    let outcome = stage.member(&["--worker", &worker]).run();
    outcome.has_code(5);
    outcome.stderr_contains(
        "error: t [0] @ 1: processing failed after 1 attempt\n  caused by: worker said fail\n",
    );
    assert_eq!(stage.committed(), 1);
}

#[test]
fn what_is_answered_is_committed_exactly_in_the_waiting_modes() {
    for (mode, committed) in [("manual", 7), ("batch=3", 6)] {
        let stage = stage(&numbered(12, 12));
        let running = stage.mortal(&["--commit", mode, "--worker", &waits_at(7)]).spawn();
        wait_until("the worker", LONG, || stage.written().contains('7').then_some(()));
        wait_until("the commit", LONG, || (stage.committed() == committed).then_some(()));
        running.kill();
        assert_eq!(stage.committed(), committed, "{mode}");
        std::fs::remove_file(stage.out()).expect("it was written");
        stage.mortal(&["--commit", mode, "--worker", WILLING]).run().has_code(0);
        assert_eq!(stage.committed(), 12, "{mode}");
        let again = stage.mortal(&["--worker", &each("echo $n >> $OUT; echo ok")]).run();
        again.has_code(0);
        assert_eq!(stage.written(), "");
    }
}
