//! Strings of JSON as they are written.

pub mod plain;

use crate::encode;

/// Appends the inside of a JSON string; characters beyond ASCII stay as they are.
#[inline]
pub fn characters(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
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

    proptest! {
        #[test]
        fn any_text_comes_back_from_a_json_string(text: String) {
            let back: String = serde_json::from_str(&format!("\"{}\"", json(&text))).expect("JSON");
            prop_assert_eq!(back, text);
        }
    }
}
