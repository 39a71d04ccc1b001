//! Tests of JSON envelopes.

use super::*;
use crate::choices::{ByteOrder, DataFormat, NumberFormat, NumberType};
use crate::decode::{DataFormats, Decoders, Schemas};
use crate::record::Header;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::Value;

const RECORD: Record<'_> =
    Record { topic: "t", partition: 0, offset: 0, timestamp: None, key: None, value: None, headers: &[] };

const UUID: &[u8; 16] = b"\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x14\x17\x40\x00";

const I32: DataFormat = DataFormat::Number(NumberFormat { kind: NumberType::I32, order: ByteOrder::Big });

fn line_as(key: DataFormat, value: DataFormat, record: &Record<'_>) -> String {
    line_of(&DataFormats { key, value, ..DataFormats::default() }, record)
}

fn line_of(formats: &DataFormats, record: &Record<'_>) -> String {
    let mut decoders = Decoders::new(formats, &Schemas::default());
    let mut out = Vec::new();
    JsonRenderer::default().render(record, &mut decoders.decode(record), &mut out);
    String::from_utf8(out).expect("always UTF-8")
}

fn line(record: &Record<'_>) -> String {
    line_as(DataFormat::Auto, DataFormat::Auto, record)
}

/// What stands between `"value":` and the headers.
fn value_as(format: DataFormat, value: &[u8]) -> String {
    let line = line_as(DataFormat::Auto, format, &Record { value: Some(value), ..RECORD });
    let value = line.split_once("\"value\":").and_then(|(_, rest)| rest.strip_suffix(",\"headers\":[]}\n"));
    value.expect("a value and no headers").to_owned()
}

/// What stands between `"key":` and the value.
fn key_as(format: DataFormat, key: &[u8]) -> String {
    let line = line_as(format, DataFormat::Auto, &Record { key: Some(key), ..RECORD });
    let key = line
        .split_once("\"key\":")
        .and_then(|(_, rest)| rest.strip_suffix(",\"value\":null,\"headers\":[]}\n"));
    key.expect("a key and no value").to_owned()
}

