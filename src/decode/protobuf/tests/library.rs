//! Random messages, decoded here and by a library that builds trees: the same JSON.

use super::messages;
use proptest::prelude::*;
use prost::encoding::{encode_key, encode_varint};
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

const SCHEMA: &str = r#"
    syntax = "proto3";
    package acme;
    import "google/protobuf/any.proto";
    import "google/protobuf/duration.proto";
    import "google/protobuf/struct.proto";
    import "google/protobuf/timestamp.proto";
    import "google/protobuf/wrappers.proto";
    message A {
      double f1 = 1; float f2 = 2; int32 f3 = 3; int64 f4 = 4; uint32 f5 = 5; uint64 f6 = 6; sint32 f7 = 7;
      sint64 f8 = 8; fixed32 f9 = 9; fixed64 f10 = 10; sfixed32 f11 = 11; sfixed64 f12 = 12; bool f13 = 13;
      string f14 = 14; bytes f15 = 15; E f16 = 16; A f17 = 17;
      optional int32 f18 = 18; optional string f19 = 19;
      repeated int32 f20 = 20; repeated double f21 = 21; repeated string f22 = 22; repeated A f23 = 23; repeated E f24 = 24;
      map<string, int64> f25 = 25; map<int32, A> f26 = 26; map<bool, E> f27 = 27;
      oneof one { int32 f28 = 28; string f29 = 29; A f30 = 30; }
      google.protobuf.Timestamp f31 = 31; google.protobuf.Duration f32 = 32; google.protobuf.Int64Value f33 = 33;
      google.protobuf.Value f34 = 34; repeated google.protobuf.StringValue f35 = 35;
      google.protobuf.ListValue f36 = 36; google.protobuf.Struct f37 = 37; B f38 = 38; repeated B f39 = 39;
    }
    message B { int32 b1 = 1; oneof two { google.protobuf.BoolValue b2 = 2; string b3 = 3; } B b4 = 4; }
    enum E { ZERO = 0; ONE = 1; UNO = 5; MINUS = -3; }
"#;

/// The bytes of one field.
type Field = (u32, Vec<u8>);

fn varint(number: u32, value: u64) -> Field {
    let mut bytes = Vec::new();
    encode_key(number, prost::encoding::WireType::Varint, &mut bytes);
    encode_varint(value, &mut bytes);
    (number, bytes)
}

fn delimited(number: u32, inside: &[u8]) -> Field {
    let mut bytes = Vec::new();
    encode_key(number, prost::encoding::WireType::LengthDelimited, &mut bytes);
    encode_varint(inside.len() as u64, &mut bytes);
    bytes.extend(inside);
    (number, bytes)
}

fn fixed_64(number: u32, value: u64) -> Field {
    let mut bytes = Vec::new();
    encode_key(number, prost::encoding::WireType::SixtyFourBit, &mut bytes);
    bytes.extend(value.to_le_bytes());
    (number, bytes)
}

fn fixed_32(number: u32, value: u32) -> Field {
    let mut bytes = Vec::new();
    encode_key(number, prost::encoding::WireType::ThirtyTwoBit, &mut bytes);
    bytes.extend(value.to_le_bytes());
    (number, bytes)
}

/// All fields one behind the other.
fn joined(fields: Vec<Field>) -> Vec<u8> {
    fields.into_iter().flat_map(|(_, bytes)| bytes).collect()
}

/// As a serializer writes: by number, and what is there once at most once.
fn in_order(mut fields: Vec<Field>) -> Vec<Field> {
    fields.sort_by_key(|(number, _)| *number);
    fields.dedup_by_key(|(number, _)| *number);
    fields
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..3_u64, any::<i32>().prop_map(|number| i64::from(number) as u64), any::<u64>()]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-c\"\\\\\n é]{0,9}", any::<String>()]
}

/// A field with a number, of those that a varint is for.
fn number_field() -> impl Strategy<Value = Field> {
    let singles = vec![3_u32, 4, 5, 6, 7, 8, 13, 16, 18, 28, 20, 24, 1000];
    prop_oneof![
        4 => (prop::sample::select(singles), number()).prop_map(|(field, value)| varint(field, value)),
        1 => (prop::sample::select(vec![1_u32, 10, 12]), number()).prop_map(|(field, value)| fixed_64(field, value)),
        1 => any::<i16>().prop_map(|value| fixed_64(21, f64::from(value).to_bits())),
        1 => (prop::sample::select(vec![2_u32, 9, 11]), any::<u32>()).prop_map(|(field, value)| fixed_32(field, value)),
        1 => (prop::sample::select(vec![20_u32, 24]), prop::collection::vec(number(), 0..4)).prop_map(|(field, values)| {
            let mut inside = Vec::new();
            values.into_iter().for_each(|value| encode_varint(value, &mut inside));
            delimited(field, &inside)
        }),
    ]
}

