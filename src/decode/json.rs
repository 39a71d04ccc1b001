//! JSON texts as they are: checked, never parsed into values, so that nothing in them changes.
//!
//! A checker of our own, because it is the larger part of a JSON line: see the test beside it that
//! compares it with `serde_json`. It does not recurse: a payload nests as deep as it likes.

mod check;
pub mod plain;
mod walk;

pub use check::{Nesting, check, flaw};

use std::borrow::Cow;
use std::fmt;

/// One valid JSON text, without white space around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<'a> {
    text: &'a [u8],
    has_line_breaks: bool,
}

impl<'a> Json<'a> {
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
    pub fn field(self, name: &str) -> Option<Json<'a>> {
        walk::field(self.text, name).map(|text| Json { text, ..self })
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
        walk::compact(self.text, out);
    }
}

/// Why a text is not one JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    Empty,
    ByteOrderMark,
    EndsEarly,
    Unexpected {
        found: char,
        after: usize,
    },
    LoneSurrogate {
        after: usize,
    },
    /// Not UTF-8 after that many bytes.
    NotUtf8 {
        after: usize,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Empty => write!(f, "empty"),
            Flaw::ByteOrderMark => write!(f, "starts with a byte order mark"),
            Flaw::EndsEarly => write!(f, "ends too early"),
            Flaw::Unexpected { found, after } => {
                write!(f, "unexpected `{}` at byte {}", found.escape_debug(), after + 1)
            }
            Flaw::LoneSurrogate { after } => write!(f, "lone surrogate at byte {}", after + 1),
            Flaw::NotUtf8 { after } => write!(f, "invalid UTF-8 at byte {}", after + 1),
        }
    }
}
