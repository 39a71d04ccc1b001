//! Records that name schemas of a registry.

mod faults;
mod login;

use serde_json::{Value, json};

use crate::support::mock::Mock;
use crate::support::registry::StubRegistry;
use crate::support::run::Kcons;
use crate::support::vectors::{self, Vector};
use crate::support::{Outcome, Produced, unique_name};

/// A broker with a topic of one partition that holds these records.
fn topic_of(records: &[Produced]) -> (Mock, String) {
    let mock = Mock::start(1);
    let topic = unique_name("framed");
    mock.create_topic(&topic, 1);
    mock.produce(&topic, records);
    (mock, topic)
}

fn value(vector: &str) -> Produced {
    Produced::value(vectors::named(vector).record).partition(0)
}

fn consume(mock: &Mock, topic: &str, registry: &StubRegistry) -> Kcons {
    Kcons::new([
        "consume",
        topic,
        "--brokers",
        &mock.brokers(),
        "--registry",
        &registry.url(),
        "-e",
        "--json",
    ])
    .args(["-X", "partition.assignment.strategy=cooperative-sticky"])
}

/// Reads all records; gives the lines of each.
#[track_caller]
fn read(records: &[Produced], registry: &StubRegistry) -> (Vec<Value>, Outcome) {
    let (mock, topic) = topic_of(records);
    let outcome = consume(&mock, &topic, registry).run();
    outcome.has_code(0);
    let lines = outcome.json_lines();
    assert_eq!(lines.len(), records.len(), "{outcome}");
    (lines, outcome)
}

/// How often a run may ask for a schema that cannot be had: at first, and some more times after 1 s, 3 s, 7 s, …
fn most_questions(outcome: &Outcome) -> usize {
    1 + outcome.elapsed.as_secs_f64().log2().ceil().max(0.0) as usize
}

/// Whether two JSON texts mean the same: `1` and `1.0` do.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| is_same(value, other)))
        }
        (one, other) => one == other,
    }
}

#[track_caller]
fn must_be_decoded(line: &Value, part: &str, vector: &Vector) {
    assert!(is_same(&line[part], &vector.decoded), "{}: {line}", vector.name);
    assert_eq!(line[format!("{part}_schema_id")], json!(vector.schema_id), "{}: {line}", vector.name);
    assert_eq!(line.get(format!("{part}_error")), None, "{}: {line}", vector.name);
    assert!(line.get(format!("{part}_encoding")).is_none(), "{}: {line}", vector.name);
}

#[test]
fn every_record_of_a_serializer_is_decoded_as_key_and_as_value() {
    let (registry, vectors) = (StubRegistry::start(), vectors::all());
    let record = |vector: &Vector| Produced::value(&vector.record).key(&vector.record).partition(0);
    let (lines, outcome) = read(&vectors.iter().map(record).collect::<Vec<_>>(), &registry);
    for (line, vector) in lines.iter().zip(&vectors) {
        must_be_decoded(line, "value", vector);
        must_be_decoded(line, "key", vector);
    }
    outcome.has_stderr("");
    // Each schema is asked for once, and each one that others refer to.
    let mut asked = registry.asked();
    asked.sort();
    let count = asked.len();
    asked.dedup();
    assert_eq!(asked.len(), count, "{asked:?}");
}

