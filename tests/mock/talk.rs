//! What is said on stderr: how loud, in which form, and the table of properties.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::operations::COMMANDS;
use crate::support::mock::Mock;
use crate::support::run::Kcons;
use crate::support::terminal::OnTerminal;
use crate::support::{Outcome, Produced, unique_name, wait_until};

fn filled() -> (Mock, String) {
    let mock = Mock::start(1);
    let topic = unique_name("tasks");
    mock.create_topic(&topic, 1);
    mock.produce(&topic, &[Produced::value("1"), Produced::value("not json")]);
    (mock, topic)
}

fn consume(mock: &Mock, topic: &str) -> Kcons {
    let command = Kcons::new(["consume", topic, "--brokers", &mock.brokers()]);
    command.args(["-X", "partition.assignment.strategy=cooperative-sticky"]).deadline(Duration::from_secs(30))
}

/// The names of an object's fields, in order.
fn names(event: &str) -> Vec<String> {
    // A map of serde_json may sort its names: the text itself has their order.
    let value: Value = serde_json::from_str(event).unwrap_or_else(|error| panic!("{event}: {error}"));
    let mut names: Vec<String> = value.as_object().expect("an object").keys().cloned().collect();
    names.sort_by_key(|name| event.find(&format!("\"{name}\":")));
    names
}

#[test]
fn each_event_has_its_shape() {
    let (mock, topic) = filled();
    let group = unique_name("group");
    let arguments = ["--group", &group, "--log", "json", "--value-format", "json", "--commit", "manual"];
    let mut running = consume(&mock, &topic).args(arguments).spawn();
    running.wait_for_stderr("\"end_reached\"");
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0);
    let said = outcome.stderr_text();
    let first = |name: &str| {
        let line = said.lines().find(|line| line.contains(&format!("\"event\":\"{name}\"")));
        line.unwrap_or_else(|| panic!("no {name}\n{outcome}")).to_owned()
    };
    for (name, fields) in [
        ("startup_complete", &["topics", "message"][..]),
        ("partitions_assigned", &["partitions", "message"]),
        ("record_failed", &["topic", "partition", "offset", "message"]),
        ("end_reached", &["topic", "partition", "message"]),
        ("offsets_committed", &["offsets", "result"]),
        ("shutdown_complete", &["records", "dropped", "message"]),
    ] {
        let event = first(name);
        assert_eq!(names(&event), [&["timestamp", "event"], fields].concat(), "{event}");
        let timestamp = &event[r#"{"timestamp":""#.len()..][..24];
        assert!(timestamp.starts_with("20") && timestamp.ends_with('Z'), "{event}");
    }
    let value = |name: &str| serde_json::from_str::<Value>(&first(name)).expect("it is JSON");
    assert_eq!(
        value("partitions_assigned")["partitions"],
        serde_json::json!([{"topic": topic, "partition": 0}])
    );
    let committed = serde_json::json!([{"topic": topic, "partition": 0, "offset": 1}]);
    assert_eq!(value("offsets_committed")["offsets"], committed);
    assert_eq!(value("record_failed")["offset"], 1);
    assert_eq!(value("shutdown_complete")["records"], 2);
    assert_eq!(value("startup_complete")["message"], format!("Subscribed to topic: {topic}"));
}

#[test]
fn errors_and_warnings_are_events_too() {
    let outcome = Kcons::new(["consume", "t", "-b", "no-such-host.invalid:1", "--connect-timeout", "3s"])
        .args(["--log", "json"])
        .run();
    outcome.has_code(3).has_stdout("");
    let errors = outcome.events_named("error");
    assert_eq!((outcome.events_named("warning").len(), errors.len()), (0, 1), "{outcome}");
    assert_eq!(errors[0]["message"], "cannot reach any broker at `no-such-host.invalid:1`", "{outcome}");
    assert_eq!(
        errors[0]["causes"],
        serde_json::json!(["cannot resolve `no-such-host.invalid`"]),
        "{outcome}"
    );
    assert!(errors[0]["hint"].is_string(), "{outcome}");
    let (mock, topic) = filled();
    let mut running = consume(&mock, &topic).args(["--log", "json"]).spawn();
    running.wait_for_stderr("end_reached");
    mock.take_down(1);
    running.wait_for_stderr("lost all brokers");
    mock.bring_up(1);
    running.wait_for_stderr("connected again");
    running.signal(Signal::SIGINT);
    let outcome = running.finish();
    outcome.was_ended_by(Signal::SIGINT);
    assert_eq!(outcome.events_named("warning")[0]["message"], "lost all brokers, still trying", "{outcome}");
}

