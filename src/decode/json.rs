//! JSON texts as they are: checked, never parsed into values, so that nothing in them changes.
//!
//! A checker of our own, because it is the larger part of a JSON line: see the test beside it that
//! compares it with `serde_json`. It does not recurse.

mod check;
mod fields;
mod flaw;
mod normal;
mod walk;

pub use check::{Nesting, check, check_fields, flaw};
pub use fields::FIELDS_AT_ONCE;
pub use flaw::Flaw;

use std::borrow::Cow;

/// One valid JSON text, without white space around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<'a> {
    text: &'a [u8],
    has_line_breaks: bool,
}

impl<'a> Json<'a> {
    /// Takes what a decoder has written: a valid text on one line, which is not checked.
    pub fn written(text: &'a [u8]) -> Json<'a> {
        Json { text, has_line_breaks: false }
    }

    /// Whether it is JSON's null, which is not Kafka's.
    pub fn is_null(self) -> bool {
        self.text == b"null"
    }

    /// Appends the text on one line: as it came, or without insignificant white space if it had line breaks.
    pub fn write_line(self, out: &mut Vec<u8>) {
        if self.has_line_breaks {
            self.write_compact(out);
        } else {
            out.extend_from_slice(self.text);
        }
    }

    /// The value of a field, if this is an object; of fields with the same name the last one, as jq does.
    pub fn field(self, name: &[u8]) -> Option<Json<'a>> {
        walk::field(self.text, name).map(|text| Json { text, ..self })
    }

    /// An element, if this is an array; a negative index counts from the end.
    pub fn element(self, index: isize) -> Option<Json<'a>> {
        walk::element(self.text, index).map(|text| Json { text, ..self })
    }

    /// The characters of a string; `None` if it is anything else.
    pub fn string(self) -> Option<Cow<'a, str>> {
        let inner = self.text.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        if inner.contains(&b'\\') {
            Some(Cow::Owned(serde_json::from_slice(self.text).expect("the text was checked")))
        } else {
            Some(Cow::Borrowed(str::from_utf8(inner).expect("the text was checked")))
        }
    }

    /// Appends the text without insignificant white space.
    pub fn write_compact(self, out: &mut Vec<u8>) {
        walk::compact(self.text, usize::MAX, out);
    }

    /// The beginning of what `write_line` appends: whole characters of at most that many bytes, and whether it is all.
    pub fn line_start(self, most: usize) -> (Cow<'a, str>, bool) {
        if !self.has_line_breaks {
            let (start, is_all) = whole_characters(self.text, most);
            return (Cow::Borrowed(start), is_all);
        }
        let mut start = Vec::new();
        // One byte more shows whether there is more.
        walk::compact(self.text, most.saturating_add(1), &mut start);
        let (text, is_all) = whole_characters(&start, most);
        (Cow::Owned(text.to_owned()), is_all)
    }
}

