//! Templates for records: kcat's format strings, and names for what those lack.

use super::escapes::{Mistake, escapes};

/// What is printed of each record, part after part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pub parts: Vec<TemplatePart>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplatePart {
    /// The same bytes for each record.
    Text(Vec<u8>),
    Content(Field, Shape),
    Topic,
    Partition,
    Offset,
    Timestamp(TimeShape),
    /// All headers, as `name=value,name=value`.
    Headers,
    /// The value of the last header of this name.
    Header(Vec<u8>),
}

/// The key or the value of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Key,
    Value,
}

/// How a key or a value is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Bytes,
    /// How many bytes there are, in decimal.
    Length,
    /// How many bytes there are, as four bytes from the highest to the lowest.
    BinaryLength,
    Base64,
    Hex,
    /// Decoded, as in the JSON envelope.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeShape {
    Milliseconds,
    Seconds,
    /// RFC 3339 in UTC.
    Iso,
}

impl Template {
    /// Splits a template into its parts. Escapes are looked for in the text between two tokens, so that a backslash in
    /// front of a token is one.
    ///
    /// # Errors
    /// A token or an escape that does not exist.
    pub fn parse(template: &str) -> Result<Template, Mistake> {
        let mut parts = Vec::new();
        let mut text = Vec::new();
        let mut rest = template;
        while !rest.is_empty() {
            let after = template[..template.len() - rest.len()].chars().count();
            let misplaced = |mistake: Mistake| Mistake { after: after + mistake.after, ..mistake };
            if rest.starts_with('%') {
                let (token, length) = token(rest).map_err(misplaced)?;
                match token {
                    Token::PercentSign => text.push(b'%'),
                    Token::Part(part) => {
                        parts.extend(joined(&mut text));
                        parts.push(part);
                    }
                }
                rest = &rest[length..];
            } else {
                let (piece, behind) = rest.split_at(rest.find('%').unwrap_or(rest.len()));
                text.extend(escapes(piece).map_err(misplaced)?);
                rest = behind;
            }
        }
        parts.extend(joined(&mut text));
        Ok(Template { parts })
    }

    /// Whether a key or a value is printed decoded.
    pub fn decodes(&self, field: Field) -> bool {
        self.parts.contains(&TemplatePart::Content(field, Shape::Json))
    }

    pub fn has_headers(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, TemplatePart::Headers | TemplatePart::Header(_)))
    }
}

/// The text so far as a part, if there is any.
fn joined(text: &mut Vec<u8>) -> Option<TemplatePart> {
    (!text.is_empty()).then(|| TemplatePart::Text(std::mem::take(text)))
}

enum Token {
    PercentSign,
    Part(TemplatePart),
}

/// Reads the token at the start of a text, which is a percent sign and what follows it; tells its length.
fn token(text: &str) -> Result<(Token, usize), Mistake> {
    let mistake = |length: usize, why| Mistake { after: 0, token: text[..length].to_owned(), why };
    if text.starts_with("%{") {
        let Some(end) = text.find('}') else { return Err(mistake(text.len(), "has no closing `}`")) };
        if &text[2..end] == "header:" {
            return Err(mistake(end + 1, NAMELESS));
        }
        let part = named(&text[2..end]).ok_or_else(|| mistake(end + 1, UNKNOWN))?;
        return Ok((Token::Part(part), end + 1));
    }
    let is_of_printf = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | '#' | ' ');
    let Some(letter) = text[1..].chars().next() else {
        return Err(mistake(1, "is followed by nothing; write `%%` for a percent sign"));
    };
    use {Field::*, Shape::*, TemplatePart::*};
    let part = match letter {
        '%' => return Ok((Token::PercentSign, 2)),
        's' => Content(Value, Bytes),
        'S' => Content(Value, Length),
        'R' => Content(Value, BinaryLength),
        'k' => Content(Key, Bytes),
        'K' => Content(Key, Length),
        't' => Topic,
        'p' => Partition,
        'o' => Offset,
        'T' => Timestamp(TimeShape::Milliseconds),
        'h' => Headers,
        _ => {
            // `%10s` as a whole, as somebody has it in mind who knows `printf`.
            let rest = text[1..].trim_start_matches(is_of_printf);
            let end = text.len() - rest.len() + rest.chars().next().map_or(0, char::len_utf8);
            return Err(mistake(end, UNKNOWN));
        }
    };
    Ok((Token::Part(part), 2))
}

