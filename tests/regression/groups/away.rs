//! Brokers that are away while groups are looked at.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::LONG;
use crate::support::kafka::{Kafka, Kind};
use crate::support::run::Kcons;
use crate::support::{Outcome, Produced, unique_name, wait_until};

/// What a command may take by default, and some more for a busy machine.
const IN_TIME: Duration = Duration::from_secs(20);

fn kcons(kafka: &Kafka, arguments: &[&str]) -> Kcons {
    Kcons::new(arguments).args(["-b", &kafka.brokers()]).deadline(LONG)
}

/// A group whose coordinator is the third broker, or is not; it has committed in one partition.
fn group(kafka: &Kafka, topic: &str, is_third: bool) -> String {
    wait_until("a group with the coordinator wanted", LONG, || {
        let group = unique_name("group");
        kafka.commit(&group, &[(topic, 0, 1)]);
        let said = kcons(kafka, &["group", "describe", &group]).run().stdout_text();
        (said.contains("(broker 3)") == is_third).then_some(group)
    })
}

/// One cluster serves for all of it; a broker that is away stays among the known ones.
pub fn a_coordinator_or_leader_that_is_away_hides_only_its_own() {
    let kafka = Kafka::start(Kind::Cluster3, &[("broker.session.timeout.ms", "120000")]);
    let [near, spread, far] = ["near", "spread", "far"].map(unique_name);
    kafka.tool("topics", &["--create", "--topic", &far, "--replica-assignment", "3,1"]);
    kafka.tool("topics", &["--create", "--topic", &near, "--replica-assignment", "1,2"]);
    kafka.tool("topics", &["--create", "--topic", &spread, "--replica-assignment", "1,2,3,3"]);
    for topic in [&near, &spread] {
        (0..2).for_each(|partition| drop(kafka.produce(topic, &[Produced::value("v").partition(partition)])));
    }
    let (good, away, wide) =
        (group(&kafka, &near, false), group(&kafka, &near, true), group(&kafka, &spread, false));
    kafka.commit(&wide, &[(&spread, 2, 0)]);
    let missing = group(&kafka, &near, false);
    kcons(&kafka, &["group", "delete", &missing, "--yes"]).run().has_code(0);
    kafka.freeze(3);
    a_silent_coordinator_is_named(&kafka, [&good, &away, &missing]);
    a_silent_leader_is_named(&kafka, &wide, &spread);
    any_broker_tells_the_configuration(&kafka, &far);
    a_watch_goes_on(&kafka, [&good, &away]);
    kafka.thaw(3);
    let share = share_group(&kafka, &near);
    let _member = kafka.join_share_group(&share, &near);
    kafka.kill(3);
    let outcome = kcons(&kafka, &["lag", &good, &away]).run();
    outcome.has_code(3).stderr_contains(&format!("error: group `{away}`: no answer from its coordinator\n"));
    outcome.check(outcome.lines().len() == 4, "not the rows of the other group");
    a_broker_that_refuses_spoils_no_list(&kafka, [&good, &share]);
}

/// `lag` of two groups waited for one of them for an hour, and ended with no word of either.
fn a_silent_coordinator_is_named(kafka: &Kafka, [good, away, missing]: [&String; 3]) {
    let error = format!("group `{away}`: no answer from its coordinator\n");
    for groups in [[good, away], [away, good]] {
        let outcome = kcons(kafka, &["lag"]).args(groups).run();
        outcome.has_code(3).has_stderr(&format!("error: {error}")).took_less_than(IN_TIME);
        outcome.check(outcome.lines().len() == 4, "not the rows of the other group");
    }
    let outcome = kcons(kafka, &["lag", good, away, "--max-lag", "0"]).run();
    outcome.has_code(6);
    let outcome = kcons(kafka, &["lag", good, away, missing]).run();
    outcome.has_code(4).stderr_contains(&format!("warning: {error}"));
    kcons(kafka, &["lag", away, "--connect-timeout", "4s"]).run().has_code(3).has_stdout("");
}

/// A leader that does not answer was waited for twice over, first for the partitions with a committed offset, then for
/// the others: the time was over before the table.
fn a_silent_leader_is_named(kafka: &Kafka, group: &str, topic: &str) {
    let outcome = kcons(kafka, &["lag", group]).run();
    outcome
        .has_code(3)
        .took_less_than(IN_TIME)
        .stderr_contains(&format!("error: {topic} [2], {topic} [3]: no answer from"));
    outcome.check(outcome.lines().len() == 6, "not a row for each partition");
}

/// Only the leader of the first partition was asked for the configuration.
fn any_broker_tells_the_configuration(kafka: &Kafka, topic: &str) {
    let outcome = kcons(kafka, &["topic", "describe", topic]).run();
    outcome.has_code(3).stderr_lacks("the configuration").stdout_contains("cleanup.policy:  delete\n");
}

fn a_watch_goes_on(kafka: &Kafka, [good, away]: [&String; 2]) {
    let mut watch = kcons(kafka, &["lag", good, away, "--watch", "100ms"]).spawn();
    let is_told = |said: &str, times| said.matches("TOTAL").count() >= times && said.contains(good);
    watch.wait_for_stdout(|said| is_told(said, 2));
    assert!(!watch.stdout().contains(away.as_str()));
    kafka.thaw(3);
    watch.wait_for_stdout(|said| said.contains(away.as_str()));
    watch.signal(Signal::SIGTERM);
    let warning = format!("warning: group `{away}`: no answer from its coordinator\n");
    watch.finish().was_ended_by(Signal::SIGTERM).stderr_contains(&warning).stderr_lacks("lost all brokers");
    kafka.freeze(3);
}

fn share_group(kafka: &Kafka, topic: &str) -> String {
    wait_until("the name of a group that the first broker will coordinate", LONG, || {
        let group = unique_name("share");
        // Committed as a group of consumers first, to learn where it will be.
        kafka.commit(&group, &[(topic, 0, 1)]);
        let said = kcons(kafka, &["group", "describe", &group]).run().stdout_text();
        kcons(kafka, &["group", "delete", &group, "--yes"]).run().has_code(0);
        said.contains("(broker 1)").then_some(group)
    })
}

/// The word of one broker that refuses connections took the place of all answers: groups of consumers were described in a
/// way that ends the process over strange members, and a share group did not exist.
fn a_broker_that_refuses_spoils_no_list(kafka: &Kafka, [good, share]: [&String; 2]) {
    for _ in 0..5 {
        let list: Outcome = kcons(kafka, &["group", "list"]).run();
        list.has_code(0).stdout_contains(good).stdout_contains(share);
        list.stderr_contains("did not answer: its groups are missing\n");
        let outcome = kcons(kafka, &["lag", share]).run();
        outcome.has_code(1).stderr_contains(&format!("error: `{share}` is a share group\n"));
    }
}
