//! `kcons group`: listed, described, moved and deleted, as Kafka's own tool does it.

use std::collections::BTreeSet;

use nix::sys::signal::Signal;

use super::reading::{consume, filled_topic, new_topic};
use super::rows::{Row, kcons, rows, rows_of};
use crate::support::kafka::kafka;
use crate::support::run::Running;
use crate::support::terminal::OnTerminal;
use crate::support::{Committed, Outcome, Produced, unique_name};

/// 2025-11-23T09:00:00Z
const NINE: i64 = 1_763_888_400_000;
const HOUR: i64 = 3_600_000;

/// Two partitions with ten records each, one an hour from [`NINE`]; the first two of partition 1 are deleted.
fn hourly_topic() -> String {
    let topic = new_topic(2);
    kafka().produce_many(&topic, 20, |number| {
        let at = NINE + (number as i64 / 2) * HOUR;
        Produced::value("v").partition((number % 2) as i32).at(at)
    });
    kafka().delete_records(&topic, 1, 2);
    topic
}

fn member(topic: &str, group: &str, protocol: &str) -> Running {
    let property = format!("group.protocol={protocol}");
    let member = consume(topic).args(["-g", group, "-X", &property]).spawn();
    kafka().wait_for_members(group, 1, kafka().partition_count(topic));
    member
}

pub fn all_groups_are_listed_with_their_state() {
    let topic = filled_topic(2, 4);
    let groups = ["classic", "consumer", "empty"].map(|kind| (kind, unique_name(kind)));
    let members: Vec<_> =
        groups[..2].iter().map(|(protocol, group)| member(&topic, group, protocol)).collect();
    kafka().commit(&groups[2].1, &[(&topic, 0, 1)]);
    let outcome = kcons(&["group", "list"]).run();
    outcome.has_code(0).has_stderr("");
    let listed = rows(&outcome);
    let theirs = kafka().tool("consumer-groups", &["--list", "--state"]);
    for ((kind, group), members) in groups.iter().zip(["1", "1", "0"]) {
        let protocol = if *kind == "consumer" { "consumer" } else { "classic" };
        let row = listed.iter().find(|row| row[0] == *group).unwrap_or_else(|| panic!("{group}\n{outcome}"));
        assert_eq!(row[2..], [protocol, members], "{outcome}");
        let state = rows_of(&theirs, group).into_iter().next().expect("Kafka's tool has it too");
        assert_eq!(state.last(), Some(&row[1]), "{theirs}\n{outcome}");
    }
    let json = kcons(&["group", "list", "-o", "json"]).run();
    let lines = json.has_code(0).json_lines();
    let expected = serde_json::json!(
        {"group": groups[2].1, "state": "Empty", "protocol": "classic", "members": 0}
    );
    assert!(lines.contains(&expected), "{json}");
    // Only groups that read a topic.
    let (other, elsewhere) = (filled_topic(1, 1), unique_name("elsewhere"));
    kafka().commit(&elsewhere, &[(&other, 0, 1)]);
    let names = |topics: &[&str]| -> BTreeSet<String> {
        let topics = topics.iter().flat_map(|topic| ["--topic", topic]);
        let outcome = kcons(&["group", "list"]).args(topics).run();
        rows(outcome.has_code(0)).into_iter().map(|row| row[0].clone()).collect()
    };
    let readers: BTreeSet<String> = groups.iter().map(|(_, group)| group.clone()).collect();
    assert_eq!(names(&[&topic]), readers);
    assert_eq!(names(&[&other]), [elsewhere.clone()].into());
    assert_eq!(names(&[&other, &topic]), &readers | &[elsewhere].into());
    let missing = kcons(&["group", "list", "--topic", "task-craeted"]).run();
    missing.has_code(4).has_stdout("").stderr_contains("error: topic `task-craeted` does not exist\n");
    members.into_iter().for_each(|member| _ = member.end());
}

pub fn a_group_is_described_with_its_coordinator_and_its_rows() {
    let topic = filled_topic(2, 4);
    for (protocol, assignor) in [("classic", "range"), ("consumer", "uniform")] {
        let group = unique_name("group");
        let member = member(&topic, &group, protocol);
        let outcome = kcons(&["group", "describe", &group]).run();
        outcome.has_code(0).has_stderr("");
        let lines = outcome.lines();
        let coordinator = format!("Coordinator: {} (broker 1)", kafka().brokers());
        assert_eq!(lines[..2], ["State:       Stable".to_owned(), coordinator], "{outcome}");
        let assignor = format!("Assignor:    {assignor}");
        assert_eq!(lines[2..5], [assignor, "Members:     1".to_owned(), String::new()], "{outcome}");
        assert!(lines[5].starts_with("GROUP ") && lines[8].starts_with("TOTAL "), "{outcome}");
        assert_eq!(rows_of(&outcome.stdout_text(), &group).len(), 2, "{outcome}");
        let json = kcons(&["group", "describe", &group, "-o", "json"]).run();
        let lines = json.has_code(0).json_lines();
        assert_eq!((&lines[0]["protocol"], lines.len()), (&protocol.into(), 3), "{json}");
        member.end();
    }
}

