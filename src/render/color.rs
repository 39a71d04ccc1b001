//! JSON in color, as jq shows it on a terminal.

use memchr::memchr2;

const NORMAL: &[u8] = b"\x1b[0m";
const NAME: &[u8] = b"\x1b[34;1m";
const STRING: &[u8] = b"\x1b[32m";
const NUMBER: &[u8] = b"\x1b[36m";
const TRUTH: &[u8] = b"\x1b[33m";
const NULL: &[u8] = b"\x1b[90m";

/// Colors lines of JSON; keeps the memory that it takes.
#[derive(Clone, Debug, Default)]
pub struct JsonColors {
    plain: Vec<u8>,
}

impl JsonColors {
    /// Colors what stands behind `start`, valid JSON.
    pub fn color(&mut self, start: usize, out: &mut Vec<u8>) {
        self.plain.clear();
        self.plain.extend_from_slice(&out[start..]);
        out.truncate(start);
        let mut rest = self.plain.as_slice();
        while let Some(&byte) = rest.first() {
            let (length, color) = match byte {
                b'"' => {
                    let length = string_length(rest);
                    (length, if is_name(&rest[length..]) { NAME } else { STRING })
                }
                b'-' | b'0'..=b'9' => (word_length(rest), NUMBER),
                b't' | b'f' => (word_length(rest), TRUTH),
                b'n' => (word_length(rest), NULL),
                _ => (1, &b""[..]),
            };
            let (token, behind) = rest.split_at(length);
            if color.is_empty() {
                out.extend_from_slice(token);
            } else {
                for piece in [color, token, NORMAL] {
                    out.extend_from_slice(piece);
                }
            }
            rest = behind;
        }
    }
}

/// How long the string is that begins here, with its quotes.
fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if text[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

/// Whether the string before this is the name of a field.
fn is_name(behind: &[u8]) -> bool {
    behind.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

/// How long the number is, or `true`, `false` or `null`, that begins here.
fn word_length(text: &[u8]) -> usize {
    let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    text.iter().take_while(|byte| is_inside(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn colored(text: &str) -> String {
        let mut out = format!("{{1}}{text}").into_bytes();
        JsonColors::default().color(3, &mut out);
        String::from_utf8(out).expect("UTF-8").split_off(3)
    }

    #[test]
    fn each_kind_of_value_has_its_color_and_names_have_theirs() {
        let expected = concat!(
            "{\x1b[34;1m\"a\"\x1b[0m : [\x1b[36m-1.5e+10\x1b[0m, \x1b[33mtrue\x1b[0m,\x1b[33mfalse\x1b[0m,",
            "\x1b[90mnull\x1b[0m],\x1b[34;1m\"\\\"b\\\\\"\x1b[0m:\x1b[32m\"c: \\\"d\\\" 1\"\x1b[0m}\n"
        );
        assert_eq!(
            colored("{\"a\" : [-1.5e+10, true,false,null],\"\\\"b\\\\\":\"c: \\\"d\\\" 1\"}\n"),
            expected
        );
    }

    proptest! {
        #[test]
        fn without_its_colors_it_is_what_it_was(names: Vec<String>, number: i64, truth: Option<bool>) {
            let fields = names.iter().map(|name| (name.clone(), serde_json::json!([name, number, truth])));
            let text = serde_json::Value::Object(fields.collect()).to_string();
            let colored = colored(&text);
            let codes = [NAME, STRING, NUMBER, TRUTH, NULL, NORMAL];
            let plain = codes.iter().fold(colored, |text, code| {
                text.replace(str::from_utf8(code).expect("ASCII"), "")
            });
            prop_assert_eq!(plain, text);
        }
    }
}
