//! `kcons lag`: every row that Kafka's own tool prints, with the same figures, and the sum.

use std::collections::BTreeSet;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::errors::{says_only_losses_and_returns, wait_for_loss, wait_for_return};
use super::reading::{LONG, consume, fill, filled_topic, new_topic};
use super::rows::{Row, cells, kcons, rows, rows_of};
use crate::support::kafka::{Kafka, Kind, kafka};
use crate::support::run::Kcons;
use crate::support::terminal::OnTerminal;
use crate::support::{Outcome, Produced, unique_name, wait_until};

/// Rows of Kafka's own tool are all there; what is there beyond them has no committed offset.
#[track_caller]
fn has_the_rows_of_kafkas_tool(outcome: &Outcome, group: &str) {
    let theirs = rows_of(&kafka().tool("consumer-groups", &["--describe", "--group", group]), group);
    let ours: BTreeSet<Row> = rows_of(&outcome.stdout_text(), group);
    assert!(!theirs.is_empty() && theirs.is_subset(&ours), "Kafka's tool has {theirs:?}\n{outcome}");
    for row in ours.difference(&theirs) {
        assert_eq!((row[3].as_str(), row[5].as_str()), ("-", "-"), "{row:?}\n{outcome}");
    }
}

#[track_caller]
fn total(outcome: &Outcome) -> String {
    let last = outcome.lines().last().map(|line| cells(line)).unwrap_or_default();
    assert_eq!(last[0], "TOTAL", "{outcome}");
    last[1].clone()
}

fn lag(group: &str) -> Outcome {
    let outcome = kcons(&["lag", group]).run();
    outcome.has_code(0).has_stderr("");
    outcome
}

#[track_caller]
fn compare_while_members_come_and_go(protocol: &str) {
    let topic = filled_topic(3, 3);
    let group = unique_name("group");
    let member = || {
        let property = format!("group.protocol={protocol}");
        consume(&topic).args(["-g", &group, "-X", &property, "--commit", "manual"]).spawn()
    };
    let mut member = member();
    member.wait_for_lines(9);
    kafka().wait_for_members(&group, 1, 3);
    fill(&topic, 3, 2);
    member.wait_for_lines(15);
    wait_until("the commit of all", LONG, || {
        (kafka().committed(&group).values().sum::<i64>() == 15).then_some(())
    });
    let held = lag(&group);
    has_the_rows_of_kafkas_tool(&held, &group);
    let owned = rows(&held).iter().filter(|row| row.len() == 9 && row[8] == "kcons").count();
    assert_eq!(owned, 3, "{held}");
    member.signal(Signal::SIGTERM);
    member.finish().has_code(0);
    kafka().wait_for_state(&group, "Empty");
    fill(&topic, 3, 2);
    let left = lag(&group);
    has_the_rows_of_kafkas_tool(&left, &group);
    assert_eq!(total(&left), "6", "{left}");
}

pub fn a_classic_group_has_the_rows_of_kafkas_own_tool() {
    compare_while_members_come_and_go("classic");
}

pub fn a_group_of_the_consumer_protocol_has_the_rows_of_kafkas_own_tool() {
    compare_while_members_come_and_go("consumer");
}

pub fn a_partition_without_a_committed_offset_counts_in_full() {
    let topic = filled_topic(3, 10);
    let group = unique_name("group");
    kafka().delete_records(&topic, 1, 4);
    kafka().commit(&group, &[(&topic, 0, 7)]);
    let outcome = lag(&group);
    has_the_rows_of_kafkas_tool(&outcome, &group);
    let expected: Vec<Row> = [("0", "7", "3"), ("1", "-", "-"), ("2", "-", "-")]
        .map(|(partition, offset, lag)| {
            [&group, &topic, partition, offset, "10", lag, "-", "-", "-"].map(str::to_owned).to_vec()
        })
        .to_vec();
    assert_eq!(rows(&outcome)[..3], expected, "{outcome}");
    assert_eq!(total(&outcome), "19", "{outcome}");
}

pub fn a_member_that_has_committed_nothing_has_its_rows() {
    let topic = new_topic(2);
    let group = unique_name("group");
    let mut member = consume(&topic).args(["-g", &group, "--commit", "never"]).spawn();
    kafka().wait_for_members(&group, 1, 2);
    let outcome = lag(&group);
    has_the_rows_of_kafkas_tool(&outcome, &group);
    assert_eq!((rows(&outcome).len(), total(&outcome).as_str()), (3, "0"), "{outcome}");
    member.signal(Signal::SIGTERM);
    member.finish().has_code(0);
}

