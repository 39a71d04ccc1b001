//! What a run says around its records on a terminal, and what it does not say around a pipe.

use std::time::Duration;

use crate::support::mock::Mock;
use crate::support::run::Kcons;
use crate::support::terminal::OnTerminal;
use crate::support::{Produced, unique_name};

const COOPERATIVE: [&str; 4] =
    ["-X", "partition.assignment.strategy=cooperative-sticky", "-X", "heartbeat.interval.ms=200"];

fn filled(partitions: i32) -> Mock {
    let mock = Mock::start(1);
    mock.create_topic("t", partitions);
    let records: Vec<Produced> =
        (0..partitions).map(|number| Produced::value("1").partition(number)).collect();
    mock.produce("t", &records);
    mock
}

fn consume(mock: &Mock, words: &[&str]) -> Kcons {
    let command = Kcons::new(["consume", "t", "-b", &mock.brokers()]).args(words);
    command.deadline(Duration::from_secs(60))
}

#[test]
fn a_pipe_from_a_terminal_is_silent_and_tells_everything_with_v() {
    let mock = filled(2);
    let group = unique_name("group");
    for words in [&["-e"][..], &["-e", "-o", "raw"], &["-e", "--exec", "cat", "-q"]] {
        let outcome = consume(&mock, words).spawn_on_terminal(OnTerminal::Stderr).finish();
        outcome.has_code(0).has_stderr("");
    }
    let member = ["-e", "-v", "-g", &group];
    let outcome = consume(&mock, &member).args(COOPERATIVE).spawn_on_terminal(OnTerminal::Stderr).finish();
    outcome.has_code(0);
    for line in [
        "Subscribed to topic: t\n",
        "Assigned: t [0, 1]\n",
        "Reached end of partition 1\n",
        "Consumer closed.\n",
    ] {
        outcome.stderr_contains(line);
    }
    // Readable text has its lines, into a pipe, too.
    for format in ["pretty", "line"] {
        let outcome = consume(&mock, &["-e", "-o", format]).run();
        outcome.has_code(0).stderr_contains("Subscribed to topic: t\n").stderr_contains("Consumer closed.\n");
    }
}

#[test]
fn lines_come_in_the_order_in_which_things_happen() {
    let mock = Mock::start(1);
    mock.create_topic("t", 2);
    for _ in 0..20 {
        let outcome = consume(&mock, &["-e", "-v", "-o", "raw"]).run();
        outcome.has_code(0).has_stderr(
            "Subscribed to topic: t\nAssigned: t [0, 1]\nReached end of partition 0\nReached end of partition 1\n\
             Closing consumer...\nConsumer closed.\n",
        );
    }
}

#[test]
fn the_ends_of_many_partitions_are_one_line() {
    let mock = filled(60);
    let outcome = consume(&mock, &["-e", "-o", "line"]).run();
    outcome.has_code(0);
    let said =
        "Subscribed to topic: t\nReached end of all 60 partitions\nClosing consumer...\nConsumer closed.\n";
    outcome.has_stderr(said);
    let outcome = consume(&mock, &["-e", "-o", "line", "-v"]).run();
    outcome.has_code(0).stderr_lacks("all 60");
    assert_eq!(outcome.stderr_text().matches("Reached end of partition ").count(), 60, "{outcome}");
    let outcome = consume(&mock, &["-e", "--log", "json"]).run();
    outcome.has_code(0);
    assert_eq!(outcome.events_named("end_reached").len(), 60, "{outcome}");
    // Eight are few enough.
    let outcome = consume(&filled(8), &["-e", "-o", "line"]).run();
    assert_eq!(outcome.stderr_text().matches("Reached end of partition ").count(), 8, "{outcome}");
}