/// Every line of stderr is an event with a time and a name.
#[track_caller]
fn are_events(outcome: &Outcome) -> Vec<String> {
    let text = outcome.stderr_text();
    outcome.check(text.is_empty() || text.ends_with('\n'), "the last line is not whole");
    let name = |line: &str| {
        let names = if serde_json::from_str::<Value>(line).is_ok() { names(line) } else { Vec::new() };
        outcome.check(names.starts_with(&["timestamp".into(), "event".into()]), &format!("no event: {line}"));
        let event: Value = serde_json::from_str(line).expect("it was read just now");
        outcome.check(
            event["event"] == "offsets_committed" || event["message"].is_string(),
            &format!("no message: {line}"),
        );
        let time = event["timestamp"].as_str().unwrap_or_default();
        let is_time = time.len() == "2026-11-23T09:00:00.000Z".len() && time.ends_with('Z');
        outcome.check(is_time, &format!("no time: {line}"));
        event["event"].as_str().unwrap_or_default().to_owned()
    };
    text.lines().map(name).collect()
}

#[test]
fn usage_errors_are_events_in_every_command() {
    for arguments in [
        &["consume", "t", "--formt", "x", "--log", "json"][..],
        &["consume", "t", "-o", "yaml", "--log=json"],
        &["--log", "json", "consum", "t"],
        &["--log", "json"],
        &["consume", "--log", "json"],
        &["consume", "t", "--log", "json", "--commit", "manual"],
        &["consume", "t", "--log", "json", "-X", "clientid=me"],
        &["demo", "--log", "json", "--instance-id", "i"],
        &["lag", "g", "g", "--log", "json"],
        &["lag", "g", "--log", "json", "--watch", "x"],
        &["group", "--log", "json"],
        &["group", "reset", "g", "--log", "json"],
        &["group", "delete", "g", "--log", "json"],
        &["topic", "describe", "--log", "json"],
        &["completions", "csh", "--log", "json"],
    ] {
        let outcome = Kcons::new(arguments).run();
        outcome.has_code(2).has_stdout("");
        assert_eq!(are_events(&outcome), ["error"], "{outcome}");
    }
    let text = Kcons::new(["consume", "--formt", "--", "--log", "json"]).run();
    text.has_code(2).check(text.stderr_text().starts_with("error: "), "what a handler gets is not ours");
}

#[test]
fn errors_of_commands_that_ask_are_events() {
    let nowhere = ["-b", "no-such-host.invalid:1", "--connect-timeout", "300ms", "--log", "json"];
    for command in COMMANDS {
        let outcome = Kcons::new(command).args(nowhere).run();
        outcome.has_code(3).has_stdout("");
        assert_eq!(are_events(&outcome), ["error"], "{outcome}");
    }
}

#[test]
fn a_demo_and_its_broker_tell_events() {
    let outcome = Kcons::new(["demo", "--log", "json", "--exec", "echo said >&2"]).run();
    outcome.has_code(0);
    let names = are_events(&outcome);
    for name in [
        "startup_complete",
        "partitions_assigned",
        "end_reached",
        "handler_output",
        "offsets_committed",
        "shutdown_complete",
    ] {
        outcome.check(names.iter().any(|other| other == name), &format!("no {name}"));
    }
    let mut serving = Kcons::new(["demo", "--serve", "--log", "json"]).spawn();
    serving.wait_for_stderr("cooperative-sticky");
    serving.signal(Signal::SIGTERM);
    let outcome = serving.finish();
    outcome.has_code(0);
    assert!(are_events(&outcome).iter().all(|name| name == "info"), "{outcome}");
}