fn text_field() -> impl Strategy<Value = Field> {
    let fields = prop::sample::select(vec![14_u32, 19, 22, 29, 1001]);
    prop_oneof![
        (fields, text()).prop_map(|(field, text)| delimited(field, text.as_bytes())),
        prop::collection::vec(any::<u8>(), 0..5).prop_map(|bytes| delimited(15, &bytes)),
    ]
}

fn time_field() -> impl Strategy<Value = Field> {
    let nanos = prop_oneof![Just(0), Just(500_000_000), Just(7_000), 0..1_000_000_000_u32];
    (-60_000_000_000..250_000_000_000_i64, nanos, prop::sample::select(vec![31_u32, 32])).prop_map(
        |(seconds, nanos, field)| {
            let nanos = if field == 32 && seconds < 0 { -i64::from(nanos) } else { i64::from(nanos) };
            delimited(field, &joined(vec![varint(1, seconds as u64), varint(2, nanos as u64)]))
        },
    )
}

/// A `google.protobuf.Value`.
fn json_value() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just(joined(vec![varint(1, 0)])),
        any::<i16>().prop_map(|number| joined(vec![fixed_64(2, f64::from(number).to_bits())])),
        text().prop_map(|text| joined(vec![delimited(3, text.as_bytes())])),
        any::<bool>().prop_map(|flag| joined(vec![varint(4, u64::from(flag))])),
        Just(Vec::new()),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let values = prop::collection::vec(inner.clone(), 0..3);
        let list = values.prop_map(|values| joined(values.iter().map(|value| delimited(1, value)).collect()));
        let object = prop::collection::vec((text(), inner), 0..3).prop_map(|members| {
            let entry = |(key, value): &(String, Vec<u8>)| {
                delimited(1, &joined(vec![delimited(1, key.as_bytes()), delimited(2, value)]))
            };
            joined(members.iter().map(entry).collect())
        });
        prop_oneof![
            list.prop_map(|list| joined(vec![delimited(6, &list)])),
            object.prop_map(|object| joined(vec![delimited(5, &object)])),
        ]
    })
}

fn known_field() -> impl Strategy<Value = Field> {
    let list = prop::collection::vec(json_value(), 0..3)
        .prop_map(|values| delimited(36, &joined(values.iter().map(|value| delimited(1, value)).collect())));
    prop_oneof![
        time_field(),
        json_value().prop_map(|value| delimited(34, &value)),
        list,
        number().prop_map(|value| delimited(33, &joined(vec![varint(1, value)]))),
        text().prop_map(|text| delimited(35, &joined(vec![delimited(1, text.as_bytes())]))),
    ]
}

/// Fields of `B`, which may be twice there.
fn small() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        number().prop_map(|value| varint(1, value)),
        any::<bool>().prop_map(|flag| delimited(2, &joined(vec![varint(1, u64::from(flag))]))),
        text().prop_map(|text| delimited(3, text.as_bytes())),
    ];
    let fields = prop::collection::vec(field, 0..4).prop_map(joined);
    fields.prop_recursive(2, 6, 2, |inner| {
        (inner.clone(), inner).prop_map(|(one, two)| [joined(vec![delimited(4, &one)]), two].concat())
    })
}

fn map_field(value: impl Strategy<Value = Vec<u8>> + 'static) -> impl Strategy<Value = Field> {
    let texts =
        (text(), number()).prop_map(|(key, value)| (25, delimited(1, key.as_bytes()), varint(2, value)));
    let messages = (number(), value).prop_map(|(key, value)| (26, varint(1, key), delimited(2, &value)));
    let enums =
        (any::<bool>(), number()).prop_map(|(key, value)| (27, varint(1, u64::from(key)), varint(2, value)));
    (prop_oneof![texts, messages, enums], 0..6).prop_map(|((field, key, value), form)| {
        let entry = match form {
            0 => vec![value, key],
            1 => vec![key],
            2 => vec![value],
            _ => vec![key, value],
        };
        delimited(field, &joined(entry))
    })
}

