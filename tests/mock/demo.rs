//! `kcons demo` in all its forms: nothing is installed, nothing is reached.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::Outcome;
use crate::support::run::Kcons;
use crate::support::terminal::OnTerminal;

const SOON: Duration = Duration::from_secs(25);
const TITLES: [&str; 5] =
    ["Buy groceries", "Call the dentist", "Pay the rent", "Water the plants", "Write to grandmother"];

fn demo(arguments: &[&str]) -> Kcons {
    Kcons::new(["demo"]).args(arguments).deadline(Duration::from_secs(30))
}

#[track_caller]
fn titles(outcome: &Outcome) -> Vec<String> {
    let title = |line: &serde_json::Value| line["value"]["title"].as_str().unwrap_or_default().to_owned();
    let mut titles: Vec<_> = outcome.json_lines().iter().map(title).collect();
    titles.sort();
    titles
}

#[test]
fn the_scenario_is_on_the_terminal_in_a_few_seconds() {
    let outcome = demo(&["--color", "never"]).spawn_on_terminal(OnTerminal::Both).finish();
    outcome.has_code(0).took_less_than(SOON);
    let text = outcome.stdout_text();
    let is_framed = text.starts_with("Subscribed to topic: task-created\n")
        && text.ends_with("Closing consumer...\nConsumer closed.\n");
    outcome.check(is_framed, "the frame of the scenario is missing");
    outcome.stdout_contains("Received task: Buy groceries\n  Key: task-123\n  Partition: 0, Offset: 0\n");
    for title in TITLES {
        outcome.stdout_contains(&format!("Received task: {title}\n  Key: task-"));
    }
    for partition in 0..3 {
        outcome.stdout_contains(&format!("Reached end of partition {partition}\n"));
    }
}

#[test]
fn a_pipe_gets_json_and_nothing_is_said() {
    for arguments in
        [&[][..], &["-o", "json", "--commit", "batch=10"], &["--commit", "manual", "--async-commit"]]
    {
        let outcome = demo(arguments).run();
        outcome.has_code(0).has_stderr("").took_less_than(SOON);
        assert_eq!(titles(&outcome), TITLES, "{outcome}");
        assert!(outcome.json_lines().iter().all(|line| line["topic"] == "task-created"), "{outcome}");
    }
}

#[test]
fn it_commits_with_the_group_of_the_demo() {
    let outcome = demo(&["--commit", "batch=10", "--log", "json"]).run();
    outcome.has_code(0);
    let committed = outcome.events_named("offsets_committed");
    let offsets: i64 = committed
        .iter()
        .flat_map(|event| event["offsets"].as_array().expect("there are offsets"))
        .filter_map(|offset| offset["offset"].as_i64())
        .sum();
    assert_eq!(offsets, 5, "two, two and one\n{outcome}");
    assert!(committed.iter().all(|event| event["result"] == "ok"), "{outcome}");
    let assigned = outcome.events_named("partitions_assigned");
    assert_eq!(assigned[0]["partitions"].as_array().map(Vec::len), Some(3), "{outcome}");
}

#[test]
fn a_start_or_partitions_make_it_read_alone() {
    for (arguments, count) in
        [(&["--from", "+1"][..], 2), (&["-p", "1"], 2), (&["--from", "0=1,1=end,2=end"], 1)]
    {
        let outcome = demo(arguments).args(["--log", "json"]).run();
        assert_eq!(outcome.has_code(0).json_lines().len(), count, "{outcome}");
        assert_eq!(outcome.events_named("offsets_committed").len(), 0, "{outcome}");
    }
    let outcome = demo(&["-n", "2"]).run();
    assert_eq!(outcome.has_code(0).json_lines().len(), 2, "{outcome}");
}

#[test]
fn follow_goes_on_with_new_tasks_until_control_c() {
    let mut terminal = demo(&["--follow", "--color", "never"]).spawn_on_terminal(OnTerminal::Stdout);
    terminal.wait_for_stdout(|text| text.matches("Received task: ").count() >= 7);
    terminal.press_control_c();
    let outcome = terminal.finish();
    outcome.was_ended_by(Signal::SIGINT);
    let said = outcome.stderr_text();
    let is_closed = said.ends_with("Shutdown signal received...\nClosing consumer...\nConsumer closed.\n");
    outcome.check(is_closed, "the end is not told");
}

#[test]
fn serve_keeps_a_broker_for_other_terminals() {
    let mut serving = demo(&["--serve"]).spawn();
    let line = serving.wait_for_lines(1).remove(0);
    serving.wait_for_stderr(
        "info: start group members with `-X partition.assignment.strategy=cooperative-sticky -X session.timeout.ms=6000`",
    );
    let brokers = line.strip_prefix("KCONS_BROKERS=").unwrap_or_else(|| panic!("{line}"));
    assert!(brokers.starts_with("127.0.0.1:"), "{line}");
    let alone = Kcons::new(["consume", "task-created", "-n", "7"]).env("KCONS_BROKERS", brokers).run();
    assert_eq!(alone.has_code(0).has_stderr("").json_lines().len(), 7, "{alone}");
    let cooperative = ["-X", "partition.assignment.strategy=cooperative-sticky"];
    // Its broker lets every rebalance but the first wait for almost a session.
    let cooperative = [&cooperative[..], &["-X", "session.timeout.ms=6000"]].concat();
    let member = Kcons::new(["consume", "task-created", "-e", "--group", "g"]).args(&cooperative);
    let member = member.env("KCONS_BROKERS", brokers).run();
    member.has_code(0).check(member.json_lines().len() >= 7, "tasks are missing");
    let again = Kcons::new(["consume", "task-created", "-n", "1", "--group", "g"]).args(cooperative);
    let again = again.env("KCONS_BROKERS", brokers).run();
    let first = again.has_code(0).json_lines().remove(0);
    let is_new = !member.json_lines().iter().any(|line| line["key"] == first["key"]);
    again.check(is_new, "the group did not resume");
    for command in [
        &["group", "list"][..],
        &["group", "describe", "g"],
        &["group", "delete", "g", "--yes"],
        &["group", "reset", "g", "--topic", "task-created", "--to", "end"],
        &["lag", "g"],
    ] {
        let refused = Kcons::new(command).env("KCONS_BROKERS", brokers).run();
        refused.has_code(1).has_stdout("").stderr_contains(
            "error: the broker does not support this\n  hint: the broker of `kcons demo --serve` has no group commands",
        );
    }
    serving.signal(Signal::SIGTERM);
    let outcome = serving.finish();
    outcome.has_code(0).has_stdout(format!("{line}\n"));
}

