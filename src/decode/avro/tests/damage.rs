//! Data that are damaged: what is said about them, and where.

use super::encode::{Datum, long, sized};
use super::flaw;

#[test]
fn damage_is_said_with_its_place() {
    let record =
        |kind: &str| format!(r#"{{"type":"record","name":"A","fields":[{{"name":"a","type":{kind}}}]}}"#);
    let array = r#"{"type":"array","items":"int"}"#;
    let map = r#"{"type":"map","values":["null","boolean"]}"#;
    let big = r#"{"type":"bytes","logicalType":"big-decimal"}"#;
    let decimal = r#"{"type":"bytes","logicalType":"decimal","precision":4}"#;
    for (schema, datum, expected) in [
        ("int", vec![], "ends too early"),
        ("int", vec![0x80], "ends too early"),
        ("int", vec![0, 0], "1 byte is left over"),
        ("null", vec![0, 0], "2 bytes are left over"),
        ("float", vec![0; 3], "ends too early"),
        ("double", vec![0; 7], "ends too early"),
        ("boolean", vec![2], "boolean is 2"),
        ("int", long(1 << 31), "int 2147483648 has more than 32 bits"),
        ("int", long(-(1 << 31) - 1), "int -2147483649 has more than 32 bits"),
        ("long", vec![0xff; 11], "number has more than 64 bits"),
        ("long", [[0xff; 9].as_slice(), &[2]].concat(), "number has more than 64 bits"),
        ("long", [[0x80; 9].as_slice(), &[0x80, 0]].concat(), "number has more than 64 bits"),
        ("string", long(-1), "length is -1"),
        (r#"["bytes"]"#, [vec![0], long(i64::MIN)].concat(), "length is -9223372036854775808"),
        (r#"["bytes"]"#, [vec![0], long(i64::MAX)].concat(), "ends too early"),
        ("string", long(4), "ends too early"),
        ("string", sized(b"ab\xff"), "string is invalid UTF-8 at byte 3"),
        ("string", sized(b"\xed\xa0\x80"), "string is invalid UTF-8 at byte 1"),
        (r#"["null","int"]"#, long(2), "union branch 2 of 2"),
        (r#"["null","int"]"#, long(-1), "union branch -1 of 2"),
        ("[]", long(0), "union branch 0 of 0"),
        (r#"{"type":"enum","name":"E","symbols":["A"]}"#, long(1), "enum symbol 1 of 1"),
        (
            r#"{"type":"enum","name":"E","symbols":["A"]}"#,
            long(i64::MIN),
            "enum symbol -9223372036854775808 of 1",
        ),
        (r#"{"type":"fixed","name":"F","size":18446744073709551615}"#, vec![0; 9], "ends too early"),
        (array, long(i64::MIN), "ends too early"),
        (array, Datum::default().long(i64::MIN).long(1).0, "count is -9223372036854775808"),
        (array, Datum::default().long(2).long(1).0, "ends too early in `[1]`"),
        (array, long(i64::MAX), "ends too early in `[0]`"),
        (map, Datum::default().long(1).string("a\"").raw(&[2, 7]).0, "boolean is 7 in `[\"a\\\"\"]`"),
        (map, Datum::default().long(1).sized(b"\xff").0, "string is invalid UTF-8 at byte 1"),
        (big, sized(b""), "big-decimal is not a number and a scale"),
        (big, sized(&[2, 7]), "big-decimal is not a number and a scale"),
        (big, sized(&[2, 7, 0, 0]), "big-decimal is not a number and a scale"),
        (decimal, sized(&[1; 1025]), "decimal has 1025 bytes"),
        (&record("\"string\""), vec![2], "ends too early in `a`"),
        (&record(&record(array).replace("\"A\"", "\"B\"")), vec![2], "ends too early in `a.a[0]`"),
    ] {
        assert_eq!(flaw(schema, &datum), expected, "{schema}");
    }
}

#[test]
fn a_place_far_inside_is_shown_from_both_ends() {
    let schema = r#"{"type":"record","name":"A","fields":[{"name":"a","type":["boolean","A"]}]}"#;
    let eight = [[2; 7].as_slice(), &[0, 7]].concat();
    assert_eq!(flaw(schema, &eight), "boolean is 7 in `a.a.a.a.a.a.a.a`");
    let nine = [[2; 8].as_slice(), &[0, 7]].concat();
    assert_eq!(flaw(schema, &nine), "boolean is 7 in `a.a.a.a.….a.a.a.a`");
    let long_name = "n".repeat(41);
    let schema =
        format!(r#"{{"type":"record","name":"A","fields":[{{"name":"{long_name}","type":"boolean"}}]}}"#);
    assert_eq!(flaw(&schema, &[7]), format!("boolean is 7 in `{}…`", "n".repeat(40)));
}
