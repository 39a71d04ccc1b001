//! `-o pretty`: a few lines for a person.

use super::cells::{self, Width, beginning};
use super::style::Style;
use super::{escape, text, time};
use crate::decode::json::Json;
use crate::decode::{Content, Form};
use crate::encode;
use crate::jq::PathStep;
use crate::record::Record;
use crate::settings::Pretty;
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::io::Write;
use unicode_width::UnicodeWidthStr as _;

/// How much of a value without a title is shown where there is no terminal, in characters.
const VALUE_LENGTH: usize = 120;

/// Cells of a value at least beside its size; on a terminal that is too narrow for both the size goes.
const LEAST: usize = 10;

/// Renders paragraphs of lines; the first one says what was received.
#[derive(Debug)]
pub struct PrettyRenderer {
    settings: Pretty,
    zone: TimeZone,
    width: Width,
    has_found_title: bool,
}

impl PrettyRenderer {
    pub fn new(settings: &Pretty, zone: TimeZone, width: Width) -> PrettyRenderer {
        PrettyRenderer { settings: settings.clone(), zone, width, has_found_title: false }
    }

    pub fn shows_headers(&self) -> bool {
        self.settings.is_verbose
    }

    /// The title that was asked for, if no record had it yet.
    pub fn missing_title(&self) -> Option<&str> {
        self.settings.title_field.as_deref().filter(|_| !self.has_found_title)
    }

    /// Appends the lines of the record.
    pub fn render(&mut self, record: &Record<'_>, content: &mut Content<'_>, out: &mut Vec<u8>) {
        let form = content.value.as_ref().map(|value| value.form);
        let title = form.and_then(|form| self.title(form));
        self.has_found_title |= title.is_some();
        self.headline(record, title.as_deref(), out);
        self.label("Key", out);
        match &content.key {
            Some(key) => self.text(Style::Key, &text::bare(key.form, usize::MAX).0, out),
            None => self.text(Style::Dim, "(none)", out),
        }
        out.push(b'\n');
        if self.settings.has_topic {
            self.line("Topic", record.topic, out);
        }
        self.label("Partition", out);
        encode::integer(record.partition.into(), out);
        self.text(Style::Dim, ", Offset: ", out);
        encode::integer(record.offset, out);
        out.push(b'\n');
        if title.is_none() {
            self.label("Value", out);
            match form {
                Some(form) => self.value(form, record.value.map_or(0, <[u8]>::len), out),
                None => self.text(Style::Dim, "(tombstone)", out),
            }
            out.push(b'\n');
        }
        if self.settings.is_verbose {
            self.line("Timestamp", &time::iso(record.timestamp, &self.zone), out);
            for header in record.headers {
                self.header(header.name, content.next_header(header).map(|decoded| decoded.form), out);
            }
        }
    }

    fn title<'a>(&self, value: Form<'a>) -> Option<Cow<'a, str>> {
        match value {
            Form::Json(json) => {
                let found = self.settings.title.steps().iter().try_fold(json, |json, step| match step {
                    PathStep::Field(name) => json.field(name.as_bytes()),
                    PathStep::Element(index) => json.element(*index),
                });
                found.map(bare)
            }
            Form::Text(_) | Form::Base64(_) | Form::Hex(_) | Form::Uuid(_) => None,
        }
    }

    fn headline(&self, record: &Record<'_>, title: Option<&str>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"Received ");
        self.text(Style::Plain, self.settings.label.as_deref().unwrap_or_else(|| noun(record.topic)), out);
        out.extend_from_slice(b": ");
        match title {
            Some(title) => self.text(Style::Title, title, out),
            None => self.text(Style::Dim, "unknown", out),
        }
        out.push(b'\n');
    }

    /// Appends the value, or how it begins and how large it is.
    fn value(&mut self, form: Form<'_>, size: usize, out: &mut Vec<u8>) {
        match self.width.columns() {
            Some(columns) => self.value_within(columns.saturating_sub("  Value: ".len()), form, size, out),
            None => {
                let (text, is_all) = text::bare(form, cells::bytes_for(VALUE_LENGTH));
                let start = text.char_indices().nth(VALUE_LENGTH).map_or(&*text, |(end, _)| &text[..end]);
                self.text(Style::Plain, start, out);
                if !is_all || start.len() < text.len() {
                    self.text(Style::Dim, &format!("… ({size} bytes)"), out);
                }
            }
        }
    }

    fn value_within(&self, room: usize, form: Form<'_>, size: usize, out: &mut Vec<u8>) {
        let (text, is_all) = text::bare(form, cells::bytes_for(room));
        let text = crate::escape::line(&text);
        if is_all && beginning(&text, room).is_all {
            return self.text(Style::Plain, &text, out);
        }
        let mut end = format!("… ({size} bytes)");
        if end.width() + LEAST > room {
            end.truncate('…'.len_utf8());
        }
        // As it is: a joiner at its end would be escaped without what it joins.
        let start = beginning(&text, room.saturating_sub(end.width()));
        out.extend_from_slice(start.text.as_bytes());
        self.text(Style::Dim, &end, out);
    }

    fn header(&self, name: &[u8], value: Option<Form<'_>>, out: &mut Vec<u8>) {
        self.text(Style::Dim, "  Header ", out);
        self.text(Style::Plain, &text::bare(Form::plain(name), usize::MAX).0, out);
        self.text(Style::Dim, ": ", out);
        match value {
            Some(value) => self.text(Style::Plain, &text::bare(value, usize::MAX).0, out),
            None => self.text(Style::Dim, "(null)", out),
        }
        out.push(b'\n');
    }

    fn line(&self, name: &str, text: &str, out: &mut Vec<u8>) {
        self.label(name, out);
        self.text(Style::Plain, text, out);
        out.push(b'\n');
    }

    fn label(&self, name: &str, out: &mut Vec<u8>) {
        Style::Dim.write(self.settings.screen.has_color, out, |out| {
            write!(out, "  {name}: ").expect("memory takes all");
        });
    }

    fn text(&self, style: Style, text: &str, out: &mut Vec<u8>) {
        let screen = self.settings.screen;
        style.write(screen.has_color, out, |out| escape::one_line(text, screen.is_terminal, out));
    }
}

/// What a record is called after its topic: the first word of its last part that is not a version, `task` for
/// `task-created`, `order` for `shop.order-paid.v1`.
fn noun(topic: &str) -> &str {
    let parts = topic.rsplit('.').filter(|part| !is_version(part));
    parts.filter_map(first_word).next().or_else(|| first_word(topic)).unwrap_or(topic)
}

fn is_version(part: &str) -> bool {
    let number = part.strip_prefix(['v', 'V']).unwrap_or(part);
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn first_word(text: &str) -> Option<&str> {
    text.split(['-', '_', '.']).find(|word| !word.is_empty())
}

/// A title as a person reads it: a string without quotes and escapes, anything else as compact JSON.
fn bare(title: Json<'_>) -> Cow<'_, str> {
    title.string().unwrap_or_else(|| {
        let mut line = Vec::new();
        title.write_compact(&mut line);
        Cow::Owned(String::from_utf8(line).expect("JSON is UTF-8"))
    })
}

#[cfg(test)]
mod tests;
