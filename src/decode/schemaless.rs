//! What the binary forms of JSON have in common: values that bring their types with them, each to JSON text.
//!
//! A key that is no string becomes one: its JSON text (`"7"`, `"null"`, `"[1,2]"`), of bytes their base64. Keys that are
//! the same then, or were before, stay both.

#[cfg(test)]
pub(super) mod examples;

use crate::json_text::{self, plain};
use crate::{encode, plural};
use std::fmt;

/// Levels of arrays and maps in each other; what is deeper is an error, not a full stack.
pub(super) const DEEPEST: usize = 200;

/// Levels of maps whose keys are arrays or maps in each other. Each one doubles the backslashes of those inside it.
pub(super) const DEEPEST_KEY: usize = 3;

/// Why bytes are no value; displays to follow `not CBOR: `.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemalessFlaw {
    problem: SchemalessProblem,
    /// Bytes in front of the place.
    at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SchemalessProblem {
    EndsTooEarly,
    LeftOver(usize),
    NotUtf8,
    TooDeep,
    KeyTooDeep,
    /// A byte that means nothing where it stands.
    Unexpected(u8),
}

impl std::error::Error for SchemalessFlaw {}

impl fmt::Display for SchemalessFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.at + 1;
        match self.problem {
            SchemalessProblem::EndsTooEarly => write!(f, "ends too early"),
            SchemalessProblem::LeftOver(1) => write!(f, "1 byte is left over"),
            SchemalessProblem::LeftOver(count) => {
                write!(f, "{} are left over", plural::counted(count as u64, "byte", "bytes"))
            }
            SchemalessProblem::NotUtf8 => write!(f, "invalid UTF-8 at byte {place}"),
            SchemalessProblem::TooDeep => write!(f, "nested deeper than {DEEPEST} levels at byte {place}"),
            SchemalessProblem::KeyTooDeep => {
                write!(f, "keys in keys deeper than {DEEPEST_KEY} levels at byte {place}")
            }
            SchemalessProblem::Unexpected(byte) => write!(f, "unexpected {byte:#04x} at byte {place}"),
        }
    }
}

/// How deep a value stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Depth {
    /// In arrays, maps and tags.
    levels: usize,
    /// In keys that are arrays or maps.
    key_levels: usize,
}

/// Reads bytes from their start, and appends what they say.
#[derive(Debug)]
pub(super) struct Transcoder<'a> {
    bytes: &'a [u8],
    /// How many bytes are read.
    at: usize,
    pub out: &'a mut Vec<u8>,
}

pub(super) type Transcoded<T> = Result<T, SchemalessFlaw>;

