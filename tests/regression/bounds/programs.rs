//! Programs of `--filter` and `--dedup` that never end, take all memory, or make ids without a bound.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::{TOPIC, offsets, reading, topic_with};
use crate::support::http::{get, listens_at};
use crate::support::mock::Mock;
use crate::support::run::Kcons;
use crate::support::wait_until;

const LONG: Duration = Duration::from_secs(30);

/// True for good records; bad ones choose what goes wrong.
const FILTER: &str = r#"
    def deep: reduce range(60) as $i (1; [., .]);
    if .value == "endless" then repeat(empty)
    elif .value == "stuck" then (deep as $a | deep as $b | $a == $b)
    elif .value == "greedy" then (def grow: . + . | grow; "0123456789" | grow)
    elif .value == "huge" then "0123456789" * 300000000
    elif .value == "deep" then (def f: 1 + f; f)
    else true end"#;

/// A member whose place is given away if its loop stands still for four seconds.
fn member(mock: &Mock, options: &[&str]) -> Kcons {
    let timid = [
        "-g",
        "g",
        "-X",
        "partition.assignment.strategy=cooperative-sticky",
        "-X",
        "session.timeout.ms=4000",
        "-X",
        "heartbeat.interval.ms=200",
        "-X",
        "max.poll.interval.ms=4000",
    ];
    reading(mock, &timid).args(options).deadline(Duration::from_secs(120))
}

/// Programs ran on the loop: one that did not end stopped everything, probes, membership and signals included.
pub fn a_program_that_does_not_end_fails_its_record_alone() {
    let mock = topic_with(&["good", "endless", "good", "deep", "stuck", "good"]);
    let outcome = member(&mock, &["--filter", FILTER, "--on-failure", "skip", "--log", "json"]).run();
    assert_eq!(offsets(outcome.has_code(0)), [0, 2, 5]);
    assert!(outcome.events_named("partitions_lost").is_empty());
    let failed: Vec<(i64, String)> = outcome
        .events_named("record_failed")
        .iter()
        .map(|event| {
            (
                event["offset"].as_i64().expect("an offset"),
                event["message"].as_str().expect("words").to_owned(),
            )
        })
        .collect();
    let words = |offset, why| (offset, format!("t [0] @ {offset}: `--filter` failed: {why}"));
    let time = "it took longer than 5 s";
    assert_eq!(failed, [words(1, time), words(3, "it recurses too deeply"), words(4, time)]);
    assert_eq!(mock.committed("g", &[TOPIC]).values().copied().collect::<Vec<_>>(), [6]);
}

/// A program could take all the memory there is, and with it the process.
pub fn a_program_that_takes_all_memory_fails_its_record_alone() {
    let mock = topic_with(&["good", "greedy", "huge", "good"]);
    let outcome = reading(&mock, &["--filter", FILTER]).run();
    assert_eq!(offsets(outcome.has_code(5)), [0, 3]);
    for offset in [1, 2] {
        let words = format!("t [0] @ {offset}: `--filter` failed: it took more than 128 MiB of memory");
        outcome.stderr_contains(&words);
    }
}

/// Only the second signal ended a run that was stuck in a program.
pub fn a_program_that_does_not_end_holds_up_neither_probes_nor_the_end() {
    let mock = topic_with(&["good", "good", "endless", "good"]);
    let options =
        ["--filter", FILTER, "--exec", "cat; echo", "--metrics", "127.0.0.1:0", "--commit-interval", "50ms"];
    for options in [&options[..], &["--dedup", FILTER, "--exec", "cat; echo", "--metrics", "127.0.0.1:0"]] {
        let mut running = member(&mock, options).spawn();
        let address = listens_at(&mut running);
        // Only with `--filter` the good ones have no ids that are the same.
        let is_at_it = || (mock.committed("g", &[TOPIC]).values().sum::<i64>() == 2).then_some(());
        if options[0] == "--filter" {
            running.wait_for_lines(2);
            wait_until("the commit of what came before", LONG, is_at_it);
        }
        assert_eq!(get(&address, "/live").status, 200);
        running.signal(Signal::SIGTERM);
        let outcome = running.finish();
        outcome.has_code(0);
        assert_eq!(mock.committed("g", &[TOPIC]).values().sum::<i64>(), 2, "nothing passes it");
    }
}

/// An event id was kept as it was, whatever its length: megabytes of it in memory, in the store and on its way there.
pub fn a_long_event_id_is_kept_by_its_hash() {
    let long = |last: &str| format!("{{\"id\":\"{}{last}\"}}", "i".repeat(700_000));
    let mock = topic_with(&[long("a"), long("a"), long("b"), "{\"id\":\"short\"}".to_owned(), long("b")]);
    let options = ["--dedup", ".value.id", "--dedup-store", "ids.redb", "--exec", "echo $KCONS_EVENT_ID"];
    let outcome = member(&mock, &options).run();
    outcome.has_code(0).has_summary("3 records: 3 ok, 2 duplicates");
    let mut lines = outcome.lines();
    lines.sort();
    assert_eq!(lines.len(), 3);
    assert!(lines[..2].iter().all(|line| line.len() == "kcons:sha256:".len() + 64), "{lines:?}");
    assert_eq!(lines[2], "short");
}
