//! Groups of other kinds, strange members, static members after an outage.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::harness::Test;
use crate::support::kafka::{Kafka, kafka};
use crate::support::proxy::{Mode, Proxy};
use crate::support::run::{Kcons, Running};
use crate::support::{Produced, unique_name, wait_until};
use crate::tests;

/// All of them.
pub const TESTS: &[Test] = tests![
    a_static_member_that_was_killed_joins_again_once_its_id_is_released,
    a_static_member_that_an_outage_replaced_joins_again,
    partitions_added_while_a_static_member_was_away_are_read,
];

const LONG: Duration = Duration::from_secs(60);

fn values(kafka: &Kafka, topic: &str, partition: i32, values: std::ops::Range<usize>) {
    let records: Vec<_> =
        values.map(|value| Produced::value(value.to_string()).partition(partition)).collect();
    kafka.produce(topic, &records);
}

/// A member of the group that prints values, each committed before the next.
fn member(kafka: &Kafka, topic: &str, group: &str) -> Kcons {
    member_at(&kafka.brokers(), topic, group)
}

fn member_at(brokers: &str, topic: &str, group: &str) -> Kcons {
    Kcons::new(["consume", topic, "-b", brokers, "-g", group, "-o", "raw", "--commit", "manual"])
}

fn wait_for_commit(kafka: &Kafka, group: &str, topic: &str, partition: i32, offset: i64) {
    wait_until(&format!("{topic} [{partition}] to be committed at {offset}"), LONG, || {
        (kafka.committed(group).get(&(topic.to_owned(), partition)) == Some(&offset)).then_some(())
    });
}

fn end(mut running: Running) -> String {
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0);
    outcome.stderr_text()
}

/// With `group.protocol=consumer` a member that was killed holds its id until its session is over: each start until
/// then ended at once, and blamed another member.
pub fn a_static_member_that_was_killed_joins_again_once_its_id_is_released() {
    for (protocol, said) in [
        ("classic", ""),
        ("consumer", "info: waiting for `--instance-id` `a` to be released by its earlier run, up to 45 s\n"),
    ] {
        let (topic, group) = (unique_name("topic"), unique_name("group"));
        kafka().create_topic(&topic, 1, &[]);
        values(kafka(), &topic, 0, 0..5);
        let protocol = format!("group.protocol={protocol}");
        let member = || member(kafka(), &topic, &group).args(["--instance-id", "a", "-X", &protocol]);
        let mut killed = member().spawn();
        killed.wait_for_lines(5);
        wait_for_commit(kafka(), &group, &topic, 0, 5);
        killed.kill();
        values(kafka(), &topic, 0, 5..10);
        let mut again = member().spawn();
        assert_eq!(again.wait_for_lines(5), ["5", "6", "7", "8", "9"]);
        wait_for_commit(kafka(), &group, &topic, 0, 10);
        assert_eq!(end(again), said, "{protocol}");
    }
}

/// A request to join that a broker in trouble answered too late took effect all the same: the member was thrown out
/// by its own earlier self, and ended with words about another member.
pub fn a_static_member_that_an_outage_replaced_joins_again() {
    let proxy = Proxy::start();
    let kafka = Kafka::start_behind(proxy.address(), &[]);
    proxy.forward_to(&kafka.listener("PROXIED"));
    let (topic, group) = (unique_name("topic"), unique_name("group"));
    kafka.create_topic(&topic, 2, &[]);
    values(&kafka, &topic, 0, 0..5);
    let address = proxy.address().to_string();
    let mut member = member_at(&address, &topic, &group)
        .args(["--instance-id", "a", "-X", "partition.assignment.strategy=range"])
        .spawn();
    member.wait_for_lines(5);
    wait_for_commit(&kafka, &group, &topic, 0, 5);
    for round in 1..=3 {
        let before = kafka.members(&group)[0].member_id.clone();
        proxy.set(Mode::Refuse);
        member.wait_for_stderr("lost all brokers");
        // Whoever joins with the id is taken for the member; this one never commits, and does not leave.
        let earlier = kafka.join_as(&topic, &group, "a");
        wait_until("the id to have another holder", LONG, || {
            earlier.poll();
            kafka.members(&group).iter().any(|member| member.member_id != before).then_some(())
        });
        drop(earlier);
        values(&kafka, &topic, 0, 5 * round..5 * (round + 1));
        values(&kafka, &topic, 1, 0..1);
        proxy.set(Mode::Pass);
        wait_for_commit(&kafka, &group, &topic, 0, 5 * (round as i64 + 1));
        wait_for_commit(&kafka, &group, &topic, 1, round as i64);
    }
    let lines = member.stdout_lines();
    for value in 0..20 {
        assert!(lines.contains(&value.to_string()), "{value} is missing in {lines:?}");
    }
    let stderr = end(member);
    assert_eq!(
        stderr.matches("info: joining again: an outage took `--instance-id` `a`").count(),
        3,
        "{stderr}"
    );
    assert!(!stderr.contains("another member"), "{stderr}");
}

/// The group hands a static member that comes back its old assignment, without a rebalance; nobody looked at the
/// partitions that were new, and they were never read.
pub fn partitions_added_while_a_static_member_was_away_are_read() {
    for strategy in ["range", "cooperative-sticky"] {
        let (topic, group) = (unique_name("topic"), unique_name("group"));
        kafka().create_topic(&topic, 1, &[]);
        // Another producer than the one below, which then has no partition count to remember.
        kafka().produce_committed(&topic, &[Produced::value("0")]);
        let strategy = format!("partition.assignment.strategy={strategy}");
        let member = || member(kafka(), &topic, &group).args(["--instance-id", "a", "-X", &strategy]);
        let mut first = member().spawn();
        first.wait_for_lines(1);
        end(first);
        kafka().add_partitions(&topic, 2);
        values(kafka(), &topic, 0, 1..2);
        values(kafka(), &topic, 1, 2..3);
        let mut again = member().spawn();
        let mut lines = again.wait_for_lines(2);
        lines.sort();
        assert_eq!(lines, ["1", "2"]);
        wait_for_commit(kafka(), &group, &topic, 1, 1);
        let stderr = end(again);
        assert_eq!(stderr, format!("info: {topic} [1] is held by no member: joining the group anew\n"));
    }
}
