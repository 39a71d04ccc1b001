//! Everything said on stderr: text for people, or a JSON object on each line.

mod bar;
mod event;
mod handler;
mod last_words;
mod notice;
mod order;
mod progress;
mod repeats;
mod report;
mod tally;

use crate::plural::counted;
use crate::{escape, secrets, settings};
use colored::Colorize;
use event::Level;
use order::Said;
use repeats::Repeats;
use serde_json::{Map, Value};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

pub use bar::Stderr;
pub use event::{Event, by_topic};
pub use handler::HandlerOutput;
pub use last_words::{prepare_last_words, say_last_words};
pub use notice::Notice;
pub use order::{LineOrder, LinesAfterRecords, Way};
pub use progress::{DonePart, ProgressDisplay, ProgressFigures};
pub use report::report;
pub use tally::Tally;

/// How many bytes may wait for a reader of stderr.
const MOST_UNWRITTEN: usize = 1 << 20;

/// Decides what is said and in which form. A separate thread writes the lines that are said at once, so that a full pipe
/// on stderr never blocks the poller.
pub struct Talk {
    settings: settings::TalkSettings,
    says_progress: bool,
    lines: mpsc::Sender<Line>,
    /// How many bytes are not written yet.
    unwritten: Arc<AtomicUsize>,
    order: LineOrder,
    at_once: Said,
    after_records: Said,
    /// How many lines were left out since too much was waiting.
    dropped: u64,
    repeats: Repeats,
    /// Texts that librdkafka's log must not repeat, each with what replaces it.
    hidden: Vec<(String, String)>,
}

/// A line that is said at once.
struct Line {
    bytes: Vec<u8>,
    /// Those that come after records.
    before: Said,
}

impl Talk {
    pub fn new(settings: settings::TalkSettings, says_progress: bool) -> Talk {
        let (lines, queue) = mpsc::channel::<Line>();
        let talk = Talk::to(lines, settings, says_progress);
        let (unwritten, order) = (Arc::clone(&talk.unwritten), talk.order.clone());
        let write = move || {
            for line in queue {
                order.wait_for(line.before);
                // Nobody is left to be told that stderr is gone.
                let _ = Stderr.write_all(&line.bytes);
                order.wrote(Way::AtOnce, 1);
                unwritten.fetch_sub(line.bytes.len(), Ordering::Release);
            }
        };
        // If the system is out of threads, nothing is said, and there is nowhere to say so.
        drop(std::thread::Builder::new().name("stderr".to_owned()).spawn(write));
        talk
    }

    /// Sends lines to whoever writes them and takes their bytes off `unwritten`.
    fn to(lines: mpsc::Sender<Line>, settings: settings::TalkSettings, says_progress: bool) -> Talk {
        Talk {
            settings,
            says_progress,
            lines,
            unwritten: Arc::default(),
            order: LineOrder::default(),
            at_once: Said::nothing(Way::AtOnce),
            after_records: Said::nothing(Way::AfterRecords),
            dropped: 0,
            repeats: Repeats::default(),
            hidden: Vec::new(),
        }
    }

    /// Replaces these texts wherever librdkafka's log has them.
    pub fn hide(&mut self, hidden: &[(String, String)]) {
        self.hidden = hidden.to_vec();
    }

    /// Says a line of librdkafka's log, if it is asked for.
    pub fn library(&mut self, line: String) {
        if self.is_library_wanted() {
            let message = secrets::hide(line, &self.hidden);
            self.say(&Event::Library { message });
        }
    }

    /// Whether librdkafka's own log is asked for.
    pub fn is_library_wanted(&self) -> bool {
        self.settings.verbose >= 2
    }

    /// The order of lines, for the writer.
    pub fn order(&self) -> LineOrder {
        self.order.clone()
    }

    /// The form in which the lines of handlers are printed.
    pub fn handler_output(&self) -> HandlerOutput {
        HandlerOutput::new(&self.settings)
    }

    /// Says an event at once.
    pub fn say(&mut self, event: &Event) {
        if let Some(line) = self.line(event) {
            self.send(line);
        }
    }

    /// The line for an event that comes after records, if it is said at all, for the writer.
    pub fn after_records(&mut self, event: &Event) -> Option<LinesAfterRecords> {
        let bytes = self.line(event)?;
        let before = self.at_once;
        self.after_records.add(Instant::now());
        Some(LinesAfterRecords { bytes, count: 1, before })
    }

    pub fn info(&mut self, message: impl Into<String>) {
        self.say(&Event::Info { message: message.into() });
    }

    /// Says a warning. Repeated warnings, and too many of one kind, are counted and told later.
    pub fn warn(&mut self, message: impl Into<String>, now: Instant) {
        let message = message.into();
        if self.repeats.is_new(&message, now) {
            self.say(&Event::Warning { message });
        }
    }

