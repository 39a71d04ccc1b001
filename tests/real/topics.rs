//! Which topics are read: unknown ones, regular expressions, and topics that come and go.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::reading::{consume, consume_at, fill, filled_topic, named_topic, places, task_created};
use crate::support::kafka::{Kafka, Kind, kafka};
use crate::support::{Committed, Produced, unique_name};

/// No question is asked again, which comes after 10 s.
const SOON: Duration = Duration::from_secs(9);

/// A deleted topic is noticed within 10 s, a new one that matches within 30 s.
const SLOW: Duration = Duration::from_secs(90);

pub fn an_unknown_topic_is_an_error_with_the_nearest_name_and_is_not_made() {
    task_created();
    for group in [&[][..], &["--group", "g-unknown-topic"]] {
        let outcome = consume("task-craeted").args(group).run();
        outcome.has_code(4).has_stdout("").took_less_than(SOON);
        outcome
            .has_stderr("error: topic `task-craeted` does not exist\n  hint: did you mean `task-created`?\n");
    }
    let name = unique_name("nothing-like-it");
    let outcome = consume(&name).run();
    outcome.has_code(4).has_stdout("").took_less_than(SOON);
    outcome.stderr_contains(&format!(
        "error: topic `{name}` does not exist\n  hint: create it: kafka-topics.sh --bootstrap-server {} --create \
         --topic {name}; or wait for it",
        kafka().brokers()
    ));
    let topics = kafka().topics();
    assert!(!topics.contains(&name) && !topics.iter().any(|topic| topic == "task-craeted"), "{topics:?}");
}

pub fn one_unknown_topic_among_several_is_an_error() {
    let name = unique_name("missing");
    let outcome = consume(task_created()).arg(&name).run();
    outcome.has_code(4).has_stdout("").stderr_contains(&format!("error: topic `{name}` does not exist\n"));
}

pub fn an_expression_reads_what_it_matches_in_both_modes() {
    let word = unique_name("match");
    let named = |rest: &str| {
        let name = format!("{word}{rest}");
        kafka().create_topic(&name, 1, &[]);
        fill(&name, 1, 1);
        name
    };
    let (a, b, other) = (named("-a"), named("-b1"), named(".other"));
    let group = unique_name("group");
    for mode in [&[][..], &["--group", &group]] {
        let outcome = consume(&format!("^{word}-")).args(["-e", "-v"]).args(mode).run();
        outcome.has_code(0).stderr_contains(&format!("Subscribed to topics: {a}, {b}\n"));
        let mut topics: Vec<_> = outcome.json_lines().iter().map(|line| line["topic"].to_string()).collect();
        topics.sort();
        assert_eq!(topics, [format!("\"{a}\""), format!("\"{b}\"")], "{outcome}");
    }
    let outcome = consume(&format!("^{word}-a$")).args([&other, "-e"]).run();
    assert_eq!(outcome.has_code(0).json_lines().len(), 2, "{outcome}");
    let once = consume(&format!("^{word}-a$")).args([&a, "-e"]).run();
    assert_eq!(once.has_code(0).json_lines().len(), 1, "a topic named twice is read once\n{once}");
}

pub fn kafkas_own_topics_only_match_when_asked_for() {
    let group = unique_name("group");
    consume(task_created()).args(["-e", "--group", &group]).run().has_code(0);
    let all = consume("^.*").args(["-n", "1", "-v"]).run();
    all.has_code(0).stderr_contains("Subscribed to topic").stderr_lacks("__consumer_offsets");
    let own = consume("^__consumer_offsets$").args(["-n", "1", "-v"]).run();
    own.has_code(0).stderr_contains("Subscribed to topic: __consumer_offsets\n");
    consume("^.*consumer_offsets").run().has_code(4);
}

pub fn an_expression_that_matches_nothing_is_an_error() {
    for group in [&[][..], &["--group", "g-no-match"]] {
        let outcome = consume("^nothing-is-called-this.*").args(group).run();
        outcome.has_code(4).has_stdout("").took_less_than(SOON);
        outcome.stderr_contains("error: no topic matches `^nothing-is-called-this.*`\n  hint: ");
    }
    let outcome = consume("^task-(").run();
    outcome.has_code(2).has_stdout("").stderr_contains("`^task-(`");
}

