//! `-o line`: time, place, key and value of a record on one line.

use super::cells::{self, Width, beginning};
use super::style::Style;
use super::time::{self, RecordTimes};
use super::{escape, text};
use crate::decode::{Content, Form};
use crate::record::Record;
use crate::settings::LineSettings;
use jiff::tz::TimeZone;
use std::fmt::Write as _;

/// Blanks between two parts.
const GAP: usize = 2;

/// The cells that a key may take on any terminal; on a wide one it may take a third of it.
const KEY: usize = 16;

/// The cells that a key may take however little room is left for it and the value.
const LEAST_KEY: usize = 8;

/// What stands for a key that is null.
const NO_KEY: &str = "-";

/// What stands for the time of a record that has none.
const NO_TIME: &str = "-";

/// Renders lines; on a terminal in columns, cut to its width.
#[derive(Debug)]
pub struct LineRenderer {
    settings: LineSettings,
    width: Width,
    times: RecordTimes,
    places: Widest,
    keys: Widest,
    place: String,
    key: String,
    value: Vec<u8>,
}

impl LineRenderer {
    pub fn new(settings: &LineSettings, zone: TimeZone, width: Width) -> LineRenderer {
        LineRenderer {
            settings: *settings,
            width,
            times: RecordTimes::on_lines(zone),
            places: Widest::default(),
            keys: Widest::default(),
            place: String::new(),
            key: String::new(),
            value: Vec::new(),
        }
    }

    /// Appends the line of the record.
    pub fn render(&mut self, record: &Record<'_>, content: &Content<'_>, out: &mut Vec<u8>) {
        self.place.clear();
        if self.settings.has_topic {
            self.place.push_str(record.topic);
            self.place.push(' ');
        }
        write!(self.place, "[{}] @ {}", record.partition, record.offset).expect("memory takes all");
        match self.width.columns() {
            Some(columns) => self.in_columns(columns, record.timestamp, content, out),
            None => self.uncut(record.timestamp, content, out),
        }
        out.push(b'\n');
    }

    fn uncut(&mut self, timestamp: Option<i64>, content: &Content<'_>, out: &mut Vec<u8>) {
        let has_color = self.settings.screen.has_color;
        let part = |style: Style, text: &str, out: &mut Vec<u8>| {
            style.write(has_color, out, |out| escape::one_line(text, false, out));
            out.extend_from_slice(&[b' '; GAP]);
        };
        part(Style::Dim, timestamp.map_or(NO_TIME, |time| self.times.text(time)), out);
        part(Style::Dim, &self.place, out);
        match &content.key {
            Some(key) => part(Style::Key, &text::bare(key.form, usize::MAX).0, out),
            None => part(Style::Dim, NO_KEY, out),
        }
        text::json(form_of_value(content), usize::MAX, out);
    }

    fn in_columns(
        &mut self,
        columns: usize,
        timestamp: Option<i64>,
        content: &Content<'_>,
        out: &mut Vec<u8>,
    ) {
        let mut line =
            Columns { left: columns, has_ended: false, has_color: self.settings.screen.has_color, out };
        let time = timestamp.map_or(NO_TIME, |time| self.times.text(time));
        line.part(Style::Dim, time);
        line.blanks(time::WIDTH.saturating_sub(time.len()) + GAP);

        let place = crate::escape::line(&self.place);
        let cells = beginning(&place, columns).cells;
        line.part(Style::Dim, &place);
        line.blanks(self.places.with(cells) - cells + GAP);

        let style = if content.key.is_some() { Style::Key } else { Style::Dim };
        let most = KEY.max(columns / 3).min((line.left * 3 / 5).max(LEAST_KEY));
        let cells = fit_key(content, most, &mut self.key);
        line.part(style, &self.key);
        line.blanks(self.keys.with(cells) - cells + GAP);

        self.value.clear();
        let is_all = text::json(form_of_value(content), cells::bytes_for(columns), &mut self.value);
        crate::escape::json(0, &mut self.value);
        line.last(str::from_utf8(&self.value).expect("JSON is UTF-8"), is_all);
    }
}

fn form_of_value<'a>(content: &Content<'a>) -> Option<Form<'a>> {
    content.value.as_ref().map(|value| value.form)
}

/// Puts as much of the key as fits into `fit`; how many cells it takes.
fn fit_key(content: &Content<'_>, most: usize, fit: &mut String) -> usize {
    let (key, is_all) = match &content.key {
        Some(key) => text::bare(key.form, cells::bytes_for(most)),
        None => (NO_KEY.into(), true),
    };
    let key = crate::escape::line(&key);
    fit.clear();
    let whole = beginning(&key, most);
    if is_all && whole.is_all {
        fit.push_str(&key);
        return whole.cells;
    }
    let start = beginning(&key, most - 1);
    fit.push_str(start.text);
    fit.push('…');
    start.cells + 1
}

/// A line that ends in `…` where the terminal does.
struct Columns<'a> {
    /// Cells of the terminal that are free.
    left: usize,
    has_ended: bool,
    has_color: bool,
    out: &'a mut Vec<u8>,
}

