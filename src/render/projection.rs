//! The part of an envelope that a program looks at: the rest of a record is not written for it, and not read by it.

use super::json::{KEY, VALUE, field, headers};
use crate::decode::{Content, Form};
use crate::record::Record;
use crate::{encode, json_text};

/// The parts of records that programs name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection {
    /// Topic, partition, offset and timestamp.
    pub place: bool,
    pub key: bool,
    pub headers: bool,
    pub value: ValueProjection,
}

/// What programs look at of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ValueProjection {
    #[default]
    Nothing,
    /// What it is, and these fields if it is an object.
    Fields(Vec<Box<str>>),
    Whole,
}

impl Projection {
    /// The parts that either of two programs names.
    pub fn and(mut self, other: Projection) -> Projection {
        self.place |= other.place;
        self.key |= other.key;
        self.headers |= other.headers;
        self.value = match (self.value, other.value) {
            (ValueProjection::Whole, _) | (_, ValueProjection::Whole) => ValueProjection::Whole,
            (ValueProjection::Nothing, other) | (other, ValueProjection::Nothing) => other,
            (ValueProjection::Fields(mut names), ValueProjection::Fields(others)) => {
                names.extend(others);
                names.sort();
                names.dedup();
                ValueProjection::Fields(names)
            }
        };
        self
    }

    /// Appends the named parts of an envelope. Line breaks in the value stay.
    pub fn render(&self, record: &Record<'_>, content: &mut Content<'_>, out: &mut Vec<u8>) {
        out.push(b'{');
        // Headers come behind something.
        if self.place || self.headers {
            out.extend_from_slice(b"\"topic\":\"");
            json_text::characters(record.topic, out);
            out.extend_from_slice(b"\",\"partition\":");
            encode::integer(record.partition.into(), out);
            out.extend_from_slice(b",\"offset\":");
            encode::integer(record.offset, out);
            out.extend_from_slice(b",\"timestamp\":");
            match record.timestamp {
                Some(timestamp) => encode::integer(timestamp, out),
                None => out.extend_from_slice(b"null"),
            }
            out.push(b',');
        }
        if self.key {
            out.extend_from_slice(b"\"key\":");
            field(&KEY, content.key.as_ref(), out);
            out.push(b',');
        }
        if self.value != ValueProjection::Nothing {
            out.extend_from_slice(b"\"value\":");
            match (content.value.as_ref().map(|decoded| decoded.form), &self.value) {
                (Some(Form::Json(json)), ValueProjection::Fields(names)) if json.is_object() => {
                    json.write_fields(names, out);
                }
                _ => field(&VALUE, content.value.as_ref(), out),
            }
            out.push(b',');
        }
        if out.last() == Some(&b',') {
            out.pop();
        }
        match self.headers {
            false => out.extend_from_slice(b"}\n"),
            true if record.headers.is_empty() => out.extend_from_slice(b",\"headers\":[]}\n"),
            true => headers(record, content, out),
        }
    }
}
