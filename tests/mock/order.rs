//! The order of records over all partitions, and the newest of them.

use std::time::Duration;

use crate::support::mock::Mock;
use crate::support::run::Kcons;
use crate::support::{Outcome, Produced, unique_name};

/// A topic of three partitions whose records have these partitions and timestamps, in the order of the values 0, 1, ….
fn topic_of(mock: &Mock, records: &[(i32, i64)]) -> String {
    let topic = unique_name("tasks");
    mock.create_topic(&topic, 3);
    let record = |(number, (partition, time)): (usize, &(i32, i64))| {
        let value = format!("{number}");
        Produced::value(value).key(format!("k{}", number % 2)).partition(*partition).at(*time)
    };
    let records: Vec<_> = records.iter().enumerate().map(record).collect();
    mock.produce(&topic, &records);
    topic
}

fn consume(mock: &Mock, topic: &str) -> Kcons {
    Kcons::new(["consume", topic, "--brokers", &mock.brokers()]).deadline(Duration::from_secs(30))
}

/// The values that were printed raw, on one line.
#[track_caller]
fn values(outcome: &Outcome) -> String {
    outcome.has_code(0).has_stderr("");
    outcome.lines().join(" ")
}

#[test]
fn the_newest_records_of_all_partitions_are_printed_oldest_first() {
    let mock = Mock::start(1);
    let topic = topic_of(&mock, &[(0, 10), (1, 20), (2, 30), (0, 40), (1, 50), (2, 60), (2, 70)]);
    for (arguments, expected) in [
        (&["--last", "3"][..], "4 5 6"),
        (&["--last", "1"], "6"),
        (&["--last", "100"], "0 1 2 3 4 5 6"),
        (&["--last", "2", "--key", "k1"], "3 5"),
        (&["--last", "2", "--filter", ".value < 3"], "1 2"),
        (&["--last", "3", "-p", "0,1"], "1 3 4"),
        (&["--last", "3", "-e", "--expect", "3"], "4 5 6"),
    ] {
        let outcome = consume(&mock, &topic).args(["-o", "raw"]).args(arguments).run();
        assert_eq!(values(&outcome), expected, "{outcome}");
    }
    let outcome = consume(&mock, &topic).args(["--last", "3", "--exec", "cat; echo"]).run();
    outcome.has_code(0).has_stdout("4\n5\n6\n").stderr_contains("3 ok");
    let outcome = consume(&mock, &topic).args(["--last", "1", "-o", "pretty"]).run();
    outcome
        .has_code(0)
        .has_stdout("Received tasks: unknown\n  Key: k0\n  Partition: 2, Offset: 2\n  Value: 6\n");
    let stderr = outcome.stderr_text();
    let ends = stderr.lines().filter(|line| line.starts_with("Reached end of partition")).count();
    assert_eq!(ends, 3, "{outcome}");
}

#[test]
fn a_long_log_is_read_back_to_the_records_that_match() {
    let mock = Mock::start(1);
    let mut records = vec![(0, 1), (1, 2), (0, 3)];
    records.extend((0..3_000).map(|number| (0, 10 + number)));
    let topic = topic_of(&mock, &records);
    let outcome =
        consume(&mock, &topic).args(["-o", "raw", "--last", "2", "--filter", ".timestamp < 10"]).run();
    assert_eq!(values(&outcome), "1 2");
    let outcome = consume(&mock, &topic).args(["-o", "raw", "--last", "2000"]).run();
    let expected: Vec<_> = (1_003..3_003).map(|number| number.to_string()).collect();
    assert_eq!(values(&outcome), expected.join(" "));
}

#[test]
fn records_of_all_partitions_can_come_in_the_order_of_their_timestamps() {
    let mock = Mock::start(1);
    let topic = topic_of(&mock, &[(0, 10), (0, 40), (0, 70), (1, 20), (1, 50), (2, 30), (2, 60)]);
    for (arguments, expected) in [
        (&["-e"][..], "0 3 5 1 4 6 2"),
        (&["--to", "1"], "0 3 5"),
        (&["-e", "-p", "0,2", "--key", "k1"], "5 1"),
        (&["-e", "-n", "2", "--filter", ".offset > 0"], "1 4"),
        (&["--last", "3"], "4 6 2"),
    ] {
        let outcome = consume(&mock, &topic).args(["--merge", "-o", "raw"]).args(arguments).run();
        assert_eq!(values(&outcome), expected, "{outcome}");
    }
    let outcome = consume(&mock, &topic).args(["-e", "--merge", "--exec", "cat"]).run();
    outcome.has_code(0).has_stdout("0351462");
    let outcome = consume(&mock, &topic).args(["--merge", "--to", "0=1,1=1"]).run();
    outcome.has_code(2).stderr_contains("`--merge` needs an end of every partition");
}
