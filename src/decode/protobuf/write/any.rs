//! Messages of any type, which bring the name of their type with them.

use super::super::flaw::ProtobufFlaw;
use super::super::types::JsonShape;
use super::super::{known, values};
use super::{Stop, Writer};

impl Writer<'_> {
    /// Writes an `Any` with the fields of its message, or with its bytes if there is no such type here.
    pub(super) fn any(&mut self, bytes: &[u8], depth: usize) -> Result<(), Stop> {
        let (address, value) = known::any(&[bytes])?;
        let start = self.out.len();
        let Some(index) = self.begin_any(address)? else {
            self.end_unknown(start, value);
            return Ok(());
        };
        let message = &self.types.messages[index];
        if message.shape == JsonShape::Object {
            self.fields(message, value, depth + 1)?;
        } else {
            self.out.extend_from_slice(b",\"value\":");
            self.message(index, value, depth + 1)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    /// The same of bytes in pieces, and with fields in any order.
    pub(super) fn merged_any(&mut self, pieces: &[&[u8]], depth: usize) -> Result<(), Box<ProtobufFlaw>> {
        let (address, value) = known::any(pieces)?;
        let start = self.out.len();
        let Some(index) = self.begin_any(address)? else {
            self.end_unknown(start, value);
            return Ok(());
        };
        let message = &self.types.messages[index];
        if message.shape == JsonShape::Object {
            self.merged_fields(message, &[value], depth + 1)?;
        } else {
            self.out.extend_from_slice(b",\"value\":");
            self.merged(index, &[value], depth + 1)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Writes the address, and looks the type up.
    fn begin_any(&mut self, address: &[u8]) -> Result<Option<usize>, Box<ProtobufFlaw>> {
        if address.is_empty() {
            return Ok(None);
        }
        self.out.extend_from_slice(b"{\"@type\":");
        values::text(address, self.out)?;
        let full_name = address.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let full_name = std::str::from_utf8(full_name).unwrap_or_default();
        Ok(self.types.by_name.get(full_name).copied())
    }

    /// Shows the bytes of a message whose type is not known.
    fn end_unknown(&mut self, start: usize, value: &[u8]) {
        if self.out.len() == start {
            if value.is_empty() {
                self.out.extend_from_slice(b"{}");
                return;
            }
            self.out.extend_from_slice(b"{\"@type\":\"\"");
        }
        self.out.extend_from_slice(b",\"value\":");
        values::bytes(value, self.out);
        self.out.push(b'}');
    }
}
