//! Records of real serializers on a real Kafka, decoded with a real schema registry.

use serde_json::{Value, json};

use super::reading::{consume, named_topic};
use crate::support::apicurio::apicurio;
use crate::support::kafka::kafka;
use crate::support::{Produced, unique_name, vectors};

/// Numbers as texts of one form, since `1` and `1.0` mean the same.
fn leveled(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => json!(number.as_f64().map(|number| number.to_string())),
        Value::Number(number) => json!(number.to_string()),
        Value::Array(items) => items.iter().map(leveled).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), leveled(value))).collect(),
        other => other.clone(),
    }
}

pub fn records_of_real_serializers_are_decoded_with_a_real_registry() {
    let (registry, vectors) = (apicurio(), vectors::all());
    let topic = named_topic("schemas", 1);
    let records: Vec<_> = vectors
        .iter()
        .map(|vector| Produced::value(&vector.record).key(&vector.record).partition(0))
        .collect();
    kafka().produce(&topic, &records);
    let outcome = consume(&topic).args(["-e", "--json", "--strict", "--registry", &registry.url()]).run();
    outcome.has_code(0).has_stderr("");
    let lines = outcome.json_lines();
    assert_eq!(lines.len(), vectors.len());
    for (line, vector) in lines.iter().zip(&vectors) {
        for part in ["key", "value"] {
            assert_eq!(leveled(&line[part]), leveled(&vector.decoded), "{}: {line}", vector.name);
            assert_eq!(line[format!("{part}_schema_id")], json!(vector.schema_id), "{}", vector.name);
        }
    }
}

pub fn a_real_registry_says_what_it_does_not_have() {
    let registry = apicurio();
    let topic = named_topic("schemas", 1);
    let long = vectors::named("avro-long");
    let unknown = Produced::value(b"\0\0\x01\x86\x9fabcdef").partition(0);
    kafka().produce(&topic, &[unknown, Produced::value(&long.record).partition(0)]);
    let (group, url) = (unique_name("group"), registry.url());
    let outcome = consume(&topic).args(["-e", "--json", "--registry", &url, "--group", &group]).run();
    outcome.has_code(0).has_stderr(&format!(
        "warning: {topic} [0] @ 0: value is not decoded: schema 99999 is not in the registry\n"
    ));
    let lines = outcome.json_lines();
    assert_eq!(lines[0]["value_error"], "not decoded: schema 99999 is not in the registry");
    assert_eq!(leveled(&lines[1]["value"]), leveled(&long.decoded), "{outcome}");
    // Without its path it is another server.
    let (bare, _) = url.split_once("/apis").expect("a path");
    let outcome = consume(&topic).args(["-e", "--json", "--registry", bare]).run();
    outcome.has_code(0).stderr_contains("404 Not Found").stderr_contains("; check the path of `--registry`");
}
