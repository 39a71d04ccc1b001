//! Schemas as people and registries have them.

use super::super::Messages;
use super::json;
use base64::Engine as _;
use prost::Message as _;

const ORDER: &str = "syntax = \"proto3\"; package acme; import \"common.proto\"; import \"other.proto\";
    message Order { Money total = 1; acme.Address to = 2; }";
const MONEY: &str = "syntax = \"proto3\"; package acme; message Money { string currency = 1; }";
const ADDRESS: &str = "syntax = \"proto3\"; package acme; import \"common.proto\";
    message Address { string city = 1; .acme.Money rent = 2; }";

fn of(schema: &str, imports: &[(&str, &str)], bytes: &[u8]) -> String {
    let messages = Messages::of_schema(schema, imports).unwrap_or_else(|error| panic!("{error}"));
    let mut out = Vec::new();
    messages.at(&[0]).expect("a message").write_json(bytes, &mut out).expect("a message");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn imports_that_share_a_file_are_linked() {
    let bytes = b"\x0a\x05\x0a\x03EUR\x12\x05\x12\x03\x0a\x01x";
    let expected = r#"{"total":{"currency":"EUR"},"to":{"rent":{"currency":"x"}}}"#;
    let money = ("common.proto", MONEY);
    let address = ("other.proto", ADDRESS);
    assert_eq!(of(ORDER, &[money, address], bytes), expected);
    assert_eq!(of(ORDER, &[address, money, money, address], bytes), expected);
    // By other names, and the same type in two files.
    assert_eq!(of(ORDER, &[("a/b.proto", MONEY), ("c.proto", ADDRESS), ("d.proto", MONEY)], bytes), expected);
}

#[test]
fn references_may_be_descriptors_too() {
    let packed = |name: &str, text: &str| {
        let descriptor = protox_parse::parse(name, text).expect("a schema").encode_to_vec();
        base64::engine::general_purpose::STANDARD.encode(descriptor)
    };
    let order = packed("order.proto", ORDER);
    let imports = [("common.proto", packed("common.proto", MONEY)), ("other.proto", ADDRESS.to_owned())];
    let imports = imports.each_ref().map(|(name, text)| (*name, &**text));
    let bytes = b"\x0a\x05\x0a\x03EUR\x12\x05\x12\x03\x0a\x01x";
    let expected = r#"{"total":{"currency":"EUR"},"to":{"rent":{"currency":"x"}}}"#;
    assert_eq!(of(&order, &imports, bytes), expected);
    // An `Any` finds types of the file, of what it refers to, and built-in ones.
    let schema =
        "syntax = \"proto3\"; import \"google/protobuf/any.proto\"; message A { google.protobuf.Any a = 1; }";
    for (name, inside, expected) in [
        ("acme.Money", &b"\x0a\x01x"[..], r#""currency":"x""#),
        ("google.type.Date", b"\x08\x01", r#""year":1"#),
        ("google.protobuf.StringValue", b"\x0a\x01x", r#""value":"x""#),
        ("A", b"", ""),
    ] {
        let comma = if expected.is_empty() { "" } else { "," };
        let inside =
            [&[0x0a, name.len() as u8], name.as_bytes(), &[0x12, inside.len() as u8], inside].concat();
        let bytes = [&[0x0a, inside.len() as u8], &*inside].concat();
        let expected = format!("{{\"a\":{{\"@type\":\"{name}\"{comma}{expected}}}}}");
        assert_eq!(of(schema, &imports, &bytes), expected);
    }
}

#[test]
fn an_import_may_be_missing_as_long_as_no_field_needs_it() {
    let schema = "syntax = \"proto3\"; import \"validate/validate.proto\"; import public \"buf/x.proto\";
        message A { string s = 1 [(validate.rules).string = {min_len: 1}, deprecated = true]; }";
    assert_eq!(of(schema, &[], b"\x0a\x01x"), r#"{"s":"x"}"#);
    let schema = "syntax = \"proto3\"; import \"confluent/meta.proto\"; message A {
        option (confluent.message_meta).doc = \"x\";
        string s = 1 [(confluent.field_meta) = { doc: \"y\", tags: [\"PII\"], params: [{ key: \"a\", value: \"b\" }] }]; }";
    assert_eq!(of(schema, &[], b"\x0a\x01x"), r#"{"s":"x"}"#);
    // Options of one's own, and where they are data: an extension is shown as one.
    let schema = "syntax = \"proto3\"; import \"google/protobuf/descriptor.proto\";
        message A { string s = 1 [(max) = 5]; google.protobuf.FieldOptions o = 2; }
        extend google.protobuf.FieldOptions { int32 max = 50000; string deprecated = 3; }
        extend google.protobuf.FileOptions { string unknown = 50000; }";
    assert_eq!(of(schema, &[], b"\x0a\x01x"), r#"{"s":"x"}"#);
    assert_eq!(
        of(schema, &[], b"\x12\x06\x18\x01\x80\xb5\x18\x05"),
        r#"{"o":{"deprecated":true,"[max]":5}}"#
    );
    let error = Messages::of_schema(ORDER, &[("common.proto", MONEY)]).expect_err("no address");
    assert_eq!(
        error,
        "`acme.Order.to` is of type `acme.Address`, which is not defined; not found: `other.proto`"
    );
}

#[test]
fn errors_in_a_schema_have_a_place() {
    for (schema, expected) in [
        ("message", "schema: expected an identifier, but reached end of file"),
        ("syntax = \"proto3\";\nmessage A { string s = 1 }", "schema:2:26: expected"),
        ("syntax = \"proto4\"; message A {}", "schema:1:10: unknown syntax 'proto4'"),
        ("{\"type\": \"record\"}", "schema:1:1: expected"),
        ("AAAA", "schema: neither .proto text nor a descriptor"),
        ("QUFB Q", "schema:1:1: expected"),
        ("message A { B b = 1; }", "fields must have a label"),
        // A descriptor with a line break in a name.
        ("CgNhLnAiDgoCQQoSCAoBeBgBMgFZ", r"`A\n.x` is of type `Y`, which is not defined"),
        ("message A { optional B b = 1; }", "`A.b` is of type `B`, which is not defined"),
    ] {
        let error = Messages::of_schema(schema, &[]).expect_err(schema);
        assert!(error.contains(expected) && !error.contains('\n'), "{schema}: {error}");
    }
}

#[test]
fn common_types_are_built_in() {
    for (import, kind, bytes, expected) in [
        (
            "google/type/money.proto",
            "google.type.Money",
            &b"\x0a\x03EUR\x10\x05"[..],
            r#"{"currencyCode":"EUR","units":"5"}"#,
        ),
        (
            "google/type/date.proto",
            "google.type.Date",
            b"\x08\xea\x0f\x10\x0b",
            r#"{"year":2026,"month":11}"#,
        ),
        (
            "google/type/latlng.proto",
            "google.type.LatLng",
            b"\x09\x00\x00\x00\x00\x00\x00\xf8\x3f",
            r#"{"latitude":1.5}"#,
        ),
        (
            "confluent/type/decimal.proto",
            "confluent.type.Decimal",
            b"\x0a\x01\x05\x18\x02",
            r#"{"value":"BQ==","scale":2}"#,
        ),
        ("google/rpc/status.proto", "google.rpc.Status", b"\x08\x05", r#"{"code":5}"#),
        ("google/protobuf/timestamp.proto", "google.protobuf.Timestamp", b"", "\"1970-01-01T00:00:00Z\""),
        ("google/protobuf/duration.proto", "google.protobuf.Duration", b"\x10\x01", "\"0.000000001s\""),
        ("google/protobuf/wrappers.proto", "google.protobuf.UInt64Value", b"\x08\x01", "\"1\""),
        ("google/protobuf/wrappers.proto", "google.protobuf.BytesValue", b"", "\"\""),
        ("google/protobuf/struct.proto", "google.protobuf.Value", b"", "null"),
        ("google/protobuf/struct.proto", "google.protobuf.ListValue", b"\x0a\x02\x20\x01", "[true]"),
        ("google/protobuf/struct.proto", "google.protobuf.NullValue", b"", "1"),
    ] {
        let schema = format!(
            "syntax = \"proto3\"; package google.x; import \"{import}\"; message A {{ {kind} a = 1; }}"
        );
        if kind.ends_with("NullValue") {
            assert_eq!(of(&schema, &[], b"\x08\x01"), r#"{"a":null}"#);
            continue;
        }
        let bytes = [&[0x0a, bytes.len() as u8], bytes].concat();
        assert_eq!(of(&schema, &[], &bytes), format!("{{\"a\":{expected}}}"), "{kind}");
    }
}

#[test]
fn strange_values_of_well_known_types_do_not_hide_the_record() {
    let schema = "syntax = \"proto3\"; import \"google/protobuf/any.proto\"; message A {
        google.protobuf.Timestamp t = 1; google.protobuf.Duration d = 2; google.protobuf.Struct s = 3;
        google.protobuf.Any a = 4; google.protobuf.FieldMask m = 5; }
        message B { string b = 1; google.protobuf.Any inner = 2; }";
    for (bytes, expected) in [
        (&b"\x0a\x07\x08\xff\xff\xff\xff\xff\x7f"[..], r#"{"t":{"seconds":"4398046511103","nanos":0}}"#),
        (b"\x0a\x06\x10\x80\x94\xeb\xdc\x03", r#"{"t":{"seconds":"0","nanos":1000000000}}"#),
        (b"\x0a\x07\x08\x01\x10\xc0\x84\x3d\x18", r#"ends too early in `t`"#),
        (b"\x0a\x08\x08\x01\x10\xc0\x84\x3d\x18\x00", r#"{"t":"1970-01-01T00:00:01.001Z"}"#),
        (
            b"\x12\x0d\x08\x01\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            r#"{"d":{"seconds":"1","nanos":-1}}"#,
        ),
        (b"\x12\x0b\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", r#"{"d":"-0.000000001s"}"#),
        (
            b"\x1a\x11\x0a\x0f\x0a\x00\x12\x0b\x11\x00\x00\x00\x00\x00\x00\xf8\x7f\x78\x01",
            r#"{"s":{"":"NaN"}}"#,
        ),
        (b"\x22\x00", r#"{"a":{}}"#),
        (b"\x22\x03\x12\x01\xff", r#"{"a":{"@type":"","value":"/w=="}}"#),
        (b"\x22\x0a\x0a\x03x/Y\x12\x03\x0a\x01b", r#"{"a":{"@type":"x/Y","value":"CgFi"}}"#),
        (b"\x22\x0a\x0a\x03x/B\x12\x03\x0a\x01b", r#"{"a":{"@type":"x/B","b":"b"}}"#),
        // A damaged message, not one of an unknown type; the same out of order, and of a type with a form of its own.
        (b"\x22\x0a\x0a\x03x/B\x12\x03\x0a\x09b", "ends too early in `a.b`"),
        (b"\x22\x0a\x12\x03\x0a\x09b\x0a\x03x/B", "ends too early in `a.b`"),
        (b"\x2a\x00\x22\x0a\x0a\x03x/B\x12\x03\x0a\x09b", "ends too early in `a`"),
        (b"\x22\x08\x0a\x03x/B\x12\x01\x08", "wire type 0 instead of 2 in `a.b`"),
        (b"\x22\x20\x0a\x1bx/google.protobuf.BoolValue\x12\x01\x08", "ends too early in `a.value`"),
        (b"\x22\x07\x0a\x03x/B\x12\x00", r#"{"a":{"@type":"x/B"}}"#),
        (
            b"\x22\x1f\x0a\x1bx/google.protobuf.BoolValue\x12\x00",
            r#"{"a":{"@type":"x/google.protobuf.BoolValue","value":false}}"#,
        ),
        (b"\x2a\x0c\x0a\x05a_b.c\x0a\x03__d", r#"{"m":"aB.c,_d"}"#),
    ] {
        let text = json(schema, bytes).unwrap_or_else(|flaw| flaw);
        assert_eq!(text, expected, "{bytes:x?}");
    }
}

#[test]
fn lists_of_indexes_mean_what_the_writer_means() {
    // The compiler makes a message for the map, in front of `B`.
    let text = "syntax = \"proto3\"; message A { map<string, int32> m = 1; message B {} message C {} }
                message D { message E { message F {} } }";
    let messages = Messages::of_schema(text, &[]).expect("a schema");
    let name = |messages: &Messages, indexes: &[usize]| {
        messages.at(indexes).map(|message| message.full_name().to_owned()).unwrap_or_default()
    };
    assert_eq!(messages.names(), ["A", "A.B", "A.C", "D", "D.E", "D.E.F"]);
    for (indexes, expected) in [
        (&[0][..], "A"),
        (&[0, 0], "A.B"),
        (&[0, 1], "A.C"),
        (&[0, 2], "A.C"),
        (&[1], "D"),
        (&[1, 0], "D.E"),
        (&[1, 0, 0], "D.E.F"),
        (&[1, 0, 0, 0], ""),
        (&[2], ""),
        (&[], ""),
        (&[usize::MAX], ""),
    ] {
        assert_eq!(name(&messages, indexes), expected, "{indexes:?}");
    }
    let descriptor = protox_parse::parse("a.proto", text).expect("a schema").encode_to_vec();
    let base64 = base64::engine::general_purpose::STANDARD.encode(descriptor);
    let messages = Messages::of_schema(&base64, &[]).expect("a descriptor");
    for (indexes, expected) in [(&[0, 1][..], "A.B"), (&[0, 2], "A.C"), (&[0, 0], "A.B"), (&[0, 3], "")] {
        assert_eq!(name(&messages, indexes), expected, "{indexes:?}");
    }
}

#[test]
fn a_message_is_found_by_the_last_part_of_its_name() {
    let schema = "syntax = \"proto3\"; package acme.v1; import \"m.proto\"; message A { message B {} } message C { message B {} }";
    let messages = Messages::of_schema(schema, &[("m.proto", MONEY)]).expect("a schema");
    for (name, expected) in [
        ("acme.v1.A", "acme.v1.A"),
        (".acme.v1.A", "acme.v1.A"),
        ("A", "acme.v1.A"),
        ("A.B", "acme.v1.A.B"),
        ("v1.C.B", "acme.v1.C.B"),
        ("Money", "acme.Money"),
        ("Timestamp", "google.protobuf.Timestamp"),
        // Somebody's own message rather than one of a compiler, which is not in the file.
        ("Location", ""),
        ("google.protobuf.SourceCodeInfo.Location", "google.protobuf.SourceCodeInfo.Location"),
        ("B", ""),
        ("a", ""),
        ("", ""),
        ("1.A", ""),
    ] {
        let found = messages.named(name).map(|message| message.full_name().to_owned());
        assert_eq!(found.unwrap_or_default(), expected, "{name}");
    }
    let all = messages.all_named("B");
    let all: Vec<&str> = all.iter().map(super::super::Message::full_name).collect();
    assert_eq!(all, ["acme.v1.A.B", "acme.v1.C.B"]);
}

#[test]
fn editions_show_zeros_that_are_there() {
    let schema = "// First.\n/* Second. */\nedition = \"2023\";\npackage acme;
        message A { int32 n = 1; A a = 2 [features.message_encoding = DELIMITED]; string s = 3 [json_name = \"S s\"]; }";
    assert_eq!(
        json(schema, b"\x08\x00\x13\x08\x01\x14\x1a\x00").as_deref(),
        Ok(r#"{"n":0,"a":{"n":1},"S s":""}"#)
    );
    let proto3 = "syntax = \"proto3\"; message A { int32 n = 1; optional int32 m = 2; }";
    assert_eq!(json(proto3, b"\x08\x00\x10\x00").as_deref(), Ok(r#"{"m":0}"#));
}

#[test]
fn files_are_found_beside_the_file_and_in_folders() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = tempfile::tempdir().expect("a folder");
    let write = |folder: &std::path::Path, name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("written");
        folder.join(name)
    };
    let order = write(folder.path(), "order.proto", ORDER);
    let error = Messages::of_file(&order, &[]).expect_err("nothing is there");
    assert!(error.ends_with("not found: `common.proto`, `other.proto`"), "{error}");
    write(folder.path(), "common.proto", MONEY);
    write(other.path(), "other.proto", ADDRESS);
    let messages = Messages::of_file(&order, &[other.path().to_owned()]).expect("all is there");
    assert_eq!(messages.names(), ["acme.Order"]);
    let none = Messages::of_file(&folder.path().join("none.proto"), &[]).expect_err("no file");
    assert_eq!(none, "none.proto: No such file or directory");
    // Imports that start in a folder around the file.
    let inner = folder.path().join("shop/v1");
    std::fs::create_dir_all(&inner).expect("a folder");
    write(&inner, "money.proto", MONEY);
    let import = "syntax = \"proto3\"; import \"shop/v1/money.proto\"; message A { acme.Money m = 1; }";
    let path = write(&inner, "a.proto", import);
    assert!(Messages::of_file(&path, &[]).is_ok());
    // A file that imports itself, and two that import each other.
    write(other.path(), "a.proto", "syntax = \"proto3\"; import \"b.proto\"; message A { B b = 1; }");
    let path = write(
        other.path(),
        "b.proto",
        "syntax = \"proto3\"; import \"a.proto\"; import \"b.proto\"; message B { A a = 1; }",
    );
    assert!(Messages::of_file(&path, &[]).is_ok());
}

#[test]
fn a_schema_cannot_fill_the_stack() {
    for (start, inside) in [
        ("message A { ", "message A { "),
        ("option (a) = ", "{ a "),
        ("option (a) = { a: ", "[ "),
        ("message A { optional int32 a = 1 [(a) = ", "{ a "),
        ("message A { optional group ", "A = 1 { optional group "),
        ("option (a) = { a: ", "< a: "),
        ("message A { oneof a {", " group A = 1 { oneof a {"),
    ] {
        let schema = format!("{start}{}", inside.repeat(100_000));
        assert!(Messages::of_schema(&schema, &[]).is_err(), "{start}");
    }
    let nested = (0..100_000).fold(Vec::new(), |mut bytes: Vec<u8>, _| {
        bytes.extend(b"\x22\xff\xff\x03");
        bytes
    });
    let base64 = base64::engine::general_purpose::STANDARD.encode(nested);
    assert!(Messages::of_schema(&base64, &[]).is_err());
}
