//! Why bytes are not the message that they were to be.

use std::fmt;

/// What is wrong with the bytes, and where; displays to follow ``not a `acme.Task`: ``.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtobufFlaw {
    problem: Problem,
    /// The fields on the way to the place, from the innermost to the outermost.
    path: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    EndsTooEarly,
    /// A varint has more than ten bytes, or more than 64 bits.
    LongVarint,
    FieldNumber,
    /// Six or seven, which mean nothing.
    UnknownWireType(u8),
    /// The number stands in another form than a field of that type has.
    WireType {
        found: u8,
        expected: u8,
    },
    /// A group ends that has not begun, or another one than the innermost.
    StrayGroupEnd,
    NotUtf8,
    TooDeep,
}

impl Problem {
    #[cold]
    pub(super) fn into_flaw(self) -> Box<ProtobufFlaw> {
        Box::new(ProtobufFlaw { problem: self, path: Vec::new() })
    }
}

impl ProtobufFlaw {
    /// Adds the field in which the flaw, or the path to it, is.
    #[cold]
    pub(super) fn within(mut self: Box<Self>, field: &str) -> Box<Self> {
        // The path of a message that is nested too deep says no more with a hundred fields than with the first ones.
        self.path.push(field.to_owned());
        self
    }
}

/// Fields of a path that are shown, from the outermost.
const SHOWN: usize = 8;

impl fmt::Display for ProtobufFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)?;
        if self.path.is_empty() {
            return Ok(());
        }
        write!(f, " in `")?;
        for (index, field) in self.path.iter().rev().take(SHOWN).enumerate() {
            write!(f, "{}{field}", if index == 0 { "" } else { "." })?;
        }
        write!(f, "{}`", if self.path.len() > SHOWN { ".…" } else { "" })
    }
}

impl std::error::Error for ProtobufFlaw {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::EndsTooEarly => write!(f, "ends too early"),
            Problem::LongVarint => write!(f, "a number of more than 64 bits"),
            Problem::FieldNumber => write!(f, "an invalid field number"),
            Problem::UnknownWireType(found) => write!(f, "unknown wire type {found}"),
            Problem::WireType { found, expected } => write!(f, "wire type {found} instead of {expected}"),
            Problem::StrayGroupEnd => write!(f, "a group ends that has not begun"),
            Problem::NotUtf8 => write!(f, "invalid UTF-8"),
            Problem::TooDeep => write!(f, "nested deeper than {} levels", super::DEEPEST),
        }
    }
}
