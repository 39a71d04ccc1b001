//! CBOR, each form of each type, and what is none. Most examples are those of RFC 8949, appendix A.

use super::super::schemaless::examples::{self, any_json};
use super::*;
use minicbor::{Encoder, encode};
use proptest::prelude::*;
use serde_json::Value;
use std::convert::Infallible;

fn json(bytes: &[u8]) -> String {
    examples::json(write_json, "CBOR", bytes)
}

#[test]
fn every_form_has_its_json() {
    for (bytes, expected) in [
        (&b"\x00"[..], "0"),
        (b"\x17", "23"),
        (b"\x18\x18", "24"),
        (b"\x19\x03\xe8", "1000"),
        (b"\x1a\x00\x0f\x42\x40", "1000000"),
        (b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"),
        (b"\x20", "-1"),
        (b"\x38\x63", "-100"),
        (b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff", "-18446744073709551616"),
        (b"\xf4", "false"),
        (b"\xf5", "true"),
        (b"\xf6", "null"),
        (b"\xf7", "null"),
        (b"\xf0", "16"),
        (b"\xf8\xff", "255"),
        (b"\xf9\x00\x00", "0.0"),
        (b"\xf9\x80\x00", "-0.0"),
        (b"\xf9\x3e\x00", "1.5"),
        (b"\xf9\x7b\xff", "65504.0"),
        (b"\xf9\x00\x01", "5.9604645e-8"),
        (b"\xf9\x04\x00", "0.000061035156"),
        (b"\xf9\xc4\x00", "-4.0"),
        (b"\xf9\x7c\x00", r#""Infinity""#),
        (b"\xf9\x7e\x00", r#""NaN""#),
        (b"\xf9\xfc\x00", r#""-Infinity""#),
        (b"\xfa\x47\xc3\x50\x00", "100000.0"),
        (b"\xfa\x3d\xcc\xcc\xcd", "0.1"),
        (b"\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", "1.1"),
        (b"\xfb\x7f\xf8\x00\x00\x00\x00\x00\x00", r#""NaN""#),
        (b"\x40", r#""""#),
        (b"\x44\x01\x02\x03\x04", r#""AQIDBA==""#),
        (b"\x60", r#""""#),
        (b"\x62\"\\", r#""\"\\""#),
        (b"\x62\xc3\xbc", "\"ü\""),
        (b"\x80", "[]"),
        (b"\x83\x01\x82\x02\x03\x82\x04\x05", "[1,[2,3],[4,5]]"),
        (b"\xa0", "{}"),
        (b"\xa2\x61a\x01\x61b\x82\x02\x03", r#"{"a":1,"b":[2,3]}"#),
        (b"\x5f\x42\x01\x02\x43\x03\x04\x05\xff", r#""AQIDBAU=""#),
        (b"\x5f\xff", r#""""#),
        (b"\x7f\x65strea\x64ming\xff", r#""streaming""#),
        (b"\x7f\xff", r#""""#),
        (b"\x9f\xff", "[]"),
        (b"\x9f\x01\x82\x02\x03\x9f\x04\x05\xff\xff", "[1,[2,3],[4,5]]"),
        (b"\xbf\x61a\x01\x61b\x9f\x02\x03\xff\xff", r#"{"a":1,"b":[2,3]}"#),
        (b"\xbf\xff", "{}"),
    ] {
        assert_eq!(json(bytes), expected, "{bytes:x?}");
    }
}

#[test]
fn tags_give_times_and_long_integers_or_the_value_alone() {
    for (bytes, expected) in [
        (&b"\xc0\x74\x32013-03-21T20:04:00Z"[..], r#""2013-03-21T20:04:00Z""#),
        (b"\xc1\x1a\x51\x4b\x67\xb0", r#""2013-03-21T20:04:00Z""#),
        (b"\xc1\xfb\x41\xd4\x52\xd9\xec\x20\x00\x00", r#""2013-03-21T20:04:00.5Z""#),
        (b"\xc1\x20", r#""1969-12-31T23:59:59Z""#),
        (b"\xc1\xf9\xb8\x00", r#""1969-12-31T23:59:59.5Z""#),
        (b"\xc1\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00", r#""Infinity""#),
        (b"\xc1\x1b\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"),
        (b"\xc1\x3b\xff\xff\xff\xff\xff\xff\xff\xff", "-18446744073709551616"),
        (b"\xc1\x61x", r#""x""#),
        (b"\xc1\xf6", "null"),
        (b"\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00", "18446744073709551616"),
        (b"\xc3\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00", "-18446744073709551617"),
        (b"\xc2\x5f\x41\x01\x41\x00\xff", "256"),
        (b"\xc2\x40", "0"),
        (b"\xc3\x40", "-1"),
        (b"\xc2\x41\xff", "255"),
        (b"\xc3\x41\xff", "-256"),
        (b"\xc2\x01", "1"),
        (b"\xc4\x82\x21\x19\x6a\xb3", "[-2,27315]"),
        (b"\xd8\x20\x61x", r#""x""#),
        (b"\xd9\xd9\xf7\xa0", "{}"),
    ] {
        assert_eq!(json(bytes), expected, "{bytes:x?}");
    }
    // So long that its digits would take too much time.
    let long = [&b"\xc2\x59\xff\xff"[..], &[0xff; 0xffff]].concat();
    assert!(json(&long).starts_with("\"/////"));
}

#[test]
fn keys_that_are_no_strings_become_strings() {
    for (bytes, expected) in [
        (
            &b"\xa5\x01\x02\x20\x03\x44secs\x04\xf6\x05\x82\x01\x61x\x06"[..],
            r#"{"1":2,"-1":3,"c2Vjcw==":4,"null":5,"[1,\"x\"]":6}"#,
        ),
        (b"\xa2\x61a\x01\x61a\x02", r#"{"a":1,"a":2}"#),
        (b"\xa1\xc1\x00\x01", r#"{"1970-01-01T00:00:00Z":1}"#),
        (b"\xa1\xa1\xa1\xa1\x01\x02\x03\x04\x05", "not CBOR: keys in keys deeper than 3 levels at byte 5"),
    ] {
        assert_eq!(json(bytes), expected, "{bytes:x?}");
    }
}

#[test]
fn what_is_no_value_is_an_error() {
    for first in [0x81_u8, 0x9f, 0xc9] {
        let deep = |count| [vec![first; count], vec![0xf6]].concat();
        for count in [201, 10_000] {
            assert_eq!(json(&deep(count)), "not CBOR: nested deeper than 200 levels at byte 202");
        }
    }
    for (bytes, expected) in [
        (&b""[..], "ends too early"),
        (b"\x1c", "unexpected 0x1c at byte 1"),
        (b"\x82\x01\xff", "unexpected 0xff at byte 3"),
        (b"\xff", "unexpected 0xff at byte 1"),
        (b"\xfc", "unexpected 0xfc at byte 1"),
        (b"\xf8\x14", "unexpected 0x14 at byte 2"),
        (b"\xdf\x00", "unexpected 0xdf at byte 1"),
        (b"\x01\x02", "1 byte is left over"),
        (b"\xa0\x02\x03", "2 bytes are left over"),
        (b"\x62a", "ends too early"),
        (b"\x63a\xffb", "invalid UTF-8 at byte 3"),
        (b"\x7f\x61a\x61\xc3\x61\xa9\xff", "invalid UTF-8 at byte 5"),
        (b"\x7f\x41a\xff", "unexpected 0x41 at byte 2"),
        (b"\x5f\x5f\xff\xff", "unexpected 0x5f at byte 2"),
        (b"\x7f\x61a", "ends too early"),
        (b"\x9f\x01", "ends too early"),
        (b"\xbf\x01\xff", "unexpected 0xff at byte 3"),
        (b"\x5b\xff\xff\xff\xff\xff\xff\xff\xffab", "ends too early"),
        (b"\x7a\xff\xff\xff\xffab", "ends too early"),
        (b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01", "ends too early"),
        (b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x01", "ends too early"),
        (b"\xc1", "ends too early"),
        (b"\xc2", "ends too early"),
    ] {
        assert_eq!(json(bytes), format!("not CBOR: {expected}"), "{bytes:x?}");
    }
}

#[test]
fn halves_are_what_their_bits_say() {
    // A float of 32 bits has room for each, so the bits can be put there.
    for bits in 0..=0xffff_u16 {
        let number = half(bits.to_be_bytes());
        let exponent = u32::from(bits >> 10 & 0x1f);
        let (sign, fraction) = (u32::from(bits >> 15) << 31, u32::from(bits & 0x3ff));
        match exponent {
            0 => assert_eq!(number.abs(), fraction as f32 / 16_777_216.0),
            31 => assert!(!number.is_finite()),
            _ => assert_eq!(number.to_bits(), sign | (exponent + 112) << 23 | fraction << 13),
        }
    }
}

/// By a library, with or without the lengths of arrays and maps.
fn encoded(value: &Value, is_indefinite: bool) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encode_value(value, is_indefinite, &mut encoder).expect("no output fails");
    encoder.into_writer()
}

fn encode_value(
    value: &Value,
    is_indefinite: bool,
    encoder: &mut Encoder<Vec<u8>>,
) -> Result<(), encode::Error<Infallible>> {
    match value {
        Value::Null => encoder.null()?,
        Value::Bool(flag) => encoder.bool(*flag)?,
        Value::String(text) => encoder.str(text)?,
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => encoder.u64(number)?,
            (None, Some(number)) => encoder.i64(number)?,
            (None, None) => encoder.f64(number.as_f64().expect("a number"))?,
        },
        Value::Array(elements) => {
            if is_indefinite {
                encoder.begin_array()?
            } else {
                encoder.array(elements.len() as u64)?
            };
            elements.iter().try_for_each(|element| encode_value(element, is_indefinite, encoder))?;
            if is_indefinite { encoder.end()? } else { encoder }
        }
        Value::Object(members) => {
            if is_indefinite {
                encoder.begin_map()?
            } else {
                encoder.map(members.len() as u64)?
            };
            for (name, member) in members {
                encoder.str(name)?;
                encode_value(member, is_indefinite, encoder)?;
            }
            if is_indefinite { encoder.end()? } else { encoder }
        }
    };
    Ok(())
}

proptest! {
    #[test]
    fn what_a_library_encodes_comes_back(value in any_json(), is_indefinite: bool) {
        let bytes = encoded(&value, is_indefinite);
        let back: Value = serde_json::from_str(&json(&bytes)).expect("JSON");
        prop_assert_eq!(back, value);
    }

    #[test]
    fn any_bytes_are_a_value_or_an_error(bytes: Vec<u8>) {
        json(&bytes);
    }

    #[test]
    fn damaged_values_are_a_value_or_an_error(
        value in any_json(),
        is_indefinite: bool,
        places: Vec<(prop::sample::Index, u8)>,
        cut: prop::sample::Index,
    ) {
        let mut bytes = encoded(&value, is_indefinite);
        for (place, byte) in places.into_iter().take(3) {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        json(&bytes);
        json(&bytes[..cut.index(bytes.len())]);
    }
}