#[test]
fn a_run_that_a_second_signal_ends_leaves_whole_events() {
    let (mock, topic) = filled();
    let options = ["--log", "json", "--exec", "echo at work >&2; while :; do sleep 0.01; done"];
    let mut running = consume(&mock, &topic).args(options).spawn();
    running.wait_for_stderr("at work");
    running.signal(Signal::SIGTERM);
    running.wait_for_stderr("Shutdown signal received...");
    let taken = running.elapsed();
    // Sooner it would be the same request.
    wait_until("the second signal to be another request", Duration::from_secs(5), || {
        (running.elapsed() > taken + Duration::from_millis(600)).then_some(())
    });
    running.signal(Signal::SIGINT);
    let outcome = running.finish();
    outcome.has_code(130);
    let names = are_events(&outcome);
    let warnings = outcome.events_named("warning");
    let last = warnings.last().expect("it says what is left");
    assert_eq!(last["message"], "ended at once: 1 record unfinished", "{outcome}");
    assert!(!names.iter().any(|name| name == "shutdown_complete" || name == "error"), "{outcome}");
}

#[test]
fn quiet_leaves_only_errors() {
    let (mock, topic) = filled();
    let read = |arguments: &[&str]| {
        let command = consume(&mock, &topic).args(["-e", "-o", "pretty", "--value-format", "json"]);
        command.args(arguments).run()
    };
    read(&[]).has_code(0).stderr_contains("warning: ").stderr_contains("Reached end");
    read(&["--quiet"]).has_code(0).has_stderr("");
    read(&["--quiet", "--log", "json"]).has_code(0).has_stderr("");
    let strict = read(&["--quiet", "--strict"]);
    strict.has_code(5).check(strict.stderr_text().starts_with("error: "), "the error is missing");
    read(&["-v", "-q"]).has_code(0).has_stderr("");
    read(&["-q", "-v"]).has_code(0).stderr_contains("warning: ").stderr_contains("Reached end");
}

#[test]
fn verbose_says_more_and_twice_even_more() {
    let (mock, topic) = filled();
    // A group each: the broker lets the second rebalance of one wait.
    let read = |arguments: &[&str]| {
        let group = unique_name("group");
        consume(&mock, &topic).args(["-e", "--group", &group]).args(arguments).run()
    };
    read(&[]).has_code(0).has_stderr("");
    let verbose = read(&["--verbose"]);
    verbose.has_code(0).stderr_contains(&format!("Assigned: {topic} [0]\n")).stderr_lacks("[thrd:");
    let library = read(&["-vv", "-X", "debug=topic"]);
    library.has_code(0).stderr_contains("[thrd:");
}

#[test]
fn print_config_names_every_origin() {
    let command = Kcons::new(["consume", "t", "--print-config", "-F", "my.properties"]);
    let text = "client.rack=r1\nsasl.username=u\nsasl.password=hidden\nsecurity.protocol=sasl_plaintext\nsasl.mechanism=PLAIN\n";
    std::fs::write(command.home().join("my.properties"), text).expect("the home is ours");
    let command = command.env("KCONS_BROKERS", "somewhere:1").args(["-g", "g", "-X", "client.id=me"]);
    let outcome = command.run();
    outcome.has_code(0).has_stderr("");
    let row = |name: &str| {
        let lines = outcome.lines();
        let line = lines.iter().find(|line| line.split_whitespace().next() == Some(name));
        let line = line.unwrap_or_else(|| panic!("no {name}\n{outcome}"));
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("bootstrap.servers"), "somewhere:1 env KCONS_BROKERS");
    assert_eq!(row("group.id"), "g option");
    assert_eq!(row("client.id"), "me -X");
    assert_eq!(row("client.rack"), "r1 file my.properties");
    assert_eq!(row("sasl.password"), "*** file my.properties");
    assert_eq!(row("heartbeat.interval.ms"), "1000 kcons");
    assert_eq!(row("session.timeout.ms"), "45000 default");
    outcome.check(!outcome.stdout_text().contains("hidden"), "a secret was shown");
}

