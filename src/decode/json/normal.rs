//! JSON as jq prints it: compact, strings with the escapes that they need.

use super::Json;
use super::fields::are_unique;
use crate::json_text::plain;

/// Writes a string, given with its quotes, in which there are escapes.
pub type WriteString = fn(Json<'_>, &mut Vec<u8>);

impl Json<'_> {
    /// Appends the text as jq prints it; `None` if jq may print it otherwise, since a name is there twice or a number
    /// has more characters than `longest_number`.
    pub fn write_normal(
        self,
        longest_number: usize,
        write_string: WriteString,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        Writer { text: self.text, at: 0, longest_number, write_string, out }.value(0)
    }
}

/// Nothing that was checked is nested so deep.
const DEEPEST: usize = 1000;

struct Writer<'w, 'a> {
    text: &'a [u8],
    at: usize,
    longest_number: usize,
    write_string: WriteString,
    out: &'w mut Vec<u8>,
}

impl<'a> Writer<'_, 'a> {
    /// Skips white space and peeks.
    fn token(&mut self) -> u8 {
        loop {
            match self.text.get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(byte) => return *byte,
                None => return 0,
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        match self.token() {
            b'"' => {
                self.string();
                Some(())
            }
            b'{' => self.inside(depth, b'}', |writer, depth, names| {
                let name = writer.string();
                names.push(name);
                writer.token();
                writer.byte();
                writer.value(depth)
            }),
            b'[' => self.inside(depth, b']', |writer, depth, _| writer.value(depth)),
            _ => self.word(),
        }
    }

    /// What stands in brackets.
    fn inside(
        &mut self,
        depth: usize,
        end: u8,
        item: fn(&mut Self, usize, &mut Vec<&'a [u8]>) -> Option<()>,
    ) -> Option<()> {
        if depth == DEEPEST {
            return None;
        }
        self.byte();
        let mut names = Vec::new();
        while self.token() != end {
            if self.token() == b',' {
                self.byte();
                self.token();
            }
            item(self, depth + 1, &mut names)?;
            if self.at >= self.text.len() {
                return None;
            }
        }
        self.byte();
        are_unique(names.iter().copied()).then_some(())
    }

    /// Copies a byte.
    fn byte(&mut self) {
        if let Some(byte) = self.text.get(self.at) {
            self.out.push(*byte);
            self.at += 1;
        }
    }

    /// Copies a string, and returns how it stood there.
    fn string(&mut self) -> &'a [u8] {
        let start = self.at;
        self.at += 1;
        let mut has_escapes = false;
        loop {
            self.at += plain::prefix(self.text.get(self.at..).unwrap_or_default()).length;
            match self.text.get(self.at) {
                Some(b'\\') => {
                    has_escapes = true;
                    self.at += 2;
                }
                _ => break,
            }
        }
        self.at = (self.at + 1).min(self.text.len());
        let string = &self.text[start..self.at];
        if has_escapes {
            (self.write_string)(Json { text: string, has_line_breaks: false }, self.out);
        } else {
            self.out.extend_from_slice(string);
        }
        string
    }

    /// Copies a number, `true`, `false` or `null`.
    fn word(&mut self) -> Option<()> {
        let is_inside = |byte: &&u8| !matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
        let length = self.text.iter().skip(self.at).take_while(is_inside).count();
        let word = &self.text[self.at..self.at + length];
        self.at += length;
        // jq knows one zero among integers.
        self.out.extend_from_slice(if word == b"-0" { b"0" } else { word });
        (1..=self.longest_number).contains(&length).then_some(())
    }
}
