//! `-o json`: an object on each line, the envelope that scripts, jq and workers read.

use crate::decode::{Content, Decoded, Form, SchemaId};
use crate::encode::{self, Tail};
use crate::json_text;
use crate::record::Record;

/// Renders envelopes; keeps what stays the same from record to record.
#[derive(Debug, Default)]
pub struct JsonRenderer {
    topic: String,
    partition: i32,
    /// The start of an envelope of this topic and partition: `{"topic":"…","partition":0,"offset":`.
    start: Vec<u8>,
}

/// The fields that may accompany a key or a value.
pub(super) struct FieldNames {
    encoding: &'static [u8],
    schema_id: &'static [u8],
    error: &'static [u8],
    /// Whether `encoding` is there for text, too: that is what a key or a header is expected to be, but not a value.
    names_text: bool,
}

pub(super) const KEY: FieldNames = FieldNames {
    encoding: b",\"key_encoding\":\"",
    schema_id: b",\"key_schema_id\":",
    error: b",\"key_error\":\"",
    names_text: false,
};

pub(super) const VALUE: FieldNames = FieldNames {
    encoding: b",\"value_encoding\":\"",
    schema_id: b",\"value_schema_id\":",
    error: b",\"value_error\":\"",
    names_text: true,
};

const HEADER_VALUE: FieldNames = FieldNames { names_text: false, ..VALUE };

impl JsonRenderer {
    /// Appends the envelope of the record and a line break.
    pub fn render(&mut self, record: &Record<'_>, content: &mut Content<'_>, out: &mut Vec<u8>) {
        if self.partition != record.partition || self.topic != record.topic || self.start.is_empty() {
            self.turn_to(record);
        }
        out.extend_from_slice(&self.start);
        let mut numbers = Tail::default();
        numbers.text(b",\"key\":");
        match record.timestamp {
            Some(timestamp) => numbers.integer(timestamp),
            None => numbers.text(b"null"),
        }
        numbers.text(b",\"timestamp\":");
        numbers.integer(record.offset);
        out.extend_from_slice(numbers.bytes());
        field(&KEY, content.key.as_ref(), out);
        out.extend_from_slice(b",\"value\":");
        field(&VALUE, content.value.as_ref(), out);
        if record.headers.is_empty() {
            out.extend_from_slice(b",\"headers\":[]}\n");
        } else {
            headers(record, content, out);
        }
    }

    fn turn_to(&mut self, record: &Record<'_>) {
        self.topic.clear();
        self.topic.push_str(record.topic);
        self.partition = record.partition;
        self.start.clear();
        self.start.extend_from_slice(b"{\"topic\":\"");
        json_text::characters(record.topic, &mut self.start);
        self.start.extend_from_slice(b"\",\"partition\":");
        encode::integer(record.partition.into(), &mut self.start);
        self.start.extend_from_slice(b",\"offset\":");
    }
}

pub(super) fn headers(record: &Record<'_>, content: &mut Content<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"headers\":[");
    for (index, header) in record.headers.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{\"key\":" } else { b",{\"key\":" });
        field(&KEY, Some(&Decoded::plain(header.name)), out);
        out.extend_from_slice(b",\"value\":");
        field(&HEADER_VALUE, content.next_header(header).as_ref(), out);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}\n");
}

/// Appends a key or value, how it is encoded, and why it is not in the format that was asked for.
#[inline]
pub(super) fn field(names: &FieldNames, decoded: Option<&Decoded<'_>>, out: &mut Vec<u8>) {
    let Some(decoded) = decoded else {
        out.extend_from_slice(b"null");
        return;
    };
    let encoding = match decoded.form {
        Form::Json(json) => {
            json.write_line(out);
            json.is_null().then_some("json")
        }
        Form::Text(text) => {
            quoted(out, |out| json_text::characters(text, out));
            names.names_text.then_some("text")
        }
        Form::Base64(bytes) => {
            quoted(out, |out| encode::base64(bytes, out));
            Some("base64")
        }
        Form::Hex(bytes) => {
            quoted(out, |out| encode::hex(bytes, out));
            Some("hex")
        }
        Form::Uuid(bytes) => {
            quoted(out, |out| encode::uuid(bytes, out));
            Some("uuid")
        }
    };
    if let Some(encoding) = encoding {
        out.extend_from_slice(names.encoding);
        out.extend_from_slice(encoding.as_bytes());
        out.push(b'"');
    }
    if let Some(id) = decoded.schema_id {
        out.extend_from_slice(names.schema_id);
        schema_id(id, out);
    }
    if let Some(reason) = &decoded.reason {
        out.extend_from_slice(names.error);
        json_text::characters(&reason.to_string(), out);
        out.push(b'"');
    }
}

fn schema_id(id: SchemaId, out: &mut Vec<u8>) {
    match id {
        SchemaId::Number(number) => encode::integer(number.into(), out),
        SchemaId::Global(bytes) => quoted(out, |out| encode::uuid(&bytes, out)),
    }
}

#[inline]
fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

#[cfg(test)]
mod tests;