pub fn an_open_transaction_is_counted_as_kafkas_own_tool_does() {
    let topic = filled_topic(1, 3);
    let group = unique_name("group");
    kafka().commit(&group, &[(&topic, 0, 1)]);
    let (transaction, _) = kafka().open_transaction(&topic, &vec![Produced::value("v").partition(0); 4]);
    let outcome = lag(&group);
    has_the_rows_of_kafkas_tool(&outcome, &group);
    assert_eq!(total(&outcome), "6", "{outcome}");
    transaction.abort();
}

pub fn an_offset_above_the_log_is_below_zero_and_counts_nothing() {
    let topic = filled_topic(1, 3);
    let group = unique_name("group");
    kafka().commit(&group, &[(&topic, 0, 8)]);
    let outcome = lag(&group);
    has_the_rows_of_kafkas_tool(&outcome, &group);
    assert_eq!((rows(&outcome)[0][5].as_str(), total(&outcome).as_str()), ("-5", "0"), "{outcome}");
}

pub fn five_hundred_partitions_have_the_rows_of_kafkas_own_tool() {
    let topic = filled_topic(500, 3);
    let group = unique_name("group");
    let offsets: Vec<_> = (0..500).map(|partition| (topic.as_str(), partition, 2)).collect();
    kafka().commit(&group, &offsets);
    let outcome = lag(&group);
    has_the_rows_of_kafkas_tool(&outcome, &group);
    assert_eq!((rows(&outcome).len(), total(&outcome).as_str()), (501, "500"), "{outcome}");
}

pub fn several_groups_have_a_total_each_and_one_for_all_and_json_a_row_each() {
    let (one, other) = (filled_topic(1, 5), filled_topic(2, 4));
    let groups = [unique_name("group"), unique_name("group")];
    kafka().commit(&groups[0], &[(&one, 0, 2)]);
    kafka().commit(&groups[1], &[(&other, 0, 4), (&other, 1, 1)]);
    let outcome = kcons(&["lag", &groups[0], &groups[1]]).run();
    assert_eq!(total(outcome.has_code(0).has_stderr("")), "6", "{outcome}");
    let totals: Vec<Row> = rows(&outcome).into_iter().filter(|row| row[0] == "TOTAL").collect();
    let expected = [&["TOTAL", &groups[0], "3"][..], &["TOTAL", &groups[1], "3"], &["TOTAL", "6"]];
    assert_eq!(totals, expected, "{outcome}");
    let outcome = kcons(&["lag", &groups[0], &groups[1], "-o", "json"]).run();
    let lines = outcome.has_code(0).has_stderr("").json_lines();
    assert_eq!(lines.len(), 3, "{outcome}");
    let first = serde_json::json!({
        "group": groups[0], "topic": one, "partition": 0, "current_offset": 2, "log_start_offset": 0,
        "log_end_offset": 5, "lag": 3, "behind": 3, "consumer_id": null, "host": null, "client_id": null,
    });
    assert_eq!(lines[0], first, "{outcome}");
    assert_eq!(lines[2]["lag"], 3, "{outcome}");
}

pub fn json_tells_what_there_is_to_read_where_lag_does_not() {
    let topic = filled_topic(2, 10);
    let group = unique_name("group");
    kafka().commit(&group, &[(&topic, 0, 2)]);
    for partition in 0..2 {
        kafka().delete_records(&topic, partition, 4);
    }
    let outcome = kcons(&["lag", &group, "-o", "json"]).run();
    let told = |field: &str| -> Vec<Option<i64>> {
        outcome.json_lines().iter().map(|line| line[field].as_i64()).collect()
    };
    outcome.has_code(0);
    assert_eq!(told("log_start_offset"), [Some(4), Some(4)], "{outcome}");
    assert_eq!(told("lag"), [Some(8), None], "{outcome}");
    assert_eq!(told("behind"), [Some(8), Some(6)], "{outcome}");
}

pub fn too_much_lag_is_an_exit_code() {
    let topic = filled_topic(1, 5);
    let group = unique_name("group");
    kafka().commit(&group, &[(&topic, 0, 2)]);
    kcons(&["lag", &group, "--max-lag", "3"]).run().has_code(0).has_stderr("");
    for watch in [&[][..], &["--watch", "200ms"]] {
        let outcome = kcons(&["lag", &group, "--max-lag", "2"]).args(watch).run();
        assert_eq!(total(outcome.has_code(6)), "3", "{outcome}");
        outcome.has_stderr(&format!("error: group `{group}` is 3 behind, more than `--max-lag 2`\n"));
    }
}

