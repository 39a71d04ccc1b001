//! Escapes in a delimiter: `\n`, `\x41`, `\065`.

/// Replaces escapes by the bytes that they stand for.
///
/// `\n \t \r \\`, `\xHH` with one or two hexadecimal digits, `\NNN` in decimal or, with a leading
/// zero, in octal; any other character after a backslash stands for itself, as does a backslash
/// at the end.
///
/// # Errors
/// A number that does not fit into a byte, as a message that names it.
pub fn escapes(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..start]);
        rest = &rest[start + 1..];
        let Some(escaped) = rest.chars().next() else {
            bytes.push(b'\\');
            break;
        };
        let length = match escaped {
            'n' => push(&mut bytes, b'\n'),
            't' => push(&mut bytes, b'\t'),
            'r' => push(&mut bytes, b'\r'),
            'x' => {
                let digits = leading(&rest[1..], 2, |c| c.is_ascii_hexdigit());
                let byte = u8::from_str_radix(digits, 16);
                push(&mut bytes, byte.map_err(|_| "`\\x` needs one or two hexadecimal digits")?);
                1 + digits.len()
            }
            '0' => {
                let digits = leading(&rest[1..], 3, |c| matches!(c, '0'..='7'));
                push(&mut bytes, byte(&rest[..1 + digits.len()], 8)?);
                1 + digits.len()
            }
            '1'..='9' => {
                let digits = leading(rest, 3, |c| c.is_ascii_digit());
                push(&mut bytes, byte(digits, 10)?);
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

fn byte(digits: &str, radix: u32) -> Result<u8, String> {
    u8::from_str_radix(digits, radix).map_err(|_| format!("`\\{digits}` is more than a byte holds"))
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
    fn what_is_no_byte_is_refused_by_name() {
        assert_eq!(escapes(r"\256"), Err(r"`\256` is more than a byte holds".to_owned()));
        assert_eq!(escapes(r"\0777"), Err(r"`\0777` is more than a byte holds".to_owned()));
        assert_eq!(escapes(r"\xg"), Err(r"`\x` needs one or two hexadecimal digits".to_owned()));
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
