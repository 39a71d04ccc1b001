//! Work and memory for one record, and what strangers' bytes may do to a terminal.

mod programs;
mod screens;

use std::time::Duration;

use crate::support::harness::Test;
use crate::support::mock::Mock;
use crate::support::run::Kcons;
use crate::support::{Outcome, Produced};
use crate::tests;

/// All of them.
pub const TESTS: &[Test] = tests![
    a_long_number_fails_its_record_alone,
    a_message_quotes_little_of_a_record,
    a_reason_of_a_worker_is_short_in_messages_and_whole_in_the_dead_letter,
    programs::a_program_that_does_not_end_fails_its_record_alone,
    programs::a_program_that_takes_all_memory_fails_its_record_alone,
    programs::a_program_that_does_not_end_holds_up_neither_probes_nor_the_end,
    programs::a_long_event_id_is_kept_by_its_hash,
    screens::json_on_a_terminal_is_escaped_and_means_the_same,
    screens::raw_on_a_terminal_is_escaped_and_in_a_pipe_as_it_is,
    screens::a_usage_error_is_one_line_whatever_was_typed,
    screens::words_of_a_worker_do_not_act_on_a_terminal,
];

const TOPIC: &str = "t";

/// A mock broker with these values in partition 0 of a topic.
fn topic_with(values: &[impl AsRef<[u8]>]) -> Mock {
    let mock = Mock::start(1);
    mock.create_topic(TOPIC, 1);
    mock.create_topic("t.dead", 1);
    let records: Vec<Produced> = values.iter().map(|value| Produced::value(value).partition(0)).collect();
    mock.produce(TOPIC, &records);
    mock
}

/// Reads the topic to its end.
fn reading(mock: &Mock, options: &[&str]) -> Kcons {
    Kcons::new(["consume", TOPIC, "-e", "-b", &mock.brokers()]).args(options)
}

fn offsets(outcome: &Outcome) -> Vec<i64> {
    outcome.json_lines().iter().filter_map(|line| line["offset"].as_i64()).collect()
}

/// The time to read a number grows with the square of its digits: one record with a million of them took a second,
/// with fifty million it stopped everything, signals included, for as long as anyone waited.
fn a_long_number_fails_its_record_alone() {
    let long = "7".repeat(5_000_000);
    let mock = topic_with(&["{\"id\":1}".to_owned(), format!("{{\"id\":{long}}}"), "{\"id\":2}".to_owned()]);
    let outcome = reading(&mock, &["--filter", "true"]).run();
    outcome.has_code(5).took_less_than(Duration::from_secs(20));
    outcome.stderr_contains("t [0] @ 1: `--filter` failed: the record has a number of more than 1000 digits");
    assert_eq!(offsets(&outcome), [0, 2]);
    let options = ["--dedup", ".value.id", "--on-failure", "skip", "--exec", "cat; echo"];
    let outcome = reading(&mock, &["-g", "g", "-X", "partition.assignment.strategy=cooperative-sticky"])
        .args(options)
        .run();
    outcome.has_code(0).has_stdout("{\"id\":1}\n{\"id\":2}\n");
    outcome.stderr_contains("skipped: `--dedup` failed: the record has a number of more than 1000 digits");
}

/// Each warning quoted its record, all of it: with 20,000 records of 100 KB gigabytes went to stderr, or stayed in
/// memory where nobody read them.
fn a_message_quotes_little_of_a_record() {
    // The mock keeps 5 MiB.
    let values = vec!["0".repeat(100) + &"x".repeat(10_000); 300];
    let mock = topic_with(&values);
    let outcome = reading(&mock, &["-o", "raw", "--filter", ".value.x"]).run();
    outcome.has_code(5).stderr_contains("t [0] @ 0: `--filter` failed: cannot index \"0000");
    outcome.stderr_contains("200 more warnings like this one: t [0] @ 299: `--filter` failed: cannot index");
    let longest = outcome.stderr_text().lines().map(str::len).max();
    assert!(longest.is_some_and(|longest| longest < 400), "{longest:?}");
    let outcome = reading(&mock, &["-o", "raw", "--filter", ".value.x", "--log", "json"]).run();
    // Programs are told of each.
    assert_eq!(outcome.events_named("record_failed").len(), 300);
    assert!(outcome.stderr.len() < 300 * 600, "{}", outcome.stderr.len());
    let words = "{\"x\":\"".to_owned() + &"y".repeat(100_000) + "\"}";
    let mock = topic_with(&[words]);
    let outcome = reading(&mock, &["--filter", ".value.x | error"]).run();
    assert!(outcome.has_code(5).stderr.len() < 1000, "{}", outcome.stderr.len());
}

/// A worker that said `fail` and 60 KB for each record wrote all of it on stderr each time.
fn a_reason_of_a_worker_is_short_in_messages_and_whole_in_the_dead_letter() {
    let mock = topic_with(&["1"]);
    let worker = "while read -r line; do printf 'fail a'; head -c 60000 /dev/zero | tr '\\0' x; echo z; done";
    let member = ["-g", "g", "-X", "partition.assignment.strategy=cooperative-sticky"];
    let outcome = reading(&mock, &member).args(["--worker", worker, "--on-failure", "stop"]).run();
    assert!(outcome.has_code(5).stderr.len() < 2000, "{}", outcome.stderr.len());
    outcome.stderr_contains("xxz");
    let outcome = reading(&mock, &["--worker", worker, "--dead-letter", "t.dead"]).run();
    assert!(outcome.has_code(0).stderr.len() < 2000, "{}", outcome.stderr.len());
    let dead = Kcons::new(["consume", "t.dead", "-e", "-b", &mock.brokers()]).run().json_lines();
    let error = dead[0]["headers"]
        .as_array()
        .and_then(|headers| headers.iter().find(|header| header["key"] == "kcons.error"));
    let error = error.and_then(|header| header["value"].as_str()).expect("a dead letter says why");
    assert_eq!(error.len(), 60_002);
}
