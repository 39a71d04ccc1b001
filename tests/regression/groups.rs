//! Groups of other kinds, strange members, static members after an outage.

mod away;
mod rights;

use std::time::Duration;

use crate::support::harness::Test;
use crate::support::kafka::{Kafka, Kind, kafka};
use crate::support::proxy::{Mode, Proxy};
use crate::support::run::Kcons;
use crate::support::{Outcome, Produced, unique_name, wait_until};
use crate::tests;

/// All of them.
pub const TESTS: &[Test] = tests![
    a_static_member_that_was_killed_joins_again_once_its_id_is_released,
    a_static_member_that_an_outage_replaced_joins_again,
    partitions_added_while_a_static_member_was_away_are_read,
    a_group_of_another_kind_is_called_what_it_is,
    a_group_that_fails_hides_no_other,
    a_member_with_an_unreadable_assignment_spoils_nothing_else,
    a_broker_that_is_away_leaves_out_only_its_own_groups,
    away::a_coordinator_or_leader_that_is_away_hides_only_its_own,
    rights::what_may_not_be_seen_or_changed_is_told_and_hides_nothing_else,
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
        assert_eq!(again.end().stderr_text(), said, "{protocol}");
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
        wait_until("the brokers to be missed once more", LONG, || {
            (member.stderr().matches("lost all brokers").count() >= round).then_some(())
        });
        // Whoever joins with the id is taken for the member; this one never commits, does not leave, and does not join
        // again.
        let earlier = kafka.join_as(&topic, &group, "a");
        wait_until("the id to have another holder", LONG, || {
            earlier.poll();
            kafka.members(&group).iter().any(|member| member.member_id != before).then_some(())
        });
        values(&kafka, &topic, 0, 5 * round..5 * (round + 1));
        values(&kafka, &topic, 1, 0..1);
        proxy.set(Mode::Pass);
        wait_for_commit(&kafka, &group, &topic, 0, 5 * (round as i64 + 1));
        wait_for_commit(&kafka, &group, &topic, 1, round as i64);
        // A loss that comes before that is still the same one.
        wait_until("the brokers to be back", LONG, || {
            (member.stderr().matches("connected again").count() >= round).then_some(())
        });
    }
    let lines = member.stdout_lines();
    for value in 0..20 {
        assert!(lines.contains(&value.to_string()), "{value} is missing in {lines:?}");
    }
    let stderr = member.end().stderr_text();
    assert_eq!(
        stderr.matches("info: rejoining: this member lost `--instance-id` `a` in an outage").count(),
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
        first.end();
        kafka().add_partitions(&topic, 2);
        values(kafka(), &topic, 0, 1..2);
        values(kafka(), &topic, 1, 2..3);
        let mut again = member().spawn();
        let mut lines = again.wait_for_lines(2);
        lines.sort();
        assert_eq!(lines, ["1", "2"]);
        wait_for_commit(kafka(), &group, &topic, 1, 1);
        let stderr = again.end().stderr_text();
        assert_eq!(stderr, format!("info: {topic} [1] is held by no member: rejoining the group\n"));
    }
}

fn kcons(arguments: &[&str]) -> Kcons {
    Kcons::new(arguments).args(["-b", &kafka().brokers()])
}

/// Groups of share consumers, of Kafka Streams and of Connect were said not to exist, got plans of what could not be
/// done, or advice about assignors; the list left them out without a word.
pub fn a_group_of_another_kind_is_called_what_it_is() {
    let topic = unique_name("topic");
    kafka().create_topic(&topic, 1, &[]);
    for (protocol, kind) in [
        ("share", "a share group"),
        ("streams", "a streams group"),
        ("connect", "a Connect group"),
        ("sr", "a group of type `sr`"),
    ] {
        let group = &unique_name(protocol);
        let _member = match protocol {
            "share" => kafka().join_share_group(group, &topic),
            "streams" => kafka().join_streams_group(group, &topic),
            "connect" => kafka().join_classic_group(group, protocol, b"\0\x01"),
            other => kafka().join_classic_group(group, other, b"{}"),
        };
        let error = format!("error: `{group}` is {kind}\n");
        for command in [
            &["lag", group][..],
            &["group", "describe", group],
            &["group", "reset", group, "--topic", &topic, "--to", "end"],
            &["group", "reset", group, "--all-topics", "--to", "end", "--execute"],
            &["group", "delete", group, "--yes"],
            &["consume", &topic, "-g", group, "-e"],
        ] {
            kcons(command).run().has_code(1).has_stdout("").stderr_contains(&error);
        }
        if ["share", "streams"].contains(&protocol) {
            let consume = ["consume", &topic, "-g", group, "-e", "-X", "group.protocol=consumer"];
            kcons(&consume).run().has_code(1).stderr_contains(&error);
        }
        let list = kcons(&["group", "list", "-o", "json"]).run();
        list.has_code(0).has_stderr("");
        let row = list.json_lines().into_iter().find(|row| row["group"] == **group);
        assert_eq!(row.expect("it is listed")["protocol"], protocol, "{list}");
    }
}

