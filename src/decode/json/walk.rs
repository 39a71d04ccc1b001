//! Walking through a text that is known to be JSON.

use crate::json_text::plain;

/// Appends a valid JSON text without insignificant white space, or the first `most` bytes of that.
pub fn compact(text: &[u8], most: usize, out: &mut Vec<u8>) {
    let mut walk = Walk { bytes: text, at: 0 };
    let mut copied = 0;
    let end = out.len().saturating_add(most);
    while walk.at < text.len() {
        match text[walk.at] {
            b'"' => walk.skip_string(),
            b' ' | b'\t' | b'\n' | b'\r' => {
                out.extend_from_slice(&text[copied..walk.at]);
                walk.token();
                copied = walk.at;
                if out.len() >= end {
                    out.truncate(end);
                    return;
                }
            }
            _ => walk.at += 1,
        }
    }
    let rest = &text[copied..];
    out.extend_from_slice(&rest[..rest.len().min(end - out.len())]);
}

/// Finds an element of an array; a negative index counts from the end.
pub fn element(text: &[u8], index: isize) -> Option<&[u8]> {
    let at = match usize::try_from(index) {
        Ok(at) => at,
        Err(_) => elements(text).count().checked_sub(index.unsigned_abs())?,
    };
    elements(text).nth(at)
}

/// The elements of an array; none if the text is anything else.
pub fn elements(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut walk = Walk { bytes: text, at: 0 };
    let is_array = walk.token() == b'[';
    std::iter::from_fn(move || {
        if !is_array {
            return None;
        }
        // The bracket at the start, or the comma behind the last element.
        walk.at += 1;
        (walk.token() != b']' && walk.at < text.len()).then(|| {
            let element = walk.pass_value();
            walk.token();
            element
        })
    })
}

/// Finds the value of a field of an object; of fields with the same name the last one, as jq does.
pub fn field<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    fields(text).filter(|(key, _)| is_name(key, name)).last().map(|(_, value)| value)
}

/// The fields of an object, each name as a JSON string; none if the text is anything else.
#[inline]
pub fn fields(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut walk = Walk { bytes: text, at: 0 };
    if walk.token() == b'{' {
        walk.at += 1;
    }
    std::iter::from_fn(move || {
        if walk.at == 0 || walk.token() != b'"' {
            return None;
        }
        let key = walk.pass_value();
        walk.token();
        walk.at += 1; // the colon
        walk.token();
        let value = walk.pass_value();
        if walk.token() == b',' {
            walk.at += 1;
        }
        Some((key, value))
    })
}

/// Compares a JSON string, quotes included, with a name.
#[inline]
pub fn is_name(string: &[u8], name: &[u8]) -> bool {
    let inner = &string[1..string.len() - 1];
    // What is the same has no escapes, since a name with a backslash has two of them in JSON.
    inner == name && !name.contains(&b'\\')
        || inner.contains(&b'\\')
            && serde_json::from_slice::<String>(string).is_ok_and(|unescaped| unescaped.as_bytes() == name)
}

/// A place in a valid text; at its end it reads NUL.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// Skips white space and peeks.
    fn token(&mut self) -> u8 {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
        self.peek()
    }

    fn skip_string(&mut self) {
        self.at += 1;
        loop {
            self.at += plain::prefix(&self.bytes[self.at..]).length;
            match self.peek() {
                b'\\' => self.at += 2,
                _ => {
                    self.at += 1;
                    return;
                }
            }
        }
    }

    /// Passes a value and returns its text.
    fn pass_value(&mut self) -> &'a [u8] {
        let start = self.at;
        let mut depth = 0;
        loop {
            match self.peek() {
                b'"' => self.skip_string(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                _ => {
                    while !matches!(self.peek(), 0 | b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r') {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return &self.bytes[start..self.at];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compacted(text: &str, most: usize) -> String {
        let mut out = b"before ".to_vec();
        compact(text.as_bytes(), most, &mut out);
        String::from_utf8(out).expect("UTF-8").split_off(7)
    }

    #[test]
    fn a_field_is_found_by_its_name_the_last_of_several() {
        let found = |text: &'static str, name: &str| {
            field(text.as_bytes(), name.as_bytes())
                .map(|value| compacted(str::from_utf8(value).expect("UTF-8"), usize::MAX))
        };
        for (text, expected) in [
            (r#"{"title":"a"}"#, Some(r#""a""#)),
            (r#"{ "x" : {"title":1} , "title" : [ 1, "b c" ] , "y":2}"#, Some(r#"[1,"b c"]"#)),
            (r#"{"title":1,"title":null}"#, Some("null")),
            (r#"{"t\u0069tle":-1.50}"#, Some("-1.50")),
            (r#"{"a":"}","b":"\"title\":1"}"#, None),
            (r#"{"a":[],"b":{},"title":{}}"#, Some("{}")),
            ("{}", None),
            ("[\"title\",1]", None),
            ("\"title\"", None),
        ] {
            assert_eq!(found(text, "title").as_deref(), expected, "{text}");
        }
        assert_eq!(found(r#"{"":1}"#, "").as_deref(), Some("1"));
        assert_eq!(found(r#"{"a\"b":2}"#, "a\"b").as_deref(), Some("2"));
    }

    #[test]
    fn an_element_is_found_from_either_end() {
        let found = |text: &'static str, index| {
            element(text.as_bytes(), index).map(|value| str::from_utf8(value).expect("UTF-8"))
        };
        let text = "[ 1 , [2, \"]\"],{\"a\":[3]} , \"x,y\" ]";
        let elements = ["1", "[2, \"]\"]", "{\"a\":[3]}", "\"x,y\""];
        for (index, element) in (0..).zip(elements) {
            assert_eq!(found(text, index), Some(element));
            assert_eq!(found(text, index - 4), Some(element));
        }
        for index in [4, -5, isize::MAX, isize::MIN] {
            assert_eq!(found(text, index), None);
        }
        for other in ["[]", "[ ]", "{\"a\":1}", "\"[1]\"", "1"] {
            assert_eq!((found(other, 0), found(other, -1)), (None, None), "{other}");
        }
    }

    #[test]
    fn the_beginning_of_a_compact_text_is_as_long_as_asked_for() {
        let text = "{\n \"a\" : [ 1, \"b c\" ],\n \"long\": 1234567890 }";
        let compact = r#"{"a":[1,"b c"],"long":1234567890}"#;
        for most in 0..compact.len() + 2 {
            assert_eq!(compacted(text, most), compact[..most.min(compact.len())]);
        }
        assert_eq!(compacted(text, usize::MAX), compact);
    }
}
