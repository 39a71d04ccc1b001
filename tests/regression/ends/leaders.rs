//! Leaders that do not answer, and partitions that have none.

use nix::sys::signal::Signal;
use std::time::Duration;

use super::consume;
use crate::support::kafka::{Kafka, Kind};
use crate::support::proxy::{Mode, Proxy};
use crate::support::run::Kcons;
use crate::support::{Outcome, Produced, unique_name, wait_until};

const RECORDS: usize = 10;

/// A topic with a partition on each of three brokers and no other replica: partition 0 on broker 1 and so on.
fn spread_topic(kafka: &Kafka) -> String {
    let topic = unique_name("topic");
    kafka.tool("topics", &["--create", "--topic", &topic, "--replica-assignment", "1,2,3"]);
    for partition in 0..3 {
        kafka
            .produce_many(&topic, RECORDS, |number| Produced::value(number.to_string()).partition(partition));
    }
    topic
}

fn command(kafka: &Kafka, arguments: &[&str]) -> Outcome {
    Kcons::new(arguments).args(["--brokers", &kafka.brokers()]).deadline(super::LONG).run()
}

/// librdkafka fills in -1001, without an error, for a leader that does not answer. That was taken for an offset:
/// runs ended with exit 0 and without the partition, `lag` counted -1006 for it, a reset planned to go to -1001.
pub fn a_frozen_leader_is_waited_for_and_the_other_partitions_are_read() {
    let kafka = Kafka::start(Kind::Cluster3, &[("broker.session.timeout.ms", "120000")]);
    let topic = spread_topic(&kafka);
    let (group, coordinator) = group_not_on(&kafka, &topic, 3);
    assert_ne!(coordinator, 3);
    kafka.freeze(3);
    let missing = format!("{topic} [2]: no answer from its leader `");

    // It goes on behind all the commands that wait for the same leader.
    let mut running = consume(&kafka.brokers(), &topic)
        .args(["-e", "-o", "raw", "--connect-timeout", "0s"])
        .deadline(Duration::from_secs(240))
        .spawn();
    running.wait_for_stderr(&format!("warning: {missing}"));
    running.wait_for_lines(2 * RECORDS);
    let limited =
        consume(&kafka.brokers(), &topic).args(["-e", "-o", "raw", "--connect-timeout", "10s"]).run();
    limited.has_code(3).check(limited.lines().len() == 2 * RECORDS, "not the records of the others");
    limited.stderr_contains(&format!("error: {missing}"));

    for arguments in [
        &["lag", &group][..],
        &["lag", &group, "--max-lag", "1000"],
        &["topic", "describe", &topic],
        &["group", "describe", &group],
        &["group", "reset", &group, "--topic", &topic, "--to", "end"],
    ] {
        let outcome = command(&kafka, arguments);
        outcome.has_code(3).stderr_contains(&missing);
        outcome.check(!outcome.stdout_text().contains("-1001"), "a number nobody answered");
    }
    let outcome = command(&kafka, &["lag", &group, "--max-lag", "5"]);
    outcome.has_code(6);

    assert!(!running.has_ended());
    kafka.thaw(3);
    let outcome = running.finish();
    outcome.has_code(0).check(outcome.lines().len() == 3 * RECORDS, "records are missing");
}

/// A group with 5 of 10 committed in each partition whose coordinator is another broker than this one.
fn group_not_on(kafka: &Kafka, topic: &str, node: i64) -> (String, i64) {
    wait_until("a group with another coordinator", super::LONG, || {
        let group = unique_name("group");
        kafka.commit(&group, &[(topic, 0, 5), (topic, 1, 5), (topic, 2, 5)]);
        let outcome = command(kafka, &["group", "describe", &group]);
        let text = outcome.stdout_text();
        let coordinator = text.split("(broker ").nth(1)?.split(')').next()?.parse().ok()?;
        (coordinator != node).then_some((group, coordinator))
    })
}

