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

// These are not taken from `colored`, which asks the environment when it writes; here it was decided before.
const BOLD: &[u8] = b"\x1b[1m";
const NORMAL: &[u8] = b"\x1b[0m";

/// Renders paragraphs of lines; the first one says what was received.
#[derive(Debug)]
pub struct PrettyRenderer {
    settings: Pretty,
    zone: TimeZone,
}

impl PrettyRenderer {
    pub fn new(settings: &Pretty, zone: TimeZone) -> PrettyRenderer {
        PrettyRenderer { settings: settings.clone(), zone }
    }

    pub fn shows_headers(&self) -> bool {
        self.settings.is_verbose
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

    /// Local time in ISO 8601, or milliseconds for a time that no calendar has.
    fn time(&self, timestamp: Option<i64>) -> String {
        let Some(timestamp) = timestamp else { return "(none)".to_owned() };
        Timestamp::from_millisecond(timestamp).map_or_else(
            |_| timestamp.to_string(),
            |time| time.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string(),
        )
    }
}

/// What a record is called after its topic: `task` for `task-created`, `orders` for `orders.v1`.
fn first_word(topic: &str) -> &str {
    topic.split(['-', '_', '.']).find(|word| !word.is_empty()).unwrap_or(topic)
}

/// A key or value as a person reads it; of encoded bytes only as much as is needed for `length` characters.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::DataFormat;
    use crate::decode::{Decoders, Schemas};
    use jiff::tz;

    const RECORD: Record<'_> = Record {
        topic: "task-created",
        partition: 0,
        offset: 0,
        timestamp: Some(1_763_888_400_000),
        key: Some(b"task-123"),
        value: Some(br#"{"id":"task-123","title":"Buy groceries"}"#),
        headers: &[],
    };

    fn plain() -> Pretty {
        Pretty {
            label: None,
            title_field: "title".to_owned(),
            has_topic: false,
            is_verbose: false,
            is_terminal: false,
            has_color: false,
        }
    }