impl Columns<'_> {
    /// Appends a part that others follow, so that a cell stays free for them.
    fn part(&mut self, style: Style, text: &str) {
        let start = beginning(text, self.left.saturating_sub(1));
        self.write(style, start.text, start.cells, start.is_all);
    }

    fn blanks(&mut self, count: usize) {
        let free = self.left.saturating_sub(1);
        if !self.has_ended {
            self.out.resize(self.out.len() + count.min(free), b' ');
            self.left -= count.min(free);
        }
        self.write(Style::Plain, "", 0, count <= free);
    }

    /// Appends the last part, of which `text` may be all.
    fn last(&mut self, text: &str, is_all: bool) {
        let whole = beginning(text, self.left);
        if is_all && whole.is_all {
            self.write(Style::Plain, text, whole.cells, true);
        } else {
            let start = beginning(text, self.left.saturating_sub(1));
            self.write(Style::Plain, start.text, start.cells, false);
        }
    }

    fn write(&mut self, style: Style, text: &str, cells: usize, is_all: bool) {
        if self.has_ended {
            return;
        }
        style.write(self.has_color, self.out, |out| {
            out.extend_from_slice(text.as_bytes());
            if !is_all {
                out.extend_from_slice("…".as_bytes());
            }
        });
        self.left -= cells;
        self.has_ended = !is_all;
    }
}

/// The widest of the latest parts of a column: of the last 64 at least, of the last 128 at most.
#[derive(Debug, Default)]
struct Widest {
    now: usize,
    before: usize,
    seen: usize,
}

