//! The general way: fields in any order and several times, of which the last one counts, or which are merged.
//!
//! The bytes of a message that is there several times are read as if they stood one behind the other.

use super::super::flaw::{Problem, ProtobufFlaw};
use super::super::types::{FieldKind, JsonShape, MessageField, MessageType, Presence};
use super::super::wire::{self, Reader, Tag, WireValue};
use super::super::{DEEPEST, known, values};
use super::{Stop, Writer};
use std::collections::HashMap;

type Written<T> = Result<T, Box<ProtobufFlaw>>;

/// A value of a known field.
#[derive(Clone, Copy)]
struct Occurrence<'a> {
    /// The index of the field.
    field: usize,
    wire_type: u8,
    value: WireValue<'a>,
}

impl Writer<'_> {
    /// Writes the value of a message whose bytes come in pieces.
    pub(super) fn merged(&mut self, index: usize, pieces: &[&[u8]], depth: usize) -> Written<()> {
        if depth >= DEEPEST {
            return Err(Problem::TooDeep.into_flaw());
        }
        let message = &self.types.messages[index];
        let start = self.out.len();
        match message.shape {
            JsonShape::Object => {
                self.merged_fields(message, pieces, depth)?;
                self.close(start);
            }
            JsonShape::OneValue(unset) => {
                self.merged_fields(message, pieces, depth)?;
                if self.out.len() == start {
                    self.out.extend_from_slice(unset.as_bytes());
                }
            }
            JsonShape::Any => self.merged_any(pieces, depth)?,
            JsonShape::Duration => known::duration(pieces, self.out)?,
            JsonShape::FieldMask => known::field_mask(pieces, self.out)?,
            JsonShape::Timestamp => known::timestamp(pieces, self.out)?,
        }
        Ok(())
    }

    /// Writes the fields in the order of their numbers, as `fields` does.
    pub(super) fn merged_fields(
        &mut self,
        message: &MessageType,
        pieces: &[&[u8]],
        depth: usize,
    ) -> Written<()> {
        let occurrences = occurrences(message, pieces)?;
        for group in occurrences.chunk_by(|one, other| one.field == other.field) {
            let field = &message.fields[group[0].field];
            let before = self.out.len();
            if message.shape == JsonShape::Object {
                self.out.extend_from_slice(&field.prefix);
            }
            let is_shown = match field.presence {
                Presence::Implicit | Presence::Explicit => self.merged_single(field, group, depth),
                Presence::Repeated => self.merged_list(field, group, depth),
                Presence::Map => self.merged_map(field, group, depth),
            };
            if !is_shown.map_err(|flaw| flaw.within(&field.name()))? {
                self.out.truncate(before);
            }
        }
        Ok(())
    }

    fn merged_single(
        &mut self,
        field: &MessageField,
        group: &[Occurrence<'_>],
        depth: usize,
    ) -> Written<bool> {
        let is_shown_as_zero = field.presence != Presence::Implicit;
        match field.kind {
            FieldKind::Message(index) => {
                let pieces: Vec<_> = group.iter().map(|occurrence| occurrence.bytes()).collect();
                self.merged(index, &pieces, depth + 1)?;
                Ok(true)
            }
            FieldKind::Number(_) | FieldKind::Text | FieldKind::Bytes => {
                let last = group[group.len() - 1];
                self.scalar(field.kind, last)?;
                let is_zero = match (field.kind, last.value) {
                    (FieldKind::Number(kind), WireValue::Number(bits)) => kind.is_zero(bits),
                    (_, WireValue::Number(_)) => false,
                    (_, WireValue::Bytes(bytes)) => bytes.is_empty(),
                };
                Ok(is_shown_as_zero || !is_zero)
            }
        }
    }

    /// Writes a value that is no message.
    fn scalar(&mut self, kind: FieldKind, occurrence: Occurrence<'_>) -> Written<()> {
        match kind {
            FieldKind::Number(kind) => values::number(self.types, kind, occurrence.bits(), self.out),
            FieldKind::Text => values::text(occurrence.bytes(), self.out)?,
            FieldKind::Bytes => values::bytes(occurrence.bytes(), self.out),
            FieldKind::Message(_) => {}
        }
        Ok(())
    }

    fn merged_list(&mut self, field: &MessageField, group: &[Occurrence<'_>], depth: usize) -> Written<bool> {
        let start = self.out.len();
        for occurrence in group {
            match field.kind {
                FieldKind::Number(kind) if occurrence.wire_type == wire::LENGTH => {
                    self.packed(kind, occurrence.bytes())?;
                }
                FieldKind::Message(index) => {
                    self.out.push(b',');
                    self.merged(index, &[occurrence.bytes()], depth + 1)?;
                }
                FieldKind::Number(_) | FieldKind::Text | FieldKind::Bytes => {
                    self.out.push(b',');
                    self.scalar(field.kind, *occurrence)?;
                }
            }
        }
        Ok(self.close_list(start))
    }

    /// Writes the entries of a map in the order in which their keys came first, with their last values.
    fn merged_map(&mut self, field: &MessageField, group: &[Occurrence<'_>], depth: usize) -> Written<bool> {
        let FieldKind::Message(index) = field.kind else { return Ok(false) };
        let entry = &self.types.messages[index];
        let mut entries: Vec<(Vec<u8>, Vec<Occurrence<'_>>)> = Vec::new();
        let mut known = HashMap::new();
        for occurrence in group {
            let parts = occurrences(entry, &[occurrence.bytes()])?;
            let (key, value) = parts.split_at(parts.partition_point(|part| part.field == 0));
            let key = self.key(&entry.fields[0], key.last())?;
            let next = entries.len();
            let place = *known.entry(key.clone()).or_insert(next);
            if place == next {
                entries.push((key, value.to_vec()));
            } else {
                entries[place].1 = value.to_vec();
            }
        }
        let start = self.out.len();
        for (key, value) in entries {
            self.out.push(b',');
            self.out.extend_from_slice(&key);
            self.out.push(b':');
            if value.is_empty() {
                self.merged_zero(entry.fields[1].kind, depth)?;
            } else {
                self.merged_single(&entry.fields[1], &value, depth)?;
            }
        }
        self.close(start);
        Ok(true)
    }

    /// A key as the name of a member of an object.
    fn key(&self, field: &MessageField, occurrence: Option<&Occurrence<'_>>) -> Written<Vec<u8>> {
        let mut text = Vec::new();
        let mut writer = Writer { types: self.types, out: &mut text };
        match occurrence {
            Some(occurrence) => writer.scalar(field.kind, *occurrence)?,
            None => writer.merged_zero(field.kind, 0)?,
        }
        writer.quote(0);
        Ok(text)
    }

    fn merged_zero(&mut self, kind: FieldKind, depth: usize) -> Written<()> {
        // No bytes are in the usual order.
        match self.zero(kind, depth) {
            Err(Stop::Flaw(flaw)) => Err(flaw),
            Ok(()) | Err(Stop::Irregular) => Ok(()),
        }
    }
}

impl<'a> Occurrence<'a> {
    fn bytes(&self) -> &'a [u8] {
        match self.value {
            WireValue::Bytes(bytes) => bytes,
            WireValue::Number(_) => &[],
        }
    }

    fn bits(&self) -> u64 {
        match self.value {
            WireValue::Number(bits) => bits,
            WireValue::Bytes(_) => 0,
        }
    }
}

/// All values of known fields, sorted by field; of the fields of a oneof only the last one.
fn occurrences<'a>(message: &MessageType, pieces: &[&'a [u8]]) -> Written<Vec<Occurrence<'a>>> {
    let mut found = Vec::new();
    // The field of each oneof that is set, and where in `found` it was set.
    let mut oneofs: HashMap<u32, (usize, usize)> = HashMap::new();
    for piece in pieces {
        let mut reader = Reader::new(piece);
        while !reader.is_empty() {
            let tag = reader.tag()?;
            let value = reader.value(tag)?;
            let Some(index) = message.field(tag.number) else { continue };
            let field = &message.fields[index];
            check(field, tag).map_err(|flaw| flaw.within(&field.name()))?;
            if let Some(oneof) = field.oneof {
                let set = oneofs.entry(oneof).or_insert((index, found.len()));
                if set.0 != index {
                    *set = (index, found.len());
                }
            }
            found.push(Occurrence { field: index, wire_type: tag.wire_type, value });
        }
    }
    let mut place = 0;
    found.retain(|occurrence: &Occurrence<'_>| {
        let set = message.fields[occurrence.field].oneof.map(|oneof| oneofs[&oneof]);
        place += 1;
        set.is_none_or(|(field, since)| field == occurrence.field && place > since)
    });
    found.sort_by_key(|occurrence| occurrence.field);
    Ok(found)
}

/// Checks that a value of that wire type can be one of the field.
fn check(field: &MessageField, tag: Tag) -> Written<()> {
    match field.kind {
        FieldKind::Number(_) if field.presence == Presence::Repeated && tag.wire_type == wire::LENGTH => {
            Ok(())
        }
        FieldKind::Number(kind) => tag.expect(kind.wire_type()),
        FieldKind::Message(_) if tag.wire_type == wire::GROUP => Ok(()),
        FieldKind::Text | FieldKind::Bytes | FieldKind::Message(_) => tag.expect(wire::LENGTH),
    }
}
