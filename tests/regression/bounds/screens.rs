//! Text of strangers on a terminal, and on stderr wherever that goes.

use super::{TOPIC, reading, topic_with};
use crate::support::Outcome;
use crate::support::run::Kcons;
use crate::support::terminal::OnTerminal;

/// What acts on a terminal, ends a line or hides: an escape sequence, C1, DEL, bidi, separators, zero width.
const EVIL: &str = "\u{1b}]0;owned\u{7}\u{9b}31m\u{7f}\u{202e}\u{2066}\u{2028}\u{85}\u{200b}\u{feff}";

fn is_harmless(outcome: &Outcome, text: &str) {
    let acts = |character: &char| {
        (character.is_control() && *character != '\n')
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    outcome.check(!text.contains(|character| acts(&character)), "something acts on the terminal");
}

/// JSON went to a terminal with C1, DEL and bidi controls as they were.
pub fn json_on_a_terminal_is_escaped_and_means_the_same() {
    let json = format!("{{\"{0}\":\"{0}\"}}", EVIL.replace('\u{1b}', "\\u001b").replace('\u{7}', "\\u0007"));
    let mock = topic_with(&[json.as_str(), EVIL]);
    let plain = ["-o", "json", "--color", "never"];
    let on_terminal = reading(&mock, &plain).spawn_on_terminal(OnTerminal::Stdout).finish();
    let in_pipe = reading(&mock, &["-o", "json"]).run();
    assert_eq!(on_terminal.has_code(0).json_lines(), in_pipe.has_code(0).json_lines());
    is_harmless(&on_terminal, &on_terminal.stdout_text());
    // A pipe gets the bytes of the value.
    in_pipe.stdout_contains(&json);
}

/// Raw values went to a terminal with all that acts on it.
pub fn raw_on_a_terminal_is_escaped_and_in_a_pipe_as_it_is() {
    let value = format!("a\tb\n{EVIL}");
    let mock = topic_with(&[value.as_str()]);
    let on_terminal = reading(&mock, &["-o", "raw"]).spawn_on_terminal(OnTerminal::Stdout).finish();
    let text = on_terminal.has_code(0).stdout_text();
    is_harmless(&on_terminal, &text.replace('\t', ""));
    assert!(text.starts_with("a\tb\n\\x1b]0;owned\\x07\\u{9b}31m\\x7f\\u{202e}"), "{text}");
    reading(&mock, &["-o", "raw"]).run().has_code(0).has_stdout(format!("{value}\n"));
}

/// What was typed, or read from a file, was repeated in errors as it was: with line breaks it made lines of its own.
pub fn a_usage_error_is_one_line_whatever_was_typed() {
    let evil = format!("x{EVIL}\nerror: fake\r\nhint: run this");
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("client.properties");
    std::fs::write(&file, "bo\\u001b\\u000aerror\\: fake=1\n").expect("a file");
    let file = file.to_str().expect("UTF-8");
    for words in [
        vec!["consume", TOPIC, &evil, "--count", &evil],
        vec![&evil],
        vec!["consume", "--offset-reset", &evil],
        vec!["consume", TOPIC, "-X", &evil],
        vec!["consume", TOPIC, "--from", &evil],
        vec!["consume", TOPIC, "--filter", &evil],
        vec!["consume", TOPIC, "--profile", &evil],
        vec!["consume", &evil, "--nonsense"],
        vec!["consume", TOPIC, "-F", file],
        vec!["lag", "g", "--max-lag", &evil],
    ] {
        for log in ["text", "json"] {
            let outcome = Kcons::new(&words).args(["--log", log]).run();
            let text = outcome.stderr_text();
            is_harmless(&outcome, &text);
            let is_ours = |line: &str| {
                ["error: ", "  caused by: ", "  hint: ", "    ", "{"]
                    .iter()
                    .any(|start| line.starts_with(start))
            };
            outcome.check(text.lines().all(is_ours), "a line is not ours");
            outcome.check(
                text.matches("error: fake").count() == 0 || !text.contains("\nerror: fake"),
                "a fake line",
            );
        }
    }
}

/// The reason of a worker, in which values of records stand, went to the terminal as it was.
pub fn words_of_a_worker_do_not_act_on_a_terminal() {
    let worker = "while read -r line; do printf 'fail \\033]0;owned\\007\\302\\233\\342\\200\\256\\n'; done";
    let member = ["-g", "g", "-X", "partition.assignment.strategy=cooperative-sticky"];
    for policy in [&["--on-failure", "skip"][..], &["--on-failure", "stop"], &["--dead-letter", "t.dead"]] {
        let mock = topic_with(&["1", "2"]);
        let outcome = reading(&mock, &member)
            .args(["--worker", worker, "--color", "never"])
            .args(policy)
            .spawn_on_terminal(OnTerminal::Stderr)
            .finish();
        is_harmless(&outcome, &outcome.stderr_text());
        outcome.stderr_contains(r"\x1b]0;owned\x07\u{9b}\u{202e}");
    }
}
