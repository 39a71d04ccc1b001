//! From bytes to JSON in one pass, as serializers write: fields in the order of their numbers, each once.
//!
//! Whatever is in another order stops it, and `merge` starts again.

mod any;
mod merge;

use super::flaw::{Problem, ProtobufFlaw};
use super::types::{FieldKind, JsonShape, MessageField, MessageType, NumberKind, Presence, Types};
use super::wire::{LENGTH, Reader, Tag};
use super::{DEEPEST, known, values};
use std::ops::Range;

/// Appends a message; on an error `out` is in disorder.
pub(super) fn write(
    types: &Types,
    index: usize,
    bytes: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Box<ProtobufFlaw>> {
    let start = out.len();
    let mut writer = Writer { types, out };
    match writer.message(index, bytes, 0) {
        Ok(()) => Ok(()),
        Err(Stop::Flaw(flaw)) => Err(flaw),
        Err(Stop::Irregular) => {
            writer.out.truncate(start);
            writer.merged(index, &[bytes], 0)
        }
    }
}

/// Why a message is not written in one pass.
#[derive(Debug)]
enum Stop {
    Irregular,
    Flaw(Box<ProtobufFlaw>),
}

impl From<Box<ProtobufFlaw>> for Stop {
    fn from(flaw: Box<ProtobufFlaw>) -> Stop {
        Stop::Flaw(flaw)
    }
}

impl Stop {
    #[cold]
    fn within(self, field: &MessageField) -> Stop {
        match self {
            Stop::Irregular => Stop::Irregular,
            Stop::Flaw(flaw) => Stop::Flaw(flaw.within(&field.name())),
        }
    }

    #[cold]
    fn within_element(self, field: &MessageField, index: usize) -> Stop {
        match self {
            Stop::Irregular => Stop::Irregular,
            Stop::Flaw(flaw) => Stop::Flaw(flaw.within(&format!("{}[{index}]", field.name()))),
        }
    }
}

struct Writer<'a> {
    types: &'a Types,
    out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    /// Writes the value of a message that is nested in `depth` others.
    fn message(&mut self, index: usize, bytes: &[u8], depth: usize) -> Result<(), Stop> {
        if depth >= DEEPEST {
            return Err(Problem::TooDeep.into_flaw().into());
        }
        let types = self.types;
        let message = &types.messages[index];
        let start = self.out.len();
        match message.shape {
            JsonShape::Object => {
                self.fields(message, bytes, depth)?;
                self.close(start);
            }
            JsonShape::OneValue(unset) => {
                self.fields(message, bytes, depth)?;
                if self.out.len() == start {
                    self.out.extend_from_slice(unset.as_bytes());
                }
            }
            JsonShape::Any => self.any(bytes, depth)?,
            JsonShape::Duration => known::duration(&[bytes], self.out)?,
            JsonShape::FieldMask => known::field_mask(&[bytes], self.out)?,
            JsonShape::Timestamp => known::timestamp(&[bytes], self.out)?,
        }
        Ok(())
    }

    /// Makes an object of what stands behind `start`, where each field begins with a comma.
    fn close(&mut self, start: usize) {
        if self.out.len() == start {
            self.out.push(b'{');
        } else {
            self.out[start] = b'{';
        }
        self.out.push(b'}');
    }

    /// Writes the fields, each behind a comma and its name; of a message with one value that value alone.
    fn fields(&mut self, message: &MessageType, bytes: &[u8], depth: usize) -> Result<(), Stop> {
        let mut reader = Reader::new(bytes);
        let mut next = 0;
        let mut oneofs = 0;
        while !reader.is_empty() {
            let tag = reader.tag()?;
            next = message.next_field(next, tag.number);
            let Some(field) = message.fields.get(next).filter(|field| field.number == tag.number) else {
                if message.field(tag.number).is_some() {
                    return Err(Stop::Irregular);
                }
                reader.value(tag)?;
                continue;
            };
            next += 1;
            if let Some(oneof) = field.oneof {
                note(oneof, &mut oneofs)?;
            }
            let before = self.out.len();
            if message.shape == JsonShape::Object {
                self.out.extend_from_slice(&field.prefix);
            }
            let is_shown = match field.presence {
                Presence::Implicit | Presence::Explicit => {
                    self.single(field, tag, &mut reader, depth).map_err(|stop| stop.within(field))?
                }
                Presence::Repeated => self.list(field, tag, &mut reader, depth)?,
                Presence::Map => {
                    self.map(field, tag, &mut reader, depth).map_err(|stop| stop.within(field))?
                }
            };
            if !is_shown {
                self.out.truncate(before);
            }
        }
        Ok(())
    }

    /// Writes the value of a field that is there once, and says whether it is to be shown.
    #[inline(always)]
    fn single(
        &mut self,
        field: &MessageField,
        tag: Tag,
        reader: &mut Reader<'_>,
        depth: usize,
    ) -> Result<bool, Stop> {
        let is_shown_as_zero = field.presence != Presence::Implicit;
        match field.kind {
            FieldKind::Number(kind) => {
                tag.expect(kind.wire_type())?;
                let bits = reader.number(kind.wire_type())?;
                values::number(self.types, kind, bits, self.out);
                Ok(is_shown_as_zero || !kind.is_zero(bits))
            }
            FieldKind::Text => {
                let bytes = reader.length_delimited(tag)?;
                values::text(bytes, self.out)?;
                Ok(is_shown_as_zero || !bytes.is_empty())
            }
            FieldKind::Bytes => {
                let bytes = reader.length_delimited(tag)?;
                values::bytes(bytes, self.out);
                Ok(is_shown_as_zero || !bytes.is_empty())
            }
            FieldKind::Message(index) => {
                let bytes = reader.message(tag)?;
                self.message(index, bytes, depth + 1)?;
                Ok(true)
            }
        }
    }

    /// Writes the elements of a field, packed or not, and says whether there are any.
    fn list(
        &mut self,
        field: &MessageField,
        tag: Tag,
        reader: &mut Reader<'_>,
        depth: usize,
    ) -> Result<bool, Stop> {
        let start = self.out.len();
        let mut tag = tag;
        let mut count = 0;
        loop {
            match field.kind {
                FieldKind::Number(kind) if tag.wire_type == LENGTH => {
                    let written = reader.bytes().and_then(|packed| self.packed(kind, packed));
                    written.map_err(|flaw| flaw.within(&field.name()))?;
                }
                FieldKind::Number(_) | FieldKind::Text | FieldKind::Bytes | FieldKind::Message(_) => {
                    self.out.push(b',');
                    let written = self.single(field, tag, reader, depth);
                    written.map_err(|stop| stop.within_element(field, count))?;
                    count += 1;
                }
            }
            match reader.tag_of(field.number) {
                Some(following) => tag = following,
                None => break,
            }
        }
        Ok(self.close_list(start))
    }

    /// Makes an array of what stands behind `start`, where each element begins with a comma, if there are any.
    fn close_list(&mut self, start: usize) -> bool {
        let has_elements = self.out.len() > start;
        if has_elements {
            self.out[start] = b'[';
            self.out.push(b']');
        }
        has_elements
    }

    /// Writes packed numbers, each behind a comma.
    fn packed(&mut self, kind: NumberKind, bytes: &[u8]) -> Result<(), Box<ProtobufFlaw>> {
        let mut reader = Reader::new(bytes);
        while !reader.is_empty() {
            let bits = reader.number(kind.wire_type())?;
            self.out.push(b',');
            values::number(self.types, kind, bits, self.out);
        }
        Ok(())
    }

    /// Writes the entries of a map, which are shown even if there is none that counts.
    fn map(
        &mut self,
        field: &MessageField,
        tag: Tag,
        reader: &mut Reader<'_>,
        depth: usize,
    ) -> Result<bool, Stop> {
        let FieldKind::Message(index) = field.kind else { return Ok(false) };
        let types = self.types;
        let start = self.out.len();
        let mut keys = Vec::new();
        let mut tag = tag;
        loop {
            let bytes = reader.message(tag)?;
            keys.push(self.entry(&types.messages[index], bytes, depth)?);
            match reader.tag_of(field.number) {
                Some(following) => tag = following,
                None => break,
            }
        }
        if has_doubles(&mut keys, self.out) {
            return Err(Stop::Irregular);
        }
        self.close(start);
        Ok(true)
    }

    /// Writes a key and its value behind a comma, and says where the key stands.
    fn entry(&mut self, entry: &MessageType, bytes: &[u8], depth: usize) -> Result<Range<usize>, Stop> {
        let mut reader = Reader::new(bytes);
        self.out.push(b',');
        let start = self.out.len();
        self.part(&entry.fields[0], &mut reader, depth)?;
        self.quote(start);
        let end = self.out.len();
        self.out.push(b':');
        self.part(&entry.fields[1], &mut reader, depth)?;
        if reader.is_empty() { Ok(start..end) } else { Err(Stop::Irregular) }
    }

    /// Writes a key, or a value; one that is not there is zero.
    fn part(&mut self, field: &MessageField, reader: &mut Reader<'_>, depth: usize) -> Result<(), Stop> {
        match reader.tag_of(field.number) {
            Some(tag) => self.single(field, tag, reader, depth).map(drop),
            None => self.zero(field.kind, depth),
        }
    }

    /// Writes the value that a field has which is not there.
    fn zero(&mut self, kind: FieldKind, depth: usize) -> Result<(), Stop> {
        match kind {
            FieldKind::Number(kind) => values::number(self.types, kind, 0, self.out),
            FieldKind::Text | FieldKind::Bytes => self.out.extend_from_slice(b"\"\""),
            FieldKind::Message(index) => self.message(index, &[], depth + 1)?,
        }
        Ok(())
    }

    /// Puts quotes around what stands behind `start`, unless it has them: the name of a member of an object.
    fn quote(&mut self, start: usize) {
        if self.out[start] != b'"' {
            self.out.insert(start, b'"');
            self.out.push(b'"');
        }
    }
}

/// Remembers that a field of a oneof was seen.
#[inline(always)]
fn note(oneof: u32, seen: &mut u64) -> Result<(), Stop> {
    // Nobody has as many oneofs in a message as there are bits.
    let bit = 1_u64.checked_shl(oneof).ok_or(Stop::Irregular)?;
    if *seen & bit != 0 {
        return Err(Stop::Irregular);
    }
    *seen |= bit;
    Ok(())
}

/// Whether a key of a map, which stands at one of these places, is there twice.
fn has_doubles(keys: &mut [Range<usize>], out: &[u8]) -> bool {
    /// So few are compared faster than sorted.
    const FEW: usize = 8;
    let text = |key: &Range<usize>| &out[key.clone()];
    if keys.len() <= FEW {
        return keys
            .iter()
            .enumerate()
            .any(|(index, key)| keys[..index].iter().any(|other| text(other) == text(key)));
    }
    keys.sort_unstable_by(|one, other| text(one).cmp(text(other)));
    keys.windows(2).any(|pair| text(&pair[0]) == text(&pair[1]))
}
