//! The newest records (`--last`), whatever else the log holds.

use std::time::Duration;

use super::reading::{LONG, consume, new_topic, offsets, places};
use crate::support::kafka::kafka;
use crate::support::{Outcome, Produced, unique_name, wait_until};

/// No step may wait for a time-out: a question is asked again after 10 s.
const SOON: Duration = Duration::from_secs(9);

#[track_caller]
fn newest(topic: &str, wanted: &str, arguments: &[&str]) -> Outcome {
    let outcome = consume(topic).args(["--last", wanted]).args(arguments).run();
    outcome.has_code(0).has_stderr("").took_less_than(SOON);
    outcome
}

pub fn the_newest_are_found_behind_markers_and_aborted_records() {
    let topic = new_topic(1);
    kafka().produce(&topic, &[Produced::value("plain"), Produced::value("plain")]);
    kafka().produce_committed(&topic, &[Produced::value("one"), Produced::value("two")]);
    for _ in 0..4 {
        // Longer than the first steps, and nothing of it is read.
        let aborted: Vec<_> = (0..200).map(|_| Produced::value("aborted")).collect();
        kafka().produce_aborted(&topic, &aborted);
    }
    assert_eq!(offsets(&newest(&topic, "1", &[])), [3]);
    assert_eq!(offsets(&newest(&topic, "3", &[])), [1, 2, 3]);
    assert_eq!(offsets(&newest(&topic, "9", &[])), [0, 1, 2, 3]);
    assert_eq!(offsets(&newest(&topic, "2", &["--read-uncommitted"])), [806, 807]);
    let (transaction, _) = kafka().open_transaction(&topic, &[Produced::value("open")]);
    assert_eq!(offsets(&newest(&topic, "1", &[])), [3]);
    assert_eq!(offsets(&newest(&topic, "1", &["--read-uncommitted"])), [809]);
    transaction.commit();
}

pub fn the_newest_are_found_in_many_small_transactions() {
    let topic = new_topic(1);
    for number in 0..20 {
        kafka().produce_committed(&topic, &[Produced::value(number.to_string())]);
    }
    let expected: Vec<_> = (4..20).map(|number| number * 2).collect();
    assert_eq!(offsets(&newest(&topic, "16", &[])), expected);
}

pub fn the_newest_are_found_beside_holes_of_compaction() {
    let topic = unique_name("topic");
    let compacted = [
        ("cleanup.policy", "compact"),
        ("segment.ms", "200"),
        ("min.cleanable.dirty.ratio", "0.01"),
        ("max.compaction.lag.ms", "500"),
    ];
    kafka().create_topic(&topic, 1, &compacted);
    kafka().produce(&topic, &[Produced::value("a").key("a"), Produced::value("b").key("b")]);
    kafka().produce_many(&topic, 500, |number| Produced::value(number.to_string()).key("k"));
    let old = std::time::Instant::now();
    wait_until("the segment to be old", LONG, || (old.elapsed() > Duration::from_millis(400)).then_some(()));
    kafka().produce(&topic, &[Produced::value("last").key("last")]);
    let left = || offsets(&consume(&topic).arg("-e").run());
    wait_until("the compaction", LONG, || (left().len() <= 5).then_some(()));
    let left = left();
    assert!(left.starts_with(&[0, 1]) && left.ends_with(&[502]), "{left:?}");
    for wanted in 1..=left.len() {
        let outcome = newest(&topic, &wanted.to_string(), &[]);
        assert_eq!(offsets(&outcome), left[left.len() - wanted..], "{outcome}");
    }
}

pub fn the_newest_of_a_log_whose_records_were_deleted_are_those_that_are_left() {
    let topic = new_topic(2);
    kafka().produce_many(&topic, 300, |number| Produced::value(number.to_string()).partition(0));
    kafka().produce(&topic, &[Produced::value("other").partition(1)]);
    kafka().delete_records(&topic, 0, 298);
    kafka().delete_records(&topic, 1, 1);
    assert_eq!(places(&newest(&topic, "5", &[])), [(0, 298), (0, 299)]);
    kafka().delete_records(&topic, 0, 300);
    newest(&topic, "5", &[]).has_stdout("");
}

pub fn the_newest_of_several_partitions_are_chosen_by_their_timestamps() {
    let topic = new_topic(4);
    // Partition 3 is far older than the others, and partition 2 is empty.
    for partition in [0, 1, 3] {
        let age = i64::from(partition == 3) * 1_000_000;
        kafka().produce_many(&topic, 2_000, |number| {
            let time = 1_763_888_400_000 - age + number as i64 * 10 + i64::from(partition);
            Produced::value(number.to_string()).key(format!("{}", number % 100)).partition(partition).at(time)
        });
    }
    let printed = |outcome: &Outcome| -> Vec<(i64, i64)> {
        let lines = outcome.json_lines();
        let place = |line: &serde_json::Value| Some((line["partition"].as_i64()?, line["offset"].as_i64()?));
        lines.iter().filter_map(place).collect()
    };
    let expected = [(1, 1_997), (0, 1_998), (1, 1_998), (0, 1_999), (1, 1_999)];
    assert_eq!(printed(&newest(&topic, "5", &[])), expected);
    assert_eq!(
        printed(&newest(&topic, "4", &["--key", "7"])),
        [(0, 1_807), (1, 1_807), (0, 1_907), (1, 1_907)]
    );
    let outcome = newest(&topic, "3", &["--filter", ".value < 2"]);
    assert_eq!(printed(&outcome), [(1, 0), (0, 1), (1, 1)]);
    assert_eq!(newest(&topic, "5000", &["-o", "raw"]).lines().len(), 5_000);
}