/// One partition without a leader kept every partition of the run from being read, without a word.
pub fn a_partition_without_a_leader_silences_no_other() {
    let kafka = Kafka::start(Kind::Cluster3, &[]);
    let topic = spread_topic(&kafka);
    kafka.kill(3);
    wait_until("the loss to be known", super::LONG, || {
        command(&kafka, &["topic", "describe", &topic]).stderr_text().contains("has no leader").then_some(())
    });
    let group = unique_name("group");
    for more in [&["--connect-timeout", "0s"][..], &["--connect-timeout", "0s", "--group", &group]] {
        let mut running = consume(&kafka.brokers(), &topic).args(["-e", "-o", "raw"]).args(more).spawn();
        running.wait_for_lines(2 * RECORDS);
        running.wait_for_stderr(&format!("warning: {topic} [2] has no leader, waiting"));
        assert!(!running.has_ended());
        kafka.start_again(3);
        let outcome = running.finish();
        outcome.has_code(0).check(outcome.lines().len() == 3 * RECORDS, "records are missing");
        kafka.kill(3);
    }
    let idle = consume(&kafka.brokers(), &topic).args(["--idle-timeout", "3s", "-o", "raw"]).run();
    idle.has_code(3).check(idle.lines().len() == 2 * RECORDS, "not the records of the others");
    idle.stderr_contains(&format!("error: {topic} [2]"));
    nothing_known_of_any_partition_is_a_failure(&kafka, &topic);
    a_leader_lost_while_reading_is_told(&kafka, &topic);
}

/// With no partition known at all `--connect-timeout` never came, and the end of `--duration` was exit 0.
fn nothing_known_of_any_partition_is_a_failure(kafka: &Kafka, topic: &str) {
    for limit in [&["--connect-timeout", "4s"][..], &["--connect-timeout", "0s", "--duration", "4s"]] {
        let outcome = consume(&kafka.brokers(), topic).args(["-e", "-p", "2"]).args(limit).run();
        outcome.has_code(3).has_stdout("");
        outcome.stderr_contains(&format!("error: {topic} [2] has no leader"));
    }
}

/// A run without an end waited for such a partition without a word.
fn a_leader_lost_while_reading_is_told(kafka: &Kafka, topic: &str) {
    kafka.start_again(3);
    let mut running = consume(&kafka.brokers(), topic).args(["-o", "raw", "--from", "beginning"]).spawn();
    running.wait_for_lines(3 * RECORDS);
    kafka.kill(3);
    running.wait_for_stderr(&format!("warning: {topic} [2] has no leader, waiting"));
    kafka.start_again(3);
    running.wait_for_stderr(&format!("info: {topic} [2] has a leader again"));
    kafka.produce(topic, &[Produced::value("late").partition(2)]);
    running.wait_for_lines(3 * RECORDS + 1);
    running.signal(Signal::SIGTERM);
    running.finish().has_code(0);
}

/// A broker that answers and names an address where nobody listens: its log was taken for empty as soon as the
/// look-up gave up, which `--connect-timeout` of more than 10 s, or none, let happen.
pub fn a_broker_that_sends_us_nowhere_is_waited_for_without_a_limit() {
    let proxy = Proxy::start();
    let kafka = Kafka::start_behind(proxy.address(), &[]);
    proxy.forward_to(&kafka.listener("PROXIED"));
    let topic = unique_name("topic");
    kafka.create_topic(&topic, 1, &[]);
    kafka.produce_many(&topic, RECORDS, |number| Produced::value(number.to_string()));
    // The bootstrap connection is let through, and nothing that comes later.
    let bootstrap = Proxy::start();
    bootstrap.forward_to(&kafka.listener("PROXIED"));
    proxy.set(Mode::Refuse);
    let read = |limit: &str| {
        let brokers = bootstrap.address().to_string();
        consume(&brokers, &topic).args(["-e", "-o", "raw", "--connect-timeout", limit]).spawn()
    };
    let (limited, mut waiting) = (read("12s"), read("0s"));
    let limited = limited.finish();
    limited.has_code(3).has_stdout("").stderr_contains("answered, but sends us to");
    assert!(!waiting.has_ended() && waiting.elapsed() > Duration::from_secs(11));
    proxy.set(Mode::Pass);
    let outcome = waiting.finish();
    outcome.has_code(0).check(outcome.lines().len() == RECORDS, "records are missing");
}
