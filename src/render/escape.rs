//! Text in places that cannot hold every character: JSON strings, and lines of pretty output.

use crate::decode::json::plain;

/// Appends the inside of a JSON string for a text in UTF-8; characters beyond ASCII stay as they are.
#[inline]
pub fn json_string(text: &(impl AsRef<[u8]> + ?Sized), out: &mut Vec<u8>) {
    let mut rest = text.as_ref();
    loop {
        let (plain, special) = rest.split_at(plain::prefix(rest).length);
        out.extend_from_slice(plain);
        let Some((&byte, behind)) = special.split_first() else { return };
        json_escape(byte, out);
        rest = behind;
    }
}

fn json_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            out.extend_from_slice(b"\\u00");
            super::encode::hex(&[byte], out);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Appends text for a person on one line, with line breaks as `\n` and `\r`. On a terminal, whatever else would act
/// on it or be hidden is escaped, as in `\x1b` and `\u{202e}`.
pub fn one_line(text: &str, is_terminal: bool, out: &mut Vec<u8>) {
    if is_terminal {
        out.extend_from_slice(crate::escape::line(text).as_bytes());
        return;
    }
    for piece in text.split_inclusive(['\n', '\r']) {
        let plain = piece.trim_end_matches(['\n', '\r']);
        out.extend_from_slice(plain.as_bytes());
        match &piece[plain.len()..] {
            "\n" => out.extend_from_slice(br"\n"),
            "\r" => out.extend_from_slice(br"\r"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(text: &str) -> String {
        let mut out = Vec::new();
        json_string(text, &mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    fn line(text: &str, is_terminal: bool) -> String {
        let mut out = Vec::new();
        one_line(text, is_terminal, &mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn quotes_backslashes_and_control_characters_are_escaped_in_json() {
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

    #[test]
    fn line_breaks_are_escaped_on_a_line_anywhere() {
        assert_eq!(line("a\nb\r\nc\\n", false), r"a\nb\r\nc\n");
        assert_eq!(line("a\nb\r\nc", true), r"a\nb\r\nc");
    }

    #[test]
    fn control_and_bidirectional_characters_are_escaped_on_a_terminal_only() {
        let text = "\u{1b}[31mred\t\u{7f}\u{9b}\u{202e}txt\u{2066}\u{2028}é";
        assert_eq!(line(text, false), text);
        assert_eq!(line(text, true), r"\x1b[31mred\t\x7f\u{9b}\u{202e}txt\u{2066}\u{2028}é");
    }

    proptest! {
        #[test]
        fn any_text_comes_back_from_a_json_string(text: String) {
            let back: String = serde_json::from_str(&format!("\"{}\"", json(&text))).expect("JSON");
            prop_assert_eq!(back, text);
        }
    }
}