    /// Says the counts of repeated warnings that are due, or all of them if `is_last`.
    pub fn tell_repeats(&mut self, now: Instant, is_last: bool) {
        for message in self.repeats.due(now, is_last) {
            self.say(&Event::Warning { message });
        }
    }

    /// The line for an event, if it is said at all.
    pub fn line(&mut self, event: &Event) -> Option<Vec<u8>> {
        if self.settings.quiet {
            return None;
        }
        if self.settings.is_json {
            return (event.level() != Level::Library || self.settings.verbose >= 2)
                .then(|| json_line(event.name(), event.fields()));
        }
        let is_said = match event.level() {
            Level::Warning | Level::Info | Level::Summary => true,
            Level::Progress => self.says_progress,
            Level::Change => self.settings.is_terminal || self.settings.verbose >= 1,
            Level::Detail => self.settings.verbose >= 1,
            Level::Library => self.settings.verbose >= 2,
            Level::Machine => false,
        };
        if event.is_counted(&mut self.repeats) {
            return None;
        }
        let text = is_said.then(|| event.text())?;
        // JSON has each event, for programs that follow every record. People read the first ones and a count.
        if let Some(kind) = event.kind()
            && !self.repeats.is_one_of_few(&kind, &escape::message(&text), Instant::now())
        {
            return None;
        }
        let mut line = self.colored(event.level(), &text).into_bytes();
        line.push(b'\n');
        Some(line)
    }