impl Widest {
    /// Takes the next one in.
    fn with(&mut self, cells: usize) -> usize {
        const SEEN: usize = 64;
        if self.seen == SEEN {
            *self = Widest { now: 0, before: self.now, seen: 0 };
        }
        self.seen += 1;
        self.now = self.now.max(cells);
        self.now.max(self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{DataFormats, Decoders, Schemas};
    use crate::settings::Screen;
    use jiff::tz;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr as _;

    const RECORD: Record<'_> = Record {
        topic: "task-created",
        partition: 0,
        offset: 17,
        timestamp: Some(1_763_888_400_123),
        key: Some(b"task-123"),
        value: Some(br#"{"id":"task-123","title":"Buy groceries"}"#),
        headers: &[],
    };

    const PIPE: LineSettings =
        LineSettings { has_topic: false, screen: Screen { is_terminal: false, has_color: false } };
    const TERMINAL: LineSettings =
        LineSettings { has_topic: false, screen: Screen { is_terminal: true, has_color: false } };

    fn lines(settings: &LineSettings, columns: Option<usize>, records: &[Record<'_>]) -> String {
        let width = columns.map_or(Width::Endless, Width::Fixed);
        let mut renderer = LineRenderer::new(settings, TimeZone::fixed(tz::offset(1)), width);
        let mut out = Vec::new();
        for record in records {
            let mut decoders = Decoders::new(&DataFormats::default(), &Schemas::default());
            let content = decoders.decode(record);
            renderer.render(record, &content, &mut out);
        }
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn a_pipe_gets_the_parts_two_blanks_apart_and_uncut() {
        let expected = "2025-11-23 10:00:00.123  [0] @ 17  task-123  {\"id\":\"task-123\",\"title\":\"Buy groceries\"}\n";
        assert_eq!(lines(&PIPE, None, &[RECORD]), expected);
        let several = LineSettings { has_topic: true, ..PIPE };
        let start = "2025-11-23 10:00:00.123  task-created [0] @ 17  task-123  {";
        assert!(lines(&several, None, &[RECORD]).starts_with(start));
        let long = format!("\"{}\"", "é".repeat(10_000));
        let records = [RECORD, Record { offset: 5, key: Some(b"k"), value: Some(long.as_bytes()), ..RECORD }];
        let second = format!("2025-11-23 10:00:00.123  [0] @ 5  k  {long}\n");
        assert_eq!(lines(&PIPE, None, &records), format!("{expected}{second}"));
    }

    #[test]
    fn a_value_is_as_the_envelope_shows_it_and_a_key_is_bare() {
        let shown = |key: Option<&'static [u8]>, value: Option<&'static [u8]>| {
            let line = lines(&PIPE, None, &[Record { key, value, ..RECORD }]);
            line.split_once("@ 17  ").expect("a place").1.to_owned()
        };
        assert_eq!(shown(None, None), "-  null\n");
        assert_eq!(shown(Some(b""), Some(b"")), "  \"\"\n");
        assert_eq!(shown(Some(b"a\nb"), Some(b"two\n\"lines\"")), "a\\nb  \"two\\n\\\"lines\\\"\"\n");
        assert_eq!(shown(Some(b"\xff"), Some(b"\xff\xfe")), "base64 /w==  \"//4=\"\n");
        assert_eq!(shown(Some(b"1"), Some(b"{\n\"a\" : 1}")), "1  {\"a\":1}\n");
    }

    #[test]
    fn a_terminal_gets_columns_that_end_where_it_does() {
        let records = [
            RECORD,
            Record { offset: 5, key: Some(b"k"), timestamp: None, ..RECORD },
            Record { offset: 6, key: None, value: Some(b"1"), ..RECORD },
        ];
        let expected = "\
2025-11-23 10:00:00.123  [0] @ 17  task-123  {\"id\":\"task-123\",…
-                        [0] @ 5   k         {\"id\":\"task-123\",…
2025-11-23 10:00:00.123  [0] @ 6   -         1
";
        assert_eq!(lines(&TERMINAL, Some(63), &records), expected);
        let whole = lines(&TERMINAL, Some(45 + 41), &records[..1]);
        assert_eq!(whole, lines(&PIPE, None, &records[..1]));
        let cut = lines(&TERMINAL, Some(45 + 40), &records[..1]);
        assert_eq!(cut, whole.replace("\"}\n", "…\n"));
    }

    #[test]
    fn columns_follow_the_latest_records() {
        let long = Record { key: Some(b"a-longer-key"), ..RECORD };
        let short = Record { key: Some(b"k"), value: Some(b"1"), ..RECORD };
        let mut records = vec![long];
        records.extend([short; 200]);
        let text = lines(&TERMINAL, Some(80), &records);
        let shown: Vec<&str> =
            text.lines().map(|line| line.split_once("@ 17  ").expect("a place").1).collect();
        assert_eq!(shown[1], "k             1");
        assert_eq!(shown[63], "k             1");
        assert_eq!(shown[200], "k  1");
    }

    #[test]
    fn a_long_key_leaves_room_for_the_value() {
        let record = Record { key: Some(&[b'k'; 500]), ..RECORD };
        let line = lines(&TERMINAL, Some(90), &[record]);
        assert!(line.contains(&format!("  {}…  {{\"id\":", "k".repeat(29))), "{line}");
        let line = lines(&TERMINAL, Some(60), &[record]);
        assert!(line.ends_with(&format!("  {}…  {{\"id\":\"…\n", "k".repeat(14))), "{line}");
    }

    #[test]
    fn wide_characters_take_two_cells() {
        let records = [
            Record {
                key: Some("日本".as_bytes()), value: Some("\"日本語日本語\"".as_bytes()), ..RECORD
            },
            Record { key: Some(b"abcd"), value: Some(b"\"abcdefghijkl\""), ..RECORD },
        ];
        let text = lines(&TERMINAL, Some(48), &records);
        let shown: Vec<&str> =
            text.lines().map(|line| line.split_once("@ 17  ").expect("a place").1).collect();
        assert_eq!(shown, ["日本  \"日本…", "abcd  \"abcde…"]);
        assert_eq!(lines(&TERMINAL, Some(48), &records[..1]).trim_end().width(), 47);
    }

    #[test]
    fn color_is_around_time_place_and_key_alone() {
        let colored = |settings: LineSettings, columns| {
            let screen = Screen { has_color: true, ..settings.screen };
            lines(&LineSettings { screen, ..settings }, columns, &[RECORD])
        };
        let start =
            "\x1b[2m2025-11-23 10:00:00.123\x1b[0m  \x1b[2m[0] @ 17\x1b[0m  \x1b[36mtask-123\x1b[0m  {\"id\"";
        for text in [colored(PIPE, None), colored(TERMINAL, Some(80))] {
            assert!(text.starts_with(start), "{text:?}");
            assert_eq!(text.matches('\x1b').count(), 6);
        }
        let narrow = colored(TERMINAL, Some(27));
        assert_eq!(narrow, "\x1b[2m2025-11-23 10:00:00.123\x1b[0m  \x1b[2m[…\x1b[0m\n");
    }

    #[test]
    fn what_acts_on_a_terminal_is_escaped_there() {
        let evil = "\u{1b}[2J\u{9b}\u{202e}";
        let value = "{\"a\":\"\u{9b}31m\u{202e}\"}";
        let record =
            Record { topic: evil, key: Some(evil.as_bytes()), value: Some(value.as_bytes()), ..RECORD };
        let line = lines(&LineSettings { has_topic: true, ..TERMINAL }, Some(200), &[record]);
        let evil = r"\x1b[2J\u{9b}\u{202e}";
        let end = format!("  {evil} [0] @ 17  {evil}  {{\"a\":\"\\u009b31m\\u202e\"}}\n");
        assert!(line.ends_with(&end), "{line}");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal_nor_two(
            columns in 1..120_usize,
            records in prop::collection::vec((any::<Option<String>>(), any::<Option<String>>()), 1..4),
            has_topic: bool,
        ) {
            let records: Vec<Record<'_>> = records
                .iter()
                .map(|(key, value)| Record {
                    key: key.as_ref().map(|key| key.as_bytes()),
                    value: value.as_ref().map(|value| value.as_bytes()),
                    ..RECORD
                })
                .collect();
            let text = lines(&LineSettings { has_topic, ..TERMINAL }, Some(columns), &records);
            prop_assert_eq!(text.matches('\n').count(), records.len());
            prop_assert!(text.lines().all(|line| line.width() <= columns), "{text}");
            prop_assert!(text.lines().all(|line| crate::escape::line(line) == line), "{text:?}");
        }
    }
}
