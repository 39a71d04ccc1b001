//! MessagePack, each form of each type, and what is none.

use super::super::schemaless::examples::{self, any_json};
use super::*;
use proptest::prelude::*;
use serde_json::Value;

fn json(bytes: &[u8]) -> String {
    examples::json(write_json, "MessagePack", bytes)
}

#[test]
fn every_form_has_its_json() {
    for (bytes, expected) in [
        (&b"\xc0"[..], "null"),
        (b"\xc2", "false"),
        (b"\xc3", "true"),
        (b"\x00", "0"),
        (b"\x7f", "127"),
        (b"\xe0", "-32"),
        (b"\xff", "-1"),
        (b"\xcc\xff", "255"),
        (b"\xcd\xff\xff", "65535"),
        (b"\xce\xff\xff\xff\xff", "4294967295"),
        (b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"),
        (b"\xd0\x80", "-128"),
        (b"\xd1\x80\x00", "-32768"),
        (b"\xd2\x80\x00\x00\x00", "-2147483648"),
        (b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", "-9223372036854775808"),
        (b"\xca\x3d\xcc\xcc\xcd", "0.1"),
        (b"\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", "0.1"),
        (b"\xca\x7f\xc0\x00\x00", r#""NaN""#),
        (b"\xca\xff\x80\x00\x00", r#""-Infinity""#),
        (b"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", r#""Infinity""#),
        (b"\xa0", r#""""#),
        (b"\xa4a\"\n\x1b", r#""a\"\n\u001b""#),
        (b"\xd9\x02\xc3\xa9", "\"é\""),
        (b"\xda\x00\x01x", r#""x""#),
        (b"\xdb\x00\x00\x00\x01x", r#""x""#),
        (b"\xc4\x02\xff\x00", r#""/wA=""#),
        (b"\xc5\x00\x01\xff", r#""/w==""#),
        (b"\xc6\x00\x00\x00\x00", r#""""#),
        (b"\x90", "[]"),
        (b"\x93\x01\xa1x\x91\xc0", r#"[1,"x",[null]]"#),
        (b"\xdc\x00\x01\x01", "[1]"),
        (b"\xdd\x00\x00\x00\x02\x01\x02", "[1,2]"),
        (b"\x80", "{}"),
        (b"\x82\xa1a\x01\xa1b\x81\xa1c\xc0", r#"{"a":1,"b":{"c":null}}"#),
        (b"\xde\x00\x01\xa1a\x01", r#"{"a":1}"#),
        (b"\xdf\x00\x00\x00\x01\xa1a\x01", r#"{"a":1}"#),
        (b"\xd4\x05\xff", r#"{"type":5,"data":"/w=="}"#),
        (
            b"\xd8\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
            r#"{"type":-128,"data":"AAAAAAAAAAAAAAAAAAAAAA=="}"#,
        ),
        (b"\xc7\x00\x01", r#"{"type":1,"data":""}"#),
        (b"\xc8\x00\x01\x01\xff", r#"{"type":1,"data":"/w=="}"#),
        (b"\xc9\x00\x00\x00\x01\x01\xff", r#"{"type":1,"data":"/w=="}"#),
    ] {
        assert_eq!(json(bytes), expected, "{bytes:x?}");
    }
}

#[test]
fn timestamps_are_text_and_those_that_no_calendar_has_are_bytes() {
    for (bytes, expected) in [
        (&b"\xd6\xff\x69\x22\xce\x10"[..], r#""2025-11-23T09:04:16Z""#),
        (b"\xd6\xff\xff\xff\xff\xff", r#""2106-02-07T06:28:15Z""#),
        (b"\xd7\xff\x77\x35\x94\x00\x00\x00\x00\x00", r#""1970-01-01T00:00:00.5Z""#),
        (b"\xd7\xff\x00\x00\x00\x03\xff\xff\xff\xff", r#""2514-05-30T01:53:03Z""#),
        (
            b"\xc7\x0c\xff\x00\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff",
            r#""1969-12-31T23:59:59.000000001Z""#,
        ),
        (b"\xd7\xff\xff\xff\xff\xff\x00\x00\x00\x00", r#"{"type":-1,"data":"/////wAAAAA="}"#),
        (
            b"\xc7\x0c\xff\x00\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff",
            r#"{"type":-1,"data":"AAAAAH//////////"}"#,
        ),
        (b"\xd4\xff\x01", r#"{"type":-1,"data":"AQ=="}"#),
    ] {
        assert_eq!(json(bytes), expected, "{bytes:x?}");
    }
}

#[test]
fn keys_that_are_no_strings_become_strings() {
    for (bytes, expected) in [
        (
            &b"\x86\x07\x00\xc0\x01\xc3\x02\xc4\x04secs\x03\x92\x01\xa1x\x04\x81\xa1a\x01\x05"[..],
            r#"{"7":0,"null":1,"true":2,"c2Vjcw==":3,"[1,\"x\"]":4,"{\"a\":1}":5}"#,
        ),
        (b"\x82\xca\x7f\xc0\x00\x00\x00\xff\x01", r#"{"NaN":0,"-1":1}"#),
        (b"\x83\xa1a\x01\xa1a\x02\x01\x03", r#"{"a":1,"a":2,"1":3}"#),
        (b"\x81\xd6\xff\x00\x00\x00\x00\x01", r#"{"1970-01-01T00:00:00Z":1}"#),
        (
            b"\x81\x81\x81\x81\x01\x02\x03\x04\x05",
            r#"not MessagePack: keys in keys deeper than 3 levels at byte 5"#,
        ),
    ] {
        assert_eq!(json(bytes), expected, "{bytes:x?}");
    }
}

#[test]
fn what_is_no_value_is_an_error() {
    let deep = |count| [vec![0x91; count], vec![0xc0]].concat();
    assert_eq!(json(&deep(200)), "[".repeat(200) + "null" + &"]".repeat(200));
    for (bytes, expected) in [
        (&b""[..], "ends too early"),
        (b"\xc1", "unexpected 0xc1 at byte 1"),
        (b"\x92\x01\xc1", "unexpected 0xc1 at byte 3"),
        (b"\x01\x02", "1 byte is left over"),
        (b"\x80\x02\x03", "2 bytes are left over"),
        (b"\xa2a", "ends too early"),
        (b"\xa3a\xffb", "invalid UTF-8 at byte 3"),
        (b"\xdb\xff\xff\xff\xffabc", "ends too early"),
        (b"\xc6\xff\xff\xff\xffabc", "ends too early"),
        (b"\xc9\xff\xff\xff\xff\x01abc", "ends too early"),
        (b"\xdd\xff\xff\xff\xff\x01\x02", "ends too early"),
        (b"\xdf\xff\xff\xff\xff\x01\x02", "ends too early"),
        (b"\x81\x01", "ends too early"),
        (b"\xcf\x00", "ends too early"),
        (&deep(201), "nested deeper than 200 levels at byte 202"),
        (&deep(10_000), "nested deeper than 200 levels at byte 202"),
        (&[0x81; 10_000], "keys in keys deeper than 3 levels at byte 5"),
    ] {
        assert_eq!(json(bytes), format!("not MessagePack: {expected}"), "{bytes:x?}");
    }
}

proptest! {
    #[test]
    fn what_a_library_encodes_comes_back(value in any_json()) {
        let bytes = rmp_serde::to_vec(&value).expect("encoded");
        let back: Value = serde_json::from_str(&json(&bytes)).expect("JSON");
        prop_assert_eq!(back, value);
    }

    #[test]
    fn any_bytes_are_a_value_or_an_error(bytes: Vec<u8>) {
        json(&bytes);
    }

    #[test]
    fn damaged_values_are_a_value_or_an_error(value in any_json(), places: Vec<(prop::sample::Index, u8)>, cut: prop::sample::Index) {
        let mut bytes = rmp_serde::to_vec(&value).expect("encoded");
        for (place, byte) in places.into_iter().take(3) {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        json(&bytes);
        json(&bytes[..cut.index(bytes.len())]);
    }
}