pub fn a_group_that_does_not_exist_is_an_error_with_the_nearest_name() {
    let topic = filled_topic(1, 1);
    let group = unique_name("existing-group");
    kafka().commit(&group, &[(&topic, 0, 1)]);
    let mistyped = group.replacen("existing", "exisitng", 1);
    for command in [&["lag"][..], &["group", "describe"], &["group", "delete", "--yes"]] {
        let outcome = kcons(command).arg(&mistyped).run();
        outcome.has_code(4).has_stdout("");
        let expected = format!("error: group `{mistyped}` does not exist\n  hint: did you mean `{group}`?\n");
        outcome.has_stderr(&expected);
    }
    assert!(!kafka().groups().contains(&mistyped), "nothing was made");
}

pub fn some_topics_and_all_groups_can_be_looked_at() {
    let (one, other) = (filled_topic(1, 5), filled_topic(2, 4));
    let groups = [unique_name("group"), unique_name("group")];
    kafka().commit(&groups[0], &[(&one, 0, 2), (&other, 0, 4)]);
    kafka().commit(&groups[1], &[(&one, 0, 1)]);
    let outcome = kcons(&["lag", &groups[0], "--topic", &one]).run();
    assert_eq!(total(outcome.has_code(0).has_stderr("")), "3", "{outcome}");
    assert_eq!(rows(&outcome).len(), 2, "{outcome}");
    let outcome = kcons(&["lag", &groups[0], "--topic", &one, "--topic", &other]).run();
    assert_eq!((rows(&outcome).len(), total(&outcome).as_str()), (4, "7"), "{outcome}");
    // Without a group all of them; other tests have groups, too, but none in this topic.
    let outcome = kcons(&["lag", "--topic", &one]).run();
    assert_eq!(total(outcome.has_code(0)), "7", "{outcome}");
    let named: BTreeSet<String> = rows(&outcome).into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(named, [groups[0].clone(), groups[1].clone(), "TOTAL".to_owned()].into(), "{outcome}");
    kcons(&["lag", "--topic", &one, "--max-lag", "6"])
        .run()
        .has_code(6)
        .stderr_contains("error: all groups together are 7 behind, more than `--max-lag 6`\n");
    // A topic that the group has nothing of, and one that does not exist.
    let outcome = kcons(&["lag", &groups[1], "--topic", &other]).run();
    let warning =
        format!("group `{}` has committed no offset in `{other}` and holds no partition of it\n", groups[1]);
    outcome.has_code(0).has_stderr(&format!("warning: {warning}"));
    let outcome = kcons(&["lag", &groups[1], "--topic", &other, "--max-lag", "9"]).run();
    outcome.has_code(3).has_stderr(&format!("error: {warning}"));
    let outcome = kcons(&["lag", &groups[0], &groups[1], "--topic", &other]).run();
    outcome.has_code(0).has_stderr(&format!(
        "warning: group `{}` has committed no offset in these topics and holds no partition of them\n",
        groups[1]
    ));
    let unread = filled_topic(1, 1);
    let outcome = kcons(&["lag", &groups[0], &groups[1], "--topic", &unread]).run();
    outcome.has_code(0).has_stderr(&format!(
        "warning: no group has committed an offset in `{unread}` or holds a partition of it\n"
    ));
    // A group that does not exist may be meant to read it: nothing is said of the topic.
    let outcome = kcons(&["lag", &groups[0], "no-such-group", "--topic", &unread]).run();
    outcome
        .has_code(4)
        .stderr_lacks("warning: ")
        .stderr_contains("error: group `no-such-group` does not exist\n");
    for words in [&["lag", &groups[1]][..], &["lag"]] {
        let outcome = kcons(words).args(["--topic", "task-craeted"]).run();
        outcome
            .has_code(4)
            .has_stdout("")
            .stderr_lacks("info: ")
            .stderr_contains("error: topic `task-craeted` does not exist\n");
    }
    let outcome = kcons(&["lag", &groups[1], "--topic", "task-craeted", "--topic", &one]).run();
    assert_eq!(total(outcome.has_code(4)), "4", "{outcome}");
}