#[test]
fn a_record_that_cannot_be_decoded_is_shown_as_without_a_registry() {
    let registry = StubRegistry::start();
    let errors = vectors::errors();
    let records: Vec<_> = errors.iter().map(|(_, record)| Produced::value(record).partition(0)).collect();
    let (lines, outcome) = read(&records, &registry);
    let (mock, topic) = topic_of(&records);
    let without = Kcons::new(["consume", &topic, "--brokers", &mock.brokers(), "-e", "--json"]).run();
    let not_framed = [
        "plain JSON, no wire format",
        "empty",
        "one zero byte",
        "shorter than a header",
        "another magic byte",
    ];
    for (((what, _), line), raw) in errors.iter().zip(&lines).zip(without.json_lines()) {
        assert_eq!(
            (&line["value"], line.get("value_encoding")),
            (&raw["value"], raw.get("value_encoding")),
            "{what}"
        );
        assert_eq!(line.get("value_schema_id"), None, "{what}: {line}");
        let has_error = line.get("value_error").is_some();
        assert_eq!(has_error, !not_framed.contains(&what.as_str()), "{what}: {line}");
    }
    let error = |what: &str| {
        let index = errors.iter().position(|(other, _)| other == what).expect(what);
        lines[index]["value_error"].as_str().expect("an error").to_owned()
    };
    for (what, expected) in [
        ("a schema id that does not exist", "not decoded: schema 99999 is not in the registry"),
        ("Avro header without a body", "not Avro of schema 3: ends too early in `flag`"),
        ("bytes left after the Avro value", "not Avro of schema 2: 1 byte is left over"),
        ("Protobuf message index out of range", "not Protobuf of schema 12: there is no message [9]"),
        (
            "Protobuf without an index list",
            "not Protobuf of schema 12: the index list of the message is broken",
        ),
        ("JSON Schema, body is not JSON", "not JSON of schema 18: ends too early"),
    ] {
        assert_eq!(error(what), expected);
    }
    outcome.stderr_contains(&format!(
        "warning: {} [0] @ 4: value is not decoded: schema 99999 is not in the registry\n",
        outcome.json_lines()[0]["topic"].as_str().expect("a topic")
    ));
    assert!((1..=most_questions(&outcome)).contains(&registry.count("/schemas/ids/99999")), "{outcome}");
    // Each of them ends a strict run.
    for ((what, record), line) in errors.iter().zip(&lines) {
        let (mock, topic) = topic_of(&[Produced::value(record).partition(0)]);
        let strict = consume(&mock, &topic, &registry).arg("--strict").run();
        let code = if line.get("value_error").is_some() { 5 } else { 0 };
        strict.has_code(code).check(strict.stdout.is_empty() == (code == 5), what);
    }
}

