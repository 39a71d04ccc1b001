//! Records of real serializers, whole and damaged.

use super::super::{Message, Messages};
use super::{json, messages};
use serde_json::Value;

struct Vector {
    message: Message,
    payload: Vec<u8>,
    vector: Value,
}

fn read(name: &str) -> Value {
    let path = format!("{}/tests/data/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).expect("a vector")).expect("JSON")
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
}

/// A registry's answer with all that it refers to.
fn schema(id: &Value) -> Messages {
    let registry = read("registry.json");
    let answer = &registry[format!("GET /schemas/ids/{id}")];
    let references = answer["references"].as_array().map_or(&[][..], Vec::as_slice);
    let imports: Vec<_> = references
        .iter()
        .map(|reference| {
            let subject = reference["subject"].as_str().expect("a subject");
            let path = format!("GET /subjects/{subject}/versions/{}", reference["version"]);
            let text = registry[path]["schema"].as_str().expect("a schema");
            (reference["name"].as_str().expect("a name"), text)
        })
        .collect();
    Messages::of_schema(answer["schema"].as_str().expect("a schema"), &imports).expect("a schema")
}

/// Takes a varint in zigzag off the front.
fn index(bytes: &mut &[u8]) -> usize {
    let (first, rest) = bytes.split_first().expect("an index");
    *bytes = rest;
    usize::from(first >> 1)
}

fn vectors() -> Vec<Vector> {
    let names =
        ["base64", "deep", "empty", "first", "nested", "references", "scalars", "second", "well-known"];
    let vector = |name: &str| {
        let vector = read(&format!("protobuf-{name}.json"));
        let record = bytes(vector["record_hex"].as_str().expect("text"));
        let mut rest = &record[5..];
        let count = index(&mut rest);
        let mut indexes: Vec<_> = (0..count).map(|_| index(&mut rest)).collect();
        if count == 0 {
            indexes.push(0);
        }
        let message = schema(&vector["schema_id"]).at(&indexes).expect("a message");
        Vector { message, payload: rest.to_vec(), vector }
    };
    names.map(vector).into()
}

/// Numbers as the same number wherever they are the same.
fn by_value(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().expect("a number").into(),
        Value::Array(elements) => elements.into_iter().map(by_value).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, by_value(value))).collect(),
        other => other,
    }
}

#[test]
fn records_of_real_serializers_are_decoded() {
    for Vector { message, payload, vector } in vectors() {
        assert_eq!(message.full_name(), vector["message"]);
        let mut out = Vec::new();
        message.write_json(&payload, &mut out).expect("a message");
        let decoded: Value = serde_json::from_slice(&out).expect("JSON");
        assert_eq!(by_value(decoded), by_value(vector["decoded"].clone()), "{}", vector["what"]);
    }
}

#[test]
fn damaged_records_are_json_or_an_error() {
    let check = |message: &Message, bytes: &[u8]| {
        let mut out = Vec::new();
        match message.write_json(bytes, &mut out) {
            Ok(()) => drop(serde_json::from_slice::<Value>(&out).expect("JSON")),
            Err(flaw) => assert!(out.is_empty() && !flaw.to_string().is_empty()),
        }
    };
    for Vector { message, payload, .. } in vectors() {
        for place in 0..payload.len() {
            check(&message, &payload[..place]);
            let mut flipped = payload.clone();
            for bit in 0..8 {
                flipped[place] ^= 1 << bit;
                check(&message, &flipped);
                flipped[place] ^= 1 << bit;
            }
            for byte in [0, 0x7f, 0x80, 0xff] {
                flipped[place] = byte;
                check(&message, &flipped);
            }
        }
    }
}

const TASK: &str = "syntax = \"proto3\"; package acme;
    message Task { string id = 1; int32 n = 2; repeated Task sub = 3; repeated int32 numbers = 4; fixed64 f = 5;
                   map<string, Task> parts = 6; double d = 7; }";

#[test]
fn an_error_says_what_is_wrong_and_where() {
    for (bytes, expected) in [
        (&b"\x0a\x05ab"[..], "ends too early in `id`"),
        (b"\x0a", "ends too early in `id`"),
        (b"\x0a\x02\xff\xfe", "invalid UTF-8 in `id`"),
        (b"\x08\x01", "wire type 0 instead of 2 in `id`"),
        (b"\x1a\x00\x1a\x04\x0a\x02\xc3\x28", "invalid UTF-8 in `sub[1].id`"),
        (b"\x1a\x02\x10\x80", "ends too early in `sub[0].n`"),
        (b"\x22\x01\x80", "ends too early in `numbers`"),
        (b"\x29\x01\x02", "ends too early in `f`"),
        (b"\x32\x04\x12\x02\x0a\x09", "ends too early in `parts.id`"),
        (b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "a number of more than 64 bits in `n`"),
        (b"\x00", "an invalid field number"),
        (b"\x0e", "unknown wire type 6 in `id`"),
        (b"\x0c", "a group ends that has not begun in `id`"),
        (b"\x7c", "a group ends that has not begun"),
        (b"\x7b\x08\x01", "ends too early"),
        (b"\x7b\x83\x01\x7c", "a group ends that has not begun"),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "an invalid field number"),
        (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "ends too early in `id`"),
        // The same out of order.
        (b"\x10\x01\x0a\x02\xff\xfe", "invalid UTF-8 in `id`"),
        (b"\x10\x01\x08\x01", "wire type 0 instead of 2 in `id`"),
    ] {
        assert_eq!(json(TASK, bytes), Err(expected.to_owned()), "{bytes:x?}");
    }
}

