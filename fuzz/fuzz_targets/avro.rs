//! Schemas and data of Avro: no panic, and what is decoded is one JSON text on one line.
#![no_main]

use kcons_fuzz::decode::avro::{Schema, UnionNames};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// All types, for data that need no luck with their schema.
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let text = r#"{"type":"record","name":"R","fields":[
        {"name":"b","type":"boolean"},{"name":"i","type":"int"},{"name":"l","type":"long"},{"name":"f","type":"float"},
        {"name":"d","type":"double"},{"name":"y","type":"bytes"},{"name":"s","type":"string"},
        {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
        {"name":"x","type":{"type":"fixed","name":"F","size":3}},
        {"name":"a","type":{"type":"array","items":["null","string","R"]}},
        {"name":"m","type":{"type":"map","values":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}},
        {"name":"t","type":{"type":"long","logicalType":"timestamp-micros"}},
        {"name":"n","type":{"type":"array","items":"null"}},
        {"name":"u","type":{"type":"string","logicalType":"uuid"}},
        {"name":"o","type":{"type":"fixed","name":"D","size":12,"logicalType":"duration"}}]}"#;
    Schema::parse(text, &[], UnionNames::Shown).expect("a schema")
});

fuzz_target!(|data: &[u8]| {
    decode(&SCHEMA, data);
    // The other half of the inputs: a schema, a line break, and a datum.
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return };
    let Ok(text) = std::str::from_utf8(&data[..end]) else { return };
    if let Ok(schema) = Schema::parse(text, &[], UnionNames::Hidden) {
        decode(&schema, &data[end + 1..]);
    }
});

fn decode(schema: &Schema, datum: &[u8]) {
    let mut out = b"before".to_vec();
    match schema.write_json(datum, &mut out) {
        Ok(()) => kcons_fuzz::is_one_line_of_json(&out["before".len()..]),
        Err(flaw) => {
            assert_eq!(out, b"before");
            assert!(!flaw.to_string().is_empty());
        }
    }
}
