//! Strangers' text where people read it: nothing in it acts on a terminal, makes a line of its own, or hides.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Characters of a record, a worker's answer or another stranger's text that a message quotes.
pub const QUOTED: usize = 200;

/// Bytes of a message.
pub const LONGEST: usize = 4 << 10;

/// Text for a person on one line: line breaks as `\n` and `\r`, other characters that act or hide as `\x1b`,
/// `\u{202e}`.
pub fn line(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(lossy(text.as_bytes(), usize::MAX, |_| false))
    }
}

/// Escapes a whole message, which ends in `…` where it is longer than a message may be.
pub fn message(text: &str) -> Cow<'_, str> {
    bounded(text, LONGEST)
}

/// As `line`, up to so many bytes.
pub fn bounded(text: &str, longest: usize) -> Cow<'_, str> {
    if is_plain(text) && text.len() <= longest {
        return Cow::Borrowed(text);
    }
    Cow::Owned(lossy(text.as_bytes(), longest, |_| false))
}

/// Bytes for a terminal: as `line`, but line breaks and tabs stay, and what is no UTF-8 is `\xff`.
pub fn screen(bytes: &[u8]) -> String {
    lossy(bytes, usize::MAX, |character| matches!(character, '\n' | '\t'))
}

/// The beginning and the end of a text of more than `QUOTED` characters.
pub fn quoted(text: &str) -> Cow<'_, str> {
    if text.len() <= QUOTED || text.chars().nth(QUOTED).is_none() {
        return Cow::Borrowed(text);
    }
    const END: usize = 50;
    let starts = |(at, _): (usize, char)| at;
    let head = text.char_indices().nth(QUOTED - END - 1).map_or(text.len(), starts);
    let tail = text.char_indices().rev().nth(END - 1).map_or(0, starts);
    Cow::Owned(format!("{}…{}", &text[..head], &text[tail..]))
}

/// Rewrites what stands behind `start`, a JSON text: what would act or hide becomes `\u009b`, which loses nothing.
pub fn json(start: usize, out: &mut Vec<u8>) {
    // In JSON such characters stand in strings alone.
    let Ok(text) = std::str::from_utf8(&out[start..]) else { return };
    if is_plain(text.trim_end_matches('\n')) {
        return;
    }
    let mut escaped = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, character) in unsafe_characters(text).filter(|(_, character)| *character != '\n') {
        escaped.push_str(&text[copied..at]);
        copied = at + character.len_utf8();
        for unit in character.encode_utf16(&mut [0; 2]) {
            write!(escaped, r"\u{unit:04x}").expect("memory takes all");
        }
    }
    escaped.push_str(&text[copied..]);
    out.truncate(start);
    out.extend_from_slice(escaped.as_bytes());
}

/// A value as JSON on a line of its own, in which nothing acts or hides.
pub fn json_line(value: &serde_json::Value) -> String {
    let mut text = value.to_string().into_bytes();
    json(0, &mut text);
    text.push(b'\n');
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// Whether a terminal would act on the character or hide it instead of showing it; some depend on what is beside them.
pub fn is_unsafe(character: char) -> bool {
    character.is_control() || is_separator_or_hidden(character)
}

/// The line and paragraph separators, and Default_Ignorable_Code_Point of Unicode, in which Bidi_Control is.
fn is_separator_or_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Joiners and variants are part of what many scripts and emoji are written with, but not beside ASCII.
fn is_in_its_place(text: &str, at: usize, character: char) -> bool {
    let beside =
        |character: Option<char>| character.is_some_and(|beside| !beside.is_ascii() && !is_unsafe(beside));
    let before = || beside(text[..at].chars().next_back());
    match character {
        '\u{fe00}'..='\u{fe0f}' => before(),
        // An emoji may have its variant between itself and the joiner.
        '\u{200c}' | '\u{200d}' => {
            let before = text[..at].strip_suffix('\u{fe0f}').unwrap_or(&text[..at]).chars().next_back();
            beside(before) && beside(text[at + character.len_utf8()..].chars().next())
        }
        _ => false,
    }
}

/// What is to be escaped in a text, and where.
pub fn unsafe_characters(text: &str) -> impl Iterator<Item = (usize, char)> {
    let is_meant =
        |(at, character): &(usize, char)| is_unsafe(*character) && !is_in_its_place(text, *at, *character);
    text.char_indices().filter(is_meant)
}

/// Nothing but printable ASCII, as nearly everything is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn lossy(bytes: &[u8], longest: usize, is_kept: impl Fn(char) -> bool) -> String {
    let mut out = String::new();
    let mut fits = 0;
    for chunk in bytes.utf8_chunks() {
        let text = chunk.valid();
        let mut unsafe_ones =
            unsafe_characters(text).filter(|(_, character)| !is_kept(*character)).peekable();
        for (at, character) in text.char_indices() {
            match unsafe_ones.next_if(|(unsafe_at, _)| *unsafe_at == at) {
                Some(_) => push_escaped(character, &mut out),
                None => out.push(character),
            }
            if out.len() + '…'.len_utf8() <= longest {
                fits = out.len();
            } else if out.len() > longest {
                out.truncate(fits);
                out.push('…');
                return out;
            }
        }
        for byte in chunk.invalid() {
            write!(out, r"\x{byte:02x}").expect("memory takes all");
        }
    }
    out
}