    fn lines_as(settings: &Pretty, formats: [DataFormat; 2], record: &Record<'_>) -> String {
        let mut out = Vec::new();
        let zone = TimeZone::fixed(tz::offset(1));
        let content = Decoders::new(formats[0], formats[1], &Schemas::default()).decode(record);
        PrettyRenderer::new(settings, zone).render(record, &content, &mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    fn lines(settings: &Pretty, record: &Record<'_>) -> String {
        lines_as(settings, [DataFormat::Auto; 2], record)
    }

    fn with_value(value: &'static str) -> Record<'static> {
        Record { value: Some(value.as_bytes()), ..RECORD }
    }

    #[test]
    fn a_record_is_its_title_key_and_place() {
        let expected = "Received task: Buy groceries\n  Key: task-123\n  Partition: 0, Offset: 0\n";
        assert_eq!(lines(&plain(), &RECORD), expected);
    }

    #[test]
    fn the_noun_is_the_first_word_of_the_topic_or_the_label() {
        for (topic, noun) in [
            ("task-created", "task"),
            ("orders.v1", "orders"),
            ("user_events", "user"),
            ("payments", "payments"),
            ("__consumer_offsets", "consumer"),
            ("_", "_"),
        ] {
            let record = Record { topic, ..RECORD };
            assert!(lines(&plain(), &record).starts_with(&format!("Received {noun}: Buy")), "{topic}");
        }
        let labelled = Pretty { label: Some("to-do".to_owned()), ..plain() };
        assert!(lines(&labelled, &RECORD).starts_with("Received to-do: Buy"));
    }

    #[test]
    fn a_title_is_on_one_line_a_string_bare_and_anything_else_as_json() {
        for (value, title) in [
            (r#"{"title":""}"#, ""),
            (r#"{"title":"a\nb \"c\" \u00e9"}"#, r#"a\nb "c" é"#),
            (r#"{"title":17.0}"#, "17.0"),
            (r#"{"title":null}"#, "null"),
            ("{\"title\": { \"en\" : \"a b\",\n\"de\":[ ] } }", r#"{"en":"a b","de":[]}"#),
            (r#"{"title":"first","title":"last"}"#, "last"),
        ] {
            let expected = format!("Received task: {title}\n  Key: task-123\n  Partition: 0, Offset: 0\n");
            assert_eq!(lines(&plain(), &with_value(value)), expected);
        }
        let other = Pretty { title_field: "id".to_owned(), ..plain() };
        assert!(lines(&other, &RECORD).starts_with("Received task: task-123\n"));
    }

    #[test]
    fn without_a_title_the_value_is_shown() {
        let shown = |value: Option<&[u8]>, format| {
            let lines = lines_as(&plain(), [DataFormat::Auto, format], &Record { value, ..RECORD });
            let start = "Received task: unknown\n  Key: task-123\n  Partition: 0, Offset: 0\n  Value: ";
            lines.strip_prefix(start).and_then(|rest| rest.strip_suffix('\n')).expect(&lines).to_owned()
        };
        let auto = |value: &[u8]| shown(Some(value), DataFormat::Auto);
        assert_eq!(shown(None, DataFormat::Auto), "(null)");
        assert_eq!(auto(b""), "");
        assert_eq!(auto(b"two\nlines"), r"two\nlines");
        assert_eq!(auto(br#"{"id": 1}"#), r#"{"id": 1}"#);
        assert_eq!(auto(b"{\n  \"id\": 1\n}"), r#"{"id":1}"#);
        assert_eq!(auto(b"null"), "null");
        assert_eq!(auto(b"\"title\""), "\"title\"");
        assert_eq!(auto(b"\xff\xfe"), "//4=");
        assert_eq!(shown(Some(br#"{"title":1}"#), DataFormat::Text), r#"{"title":1}"#);
        assert_eq!(shown(Some(b"{}"), DataFormat::Hex), "7b7d");
        assert_eq!(shown(Some(b"not JSON"), DataFormat::Json), "not JSON");
        for characters in [119, 120, 121, 1000] {
            assert_eq!(auto("é".repeat(characters).as_bytes()), "é".repeat(characters.min(120)));
            assert_eq!(auto(&vec![0xff; characters]).len(), (characters.div_ceil(3) * 4).min(120));
            assert_eq!(shown(Some(&vec![0; characters]), DataFormat::Hex), "0".repeat(120));
        }
    }

    #[test]
    fn a_key_is_text_else_base64_or_as_asked_for() {
        let shown = |key, format| {
            let lines = lines_as(&plain(), [format, DataFormat::Auto], &Record { key, ..RECORD });
            lines.lines().nth(1).expect("a key").to_owned()
        };
        assert_eq!(shown(None, DataFormat::Auto), "  Key: (none)");
        assert_eq!(shown(Some(b""), DataFormat::Auto), "  Key: ");
        assert_eq!(shown(Some(b"a\nb"), DataFormat::Auto), r"  Key: a\nb");
        assert_eq!(shown(Some(b"\xff"), DataFormat::Auto), "  Key: /w==");
        assert_eq!(shown(Some(b"\xff"), DataFormat::Hex), "  Key: ff");
        assert_eq!(shown(Some(b"{\n\"a\": 1}"), DataFormat::Json), "  Key: {\"a\":1}");
        assert_eq!(shown(Some(&[0xff; 300]), DataFormat::Base64).len(), "  Key: ".len() + 400);
    }

    #[test]
    fn the_topic_follows_the_key_and_more_follows_at_the_end() {
        let headers = [
            Header { name: b"trace", value: Some(b"a1") },
            Header { name: b"trace", value: Some(b"b\n2") },
            Header { name: b"none", value: None },
            Header { name: b"bytes", value: Some(b"\xff") },
        ];
        let settings = Pretty { has_topic: true, is_verbose: true, ..plain() };
        let expected = concat!(
            "Received task: unknown\n  Key: task-123\n  Topic: task-created\n  Partition: 0, Offset: 0\n",
            "  Value: (null)\n  Timestamp: 2025-11-23T10:00:00.000+01:00\n  Header trace: a1\n",
            "  Header trace: b\\n2\n  Header none: (null)\n  Header bytes: /w==\n"
        );
        assert_eq!(lines(&settings, &Record { value: None, headers: &headers, ..RECORD }), expected);
    }

    #[test]
    fn a_time_may_be_missing_or_out_of_any_calendar() {
        let settings = Pretty { is_verbose: true, ..plain() };
        for (timestamp, expected) in [
            (None, "(none)"),
            (Some(-1), "1970-01-01T00:59:59.999+01:00"),
            (Some(i64::MAX), "9223372036854775807"),
        ] {
            let lines = lines(&settings, &Record { timestamp, ..RECORD });
            assert!(lines.ends_with(&format!("  Timestamp: {expected}\n")), "{lines}");
        }
    }

    #[test]
    fn control_characters_are_escaped_on_a_terminal_only() {
        let record = Record {
            key: Some("\u{1b}[2J\u{202e}".as_bytes()),
            ..with_value(r#"{"title":"a\u001b[31m\tb"}"#)
        };
        let expected =
            |title, key| format!("Received task: {title}\n  Key: {key}\n  Partition: 0, Offset: 0\n");
        assert_eq!(lines(&plain(), &record), expected("a\u{1b}[31m\tb", "\u{1b}[2J\u{202e}"));
        let terminal = Pretty { is_terminal: true, ..plain() };
        assert_eq!(lines(&terminal, &record), expected(r"a\x1b[31m\tb", r"\x1b[2J\u{202e}"));
    }

    #[test]
    fn color_is_around_the_first_line_and_nowhere_else() {
        let colored = lines(&Pretty { has_color: true, ..plain() }, &RECORD);
        let start = "\u{1b}[1mReceived task: Buy groceries\u{1b}[0m\n";
        assert!(colored.starts_with(start), "{colored}");
        assert_eq!(colored.replace("\u{1b}[1m", "").replace("\u{1b}[0m", ""), lines(&plain(), &RECORD));
    }
}
