//! `-f`: what a template says of each record, and nothing else. On a terminal, what a record has that would act on it
//! is escaped; the text of the template stays as it was typed.

use super::text;
use super::time::RecordTimes;
use crate::decode::{Content, Decoded};
use crate::record::{Header, Record};
use crate::settings::{Field, Shape, Template, TemplatePart, TemplateSettings, TimeShape};
use crate::{encode, escape};

#[derive(Debug)]
pub struct TemplateRenderer {
    template: Template,
    decodes: bool,
    null: Vec<u8>,
    is_terminal: bool,
    times: RecordTimes,
}

impl TemplateRenderer {
    pub fn new(settings: &TemplateSettings) -> TemplateRenderer {
        let TemplateSettings { template, null, is_terminal } = settings;
        TemplateRenderer {
            decodes: template.decodes(Field::Key) || template.decodes(Field::Value),
            template: template.clone(),
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
        self.template.has_headers()
    }

    /// Appends what the template says of the record. `content` is looked at only if the template decodes.
    pub fn render(&mut self, record: &Record<'_>, content: &Content<'_>, out: &mut Vec<u8>) {
        let mut output = Output { null: &self.null, is_terminal: self.is_terminal, bytes: out };
        for part in &self.template.parts {
            match part {
                TemplatePart::Text(text) => output.bytes.extend_from_slice(text),
                TemplatePart::Content(Field::Value, shape) => {
                    output.content(*shape, record.value, content.value.as_ref());
                }
                TemplatePart::Content(Field::Key, shape) => {
                    output.content(*shape, record.key, content.key.as_ref());
                }
                TemplatePart::Topic => output.bytes.extend_from_slice(record.topic.as_bytes()),
                TemplatePart::Partition => encode::integer(record.partition.into(), output.bytes),
                TemplatePart::Offset => encode::integer(record.offset, output.bytes),
                TemplatePart::Timestamp(shape) => output.timestamp(*shape, record.timestamp, &mut self.times),
                TemplatePart::Headers => output.headers(record.headers),
                TemplatePart::Header(name) => {
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
    fn content(&mut self, shape: Shape, bytes: Option<&[u8]>, decoded: Option<&Decoded<'_>>) {
        match (shape, bytes) {
            (Shape::Length, _) => encode::integer(bytes.map_or(-1, |bytes| bytes.len() as i64), self.bytes),
            (Shape::BinaryLength, _) => {
                let length = bytes.map_or(-1, |bytes| bytes.len() as i32);
                self.stranger(&length.to_be_bytes());
            }
            (Shape::Json, _) => {
                let start = self.bytes.len();
                text::json(decoded.map(|decoded| decoded.form), usize::MAX, self.bytes);
                if self.is_terminal {
                    escape::json(start, self.bytes);
                }
            }
            (Shape::Bytes | Shape::Base64 | Shape::Hex, None) => self.bytes.extend_from_slice(self.null),
            (Shape::Bytes, Some(bytes)) => self.stranger(bytes),
            (Shape::Base64, Some(bytes)) => encode::base64(bytes, self.bytes),
            (Shape::Hex, Some(bytes)) => encode::hex(bytes, self.bytes),
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

    /// Appends a time. Of a record without one a number is -1, as a length is; in RFC 3339 there is nothing to write.
    fn timestamp(&mut self, shape: TimeShape, timestamp: Option<i64>, times: &mut RecordTimes) {
        match (shape, timestamp) {
            (TimeShape::Milliseconds, _) => encode::integer(timestamp.unwrap_or(-1), self.bytes),
            (TimeShape::Seconds, _) => {
                encode::integer(timestamp.map_or(-1, |time| time.div_euclid(1000)), self.bytes);
            }
            (TimeShape::Iso, Some(timestamp)) => {
                self.bytes.extend_from_slice(times.text(timestamp).as_bytes());
            }
            (TimeShape::Iso, None) => {}
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
