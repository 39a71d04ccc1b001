//! Numbers of a fixed number of bytes as JSON.

use super::reason::Reason;
use crate::choices::{ByteOrder, NumberFormat, NumberType};
use crate::encode;
use crate::json_text;
use std::io::Write as _;

/// Appends the number that the bytes are.
///
/// # Errors
/// There are more bytes, or fewer.
pub fn write_json(format: NumberFormat, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Reason> {
    let NumberFormat { kind, order } = format;
    if bytes.len() != kind.size() {
        return Err(Reason::Number { kind, bytes: bytes.len() });
    }
    // From the highest byte to the lowest, at the end of as many bytes as the largest numbers have.
    let mut all = [0; 8];
    let own = &mut all[8 - bytes.len()..];
    own.copy_from_slice(bytes);
    if order == ByteOrder::Little {
        own.reverse();
    }
    let number = u64::from_be_bytes(all);
    match kind {
        NumberType::I8 => encode::integer((number as i8).into(), out),
        NumberType::I16 => encode::integer((number as i16).into(), out),
        NumberType::I32 => encode::integer((number as i32).into(), out),
        NumberType::I64 => encode::integer(number as i64, out),
        NumberType::U8 | NumberType::U16 | NumberType::U32 | NumberType::U64 => unsigned(number, out),
        NumberType::F32 => json_text::float(f32::from_bits(number as u32), out),
        NumberType::F64 => json_text::double(f64::from_bits(number), out),
    }
    Ok(())
}

fn unsigned(number: u64, out: &mut Vec<u8>) {
    match i64::try_from(number) {
        Ok(number) => encode::integer(number, out),
        Err(_) => write!(out, "{number}").expect("memory takes all"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::DataFormat;
    use clap::ValueEnum as _;
    use proptest::prelude::*;

    fn format(name: &str) -> NumberFormat {
        match DataFormat::from_str(name, false) {
            Ok(DataFormat::Number(format)) => format,
            other => panic!("{name}: {other:?}"),
        }
    }

    fn json(name: &str, bytes: &[u8]) -> Result<String, String> {
        let mut out = b"before ".to_vec();
        let outcome = write_json(format(name), bytes, &mut out);
        let json = String::from_utf8(out).expect("ASCII").split_off(7);
        outcome.map(|()| json).map_err(|reason| reason.to_string())
    }

    #[test]
    fn a_number_is_read_in_its_order_with_its_sign() {
        for (name, bytes, expected) in [
            ("i8", &b"\xff"[..], "-1"),
            ("le:i8", b"\x80", "-128"),
            ("u8", b"\xff", "255"),
            ("i16", b"\xff\xfe", "-2"),
            ("le:i16", b"\xff\xfe", "-257"),
            ("u16", b"\x01\x02", "258"),
            ("le:u16", b"\x01\x02", "513"),
            ("i32", b"\0\0\0\x2a", "42"),
            ("i32", b"\x80\0\0\0", "-2147483648"),
            ("le:i32", b"\x2a\0\0\0", "42"),
            ("u32", b"\xff\xff\xff\xff", "4294967295"),
            ("i64", b"\xff\xff\xff\xff\xff\xff\xff\xff", "-1"),
            ("i64", b"\x80\0\0\0\0\0\0\0", "-9223372036854775808"),
            ("u64", b"\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"),
            ("le:u64", b"\x01\0\0\0\0\0\0\x80", "9223372036854775809"),
            ("f32", b"\x3d\xcc\xcc\xcd", "0.1"),
            ("le:f32", b"\xcd\xcc\xcc\x3d", "0.1"),
            ("f32", b"\x7f\xc0\0\0", "\"NaN\""),
            ("f64", b"\x3f\xb9\x99\x99\x99\x99\x99\x9a", "0.1"),
            ("le:f64", b"\0\0\0\0\0\0\xf0\xff", "\"-Infinity\""),
        ] {
            assert_eq!(json(name, bytes).as_deref(), Ok(expected), "{name}");
        }
    }

    #[test]
    fn a_number_has_its_number_of_bytes() {
        for name in ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "le:i16", "le:f64"] {
            let size = format(name).kind.size();
            for length in 0..20 {
                assert_eq!(json(name, &[1; 20][..length]).is_ok(), length == size, "{name}: {length} bytes");
            }
        }
        assert_eq!(json("i32", b"abc"), Err("not an i32: 3 bytes instead of 4".to_owned()));
        assert_eq!(json("u8", b""), Err("not a u8: 0 bytes instead of 1".to_owned()));
        assert_eq!(json("le:f64", b"a"), Err("not an f64: 1 byte instead of 8".to_owned()));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(number: u64) {
            let text = |name: &str, bytes: &[u8]| json(name, bytes).expect("a number");
            prop_assert_eq!(text("u64", &number.to_be_bytes()), number.to_string());
            prop_assert_eq!(text("le:u64", &number.to_le_bytes()), number.to_string());
            prop_assert_eq!(text("i64", &number.to_be_bytes()), (number as i64).to_string());
            prop_assert_eq!(text("le:i64", &number.to_le_bytes()), (number as i64).to_string());
            prop_assert_eq!(text("i32", &(number as i32).to_be_bytes()), (number as i32).to_string());
            prop_assert_eq!(text("le:u32", &(number as u32).to_le_bytes()), (number as u32).to_string());
            prop_assert_eq!(text("i16", &(number as i16).to_be_bytes()), (number as i16).to_string());
            prop_assert_eq!(text("i8", &(number as i8).to_be_bytes()), (number as i8).to_string());
            let double = f64::from_bits(number);
            if double.is_finite() {
                prop_assert_eq!(text("f64", &double.to_be_bytes()).parse(), Ok(double));
            }
        }
    }
}
