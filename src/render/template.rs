//! `-f`: what a template says of each record, and nothing else. On a terminal, what a record has that would act on it
//! is escaped; the text of the template stays as it was typed.

mod pieces;

use super::text;
use super::time::RecordTimes;
use crate::decode::{Content, Decoded};
use crate::record::{Header, Record};
use crate::settings::{Field, TemplateSettings};
use crate::{encode, escape};
use pieces::{LongShape, Piece};

#[derive(Debug)]
pub struct TemplateRenderer {
    pieces: Vec<Piece>,
    decodes: bool,
    shows_headers: bool,
    null: Vec<u8>,
    is_terminal: bool,
    times: RecordTimes,
}

impl TemplateRenderer {
    pub fn new(settings: &TemplateSettings) -> TemplateRenderer {
        let TemplateSettings { template, null, is_terminal } = settings;
        TemplateRenderer {
            decodes: template.decodes(Field::Key) || template.decodes(Field::Value),
            shows_headers: template.has_headers(),
            pieces: pieces::of(template),
            null: null.clone(),
            is_terminal: *is_terminal,
            times: RecordTimes::rfc3339(),
        }
    }

    /// Whether keys or values are printed decoded.
    pub fn decodes(&self) -> bool {
        self.decodes
    }

    pub fn shows_headers(&self) -> bool {
        self.shows_headers
    }

    /// Appends what the template says of the record. `content` is looked at only if the template decodes.
    pub fn render(&mut self, record: &Record<'_>, content: &Content<'_>, out: &mut Vec<u8>) {
        let mut output = Output { null: &self.null, is_terminal: self.is_terminal, bytes: out };
        for piece in &self.pieces {
            match piece {
                Piece::Few(characters) => pieces::append(characters, record, output.bytes),
                Piece::Text(text) => output.bytes.extend_from_slice(text),
                Piece::Content(Field::Value, shape) => {
                    output.content(*shape, record.value, content.value.as_ref());
                }
                Piece::Content(Field::Key, shape) => {
                    output.content(*shape, record.key, content.key.as_ref());
                }
                Piece::Topic => output.bytes.extend_from_slice(record.topic.as_bytes()),
                Piece::IsoTime => {
                    // Of a record without a time there is nothing to write.
                    let time = record.timestamp.map(|timestamp| self.times.text(timestamp));
                    output.bytes.extend_from_slice(time.unwrap_or_default().as_bytes());
                }
                Piece::Headers => output.headers(record.headers),
                Piece::Header(name) => {
                    let last = record.headers.iter().rev().find(|header| header.name == name);
                    output.stranger(last.and_then(|header| header.value).unwrap_or_default());
                }
            }
        }
    }
}

/// Where a record is printed.
struct Output<'a> {
    null: &'a [u8],
    is_terminal: bool,
    bytes: &'a mut Vec<u8>,
}

impl Output<'_> {
    /// Appends a key or a value.
    fn content(&mut self, shape: LongShape, bytes: Option<&[u8]>, decoded: Option<&Decoded<'_>>) {
        match (shape, bytes) {
            (LongShape::BinaryLength, _) => {
                let length = bytes.map_or(-1, |bytes| bytes.len() as i32);
                self.stranger(&length.to_be_bytes());
            }
            (LongShape::Json, _) => {
                let start = self.bytes.len();
                text::json(decoded.map(|decoded| decoded.form), usize::MAX, self.bytes);
                if self.is_terminal {
                    escape::json(start, self.bytes);
                }
            }
            (LongShape::Bytes | LongShape::Base64 | LongShape::Hex, None) => {
                self.bytes.extend_from_slice(self.null);
            }
            (LongShape::Bytes, Some(bytes)) => self.stranger(bytes),
            (LongShape::Base64, Some(bytes)) => encode::base64(bytes, self.bytes),
            (LongShape::Hex, Some(bytes)) => encode::hex(bytes, self.bytes),
        }
    }

    /// Appends bytes that come from a record.
    fn stranger(&mut self, bytes: &[u8]) {
        if self.is_terminal {
            self.bytes.extend_from_slice(escape::screen(bytes).as_bytes());
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }

    fn headers(&mut self, headers: &[Header<'_>]) {
        for (index, header) in headers.iter().enumerate() {
            if index > 0 {
                self.bytes.push(b',');
            }
            self.stranger(header.name);
            self.bytes.push(b'=');
            match header.value {
                Some(value) => self.stranger(value),
                None => self.bytes.extend_from_slice(b"NULL"),
            }
        }
    }
}

#[cfg(test)]
mod tests;