pub fn a_member_without_partitions_is_named_though_it_has_no_row() {
    let topic = filled_topic(1, 2);
    for protocol in ["classic", "consumer"] {
        let group = unique_name("group");
        let first = member(&topic, &group, protocol);
        let second =
            consume(&topic).args(["-g", &group, "-X", &format!("group.protocol={protocol}")]).spawn();
        let spare = kafka().wait_for_members(&group, 2, 1);
        let spare =
            spare.iter().find(|member| member.partitions.is_empty()).expect("two share one partition");
        let outcome = kcons(&["group", "describe", &group]).run();
        let lines = outcome.has_code(0).lines();
        assert_eq!(lines[3], "Members:     2, 1 without partitions:", "{outcome}");
        assert_eq!(lines[4].trim_start(), format!("`{}` (kcons) at 127.0.0.1", spare.member_id), "{outcome}");
        assert_eq!(rows_of(&outcome.stdout_text(), &group).len(), 1, "{outcome}");
        let json = kcons(&["group", "describe", &group, "-o", "json"]).run();
        let head = &json.has_code(0).json_lines()[0];
        assert_eq!(head["members"], 2, "{json}");
        assert_eq!(head["members_without_partitions"], serde_json::json!([spare.member_id]), "{json}");
        [first, second].into_iter().for_each(|member| _ = member.end());
    }
}

/// What a reset printed: topic, partition and the new offset.
fn moved(rows: impl IntoIterator<Item = Row>) -> BTreeSet<(String, String, String)> {
    rows.into_iter()
        .map(|row| (row[1].clone(), row[2].clone(), row.last().expect("a row has cells").clone()))
        .collect()
}

fn reset(group: &str, arguments: &[&str]) -> Outcome {
    let outcome = kcons(&["group", "reset", group]).env("TZ", "UTC").args(arguments).run();
    outcome.has_code(0);
    outcome
}

pub fn each_position_and_shift_moves_a_group_where_kafkas_own_tool_does() {
    let topic = hourly_topic();
    let eleven = format!("@{}", NINE + 2 * HOUR);
    for (ours, theirs) in [
        (&["--to", "beginning"], &["--to-earliest"][..]),
        (&["--to", "end"], &["--to-latest"]),
        (&["--to", "4"], &["--to-offset", "4"]),
        (&["--to", "99"], &["--to-offset", "99"]),
        (&["--to", "0"], &["--to-offset", "0"]),
        (&["--to", &eleven], &["--to-datetime", "2025-11-23T11:00:00.000"]),
        (&["--to", "2025-11-23T15:30:00Z"], &["--to-datetime", "2025-11-23T15:30:00.000+00:00"]),
        (&["--to", "-1h"], &["--by-duration", "PT1H"]),
        (&["--shift", "+2"], &["--shift-by", "2"]),
        (&["--shift", "-1"], &["--shift-by", "-1"]),
        (&["--shift", "-99"], &["--shift-by", "-99"]),
        (&["--shift", "+99"], &["--shift-by", "99"]),
    ] {
        let (group, other) = (unique_name("group"), unique_name("group"));
        for group in [&group, &other] {
            kafka().commit(group, &[(&topic, 0, 5), (&topic, 1, 6)]);
        }
        let before = kafka().committed(&group);
        let scope = ["--topic", &topic];
        let dry = reset(&group, &[&scope[..], ours].concat());
        dry.stderr_contains("info: nothing is changed without `--execute`\n");
        assert_eq!(kafka().committed(&group), before, "{dry}");
        let their_rows = [&["--reset-offsets", "--group", &other, "--execute"], &scope[..], theirs].concat();
        let theirs = kafka().tool("consumer-groups", &their_rows);
        let theirs_moved = moved(rows_of(&theirs, &other));
        assert_eq!(moved(rows(&dry)), theirs_moved, "{theirs}\n{dry}");
        let done = reset(&group, &[&scope[..], ours, &["--execute"]].concat());
        done.stderr_lacks("nothing is changed");
        done.stderr_contains(&format!("Moved 2 partitions of group {group}\n"));
        assert_eq!(moved(rows(&done)), theirs_moved, "{theirs}\n{done}");
        assert_eq!(kafka().committed(&group), kafka().committed(&other), "{theirs}\n{done}");
    }
}