/// A group that lags in partition 1 alone, of as many as this, and whose member holds partition 0.
fn lagging(partitions: i32) -> (String, String) {
    let (topic, group) = (filled_topic(partitions, 2), unique_name("group"));
    let offsets: Vec<_> =
        (0..partitions).map(|number| (topic.as_str(), number, if number == 1 { 0 } else { 2 })).collect();
    kafka().commit(&group, &offsets);
    (topic, group)
}

pub fn a_table_is_as_narrow_as_the_terminal_unless_asked_otherwise() {
    let (topic, group) = lagging(2);
    let mut member = consume(&topic).args(["-g", &group, "--commit", "never"]).spawn();
    let id = kafka().wait_for_members(&group, 1, 2)[0].member_id.clone();
    for command in [&["lag"][..], &["group", "describe"]] {
        let seen = |more: &[&str]| {
            let command = kcons(command).arg(&group).args(more);
            let outcome = command.spawn_on_terminal(OnTerminal::Stdout).finish();
            outcome.has_code(0).has_stderr("");
            outcome
        };
        let narrow = seen(&["--color", "never"]);
        let is_narrow = narrow
            .lines()
            .iter()
            .skip_while(|line| !line.starts_with("GROUP"))
            .all(|line| line.chars().count() <= 80);
        narrow
            .check(is_narrow, "a line is wider than the terminal")
            .stdout_lacks("CLIENT-ID")
            .stdout_lacks("\x1b");
        let lag = narrow.stdout_text();
        assert!(lag.contains("  LAG\n") || lag.contains("  LAG  CONSUMER"), "{narrow}");
        // Partition 1 is behind, and held.
        seen(&[]).stdout_contains("  \x1b[33m2\x1b[0m").stdout_lacks("CLIENT-ID");
        seen(&["-o", "wide"]).stdout_contains(&id).stdout_contains("CLIENT-ID").stdout_contains("\x1b[33m");
        let piped = kcons(command).arg(&group).run();
        piped.has_code(0).stdout_contains(&id).stdout_contains("CLIENT-ID").stdout_lacks("\x1b");
    }
    member.signal(Signal::SIGTERM);
    member.finish().has_code(0);
    kafka().wait_for_state(&group, "Empty");
    let left = kcons(&["lag", &group]).spawn_on_terminal(OnTerminal::Stdout).finish();
    left.has_code(0).stdout_contains("  \x1b[31m2\x1b[0m");
}

pub fn a_watch_shows_the_rate_and_a_signal_ends_it_at_once() {
    let topic = filled_topic(1, 5);
    let group = unique_name("group");
    kafka().commit(&group, &[(&topic, 0, 2)]);
    let mut watch = kcons(&["lag", &group, "--watch", "300ms"]).spawn();
    let first = watch.wait_for_lines(4);
    let head = cells(&first[0]);
    assert_eq!(head[..3], [group.as_str(), "lag", "3"], "{first:?}");
    assert!(head[3].len() == 8 && head[3].matches(':').count() == 2, "no time of day: {first:?}");
    assert_eq!(cells(&first[3]), ["TOTAL", "3"], "{first:?}");
    let head_has = |said: &str, words: &str| {
        said.lines().any(|line| line.starts_with(&format!("{group}  lag ")) && line.contains(words))
    };
    watch.wait_for_stdout(|said| head_has(said, "  read 0/s  written 0/s  standing still  "));
    fill(&topic, 1, 10);
    watch.wait_for_stdout(|said| head_has(said, "  falling behind  "));
    kafka().commit(&group, &[(&topic, 0, 15)]);
    watch.wait_for_stdout(|said| head_has(said, "  written 0/s  caught up  "));
    watch.signal(Signal::SIGINT);
    watch.finish().was_ended_by(Signal::SIGINT).has_stderr("");
    let mut watch = kcons(&["lag", &group, "--watch", "60s"]).spawn();
    watch.wait_for_lines(4);
    let before = watch.elapsed();
    watch.signal(Signal::SIGINT);
    let outcome = watch.finish();
    outcome.was_ended_by(Signal::SIGINT).has_stderr("");
    outcome.check(outcome.elapsed - before < Duration::from_secs(20), "it waited for the next look");
}

/// What a terminal of so many columns shows after each redrawing, which starts in the upper left corner.
fn screens(written: &str) -> Vec<Vec<String>> {
    let screens = written.split("\x1b[H").skip(1).filter(|screen| screen.ends_with("\x1b[J"));
    screens
        .map(|screen| {
            let lines = screen.trim_end_matches("\x1b[J").split_terminator("\x1b[K\n");
            lines.map(str::to_owned).collect()
        })
        .collect()
}