#[test]
fn key_and_value_are_each_on_their_own() {
    let registry = StubRegistry::start();
    let (string, long) = (vectors::named("avro-string"), vectors::named("avro-long"));
    let broken = [&long.record[..], b"\xff"].concat();
    let records = [
        value("avro-long").key("text"),
        Produced::value(r#"{"a":1}"#).key(&string.record).partition(0),
        value("avro-long"),
        value("avro-long").key(&broken),
        Produced::tombstone(&string.record).partition(0),
    ];
    let (lines, _) = read(&records, &registry);
    for line in [&lines[0], &lines[2], &lines[3]] {
        must_be_decoded(line, "value", &long);
    }
    for line in [&lines[1], &lines[4]] {
        must_be_decoded(line, "key", &string);
    }
    assert_eq!((&lines[0]["key"], &lines[1]["value"]), (&json!("text"), &json!({"a": 1})));
    assert_eq!(lines[3]["key_error"], "not Avro of schema 2: 1 byte is left over");
    assert_eq!((&lines[4]["value"], lines[4].get("value_error")), (&Value::Null, None));
}

#[test]
fn an_eight_byte_number_is_no_frame() {
    let registry = StubRegistry::start();
    let key = |number: u64| value("avro-long").key(number.to_be_bytes());
    // Larger ones, such as times, would be one if the registry knew the schema.
    let numbers = [0, 7, 99_999, 999 << 24 | 5, 1_763_888_400_000, 0x00ff_ffff_ffff_ffff];
    let (lines, outcome) = read(&numbers.map(key), &registry);
    outcome.has_code(0).has_stderr("");
    assert_eq!(lines.len(), numbers.len());
    assert!(lines.iter().all(|line| line.get("key_error").is_none()), "{outcome}");
    assert_eq!(registry.count("/schemas/ids/0"), 0);
    must_be_decoded(&lines[3], "value", &vectors::named("avro-long"));
    let (mock, topic) = topic_of(&[key(1 << 24 | 5)]);
    let outcome = consume(&mock, &topic, &registry).args(["--key-format", "i64"]).run();
    outcome.has_code(0).has_stderr("");
    assert_eq!(outcome.json_lines()[0]["key"], 16_777_221);
}

#[test]
fn a_schema_id_in_a_header_goes_before_the_prefix() {
    let registry = StubRegistry::start();
    let guid = "5ae09d05-0102-0304-0506-0708090a0b0c";
    let bytes = [1, 0x5a, 0xe0, 0x9d, 5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    registry.add(&format!("/schemas/guids/{guid}"), &json!({"schema": "\"long\"", "id": 77, "guid": guid}));
    let bare = || Produced::value(b"\x0e").partition(0);
    let unknown = [&[1][..], &[7; 16]].concat();
    let task = vectors::named("protobuf-second");
    let records = [
        bare().header("__value_schema_id", bytes),
        bare().header("__value_schema_id", b"\0\0\0\0\x02"),
        value("avro-string").header("__value_schema_id", b"\0\0\0\0\x02"),
        bare().header("__value_schema_id", b"\0\0\x02"),
        value("avro-long").header("__value_schema_id", b"\0\0\x02"),
        bare().header("__value_schema_id", &unknown),
        Produced::value("v").partition(0).key(b"\x0e").header("__key_schema_id", bytes),
        Produced::value(&task.record[7..]).partition(0).header("__value_schema_id", b"\0\0\0\0\x0c\x02\x02"),
    ];
    let (lines, _) = read(&records, &registry);
    assert_eq!((&lines[0]["value"], &lines[0]["value_schema_id"]), (&json!(7), &json!(77)));
    assert_eq!((&lines[1]["value"], &lines[1]["value_schema_id"]), (&json!(7), &json!(2)));
    assert!(lines[2]["value_error"].as_str().is_some_and(|error| error.starts_with("not Avro of schema 2")));
    assert_eq!((&lines[3]["value"], lines[3].get("value_error")), (&json!("\u{e}"), None));
    must_be_decoded(&lines[4], "value", &vectors::named("avro-long"));
    let expected = "not decoded: schema 07070707-0707-0707-0707-070707070707 is not in the registry";
    assert_eq!(lines[5]["value_error"], expected);
    assert_eq!((&lines[6]["key"], &lines[6]["key_schema_id"]), (&json!(7), &json!(77)));
    must_be_decoded(&lines[7], "value", &task);
}

#[test]
fn plain_records_between_framed_ones_stay_as_they_are() {
    let registry = StubRegistry::start();
    let text = "x".repeat(200);
    let plain = |value: &str| Produced::value(value).partition(0);
    let records = [plain("abcd"), value("avro-long"), plain(&text), plain(r#"{"a":9007199254740993}"#)];
    let (lines, outcome) = read(&records, &registry);
    outcome.has_stderr("").stdout_contains(r#""value":{"a":9007199254740993}"#);
    assert_eq!((&lines[0]["value"], &lines[2]["value"]), (&json!("abcd"), &json!(text)));
    must_be_decoded(&lines[1], "value", &vectors::named("avro-long"));
}

#[test]
fn a_format_says_that_only_its_schemas_are_meant() {
    let registry = StubRegistry::start();
    let (mock, topic) = topic_of(&[
        value("avro-long"),
        value("protobuf-first"),
        Produced::value("text").partition(0),
        Produced::value("").partition(0),
    ]);
    let errors = |format: &str| {
        let outcome = consume(&mock, &topic, &registry).args(["--value-format", format]).run();
        let lines = outcome.has_code(0).json_lines();
        lines.iter().map(|line| line["value_error"].as_str().unwrap_or("none").to_owned()).collect::<Vec<_>>()
    };
    let expected = [
        "none",
        "not Avro: schema 12 is Protobuf",
        "not Avro that names a schema: it starts with the byte 74, not 00",
        "not Avro that names a schema: it is empty",
    ];
    assert_eq!(errors("avro"), expected);
    assert_eq!(errors("protobuf")[..2], ["not Protobuf: schema 2 is Avro", "none"]);
    assert_eq!(errors("auto"), ["none"; 4]);
    let shown = |arguments: &[&str]| {
        let (mock, topic) = topic_of(&[value("avro-complex")]);
        let outcome = consume(&mock, &topic, &registry).args(arguments).run();
        outcome.has_code(0).json_lines()[0]["value"]["which"].clone()
    };
    // Its union has one record only.
    assert_eq!(shown(&["--union-names"]), shown(&[]));
    let schema =
        r#"["null",{"type":"record","name":"A","fields":[]},{"type":"record","name":"B","fields":[]}]"#;
    registry.add("/schemas/ids/600", &json!({ "schema": schema }));
    let (mock, topic) = topic_of(&[Produced::value(b"\0\0\0\x02\x58\x04").partition(0)]);
    let outcome = consume(&mock, &topic, &registry).arg("--union-names").run();
    assert_eq!(outcome.has_code(0).json_lines()[0]["value"], json!({"B": {}}));
}

#[test]
fn filters_and_templates_see_what_was_decoded() {
    let registry = StubRegistry::start();
    let (mock, topic) = topic_of(&[value("avro-references"), value("avro-complex"), value("protobuf-first")]);
    let filtered =
        consume(&mock, &topic, &registry).args(["--filter", ".value.home.city.name == \"Berlin\""]).run();
    filtered.has_code(0).has_stderr("");
    assert_eq!(filtered.json_lines().len(), 1, "{filtered}");
    must_be_decoded(&filtered.json_lines()[0], "value", &vectors::named("avro-references"));
    let brokers = mock.brokers();
    let url = registry.url();
    let arguments = ["consume", &topic, "-b", &brokers, "--registry", &url, "-e"];
    let template = Kcons::new(arguments).args(["-n", "1", "-f", "%{value:json}\\n"]).run();
    let person =
        r#"{"name":"Ada","home":{"street":"Main 1","city":{"name":"Berlin"}},"born":{"name":"London"}}"#;
    template.has_code(0).has_stdout(format!("{person}\n"));
    let pretty = Kcons::new(arguments).args(["-o", "pretty", "--title-field", "name", "-n", "1"]).run();
    pretty.has_code(0).stdout_contains(": Ada\n");
    let line = Kcons::new(arguments).args(["-o", "line", "-n", "1"]).run();
    line.has_code(0).stdout_contains(r#"{"name":"Ada""#);
}

#[test]
fn a_record_that_a_filter_cannot_judge_is_never_left_out_in_silence() {
    let registry = StubRegistry::start();
    let damaged = Produced::value(b"\0\0\0\0\x02").partition(0);
    let unknown = Produced::value(b"\0\0\0\x03\xe7abcd").partition(0);
    let (mock, topic) = topic_of(&[value("avro-long"), damaged, unknown, value("avro-long")]);
    let run = |arguments: &[&str]| {
        let group = unique_name("group");
        let outcome = Kcons::new(["consume", &topic, "-b", &mock.brokers(), "--registry", &registry.url()])
            .args(["-X", "partition.assignment.strategy=cooperative-sticky", "-e", "--group", &group])
            .args(arguments)
            .run();
        (outcome, mock.committed(&group, &[&topic]).get(&(topic.clone(), 0)).copied())
    };
    // Looked at on the spot, and by jq.
    for none in [".value == \"nothing\"", "def same: .; .value | same == \"nothing\""] {
        let (printed, committed) = run(&["--filter", none]);
        printed.has_code(0).has_stdout("").stderr_contains("[0] @ 1: value is not Avro of schema 2");
        printed.stderr_contains("[0] @ 2: value is not decoded: schema 999 is not in the registry");
        assert_eq!(committed, Some(4), "{printed}");
        let (strict, committed) = run(&["--filter", none, "--strict"]);
        strict.has_code(5).stderr_contains("[0] @ 1: value is not Avro of schema 2");
        assert_eq!(committed, Some(1), "{strict}");
        // Of the damaged one a handler would be told, and the other one is a failed record.
        let (stopped, committed) = run(&["--filter", none, "--exec", "cat"]);
        stopped.has_code(5).has_stdout("").stderr_contains("[0] @ 1: value is not Avro of schema 2");
        stopped.stderr_contains("caused by: value is not decoded: schema 999 is not in the registry");
        assert_eq!(committed, Some(2), "{stopped}");
        let (skipped, committed) = run(&["--filter", none, "--exec", "cat", "--on-failure", "skip"]);
        skipped.has_code(0).has_summary("1 record: 0 ok, 1 skipped");
        assert_eq!(committed, Some(4), "{skipped}");
        let (strict, committed) = run(&["--filter", none, "--exec", "cat", "--strict"]);
        strict.has_code(5).stderr_contains("[0] @ 1: value is not Avro of schema 2");
        assert_eq!(committed, Some(1), "{strict}");
    }
    // Where the expression fails on what is there instead, the reason is told as well.
    for failing in [".value + 1 > 0", "def same: .; .value + 1 | same"] {
        let (stopped, committed) = run(&["--filter", failing]);
        stopped.has_code(5).stderr_contains("[0] @ 1: value is not Avro of schema 2");
        stopped.stderr_contains("error: ").stderr_contains("[0] @ 1: `--filter` failed: cannot calculate");
        stopped.stderr_contains("  hint: to leave out such records: `--on-failure skip`\n");
        assert_eq!(committed, Some(1), "{stopped}");
        let (skipped, committed) = run(&["--filter", failing, "--on-failure", "skip"]);
        skipped
            .has_code(0)
            .stderr_contains("[0] @ 2: value is not decoded: schema 999 is not in the registry");
        assert_eq!(committed, Some(4), "{skipped}");
    }
    for results in [".value | select(. == \"nothing\")", "def same: .; empty | same"] {
        let (printed, _) = run(&["--jq", results]);
        printed.has_code(0).has_stdout("").stderr_contains("[0] @ 1: value is not Avro of schema 2");
        let (strict, committed) = run(&["--jq", results, "--strict"]);
        assert_eq!(committed, Some(1), "{}", strict.has_code(5));
    }
    let newest = Kcons::new(["consume", &topic, "-b", &mock.brokers(), "--registry", &registry.url()])
        .args(["--last", "1", "--strict", "--filter", ".value == 8"])
        .run();
    newest.has_code(5).stderr_contains("[0] @ 1: value is not Avro of schema 2");
}

#[test]
fn a_group_commits_and_handlers_get_decoded_records() {
    let registry = StubRegistry::start();
    let (mock, topic) = topic_of(&[value("avro-long"), value("avro-string"), value("avro-empty")]);
    let group = unique_name("group");
    let member = consume(&mock, &topic, &registry).args(["--group", &group]).run();
    assert_eq!(member.has_code(0).json_lines().len(), 3, "{member}");
    assert_eq!(mock.committed(&group, &[&topic])[&(topic.clone(), 0)], 3);
    let (brokers, url, second) = (mock.brokers(), registry.url(), unique_name("group"));
    let handled =
        Kcons::new(["consume", &topic, "-b", &brokers, "--registry", &url, "-e", "--group", &second])
            .args(["-X", "partition.assignment.strategy=cooperative-sticky"])
            .args(["--stdin", "json", "--exec", "cat"])
            .run();
    handled.has_code(0).has_summary("3 records: 3 ok");
    let lines = handled.json_lines();
    must_be_decoded(&lines[0], "value", &vectors::named("avro-long"));
    must_be_decoded(&lines[1], "value", &vectors::named("avro-string"));
    assert_eq!(mock.committed(&second, &[&topic])[&(topic.clone(), 0)], 3);
}
