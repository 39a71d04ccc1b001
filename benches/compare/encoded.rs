//! Records that a schema describes: the same ten fields in Avro and in Protobuf.

use std::fs;
use std::path::PathBuf;

/// A topic with records in one format.
pub struct Encoded {
    pub name: &'static str,
    pub topic: &'static str,
    /// The schema, and the file that it is written to.
    schema: &'static str,
    file: &'static str,
    pub value: fn(usize) -> Vec<u8>,
}

pub const ALL: [Encoded; 2] = [
    Encoded { name: "Avro", topic: "tasks-avro", schema: AVRO, file: "bench-task.avsc", value: avro },
    Encoded {
        name: "Protobuf",
        topic: "tasks-proto",
        schema: PROTOBUF,
        file: "bench-task.proto",
        value: protobuf,
    },
];

const AVRO: &str = r#"{"type":"record","name":"Task","namespace":"com.example","fields":[
    {"name":"id","type":"string"},
    {"name":"title","type":"string"},
    {"name":"owner","type":"string"},
    {"name":"priority","type":"int"},
    {"name":"done","type":"boolean"},
    {"name":"created_at","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"due","type":{"type":"int","logicalType":"date"}},
    {"name":"score","type":"double"},
    {"name":"tags","type":{"type":"array","items":"string"}},
    {"name":"note","type":["null","string"]}]}"#;

const PROTOBUF: &str = r#"syntax = "proto3";
package com.example;
message Task {
  string id = 1;
  string title = 2;
  string owner = 3;
  int32 priority = 4;
  bool done = 5;
  int64 created_at = 6;
  int32 due = 7;
  double score = 8;
  repeated string tags = 9;
  string note = 10;
}
"#;

impl Encoded {
    /// How kcons is told of the schema. It is written to a file of the build.
    pub fn options(&self) -> Vec<String> {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(self.file);
        fs::write(&file, self.schema).expect("the folder of the build can be written");
        let file = file.to_string_lossy().into_owned();
        match self.file.ends_with(".proto") {
            true => vec![
                "--proto".into(),
                file,
                "--proto-message".into(),
                "com.example.Task".into(),
                "--json".into(),
            ],
            false => vec!["--avro-schema".into(), file, "--json".into(), "--strict".into()],
        }
    }
}

/// The texts of a record.
fn texts(number: usize) -> [String; 3] {
    [format!("task-{number:07}"), format!("Buy groceries {number:07}"), format!("user{}", number % 100)]
}

const TAGS: [&str; 2] = ["home", "shopping"];
const NOTE: &str = "do not forget the milk";

/// 2026-11-23 in milliseconds and in days.
const CREATED_AT: usize = 1_795_392_000_000;
const DAY: usize = 20_780;

fn avro(number: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let long = |number: usize, out: &mut Vec<u8>| varint(2 * number, out);
    let text = |text: &str, out: &mut Vec<u8>| {
        long(text.len(), out);
        out.extend_from_slice(text.as_bytes());
    };
    texts(number).iter().for_each(|field| text(field, &mut out));
    long(number % 5, &mut out);
    out.push((number % 2) as u8);
    long(CREATED_AT + number, &mut out);
    long(DAY + number % 30, &mut out);
    out.extend_from_slice(&(number as f64 / 8.0).to_le_bytes());
    long(TAGS.len(), &mut out);
    TAGS.iter().for_each(|tag| text(tag, &mut out));
    long(0, &mut out);
    long(1, &mut out);
    text(NOTE, &mut out);
    out
}

fn protobuf(number: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let integer = |field: usize, number: usize, out: &mut Vec<u8>| {
        varint(field << 3, out);
        varint(number, out);
    };
    let text = |field: usize, text: &str, out: &mut Vec<u8>| {
        varint(field << 3 | 2, out);
        varint(text.len(), out);
        out.extend_from_slice(text.as_bytes());
    };
    (1..).zip(texts(number)).for_each(|(field, value)| text(field, &value, &mut out));
    integer(4, number % 5, &mut out);
    integer(5, number % 2, &mut out);
    integer(6, CREATED_AT + number, &mut out);
    integer(7, DAY + number % 30, &mut out);
    varint(8 << 3 | 1, &mut out);
    out.extend_from_slice(&(number as f64 / 8.0).to_le_bytes());
    TAGS.iter().for_each(|tag| text(9, tag, &mut out));
    text(10, NOTE, &mut out);
    out
}

/// Appends a number seven bits at a time, the lowest first.
fn varint(mut number: usize, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
