//! Keys and values that name their schemas: no panic, and a line about them is one JSON text.
#![no_main]

use kcons_fuzz::decode::avro::{Schema, UnionNames};
use kcons_fuzz::decode::frame::{Frame, IndexList, SchemaId, VALUE_HEADER};
use kcons_fuzz::decode::protobuf::Messages;
use kcons_fuzz::decode::{
    DataFormats, Decoders, RegisteredSchema, SchemaForm, SchemaSlot, SchemaSource, Schemas,
};
use kcons_fuzz::record::{Header, Record};
use kcons_fuzz::render::json::JsonRenderer;
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};

const AVRO: &str = r#"{"type":"record","name":"R","fields":[
    {"name":"s","type":"string"},{"name":"a","type":{"type":"array","items":["null","long","R"]}}]}"#;

const PROTOBUF: &str = r#"syntax = "proto3";
    message A { string t = 1; message B { int64 i = 1; message C { A a = 1; } } }
    message D { repeated A as = 1; }"#;

/// A registry that has a schema of each kind, one that cannot be had, and others that do not come.
#[derive(Debug)]
struct Registry(Vec<Arc<SchemaSlot>>);

static REGISTRY: LazyLock<Arc<Registry>> = LazyLock::new(|| {
    let forms = [
        SchemaForm::Avro(Schema::parse(AVRO, &[], UnionNames::Hidden).expect("a schema")),
        SchemaForm::Protobuf(Messages::of_schema(PROTOBUF, &[]).expect("a schema")),
        SchemaForm::Json,
        SchemaForm::Unusable("it is no schema".to_owned()),
    ];
    let mut slots: Vec<Arc<SchemaSlot>> = Vec::new();
    for form in forms {
        let slot = SchemaSlot::default();
        slot.fill(RegisteredSchema { number: Some(slots.len() as u32), form });
        slots.push(Arc::new(slot));
    }
    let away = SchemaSlot::default();
    away.fail("the registry is away");
    slots.extend([Arc::new(away), Arc::default()]);
    Arc::new(Registry(slots))
});

impl SchemaSource for Registry {
    fn slot(&self, id: SchemaId) -> Arc<SchemaSlot> {
        let index = match id {
            SchemaId::Number(number) => number as usize,
            SchemaId::Global(bytes) => usize::from(bytes[0]),
        };
        Arc::clone(&self.0[index % self.0.len()])
    }
}

fuzz_target!(|data: &[u8]| {
    // How long the header is, the header, and the value.
    let Some((length, rest)) = data.split_first() else { return };
    let (header, value) = rest.split_at(usize::from(*length % 32).min(rest.len()));
    let headers = [Header { name: VALUE_HEADER, value: Some(header) }];
    let headers = &headers[usize::from(header.is_empty())..];
    let record = Record {
        topic: "t",
        partition: 0,
        offset: 0,
        timestamp: None,
        key: Some(header),
        value: Some(value),
        headers,
    };
    if let Some(frame) = Frame::of(value, headers, VALUE_HEADER) {
        assert!(value.ends_with(frame.payload) && !frame.schema.to_string().is_empty());
        assert!(matches!(frame.list, IndexList::InPayload) || !headers.is_empty());
        let mut indexes = Vec::new();
        if let Ok(message) = frame.message(&mut indexes) {
            assert!(frame.payload.ends_with(message) && (1..=100).contains(&indexes.len()));
        }
    }
    let mut decoders = Decoders::new(&DataFormats::default(), &Schemas::of(REGISTRY.clone()));
    // Whether or not its schema has come: somebody may ask in between.
    decoders.can_decode(&record);
    let (mut content, mut line) = (decoders.decode(&record), Vec::new());
    JsonRenderer::default().render(&record, &mut content, &mut line);
    kcons_fuzz::is_one_line_of_json(line.strip_suffix(b"\n").unwrap_or(&line));
    if let Err(undecodable) = content.outcome(&record) {
        assert!(!undecodable.to_string().is_empty());
    }
});
