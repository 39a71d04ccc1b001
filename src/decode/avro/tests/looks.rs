//! What data of every type look like.

use super::encode::{Datum, long, sized, string};
use super::{Schema, UnionNames, text, written};

#[test]
fn primitives_are_the_json_values_that_say_the_same() {
    for (schema, datum, expected) in [
        ("null", vec![], "null"),
        ("boolean", vec![0], "false"),
        ("boolean", vec![1], "true"),
        ("int", long(0), "0"),
        ("int", long(i32::MIN.into()), "-2147483648"),
        ("int", long(i32::MAX.into()), "2147483647"),
        ("long", long(i64::MIN), "-9223372036854775808"),
        ("long", long(i64::MAX), "9223372036854775807"),
        // More bytes than it takes.
        ("long", vec![0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], "1"),
        ("float", 0.1_f32.to_le_bytes().to_vec(), "0.1"),
        ("float", f32::MAX.to_le_bytes().to_vec(), "3.4028235e+38"),
        ("float", vec![0, 0, 0x80, 0x7f], "\"Infinity\""),
        ("float", vec![1, 0, 0x80, 0xff], "\"NaN\""),
        ("double", 0.1_f64.to_le_bytes().to_vec(), "0.1"),
        ("double", (-0.0_f64).to_le_bytes().to_vec(), "-0.0"),
        ("double", vec![0, 0, 0, 0, 0, 0, 0xf8, 0x7f], "\"NaN\""),
        ("double", f64::NEG_INFINITY.to_le_bytes().to_vec(), "\"-Infinity\""),
        ("bytes", sized(b""), "\"\""),
        ("bytes", sized(&[0x43, 8, 0x5c, 0x37, 0xdb, 0xeb, 0xf8]), "\"QwhcN9vr+A==\""),
        ("string", string(""), "\"\""),
        ("string", string("a \"b\" \\ \n\0"), r#""a \"b\" \\ \n\u0000""#),
        ("string", string("žluťoučký kůň 📦"), "\"žluťoučký kůň 📦\""),
    ] {
        assert_eq!(text(schema, &datum), expected, "{schema}");
        assert_eq!(text(&format!("{{\"type\":\"{schema}\"}}"), &datum), expected, "{schema}");
    }
}

#[test]
fn bytes_alone_may_have_no_length() {
    for (datum, expected) in [
        (&b""[..], ""),
        (b"\x02\xff", "/w=="),
        (b"\x02\xff\xfe", "Av/+"),
        (b"\x7f", "fw=="),
        (b"\x80", "gA=="),
    ] {
        assert_eq!(text("bytes", datum), format!("\"{expected}\""));
    }
}

#[test]
fn arrays_and_maps_come_in_blocks_of_any_kind() {
    let array = r#"{"type":"array","items":"int"}"#;
    let map = r#"{"type":"map","values":"int"}"#;
    let blocks = [2, 1, 2, -2, 2, 3, 4, 1, 5, 0];
    let bytes = blocks.into_iter().fold(Datum::default(), Datum::long).0;
    assert_eq!(text(array, &bytes), "[1,2,3,4,5]");
    assert_eq!(text(array, &[0]), "[]");
    assert_eq!(text(map, &[0]), "{}");
    // The size of a block is for those who skip it: a wrong one does no harm.
    let bytes = [-1, -7, 9, 0].into_iter().fold(Datum::default(), Datum::long).0;
    assert_eq!(text(array, &bytes), "[9]");
    let bytes = Datum::default().long(-2).long(6).string("a").long(1).string("\"").long(2);
    let bytes = bytes.long(1).string("a").long(3).long(0).0;
    assert_eq!(text(map, &bytes), r#"{"a":1,"\"":2,"a":3}"#);
}

#[test]
fn records_are_objects_with_all_their_fields_in_order() {
    let schema = r#"{"type":"record","name":"A","fields":[{"name":"b","type":"int"},{"name":"a-\"","type":
        {"type":"error","name":"E","fields":[]}},{"name":"B","type":"null"}]}"#;
    assert_eq!(text(schema, &long(7)), r#"{"b":7,"a-\"":{},"B":null}"#);
    let fields: Vec<String> = (0..1500).map(|i| format!("{{\"name\":\"f{i}\",\"type\":\"int\"}}")).collect();
    let schema = format!("{{\"type\":\"record\",\"name\":\"A\",\"fields\":[{}]}}", fields.join(","));
    let expected: Vec<String> = (0..1500).map(|i| format!("\"f{i}\":0")).collect();
    assert_eq!(text(&schema, &[0; 1500]), format!("{{{}}}", expected.join(",")));
}

