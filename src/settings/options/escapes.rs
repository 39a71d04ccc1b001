//! Escapes in a delimiter and in the text of a template: `\n`, `\x41`, `\065`.

use std::fmt;

/// What is wrong in a text, and where; displays as `` `TOKEN` at character N WHY ``.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// How many characters stand in front of it.
    pub after: usize,
    pub token: String,
    pub why: &'static str,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` at character {} {}", self.token, self.after + 1, self.why)
    }
}

/// Replaces escapes by the bytes that they stand for.
///
/// `\n \t \r \\`, `\xHH` with one or two hexadecimal digits, `\NNN` in decimal or, with a leading
/// zero, in octal; any other character after a backslash stands for itself, as does a backslash
/// at the end.
///
/// # Errors
/// A number that does not fit into a byte, or is none.
pub fn escapes(text: &str) -> Result<Vec<u8>, Mistake> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..start]);
        let escape = &rest[start..];
        let mistake = |length: usize, why| Mistake {
            after: text[..text.len() - escape.len()].chars().count(),
            token: escape[..length].to_owned(),
            why,
        };
        rest = &escape[1..];
        let Some(escaped) = rest.chars().next() else {
            bytes.push(b'\\');
            break;
        };
        let number = |digits: &str, radix| {
            let byte = u8::from_str_radix(digits, radix);
            byte.map_err(|_| mistake(1 + digits.len(), "is more than a byte holds"))
        };
        let length = match escaped {
            'n' => push(&mut bytes, b'\n'),
            't' => push(&mut bytes, b'\t'),
            'r' => push(&mut bytes, b'\r'),
            'x' => {
                let digits = leading(&rest[1..], 2, |c| c.is_ascii_hexdigit());
                let byte = u8::from_str_radix(digits, 16);
                push(&mut bytes, byte.map_err(|_| mistake(2, "needs one or two hexadecimal digits"))?);
                1 + digits.len()
            }
            '0' => {
                let digits = leading(&rest[1..], 3, |c| matches!(c, '0'..='7'));
                push(&mut bytes, number(&rest[..1 + digits.len()], 8)?);
                1 + digits.len()
            }
            '1'..='9' => {
                let digits = leading(rest, 3, |c| c.is_ascii_digit());
                push(&mut bytes, number(digits, 10)?);
                digits.len()
            }
            other => {
                bytes.extend_from_slice(&rest.as_bytes()[..other.len_utf8()]);
                other.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

/// Appends a byte that is written with one character; returns that length.
fn push(bytes: &mut Vec<u8>, byte: u8) -> usize {
    bytes.push(byte);
    1
}

fn leading(text: &str, limit: usize, belongs: impl Fn(char) -> bool) -> &str {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    &text[..end.min(limit)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_named_escapes_are_their_bytes() {
        assert_eq!(escapes(r"a\n\t\r\\b"), Ok(b"a\n\t\r\\b".to_vec()));
        assert_eq!(escapes(""), Ok(Vec::new()));
    }

    #[test]
    fn numbers_are_hexadecimal_decimal_or_octal() {
        assert_eq!(escapes(r"\x41\xfg\xFF0"), Ok(b"A\x0fg\xff0".to_vec()));
        assert_eq!(escapes(r"\101 \0101 \065 \9 \10"), Ok(b"e A 5 \t \n".to_vec()));
        assert_eq!(escapes(r"\255\1000"), Ok(b"\xffd0".to_vec()));
    }

    #[test]
    fn a_nul_cuts_nothing_off() {
        assert_eq!(escapes(r"\0a\x00b\08"), Ok(b"\0a\0b\08".to_vec()));
    }

    #[test]
    fn any_other_character_stands_for_itself() {
        assert_eq!(escapes(r"\e\a\é\"), Ok("eaé\\".as_bytes().to_vec()));
    }

    #[test]
    fn what_is_no_byte_is_refused_by_name_and_place() {
        for (text, told) in [
            (r"\256", r"`\256` at character 1 is more than a byte holds"),
            (r"é\n\0777", r"`\0777` at character 4 is more than a byte holds"),
            (r"\\\xg", r"`\x` at character 3 needs one or two hexadecimal digits"),
            (r"a\x", r"`\x` at character 2 needs one or two hexadecimal digits"),
        ] {
            assert_eq!(escapes(text).map_err(|mistake| mistake.to_string()), Err(told.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r"[\\x0-9a-fné]{0,12}") {
            let _ = escapes(&text);
        }

        #[test]
        fn text_without_a_backslash_stays_as_it_is(text in r"[^\\]*") {
            prop_assert_eq!(escapes(&text), Ok(text.into_bytes()));
        }
    }
}
