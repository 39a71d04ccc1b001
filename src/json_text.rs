//! Strings and numbers of JSON as they are written.

pub mod plain;

use crate::encode;

/// Appends the inside of a JSON string; characters beyond ASCII stay as they are.
#[inline]
pub fn characters(text: &(impl AsRef<[u8]> + ?Sized), out: &mut Vec<u8>) {
    let mut rest = text.as_ref();
    loop {
        let (plain, special) = rest.split_at(plain::prefix(rest).length);
        out.extend_from_slice(plain);
        let Some((&byte, behind)) = special.split_first() else { return };
        escape(byte, out);
        rest = behind;
    }
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            out.extend_from_slice(b"\\u00");
            encode::hex(&[byte], out);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Appends a number with the fewest digits that mean it; what JSON has no number for is a string: `"NaN"`,
/// `"Infinity"`, `"-Infinity"`.
#[inline]
pub fn double(number: f64, out: &mut Vec<u8>) {
    if number.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
    } else {
        not_finite(number, out);
    }
}

/// Appends a number with the fewest digits that mean it among those of single precision.
#[inline]
pub fn float(number: f32, out: &mut Vec<u8>) {
    if number.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
    } else {
        not_finite(number.into(), out);
    }
}

#[cold]
fn not_finite(number: f64, out: &mut Vec<u8>) {
    let name = match number {
        f64::INFINITY => "\"Infinity\"",
        f64::NEG_INFINITY => "\"-Infinity\"",
        _ => "\"NaN\"",
    };
    out.extend_from_slice(name.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(text: &str) -> String {
        let mut out = Vec::new();
        characters(text, &mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn quotes_backslashes_and_control_characters_are_escaped() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a \"quote\"", "a \\\"quote\\\""),
            ("back\\slash", "back\\\\slash"),
            ("\n\r\t\u{8}\u{c}", "\\n\\r\\t\\b\\f"),
            ("\0\u{1b}\u{1f}", "\\u0000\\u001b\\u001f"),
            ("\u{7f}é\u{2028}😀", "\u{7f}é\u{2028}😀"),
        ] {
            assert_eq!(json(text), expected);
        }
    }

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn a_float_has_no_more_digits_than_mean_it() {
        for (number, expected) in [(0.1, "0.1"), (16_777_216.0, "16777216.0"), (-0.0, "-0.0"), (1e-9, "1e-9")]
        {
            assert_eq!(written(|out| float(number, out)), expected);
        }
        for (number, expected) in [(0.1, "0.1"), (0.1_f32.into(), "0.10000000149011612"), (1e300, "1e+300")] {
            assert_eq!(written(|out| double(number, out)), expected);
        }
    }

    #[test]
    fn what_is_no_number_to_json_is_a_string() {
        for (number, expected) in [
            (f64::NAN, "\"NaN\""),
            (-f64::NAN, "\"NaN\""),
            (f64::INFINITY, "\"Infinity\""),
            (f64::NEG_INFINITY, "\"-Infinity\""),
        ] {
            assert_eq!(written(|out| double(number, out)), expected);
            assert_eq!(written(|out| float(number as f32, out)), expected);
        }
    }

    proptest! {
        #[test]
        fn any_double_comes_back(number: f64) {
            let text = written(|out| double(number, out));
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
            prop_assert_eq!(text.parse().ok(), Some(number).filter(|number| number.is_finite()));
        }

        #[test]
        fn any_float_comes_back(number: f32) {
            let text = written(|out| float(number, out));
            prop_assert_eq!(text.parse().ok(), Some(number).filter(|number| number.is_finite()));
        }

        #[test]
        fn any_text_comes_back_from_a_json_string(text: String) {
            let back: String = serde_json::from_str(&format!("\"{}\"", json(&text))).expect("JSON");
            prop_assert_eq!(back, text);
        }
    }
}