/// Field 3 of `TASK` in itself, so many times.
fn nested(levels: usize) -> Vec<u8> {
    (0..levels).fold(Vec::new(), |inside, _| {
        let mut bytes = vec![0x1a];
        let mut length = inside.len();
        while length >= 0x80 {
            bytes.push(length as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend(inside);
        bytes
    })
}

#[test]
fn messages_are_nested_up_to_200_levels() {
    let mut out = Vec::new();
    let task = messages(TASK).at(&[0]).expect("a message");
    task.write_json(&nested(199), &mut out).expect("200 levels");
    assert_eq!(out.iter().filter(|byte| **byte == b'{').count(), 200);
    let flaw = "nested deeper than 200 levels in `sub[0].sub[0].sub[0].sub[0].sub[0].sub[0].sub[0].sub[0].…`";
    for levels in [200, 5000] {
        assert_eq!(json(TASK, &nested(levels)), Err(flaw.to_owned()));
        // The same out of order.
        let bytes = [&b"\x10\x01\x0a\x00"[..], &nested(levels)].concat();
        assert!(json(TASK, &bytes).is_err_and(|flaw| flaw.starts_with("nested deeper")), "{levels}");
    }
    let groups = [0x7b_u8; 100_000];
    assert_eq!(json(TASK, &groups), Err("nested deeper than 200 levels".to_owned()));
}

#[test]
fn fields_in_any_order_give_the_same_text() {
    let sub = b"\x1a\x03\x0a\x01s";
    for (pieces, expected) in [
        (&[&b"\x10\x07"[..], b"\x0a\x01a"][..], r#"{"id":"a","n":7}"#),
        (&[b"\x0a\x01a", b"\x10\x07", b"\x0a\x01b"], r#"{"id":"b","n":7}"#),
        (&[sub, b"\x10\x07", sub], r#"{"n":7,"sub":[{"id":"s"},{"id":"s"}]}"#),
        (&[b"\x20\x01", b"\x22\x02\x02\x03", b"\x20\x04"], r#"{"numbers":[1,2,3,4]}"#),
        (&[b"\x20\x01", b"\x0a\x00", b"\x22\x02\x02\x03"], r#"{"numbers":[1,2,3]}"#),
        (&[b"\x22\x00"], "{}"),
        (&[b"\x22\x00", b"\x10\x00", b"\x0a\x00"], "{}"),
        (&[b"\x78\x01", b"\x10\x07", b"\x7b\x08\x01\x7c"], r#"{"n":7}"#),
        (&[b"\x32\x03\x0a\x01x", b"\x32\x07\x0a\x01x\x12\x02\x10\x01"], r#"{"parts":{"x":{"n":1}}}"#),
        (&[b"\x32\x07\x12\x02\x10\x01\x0a\x01x", b"\x32\x00"], r#"{"parts":{"x":{"n":1},"":{}}}"#),
        (&[b"\x39\x00\x00\x00\x00\x00\x00\x00\x80"], r#"{"d":-0.0}"#),
    ] {
        assert_eq!(json(TASK, &pieces.concat()), Ok(expected.to_owned()), "{pieces:x?}");
    }
}

#[test]
fn messages_that_come_twice_are_merged() {
    let schema =
        "syntax = \"proto2\"; message A { optional A a = 1; repeated string s = 2; optional int32 n = 3;
                  oneof one { string x = 4; A y = 5; } extensions 100 to 200; }
                  extend A { optional bool flag = 100; }";
    for (bytes, expected) in [
        (&b"\x0a\x03\x12\x01a\x0a\x05\x12\x01b\x18\x07"[..], r#"{"a":{"s":["a","b"],"n":7}}"#),
        (b"\x2a\x02\x18\x07\x2a\x03\x12\x01b", r#"{"y":{"s":["b"],"n":7}}"#),
        // Another field of the oneof between them: what was there before is gone.
        (b"\x2a\x02\x18\x07\x22\x00\x2a\x03\x12\x01b", r#"{"y":{"s":["b"]}}"#),
        (b"\x22\x01a\x2a\x00", r#"{"y":{}}"#),
        (b"\x2a\x00\x22\x01a", r#"{"x":"a"}"#),
        (b"\xa0\x06\x01\x18\x00", r#"{"n":0,"[flag]":true}"#),
    ] {
        assert_eq!(json(schema, bytes), Ok(expected.to_owned()), "{bytes:x?}");
    }
}

#[test]
fn maps_with_many_keys_lose_none_and_doubles_count_once() {
    let entry = |number: u8| vec![0x32, 4, 0x0a, 2, b'a' + number / 10, b'0' + number % 10];
    for count in [1, 8, 9, 40] {
        let entries: Vec<u8> = (0..count).flat_map(entry).collect();
        let text = json(TASK, &entries).expect("a message");
        assert_eq!(text.matches(":{}").count(), usize::from(count));
        let doubled = [entries, entry(0)].concat();
        assert_eq!(json(TASK, &doubled), Ok(text));
    }
}
