//! The wire format: tags and values of fields, one after the other.

use super::flaw::{Problem, ProtobufFlaw};

/// What a field holds before its type is known.
#[derive(Clone, Copy, Debug)]
pub(super) enum WireValue<'a> {
    /// A varint, or the bits of a fixed number.
    Number(u64),
    /// A string, bytes, a message, or packed numbers; the inside of a group.
    Bytes(&'a [u8]),
}

pub(super) const VARINT: u8 = 0;
pub(super) const FIXED_64: u8 = 1;
pub(super) const LENGTH: u8 = 2;
pub(super) const GROUP: u8 = 3;
pub(super) const GROUP_END: u8 = 4;
pub(super) const FIXED_32: u8 = 5;

/// The number and the wire type in front of each value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub number: u32,
    pub wire_type: u8,
}

impl Tag {
    #[inline(always)]
    pub(super) fn expect(self, expected: u8) -> Read<()> {
        if self.wire_type == expected { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    #[cold]
    fn unexpected(self, expected: u8) -> Box<ProtobufFlaw> {
        match self.wire_type {
            GROUP_END => Problem::StrayGroupEnd,
            found @ (6 | 7) => Problem::UnknownWireType(found),
            found => Problem::WireType { found, expected },
        }
        .into_flaw()
    }
}

/// Reads from the start of bytes, which it makes shorter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub rest: &'a [u8],
}

type Read<T> = Result<T, Box<ProtobufFlaw>>;

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline(always)]
    pub(super) fn varint(&mut self) -> Read<u64> {
        match self.rest {
            [byte @ 0..0x80, rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            [low @ 0x80..=0xff, high @ 0..0x80, rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(low & 0x7f) | u64::from(*high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Read<u64> {
        let mut number = 0;
        for (index, &byte) in self.rest.iter().take(10).enumerate() {
            if index == 9 && byte > 1 {
                return Err(Problem::LongVarint.into_flaw());
            }
            number |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                return Ok(number);
            }
        }
        Err(Problem::EndsTooEarly.into_flaw())
    }

    #[inline(always)]
    pub(super) fn tag(&mut self) -> Read<Tag> {
        let tag = self.varint()?;
        let number = (tag >> 3) as u32;
        if tag > u64::from(u32::MAX) || number == 0 {
            return Err(Problem::FieldNumber.into_flaw());
        }
        Ok(Tag { number, wire_type: (tag & 7) as u8 })
    }

    /// Goes over the next tag if it is of that field.
    #[inline(always)]
    pub(super) fn tag_of(&mut self, number: u32) -> Option<Tag> {
        let mut ahead = *self;
        // One that is damaged is seen when it is read.
        let tag = ahead.tag().ok().filter(|tag| tag.number == number)?;
        *self = ahead;
        Some(tag)
    }

    #[inline(always)]
    pub(super) fn fixed_64(&mut self) -> Read<u64> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            return Err(Problem::EndsTooEarly.into_flaw());
        };
        self.rest = rest;
        Ok(u64::from_le_bytes(*bytes))
    }

    #[inline(always)]
    pub(super) fn fixed_32(&mut self) -> Read<u64> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            return Err(Problem::EndsTooEarly.into_flaw());
        };
        self.rest = rest;
        Ok(u64::from(u32::from_le_bytes(*bytes)))
    }

    #[inline(always)]
    pub(super) fn bytes(&mut self) -> Read<&'a [u8]> {
        let length = self.varint()?;
        match usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length)) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(Problem::EndsTooEarly.into_flaw()),
        }
    }

    /// The bits of a number of that wire type.
    #[inline(always)]
    pub(super) fn number(&mut self, wire_type: u8) -> Read<u64> {
        match wire_type {
            FIXED_64 => self.fixed_64(),
            FIXED_32 => self.fixed_32(),
            _ => self.varint(),
        }
    }

    /// A string, bytes, or packed numbers behind their tag.
    #[inline(always)]
    pub(super) fn length_delimited(&mut self, tag: Tag) -> Read<&'a [u8]> {
        tag.expect(LENGTH)?;
        self.bytes()
    }

    /// A message behind its tag.
    #[inline(always)]
    pub(super) fn message(&mut self, tag: Tag) -> Read<&'a [u8]> {
        if tag.wire_type == GROUP { self.group(tag.number) } else { self.length_delimited(tag) }
    }

    /// The value behind a tag.
    #[inline(always)]
    pub(super) fn value(&mut self, tag: Tag) -> Read<WireValue<'a>> {
        Ok(match tag.wire_type {
            VARINT => WireValue::Number(self.varint()?),
            FIXED_64 => WireValue::Number(self.fixed_64()?),
            LENGTH => WireValue::Bytes(self.bytes()?),
            GROUP => WireValue::Bytes(self.group(tag.number)?),
            GROUP_END => return Err(Problem::StrayGroupEnd.into_flaw()),
            FIXED_32 => WireValue::Number(self.fixed_32()?),
            other => return Err(Problem::UnknownWireType(other).into_flaw()),
        })
    }

    /// The inside of a group that has begun; does not recurse.
    #[cold]
    fn group(&mut self, number: u32) -> Read<&'a [u8]> {
        let start = self.rest;
        let mut open = vec![number];
        while let Some(&innermost) = open.last() {
            let inside = start.len() - self.rest.len();
            let tag = self.tag_or_end()?;
            match tag.wire_type {
                GROUP if open.len() >= super::DEEPEST => return Err(Problem::TooDeep.into_flaw()),
                GROUP => open.push(tag.number),
                GROUP_END if tag.number != innermost => return Err(Problem::StrayGroupEnd.into_flaw()),
                GROUP_END => {
                    open.pop();
                    if open.is_empty() {
                        return Ok(&start[..inside]);
                    }
                }
                _ => {
                    self.value(tag)?;
                }
            }
        }
        Ok(&[])
    }

    fn tag_or_end(&mut self) -> Read<Tag> {
        if self.is_empty() { Err(Problem::EndsTooEarly.into_flaw()) } else { self.tag() }
    }
}