#[test]
fn enums_are_their_symbols_and_fixed_are_bytes() {
    let schema = r#"{"type":"enum","name":"E","symbols":["OPEN","in-progress","\n"]}"#;
    assert_eq!(text(schema, &long(0)), "\"OPEN\"");
    assert_eq!(text(schema, &long(1)), "\"in-progress\"");
    assert_eq!(text(schema, &long(2)), "\"\\n\"");
    assert_eq!(text(r#"{"type":"fixed","name":"F","size":2}"#, b"\xff\xfe"), "\"//4=\"");
    assert_eq!(text(r#"{"type":"fixed","name":"F","size":0}"#, b""), "\"\"");
}

const RECORD_A: &str =
    r#"{"type":"record","name":"A","namespace":"com.acme","fields":[{"name":"x","type":"int"}]}"#;
const ENUM_B: &str = r#"{"type":"enum","name":"com.acme.B","symbols":["ON"]}"#;

#[test]
fn a_branch_is_named_only_where_a_union_has_several_named_types() {
    let recursive =
        r#"[{"type":"record","name":"N","fields":[{"name":"n","type":["null","N"]}]},"com.acme.A"]"#;
    for (schema, datum, hidden, shown) in [
        (format!("[\"null\",{RECORD_A}]"), vec![2, 2], r#"{"x":1}"#, r#"{"x":1}"#),
        (format!("[{RECORD_A},{ENUM_B}]"), vec![0, 2], r#"{"x":1}"#, r#"{"com.acme.A":{"x":1}}"#),
        (format!("[{RECORD_A},{ENUM_B}]"), vec![2, 0], r#""ON""#, r#"{"com.acme.B":"ON"}"#),
        (format!("[{RECORD_A},{ENUM_B},\"int\"]"), vec![4, 2], "1", "1"),
        (format!("[\"null\",{RECORD_A},{ENUM_B}]"), vec![0], "null", "null"),
        (recursive.to_owned(), vec![0, 2, 0], r#"{"n":{"n":null}}"#, r#"{"N":{"n":{"n":null}}}"#),
        (recursive.to_owned(), vec![2, 2], r#"{"x":1}"#, r#"{"com.acme.A":{"x":1}}"#),
    ] {
        for (names, expected) in [(UnionNames::Hidden, hidden), (UnionNames::Shown, shown)] {
            let schema = Schema::parse(&schema, &[RECORD_A], names).expect(&schema);
            assert_eq!(written(&schema, &datum).as_deref(), Ok(expected));
        }
    }
}

#[test]
fn unions_that_the_specification_forbids_are_read() {
    let schema = r#"["null",["int","null"],"null","string","string"]"#;
    for (datum, expected) in
        [(vec![0], "null"), (vec![2, 0, 14], "7"), (vec![2, 2], "null"), (vec![8, 2, b'a'], "\"a\"")]
    {
        assert_eq!(text(schema, &datum), expected);
    }
}

#[test]
fn decimals_have_all_their_digits() {
    let bytes = |precision, scale| {
        format!(r#"{{"type":"bytes","logicalType":"decimal","precision":{precision},"scale":{scale}}}"#)
    };
    for (number, scale, expected) in [
        (&[0x01, 0xe2, 0x40][..], 2, "1234.56"),
        (&[0xff], 2, "-0.01"),
        (&[0x00], 2, "0.00"),
        (&[], 2, "0.00"),
        (&[0x7b], 0, "123"),
        (&[0x85], 5, "-0.00123"),
        (&[0x80], 0, "-128"),
        (&[0x00, 0x00, 0x00, 0x01], 0, "1"),
        (&[0x80, 0, 0, 0, 0, 0, 0, 0], 1, "-922337203685477580.8"),
        (&[0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0, "18446744073709551615"),
        (&[0xff, 0, 0, 0, 0, 0, 0, 0, 0], 19, "-1.8446744073709551616"),
        (&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0, "-170141183460469231731687303715884105728"),
    ] {
        assert_eq!(text(&bytes(80, scale), &sized(number)), format!("\"{expected}\""));
    }
    assert_eq!(text(r#"{"type":"bytes","logicalType":"decimal","precision":4}"#, &sized(&[7])), "\"7\"");
    let fixed = r#"{"type":"fixed","name":"D","size":3,"logicalType":"decimal","precision":6,"scale":4}"#;
    assert_eq!(text(fixed, &[0xff, 0xff, 0x85]), "\"-0.0123\"");
}

#[test]
fn a_big_decimal_brings_its_scale() {
    let schema = r#"{"type":"bytes","logicalType":"big-decimal"}"#;
    for (number, scale, expected) in [
        (&[0x01, 0xe2, 0x40][..], 2, "1234.56"),
        (&[0x85], 0, "-123"),
        (&[0x05], -3, "5000"),
        (&[0x00], -3, "0"),
        (&[0x05], 4096, &format!("0.{}5", "0".repeat(4095))),
        (&[0x05], 4097, "5E-4097"),
        (&[0xfb], i64::from(i32::MIN), "-5E2147483648"),
    ] {
        let datum = sized(&Datum::default().sized(number).long(scale).0);
        assert_eq!(text(schema, &datum), format!("\"{expected}\""));
    }
}

fn logical(base: &str, name: &str) -> String {
    format!("{{\"type\":\"{base}\",\"logicalType\":\"{name}\"}}")
}

#[test]
fn dates_and_times_are_iso_8601_or_numbers_where_there_is_no_such_time() {
    for (base, name, number, expected) in [
        ("int", "date", 20_780, "\"2026-11-23\""),
        ("int", "date", -1, "\"1969-12-31\""),
        ("int", "date", 11_016, "\"2000-02-29\""),
        ("int", "date", -719_528, "\"0000-01-01\""),
        ("int", "date", -719_529, "-719529"),
        ("int", "date", 2_932_896, "\"9999-12-31\""),
        ("int", "date", 2_932_897, "2932897"),
        ("int", "date", i32::MIN.into(), "-2147483648"),
        ("int", "time-millis", 32_400_123, "\"09:00:00.123\""),
        ("int", "time-millis", 0, "\"00:00:00\""),
        ("int", "time-millis", 86_399_990, "\"23:59:59.99\""),
        ("int", "time-millis", 86_400_000, "86400000"),
        ("int", "time-millis", -1, "-1"),
        ("long", "time-micros", 32_400_123_456, "\"09:00:00.123456\""),
        ("long", "time-micros", 32_400_000_400, "\"09:00:00.0004\""),
        ("long", "time-micros", 86_400_000_000, "86400000000"),
        ("long", "timestamp-millis", 1_795_424_400_123, "\"2026-11-23T09:00:00.123Z\""),
        ("long", "timestamp-millis", -1, "\"1969-12-31T23:59:59.999Z\""),
        ("long", "timestamp-millis", 253_402_300_799_999, "\"9999-12-31T23:59:59.999Z\""),
        ("long", "timestamp-millis", 253_402_300_800_000, "253402300800000"),
        ("long", "timestamp-millis", i64::MAX, "9223372036854775807"),
        ("long", "timestamp-micros", 1_795_424_400_123_456, "\"2026-11-23T09:00:00.123456Z\""),
        ("long", "timestamp-micros", i64::MIN, "-9223372036854775808"),
        ("long", "timestamp-nanos", 1_795_424_400_000_000_001, "\"2026-11-23T09:00:00.000000001Z\""),
        ("long", "timestamp-nanos", i64::MIN, "\"1677-09-21T00:12:43.145224192Z\""),
        ("long", "local-timestamp-millis", 1_795_424_400_000, "\"2026-11-23T09:00:00\""),
        ("long", "local-timestamp-micros", 1_795_424_400_100_000, "\"2026-11-23T09:00:00.1\""),
        ("long", "local-timestamp-nanos", -1, "\"1969-12-31T23:59:59.999999999\""),
    ] {
        assert_eq!(text(&logical(base, name), &long(number)), expected, "{name}");
    }
}

#[test]
fn a_uuid_has_hyphens_whatever_it_is_stored_as() {
    let id = "6fa459ea-ee8a-3ca4-894e-db77e160355e";
    assert_eq!(text(&logical("string", "uuid"), &string(id)), format!("\"{id}\""));
    let schema = r#"{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}"#;
    let bytes = 0x6fa459ea_ee8a_3ca4_894e_db77e160355e_u128.to_be_bytes();
    assert_eq!(text(schema, &bytes), format!("\"{id}\""));
}

#[test]
fn a_duration_is_iso_8601_with_months_and_days_as_they_are_counted() {
    let schema = r#"{"type":"fixed","name":"D","size":12,"logicalType":"duration"}"#;
    for (parts, expected) in [
        ([1_u32, 2, 3], "P1M2DT0.003S"),
        ([0, 0, 0], "PT0S"),
        ([14, 0, 0], "P14M"),
        ([0, 40, 60_000], "P40DT1M"),
        ([0, 0, 3_723_500], "PT1H2M3.5S"),
        ([u32::MAX; 3], "P4294967295M4294967295DT1193H2M47.295S"),
    ] {
        let bytes: Vec<u8> = parts.into_iter().flat_map(u32::to_le_bytes).collect();
        assert_eq!(text(schema, &bytes), format!("\"{expected}\""));
    }
}

#[test]
fn an_unknown_or_invalid_logical_type_is_its_base() {
    let decimal = |rest: &str| format!("{{\"type\":\"bytes\",\"logicalType\":\"decimal\"{rest}}}");
    let fixed = |rest: &str| format!("{{\"type\":\"fixed\",\"name\":\"F\",\"size\":1,{rest}}}");
    for (schema, datum, expected) in [
        (logical("int", "weekday"), long(3), "3"),
        (logical("string", "date"), string("3"), "\"3\""),
        (logical("long", "date"), long(3), "3"),
        (logical("int", "timestamp-millis"), long(3), "3"),
        (logical("int", "time-micros"), long(3), "3"),
        (logical("long", "time-millis"), long(3), "3"),
        (logical("bytes", "uuid"), sized(b"\xff"), "\"/w==\""),
        (logical("string", "decimal"), string("1.5"), "\"1.5\""),
        (r#"{"type":"int","logicalType":7}"#.to_owned(), long(3), "3"),
        (decimal(""), sized(b"\xff"), "\"/w==\""),
        (decimal(r#","precision":0"#), sized(b"\xff"), "\"/w==\""),
        (decimal(r#","precision":-1"#), sized(b"\xff"), "\"/w==\""),
        (decimal(r#","precision":"4""#), sized(b"\xff"), "\"/w==\""),
        (decimal(r#","precision":2,"scale":3"#), sized(b"\xff"), "\"/w==\""),
        (decimal(r#","precision":2,"scale":-1"#), sized(b"\xff"), "\"/w==\""),
        (decimal(r#","precision":1000000,"scale":1000000"#), sized(b"\xff"), "\"/w==\""),
        (fixed(r#""logicalType":"decimal","precision":3"#), vec![0xff], "\"/w==\""),
        (fixed(r#""logicalType":"decimal","precision":2"#), vec![0xff], "\"-1\""),
        // The most digits that any number of 8 bytes can have are 18.
        (fixed(r#""size":8,"logicalType":"decimal","precision":18"#), vec![0; 8], "\"0\""),
        (fixed(r#""size":8,"logicalType":"decimal","precision":19"#), vec![0; 8], "\"AAAAAAAAAAA=\""),
        (fixed(r#""logicalType":"uuid""#), vec![0xff], "\"/w==\""),
        (fixed(r#""logicalType":"duration""#), vec![0xff], "\"/w==\""),
    ] {
        assert_eq!(text(&schema, &datum), expected, "{schema}");
    }
    // Of a field it means nothing, as in Java.
    let field = r#"{"type":"record","name":"A","fields":[{"name":"a","type":"int","logicalType":"date"}]}"#;
    assert_eq!(text(field, &long(3)), r#"{"a":3}"#);
}
