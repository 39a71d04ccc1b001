//! Schemas and messages of Protobuf: no panic, and what is decoded is one JSON text on one line.
#![no_main]

use kcons_fuzz::decode::protobuf::{Message, Messages};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// All kinds of fields, for messages that need no luck with their schema.
static MESSAGE: LazyLock<Message> = LazyLock::new(|| {
    let text = r#"syntax = "proto3"; package a;
        import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto";
        import "google/protobuf/struct.proto"; import "google/protobuf/any.proto";
        import "google/protobuf/wrappers.proto"; import "google/protobuf/field_mask.proto";
        enum E { Z = 0; Y = 1; }
        message M {
            int32 i = 1; sint64 s = 2; fixed32 f = 3; double d = 4; bool b = 5; string t = 6; bytes y = 7; E e = 8;
            M m = 9; repeated int64 r = 10; repeated M q = 11; map<string, M> p = 12; map<int32, bytes> n = 13;
            oneof o { float x = 14; string z = 15; }
            google.protobuf.Timestamp a1 = 16; google.protobuf.Duration a2 = 17; google.protobuf.Struct a3 = 18;
            google.protobuf.Any a4 = 19; google.protobuf.Int64Value a5 = 20; google.protobuf.FieldMask a6 = 21;
            google.protobuf.Value a7 = 22; optional uint64 u = 23; repeated E es = 24;
        }"#;
    let messages = Messages::of_schema(text, &[]).expect("a schema");
    messages.named("a.M").expect("it is in the schema")
});

fuzz_target!(|data: &[u8]| {
    decode(&MESSAGE, data);
    // The other half of the inputs: a schema, a zero byte, and a message.
    let Some(end) = data.iter().position(|byte| *byte == 0) else { return };
    let Ok(text) = std::str::from_utf8(&data[..end]) else { return };
    match Messages::of_schema(text, &[]) {
        Ok(messages) => {
            for message in (0..3).filter_map(|index| messages.at(&[index])) {
                decode(&message, &data[end + 1..]);
            }
        }
        Err(why) => assert!(!why.is_empty() && !why.contains('\n'), "{why}"),
    }
});

fn decode(message: &Message, bytes: &[u8]) {
    let mut out = b"before".to_vec();
    match message.write_json(bytes, &mut out) {
        Ok(()) => kcons_fuzz::is_one_line_of_json(&out["before".len()..]),
        Err(flaw) => {
            assert_eq!(out, b"before");
            assert!(!flaw.to_string().is_empty());
        }
    }
}