pub fn positions_that_kafkas_own_tool_lacks_are_counted_in_the_log() {
    let topic = hourly_topic();
    let group = unique_name("group");
    kafka().commit(&group, &[(&topic, 0, 5)]);
    for (to, expected) in [
        ("-3", &[(0, 7), (1, 7)][..]),
        ("-99", &[(0, 0), (1, 2)]),
        ("+3", &[(0, 3), (1, 5)]),
        ("0=9", &[(0, 9)]),
        ("0=beginning,1=-1", &[(0, 0), (1, 9)]),
    ] {
        let outcome = reset(&group, &["--topic", &topic, "--to", to, "-o", "json"]);
        let new = |line: &serde_json::Value| (line["partition"].as_i64(), line["new"].as_i64());
        let found: Vec<_> = outcome.json_lines().iter().map(new).collect();
        let expected: Vec<_> = expected.iter().map(|(p, offset)| (Some(*p), Some(*offset))).collect();
        assert_eq!(found, expected, "{to}\n{outcome}");
    }
    let clamped = reset(&group, &["--topic", &topic, "--to", "99"]);
    let warning = |partition, begin| {
        format!("warning: {topic} [{partition}]: offset 99 is outside {begin}..10, taking 10\n")
    };
    clamped.stderr_contains(&warning(0, 0)).stderr_contains(&warning(1, 2));
}

pub fn a_reset_moves_only_what_was_chosen() {
    let (topic, other) = (hourly_topic(), filled_topic(1, 4));
    let group = unique_name("group");
    kafka().commit(&group, &[(&topic, 0, 5), (&topic, 1, 6), (&other, 0, 3)]);
    let part = format!("{topic}:1");
    reset(&group, &["--topic", &part, "--to", "end", "--execute"]);
    let mut expected: Committed =
        [((topic.clone(), 0), 5), ((topic.clone(), 1), 10), ((other.clone(), 0), 3)].into();
    assert_eq!(kafka().committed(&group), expected);
    let all = reset(&group, &["--all-topics", "--shift", "-2", "--execute"]);
    expected = [((topic.clone(), 0), 3), ((topic.clone(), 1), 8), ((other.clone(), 0), 1)].into();
    assert_eq!(kafka().committed(&group), expected, "{all}");
    let (first, second) = if topic < other { (&topic, &other) } else { (&other, &topic) };
    let topics: Vec<_> = rows(&all).into_iter().map(|row| row[1].clone()).collect();
    assert_eq!((topics.first(), topics.last()), (Some(first), Some(second)), "{all}");
}

pub fn a_reset_makes_a_group_that_does_not_exist() {
    let topic = filled_topic(2, 4);
    let group = unique_name("new");
    let near = group.replacen("new", "newer", 1);
    kafka().commit(&near, &[(&topic, 0, 1)]);
    let dry = reset(&group, &["--topic", &topic, "--to", "end"]);
    let cluster = format!("info: cluster `{}`\n", kafka().brokers());
    dry.has_stderr(&format!(
        "{cluster}warning: group `{group}` does not exist yet and would be created; did you mean `{near}`?\n\
         info: nothing is changed without `--execute`\n"
    ));
    assert_eq!(rows(&dry)[0], [&group, &topic, "0", "-", "4"], "{dry}");
    assert!(!kafka().groups().contains(&group), "{dry}");
    let done = reset(&group, &["--topic", &topic, "--to", "end", "--execute"]);
    done.has_stderr(&format!(
        "{cluster}warning: group `{group}` does not exist yet and is created; did you mean `{near}`?\n\
         Moved 2 partitions of group {group}\n"
    ));
    assert_eq!(kafka().committed(&group), [((topic.clone(), 0), 4), ((topic.clone(), 1), 4)].into());
    let unlike = unique_name("quite-another");
    let dry = reset(&unlike, &["--topic", &topic, "--to", "end"]);
    dry.stderr_contains(&format!("info: group `{unlike}` does not exist yet and would be created\n"));
    let outcome = consume(&topic).args(["-g", &group, "-e"]).run();
    outcome.has_code(0).has_stdout("");
}