pub fn a_topic_can_be_waited_for() {
    for group in [None, Some(unique_name("group"))] {
        let name = unique_name("later");
        let mut command = consume(&name).args(["--wait-for-topic", "20s", "-n", "1"]);
        if let Some(group) = &group {
            command = command.args(["--group", group]);
        }
        let mut running = command.spawn();
        running.wait_for_stderr(&format!("info: waiting for topic `{name}`, up to 20 s\n"));
        kafka().create_topic(&name, 1, &[]);
        fill(&name, 1, 1);
        assert_eq!(places(running.finish().has_code(0)), [(0, 0)]);
    }
    let name = unique_name("never");
    let outcome = consume(&name).args(["--wait-for-topic", "700ms"]).run();
    outcome.has_code(4).stderr_contains(&format!("error: topic `{name}` does not exist\n"));
    outcome.stderr_contains("info: waiting for topic").stderr_lacks("--wait-for-topic");
    outcome.check(outcome.elapsed >= Duration::from_millis(700), "it did not wait");
    outcome.took_less_than(SOON);
}

pub fn a_topic_deleted_while_running_is_warned_of_until_none_is_left() {
    let (first, second) = (filled_topic(1, 1), filled_topic(1, 1));
    let mut running = consume(&first).arg(&second).deadline(SLOW).spawn();
    running.wait_for_lines(2);
    kafka().delete_topic(&first);
    running.wait_for_stderr(&format!("warning: topic `{first}` was deleted\n"));
    kafka().produce(&second, &[Produced::value("goes on")]);
    running.wait_for_lines(3);
    kafka().delete_topic(&second);
    let outcome = running.finish();
    outcome.has_code(4).stderr_contains("error: none of the topics exists any longer: ");
}

pub fn a_topic_deleted_and_made_again_ends_the_run_and_commits_nothing_more() {
    let topic = named_topic("again", 1);
    fill(&topic, 1, 3);
    let group = unique_name("group");
    let start = |mode: &[&str]| {
        let command = consume(&topic).args(["-vv", "-X", "debug=admin"]).args(mode).deadline(SLOW);
        let mut running = command.spawn();
        running.wait_for_lines(3);
        // It has the id of the topic; only librdkafka tells that.
        running.wait_for_stderr("DESCRIBETOPICS worker called in state waiting for response");
        running
    };
    let alone = start(&[]);
    let member = start(&["--group", &group, "--commit-interval", "1h"]);
    kafka().delete_topic(&topic);
    kafka().create_topic(&topic, 1, &[]);
    fill(&topic, 1, 50);
    for running in [alone, member] {
        let outcome = running.finish();
        outcome.has_code(1).stderr_contains(&format!("error: topic `{topic}` was deleted and made again\n"));
    }
    // Not even at the end: the positions mean other records now.
    assert_eq!(kafka().committed(&group), Committed::new());
}

pub fn a_topic_made_later_joins_a_group_with_an_expression() {
    let word = unique_name("joins");
    let first = format!("{word}-first");
    kafka().create_topic(&first, 1, &[]);
    fill(&first, 1, 1);
    let group = unique_name("group");
    let command = consume(&format!("^{word}-")).args(["--group", &group]).deadline(SLOW);
    let mut running = command.spawn();
    running.wait_for_lines(1);
    let second = format!("{word}-second");
    kafka().create_topic(&second, 1, &[]);
    fill(&second, 1, 1);
    let lines = running.wait_for_lines(2);
    assert!(lines[1].contains(&second), "{lines:?}");
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0).stderr_contains(&format!("info: new topics match: {second}\n"));
}

pub fn a_topic_made_later_is_read_alone_from_its_beginning() {
    let word = unique_name("alone");
    let first = format!("{word}-first");
    kafka().create_topic(&first, 1, &[]);
    fill(&first, 1, 1);
    let command = consume(&format!("^{word}-")).args(["-v", "--from", "end"]).deadline(SLOW);
    let mut running = command.spawn();
    running.wait_for_stderr("Subscribed to topic");
    let second = format!("{word}-second");
    kafka().create_topic(&second, 1, &[]);
    fill(&second, 1, 1);
    let lines = running.wait_for_lines(1);
    assert!(lines[0].contains(&second), "{lines:?}");
    kafka().produce(&first, &[Produced::value("more")]);
    let lines = running.wait_for_lines(2);
    assert!(lines[1].contains(&first), "{lines:?}");
    running.wait_for_stderr(&format!("info: new topics match: {second}\n"));
    // It is watched as the first one is.
    kafka().delete_topic(&second);
    kafka().create_topic(&second, 1, &[]);
    let outcome = running.finish();
    outcome.has_code(1).stderr_lacks("new partition");
    outcome.stderr_contains(&format!("error: topic `{second}` was deleted and made again\n"));
}

pub fn a_cluster_that_makes_topics_by_itself_is_not_asked_to() {
    let kafka = Kafka::start(Kind::Plain, &[("auto.create.topics.enable", "true")]);
    for arguments in [&[][..], &["--group", "g"], &["--wait-for-topic", "1s"]] {
        consume_at(&kafka.brokers(), "made-by-nobody").args(arguments).run().has_code(4);
    }
    assert!(!kafka.topics().iter().any(|topic| topic == "made-by-nobody"), "{:?}", kafka.topics());
}