/// The first characters of a checked text, in at most that many bytes, and whether they are all there is.
fn whole_characters(text: &[u8], most: usize) -> (&str, bool) {
    let is_all = text.len() <= most;
    let start = &text[..text.len().min(most)];
    let whole = match str::from_utf8(start) {
        Ok(text) => text,
        Err(cut) => str::from_utf8(&start[..cut.valid_up_to()]).expect("the text was checked"),
    };
    (whole, is_all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    fn checked(text: &str) -> Option<Json<'_>> {
        check(text.as_bytes(), &mut Nesting::default())
    }

    fn line(text: &str) -> String {
        let mut out = Vec::new();
        checked(text).expect(text).write_line(&mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    /// The judgement of `serde_json`: the grammar, and in strings no lone surrogates.
    fn is_json_to_serde(bytes: &[u8]) -> bool {
        match serde_json::from_slice::<serde_json::Value>(bytes) {
            Ok(_) => true,
            // A value cannot hold such numbers; the grammar has them.
            Err(error) if error.to_string().starts_with("number out of range") => {
                serde_json::from_slice::<&RawValue>(bytes).is_ok()
            }
            Err(_) => false,
        }
    }

    #[test]
    fn the_grammar_is_kept_to_the_letter() {
        for text in [
            "null",
            "true",
            "false",
            "0",
            "-0",
            "10",
            "-1.5e+10",
            "1E400",
            "\"\"",
            "[]",
            "{}",
            " [ ] ",
            "{ }",
            "[[],{}]",
            "{\"a\":1,\"a\":2}",
            "\"\\u00e9\\n\\/\"",
            "\"\\ud83d\\ude00\"",
            "\"\u{7f}\u{2028}\"",
            "\t\r\n 1 \t\r\n",
            "123456789012345678901234567890.0",
            "{\"\":[{\"\":[]}]}",
            "\"žluťoučký kůň\"",
        ] {
            assert!(checked(text).is_some(), "{text}");
            assert!(is_json_to_serde(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            " ",
            "nul",
            "nullx",
            "tru",
            "True",
            "01",
            "-",
            "+1",
            "1.",
            ".5",
            "1e",
            "1e+",
            "--1",
            "0x1",
            "\"",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\n\"",
            "\"\t\"",
            "\"\0\"",
            "[",
            "]",
            "[1",
            "[1,",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1,",
            "{\"a\":1,}",
            "{,}",
            "{1:2}",
            "{a:1}",
            "{\"a\" 1}",
            "[}",
            "{]",
            "[{]}",
            "1 2",
            "[] []",
            "1,",
            "\u{feff}1",
            "\u{a0}1",
            "NaN",
            "Infinity",
            "'a'",
            "// 1",
            "\0",
            "1\0",
            "\u{b}1",
            "\u{c}1",
            "\"\\",
            "\"\\u",
            "\"\\ud83d\\u",
        ] {
            assert!(checked(text).is_none(), "{text}");
            assert!(!is_json_to_serde(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_lone_surrogate_is_refused() {
        for text in ["\"\\ud800\"", "\"\\udc00\"", "\"a\\ud800b\"", "\"\\ud800\\ud800\"", "\"\\ud83d\\n\""] {
            assert!(checked(text).is_none(), "{text}");
            assert!(!is_json_to_serde(text.as_bytes()), "{text}");
        }
        let flaw = flaw(b"[\"a\\ud800\"]", &mut Nesting::default());
        assert_eq!(flaw.to_string(), "lone surrogate at byte 4");
    }

    #[test]
    fn a_text_may_nest_200_levels_deep() {
        for depth in [1, 63, 64, 65, 127, 128, 129, 192, 193, 200] {
            let arrays = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert!(checked(&arrays).is_some());
            assert!(checked(&arrays[..arrays.len() - 1]).is_none());
            let half = depth.div_ceil(2).min(100);
            let mixed = format!("{}1{}", "[{\"a\":".repeat(half), "}]".repeat(half));
            assert!(checked(&mixed).is_some());
            assert!(checked(&mixed.replacen("}]", "]}", 1)).is_none());
            assert_eq!(line(&format!("\n{arrays}")), arrays);
            assert_eq!(checked(&mixed).and_then(|json| json.field(b"a")), None);
        }
        for text in ["[".repeat(201) + &"]".repeat(201), "{\"a\":".repeat(201) + "1" + &"}".repeat(201)] {
            assert_eq!(checked(&text), None);
            let flaw = flaw(text.as_bytes(), &mut Nesting::default());
            assert_eq!(flaw.to_string(), "nested deeper than 200 levels");
        }
        let flaw = flaw("[".repeat(200).as_bytes(), &mut Nesting::default());
        assert_eq!(flaw.to_string(), "ends too early");
    }

    #[test]
    fn only_line_breaks_make_white_space_go() {
        for (text, expected) in [
            (" { \"a\" : 1 } ", "{ \"a\" : 1 }"),
            ("{\"a\": 1}\n", "{\"a\": 1}"),
            ("\r\n{\"a\": 1}", "{\"a\": 1}"),
            (
                "{\n  \"a b\": [1, 2.50],\n  \"c\": \"d \\\" e\\n\"\n}",
                "{\"a b\":[1,2.50],\"c\":\"d \\\" e\\n\"}",
            ),
            ("[1,\r2]", "[1,2]"),
            ("[\"\\\\\",\n\" \"]", "[\"\\\\\",\" \"]"),
        ] {
            assert_eq!(line(text), expected);
        }
    }

    #[test]
    fn a_string_comes_without_quotes_and_escapes() {
        assert_eq!(checked("\"plain é\"").and_then(Json::string).as_deref(), Some("plain é"));
        assert_eq!(checked(r#""a\n\ud83d\ude00""#).and_then(Json::string).as_deref(), Some("a\n😀"));
        assert_eq!(checked("17").and_then(Json::string), None);
    }

    /// Pieces that make texts that are JSON, or nearly.
    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "\"a\":",
            "\"é\"",
            "\"abcdefgh\"",
            "\\u",
            "d83d",
            "\\ude00",
            "\\n",
            "0",
            "-1",
            "1.5",
            "e9",
            ".",
            "true",
            "false",
            "null",
            " ",
            "\n",
            "\t",
            "\0",
            "\u{1f}",
            "\u{7f}",
            "\u{feff}",
            "12345678",
            "[1,2]",
            "{\"a\":1}",
            "\"\\\"\"",
            "x",
        ]);
        let piece = prop_oneof![20 => piece.prop_map(|piece| piece.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 1..3)];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    /// JSON values as texts with white space of all kinds.
    fn texts() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|boolean| boolean.to_string()),
            "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?",
            any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        ];
        leaf.prop_recursive(5, 60, 6, |inner| {
            let item = ("[ \t\r\n]{0,2}", inner, "[ \t\r\n]{0,2}")
                .prop_map(|(before, item, after)| before + &item + &after);
            let field = ("[a-c]{0,2}", item.clone()).prop_map(|(name, value)| format!("\"{name}\" :{value}"));
            prop_oneof![
                prop::collection::vec(item, 0..6).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec(field, 0..6).prop_map(|fields| format!("{{{}}}", fields.join(","))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn serde_json_agrees_about_anything(bytes in pieces()) {
            prop_assert_eq!(check(&bytes, &mut Nesting::default()).is_some(), is_json_to_serde(&bytes));
            if !is_json_to_serde(&bytes) {
                // Finding the reason never panics, nor does saying it.
                prop_assert!(!flaw(&bytes, &mut Nesting::default()).to_string().is_empty());
            }
        }
    }

    proptest! {
        #[test]
        fn serde_json_agrees_about_json_with_one_byte_changed(text in texts(), at: prop::sample::Index, byte: u8) {
            prop_assert!(checked(&text).is_some());
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            prop_assert_eq!(check(&bytes, &mut Nesting::default()).is_some(), is_json_to_serde(&bytes));
        }

        #[test]
        fn one_line_says_the_same(text in texts()) {
            let line = line(&text);
            prop_assert!(!line.contains(['\n', '\r']));
            let compact: String = {
                let mut out = Vec::new();
                checked(&line).expect("still JSON").write_compact(&mut out);
                String::from_utf8(out).expect("UTF-8")
            };
            // Numbers keep their text, so an equal value is not enough: compare what is left without white space.
            let raw = |text: &str| {
                let mut in_string = false;
                let mut escaped = false;
                text.chars().filter(|&character| {
                    in_string ^= character == '"' && !escaped;
                    escaped = character == '\\' && !escaped;
                    in_string || !character.is_ascii_whitespace()
                }).collect::<String>()
            };
            prop_assert_eq!(raw(&text), compact);
        }

        #[test]
        fn fields_are_those_that_serde_json_finds(text in texts(), name in "[a-c]{0,2}") {
            let json = checked(&text).expect("JSON");
            if let Ok(fields) = serde_json::from_str::<std::collections::BTreeMap<String, Box<RawValue>>>(&text) {
                let found = json.field(name.as_bytes()).map(|json| String::from_utf8(json.text.to_vec()).expect("UTF-8"));
                prop_assert_eq!(found.as_deref(), fields.get(&name).map(|raw| raw.get()));
            } else {
                prop_assert_eq!(json.field(name.as_bytes()), None);
            }
        }
    }
}
