//! Messages and enums as tables: all that decoding has to know, looked up by field number.

use super::wire;
use std::collections::HashMap;

/// All types of a schema; they name each other by their index.
#[derive(Debug, Default)]
pub(super) struct Types {
    pub messages: Vec<MessageType>,
    pub enums: Vec<EnumType>,
    /// Messages by their full names.
    pub by_name: HashMap<String, usize>,
}

#[derive(Debug)]
pub(super) struct MessageType {
    pub full_name: String,
    pub shape: JsonShape,
    pub is_map_entry: bool,
    /// In the order of their numbers, each number once.
    pub fields: Vec<MessageField>,
}

/// How a message looks in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonShape {
    Object,
    /// The value of the one field that is set, or this text if none is.
    OneValue(&'static str),
    Any,
    Duration,
    FieldMask,
    Timestamp,
}

#[derive(Debug)]
pub(super) struct MessageField {
    pub number: u32,
    pub kind: FieldKind,
    pub presence: Presence,
    /// Which of the message's oneofs it belongs to.
    pub oneof: Option<u32>,
    /// `,"name":`, ready to be written.
    pub prefix: Box<[u8]>,
}

/// How often a field is there, and when it is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// At most once, and left out if it is zero.
    Implicit,
    /// At most once, and shown whenever it is there.
    Explicit,
    Repeated,
    Map,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldKind {
    Number(NumberKind),
    Text,
    Bytes,
    /// An index in `Types::messages`; length-delimited or a group.
    Message(usize),
}

/// What the bits of a number mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberKind {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    /// An index in `Types::enums`.
    Enum(usize),
}

#[derive(Debug)]
pub(super) struct EnumType {
    /// `google.protobuf.NullValue`, which is JSON's null.
    pub is_null: bool,
    /// Numbers and their names in quotes, in the order of the numbers, each number once.
    pub values: Vec<(i32, Box<[u8]>)>,
}

impl MessageField {
    /// The name as JSON has it.
    pub(super) fn name(&self) -> String {
        String::from_utf8_lossy(&self.prefix[2..self.prefix.len() - 2]).into_owned()
    }
}

impl MessageType {
    pub(super) fn field(&self, number: u32) -> Option<usize> {
        self.fields.binary_search_by_key(&number, |field| field.number).ok()
    }

    /// The first field from `next` on that has that number or a higher one.
    #[inline(always)]
    pub(super) fn next_field(&self, next: usize, number: u32) -> usize {
        match self.fields.get(next) {
            Some(field) if field.number < number => self.later_field(next + 1, number),
            _ => next,
        }
    }

    fn later_field(&self, next: usize, number: u32) -> usize {
        /// So many are looked at one by one: most messages have few fields, or most of them are set.
        const NEAR: usize = 8;
        let later = &self.fields[next..];
        match later.iter().take(NEAR).position(|field| field.number >= number) {
            Some(index) => next + index,
            None => next + later.partition_point(|field| field.number < number),
        }
    }
}

impl EnumType {
    /// The name in quotes.
    #[inline]
    pub(super) fn name(&self, number: i32) -> Option<&[u8]> {
        // Most enums count from zero without gaps.
        let guess = usize::try_from(number).ok().and_then(|index| self.values.get(index));
        if let Some((_, name)) = guess.filter(|(found, _)| *found == number) {
            return Some(name);
        }
        let index = self.values.binary_search_by_key(&number, |(found, _)| *found).ok()?;
        Some(&self.values[index].1)
    }
}

impl NumberKind {
    #[inline(always)]
    pub(super) fn wire_type(self) -> u8 {
        match self {
            NumberKind::Double | NumberKind::Fixed64 | NumberKind::Sfixed64 => wire::FIXED_64,
            NumberKind::Float | NumberKind::Fixed32 | NumberKind::Sfixed32 => wire::FIXED_32,
            NumberKind::Int32
            | NumberKind::Int64
            | NumberKind::Uint32
            | NumberKind::Uint64
            | NumberKind::Sint32
            | NumberKind::Sint64
            | NumberKind::Bool
            | NumberKind::Enum(_) => wire::VARINT,
        }
    }

    /// Whether the bits are what a field without presence leaves out.
    #[inline(always)]
    pub(super) fn is_zero(self, bits: u64) -> bool {
        match self {
            NumberKind::Int32 | NumberKind::Uint32 | NumberKind::Sint32 | NumberKind::Enum(_) => {
                bits as u32 == 0
            }
            NumberKind::Double
            | NumberKind::Float
            | NumberKind::Int64
            | NumberKind::Uint64
            | NumberKind::Sint64
            | NumberKind::Fixed32
            | NumberKind::Fixed64
            | NumberKind::Sfixed32
            | NumberKind::Sfixed64
            | NumberKind::Bool => bits == 0,
        }
    }
}
