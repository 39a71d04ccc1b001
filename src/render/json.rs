//! `-o json`: an object on each line, the envelope that scripts, jq and workers read.

use super::encode::{self, Tail};
use super::escape;
use crate::decode::{Content, Decoded, Form};
use crate::record::{Header, Record};

/// Renders envelopes; keeps what stays the same from record to record.
#[derive(Debug, Default)]
pub struct JsonRenderer {
    topic: String,
    partition: i32,
    /// The start of an envelope of this topic and partition: `{"topic":"…","partition":0,"offset":`.
    start: Vec<u8>,
}

/// The fields that may accompany a key or a value.
pub(super) struct FieldNames {
    encoding: &'static [u8],
    error: &'static [u8],
    /// Whether `encoding` is there for text, too: that is what a key or a header is expected to be, but not a value.
    names_text: bool,
}

pub(super) const KEY: FieldNames =
    FieldNames { encoding: b",\"key_encoding\":\"", error: b",\"key_error\":\"", names_text: false };

pub(super) const VALUE: FieldNames =
    FieldNames { encoding: b",\"value_encoding\":\"", error: b",\"value_error\":\"", names_text: true };

const HEADER_VALUE: FieldNames = FieldNames { names_text: false, ..VALUE };

impl JsonRenderer {
    /// Appends the envelope of the record and a line break.
    pub fn render(&mut self, record: &Record<'_>, content: &Content<'_>, out: &mut Vec<u8>) {
        if self.partition != record.partition || self.topic != record.topic || self.start.is_empty() {
            self.turn_to(record);
        }
        out.extend_from_slice(&self.start);
        let mut numbers = Tail::default();
        numbers.text(b",\"key\":");
        match record.timestamp {
            Some(timestamp) => numbers.integer(timestamp),
            None => numbers.text(b"null"),
        }
        numbers.text(b",\"timestamp\":");
        numbers.integer(record.offset);
        out.extend_from_slice(numbers.bytes());
        field(&KEY, content.key.as_ref(), out);
        out.extend_from_slice(b",\"value\":");
        field(&VALUE, content.value.as_ref(), out);
        if record.headers.is_empty() {
            out.extend_from_slice(b",\"headers\":[]}\n");
        } else {
            headers(record.headers, out);
        }
    }

    fn turn_to(&mut self, record: &Record<'_>) {
        self.topic.clear();
        self.topic.push_str(record.topic);
        self.partition = record.partition;
        self.start.clear();
        self.start.extend_from_slice(b"{\"topic\":\"");
        escape::json_string(record.topic, &mut self.start);
        self.start.extend_from_slice(b"\",\"partition\":");
        encode::integer(record.partition.into(), &mut self.start);
        self.start.extend_from_slice(b",\"offset\":");
    }
}

pub(super) fn headers(headers: &[Header<'_>], out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"headers\":[");
    let plain = |bytes| Decoded { form: Form::plain(bytes), reason: None };
    for (index, header) in headers.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{\"key\":" } else { b",{\"key\":" });
        field(&KEY, Some(&plain(header.name)), out);
        out.extend_from_slice(b",\"value\":");
        field(&HEADER_VALUE, header.value.map(plain).as_ref(), out);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}\n");
}

/// Appends a key or value, how it is encoded, and why it is not in the format that was asked for.
#[inline]
pub(super) fn field(names: &FieldNames, decoded: Option<&Decoded<'_>>, out: &mut Vec<u8>) {
    let Some(decoded) = decoded else {
        out.extend_from_slice(b"null");
        return;
    };
    let encoding = match decoded.form {
        Form::Json(json) => {
            json.write_line(out);
            json.is_null().then_some("json")
        }
        Form::Text(text) => {
            quoted(out, |out| escape::json_string(text, out));
            names.names_text.then_some("text")
        }
        Form::Base64(bytes) => {
            quoted(out, |out| encode::base64(bytes, out));
            Some("base64")
        }
        Form::Hex(bytes) => {
            quoted(out, |out| encode::hex(bytes, out));
            Some("hex")
        }
    };
    if let Some(encoding) = encoding {
        out.extend_from_slice(names.encoding);
        out.extend_from_slice(encoding.as_bytes());
        out.push(b'"');
    }
    if let Some(reason) = &decoded.reason {
        out.extend_from_slice(names.error);
        escape::json_string(&reason.to_string(), out);
        out.push(b'"');
    }
}

#[inline]
fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::DataFormat;
    use crate::decode::{Decoders, Schemas};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;
    use serde_json::Value;

    const RECORD: Record<'_> =
        Record { topic: "t", partition: 0, offset: 0, timestamp: None, key: None, value: None, headers: &[] };

    fn line_as(key: DataFormat, value: DataFormat, record: &Record<'_>) -> String {
        let mut out = Vec::new();
        let content = Decoders::new(key, value, &Schemas::default()).decode(record);
        JsonRenderer::default().render(record, &content, &mut out);
        String::from_utf8(out).expect("always UTF-8")
    }

    fn line(record: &Record<'_>) -> String {
        line_as(DataFormat::Auto, DataFormat::Auto, record)
    }

    /// What stands between `"value":` and the headers.
    fn value_as(format: DataFormat, value: &[u8]) -> String {
        let line = line_as(DataFormat::Auto, format, &Record { value: Some(value), ..RECORD });
        let value =
            line.split_once("\"value\":").and_then(|(_, rest)| rest.strip_suffix(",\"headers\":[]}\n"));
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
            lines.render(&record, &Content { key: None, value: None }, &mut out);
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
}
