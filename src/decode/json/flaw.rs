//! What is wrong with a text that is no JSON text.

use std::fmt;

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
    /// Nested deeper than that many levels.
    TooDeep {
        deepest: usize,
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
            Flaw::TooDeep { deepest } => write!(f, "nested deeper than {deepest} levels"),
            Flaw::NotUtf8 { after } => write!(f, "invalid UTF-8 at byte {}", after + 1),
        }
    }
}