/// One group that is missing or of another kind kept all others from being shown.
pub fn a_group_that_fails_hides_no_other() {
    let topic = unique_name("topic");
    kafka().create_topic(&topic, 1, &[]);
    let [good, share, missing] = ["good", "share", "missing"].map(unique_name);
    kafka().commit(&good, &[(&topic, 0, 0)]);
    let _member = kafka().join_share_group(&share, &topic);
    for (groups, code, error, warning) in [
        (
            [&share, &good, &missing],
            1,
            format!("`{share}` is a share group"),
            format!("group `{missing}` does"),
        ),
        (
            [&missing, &share, &good],
            4,
            format!("group `{missing}` does"),
            format!("`{share}` is a share group"),
        ),
    ] {
        let outcome = kcons(&["lag"]).args(groups).run();
        outcome.has_code(code).stdout_contains(&format!("{good}  {topic}"));
        outcome.stderr_contains(&format!("error: {error}")).stderr_contains(&format!("warning: {warning}"));
    }
}

/// A member whose assignment has one byte ended the process with SIGABRT, in `group list` too; others ended it with
/// words of librdkafka, and hid the groups that were asked for with theirs.
pub fn a_member_with_an_unreadable_assignment_spoils_nothing_else() {
    let topic = unique_name("topic");
    kafka().create_topic(&topic, 1, &[]);
    let good = unique_name("good");
    kafka().commit(&good, &[(&topic, 0, 0)]);
    for (assignment, is_readable) in [
        (&b"\xff"[..], false),
        (b"\0\x01\0", false),
        (b"\0\x01\0\0\0\x01", false),
        (b"\0\x01\x7f\xff\xff\xff", false),
        (b"{\"version\":1}", false),
        (b"\0\x01\0\0\0\x01\0\x01t\xff\xff\xff\xff", false),
        (b"\0\x01\0\0\0\0", true),
        (b"", true),
    ] {
        let group = unique_name("group");
        kafka().commit(&group, &[(&topic, 0, 0)]);
        let _member = kafka().join_classic_group(&group, "consumer", assignment);
        let id = kcons(&["group", "delete", &group, "--yes"]).run();
        id.has_code(1).stderr_contains("has a member and cannot be deleted");
        let id = id
            .stderr_text()
            .split("caused by: `")
            .nth(1)
            .and_then(|rest| rest.split('`').next())
            .map(str::to_owned);
        let warning = format!(
            "warning: the assignment of member `{}` of group `{group}` cannot be read\n",
            id.expect("the member is named")
        );
        let expected = if is_readable { "" } else { &warning };
        let lag = kcons(&["lag", &good, &group]).run();
        lag.has_code(0).has_stderr(expected).stdout_contains(&good);
        let rows = lag.stdout_text();
        let row = rows.lines().find(|line| line.starts_with(&group)).expect("the group has a row");
        assert!(row.trim_end().ends_with("-     -"), "{lag}");
        // What may be more than allowed is not called less.
        let most = kcons(&["lag", &good, &group, "--max-lag", "100"]).run();
        let error = expected.replace("warning: ", "error: ");
        most.has_code(if is_readable { 0 } else { 3 }).has_stderr(&error).stdout_contains(&good);
        kcons(&["group", "describe", &group]).run().has_code(0).has_stderr(expected);
        let list = kcons(&["group", "list", "-o", "json"]).run();
        list.has_code(0).has_stderr("");
        let row = list.json_lines().into_iter().find(|row| row["group"] == *group);
        assert_eq!(row.expect("it is listed")["members"], 1, "{list}");
    }
}

/// While a broker that had just gone was still among the known ones, there was no list at all for 10 s, and then an
/// error.
pub fn a_broker_that_is_away_leaves_out_only_its_own_groups() {
    let kafka = Kafka::start(Kind::Cluster3, &[("broker.session.timeout.ms", "60000")]);
    let topic = unique_name("topic");
    kafka.create_topic(&topic, 1, &[]);
    let groups: Vec<String> = (0..12).map(|number| format!("group-{number}")).collect();
    groups.iter().for_each(|group| kafka.commit(group, &[(&topic, 0, 0)]));
    let brokers = kafka.brokers();
    let addresses: Vec<&str> = brokers.split(',').collect();
    let list = || Kcons::new(["group", "list", "-b", &brokers, "-o", "json"]).run();
    let names = |outcome: &Outcome| -> Vec<String> {
        outcome
            .json_lines()
            .iter()
            .map(|row| row["group"].as_str().expect("it has a name").to_owned())
            .collect()
    };
    let mut all = groups.clone();
    all.sort();
    let complete = list();
    complete.has_code(0).has_stderr("");
    assert_eq!(names(&complete), all, "{complete}");
    kafka.freeze(3);
    let partial = list();
    kafka.thaw(3);
    let warning = format!("warning: `{}` did not answer: its groups are missing\n", addresses[2]);
    partial.has_code(0).has_stderr(&warning).took_less_than(Duration::from_secs(20));
    let found = names(&partial);
    assert!(!found.is_empty() && found.len() < all.len(), "{partial}");
}