    /// Waits until everything said is written, at most until `deadline`.
    pub fn finish(&mut self, deadline: Instant) {
        if self.dropped > 0 {
            self.tell_dropped();
        }
        self.order.end();
        while self.unwritten.load(Ordering::Acquire) > 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    fn send(&mut self, line: Vec<u8>) {
        let waiting = self.unwritten.load(Ordering::Relaxed);
        // A single line that is larger is not left out as long as somebody reads.
        if waiting > 0 && waiting + line.len() > MOST_UNWRITTEN {
            // Nobody reads stderr, and a line for each record would fill the memory.
            self.dropped += 1;
            return;
        }
        if self.dropped > 0 && self.unwritten.load(Ordering::Relaxed) < MOST_UNWRITTEN / 2 {
            self.tell_dropped();
        }
        self.hand_over(line);
    }

    fn tell_dropped(&mut self) {
        let dropped = std::mem::take(&mut self.dropped);
        let lines = counted(dropped, "line was", "lines were");
        let message = format!("{lines} left out here: nobody read stderr");
        if let Some(line) = self.line(&Event::Warning { message }) {
            self.hand_over(line);
        }
    }

    fn hand_over(&mut self, bytes: Vec<u8>) {
        let size = bytes.len();
        self.unwritten.fetch_add(size, Ordering::Relaxed);
        match self.lines.send(Line { bytes, before: self.after_records }) {
            Ok(()) => self.at_once.add(Instant::now()),
            // The thread could not be started.
            Err(_) => drop(self.unwritten.fetch_sub(size, Ordering::Relaxed)),
        }
    }

    fn colored(&self, level: Level, text: &str) -> String {
        let text = escape::message(text).into_owned();
        let (prefix, rest) = match level {
            Level::Warning => ("warning:", text),
            Level::Info => ("info:", text),
            Level::Summary
            | Level::Progress
            | Level::Change
            | Level::Detail
            | Level::Library
            | Level::Machine => {
                return text;
            }
        };
        match (self.settings.has_color, prefix) {
            (true, "warning:") => format!("{} {rest}", prefix.yellow().bold()),
            (true, _) => format!("{} {rest}", prefix.cyan().bold()),
            (false, _) => format!("{prefix} {rest}"),
        }
    }
}

fn json_line(event: &str, fields: Map<String, Value>) -> Vec<u8> {
    let now = jiff::Timestamp::now();
    let mut object = Map::new();
    object.insert("timestamp".to_owned(), Value::String(format!("{now:.3}")));
    object.insert("event".to_owned(), Value::String(event.to_owned()));
    object.extend(fields);
    escape::json_line(&Value::Object(object)).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Failure;
    use crate::record::TopicPartition;

    fn partition(topic: &str, partition: i32) -> TopicPartition {
        TopicPartition { topic: Arc::from(topic), partition }
    }

    fn talk(is_json: bool) -> Talk {
        Talk::new(settings::TalkSettings { verbose: 2, is_json, ..Default::default() }, true)
    }

    #[test]
    fn no_event_makes_a_line_or_acts_on_a_terminal() {
        let evil = "x\u{1b}]0;p\u{7}\r\nerror: fake\u{9b}\u{202e}\u{2028}\u{7f}\u{200b}";
        let (partition, reason) = (partition(evil, 0), evil.to_owned());
        let events = [
            Event::Started { topics: vec![evil.to_owned()] },
            Event::Assigned { partitions: vec![partition.clone()], is_change: true },
            Event::EndReached { partition: partition.clone(), names_topic: true, is_folded: false },
            Event::RecordFailed {
                partition: partition.clone(),
                offset: 0,
                reason: reason.clone(),
                is_common: false,
                ends_run: false,
            },
            Event::DeadLettered { partition: partition.clone(), offset: 0, reason },
            Event::Committed { offsets: vec![(partition, 5)], error: Some(evil.to_owned()) },
            Event::Progress { message: evil.into() },
            Event::Done { message: evil.to_owned() },
            Event::Info { message: evil.to_owned() },
            Event::Warning { message: evil.to_owned() },
            Event::Library { message: evil.to_owned() },
        ];
        let failure = Failure::usage(evil).caused_by(evil).hint(evil);
        for is_json in [false, true] {
            let mut lines: Vec<_> = events.iter().filter_map(|event| talk(is_json).line(event)).collect();
            lines.push(report(&failure, &talk(is_json).settings));
            for line in lines {
                let line = String::from_utf8(line).unwrap();
                let parts: Vec<&str> = line.trim_end().split('\n').collect();
                assert!(parts.iter().all(|part| escape::line(part) == *part), "{line:?}");
                assert!(parts.iter().all(|part| !part.starts_with("error: fake")), "{line:?}");
            }
        }
    }

    #[test]
    fn no_message_is_longer_than_4_kib() {
        let long = "ü".repeat(100_000);
        for is_json in [false, true] {
            let line = talk(is_json).line(&Event::Warning { message: long.clone() }).unwrap();
            assert!(line.len() < escape::LONGEST + 200, "{}", line.len());
            let failure = Failure::usage(long.clone()).caused_by(long.clone()).hint(long.clone());
            let report = report(&failure, &talk(is_json).settings);
            assert!(report.len() < escape::LONGEST + 200, "{}", report.len());
        }
    }

    #[test]
    fn a_repeated_warning_is_said_once_and_then_with_a_count() {
        let settings = settings::TalkSettings::default();
        let (lines, said) = mpsc::channel();
        let mut talk = Talk::to(lines, settings, false);
        let now = Instant::now();
        (0..5).for_each(|_| talk.warn("the broker is slow", now));
        talk.warn("something else", now);
        talk.tell_repeats(now, true);
        let said: Vec<String> = said.try_iter().map(|line| String::from_utf8(line.bytes).unwrap()).collect();
        let expected = [
            "warning: the broker is slow\n",
            "warning: something else\n",
            "warning: the broker is slow (repeated 4 times)\n",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn each_line_waits_for_those_that_were_said_before_it_and_go_the_other_way() {
        let (lines, said) = mpsc::channel();
        let mut talk = Talk::to(lines, settings::TalkSettings::default(), false);
        let info = |message: &str| Event::Info { message: message.to_owned() };
        let nothing = talk.at_once;
        assert_eq!(talk.after_records(&info("first")).unwrap().before, nothing);
        let first = talk.after_records;
        assert_ne!(first, Said::nothing(Way::AfterRecords));
        talk.info("second");
        assert_eq!(said.recv().unwrap().before, first);
        let third = talk.after_records(&info("third")).unwrap();
        assert_eq!(third.before, talk.at_once);
        assert_ne!(third.before, nothing);
    }

    #[test]
    fn of_records_that_fail_people_read_some_and_a_count() {
        let failed = |offset| {
            let (partition, reason) = (partition("t", 0), format!("it is {offset}"));
            Event::RecordFailed { partition, offset, reason, is_common: false, ends_run: false }
        };
        let mut text = talk(false);
        let said = (0..1000).filter(|offset| text.line(&failed(*offset)).is_some()).count();
        assert_eq!(said, 100);
        let rest = text.repeats.due(Instant::now(), true);
        assert_eq!(rest, ["900 more warnings like this one: t [0] @ 999: it is 999"]);
        let mut json = talk(true);
        assert_eq!((0..1000).filter(|offset| json.line(&failed(*offset)).is_some()).count(), 1000);
    }

    #[test]
    fn a_commit_event_has_the_documented_shape() {
        let event = Event::Committed { offsets: vec![(partition("t", 0), 5)], error: None };
        let line = String::from_utf8(json_line(event.name(), event.fields())).unwrap();
        let (timestamp, rest) = line.split_once("Z\"").unwrap();
        assert_eq!(timestamp.len(), r#"{"timestamp":"2026-11-23T09:00:00.000"#.len());
        assert_eq!(
            rest,
            ",\"event\":\"offsets_committed\",\"offsets\":[{\"topic\":\"t\",\"partition\":0,\"offset\":5}],\"result\":\"ok\"}\n"
        );
    }
}
