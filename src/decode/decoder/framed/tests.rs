//! Frames of all languages, and what they lack.

use super::*;
use crate::decode::{FileSchemas, Schema, SchemaSlot, SchemaSource, UnionNames};
use std::sync::Arc;

/// Schema 1 is Avro, 2 is JSON Schema, 3 is of no use, 4 could not be had; the others have not come.
#[derive(Debug)]
struct Some4;

impl SchemaSource for Some4 {
    fn slot(&self, id: SchemaId) -> Arc<SchemaSlot> {
        let slot = SchemaSlot::default();
        let here = |form| RegisteredSchema { number: None, form };
        match id {
            SchemaId::Number(1) => {
                let schema = Schema::parse("\"long\"", &[], UnionNames::Hidden).expect("a schema");
                slot.fill(here(SchemaForm::Avro(schema)));
            }
            SchemaId::Number(2) => slot.fill(here(SchemaForm::Json)),
            SchemaId::Number(3) => slot.fill(here(SchemaForm::Unusable("it is odd".to_owned()))),
            SchemaId::Number(4) => slot.fail("schema 4 cannot be had: timed out"),
            SchemaId::Number(_) | SchemaId::Global(_) => {}
        }
        Arc::new(slot)
    }
}

fn told(format: DataFormat, bytes: &'static [u8]) -> (String, Option<String>) {
    let decoder = Box::leak(Box::new(Decoder::new(Part::Value, format, &FileSchemas::default())));
    let decoded = decoder.decode_by_schema(bytes, &[], &Schemas::of(Arc::new(Some4)));
    let form = match decoded.form {
        Form::Json(json) => {
            let mut line = Vec::new();
            json.write_line(&mut line);
            String::from_utf8(line).expect("UTF-8")
        }
        other => format!("{other:?}"),
    };
    let is_decoded = format != DataFormat::Text && decoded.reason.is_none() && bytes.first() == Some(&0);
    assert_eq!(decoded.schema_id.is_some(), is_decoded);
    (form, decoded.reason.map(|reason| reason.to_string()))
}

#[test]
fn a_frame_is_decoded_by_its_schema_or_says_what_is_wrong() {
    let raw = |bytes: &str| format!("Text({bytes:?})");
    for (bytes, form, reason) in [
        (&b"\0\0\0\0\x01\x0e"[..], "7".to_owned(), None),
        (b"\0\0\0\0\x02 {\"a\":1}", "{\"a\":1}".to_owned(), None),
        (b"\0\0\0\0\x01", raw("\0\0\0\0\x01"), Some("not Avro of schema 1: ends too early")),
        (b"\0\0\0\0\x02x", raw("\0\0\0\0\x02x"), Some("not JSON of schema 2: unexpected `x` at byte 1")),
        (b"\0\0\0\0\x03x", raw("\0\0\0\0\x03x"), Some("not decoded: schema 3 cannot be used: it is odd")),
        (b"\0\0\0\0\x04x", raw("\0\0\0\0\x04x"), Some("not decoded: schema 4 cannot be had: timed out")),
        (b"\0\0\0\0\0x", raw("\0\0\0\0\0x"), Some("not decoded: schema 0 is not in the registry")),
        (b"text", raw("text"), None),
    ] {
        assert_eq!(told(DataFormat::Auto, bytes), (form, reason.map(str::to_owned)), "{bytes:?}");
    }
    assert_eq!(told(DataFormat::Text, b"\0\0\0\0\x01\x0e").1, None);
    for (format, bytes, reason) in [
        (DataFormat::Avro, &b"\0\0\0\0\x01\x0e"[..], None),
        (DataFormat::Protobuf, b"\0\0\0\0\x01\x0e", Some("not Protobuf: schema 1 is Avro")),
        (DataFormat::Avro, b"\0\0\0\0\x02{}", Some("not Avro: schema 2 is JSON Schema")),
        (DataFormat::Avro, b"abcd", Some("not Avro that names a schema: it starts with the byte 61, not 00")),
        (
            DataFormat::Avro,
            b"\0\0",
            Some("not Avro that names a schema: it has 2 bytes instead of 5 or more"),
        ),
        (DataFormat::Protobuf, b"", Some("not Protobuf that names a schema: it is empty")),
        (DataFormat::Avro, b"\0\0\0\0\0\0\0\x07", Some("not decoded: schema 0 is not in the registry")),
    ] {
        assert_eq!(told(format, bytes).1, reason.map(str::to_owned), "{bytes:?}");
    }
}

#[test]
fn only_a_schema_that_has_not_come_is_waited_for() {
    let decoder = Decoder::new(Part::Key, DataFormat::Auto, &FileSchemas::default());
    let schemas = Schemas::of(Arc::new(Some4));
    for (bytes, has_it) in [
        (&b"\0\0\0\0\x01\x0e"[..], true),
        (b"\0\0\0\0\x03", true),
        (b"\0\0\0\0\x04", true),
        (b"\0\0\0\0\x05", false),
        (b"\0\0\0\0\0", true),
        (b"\xff\xff\xff\xff\xff", true),
        (b"\0\x80\0\0\0", true),
        (b"\0\0\0\0\0\0\0\x07", true),
        (b"text", true),
    ] {
        let awaited = decoder.awaited(bytes, &[], &schemas);
        assert_eq!(awaited, (!has_it).then_some(SchemaId::Number(5)), "{bytes:?}");
    }
    let hex = Decoder::new(Part::Key, DataFormat::Hex, &FileSchemas::default());
    assert_eq!(hex.awaited(b"\0\0\0\0\x05", &[], &schemas), None);
}
