//! Walking through a text that is known to be JSON.

use super::plain;

/// Appends a valid JSON text without insignificant white space.
pub fn compact(text: &[u8], out: &mut Vec<u8>) {
    let mut walk = Walk { bytes: text, at: 0 };
    let mut copied = 0;
    while walk.at < text.len() {
        match text[walk.at] {
            b'"' => walk.skip_string(),
            b' ' | b'\t' | b'\n' | b'\r' => {
                out.extend_from_slice(&text[copied..walk.at]);
                walk.token();
                copied = walk.at;
            }
            _ => walk.at += 1,
        }
    }
    out.extend_from_slice(&text[copied..]);
}

/// Finds the value of a field of an object; of fields with the same name the last one, as jq does.
pub fn field<'a>(text: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut walk = Walk { bytes: text, at: 0 };
    let mut found = None;
    if walk.token() != b'{' {
        return None;
    }
    walk.at += 1;
    while walk.token() == b'"' {
        let key = walk.pass_value();
        walk.token();
        walk.at += 1; // the colon
        walk.token();
        let value = walk.pass_value();
        if is_name(key, name) {
            found = Some(value);
        }
        if walk.token() == b',' {
            walk.at += 1;
        }
    }
    found
}

/// Compares a JSON string, quotes included, with a name.
fn is_name(string: &[u8], name: &str) -> bool {
    if string.contains(&b'\\') {
        serde_json::from_slice::<String>(string).is_ok_and(|unescaped| unescaped == name)
    } else {
        &string[1..string.len() - 1] == name.as_bytes()
    }
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