#[test]
fn what_its_broker_cannot_do_is_refused_with_the_reason() {
    for (arguments, option, reason) in [
        (&["-b", "x:1"][..], "--brokers", "it brings its own broker"),
        (&["--instance-id", "i"], "--instance-id", "its broker does not support static members"),
        (
            &["-X", "group.instance.id=i"],
            "-X group.instance.id",
            "its broker does not support static members",
        ),
        (&["--read-uncommitted"], "--read-uncommitted", "its broker does not support transactions"),
        (&["-X", "group.protocol=consumer"], "-X group.protocol", "its broker supports only classic groups"),
        (&["-X", "security.protocol=ssl"], "-X security.protocol", "its broker has neither TLS nor SASL"),
        (&["--from", "-1h"], "--from", "its broker cannot look up offsets by time"),
        (&["--to", "2025-11-23"], "--to", "its broker cannot look up offsets by time"),
    ] {
        let outcome = demo(arguments).run();
        outcome.has_code(2).has_stdout("");
        let said = format!("error: `{option}` cannot be used with `kcons demo`\n  caused by: {reason}\n");
        outcome.check(outcome.stderr_text().starts_with(&said), &format!("not: {said}"));
    }
    for (arguments, said) in [
        (&["--serve", "-n", "1"][..], "error: `--count` cannot be used with `--serve`\n"),
        (&["--serve", "--follow"], "error: `--serve` cannot be used with `--follow`\n"),
        (&["--follow", "-e"], "error: `--exit` cannot be used with `--follow`\n"),
        (&["--follow", "--to", "5"], "error: `--to` cannot be used with `--follow`\n"),
        (&["some-topic"], "error: unexpected argument `some-topic`\n"),
    ] {
        demo(arguments).run().has_code(2).has_stdout("").stderr_contains(said);
    }
}

#[test]
fn what_the_environment_says_of_real_brokers_does_not_count() {
    let outcome = demo(&[]).env("KCONS_BROKERS", "no-such-host.invalid:1").run();
    outcome.has_code(0).has_stderr("");
    assert_eq!(titles(&outcome), TITLES);
}

#[test]
fn its_records_are_handled() {
    let outcome = demo(&["--exec", "cat; echo"]).run();
    outcome.has_code(0).took_less_than(SOON);
    outcome.has_summary("5 records: 5 ok");
    let title = |line: &serde_json::Value| line["title"].as_str().unwrap_or_default().to_owned();
    let mut titles: Vec<_> = outcome.json_lines().iter().map(title).collect();
    titles.sort();
    assert_eq!(titles, TITLES, "{outcome}");
    for handler in [&["--worker", "while read -r line; do echo ok; done"][..], &["--", "true"]] {
        let outcome = demo(handler).run();
        outcome.has_code(0).has_stdout("").has_summary("5 records: 5 ok");
    }
}

#[test]
fn it_has_a_topic_for_dead_letters() {
    let options = ["--exec", "grep -v rent", "--retries", "0", "--dead-letter", "task-created.dead"];
    let outcome = demo(&options).run();
    outcome.has_code(0).took_less_than(SOON);
    outcome.has_summary("5 records: 4 ok, 1 dead-lettered").stderr_contains(
        "warning: task-created [0] @ 1: dead-lettered to `task-created.dead` after 1 attempt: exit status 1\n\
         Processed ",
    );
    assert_eq!(outcome.lines().len(), 4, "{outcome}");
    // Without one the run ends where it failed.
    demo(&options[..4]).run().has_code(5).stderr_contains("error: task-created [0] @ 1: processing failed");
    let outcome = demo(&["--forward", "task-created.dead"]).run();
    outcome.has_code(0).has_stdout("").has_summary("5 records: 5 ok");
    // Nobody can create one: the broker ends with the run.
    for options in [&["--forward", "nosuch"][..], &["--exec", "true", "--dead-letter", "nosuch"]] {
        demo(options).run().has_code(4).has_stdout("").has_stderr(
            "error: topic `nosuch` does not exist\n  caused by: this run produces to it, so it must exist\n  \
             hint: the demo has one topic to produce to: `task-created.dead`\n",
        );
    }
}

#[test]
fn ids_of_its_records_are_not_remembered_by_the_next_demo() {
    let command = demo(&["--exec", "true", "--dedup", ".value.id", "-n", "2"]);
    let outcome = command.run();
    outcome.has_code(0).has_summary("2 records: 2 ok");
    let state = outcome.home().join(".local/state/kcons");
    let left: Vec<_> = std::fs::read_dir(&state).map(|names| names.flatten().collect()).unwrap_or_default();
    outcome.check(left.is_empty(), &format!("left behind: {left:?}"));
    let kept = demo(&["--exec", "true", "--dedup", ".value.id", "--dedup-store", "ids.redb"]).run();
    kept.has_code(0).check(kept.home().join("ids.redb").exists(), "a store that was asked for is gone");
}
