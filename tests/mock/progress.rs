//! `--progress`: how far a run is, on stderr.

use std::num::NonZero;
use std::time::Duration;

use crate::support::mock::Mock;
use crate::support::run::Kcons;
use crate::support::terminal::OnTerminal;
use crate::support::{Produced, unique_name};

/// A broker with a topic of two partitions and three records.
fn filled() -> (Mock, String) {
    let mock = Mock::start(1);
    let topic = unique_name("tasks");
    mock.create_topic(&topic, 2);
    let record = |value: &str, partition| Produced::value(value).key("k").partition(partition);
    mock.produce(&topic, &[record("a", 0), record("b", 0), record("c", 1)]);
    (mock, topic)
}

fn consume(mock: &Mock, topic: &str) -> Kcons {
    let command = Kcons::new(["consume", topic, "--brokers", &mock.brokers(), "-o", "raw"]);
    command.args(["-X", "partition.assignment.strategy=cooperative-sticky"]).deadline(Duration::from_secs(30))
}

#[test]
fn always_says_it_in_lines_without_a_terminal_and_ends_at_100_percent() {
    let (mock, topic) = filled();
    for (arguments, records) in [
        (&["-e"][..], "100%, 3 records, "),
        (&["--to", "1"], "100%, 2 records, "),
        (&["-p", "0", "-n", "2"], "100%, 2 records, "),
        (&["--last", "2"], "100%, 3 records, "),
        (&["-e", "--filter", "false"], "100%, 3 records, "),
        (&["-e", "--merge"], "100%, 3 records, "),
        (&["-e", "--from", "end"], "100%, 0 records, "),
        (&["-e", "-g", &unique_name("group")], "100%, 3 records, "),
    ] {
        let outcome = consume(&mock, &topic).args(["--progress", "always"]).args(arguments).run();
        outcome.has_code(0);
        let stderr = outcome.stderr_text();
        let last = stderr.lines().last().expect("a line");
        assert!(last.starts_with(records) && last.ends_with(" s"), "{arguments:?}: {outcome}");
        // A run that takes longer than a second says more.
        let is_progress =
            |line: &str| line.starts_with(|c: char| c.is_ascii_digit()) && line.contains(" record");
        assert!(stderr.lines().all(is_progress), "{outcome}");
    }
    let outcome = consume_handled(&mock, &topic).args(["-e", "--progress", "always", "--exec", "true"]).run();
    outcome.has_code(0).stderr_contains("100%, 3 records, ");
}

#[test]
fn a_slow_run_says_a_line_each_second_and_one_that_is_stopped_what_it_has() {
    let (mock, topic) = filled();
    let slow = ["--exec", "sleep 0.7", "--progress", "always", "-e", "-p", "0"];
    let outcome = consume_handled(&mock, &topic).args(slow).run();
    outcome.has_code(0);
    let stderr = outcome.stderr_text();
    let percent = |line: &str| line.split_once("%, ").and_then(|(percent, _)| percent.parse::<u64>().ok());
    let percents: Vec<_> = stderr.lines().filter_map(percent).collect();
    assert!(percents.len() > 1 && percents.is_sorted() && percents.last() == Some(&100), "{outcome}");
    let endless = ["--progress", "always", "--idle-timeout", "3s"];
    let outcome = consume(&mock, &topic).args(endless).args(["-g", &unique_name("group")]).run();
    outcome.has_code(0);
    let stderr = outcome.stderr_text();
    let last = stderr.lines().last().expect("a line");
    assert!(last.starts_with("3 records, ") && last.ends_with(", lag 0"), "{outcome}");
    let outcome = consume(&mock, &topic).args(["--to", "4", "-p", "0"]).args(endless).run();
    let stderr = outcome.stderr_text();
    let last = stderr.lines().last().expect("a line");
    assert!(last.starts_with("50%, 2 records, ") && stderr.lines().count() > 1, "{outcome}");
}

fn consume_handled(mock: &Mock, topic: &str) -> Kcons {
    Kcons::new(["consume", topic, "--brokers", &mock.brokers()]).deadline(Duration::from_secs(30))
}

#[test]
fn nothing_is_shown_in_a_pipe_unless_it_is_asked_for() {
    let (mock, topic) = filled();
    for arguments in [&["-e"][..], &["-e", "--progress", "auto"], &["-e", "--progress", "never"]] {
        consume(&mock, &topic).args(arguments).run().has_code(0).has_stderr("");
    }
    for (arguments, other) in [(["--log", "json"], "--log json"), (["-e", "-q"], "--quiet")] {
        let outcome = consume(&mock, &topic).args(["--progress", "always"]).args(arguments).run();
        let message = format!("`--progress always` cannot be used with `{other}`");
        outcome.has_code(2).stderr_contains(&message);
    }
}

