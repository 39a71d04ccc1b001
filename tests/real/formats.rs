//! Values, keys and headers that are not text, on a real Kafka.

use std::fs;

use super::reading::{consume, named_topic};
use crate::support::kafka::kafka;
use crate::support::{Committed, Produced, own_folder, unique_name};

const EVENT: &str = r#"{"type":"record","name":"Event","fields":[
    {"name":"id","type":"string"},
    {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}]}"#;

/// 2026-11-23T09:00:00Z as an Avro long, behind an id of two letters.
fn event(id: &str) -> Vec<u8> {
    let milliseconds = 1_795_424_400_000_u64;
    let mut datum = vec![4];
    datum.extend_from_slice(id.as_bytes());
    let mut rest = milliseconds << 1;
    while rest >= 0x80 {
        datum.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    datum.push(rest as u8);
    datum
}

pub fn values_keys_and_headers_come_out_of_their_formats() {
    let topic = named_topic("readings", 1);
    let records = [
        // As Kafka's own serializers for Double and UUID write them, and a counter of a C program.
        Produced::value(21.5_f64.to_be_bytes())
            .key([0x11; 16])
            .header("n", 7_u16.to_le_bytes())
            .header("trace", "a1"),
        Produced::value(f64::NAN.to_be_bytes()).key("k").null_header("n"),
        Produced::tombstone([0xff; 16]),
    ];
    kafka().produce(&topic, &records);
    let formats = ["--value-format", "f64", "--key-format", "uuid", "--header-format", "n=le:u16"];
    let outcome = consume(&topic).args(["-e", "-o", "json"]).args(formats).run();
    let reason = "not a UUID: 1 byte instead of 16";
    outcome.has_code(0).has_stderr(&format!("warning: {topic} [0] @ 1: key is {reason}\n"));
    let parts = [
        concat!(
            r#""key":"11111111-1111-1111-1111-111111111111","key_encoding":"uuid","value":21.5,"#,
            r#""headers":[{"key":"n","value":7},{"key":"trace","value":"a1"}]}"#
        )
        .to_owned(),
        format!(r#""key":"k","key_error":"{reason}","value":"NaN","headers":[{{"key":"n","value":null}}]}}"#),
        r#""key":"ffffffff-ffff-ffff-ffff-ffffffffffff","key_encoding":"uuid","value":null,"headers":[]}"#
            .to_owned(),
    ];
    let text = outcome.stdout_text();
    assert_eq!(text.lines().count(), parts.len(), "{outcome}");
    for (line, part) in text.lines().zip(parts) {
        assert!(line.ends_with(&part), "{line}\nshould end with\n{part}");
    }
    let warm = ["-e", "-f", "%{key:json} %{value:json};", "--filter", ".value? > 20 and .value != \"NaN\""];
    let outcome = consume(&topic).args(warm).args(formats).run();
    outcome.has_stdout(r#""11111111-1111-1111-1111-111111111111" 21.5;"#);
}

pub fn a_handler_gets_decoded_records_and_damage_follows_its_policy() {
    let topic = named_topic("events", 1);
    let folder = own_folder();
    let schema = folder.path().join("event.avsc");
    fs::write(&schema, EVENT).expect("the folder is ours");
    let records = [event("e1"), event("e2"), event("e1"), b"damaged".to_vec(), event("e3")];
    kafka().produce(&topic, &records.map(Produced::value));
    let group = unique_name("group");
    let store = folder.path().join("ids.redb");
    let handle = |arguments: &[&str]| {
        consume(&topic)
            .args(["-e", "-g", &group, "--avro-schema"])
            .arg(&schema)
            .args(["--exec", "cat", "--stdin", "json", "--dedup", ".value.id?", "--dedup-store"])
            .arg(&store)
            .args(arguments)
            .run()
    };
    let stopped = handle(&["--strict"]);
    stopped.has_code(5).stderr_contains(&format!("{topic} [0] @ 3: value is not Avro: "));
    let values: Vec<_> = stopped.json_lines().iter().map(|record| record["value"].clone()).collect();
    let event = |id: &str| serde_json::json!({"id": id, "at": "2026-11-23T09:00:00Z"});
    // The third one has the id of the first. It may still have waited for its turn when the run ended.
    assert!([event("e1"), event("e2")].starts_with(&values), "{stopped}");
    assert!(kafka().committed(&group).values().all(|offset| *offset <= 3), "{stopped}");
    let rest = handle(&[]);
    rest.has_code(0).stderr_contains(&format!("warning: {topic} [0] @ 3: value is not Avro: "));
    let lines = rest.json_lines();
    let ids = values.len() + lines.len();
    assert_eq!(ids, 4, "{stopped}{rest}");
    let [.., damaged, last] = &lines[..] else { panic!("{rest}") };
    assert_eq!(damaged["value"], "damaged");
    assert!(damaged["value_error"].as_str().is_some_and(|error| error.starts_with("not Avro: ")), "{rest}");
    assert_eq!(last["value"], event("e3"));
    assert_eq!(kafka().committed(&group), Committed::from([((topic.clone(), 0), 5)]));
}