const UNKNOWN: &str = "is not a token";
/// A variable of the shell that is not set leaves this behind.
const NAMELESS: &str = "names no header";

/// The part that a name in braces stands for.
fn named(name: &str) -> Option<TemplatePart> {
    use {Field::*, TemplatePart::*};
    let (name, shape) = name.split_once(':').map_or((name, None), |(name, shape)| (name, Some(shape)));
    Some(match (name, shape) {
        ("value", shape) => Content(Value, content_shape(shape)?),
        ("key", shape) => Content(Key, content_shape(shape)?),
        ("topic", None) => Topic,
        ("partition", None) => Partition,
        ("offset", None) => Offset,
        ("timestamp", None) => Timestamp(TimeShape::Milliseconds),
        ("timestamp", Some("unix")) => Timestamp(TimeShape::Seconds),
        ("timestamp", Some("iso")) => Timestamp(TimeShape::Iso),
        ("headers", None) => Headers,
        ("header", Some(name)) => Header(name.as_bytes().to_vec()),
        _ => return None,
    })
}

fn content_shape(shape: Option<&str>) -> Option<Shape> {
    match shape {
        None => Some(Shape::Bytes),
        Some("base64") => Some(Shape::Base64),
        Some("hex") => Some(Shape::Hex),
        Some("json") => Some(Shape::Json),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::TemplatePart::*;
    use super::*;
    use proptest::prelude::*;

    fn parts(template: &str) -> Vec<TemplatePart> {
        Template::parse(template).unwrap_or_else(|mistake| panic!("{template}: {mistake}")).parts
    }

    fn text(bytes: &[u8]) -> TemplatePart {
        Text(bytes.to_vec())
    }

    #[test]
    fn every_token_is_a_part() {
        for (token, part) in [
            ("%s", Content(Field::Value, Shape::Bytes)),
            ("%S", Content(Field::Value, Shape::Length)),
            ("%R", Content(Field::Value, Shape::BinaryLength)),
            ("%k", Content(Field::Key, Shape::Bytes)),
            ("%K", Content(Field::Key, Shape::Length)),
            ("%T", Timestamp(TimeShape::Milliseconds)),
            ("%h", Headers),
            ("%t", Topic),
            ("%p", Partition),
            ("%o", Offset),
            ("%%", text(b"%")),
            ("%{value}", Content(Field::Value, Shape::Bytes)),
            ("%{value:base64}", Content(Field::Value, Shape::Base64)),
            ("%{value:hex}", Content(Field::Value, Shape::Hex)),
            ("%{value:json}", Content(Field::Value, Shape::Json)),
            ("%{key}", Content(Field::Key, Shape::Bytes)),
            ("%{key:base64}", Content(Field::Key, Shape::Base64)),
            ("%{key:hex}", Content(Field::Key, Shape::Hex)),
            ("%{key:json}", Content(Field::Key, Shape::Json)),
            ("%{topic}", Topic),
            ("%{partition}", Partition),
            ("%{offset}", Offset),
            ("%{timestamp}", Timestamp(TimeShape::Milliseconds)),
            ("%{timestamp:iso}", Timestamp(TimeShape::Iso)),
            ("%{timestamp:unix}", Timestamp(TimeShape::Seconds)),
            ("%{headers}", Headers),
            ("%{header:trace}", Header(b"trace".to_vec())),
            ("%{header:a:b %s\\n}", Header(b"a:b %s\\n".to_vec())),
        ] {
            assert_eq!(parts(token), [part], "{token}");
        }
    }

    #[test]
    fn every_escape_is_its_bytes() {
        for (written, bytes) in [
            (r"\n\t\r\\", &b"\n\t\r\\"[..]),
            (r"\x41\x4a\xf\xfFF", b"A\x4a\x0f\xffF"),
            (r"\101 \0101 \065 \9 \10", b"e A 5 \t \n"),
            (r"a\0b\x00c", b"a\0b\0c"),
            (r"\e\a\é\%%", "eaé\\%".as_bytes()),
            (r"\", b"\\"),
        ] {
            assert_eq!(parts(written), [text(bytes)], "{written}");
        }
        assert_eq!(parts(""), []);
    }

    #[test]
    fn text_is_split_at_tokens_before_escapes_are_looked_for() {
        let value = || Content(Field::Value, Shape::Bytes);
        assert_eq!(parts(r"\%s"), [text(b"\\"), value()]);
        assert_eq!(parts(r"\\%s\n"), [text(b"\\"), value(), text(b"\n")]);
        assert_eq!(parts(r"\x4%s1"), [text(b"\x04"), value(), text(b"1")]);
        assert_eq!(parts("%%s%%%s"), [text(b"%s%"), value()]);
        assert_eq!(parts("é%s%s"), [text("é".as_bytes()), value(), value()]);
    }

    #[test]
    fn what_is_no_token_is_named_with_its_place() {
        for (template, told) in [
            ("%", "`%` at character 1 is followed by nothing; write `%%` for a percent sign"),
            ("%s 100%", "`%` at character 7 is followed by nothing; write `%%` for a percent sign"),
            ("%z", "`%z` at character 1 is not a token"),
            (r"é\n%s %é", "`%é` at character 7 is not a token"),
            ("%10s", "`%10s` at character 1 is not a token"),
            ("%-3.2", "`%-3.2` at character 1 is not a token"),
            ("%{nothing}", "`%{nothing}` at character 1 is not a token"),
            ("%{}", "`%{}` at character 1 is not a token"),
            ("%{value:}", "`%{value:}` at character 1 is not a token"),
            ("%s%{value:xml}%s", "`%{value:xml}` at character 3 is not a token"),
            ("%{topic:hex}", "`%{topic:hex}` at character 1 is not a token"),
            ("%{timestamp:rfc}", "`%{timestamp:rfc}` at character 1 is not a token"),
            ("%{header}", "`%{header}` at character 1 is not a token"),
            ("%s %{header:}", "`%{header:}` at character 4 names no header"),
            ("%{value %s", "`%{value %s` at character 1 has no closing `}`"),
            (r"%s \256", r"`\256` at character 4 is more than a byte holds"),
            (r"%s\xz", r"`\x` at character 3 needs one or two hexadecimal digits"),
        ] {
            assert_eq!(
                Template::parse(template).map_err(|mistake| mistake.to_string()),
                Err(told.to_owned())
            );
        }
    }

    #[test]
    fn a_template_knows_what_it_needs() {
        let template = |text| Template::parse(text).expect("a template");
        assert!(
            template("%{key:json}").decodes(Field::Key) && !template("%{key:json}").decodes(Field::Value)
        );
        assert!(template("a%{value:json}").decodes(Field::Value) && !template("%s%k").decodes(Field::Value));
        assert!(template("%h").has_headers() && template("%{header:x}").has_headers());
        assert!(!template("%s%t").has_headers());
    }

    proptest! {
        #[test]
        fn a_template_is_parsed_or_its_mistake_is_in_it(template in r"([%{}:\\0-9skTxé-]|value|hex|header){0,12}") {
            if let Err(Mistake { after, token, .. }) = Template::parse(&template) {
                let rest: String = template.chars().skip(after).collect();
                prop_assert!(rest.starts_with(&token), "{template}: {token} at {after}");
            }
        }

        #[test]
        fn text_without_signs_stays_as_it_is(template in r"[^%\\]{1,20}") {
            prop_assert_eq!(parts(&template), [text(template.as_bytes())]);
        }
    }
}