/// What a terminal of 24 lines and 80 columns shows of this.
fn screen(drawn: &str) -> String {
    let size = |length| NonZero::new(length).expect("a terminal has a size");
    let mut terminal = vt100::Parser::new(size(24), size(80), 0);
    terminal.process(drawn.replace('\n', "\r\n").as_bytes());
    terminal.screen().contents()
}

/// What this run draws on a terminal, and what is left of it there.
fn drawn(command: Kcons, which: OnTerminal) -> (String, String) {
    let outcome = command.spawn_on_terminal(which).finish();
    outcome.has_code(0);
    let drawn = match which {
        OnTerminal::Stderr => outcome.stderr_text(),
        OnTerminal::Stdout | OnTerminal::Both => outcome.stdout_text(),
    };
    (drawn.clone(), screen(&drawn))
}

/// Whether a bar was drawn in the middle of a run of three records; a busy machine may be late for the first.
fn is_on_its_way(bar: &str) -> bool {
    bar.contains("] 33%, 1 record") || bar.contains("] 66%, 2 records")
}

#[test]
fn a_terminal_gets_a_bar_that_goes_away() {
    let (mock, topic) = filled();
    let slow =
        |arguments: &[&str]| consume_handled(&mock, &topic).args(["--exec", "sleep 0.4"]).args(arguments);
    let (bar, left) = drawn(slow(&["-e"]), OnTerminal::Stderr);
    assert!(is_on_its_way(&bar) && bar.contains("[====="), "{bar:?}");
    let left: Vec<_> = left.trim().lines().collect();
    assert!(left.len() == 2 && left[0].starts_with("warning: "), "{left:?}");
    assert!(left[1].starts_with("Processed 3 records"), "{left:?}");
    let (bar, left) = drawn(slow(&["-e", "--progress", "always"]), OnTerminal::Stderr);
    assert!(is_on_its_way(&bar), "{bar:?}");
    assert!(left.contains("\n100%, 3 records, "), "{left:?}");
    // Not where there is no end, where it is not wanted, or on a terminal that cannot.
    for arguments in
        [&["-n", "3"][..], &["-e", "-q"], &["-e", "--progress", "never"], &["-e", "--log", "json"]]
    {
        let (bar, _) = drawn(slow(arguments), OnTerminal::Stderr);
        assert!(!bar.contains('%'), "{arguments:?}: {bar:?}");
    }
    let (bar, _) = drawn(slow(&["-e", "--progress", "always"]).env("TERM", "dumb"), OnTerminal::Stderr);
    assert!(bar.contains("100%, 3 records, ") && !bar.contains('['), "{bar:?}");
    // Where records are printed it would be among them.
    assert_eq!(drawn(consume(&mock, &topic).args(["-e", "-p", "1"]), OnTerminal::Both).0, "c\n");
    let always = ["-e", "-p", "1", "--progress", "always"];
    let (both, _) = drawn(consume(&mock, &topic).args(always), OnTerminal::Both);
    let last = both.lines().last().expect("a line");
    assert!(both.contains("c\n") && last.starts_with("100%, 1 record, ") && !both.contains('['), "{both:?}");
}

#[test]
fn a_short_run_draws_nothing() {
    let (mock, topic) = filled();
    let command = consume(&mock, &topic).args(["-p", "1", "-e"]);
    let outcome = command.spawn_on_terminal(OnTerminal::Stderr).finish();
    // On a busy machine it may not be short.
    if outcome.elapsed < Duration::from_millis(400) {
        outcome.has_code(0).has_stderr("");
    }
}

#[test]
fn lines_beside_the_bar_are_whole() {
    let (mock, topic) = filled();
    let handled = ["-e", "--exec", "sleep 0.4; echo said >&2"];
    let outcome = consume_handled(&mock, &topic).args(handled).spawn_on_terminal(OnTerminal::Stderr).finish();
    let drawn = outcome.stderr_text();
    assert!(is_on_its_way(&drawn), "{drawn:?}");
    let left = screen(&drawn);
    let lines: Vec<&str> = left.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.iter().filter(|line| **line == "said").count(), 3, "{left}");
    assert!(
        lines.iter().all(|line| *line == "said"
            || line.starts_with("warning: ")
            || line.starts_with("Processed 3 records")),
        "{left}"
    );
}
