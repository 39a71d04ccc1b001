//! `-o json`: one object a line, the envelope that scripts, jq and workers read.

use super::encode::{self, Tail};
use super::escape;
use crate::decode::{Content, Decoded, Form};
use crate::record::{Header, Record};

/// Renders envelopes; keeps what stays the same from record to record.
#[derive(Debug, Default)]
pub struct Lines {
    topic: String,
    partition: i32,
    /// `{"topic":"…","partition":0,"offset":` of this topic and partition.
    start: Vec<u8>,
}

/// The field names that a key and a value have.
struct Names {
    content: &'static [u8],
    encoding: &'static [u8],
    error: &'static [u8],
    /// Text is what is expected of a key or header, but has to be said of a value.
    names_text: bool,
}

const KEY: Names = Names {
    content: b",\"key\":",
    encoding: b",\"key_encoding\":\"",
    error: b",\"key_error\":\"",
    names_text: false,
};

const VALUE: Names = Names {
    content: b",\"value\":",
    encoding: b",\"value_encoding\":\"",
    error: b",\"value_error\":\"",
    names_text: true,
};

const HEADER_NAME: Names = Names { content: b"\"key\":", ..KEY };
const HEADER_VALUE: Names = Names { names_text: false, ..VALUE };

impl Lines {
    /// Appends the envelope of the record and a line break.
    pub fn render(&mut self, record: &Record<'_>, content: &Content<'_>, out: &mut Vec<u8>) {
        if self.partition != record.partition || self.topic != record.topic || self.start.is_empty() {
            self.turn_to(record);
        }
        out.extend_from_slice(&self.start);
        let mut numbers = Tail::default();
        match record.timestamp {
            Some(timestamp) => numbers.integer(timestamp),
            None => numbers.text(b"null"),
        }
        numbers.text(b",\"timestamp\":");
        numbers.integer(record.offset);
        out.extend_from_slice(numbers.bytes());
        field(&KEY, content.key.as_ref(), out);
        field(&VALUE, content.value.as_ref(), out);
        if record.headers.is_empty() {
            out.extend_from_slice(b",\"headers\":[]}\n");
        } else {
            headers(record.headers, out);
        }
    }

    fn turn_to(&mut self, record: &Record<'_>) {
        self.topic.clear();
        self.topic.push_str(record.topic);
        self.partition = record.partition;
        self.start.clear();
        self.start.extend_from_slice(b"{\"topic\":\"");
        escape::json_string(record.topic, &mut self.start);
        self.start.extend_from_slice(b"\",\"partition\":");
        encode::integer(record.partition.into(), &mut self.start);
        self.start.extend_from_slice(b",\"offset\":");
    }
}

fn headers(headers: &[Header<'_>], out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"headers\":[");
    let plain = |bytes| Decoded { form: Form::plain(bytes), reason: None };
    for (index, header) in headers.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{" } else { b",{" });
        field(&HEADER_NAME, Some(&plain(header.name)), out);
        field(&HEADER_VALUE, header.value.map(plain).as_ref(), out);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}\n");
}

/// Appends a key or value, how it is encoded, and why it is not what was asked for.
#[inline]
fn field(names: &Names, decoded: Option<&Decoded<'_>>, out: &mut Vec<u8>) {
    out.extend_from_slice(names.content);
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
            quoted(out, |out| escape::json_string(text, out));
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
    };
    if let Some(encoding) = encoding {
        out.extend_from_slice(names.encoding);
        out.extend_from_slice(encoding.as_bytes());
        out.push(b'"');
    }
    if let Some(reason) = &decoded.reason {
        out.extend_from_slice(names.error);
        escape::json_string(&reason.to_string(), out);
        out.push(b'"');
    }
}

#[inline]
fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}
