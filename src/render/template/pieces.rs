//! Parts of a template that take few characters are put together and appended at once: appending costs more than they do.

use crate::encode::Tail;
use crate::record::Record;
use crate::settings::{Field, Shape, Template, TemplatePart, TimeShape};

/// What is appended at once.
#[derive(Debug)]
pub enum Piece {
    /// Numbers and the text around them, from the last to the first.
    Few(Vec<Short>),
    Text(Vec<u8>),
    Content(Field, LongShape),
    Topic,
    /// The time in RFC 3339.
    IsoTime,
    Headers,
    Header(Vec<u8>),
}

/// How a key or a value is printed that takes any number of characters.
#[derive(Clone, Copy, Debug)]
pub enum LongShape {
    Bytes,
    BinaryLength,
    Base64,
    Hex,
    Json,
}

/// A part that takes few characters.
#[derive(Debug)]
pub enum Short {
    Text(Vec<u8>),
    Partition,
    Offset,
    Milliseconds,
    Seconds,
    Length(Field),
}

/// Text that is longer is appended by itself.
const LONGEST_TEXT: usize = 16;

/// Puts the parts of a template together, in order.
pub fn of(template: &Template) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut few = Vec::new();
    for part in &template.parts {
        match one(part) {
            Ok(short) => {
                let width: usize = few.iter().chain([&short]).map(Short::width).sum();
                if width > Tail::SIZE {
                    pieces.extend(together(&mut few));
                }
                few.push(short);
            }
            Err(piece) => {
                pieces.extend(together(&mut few));
                pieces.push(piece);
            }
        }
    }
    pieces.extend(together(&mut few));
    pieces
}

fn together(few: &mut Vec<Short>) -> Option<Piece> {
    let mut few = std::mem::take(few);
    few.reverse();
    match few.as_slice() {
        [] => None,
        [Short::Text(text)] => Some(Piece::Text(text.clone())),
        [..] => Some(Piece::Few(few)),
    }
}

/// A part as one that can be put together with others, or as a piece of its own.
fn one(part: &TemplatePart) -> Result<Short, Piece> {
    let content = |field: &Field, shape| Err(Piece::Content(*field, shape));
    match part {
        TemplatePart::Text(text) if text.len() <= LONGEST_TEXT => Ok(Short::Text(text.clone())),
        TemplatePart::Text(text) => Err(Piece::Text(text.clone())),
        TemplatePart::Content(field, shape) => match shape {
            Shape::Length => Ok(Short::Length(*field)),
            Shape::Bytes => content(field, LongShape::Bytes),
            Shape::BinaryLength => content(field, LongShape::BinaryLength),
            Shape::Base64 => content(field, LongShape::Base64),
            Shape::Hex => content(field, LongShape::Hex),
            Shape::Json => content(field, LongShape::Json),
        },
        TemplatePart::Topic => Err(Piece::Topic),
        TemplatePart::Partition => Ok(Short::Partition),
        TemplatePart::Offset => Ok(Short::Offset),
        TemplatePart::Timestamp(TimeShape::Milliseconds) => Ok(Short::Milliseconds),
        TemplatePart::Timestamp(TimeShape::Seconds) => Ok(Short::Seconds),
        TemplatePart::Timestamp(TimeShape::Iso) => Err(Piece::IsoTime),
        TemplatePart::Headers => Err(Piece::Headers),
        TemplatePart::Header(name) => Err(Piece::Header(name.clone())),
    }
}

impl Short {
    /// The most characters that it takes.
    fn width(&self) -> usize {
        match self {
            Short::Text(text) => text.len(),
            Short::Partition => "-2147483648".len(),
            Short::Offset | Short::Milliseconds | Short::Seconds | Short::Length(_) => {
                "-9223372036854775808".len()
            }
        }
    }
}

/// Appends what a piece says of a record.
#[inline]
pub fn append(few: &[Short], record: &Record<'_>, out: &mut Vec<u8>) {
    let mut tail = Tail::default();
    for short in few {
        match short {
            Short::Text(text) => tail.slice(text),
            Short::Partition => tail.integer(record.partition.into()),
            Short::Offset => tail.integer(record.offset),
            // Of a record without a time it is -1, as a length is.
            Short::Milliseconds => tail.integer(record.timestamp.unwrap_or(-1)),
            Short::Seconds => tail.integer(record.timestamp.map_or(-1, |time| time.div_euclid(1000))),
            Short::Length(Field::Key) => tail.integer(length(record.key)),
            Short::Length(Field::Value) => tail.integer(length(record.value)),
        }
    }
    out.extend_from_slice(tail.bytes());
}

/// The bytes of a key or a value, -1 for null.
fn length(bytes: Option<&[u8]>) -> i64 {
    bytes.map_or(-1, |bytes| bytes.len() as i64)
}
