//! Text in places that cannot hold every character: JSON strings, lines, terminals.

use crate::decode::json::plain;
use std::io::Write;

/// Appends the inside of a JSON string; characters beyond ASCII stay as they are.
#[inline]
pub fn json_string(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
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

/// Appends text for a person on one line: line breaks as `\n` and `\r`; on a terminal other
/// control characters and those that turn the direction of writing as `\x1b`, `\u{202e}`.
pub fn one_line(text: &str, is_terminal: bool, out: &mut Vec<u8>) {
    let mut copied = 0;
    for (at, character) in text.char_indices() {
        if character == '\n' || character == '\r' || is_terminal && is_unsafe(character) {
            out.extend_from_slice(&text.as_bytes()[copied..at]);
            copied = at + character.len_utf8();
            line_escape(character, out);
        }
    }
    out.extend_from_slice(&text.as_bytes()[copied..]);
}

/// Whether a terminal would act on the character instead of showing it.
fn is_unsafe(character: char) -> bool {
    // Bidi_Control of Unicode, and the line and paragraph separators.
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(character, '\u{2066}'..='\u{2069}')
}

fn line_escape(character: char, out: &mut Vec<u8>) {
    let written = match character {
        '\n' => out.write_all(br"\n"),
        '\r' => out.write_all(br"\r"),
        '\t' => out.write_all(br"\t"),
        '\0'..='\x7f' => write!(out, r"\x{:02x}", u32::from(character)),
        _ => write!(out, r"\u{{{:x}}}", u32::from(character)),
    };
    written.expect("memory takes all");
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
