//! What is printed of the records of a real Kafka, on a terminal, into pipes and files.

use std::fs;

use nix::sys::signal::Signal;

use super::reading::{LONG, consume, named_topic, new_topic, task_created};
use crate::support::kafka::kafka;
use crate::support::run::{Kcons, Reader};
use crate::support::terminal::OnTerminal;
use crate::support::{Produced, unique_name, wait_until};

const RECEIVED: &str = "Received task: Buy groceries\n  Key: task-123\n  Partition: 0, Offset: 0\n";

pub fn the_scenario_of_the_manual_is_on_the_terminal_byte_for_byte() {
    let plain = || consume(task_created()).args(["--color", "never"]);
    for command in [plain(), consume(task_created()).env("NO_COLOR", "1")] {
        let mut terminal = command.spawn_on_terminal(OnTerminal::Both);
        terminal.wait_for_stdout(|text| text.contains("Reached end"));
        terminal.press_control_c();
        let outcome = terminal.finish();
        outcome.was_ended_by(Signal::SIGINT).has_stdout(format!(
            "Subscribed to topic: task-created\n{RECEIVED}Reached end of partition 0\n\
             Shutdown signal received...\nClosing consumer...\nConsumer closed.\n"
        ));
    }
    let mut terminal = plain().spawn_on_terminal(OnTerminal::Stdout);
    terminal.wait_for_stderr("Reached end of partition 0\n");
    terminal.press_control_c();
    terminal.finish().was_ended_by(Signal::SIGINT).has_stdout(RECEIVED).has_stderr(
        "Subscribed to topic: task-created\nReached end of partition 0\n\
         Shutdown signal received...\nClosing consumer...\nConsumer closed.\n",
    );
}

pub fn records_are_styled_on_a_terminal_or_when_color_is_asked_for() {
    let styled = "Received task: \x1b[1mBuy groceries\x1b[0m\n";
    let terminal = |arguments: &[&str]| {
        let command = consume(task_created()).args(arguments).env("TERM", "xterm");
        command.spawn_on_terminal(OnTerminal::Stdout).finish()
    };
    terminal(&["-e", "--color", "never"]).has_code(0).has_stdout(RECEIVED);
    terminal(&["-e"]).has_code(0).stdout_contains(styled);
    let piped =
        |arguments: &[&str]| consume(task_created()).args(["-e", "-o", "pretty"]).args(arguments).run();
    piped(&[]).has_code(0).has_stdout(RECEIVED);
    piped(&["--color", "always"]).has_code(0).stdout_contains(styled);
}

pub fn a_pipe_gets_json_that_jq_reads() {
    let line = concat!(
        r#"{"topic":"task-created","partition":0,"offset":0,"timestamp":1763888400000,"key":"task-123","#,
        r#""value":{"id":"task-123","title":"Buy groceries"},"headers":[{"key":"trace","value":"a1"}]}"#,
        "\n"
    );
    consume(task_created()).arg("-e").run().has_code(0).has_stdout(line).has_stderr("");
    consume(task_created()).args(["-e", "--json"]).run().has_code(0).has_stdout(line);
    let script = format!(
        "'{}' consume task-created -b {} -e | jq -r .value.title",
        env!("CARGO_BIN_EXE_kcons"),
        kafka().brokers()
    );
    let outcome = Kcons::other("/bin/sh", ["-c", &script]).run();
    outcome.has_code(0).has_stdout("Buy groceries\n").has_stderr("");
}

pub fn the_lines_about_the_run_are_said_with_pretty_and_with_v() {
    let said = "Subscribed to topic: task-created\nReached end of partition 0\n\
                Closing consumer...\nConsumer closed.\n";
    consume(task_created()).args(["-e", "-o", "pretty"]).run().has_stdout(RECEIVED).has_stderr(said);
    // As in `kcons … | jq` on a terminal.
    let outcome = consume(task_created()).args(["-e"]).spawn_on_terminal(OnTerminal::Stderr).finish();
    outcome.has_stderr("");
    assert_eq!(outcome.json_lines().len(), 1);
    let verbose = consume(task_created()).args(["-e", "-v", "-o", "raw"]).run();
    verbose
        .stderr_contains("Subscribed to topic: task-created\n")
        .stderr_contains("Reached end of partition 0\n");
    consume(task_created()).args(["-e", "-q", "-o", "pretty"]).run().has_stdout(RECEIVED).has_stderr("");
}

