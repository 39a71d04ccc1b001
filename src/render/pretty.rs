//! `-o pretty`: a few lines for a person.

use super::{encode, escape};
use crate::decode::json::Json;
use crate::decode::{Content, Form};
use crate::record::{Header, Record};
use crate::settings::Pretty;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::io::Write;

/// How much of a value without a title is shown, in characters.
const VALUE_LENGTH: usize = 120;

// Not `colored`'s: it asks the environment at the moment of writing, this was settled before.
const BOLD: &[u8] = b"\x1b[1m";
const NORMAL: &[u8] = b"\x1b[0m";

/// Renders paragraphs of lines; the first one says what was received.
#[derive(Debug)]
pub struct Paragraphs {
    settings: Pretty,
    zone: TimeZone,
}

impl Paragraphs {
    pub fn new(settings: &Pretty, zone: TimeZone) -> Paragraphs {
        Paragraphs { settings: settings.clone(), zone }
    }

    /// Appends the lines of the record.
    pub fn render(&self, record: &Record<'_>, content: &Content<'_>, out: &mut Vec<u8>) {
        let title = content.value.as_ref().and_then(|value| self.title(value.form));
        self.headline(record, title.as_deref(), out);
        let key = content.key.as_ref().map(|key| shown(key.form, usize::MAX));
        self.line("Key", key.as_deref().unwrap_or("(none)"), out);
        if self.settings.has_topic {
            self.line("Topic", record.topic, out);
        }
        out.extend_from_slice(b"  Partition: ");
        encode::integer(record.partition.into(), out);
        out.extend_from_slice(b", Offset: ");
        encode::integer(record.offset, out);
        out.push(b'\n');
        if title.is_none() {
            let value = content.value.as_ref().map(|value| shown(value.form, VALUE_LENGTH));
            self.line("Value", value.as_deref().map_or("(null)", beginning), out);
        }
        if self.settings.is_verbose {
            self.line("Timestamp", &self.time(record.timestamp), out);
            record.headers.iter().for_each(|header| self.header(header, out));
        }
    }

    fn title<'a>(&self, value: Form<'a>) -> Option<Cow<'a, str>> {
        match value {
            Form::Json(json) => json.field(&self.settings.title_field).map(bare),
            Form::Text(_) | Form::Base64(_) | Form::Hex(_) => None,
        }
    }

    fn headline(&self, record: &Record<'_>, title: Option<&str>, out: &mut Vec<u8>) {
        if self.settings.has_color {
            out.extend_from_slice(BOLD);
        }
        out.extend_from_slice(b"Received ");
        self.text(self.settings.label.as_deref().unwrap_or_else(|| first_word(record.topic)), out);
        out.extend_from_slice(b": ");
        self.text(title.unwrap_or("unknown"), out);
        if self.settings.has_color {
            out.extend_from_slice(NORMAL);
        }
        out.push(b'\n');
    }

    fn header(&self, header: &Header<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"  Header ");
        self.text(&shown(Form::plain(header.name), usize::MAX), out);
        out.extend_from_slice(b": ");
        let value = header.value.map(|value| shown(Form::plain(value), usize::MAX));
        self.text(value.as_deref().unwrap_or("(null)"), out);
        out.push(b'\n');
    }

    fn line(&self, name: &str, text: &str, out: &mut Vec<u8>) {
        write!(out, "  {name}: ").expect("memory takes all");
        self.text(text, out);
        out.push(b'\n');
    }

    fn text(&self, text: &str, out: &mut Vec<u8>) {
        escape::one_line(text, self.settings.is_terminal, out);
    }

    /// Local time in ISO 8601; a time that no calendar has stays in milliseconds.
    fn time(&self, timestamp: Option<i64>) -> String {
        let Some(timestamp) = timestamp else { return "(none)".to_owned() };
        Timestamp::from_millisecond(timestamp).map_or_else(
            |_| timestamp.to_string(),
            |time| time.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string(),
        )
    }
}

/// What a record of a topic is called: `task` of `task-created`, `orders` of `orders.v1`.
fn first_word(topic: &str) -> &str {
    topic.split(['-', '_', '.']).find(|word| !word.is_empty()).unwrap_or(topic)
}

/// A key or value as a person reads it; of encoded bytes at least `length` characters, if there are so many.
fn shown(form: Form<'_>, length: usize) -> Cow<'_, str> {
    match form {
        Form::Json(json) => {
            let mut line = Vec::new();
            json.write_line(&mut line);
            owned(line)
        }
        Form::Text(text) => Cow::Borrowed(text),
        Form::Base64(bytes) => {
            let mut characters = Vec::new();
            encode::base64(&bytes[..bytes.len().min(length.div_ceil(4) * 3)], &mut characters);
            owned(characters)
        }
        Form::Hex(bytes) => {
            let mut characters = Vec::new();
            encode::hex(&bytes[..bytes.len().min(length.div_ceil(2))], &mut characters);
            owned(characters)
        }
    }
}

/// A title as a person reads it: a string without quotes and escapes, anything else as compact JSON.
fn bare(title: Json<'_>) -> Cow<'_, str> {
    title.string().unwrap_or_else(|| {
        let mut line = Vec::new();
        title.write_compact(&mut line);
        owned(line)
    })
}

fn owned(characters: Vec<u8>) -> Cow<'static, str> {
    Cow::Owned(String::from_utf8(characters).expect("text without some of its ASCII, or ASCII"))
}

fn beginning(text: &str) -> &str {
    text.char_indices().nth(VALUE_LENGTH).map_or(text, |(end, _)| &text[..end])
}
