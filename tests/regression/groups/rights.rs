//! Topics and groups that one may not see or change, among others.

use crate::support::Outcome;
use crate::support::kafka::{Kafka, Kind};
use crate::support::run::Kcons;

/// Takes a right of alice, who has all.
fn deny(kafka: &Kafka, operation: &str, what: &str, name: &str) {
    let denied = ["--add", "--deny-principal", "User:alice", "--operation", operation, what, name];
    kafka.tool("acls", &denied);
}

fn kcons(kafka: &Kafka, arguments: &[&str]) -> Outcome {
    Kcons::new(arguments)
        .args(["-b", &kafka.listener("SASL"), "-X", "security.protocol=SASL_PLAINTEXT"])
        .args(["-X", "sasl.mechanism=PLAIN", "-X", "sasl.username=alice", "-X", "sasl.password=alice-secret"])
        .run()
}

/// One secured broker serves for all of it.
pub fn what_may_not_be_seen_or_changed_is_told_and_hides_nothing_else() {
    let kafka = Kafka::start(Kind::Secure, &[]);
    for topic in ["a", "b", "c", "hidden", "unread"] {
        kafka.create_topic(topic, 1, &[]);
    }
    deny(&kafka, "DESCRIBE", "--topic", "hidden");
    deny(&kafka, "READ", "--topic", "unread");
    for group in ["kept", "kept-too"] {
        deny(&kafka, "DELETE", "--group", group);
    }
    a_reset_that_succeeds_in_part_says_what_it_moved(&kafka);
    a_group_that_may_not_be_deleted_is_told(&kafka);
    a_forbidden_topic_among_many_is_not_called_missing(&kafka);
    a_topic_that_may_not_be_described_is_not_called_gone(&kafka);
    what_may_be_hidden_is_not_called_less_than_allowed(&kafka);
}

/// A partition that was refused ended the command with the first reason, though others had been moved.
fn a_reset_that_succeeds_in_part_says_what_it_moved(kafka: &Kafka) {
    let reset = |topics: &[&str]| {
        let topics = topics.iter().flat_map(|topic| ["--topic", *topic]);
        let arguments: Vec<&str> = ["group", "reset", "g"].into_iter().chain(topics).collect();
        kcons(kafka, &[&arguments[..], &["--to", "end", "--execute"]].concat())
    };
    let outcome = reset(&["a", "unread", "b"]);
    outcome.has_code(3).stderr_contains(
        "error: group `g` was not reset in all partitions\n  caused by: unread [0]: the broker says: Topic authorization failed\n  \
         hint: ask for READ and DESCRIBE on the topic\n",
    );
    let rows = outcome.lines();
    assert_eq!(rows.len(), 3, "{outcome}");
    assert!(rows[1].starts_with("g      a ") && rows[2].starts_with("g      b "), "{outcome}");
    let committed: Vec<_> = kafka.committed("g").into_keys().map(|(topic, _)| topic).collect();
    assert_eq!(committed, ["a", "b"]);
    reset(&["unread"]).has_code(3).has_stdout("").stderr_contains("unread [0]: ");
}

/// A missing right was exit 1, the second refusal was not told, and a head stood above no rows.
fn a_group_that_may_not_be_deleted_is_told(kafka: &Kafka) {
    for group in ["kept", "kept-too", "gone"] {
        kafka.commit(group, &[("a", 0, 0)]);
    }
    let delete = |groups: &[&str]| kcons(kafka, &[&["group", "delete", "--yes"][..], groups].concat());
    let outcome = delete(&["kept", "gone", "kept-too"]);
    outcome.has_code(3).stderr_contains("error: no right to use group `kept` for user `alice`\n");
    outcome.stderr_contains("warning: no right to use group `kept-too` for user `alice`\n");
    let rows = outcome.lines();
    assert!(rows.len() == 2 && rows[1].starts_with("gone "), "{outcome}");
    delete(&["kept"]).has_code(3).has_stdout("");
}

/// Among more than three names it was said not to exist.
fn a_forbidden_topic_among_many_is_not_called_missing(kafka: &Kafka) {
    for topics in [&["hidden"][..], &["a", "b", "c", "hidden"]] {
        let outcome = kcons(kafka, &[&["topic", "describe"], topics].concat());
        outcome.has_code(3).stderr_contains("error: no right to read topic `hidden` for user `alice`\n");
        // The others were not shown.
        let rows = outcome.lines().iter().filter(|line| line.contains(" 0       1 ")).count();
        assert_eq!(rows, topics.len() - 1, "{outcome}");
    }
    let topics = ["--topic", "a", "--topic", "b", "--topic", "c", "--topic", "hidden"];
    let outcome = kcons(kafka, &[&["group", "reset", "new", "--to", "end"][..], &topics].concat());
    outcome.has_code(3).stderr_contains("error: no right to read topic `hidden` for user `alice`\n");
}

/// What a member holds of a topic that may not be described counted nothing, without a word.
fn a_topic_that_may_not_be_described_is_not_called_gone(kafka: &Kafka) {
    const HOLDS_HIDDEN: &[u8] = b"\0\0\0\0\0\x01\0\x06hidden\0\0\0\x01\0\0\0\0\xff\xff\xff\xff";
    kafka.commit("member", &[("a", 0, 0)]);
    let _member = kafka.join_classic_group("member", "consumer", HOLDS_HIDDEN);
    let words = "hidden [0]: the broker says: Topic authorization failed\n";
    for more in [&[][..], &["--max-lag", "0"]] {
        let outcome = kcons(kafka, &[&["lag", "member"][..], more].concat());
        outcome.has_code(3).has_stderr(&format!("error: {words}"));
        let row = outcome.lines().into_iter().find(|line| line.contains(" hidden ")).expect("it has a row");
        let cells: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(cells[..6], ["member", "hidden", "0", "-", "-", "-"], "{outcome}");
    }
    let outcome = kcons(kafka, &["lag", "missing", "member"]);
    outcome.has_code(4).stderr_contains(&format!("warning: {words}"));
}

/// `--max-lag` was met by a group of which nothing may be seen.
fn what_may_be_hidden_is_not_called_less_than_allowed(kafka: &Kafka) {
    kafka.commit("unseen", &[("hidden", 0, 0)]);
    let words = "group `unseen` has committed nothing, or only in topics you have no right to see\n";
    kcons(kafka, &["lag", "unseen"]).has_code(0).has_stderr(&format!("warning: {words}"));
    kcons(kafka, &["lag", "unseen", "--max-lag", "0"]).has_code(3).has_stderr(&format!("error: {words}"));
}