pub fn what_a_reset_cannot_find_is_an_error() {
    let topic = filled_topic(2, 2);
    let group = unique_name("group");
    kafka().commit(&group, &[(&topic, 0, 1)]);
    let fails = |group: &str, arguments: &[&str], code: i32, message: &str| {
        let outcome = kcons(&["group", "reset", group]).args(arguments).arg("--execute").run();
        outcome.has_code(code).has_stdout("").stderr_contains(message);
    };
    let missing = unique_name("missing");
    let gone = format!("error: topic `{missing}` does not exist\n");
    fails(&group, &["--topic", &missing, "--to", "end"], 4, &gone);
    let partitions = format!("error: topic `{topic}` has partitions 0 to 1, not 7\n");
    fails(&group, &["--topic", &format!("{topic}:0,7"), "--to", "end"], 4, &partitions);
    fails(&group, &["--topic", &topic, "--to", "7=end"], 4, &partitions);
    let unknown = format!("error: group `{missing}` does not exist\n");
    fails(&missing, &["--all-topics", "--to", "end"], 4, &unknown);
    let nothing = format!("error: group `{group}` has no committed offset to shift in {topic} [1]\n");
    fails(&group, &["--topic", &topic, "--shift", "+1"], 1, &nothing);
    assert_eq!(kafka().committed(&group), [((topic.clone(), 0), 1)].into(), "nothing was moved");
}

pub fn a_group_with_members_is_neither_reset_nor_deleted() {
    let topic = filled_topic(2, 4);
    for protocol in ["classic", "consumer"] {
        let group = unique_name("group");
        let member = member(&topic, &group, protocol);
        let id = kafka().members(&group)[0].member_id.clone();
        for (arguments, verb) in [
            (&["group", "reset", &group, "--topic", &topic, "--to", "end", "--execute"][..], "reset"),
            (&["group", "reset", &group, "--all-topics", "--to", "end"], "reset"),
            (&["group", "delete", &group, "--yes"], "deleted"),
        ] {
            let expected = format!(
                "error: group `{group}` has a member and cannot be {verb}\n  caused by: `{id}` (kcons) at 127.0.0.1\n  \
                 hint: stop its members first\n"
            );
            kcons(arguments).run().has_code(1).has_stdout("").has_stderr(&expected);
        }
        member.end();
    }
}

pub fn a_group_is_deleted_once_somebody_agrees() {
    let topic = filled_topic(1, 2);
    let groups = [unique_name("group"), unique_name("group"), unique_name("group")];
    groups.iter().for_each(|group| kafka().commit(group, &[(&topic, 0, 1)]));
    let [yes, typed, no] = &groups;
    kafka().commit(no, &[(&filled_topic(2, 2), 1, 1)]);
    kcons(&["group", "delete", yes]).run().has_code(2).has_stdout("").stderr_contains("`--yes` is missing");
    let outcome = kcons(&["group", "delete", yes, "-y", "-o", "json"]).run();
    outcome.has_code(0).has_stdout(format!("{{\"group\":\"{yes}\",\"result\":\"deleted\"}}\n"));
    let question = |group: &str, partitions: &str| {
        format!("Delete group `{group}` (Empty, offsets in {partitions})? [y/N] ")
    };
    let mut asked = kcons(&["group", "delete", typed, no]).spawn_on_terminal(OnTerminal::Both);
    asked.wait_for_stdout(|screen| screen.ends_with(&question(typed, "1 partition")));
    asked.send("y\n");
    asked.wait_for_stdout(|screen| screen.ends_with(&question(no, "2 partitions")));
    asked.send("\n");
    let asked = asked.finish();
    asked
        .has_code(1)
        .stdout_contains(&format!("{typed}  deleted\n{no}  not deleted\n"))
        .stdout_lacks("error");
    // The end of input (Ctrl-D) is a no, and the table begins on a line of its own.
    let mut ended = kcons(&["group", "delete", no]).spawn_on_terminal(OnTerminal::Both);
    ended.wait_for_stdout(|screen| screen.ends_with(&question(no, "2 partitions")));
    ended.send([4]);
    ended.finish().has_code(1).stdout_contains(&format!("{}\nGROUP ", question(no, "2 partitions")));
    let left = kafka().groups();
    assert!(left.contains(no) && !left.contains(yes) && !left.contains(typed), "{left:?}");
    kcons(&["group", "delete", yes, "--yes"]).run().has_code(4).has_stdout("");
}

pub fn a_question_that_a_signal_interrupts_deletes_nothing() {
    let topic = filled_topic(1, 2);
    let group = unique_name("group");
    kafka().commit(&group, &[(&topic, 0, 1)]);
    let mut asked = kcons(&["group", "delete", &group]).spawn_on_terminal(OnTerminal::Both);
    asked.wait_for_stdout(|screen| screen.contains("[y/N]"));
    asked.press_control_c();
    asked.finish().was_ended_by(Signal::SIGINT);
    assert!(kafka().groups().contains(&group));
}
