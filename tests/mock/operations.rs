//! Commands about groups and topics: what they have in common with all others, and what needs no real Kafka.

use std::fs;
use std::time::Duration;

use crate::support::mock::Mock;
use crate::support::run::{Kcons, Reader};
use crate::support::{Produced, unique_name};

/// Each command in a form that only lacks a broker.
pub const COMMANDS: [&[&str]; 7] = [
    &["lag", "g"],
    &["group", "list"],
    &["group", "describe", "g"],
    &["group", "reset", "g", "--topic", "t", "--to", "end"],
    &["group", "delete", "g", "--yes"],
    &["topic", "list"],
    &["topic", "describe", "t"],
];

#[test]
fn no_broker_is_an_error_with_the_reason() {
    let nowhere = "no-such-host.invalid:1";
    for command in COMMANDS {
        let outcome = Kcons::new(command).args(["-b", nowhere, "--connect-timeout", "300ms"]).run();
        outcome.has_code(3).has_stdout("").took_less_than(Duration::from_secs(9));
        outcome.stderr_contains(&format!("error: cannot reach any broker at `{nowhere}`\n  caused by: "));
    }
}

#[test]
fn a_failure_is_an_event_with_log_json() {
    let outcome = Kcons::new(["lag", "g", "-b", "no-such-host.invalid:1", "--connect-timeout", "300ms"])
        .args(["--log", "json"])
        .run();
    outcome.has_code(3).has_stdout("");
    assert_eq!(outcome.events_named("error").len(), 1, "{outcome}");
}

#[test]
fn properties_are_shown_with_their_origin() {
    for command in COMMANDS {
        let outcome = Kcons::new(command).args(["--print-config", "-X", "client.id=me"]).run();
        outcome.has_code(0).has_stderr("");
        let line =
            outcome.lines().into_iter().find(|line| line.starts_with("client.id ")).unwrap_or_default();
        outcome.check(line.split_whitespace().eq(["client.id", "me", "-X"]), "not its origin");
    }
    // Without names, too.
    for command in ["lag", "group describe", "group reset", "group delete", "topic describe"] {
        Kcons::new(command.split(' ')).arg("--print-config").run().has_code(0);
    }
}

#[test]
fn what_is_for_members_is_left_out_of_a_file_and_refused_when_typed() {
    for command in COMMANDS {
        let command = |more: &[&str]| {
            let command = Kcons::new(command).args(["--print-config"]).args(more);
            let text = "group.id=service\nauto.offset.reset=latest\nclient.id=service\n";
            fs::write(command.home().join("service.properties"), text).expect("the home is ours");
            command.run()
        };
        let outcome = command(&["-F", "service.properties"]);
        outcome.has_code(0).has_stderr("").stdout_contains("file service.properties");
        let line = outcome.lines().into_iter().find(|line| line.starts_with("group.id ")).unwrap_or_default();
        outcome.check(line.contains("(none)"), "the group of a service is used");
        let refused = command(&["-X", "group.id=g"]);
        refused
            .has_code(2)
            .has_stdout("")
            .stderr_contains("error: `-X group.id` cannot be used with `kcons ");
    }
}

#[test]
fn what_is_missing_or_makes_no_sense_is_named() {
    for (words, message) in [
        ("group", "a command is missing"),
        ("group describe", "`GROUP` is missing"),
        ("group delete", "`GROUP` is missing"),
        ("group delete g", "`--yes` is missing"),
        ("topic describe", "`TOPIC` is missing"),
        ("topic describe t t", "topic `t` is given twice"),
        ("lag g g", "group `g` is given twice"),
        ("lag g --topic t --topic t", "topic `t` is given twice"),
        ("lag --topic a/b", "invalid topic name `a/b`"),
        ("group list --topic t --topic t", "topic `t` is given twice"),
        ("lag g --watch 0s", "invalid value `0s` for `--watch`"),
        ("lag g --max-lag -1", "invalid value `-1` for `--max-lag`"),
        ("lag g -o raw", "invalid value `raw` for `--output`"),
        ("group reset g --topic t", "`--to` is missing"),
        ("group reset g --to end", "`--topic` is missing"),
        ("group reset g --topic t --shift 5", "invalid value `5` for `--shift`"),
        ("group reset g --topic t --to end --shift +5", "`--to` cannot be used with `--shift`"),
        ("group reset g --topic t --all-topics --to end", "`--topic` cannot be used with `--all-topics`"),
    ] {
        let outcome = Kcons::new(words.split(' ')).run();
        outcome.has_code(2).has_stdout("").stderr_contains(&format!("error: {message}\n"));
    }
}

fn filled() -> (Mock, String) {
    let mock = Mock::start(1);
    let topic = unique_name("tasks");
    mock.create_topic(&topic, 2);
    mock.produce(&topic, &vec![Produced::value("v").partition(1); 3]);
    (mock, topic)
}

#[test]
fn topics_are_listed_and_described() {
    let (mock, topic) = filled();
    let run = |arguments: &[&str]| {
        let outcome = Kcons::new(arguments).args(["-b", &mock.brokers()]).run();
        outcome.has_code(0).has_stderr("");
        outcome
    };
    let list = run(&["topic", "list", "-o", "json"]);
    let expected = serde_json::json!({"topic": topic, "partitions": 2, "replicas": 1});
    assert_eq!(list.json_lines(), [expected], "{list}");
    mock.create_topic("__consumer_offsets", 1);
    let names = |arguments: &[&str]| -> Vec<String> {
        let lines = run(arguments).json_lines();
        lines.iter().filter_map(|line| Some(line["topic"].as_str()?.to_owned())).collect()
    };
    assert_eq!(names(&["topic", "list", "-o", "json"]), std::slice::from_ref(&topic));
    assert_eq!(
        names(&["topic", "list", "-o", "json", "--all"]),
        ["__consumer_offsets".to_owned(), topic.clone()]
    );
    let outcome = run(&["topic", "describe", &topic, "-o", "json"]);
    let offsets = |line: &serde_json::Value| {
        (line["first_offset"].as_i64(), line["end_offset"].as_i64(), line["offsets"].as_i64())
    };
    let found: Vec<_> = outcome.json_lines().iter().map(offsets).collect();
    assert_eq!(found, [(Some(0), Some(0), Some(0)), (Some(0), Some(3), Some(3))], "{outcome}");
    let missing = Kcons::new(["topic", "describe", "nonsense", "-b", &mock.brokers()]).run();
    missing.has_code(4).has_stdout("");
    let expected = "error: topic `nonsense` does not exist\n  hint: `kcons topic list` shows all topics\n";
    missing.has_stderr(expected);
}

#[test]
fn a_reader_that_is_gone_is_no_error_and_a_full_disk_is() {
    let (mock, _) = filled();
    let list = || Kcons::new(["topic", "list", "-b", &mock.brokers()]);
    list().stdout(Reader::IsGone).run().has_code(0).has_stderr("");
    let full = list().stdout(Reader::File("/dev/full".into())).run();
    full.has_code(1).has_stderr("error: cannot write to stdout: No space left on device\n");
}