pub fn a_watch_on_a_terminal_shows_most_lag_and_never_wraps() {
    let (_, group) = lagging(60);
    let mut watch =
        kcons(&["lag", &group, "--watch", "200ms", "--color", "never"]).spawn_on_terminal(OnTerminal::Stdout);
    watch.wait_for_stdout(|written| screens(written).len() >= 2);
    watch.resize(10, 40);
    let is_small = |screen: &Vec<String>| screen.iter().all(|line| line.chars().count() < 40);
    watch.wait_for_stdout(|written| screens(written).last().is_some_and(is_small));
    watch.press_control_c();
    let outcome = watch.finish();
    outcome.was_ended_by(Signal::SIGINT);
    let screens = screens(&outcome.stdout_text());
    let [first, .., last] = screens.as_slice() else { panic!("{outcome}") };
    for (screen, lines, columns, left_out) in [(first, 23, 79, 40), (last, 9, 39, 54)] {
        let fits = screen.len() == lines && screen.iter().all(|line| line.chars().count() <= columns);
        outcome.check(fits, "a screen wraps or scrolls");
        assert!(screen[0].starts_with(&group[..10]), "{screen:?}");
        let first_row = cells(&screen[2]);
        assert!(first_row.contains(&"1".to_owned()) && first_row.contains(&"2".to_owned()), "{screen:?}");
        assert_eq!(screen.last(), Some(&format!("… {left_out} partitions caught up")), "{screen:?}");
    }
}

pub fn a_watch_outlives_an_outage() {
    let kafka = Kafka::start(Kind::Plain, &[]);
    kafka.create_topic("topic", 1, &[]);
    kafka.produce("topic", &[Produced::value("v")]);
    kafka.commit("group", &[("topic", 0, 0)]);
    let brokers = kafka.brokers();
    let mut watch = Kcons::new(["lag", "group", "--watch", "100ms", "-b", &brokers]).spawn();
    watch.wait_for_lines(8);
    kafka.kill(1);
    wait_for_loss(&watch);
    kafka.start_again(1);
    wait_for_return(&watch);
    let seen = watch.stdout_lines().len();
    watch.wait_for_lines(seen + 8);
    watch.signal(Signal::SIGTERM);
    let outcome = watch.finish();
    says_only_losses_and_returns(outcome.was_ended_by(Signal::SIGTERM));
}

pub fn a_broker_that_does_not_answer_is_an_error() {
    let kafka = Kafka::start(Kind::Plain, &[]);
    let brokers = kafka.brokers();
    kafka.freeze(1);
    for command in ["lag g", "group list", "topic list"] {
        let outcome =
            Kcons::new(command.split(' ')).args(["-b", &brokers, "--connect-timeout", "700ms"]).run();
        // The default is 10 s.
        outcome.has_code(3).has_stdout("").took_less_than(Duration::from_secs(9));
        outcome.stderr_contains(&format!("error: cannot reach any broker at `{brokers}`\n"));
    }
    kafka.thaw(1);
}

pub fn who_has_no_right_to_a_group_is_told() {
    let kafka = Kafka::start(Kind::Secure, &[]);
    kafka.create_topic("topic", 1, &[]);
    kafka.commit("group", &[("topic", 0, 0)]);
    let run = |arguments: &[&str], user: &str| {
        let login = [
            "-X",
            "security.protocol=SASL_PLAINTEXT",
            "-X",
            "sasl.mechanism=PLAIN",
            "-X",
            &format!("sasl.username={user}"),
            "-X",
            &format!("sasl.password={user}-secret"),
        ]
        .map(str::to_owned);
        Kcons::new(arguments).args(["-b", &kafka.listener("SASL")]).args(login).run()
    };
    run(&["lag", "group"], "alice").has_code(0).has_stderr("");
    for command in [
        &["lag", "group"][..],
        &["group", "describe", "group"],
        &["group", "reset", "group", "--topic", "topic", "--to", "end", "--execute"],
        &["group", "delete", "group", "--yes"],
    ] {
        let outcome = run(command, "carol");
        outcome.has_code(3).has_stdout("");
        outcome.stderr_contains("error: no right to use group `group` for user `carol`\n  hint: ask for ");
    }
    let outcome = run(&["topic", "describe", "topic"], "bob");
    outcome.has_code(3).has_stdout("");
    outcome.stderr_contains("error: no right to read topic `topic` for user `bob`\n");
}