/// Appends `\n`, `\x1b` or `\u{202e}`.
pub fn push_escaped(character: char, out: &mut String) {
    let written = match character {
        '\n' => write!(out, r"\n"),
        '\r' => write!(out, r"\r"),
        '\t' => write!(out, r"\t"),
        '\0'..='\x7f' => write!(out, r"\x{:02x}", u32::from(character)),
        _ => write!(out, r"\u{{{:x}}}", u32::from(character)),
    };
    written.expect("memory takes all");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One of each kind that acts on a terminal, makes a line, or hides.
    const UNSAFE: &str = "\0\n\r\u{1b}\u{7f}\u{85}\u{9b}\u{ad}\u{61c}\u{200b}\u{200f}\u{2028}\u{2029}\u{202e}\u{2066}\u{2060}\u{feff}\u{e0041}";

    #[test]
    fn what_acts_or_hides_is_shown_by_its_number() {
        assert_eq!(line("plain ü 😀 日本"), "plain ü 😀 日本");
        assert_eq!(line("a\tb\r\nc\\n"), r"a\tb\r\nc\n");
        assert_eq!(line("\u{1b}]0;x\u{7}\u{7f}\u{9b}\u{202e}"), r"\x1b]0;x\x07\x7f\u{9b}\u{202e}");
        for character in UNSAFE.chars() {
            let text = format!("a{character}b");
            assert!(line(&text).starts_with(r"a\"), "{character:?}");
        }
    }

    #[test]
    fn joiners_and_variants_stay_where_they_join_something() {
        for text in ["👩\u{200d}🚀", "👩\u{200d}❤\u{fe0f}\u{200d}👨", "نمی\u{200c}خواهم", "❤\u{fe0f}"]
        {
            assert_eq!(line(text), text);
        }
        for (text, expected) in [
            ("orders\u{200d}", r"orders\u{200d}"),
            ("a\u{200c}b", r"a\u{200c}b"),
            ("a\u{fe0f}", r"a\u{fe0f}"),
            ("é\u{200d}\u{200d}é", r"é\u{200d}\u{200d}é"),
        ] {
            assert_eq!(line(text), expected);
        }
    }

    #[test]
    fn a_message_ends_where_it_gets_too_long() {
        assert_eq!(bounded("abcdef", 6), "abcdef");
        assert_eq!(bounded("abcdefg", 6), "abc…");
        assert_eq!(bounded("ab\u{1b}cdef", 8), r"ab…");
        assert_eq!(bounded("ééé", 6), "ééé");
        assert_eq!(message(&"x".repeat(1 << 20)).len(), LONGEST);
    }

    #[test]
    fn a_quote_has_both_ends() {
        let text: String = ('a'..='z').cycle().take(QUOTED).collect();
        assert_eq!(quoted(&text), text);
        let long = format!("{text}ü");
        let quote = quoted(&long).into_owned();
        assert_eq!(quote.chars().count(), QUOTED);
        assert!(quote.starts_with("abc") && quote.contains('…') && quote.ends_with("qrü"), "{quote}");
    }

    #[test]
    fn a_screen_keeps_lines_and_tabs() {
        assert_eq!(screen(b"a\tb\n\r\x1b[31m\xff\xe2\x80\xae"), "a\tb\n\\r\\x1b[31m\\xff\\u{202e}");
    }

    #[test]
    fn json_loses_nothing() {
        let text = serde_json::to_string(UNSAFE).expect("JSON");
        let mut out = [b"before\x7f", text.as_bytes(), b"\n"].concat();
        json(7, &mut out);
        let written = String::from_utf8(out).expect("UTF-8");
        let written = written.strip_prefix("before\u{7f}").expect("what was there before");
        assert!(written.ends_with("\\udb40\\udc41\"\n"), "{written}");
        assert!(written.trim_end().chars().all(|character| !is_unsafe(character)), "{written}");
        assert_eq!(serde_json::from_str::<String>(written).expect("JSON"), UNSAFE);
    }

    proptest! {
        #[test]
        fn no_text_makes_a_line_or_acts(text: String, longest in 3..40_usize) {
            for shown in [line(&text), bounded(&text, longest)] {
                prop_assert!(unsafe_characters(&shown).next().is_none(), "{shown:?}");
            }
            prop_assert!(bounded(&text, longest).len() <= longest);
            let mut out = serde_json::to_vec(&text).expect("JSON");
            json(0, &mut out);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).expect("JSON"), text);
        }
    }
}