pub fn every_shape_of_a_record_is_valid_json() {
    let topic = new_topic(1);
    let at = |record: Produced| record.at(1_763_888_400_000);
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    let (deep, too_deep) = (nested(200), nested(2_000));
    let records = [
        Produced::tombstone("gone"),
        Produced::value("").key(""),
        Produced::value("null"),
        Produced::value("plain \"text\"\n\u{7}"),
        Produced::value([0xff, 0xfe]).key([0xff]),
        Produced::value("{\"b\": 1.50,\n \"a\" : 12345678901234567890123}"),
        Produced::value("1").header("h", "x").header("h", [0xff]).null_header("n").header("", ""),
        Produced::value(&deep),
        Produced::value(&too_deep),
    ];
    kafka().produce(&topic, &records.map(at));
    let line = |offset: usize, rest: &str| {
        format!(
            "{{\"topic\":\"{topic}\",\"partition\":0,\"offset\":{offset},\"timestamp\":1763888400000,{rest}}}\n"
        )
    };
    let expected = [
        line(0, r#""key":"gone","value":null,"headers":[]"#),
        line(1, r#""key":"","value":"","value_encoding":"text","headers":[]"#),
        line(2, r#""key":null,"value":null,"value_encoding":"json","headers":[]"#),
        line(3, r#""key":null,"value":"plain \"text\"\n\u0007","value_encoding":"text","headers":[]"#),
        line(
            4,
            r#""key":"/w==","key_encoding":"base64","value":"//4=","value_encoding":"base64","headers":[]"#,
        ),
        line(5, r#""key":null,"value":{"b":1.50,"a":12345678901234567890123},"headers":[]"#),
        line(
            6,
            concat!(
                r#""key":null,"value":1,"headers":[{"key":"h","value":"x"},"#,
                r#"{"key":"h","value":"/w==","value_encoding":"base64"},{"key":"n","value":null},"#,
                r#"{"key":"","value":""}]"#
            ),
        ),
        line(7, &format!(r#""key":null,"value":{deep},"headers":[]"#)),
        line(8, &format!(r#""key":null,"value":"{too_deep}","value_encoding":"text","headers":[]"#)),
    ];
    consume(&topic).arg("-e").run().has_code(0).has_stdout(expected.concat()).has_stderr("");
}

pub fn raw_is_the_bytes_and_the_delimiter() {
    let topic = new_topic(1);
    kafka().produce(&topic, &[Produced::value([0xff, 0]), Produced::tombstone("k"), Produced::value("a\nb")]);
    let raw = |arguments: &[&str]| consume(&topic).args(["-e", "-o", "raw"]).args(arguments).run();
    raw(&[]).has_code(0).has_stdout(b"\xff\0\n\na\nb\n").has_stderr("");
    raw(&["-D", "\\0"]).has_code(0).has_stdout(b"\xff\0\0\0a\nb\0");
    raw(&["-D", "--\\t"]).has_code(0).has_stdout(b"\xff\0--\t--\ta\nb--\t");
    raw(&["-D", ""]).has_code(0).has_stdout(b"\xff\0a\nb");
}

pub fn pretty_shows_what_has_no_title_and_more_with_v() {
    let topic = named_topic("orders", 1);
    kafka().produce(
        &topic,
        &[
            Produced::tombstone("gone"),
            Produced::value(r#"{"title":"two\nlines","name":"N"}"#).at(1_763_888_400_000),
            Produced::value(r#"{"title":{"a": [1, 2]}}"#)
                .header("trace", "a1")
                .null_header("n")
                .at(1_763_888_400_000),
            Produced::value("x".repeat(500)),
        ],
    );
    let pretty = |arguments: &[&str]| {
        let command = consume(&topic).args(["-o", "pretty"]).env("TZ", "UTC");
        command.args(arguments).run()
    };
    pretty(&["-e"]).has_code(0).has_stdout(format!(
        "Received orders: unknown\n  Key: gone\n  Partition: 0, Offset: 0\n  Value: (tombstone)\n\
         Received orders: two\\nlines\n  Key: (none)\n  Partition: 0, Offset: 1\n\
         Received orders: {{\"a\":[1,2]}}\n  Key: (none)\n  Partition: 0, Offset: 2\n\
         Received orders: unknown\n  Key: (none)\n  Partition: 0, Offset: 3\n  Value: {}… (500 bytes)\n",
        "x".repeat(120),
    ));
    let named = pretty(&["--label", "parcel", "--title-field", "name", "--from", "1", "--to", "2"]);
    named.has_code(0).has_stdout("Received parcel: N\n  Key: (none)\n  Partition: 0, Offset: 1\n");
    pretty(&["-v", "--from", "2", "--to", "3"]).has_code(0).has_stdout(
        "Received orders: {\"a\":[1,2]}\n  Key: (none)\n  Partition: 0, Offset: 2\n\
         \x20 Timestamp: 2025-11-23T09:00:00.000+00:00\n  Header trace: a1\n  Header n: (null)\n",
    );
}

pub fn several_topics_are_told_apart() {
    let (tasks, orders) = (named_topic("tasks", 1), named_topic("orders", 2));
    kafka().produce(&tasks, &[Produced::value(r#"{"title":"T"}"#)]);
    kafka().produce(&orders, &[Produced::value(r#"{"title":"O"}"#).partition(1)]);
    let outcome = consume(&tasks).args([&orders, "-e", "-o", "pretty"]).run();
    outcome.has_code(0);
    outcome.stdout_contains(&format!(
        "Received tasks: T\n  Key: (none)\n  Topic: {tasks}\n  Partition: 0, Offset: 0\n"
    ));
    outcome.stdout_contains(&format!(
        "Received orders: O\n  Key: (none)\n  Topic: {orders}\n  Partition: 1, Offset: 0\n"
    ));
    outcome.stderr_contains(&format!("Subscribed to topics: {tasks}, {orders}\n"));
    for end in [(&tasks, 0), (&orders, 0), (&orders, 1)] {
        outcome.stderr_contains(&format!("Reached end of {} partition {}\n", end.0, end.1));
    }
}

pub fn a_terminal_gets_no_control_characters() {
    let topic = named_topic("task", 1);
    kafka().produce(&topic, &[Produced::value("{\"title\":\"a\\u001b[31mb\\u202ec\"}").key("k\u{7}")]);
    let command = consume(&topic).args(["-e", "--color", "never"]);
    let outcome = command.spawn_on_terminal(OnTerminal::Stdout).finish();
    outcome.has_code(0);
    let text = outcome.stdout_text();
    let is_clean = !text.contains(['\u{1b}', '\u{202e}', '\u{7}']);
    outcome
        .check(is_clean && text.contains('a') && text.contains("[31mb"), "a control character got through");
    let piped = consume(&topic).args(["-e", "-o", "pretty"]).run();
    piped.has_code(0).stdout_contains("a\u{1b}[31mb\u{202e}c");
}

pub fn formats_say_how_values_and_keys_are_shown() {
    let topic = new_topic(1);
    kafka().produce(&topic, &[Produced::value(r#"{"a":1}"#).key(r#"{"k":2}"#)]);
    let shown = |arguments: &[&str]| {
        let outcome = consume(&topic).arg("-e").args(arguments).run();
        outcome.has_code(0).has_stderr("");
        let line = outcome.stdout_text();
        let start = line.find(r#""key""#).expect("there is a key");
        let end = line.find(r#","headers""#).expect("there are headers");
        line[start..end].to_owned()
    };
    assert_eq!(shown(&[]), r#""key":"{\"k\":2}","value":{"a":1}"#);
    assert_eq!(shown(&["--key-format", "json"]), r#""key":{"k":2},"value":{"a":1}"#);
    let hex = shown(&["--value-format", "hex", "--key-format", "hex"]);
    assert_eq!(
        hex,
        r#""key":"7b226b223a327d","key_encoding":"hex","value":"7b2261223a317d","value_encoding":"hex""#
    );
    let encoded = shown(&["--value-format", "base64", "--key-format", "base64"]);
    assert_eq!(
        encoded,
        r#""key":"eyJrIjoyfQ==","key_encoding":"base64","value":"eyJhIjoxfQ==","value_encoding":"base64""#
    );
    let text = shown(&["--value-format", "text"]);
    assert_eq!(text, r#""key":"{\"k\":2}","value":"{\"a\":1}","value_encoding":"text""#);
}

pub fn a_record_that_cannot_be_decoded_is_warned_of_and_shown_raw() {
    let topic = new_topic(1);
    kafka().produce(&topic, &[Produced::value("1"), Produced::value("not json"), Produced::value("2")]);
    let outcome = consume(&topic).args(["-e", "--value-format", "json"]).run();
    outcome.has_code(0);
    let lines = outcome.json_lines();
    assert_eq!(lines.len(), 3, "{outcome}");
    assert_eq!(
        (&lines[1]["value"], &lines[1]["value_encoding"]),
        (&"not json".into(), &"text".into()),
        "{outcome}"
    );
    assert!(lines[1]["value_error"].is_string() && lines[0]["value_error"].is_null(), "{outcome}");
    outcome.stderr_contains(&format!("warning: {topic} [0] @ 1: value is "));
    let events = consume(&topic).args(["-e", "--value-format", "json", "--log", "json"]).run();
    let failed = events.events_named("record_failed");
    assert_eq!(failed.len(), 1, "{events}");
    assert_eq!(
        (&failed[0]["topic"], &failed[0]["partition"]),
        (&topic.as_str().into(), &0.into()),
        "{events}"
    );
    assert_eq!(failed[0]["offset"], 1, "{events}");
}

pub fn strict_ends_the_run_at_a_record_that_cannot_be_decoded() {
    let topic = new_topic(1);
    kafka().produce(&topic, &[Produced::value("1"), Produced::value("not json"), Produced::value("2")]);
    let group = unique_name("group");
    let strict = ["-e", "--value-format", "json", "--strict"];
    let outcome = consume(&topic).args(strict).args(["--group", &group]).run();
    outcome.has_code(5).stderr_contains(&format!("error: {topic} [0] @ 1: value is "));
    assert_eq!(outcome.json_lines().len(), 1, "{outcome}");
    wait_until("the commit before the bad record", LONG, || {
        (kafka().committed(&group).get(&(topic.clone(), 0)) == Some(&1)).then_some(())
    });
    let outcome = consume(&topic).args(strict).run();
    outcome.has_code(5).stderr_lacks("warning");
    assert_eq!(outcome.json_lines().len(), 1, "{outcome}");
}

pub fn a_file_gets_json() {
    let command = consume(task_created()).arg("-e");
    let path = command.home().join("out");
    let outcome = command.stdout(Reader::File(path.clone())).run();
    outcome.has_code(0).has_stderr("");
    let text = fs::read_to_string(path).expect("it was written");
    assert!(text.starts_with(r#"{"topic":"task-created","#) && text.ends_with("}\n"), "{text}");
}

pub fn a_full_disk_is_an_error() {
    for arguments in [&["-e"][..], &["-n", "1"], &[]] {
        let command = consume(task_created()).args(arguments);
        let outcome = command.stdout(Reader::File("/dev/full".into())).run();
        outcome.has_code(1).has_stderr("error: cannot write to stdout: No space left on device\n");
    }
}

pub fn a_reader_that_leaves_ends_the_run_quietly() {
    let topic = new_topic(1);
    kafka().produce_many(&topic, 20_000, |number| Produced::value(format!("{{\"n\":{number}}}")));
    let script = |topic: &str| {
        let (program, brokers) = (env!("CARGO_BIN_EXE_kcons"), kafka().brokers());
        format!("{{ '{program}' consume {topic} -b {brokers}; echo $? >status; }} | head -1; cat status")
    };
    for topic in [topic.as_str(), task_created()] {
        let outcome = Kcons::other("/bin/sh", ["-c", &script(topic)]).deadline(LONG).run();
        outcome.has_code(0).has_stderr("");
        assert_eq!(outcome.lines().last().map(String::as_str), Some("0"), "{outcome}");
        assert_eq!(outcome.lines().len(), 2, "{outcome}");
    }
    consume(&topic).stdout(Reader::IsGone).run().has_code(0).has_stdout("").has_stderr("");
}

pub fn a_reader_that_leaves_while_no_record_comes_ends_the_run_too() {
    let running = {
        let mut running = consume(task_created()).spawn();
        running.wait_for_lines(1);
        running
    };
    running.close_stdout();
    running.finish().has_code(0).has_stderr("");
    let mut running = consume(&new_topic(1)).arg("-v").spawn();
    running.wait_for_stderr("Reached end of partition 0");
    running.close_stdout();
    running.finish().has_code(0);
}

pub fn every_compression_is_read() {
    for codec in ["gzip", "snappy", "lz4", "zstd"] {
        let topic = unique_name(codec);
        kafka().create_topic(&topic, 1, &[("compression.type", codec)]);
        let value = |number: usize| format!("{number}-{}", "text ".repeat(100));
        kafka().produce_many(&topic, 500, |number| Produced::value(value(number)));
        let outcome = consume(&topic).args(["-e", "-o", "raw"]).run();
        let expected: String = (0..500).map(|number| value(number) + "\n").collect();
        outcome.has_code(0).has_stderr("").has_stdout(expected);
    }
}

pub fn a_record_larger_than_any_fetch_is_read() {
    let topic = unique_name("large");
    kafka().create_topic(&topic, 1, &[("max.message.bytes", "40000000"), ("compression.type", "gzip")]);
    let value = "x".repeat(900_000);
    kafka().produce(&topic, &[Produced::value("before"), Produced::value(&value), Produced::value("after")]);
    let small = ["-X", "fetch.message.max.bytes=1000", "-X", "fetch.max.bytes=1000000"];
    for limits in [&[][..], &small] {
        let outcome = consume(&topic).args(["-e", "-o", "raw"]).args(limits).run();
        outcome.has_code(0).has_stderr("").has_stdout(format!("before\n{value}\nafter\n"));
    }
}
