//! Registries that are slow, silent or broken, and schemas that they do not have.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use super::{consume, most_questions, must_be_decoded, topic_of, value};
use crate::support::mock::Mock;
use crate::support::registry::{Behavior, StubRegistry};
use crate::support::{Produced, unique_name, vectors};

#[test]
fn an_unknown_schema_is_asked_for_seldom_and_told_once() {
    let registry = StubRegistry::start();
    let frame =
        |index: usize| Produced::value([&[0, 0, 0, 3, 231][..], index.to_string().as_bytes()].concat());
    let records: Vec<_> = (0..20_000).map(|index| frame(index).partition(0)).collect();
    let (mock, topic) = topic_of(&records);
    let outcome = consume(&mock, &topic, &registry).run();
    outcome.has_code(0);
    let lines = outcome.json_lines();
    assert_eq!(lines.len(), 20_000);
    assert!(lines.iter().all(|line| line["value_error"] == "not decoded: schema 999 is not in the registry"));
    let warning = "value is not decoded: schema 999 is not in the registry";
    outcome.has_stderr(&format!(
        "warning: {topic} [0] @ 0: {warning}\nwarning: 19999 more warnings like this one: {topic} [0] @ 19999: {warning}\n"
    ));
    let asked = registry.count("/schemas/ids/999");
    assert!((1..=most_questions(&outcome)).contains(&asked), "{asked} questions in {:?}", outcome.elapsed);
}

#[test]
fn a_registry_that_is_sick_for_a_moment_is_asked_again() {
    for behavior in [
        Behavior::Fails(3, "503 Service Unavailable"),
        Behavior::Fails(1, "429 Too Many Requests\r\nRetry-After: 1"),
        Behavior::Takes(Duration::from_millis(700)),
    ] {
        let registry = StubRegistry::start();
        registry.behave(behavior);
        let (mock, topic) = topic_of(&[value("avro-references"), value("avro-long")]);
        let outcome = consume(&mock, &topic, &registry).run();
        outcome.has_code(0).has_stderr("");
        must_be_decoded(&outcome.json_lines()[0], "value", &vectors::named("avro-references"));
        must_be_decoded(&outcome.json_lines()[1], "value", &vectors::named("avro-long"));
    }
}

#[test]
fn a_registry_that_stays_silent_or_answers_with_pages_is_given_up_in_time() {
    for (behavior, words) in [
        (Behavior::IsSilent, "timed out"),
        (Behavior::Page, "`: the answer is no JSON; check the path of `--registry`"),
        (Behavior::Fails(usize::MAX, "500 Internal Server Error"), "500 Internal Server Error"),
    ] {
        let registry = StubRegistry::start();
        registry.behave(behavior.clone());
        let (mock, topic) = topic_of(&[value("avro-long"), value("avro-long")]);
        let outcome = consume(&mock, &topic, &registry).run();
        outcome.has_code(0).stderr_contains(words).took_less_than(Duration::from_secs(25));
        let lines = outcome.json_lines();
        assert_eq!(lines.len(), 2, "{behavior:?}: {outcome}");
        assert!(lines.iter().all(|line| line["value_error"].is_string()), "{behavior:?}: {outcome}");
    }
}

#[test]
fn a_registry_that_is_down_is_waited_for_once_for_all_schemas() {
    let registry = StubRegistry::start();
    let record = |id: u8| Produced::value([0, 0, 0, 3, id, 2]).partition(0);
    let (mock, topic) = topic_of(&(1..=13).map(record).collect::<Vec<_>>());
    registry.behave(Behavior::IsSilent);
    let outcome = consume(&mock, &topic, &registry).run();
    outcome.has_code(0).took_less_than(Duration::from_secs(40));
    let lines = outcome.json_lines();
    let errors: Vec<_> = lines.iter().map(|line| line["value_error"].as_str().unwrap_or_default()).collect();
    assert_eq!(errors.len(), 13, "{outcome}");
    assert!(errors.iter().all(|error| error.ends_with("timed out")), "{outcome}");
    assert!(registry.asked().len() < 6, "{:?}", registry.asked());
}

#[test]
fn a_partition_waits_for_its_schema_and_the_others_go_on() {
    let registry = StubRegistry::start();
    registry.behave(Behavior::IsSilent);
    let mock = Mock::start(1);
    let topic = unique_name("framed");
    mock.create_topic(&topic, 2);
    let plain = |partition: i32| Produced::value("{}").partition(partition);
    mock.produce(&topic, &[plain(0), value("avro-long"), plain(0), plain(1), plain(1)]);
    let group = unique_name("group");
    let mut running = consume(&mock, &topic, &registry).args(["--group", &group]).spawn();
    // What stands behind the one that waits does not overtake it.
    running.wait_for_lines(3);
    let before = running.elapsed();
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0).check(outcome.elapsed - before < Duration::from_secs(8), "it waited for the schema");
    assert_eq!(outcome.json_lines().len(), 3, "{outcome}");
    let committed = mock.committed(&group, &[&topic]);
    assert_eq!((committed[&(topic.clone(), 0)], committed[&(topic.clone(), 1)]), (1, 2));
    // Once the registry answers, the rest comes.
    registry.behave(Behavior::Answers);
    let rest = consume(&mock, &topic, &registry).args(["--group", &group]).run();
    assert_eq!(rest.has_code(0).json_lines().len(), 2, "{rest}");
    must_be_decoded(&rest.json_lines()[0], "value", &vectors::named("avro-long"));
    assert_eq!(mock.committed(&group, &[&topic])[&(topic.clone(), 0)], 3);
}