/// Fields of `A`; either as serializers write, or in disorder and with repetitions.
fn fields() -> impl Strategy<Value = Vec<u8>> {
    let order = |(fields, is_in_order): (Vec<Field>, bool)| {
        joined(if is_in_order { in_order(fields) } else { fields })
    };
    let leaf = prop_oneof![3 => number_field(), 2 => text_field(), 2 => known_field(), 1 => small().prop_map(|b| delimited(38, &b))];
    let leaf = (prop::collection::vec(leaf, 0..8), any::<bool>()).prop_map(order);
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let field = prop::sample::select(vec![17_u32, 23, 30]);
        let message = (field, inner.clone()).prop_map(|(field, inside)| delimited(field, &inside));
        let fields = prop_oneof![
            3 => message,
            2 => map_field(inner),
            2 => number_field(),
            1 => text_field(),
            1 => known_field(),
            1 => small().prop_map(|b| delimited(39, &b)),
        ];
        (prop::collection::vec(fields, 0..8), any::<bool>()).prop_map(order)
    })
}

fn library() -> prost_reflect::MessageDescriptor {
    let mut pool = DescriptorPool::global();
    let file = protox_parse::parse("a.proto", SCHEMA).expect("a schema");
    pool.add_file_descriptor_proto(file).expect("a schema");
    pool.get_message_by_name("acme.A").expect("a message")
}

fn by_library(descriptor: &prost_reflect::MessageDescriptor, bytes: &[u8]) -> Value {
    let message = DynamicMessage::decode(descriptor.clone(), bytes).expect("a message");
    let options = SerializeOptions::new();
    message.serialize_with_options(serde_json::value::Serializer, &options).expect("JSON")
}

/// Numbers as the library's come, which keeps those of 32 bits in 64.
fn normal(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            let number = number.as_f64().expect("a number");
            (if f64::from(number as f32) == number { number } else { f64::from(number as f32) }).into()
        }
        Value::Array(elements) => elements.into_iter().map(normal).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, normal(value))).collect(),
        other => other,
    }
}

#[test]
fn descriptors_are_what_a_library_makes_of_them() {
    let schema = "syntax = \"proto3\"; import \"google/protobuf/descriptor.proto\";
        message A { google.protobuf.FileDescriptorSet files = 1; }";
    let message = messages(schema).named("A").expect("a message");
    let pool = DescriptorPool::global();
    let files = pool.get_message_by_name("google.protobuf.FileDescriptorSet").expect("a message");
    let written = |set: &[u8]| {
        let mut out = Vec::new();
        message.write_json(&joined(vec![delimited(1, set)]), &mut out).expect("a message");
        serde_json::from_slice::<Value>(&out).expect("JSON")["files"].take()
    };
    // Those of all well-known types, which have options, defaults and nested types of every kind.
    let set = pool.encode_to_vec();
    assert!(set.len() > 10_000, "{} bytes", set.len());
    assert_eq!(normal(written(&set)), normal(by_library(&files, &set)));
    // In proto2 zeros are shown where they are there.
    let zeros = joined(vec![delimited(1, &joined(vec![delimited(1, b""), varint(14, 1000)]))]);
    assert_eq!(written(&zeros).to_string(), r#"{"file":[{"name":"","edition":"EDITION_2023"}]}"#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn any_message_is_what_a_library_makes_of_it(bytes in fields()) {
        thread_local!(static READY: (super::super::Message, prost_reflect::MessageDescriptor) =
            (messages(SCHEMA).named("A").expect("a message"), library()));
        READY.with(|(message, descriptor)| {
            let mut out = Vec::new();
            message.write_json(&bytes, &mut out).expect("a message");
            let written: Value = serde_json::from_slice(&out).expect("JSON");
            prop_assert_eq!(normal(written), normal(by_library(descriptor, &bytes)), "{:x?}", bytes);
            Ok(())
        })?;
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes: Vec<u8>) {
        thread_local!(static READY: super::super::Message = messages(SCHEMA).named("A").expect("a message"));
        READY.with(|message| {
            let mut out = b"before".to_vec();
            let written = message.write_json(&bytes, &mut out);
            prop_assert!(out.starts_with(b"before"));
            match written {
                Ok(()) => drop(serde_json::from_slice::<Value>(&out[6..]).expect("JSON")),
                Err(_) => prop_assert_eq!(out.len(), 6),
            }
            Ok(())
        })?;
    }
}
