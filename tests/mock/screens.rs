//! Records as people see them: on terminals of some width, in color, and in pipes.

use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use crate::support::mock::Mock;
use crate::support::run::Kcons;
use crate::support::terminal::OnTerminal;
use crate::support::{Outcome, Produced, wait_until};

/// 2026-11-23 in UTC.
const TIME: i64 = 1_795_428_000_123;
const LONG: &str = r#"{"id":"o-1","customer":{"name":"Ana","id":11},"items":[{"sku":"S80"},{"sku":"S81"}]}"#;

fn topics(topics: &[(&str, &[Produced])]) -> Mock {
    let mock = Mock::start(1);
    for (topic, records) in topics {
        mock.create_topic(topic, 1);
        mock.produce(topic, records);
    }
    mock
}

fn at(value: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Produced {
    Produced::value(value).key(key).partition(0).at(TIME)
}

fn consume(mock: &Mock, words: &[&str]) -> Kcons {
    let command = Kcons::new(["consume", "-b", &mock.brokers()]).args(words).env("TZ", "UTC");
    command.deadline(Duration::from_secs(30))
}

/// What is seen on a terminal of 80 columns.
fn seen(mock: &Mock, words: &[&str]) -> Outcome {
    let outcome = consume(mock, words).spawn_on_terminal(OnTerminal::Stdout).finish();
    outcome.has_code(0);
    outcome
}

fn is_narrower_than(outcome: &Outcome, columns: usize) {
    let is_narrow = outcome.stdout_text().lines().all(|line| line.width() <= columns);
    outcome.check(is_narrow, "a line is wider than the terminal");
}

#[test]
fn a_line_is_in_columns_on_a_terminal_and_uncut_in_a_pipe() {
    let mock = topics(&[(
        "shop.orders",
        &[at(LONG, "c1"), at("Buy milk", "c2000"), Produced::tombstone("c3").at(TIME)],
    )]);
    let line = ["shop.orders", "-e", "-o", "line"];
    seen(&mock, &[&line[..], &["--color", "never"]].concat()).has_stdout(
        "2026-11-23 10:00:00.123  [0] @ 0  c1  {\"id\":\"o-1\",\"customer\":{\"name\":\"Ana\",\"id\"…\n\
         2026-11-23 10:00:00.123  [0] @ 1  c2000  \"Buy milk\"\n\
         2026-11-23 10:00:00.123  [0] @ 2  c3     null\n",
    );
    let time = "\x1b[2m2026-11-23 10:00:00.123\x1b[0m";
    seen(&mock, &line)
        .stdout_contains(&format!("{time}  \x1b[2m[0] @ 1\x1b[0m  \x1b[36mc2000\x1b[0m  \"Buy milk\"\n"));
    let piped = consume(&mock, &line).run();
    piped.has_code(0).has_stdout(format!(
        "2026-11-23 10:00:00.123  [0] @ 0  c1  {LONG}\n\
         2026-11-23 10:00:00.123  [0] @ 1  c2000  \"Buy milk\"\n\
         2026-11-23 10:00:00.123  [0] @ 2  c3  null\n"
    ));
    // It is for people, so the run is told of.
    piped
        .stderr_contains("Subscribed to topic: shop.orders\n")
        .stderr_contains("Reached end of partition 0\n");
}

#[test]
fn a_line_names_the_topic_where_there_are_several() {
    let mock = topics(&[("tasks", &[at("1", "a")]), ("orders", &[at("2", "b")])]);
    let outcome = consume(&mock, &["tasks", "orders", "-e", "-o", "line"]).run();
    outcome.has_code(0);
    outcome.stdout_contains("  tasks [0] @ 0  a  1\n").stdout_contains("  orders [0] @ 0  b  2\n");
}

#[test]
fn a_window_that_changes_its_size_is_followed() {
    let mock = topics(&[("t", &[at("x".repeat(500), "k")])]);
    let mut terminal =
        consume(&mock, &["t", "-o", "line", "--color", "never"]).spawn_on_terminal(OnTerminal::Stdout);
    let first = terminal.wait_for_lines(1);
    assert_eq!(first[0].width(), 80);
    terminal.resize(24, 57);
    wait_until("a line of the new width", Duration::from_secs(10), || {
        mock.produce("t", &[at("x".repeat(500), "k")]);
        let lines = terminal.stdout_lines();
        (lines.last()?.width() == 57).then_some(())
    });
    terminal.press_control_c();
    terminal.finish();
}

#[test]
fn wide_characters_and_what_acts_on_a_terminal_keep_their_line_in_every_format() {
    let evil = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{2028}\u{200b}";
    let json = |text: &str| {
        let text = text.replace('\u{1b}', "\\u001b").replace('\u{7}', "\\u0007");
        at(format!("{{\"title\":\"{text}\"}}"), &text)
    };
    let records = [json(&"日本語".repeat(40)), at("日本語".repeat(40), "日本"), json(evil), at(evil, evil)];
    let mock = topics(&[("t", &records)]);
    let acts = |character: char| {
        character.is_control() || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
    };
    for format in ["pretty", "line", "json", "raw"] {
        let outcome = seen(&mock, &["t", "-e", "-o", format, "--color", "never"]);
        let text = outcome.stdout_text();
        outcome.check(!text.replace('\n', "").contains(acts), "something acts on the terminal");
        if format == "line" {
            is_narrower_than(&outcome, 80);
            assert_eq!(text.lines().count(), 4, "{outcome}");
        }
        let colored = seen(&mock, &["t", "-e", "-o", format]).stdout_text();
        assert_eq!(colored.contains('\u{1b}'), format != "raw", "{format}");
        let codes = ["0", "1", "2", "32", "34;1", "36"].map(|code| format!("\x1b[{code}m"));
        let plain = codes.iter().fold(colored, |text, code| text.replace(code, ""));
        assert_eq!(plain, text, "{format}");
    }
    // The value of the second record has no title.
    let pretty = seen(&mock, &["t", "-e", "-o", "pretty", "--from", "1", "-n", "1"]);
    let pretty = pretty.stdout_text();
    assert!(pretty.contains("… (360 bytes)"), "{pretty}");
}

#[test]
fn pretty_shows_values_as_wide_as_the_terminal_with_their_size() {
    let mock = topics(&[("com.acme.orders.v1", &[at(LONG, "c1"), at([0xff, 0xfe], [0xff])])]);
    let words = ["com.acme.orders.v1", "-e", "-o", "pretty", "--color", "never"];
    let outcome = seen(&mock, &words);
    let size = format!("… ({} bytes)", LONG.len());
    outcome.has_stdout(format!(
        "Received orders: unknown\n  Key: c1\n  Partition: 0, Offset: 0\n  Value: {}{size}\n\
         Received orders: unknown\n  Key: base64 /w==\n  Partition: 0, Offset: 1\n  Value: base64 //4=\n",
        &LONG[..80 - "  Value: ".len() - size.width()],
    ));
    consume(&mock, &words).run().has_code(0).stdout_contains(&format!("  Value: {LONG}\n"));
}

#[test]
fn a_title_can_be_at_a_path_and_is_missed_with_a_warning() {
    let mock = topics(&[("t", &vec![at(LONG, "k"); 120])]);
    let read = |field: &str, more: &[&str]| {
        let words = ["t", "-e", "-q", "-o", "pretty", "--title-field", field];
        consume(&mock, &words[..]).args(more).run()
    };
    for (field, title) in
        [(".customer.name", "Ana"), (".items[-1].sku", "S81"), (".items[0]", r#"{"sku":"S80"}"#)]
    {
        let outcome = read(field, &["-n", "1"]);
        outcome.has_code(0).stdout_contains(&format!("Received t: {title}\n")).has_stderr("");
    }
    let missed = |field: &str, more: &[&str]| {
        let words = ["t", "-e", "-o", "pretty", "--title-field", field];
        let outcome = consume(&mock, &words).args(more).run();
        outcome.has_code(0).stdout_contains("Received t: unknown\n");
        let text = outcome.stderr_text();
        text.lines().filter(|line| line.starts_with("warning: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let of_many = "warning: none of the first 100 records has `.name` (`--title-field`)";
    assert_eq!(missed(".name", &[]), [of_many]);
    let of_few = "warning: no record has `customer.name` (`--title-field`); a path starts with a dot: `.customer.name`";
    assert_eq!(missed("customer.name", &["-n", "99"]), [of_few]);
    let untitled = consume(&mock, &["t", "-e", "-o", "pretty"]).run();
    untitled.has_code(0).stderr_lacks("warning");
    let program = consume(&mock, &["t", "-o", "pretty", "--title-field", ".items[].sku"]).run();
    program.has_code(2).has_stdout("").stderr_contains("invalid value `.items[].sku` for `--title-field`");
}

#[test]
fn json_is_colored_on_a_terminal_and_means_the_same() {
    let mock = topics(&[("t", &[at(r#"{"a":[1,true,null,"x"]}"#, "k")])]);
    let words = ["t", "-e", "-o", "json"];
    let colored = "\x1b[34;1m\"value\"\x1b[0m:{\x1b[34;1m\"a\"\x1b[0m:[\x1b[36m1\x1b[0m,\x1b[33mtrue\x1b[0m,\
                   \x1b[90mnull\x1b[0m,\x1b[32m\"x\"\x1b[0m]}";
    seen(&mock, &words).stdout_contains(colored);
    let plain = consume(&mock, &words).env("CLICOLOR_FORCE", "1").run();
    plain.has_code(0).stdout_contains(r#""value":{"a":[1,true,null,"x"]}"#);
    seen(&mock, &[&words[..], &["--color", "never"]].concat()).has_stdout(&plain.stdout);
    let silent = consume(&mock, &words).env("NO_COLOR", "1").spawn_on_terminal(OnTerminal::Stdout).finish();
    silent.has_code(0).has_stdout(&plain.stdout);
    consume(&mock, &words).args(["--color", "always"]).run().has_code(0).stdout_contains(colored);
    // A handler's record is for a program, whatever is typed.
    let handled = ["t", "-e", "--stdin", "json", "--exec", "cat", "--color", "always"];
    let handled = seen(&mock, &handled);
    handled.has_stdout(&plain.stdout);
}

#[test]
fn a_described_topic_is_as_narrow_as_the_terminal() {
    let mock = topics(&[("shop.orders.of-the-north", &[at("1", "k")])]);
    let command = || Kcons::new(["topic", "describe", "shop.orders.of-the-north", "-b", &mock.brokers()]);
    let narrow = command().spawn_on_terminal(OnTerminal::Stdout).finish();
    narrow.has_code(0).stdout_lacks("REPLICAS").stdout_contains("  END-OFFSET  OFFSETS\n");
    is_narrower_than(&narrow, 80);
    command().run().has_code(0).stdout_contains("  REPLICAS  IN-SYNC  FIRST-OFFSET  END-OFFSET  OFFSETS\n");
}
