//! `kcons topic`: what topics there are, and what is in them.

use std::collections::BTreeSet;

use super::reading::{filled_topic, task_created};
use super::rows::{kcons, rows};
use crate::support::kafka::{Kafka, Kind, kafka};
use crate::support::run::Kcons;
use crate::support::{Produced, unique_name};

pub fn all_topics_are_listed_as_by_kafkas_own_tool() {
    let topic = filled_topic(3, 3);
    let outcome = kcons(&["topic", "list"]).run();
    outcome.has_code(0).has_stderr("");
    let listed = rows(&outcome);
    assert!(listed.contains(&vec![topic.clone(), "3".to_owned(), "1".to_owned()]), "{outcome}");
    let names: Vec<_> = listed.into_iter().map(|row| row[0].clone()).collect();
    assert!(names.is_sorted(), "{outcome}");
    outcome.stdout_lacks("\n__");
    let all = kcons(&["topic", "list", "--all"]).run();
    all.has_code(0).stdout_contains("\n__consumer_offsets ").stdout_contains(&format!("\n{topic} "));
    let theirs = kafka().tool("topics", &["--list"]);
    let (ours, theirs): (BTreeSet<_>, BTreeSet<_>) =
        (names.iter().map(String::as_str).collect(), theirs.lines().collect());
    // Other tests make topics and delete them meanwhile.
    assert!(ours.contains(topic.as_str()) && theirs.contains(topic.as_str()), "{theirs:?}\n{outcome}");
    let json = kcons(&["topic", "list", "-o", "json"]).run();
    let expected = serde_json::json!({"topic": topic, "partitions": 3, "replicas": 1});
    assert!(json.has_code(0).json_lines().contains(&expected), "{json}");
}

pub fn a_topic_is_described_with_its_offsets() {
    let (one, two) = (filled_topic(1, 7), filled_topic(2, 4));
    kafka().delete_records(&one, 0, 3);
    let (_transaction, _) = kafka().open_transaction(&two, &[Produced::value("v").partition(1)]);
    let outcome = kcons(&["topic", "describe", &one, &two]).run();
    outcome.has_code(0).has_stderr("");
    let expected = [
        [&one, "0", "1", "1", "1", "3", "7", "4"],
        [&two, "0", "1", "1", "1", "0", "4", "4"],
        [&two, "1", "1", "1", "1", "0", "5", "5"],
    ];
    assert_eq!(rows(&outcome), expected, "{outcome}");
    let json = kcons(&["topic", "describe", &one, "-o", "json"]).run();
    let expected = serde_json::json!({
        "topic": one, "partition": 0, "leader": 1, "replicas": [1], "in_sync": [1],
        "first_offset": 3, "end_offset": 7, "offsets": 4,
        "cleanup_policy": "delete", "retention_ms": -1, "retention_bytes": -1,
    });
    assert_eq!(json.has_code(0).json_lines(), [expected], "{json}");
}

pub fn the_configuration_of_a_topic_stands_above_its_partitions() {
    let (kept, compacted) = (unique_name("topic"), unique_name("topic"));
    kafka().create_topic(&kept, 1, &[("retention.ms", "-1"), ("retention.bytes", "1073741824")]);
    kafka().create_topic(&compacted, 1, &[("cleanup.policy", "compact"), ("retention.ms", "3600000")]);
    let outcome = kcons(&["topic", "describe", &kept, &compacted]).run();
    let expected = format!(
        "Topic:           {kept}\ncleanup.policy:  delete\nretention.ms:    -1 (no limit)\n\
         retention.bytes: 1073741824 (1 GiB)\n\n\
         Topic:           {compacted}\ncleanup.policy:  compact\nretention.ms:    3600000 (1 hour)\n\
         retention.bytes: -1 (no limit)\n\nTOPIC "
    );
    let stdout = outcome.has_code(0).has_stderr("").stdout_text();
    outcome.check(stdout.starts_with(&expected), "another head");
    // What lies between the offsets are no records in a compacted topic.
    outcome.check(stdout.contains("  END-OFFSET  OFFSETS\n"), "another column");
}

pub fn a_topic_that_does_not_exist_is_an_error_with_the_nearest_name() {
    let topic = task_created();
    let outcome = kcons(&["topic", "describe", topic, "task-craeted"]).run();
    outcome.has_code(4).stdout_contains(&format!("\n{topic} "));
    outcome.has_stderr("error: topic `task-craeted` does not exist\n  hint: did you mean `task-created`?\n");
    kcons(&["topic", "describe", "task-craeted"]).run().has_code(4).has_stdout("");
    assert!(!kafka().topics().contains(&"task-craeted".to_owned()));
}

pub fn of_three_brokers_the_replicas_are_shown() {
    let kafka = Kafka::start(Kind::Cluster3, &[]);
    kafka.create_topic("replicated", 3, &[]);
    kafka.commit("group", &[("replicated", 0, 0)]);
    kafka.kill(3);
    let run = |arguments: &[&str]| Kcons::new(arguments).args(["-b", &kafka.brokers()]).run();
    crate::support::wait_until("broker 3 to be missed", std::time::Duration::from_secs(60), || {
        let outcome = run(&["topic", "describe", "replicated"]);
        if outcome.code() != Some(0) {
            // No leader yet in the place of broker 3.
            outcome.has_code(3).stderr_contains("error: replicated [");
            return None;
        }
        let rows = rows(&outcome);
        let sorted = |list: &str| {
            let mut brokers: Vec<_> = list.split(',').map(str::to_owned).collect();
            brokers.sort();
            brokers.join(",")
        };
        assert!(rows.iter().all(|row| sorted(&row[3]) == "1,2,3"), "{outcome}");
        rows.iter().all(|row| sorted(&row[4]) == "1,2" && row[2] != "3").then_some(())
    });
    let lag = run(&["lag", "group", "--connect-timeout", "30s"]);
    lag.has_code(0);
}
