//! What the tests of reading share: topics on the shared broker, and the program reading them.

use std::sync::OnceLock;
use std::time::Duration;

use crate::support::kafka::kafka;
use crate::support::run::Kcons;
use crate::support::{Outcome, Produced, unique_name};

/// Nothing here should take that long; a busy machine may.
pub const LONG: Duration = Duration::from_secs(30);

/// Records that claim to be old stay.
const KEPT: [(&str, &str); 1] = [("retention.ms", "-1")];

/// Makes a topic of the test's own on the shared broker.
pub fn new_topic(partitions: i32) -> String {
    named_topic("topic", partitions)
}

/// Makes a topic whose name starts with this word.
pub fn named_topic(word: &str, partitions: i32) -> String {
    let topic = unique_name(word);
    kafka().create_topic(&topic, partitions, &KEPT);
    topic
}

/// Makes a topic with this many numbered records in each partition, in the order of the partitions.
pub fn filled_topic(partitions: i32, records: usize) -> String {
    let topic = new_topic(partitions);
    fill(&topic, partitions, records);
    topic
}

/// Adds this many records to each partition; their values are their offsets in an empty partition.
pub fn fill(topic: &str, partitions: i32, records: usize) {
    for partition in 0..partitions {
        kafka()
            .produce_many(topic, records, |number| Produced::value(number.to_string()).partition(partition));
    }
}

/// The topic `task-created` with the one record of the scenario in the manual.
pub fn task_created() -> &'static str {
    static TOPIC: OnceLock<()> = OnceLock::new();
    TOPIC.get_or_init(|| {
        kafka().create_topic("task-created", 1, &KEPT);
        let value = r#"{"id":"task-123","title":"Buy groceries"}"#;
        let record = Produced::value(value).key("task-123").header("trace", "a1").at(1_763_888_400_000);
        kafka().produce("task-created", &[record]);
    });
    "task-created"
}

/// `kcons consume TOPIC` on the shared broker.
pub fn consume(topic: &str) -> Kcons {
    consume_at(&kafka().brokers(), topic)
}

/// `kcons consume TOPIC` on these brokers.
pub fn consume_at(brokers: &str, topic: &str) -> Kcons {
    Kcons::new(["consume", topic, "--brokers", brokers]).deadline(LONG)
}

/// Partition and offset of each record that was printed, in order of partition and offset.
#[track_caller]
pub fn places(outcome: &Outcome) -> Vec<(i64, i64)> {
    let place = |line: &serde_json::Value| (line["partition"].as_i64(), line["offset"].as_i64());
    let mut places: Vec<_> = outcome
        .json_lines()
        .iter()
        .map(|line| match place(line) {
            (Some(partition), Some(offset)) => (partition, offset),
            _ => panic!("a line without its place\n{outcome}"),
        })
        .collect();
    places.sort();
    places
}

/// The offsets printed of a topic with one partition, in the order of printing.
#[track_caller]
pub fn offsets(outcome: &Outcome) -> Vec<i64> {
    outcome.json_lines().iter().filter_map(|line| line["offset"].as_i64()).collect()
}