impl<'a> Transcoder<'a> {
    /// Appends the one value that all bytes are; on an error `out` is as it was before.
    pub(super) fn run(
        bytes: &'a [u8],
        out: &'a mut Vec<u8>,
        value: impl FnOnce(&mut Transcoder<'a>) -> Transcoded<()>,
    ) -> Transcoded<()> {
        let start = out.len();
        let mut transcoder = Transcoder { bytes, at: 0, out };
        let outcome = value(&mut transcoder).and_then(|()| transcoder.end());
        if outcome.is_err() {
            transcoder.out.truncate(start);
        }
        outcome
    }

    fn end(&self) -> Transcoded<()> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            rest => Err(self.flaw(SchemalessProblem::LeftOver(rest))),
        }
    }

    #[cold]
    pub(super) fn flaw(&self, problem: SchemalessProblem) -> SchemalessFlaw {
        SchemalessFlaw { problem, at: self.at }
    }

    /// A byte that was read last and means nothing.
    #[cold]
    pub(super) fn unexpected(&self, byte: u8) -> SchemalessFlaw {
        SchemalessFlaw { problem: SchemalessProblem::Unexpected(byte), at: self.at.saturating_sub(1) }
    }

    #[inline(always)]
    pub(super) fn byte(&mut self) -> Transcoded<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Reads again from a position on.
    pub(super) fn go_back(&mut self, position: usize) {
        self.at = position;
    }

    /// The next byte, which stays.
    #[inline(always)]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline(always)]
    pub(super) fn array<const N: usize>(&mut self) -> Transcoded<[u8; N]> {
        match self.bytes[self.at..].first_chunk() {
            Some(bytes) => {
                self.at += N;
                Ok(*bytes)
            }
            None => Err(self.flaw(SchemalessProblem::EndsTooEarly)),
        }
    }

    /// So many bytes; the length is only believed if they are there.
    #[inline(always)]
    pub(super) fn take(&mut self, length: u64) -> Transcoded<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        match usize::try_from(length).ok().and_then(|length| rest.get(..length)) {
            Some(bytes) => {
                self.at += bytes.len();
                Ok(bytes)
            }
            None => Err(self.flaw(SchemalessProblem::EndsTooEarly)),
        }
    }

    /// Appends a number that 64 bits may not hold.
    pub(super) fn integer(&mut self, number: i128) {
        match i64::try_from(number) {
            Ok(number) => encode::integer(number, self.out),
            Err(_) => self.out.extend_from_slice(number.to_string().as_bytes()),
        }
    }

    /// Appends the next so many bytes as a string.
    pub(super) fn text(&mut self, length: u64) -> Transcoded<()> {
        self.out.push(b'"');
        self.characters(length)?;
        self.out.push(b'"');
        Ok(())
    }

    /// Appends the next so many bytes as the inside of a string.
    #[inline(always)]
    pub(super) fn characters(&mut self, length: u64) -> Transcoded<()> {
        let bytes = self.take(length)?;
        let prefix = plain::prefix(bytes);
        if prefix.is_ascii && prefix.length == bytes.len() {
            self.out.extend_from_slice(bytes);
            return Ok(());
        }
        match simdutf8::compat::from_utf8(bytes) {
            Ok(text) => json_text::characters(text, self.out),
            Err(error) => {
                let at = self.at - bytes.len() + error.valid_up_to();
                return Err(SchemalessFlaw { problem: SchemalessProblem::NotUtf8, at });
            }
        }
        Ok(())
    }

    /// Appends bytes in base64, as a string.
    pub(super) fn base64(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        encode::base64(bytes, self.out);
        self.out.push(b'"');
    }

    /// Appends an array, as long as `has_next` says of a number of elements that another one follows.
    #[inline]
    pub(super) fn elements(
        &mut self,
        has_next: impl FnMut(&mut Self, u64) -> Transcoded<bool>,
        value: impl FnMut(&mut Self) -> Transcoded<()>,
    ) -> Transcoded<()> {
        self.separated(*b"[]", has_next, value)
    }

    /// Appends a map of keys and values, which stand at a depth.
    #[inline]
    pub(super) fn entries(
        &mut self,
        has_next: impl FnMut(&mut Self, u64) -> Transcoded<bool>,
        mut value: impl FnMut(&mut Self, Depth) -> Transcoded<()>,
        depth: Depth,
    ) -> Transcoded<()> {
        self.separated(*b"{}", has_next, |transcoder| {
            let start = transcoder.out.len();
            value(transcoder, transcoder.inside_key(depth)?)?;
            transcoder.make_key(start);
            transcoder.out.push(b':');
            value(transcoder, depth)
        })
    }

    #[inline]
    fn separated(
        &mut self,
        [open, close]: [u8; 2],
        mut has_next: impl FnMut(&mut Self, u64) -> Transcoded<bool>,
        mut one: impl FnMut(&mut Self) -> Transcoded<()>,
    ) -> Transcoded<()> {
        self.out.push(open);
        let mut index = 0;
        while has_next(self, index)? {
            if index > 0 {
                self.out.push(b',');
            }
            one(self)?;
            index += 1;
        }
        self.out.push(close);
        Ok(())
    }

    /// Makes what was appended since `start` a string, if it is none: the key of an object.
    fn make_key(&mut self, start: usize) {
        if self.out[start] == b'"' {
            return;
        }
        let text = String::from_utf8_lossy(&self.out[start..]).into_owned();
        self.out.truncate(start);
        self.out.push(b'"');
        json_text::characters(&text, self.out);
        self.out.push(b'"');
    }

    /// The depth of what is inside an array, a map or a tag.
    pub(super) fn inside(&self, depth: Depth) -> Transcoded<Depth> {
        if depth.levels >= DEEPEST {
            return Err(self.flaw(SchemalessProblem::TooDeep));
        }
        Ok(Depth { levels: depth.levels + 1, ..depth })
    }

    /// The depth of a key of a map.
    fn inside_key(&self, depth: Depth) -> Transcoded<Depth> {
        if depth.key_levels >= DEEPEST_KEY {
            return Err(self.flaw(SchemalessProblem::KeyTooDeep));
        }
        Ok(Depth { key_levels: depth.key_levels + 1, ..depth })
    }
}