#[test]
fn usage_errors_have_one_form() {
    for (arguments, said) in [
        (&["consume", "t", "--formt", "x"][..], "error: unexpected argument `--formt`\n  hint: "),
        (&["consum", "t"], "error: "),
        (&["consume", "t", "-o", "yaml"], "error: invalid value `yaml` for `--output`\n  hint: "),
        (&["consume", "t", "-n", "abc"], "error: invalid value `abc` for `--count`\n  caused by: "),
        (
            &["consume", "t", "--idle-timeout", "5"],
            "error: invalid value `5` for `--idle-timeout`\n  caused by: ",
        ),
        (&["demo", "--follow", "-e"], "error: `--exit` cannot be used with `--follow`\n"),
        (&["consume", "t", "--commit", "manual"], "error: `--commit` needs `--group`\n  hint: "),
        (
            &["consume", "t", "-g", "g", "--from", "end"],
            "error: `--from` cannot be used with `--group`\n  hint: ",
        ),
        (&["consume", "t", "-X", "enable.auto.offset.store=true"], "error: "),
        (&["consume", "-C", "-t", "t"], "error: unexpected argument `-C`\n  hint: "),
        (&["consume", "t", "-o", "beginning"], "error: invalid value `beginning` for `--output`\n  hint: "),
        (&["-v"], "error: a command is missing\n  hint: "),
    ] {
        let outcome = Kcons::new(arguments).run();
        outcome.has_code(2).has_stdout("");
        let text = outcome.stderr_text();
        outcome.check(text.starts_with(said), &format!("not: {said}"));
        let is_formed = |line: &str| {
            let starts = ["error: ", "  caused by: ", "  hint: "].iter().any(|start| line.starts_with(start));
            starts && !line.ends_with('.')
        };
        outcome.check(text.lines().all(is_formed), "a line has another form");
    }
}

#[test]
fn help_is_short_or_long() {
    let short = Kcons::new(["consume", "-h"]).run();
    let long = Kcons::new(["consume", "--help"]).run();
    short.has_code(0).has_stderr("").stdout_contains("--offset-reset");
    long.has_code(0).has_stderr("").stdout_contains("Example: kcons consume");
    long.check(long.stdout.len() > short.stdout.len(), "the long help is not longer");
    for word in ["--version", "version"] {
        let version = Kcons::new([word]).run();
        version.has_code(0).has_stderr("").has_stdout(format!("kcons {}\n", env!("CARGO_PKG_VERSION")));
    }
    Kcons::new(["help", "consume"]).run().has_code(0).has_stderr("").has_stdout(&long.stdout);
    let bare = Kcons::new([""; 0]).run();
    bare.has_code(2).has_stdout("").has_stderr(&Kcons::new(["-h"]).run().stdout_text());
}

#[test]
fn help_is_bold_on_a_terminal_where_color_is_wanted() {
    const BOLD: &str = "\x1b[1m";
    let help = |words: &[&str], no_color: &str| {
        let command = Kcons::new(words).env("NO_COLOR", no_color);
        command.spawn_on_terminal(OnTerminal::Stdout).finish()
    };
    for words in [["lag", "-h"], ["help", "lag"]] {
        help(&words, "").has_code(0).has_stderr("").stdout_contains(&format!("{BOLD}--max-lag"));
        help(&words, "1").has_code(0).has_stderr("").stdout_lacks("\x1b");
    }
    help(&["lag", "-h", "--color", "never"], "").has_code(0).stdout_lacks("\x1b");
    Kcons::new(["lag", "-h"]).run().has_code(0).stdout_lacks("\x1b");
    Kcons::new(["lag", "-h", "--color=always"]).run().has_code(0).stdout_contains(BOLD);
    let bare = Kcons::new([""; 0]).spawn_on_terminal(OnTerminal::Stderr).finish();
    bare.has_code(2).has_stdout("").stderr_contains(BOLD);
}

#[test]
fn the_last_of_two_values_counts() {
    let outcome = Kcons::new(["-b", "a:1", "-q", "consume", "t"])
        .args(["-b", "b:1", "-X", "client.id=x", "-X", "client.id=y", "--print-config"])
        .run();
    outcome.has_code(0).has_stderr("");
    let rows: Vec<String> =
        outcome.lines().iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for row in ["bootstrap.servers b:1 option", "client.id y -X"] {
        outcome.check(rows.iter().any(|line| line == row), &format!("no `{row}`"));
    }
}
