//! Records of all partitions in the order of their timestamps (`--merge`).

use std::fs;
use std::time::Duration;

use super::reading::{consume, new_topic};
use crate::support::kafka::kafka;
use crate::support::{Outcome, Produced};

/// A time of years ago.
const TIME: i64 = 1_763_888_400_000;

/// Timestamp, partition and offset of each record that was printed.
#[track_caller]
fn records(outcome: &Outcome) -> Vec<(i64, i64, i64)> {
    outcome.has_code(0).has_stderr("");
    let number = |line: &serde_json::Value, name: &str| line[name].as_i64().expect("a number");
    let record = |line: &serde_json::Value| {
        (number(line, "timestamp"), number(line, "partition"), number(line, "offset"))
    };
    outcome.json_lines().iter().map(record).collect()
}

fn numbered(partition: i32, time: impl Fn(usize) -> i64 + Copy) -> impl Fn(usize) -> Produced {
    move |number| Produced::value(number.to_string()).partition(partition).at(TIME + time(number))
}

pub fn records_of_all_partitions_come_in_the_order_of_their_timestamps() {
    let topic = new_topic(4);
    kafka().produce_many(&topic, 3_000, numbered(0, |number| number as i64 * 2));
    kafka().produce_many(&topic, 1_000, numbered(1, |number| number as i64 * 7));
    // Between transactions there are gaps, and the log ends in a marker; partition 3 has nothing but aborted records.
    for round in 0..5 {
        let times = (0..20).map(|number| round * 1_000 + number);
        let of = |partition| {
            times.clone().map(move |time| Produced::value("t").partition(partition).at(TIME + time))
        };
        kafka().produce_committed(&topic, &of(2).collect::<Vec<_>>());
        kafka().produce_aborted(&topic, &of(2).chain(of(3)).collect::<Vec<_>>());
    }
    let all = records(&consume(&topic).args(["-e", "--merge"]).run());
    assert_eq!(all.len(), 4_100);
    assert!(all.is_sorted_by_key(|(time, partition, _)| (*time, *partition)));
    let filtered = consume(&topic).args(["-e", "--merge", "-p", "0-2", "--filter", ".offset % 3 == 0"]).run();
    let expected: Vec<_> = all.iter().filter(|(.., offset)| offset % 3 == 0).copied().collect();
    assert_eq!(records(&filtered), expected);
    let some = consume(&topic).args(["--from", "100", "--to", "200", "-e", "--merge", "-n", "150"]).run();
    let is_there = |(_, _, offset): &&(i64, i64, i64)| (100..200).contains(offset);
    let expected: Vec<_> = all.iter().filter(is_there).take(150).copied().collect();
    assert_eq!(records(&some), expected);
    let handled = consume(&topic).args(["-e", "--merge", "-p", "1,2", "--exec", "echo $KCONS_TIMESTAMP"]);
    let handled = handled.args(["--from", "1=900,2=100"]).run();
    handled.has_code(0);
    assert!(handled.lines().len() > 100 && handled.lines().is_sorted(), "{handled}");
}

pub fn a_partition_that_is_far_ahead_waits_in_little_memory() {
    let topic = new_topic(2);
    let padding = "x".repeat(1_000);
    kafka().produce_many(&topic, 200_000, |number| {
        Produced::value(format!("{number} {padding}")).partition(0).at(TIME + number as i64)
    });
    let late = |time| Produced::value("late").partition(1).at(TIME + time);
    kafka().produce(&topic, &[late(-1)]);
    let command = consume(&topic).args(["-f", "%o\n", "--merge", "--to", "200000"]);
    let mut running = command.deadline(Duration::from_secs(120)).spawn();
    // Partition 1 ends at an offset that it does not have yet: nothing may be printed that could come after it.
    assert_eq!(running.wait_for_lines(1), ["0"]);
    kafka().produce(&topic, &[late(100_000)]);
    assert_eq!(running.wait_for_lines(100_003)[100_001..], ["100000", "1"]);
    let status = fs::read_to_string(format!("/proc/{}/status", running.pid())).expect("a Linux tells it");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a Linux tells it");
    let peak: u64 = line.split_whitespace().nth(1).expect("a number").parse().expect("a number");
    assert!(peak < 100 << 10, "{line}");
    running.kill();
}

pub fn a_time_limit_that_is_over_at_once_is_no_failure() {
    let topic = new_topic(3);
    kafka().produce_many(&topic, 100, numbered(0, |number| number as i64));
    for _ in 0..5 {
        consume(&topic).args(["-e", "--merge", "--duration", "1ms"]).run().has_code(0).has_stderr("");
    }
}