#[test]
fn a_record_that_waits_is_in_nobodys_way_and_comes_before_the_end_is_said() {
    let registry = StubRegistry::start();
    let mock = Mock::start(1);
    let topic = unique_name("framed");
    mock.create_topic(&topic, 2);
    let plain = |partition: i32| Produced::value("{}").partition(partition);
    mock.produce(&topic, &[value("avro-long"), plain(0), plain(1), plain(1), plain(1)]);
    for mode in ["manual", "batch=2"] {
        registry.behave(Behavior::Fails(usize::MAX, "503 Service Unavailable"));
        let group = unique_name("group");
        let running = consume(&mock, &topic, &registry).args(["--group", &group, "--commit", mode, "-v"]);
        let mut running = running.spawn();
        running.wait_for_lines(3);
        let said = running.wait_for_stderr("Reached end of partition 1");
        assert!(!said.contains("Reached end of partition 0"), "{said}");
        let committed = mock.committed(&group, &[&topic]);
        assert!(committed[&(topic.clone(), 1)] >= 2, "{mode}: {committed:?}");
        running.wait_for_stderr(&format!("Still waiting for schema 2 from the registry, for {topic} [0]\n"));
        registry.behave(Behavior::Answers);
        let outcome = running.finish();
        outcome.has_code(0).stderr_contains("Reached end of partition 0").stderr_lacks("warning");
        let offsets: Vec<_> = outcome.json_lines().iter().map(|line| line["offset"].clone()).collect();
        assert_eq!(offsets, [0, 1, 2, 0, 1], "{mode}: {outcome}");
        assert_eq!(mock.committed(&group, &[&topic])[&(topic.clone(), 0)], 2);
    }
}

#[test]
fn a_schema_that_cannot_be_had_is_a_failed_record_of_a_handler() {
    let registry = StubRegistry::start();
    let unknown = Produced::value(b"\0\0\0\x03\xe7abcd").partition(0);
    let (mock, topic) = topic_of(&[value("avro-long"), unknown, value("avro-string")]);
    let handle = |policy: &[&str]| {
        let group = unique_name("group");
        let arguments = ["consume", &topic, "-b", &mock.brokers(), "--registry", &registry.url(), "-e"];
        let outcome = crate::support::run::Kcons::new(arguments)
            .args(["-X", "partition.assignment.strategy=cooperative-sticky", "--group", &group])
            .args(["--stdin", "json", "--exec", "cat"])
            .args(policy)
            .run();
        let committed = mock.committed(&group, &[&topic]).get(&(topic.clone(), 0)).copied();
        (outcome, committed)
    };
    let (stopped, committed) = handle(&[]);
    stopped.has_code(5).stderr_contains("schema 999 is not in the registry");
    assert_eq!((stopped.json_lines().len(), committed), (1, Some(1)), "{stopped}");
    let (skipped, committed) = handle(&["--on-failure", "skip"]);
    skipped.has_code(0).has_summary("3 records: 2 ok, 1 skipped");
    assert_eq!((skipped.json_lines().len(), committed), (2, Some(3)), "{skipped}");
    // What may be a number of 8 bytes names no schema.
    let number = value("avro-long").key(0x0100_0005_u64.to_be_bytes());
    let (mock, topic) = topic_of(&[number]);
    let handled = crate::support::run::Kcons::new(["consume", &topic, "-b", &mock.brokers(), "-e"])
        .args(["--registry", &registry.url(), "--stdin", "json", "--exec", "cat"])
        .run();
    handled.has_code(0).has_summary("1 record: 1 ok");
}

#[test]
fn a_schema_that_was_deleted_or_shares_types_is_found() {
    let registry = StubRegistry::start();
    let record = |name: &str, fields: &str| {
        let text = format!("{{\"type\":\"record\",\"name\":\"{name}\",\"fields\":[{fields}]}}");
        json!(text)
    };
    let reference = |name: &str| json!({"name": name, "subject": name.to_lowercase(), "version": 1});
    let field = |name: &str, kind: &str| format!("{{\"name\":\"{name}\",\"type\":\"{kind}\"}}");
    registry.add(
        "/subjects/address/versions/1?deleted=true",
        &json!({"schema": record("Address", &field("street", "string"))}),
    );
    for name in ["Order", "Invoice"] {
        let schema = record(name, &field("to", "Address"));
        let answer = json!({"schema": schema, "references": [reference("Address")]});
        registry.add(&format!("/subjects/{}/versions/1", name.to_lowercase()), &answer);
    }
    let root = record("Root", &[field("order", "Order"), field("invoice", "Invoice")].join(","));
    let references = json!([reference("Order"), reference("Invoice")]);
    registry.add("/schemas/ids/500", &json!({"schema": root, "references": references}));
    let (mock, topic) = topic_of(&[Produced::value(b"\0\0\0\x01\xf4\x02a\x02b").partition(0)]);
    let outcome = consume(&mock, &topic, &registry).run();
    outcome.has_code(0).has_stderr("");
    let expected = json!({"order": {"to": {"street": "a"}}, "invoice": {"to": {"street": "b"}}});
    assert_eq!(outcome.json_lines()[0]["value"], expected);
    for subject in ["address", "order", "invoice"] {
        assert_eq!(registry.count(&format!("/subjects/{subject}/versions/1")), 1, "{subject}");
    }
}