#[test]
fn an_envelope_is_one_line_with_its_fields_in_order() {
    let record = Record {
        topic: "task-created",
        timestamp: Some(1_763_888_400_000),
        key: Some(b"task-123"),
        value: Some(br#"{"id":"task-123","title":"Buy groceries"}"#),
        headers: &[Header { name: b"trace", value: Some(b"a1") }],
        ..RECORD
    };
    let expected = concat!(
        r#"{"topic":"task-created","partition":0,"offset":0,"timestamp":1763888400000,"key":"task-123","#,
        r#""value":{"id":"task-123","title":"Buy groceries"},"headers":[{"key":"trace","value":"a1"}]}"#,
        "\n"
    );
    assert_eq!(line(&record), expected);
}

#[test]
fn what_is_missing_is_null() {
    let expected =
        r#"{"topic":"t","partition":0,"offset":0,"timestamp":null,"key":null,"value":null,"headers":[]}"#;
    assert_eq!(line(&RECORD), format!("{expected}\n"));
}

#[test]
fn lines_follow_topic_partition_and_numbers() {
    let mut lines = JsonRenderer::default();
    let mut out = Vec::new();
    let places = [("a", 0, 9), ("a", 0, 10), ("a", 1, 10), ("b", 1, i64::MAX), ("", 0, 0), ("a", 0, 11)];
    for (topic, partition, offset) in places {
        let record = Record { topic, partition, offset, timestamp: Some(-offset), ..RECORD };
        out.clear();
        lines.render(&record, &mut Content::default(), &mut out);
        let start = format!(
            r#"{{"topic":"{topic}","partition":{partition},"offset":{offset},"timestamp":{},"#,
            -offset
        );
        assert!(out.starts_with(start.as_bytes()), "{}", String::from_utf8_lossy(&out));
    }
}

#[test]
fn a_value_that_is_json_is_embedded_as_it_is() {
    for (value, expected) in [
        (r#"{"b":1,"a":2,"a":3}"#, r#"{"b":1,"a":2,"a":3}"#),
        ("1.50e+400", "1.50e+400"),
        ("12345678901234567890123", "12345678901234567890123"),
        (" [ 1 ] ", "[ 1 ]"),
        ("{\n  \"a\": \"b c\"\n}\n", r#"{"a":"b c"}"#),
        ("\"\u{2028}\"", "\"\u{2028}\""),
        ("null", r#"null,"value_encoding":"json""#),
        (" null\n", r#"null,"value_encoding":"json""#),
    ] {
        assert_eq!(value_as(DataFormat::Auto, value.as_bytes()), expected);
        assert_eq!(value_as(DataFormat::Json, value.as_bytes()), expected);
    }
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(value_as(DataFormat::Auto, nested(200).as_bytes()), nested(200));
    let text = format!("\"{}\",\"value_encoding\":\"text\"", nested(201));
    assert_eq!(value_as(DataFormat::Auto, nested(201).as_bytes()), text);
}

#[test]
fn other_values_say_their_encoding() {
    for (format, value, expected) in [
        (DataFormat::Auto, &b""[..], r#""","value_encoding":"text""#),
        (DataFormat::Auto, b"Buy \"milk\"\n\0", r#""Buy \"milk\"\n\u0000","value_encoding":"text""#),
        (DataFormat::Auto, b"\"\\ud800\"", r#""\"\\ud800\"","value_encoding":"text""#),
        (DataFormat::Auto, "\u{feff}1".as_bytes(), "\"\u{feff}1\",\"value_encoding\":\"text\""),
        (DataFormat::Auto, b"\xff\xfe", r#""//4=","value_encoding":"base64""#),
        (DataFormat::Text, b"{\"a\":1}", r#""{\"a\":1}","value_encoding":"text""#),
        (DataFormat::Text, b"", r#""","value_encoding":"text""#),
        (DataFormat::Base64, b"{}", r#""e30=","value_encoding":"base64""#),
        (DataFormat::Base64, b"", r#""","value_encoding":"base64""#),
        (DataFormat::Hex, b"{}\xff", r#""7b7dff","value_encoding":"hex""#),
        (DataFormat::Uuid, UUID, r#""123e4567-e89b-12d3-a456-426614174000","value_encoding":"uuid""#),
        (I32, b"\0\0\0\x2a", "42"),
    ] {
        assert_eq!(value_as(format, value), expected);
    }
}

#[test]
fn what_cannot_be_decoded_is_raw_with_the_reason() {
    for (format, value, expected) in [
        (
            DataFormat::Json,
            &b"\"quote"[..],
            r#""\"quote","value_encoding":"text","value_error":"not JSON: ends too early""#,
        ),
        (
            DataFormat::Json,
            b"a\"",
            r#""a\"","value_encoding":"text","value_error":"not JSON: unexpected `a` at byte 1""#,
        ),
        (
            DataFormat::Json,
            b"1\"",
            r#""1\"","value_encoding":"text","value_error":"not JSON: unexpected `\\\"` at byte 2""#,
        ),
        (
            DataFormat::Text,
            b"\xff",
            r#""/w==","value_encoding":"base64","value_error":"not text: invalid UTF-8 at byte 1""#,
        ),
        (I32, b"{}", r#"{},"value_error":"not an i32: 2 bytes instead of 4""#),
    ] {
        assert_eq!(value_as(format, value), expected);
    }
    let key = r#""k","key_error":"not JSON: unexpected `k` at byte 1""#;
    assert_eq!(key_as(DataFormat::Json, b"k"), key);
    let key = r#""/w==","key_encoding":"base64","key_error":"not text: invalid UTF-8 at byte 1""#;
    assert_eq!(key_as(DataFormat::Text, b"\xff"), key);
}

#[test]
fn a_key_is_a_string_unless_json_is_asked_for() {
    for (format, key, expected) in [
        (DataFormat::Auto, &b"task-1"[..], r#""task-1""#),
        (DataFormat::Auto, b"17", r#""17""#),
        (DataFormat::Auto, b"", r#""""#),
        (DataFormat::Auto, b"\xff", r#""/w==","key_encoding":"base64""#),
        (DataFormat::Text, b"null", r#""null""#),
        (DataFormat::Json, b"{\"a\": 1}\n", r#"{"a": 1}"#),
        (DataFormat::Json, b"\"k\"", r#""k""#),
        (DataFormat::Json, b"null", r#"null,"key_encoding":"json""#),
        (DataFormat::Base64, b"k", r#""aw==","key_encoding":"base64""#),
        (DataFormat::Hex, b"k", r#""6b","key_encoding":"hex""#),
        (DataFormat::Uuid, UUID, r#""123e4567-e89b-12d3-a456-426614174000","key_encoding":"uuid""#),
        (I32, b"\xff\xff\xff\xff", "-1"),
        (I32, b"k", r#""k","key_error":"not an i32: 1 byte instead of 4""#),
    ] {
        assert_eq!(key_as(format, key), expected);
    }
}

#[test]
fn headers_keep_their_order_and_duplicates() {
    let headers = [
        Header { name: b"h", value: Some(b"2") },
        Header { name: b"h", value: Some(b"{}") },
        Header { name: b"null", value: None },
        Header { name: b"", value: Some(b"") },
        Header { name: b"bytes", value: Some(b"\xff") },
        Header { name: b"\xff", value: Some(b"\"") },
    ];
    let expected = concat!(
        r#","headers":[{"key":"h","value":"2"},{"key":"h","value":"{}"},{"key":"null","value":null},"#,
        r#"{"key":"","value":""},{"key":"bytes","value":"/w==","value_encoding":"base64"},"#,
        r#"{"key":"/w==","key_encoding":"base64","value":"\""}]}"#,
        "\n"
    );
    // The formats of key and value do not apply to headers.
    let line = line_as(DataFormat::Json, DataFormat::Hex, &Record { headers: &headers, ..RECORD });
    assert!(line.ends_with(expected), "{line}");
}

#[test]
fn the_schema_follows_what_it_is_the_schema_of() {
    let by_schema = |text: &'static [u8], id| Decoded { schema_id: Some(id), ..Decoded::plain(text) };
    let record = Record { key: Some(b"k"), value: Some(b"v"), ..RECORD };
    let mut decoders = Decoders::new(&DataFormats::default(), &Schemas::default());
    let mut content = decoders.decode(&record);
    content.key = Some(by_schema(b"k", SchemaId::Number(8)));
    content.value = Some(by_schema(b"v", SchemaId::Global(*UUID)));
    let mut out = Vec::new();
    JsonRenderer::default().render(&record, &mut content, &mut out);
    let expected = concat!(
        r#""key":"k","key_schema_id":8,"value":"v","value_encoding":"text","#,
        r#""value_schema_id":"123e4567-e89b-12d3-a456-426614174000","headers":[]}"#,
    );
    assert!(String::from_utf8_lossy(&out).contains(expected));
}

#[test]
fn headers_are_in_their_formats() {
    let headers = [
        Header { name: b"n", value: Some(b"\0\0\0\x07") },
        Header { name: b"other", value: Some(b"\xff") },
        Header { name: b"n", value: Some(b"7") },
        Header { name: b"n", value: None },
        Header { name: b"", value: Some(b"{}") },
    ];
    let formats = DataFormats {
        headers: DataFormat::Hex,
        named_headers: vec![("n".to_owned(), I32), (String::new(), DataFormat::Json)],
        ..DataFormats::default()
    };
    let expected = concat!(
        r#","headers":[{"key":"n","value":7},{"key":"other","value":"ff","value_encoding":"hex"},"#,
        r#"{"key":"n","value":"7","value_error":"not an i32: 1 byte instead of 4"},"#,
        r#"{"key":"n","value":null},{"key":"","value":{}}]}"#,
        "\n"
    );
    let line = line_of(&formats, &Record { headers: &headers, ..RECORD });
    assert!(line.ends_with(expected), "{line}");
}

/// The bytes that a field of an envelope stands for, unless it is embedded JSON.
fn bytes_of(object: &Value, name: &str) -> Option<Vec<u8>> {
    let text = object[name].as_str()?;
    match object[format!("{name}_encoding")].as_str() {
        Some("base64") => Some(STANDARD.decode(text).expect("base64")),
        Some("hex") => {
            let digits = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
            Some((0..text.len()).step_by(2).map(digits).collect())
        }
        Some("text") | None => Some(text.as_bytes().to_vec()),
        Some(other) => panic!("{other}"),
    }
}

fn formats() -> impl Strategy<Value = DataFormat> {
    use DataFormat::{Auto, Base64, Hex, Json, Text};
    prop::sample::select(vec![Auto, Json, Text, Base64, Hex])
}

/// Bytes of all kinds: JSON, text, nearly text, anything.
fn payloads() -> impl Strategy<Value = Option<Vec<u8>>> {
    prop::option::of(prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        any::<String>().prop_map(String::into_bytes),
        any::<String>().prop_map(|text| format!("{{\"a\" :\n{}}}", Value::from(text)).into_bytes()),
        prop::sample::select(vec!["null", "{}", "[1, 2]", "\"x\"", "-1.50", " true\r"])
            .prop_map(|text| text.as_bytes().to_vec()),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_record_is_one_line_that_says_all_of_it(
        (place, timestamp) in ((any::<i32>(), any::<i64>()), any::<Option<i64>>()),
        (key, key_format) in (payloads(), formats()),
        (value, value_format) in (payloads(), formats()),
        headers in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..5), payloads()), 0..3),
    ) {
        let owned = headers;
        let headers: Vec<Header<'_>> =
            owned.iter().map(|(name, value)| Header { name, value: value.as_deref() }).collect();
        let record = Record {
            topic: "any.topic",
            partition: place.0,
            offset: place.1,
            timestamp,
            key: key.as_deref(),
            value: value.as_deref(),
            headers: &headers,
        };
        let line = line_as(key_format, value_format, &record);
        prop_assert_eq!(line.find(['\n', '\r']), Some(line.len() - 1));
        let envelope: Value = serde_json::from_str(&line).expect("JSON");
        prop_assert_eq!(&envelope["partition"], &Value::from(place.0));
        prop_assert_eq!(&envelope["offset"], &Value::from(place.1));
        prop_assert_eq!(&envelope["timestamp"], &Value::from(timestamp));
        for (name, bytes, is_embedded) in [
            ("key", &key, key_format == DataFormat::Json && envelope.get("key_error").is_none()),
            ("value", &value, envelope.get("value_encoding").is_none_or(|encoding| encoding == "json")),
        ] {
            match bytes {
                Some(bytes) if is_embedded => {
                    let payload: Value = serde_json::from_slice(bytes).expect("only JSON is embedded");
                    prop_assert_eq!(&envelope[name], &payload);
                }
                _ => prop_assert_eq!(&bytes_of(&envelope, name), bytes),
            }
        }
        for (index, (name, value)) in owned.iter().enumerate() {
            prop_assert_eq!(bytes_of(&envelope["headers"][index], "key"), Some(name.clone()));
            prop_assert_eq!(&bytes_of(&envelope["headers"][index], "value"), value);
        }
        prop_assert_eq!(envelope["headers"].as_array().map(Vec::len), Some(owned.len()));
    }
}
