//! Everything said on stderr: text for people, or one JSON object a line.

mod event;
mod handler;
mod tally;

use crate::error::Failure;
use crate::settings;
use colored::Colorize;
use event::Level;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

pub use event::Event;
pub use handler::HandlerOutput;
pub use tally::Tally;

/// A repeated warning is said again, with its count, after that long.
const COLLAPSE: Duration = Duration::from_secs(30);

/// Lines that may wait for a reader of stderr.
const MOST_UNWRITTEN: usize = 100_000;

/// Decides what is said and in which form; lines go out on a thread of their own, so that a full pipe on
/// stderr never holds the poller.
pub struct Talk {
    settings: settings::Talk,
    says_progress: bool,
    lines: mpsc::Sender<Vec<u8>>,
    /// Lines that are not written yet.
    unwritten: Arc<AtomicUsize>,
    /// Lines that were not even queued.
    dropped: u64,
    repeats: HashMap<String, Repeats>,
}

struct Repeats {
    untold: u64,
    told_at: Instant,
}

impl Talk {
    pub fn new(settings: settings::Talk, says_progress: bool) -> Talk {
        let (lines, queue) = mpsc::channel::<Vec<u8>>();
        let unwritten = Arc::new(AtomicUsize::new(0));
        let written = Arc::clone(&unwritten);
        let write = move || {
            for line in queue {
                // There is nobody left to tell that stderr is gone.
                let _ = std::io::stderr().write_all(&line);
                written.fetch_sub(1, Ordering::Release);
            }
        };
        // Without a thread nothing is said: there is none to say that on either.
        drop(std::thread::Builder::new().name("stderr".to_owned()).spawn(write));
        Talk { settings, says_progress, lines, unwritten, dropped: 0, repeats: HashMap::new() }
    }

    /// librdkafka's own log is asked for.
    pub fn is_library_wanted(&self) -> bool {
        self.settings.verbose >= 2
    }

    /// More talk is asked for.
    pub fn is_detail_wanted(&self) -> bool {
        self.settings.verbose >= 1
    }

    /// The form of what handlers say.
    pub fn handler_output(&self) -> HandlerOutput {
        HandlerOutput::new(&self.settings)
    }

    /// Says an event now.
    pub fn say(&mut self, event: &Event) {
        if let Some(line) = self.line(event) {
            self.send(line);
        }
    }

    pub fn info(&mut self, message: impl Into<String>) {
        self.say(&Event::Info { message: message.into() });
    }

    /// Says a warning; the same one again is counted and told later.
    pub fn warn(&mut self, message: impl Into<String>, now: Instant) {
        let message = message.into();
        if let Some(repeats) = self.repeats.get_mut(&message) {
            repeats.untold += 1;
            return;
        }
        self.say(&Event::Warning { message: message.clone() });
        self.repeats.insert(message, Repeats { untold: 0, told_at: now });
    }

    /// Tells the counts of repeated warnings that are due; with `is_last` all of them.
    pub fn tell_repeats(&mut self, now: Instant, is_last: bool) {
        let mut due = Vec::new();
        self.repeats.retain(|message, repeats| {
            let is_due = is_last || now.duration_since(repeats.told_at) >= COLLAPSE;
            if is_due && repeats.untold > 0 {
                due.push(format!("{message} ({} more times)", repeats.untold));
                *repeats = Repeats { untold: 0, told_at: now };
                return true;
            }
            !is_due
        });
        for message in due {
            self.say(&Event::Warning { message });
        }
    }

    /// The line for an event, if it is said at all: for the writer, where order with the records counts.
    pub fn line(&self, event: &Event) -> Option<Vec<u8>> {
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
            Level::Detail => self.settings.verbose >= 1,
            Level::Library => self.settings.verbose >= 2,
            Level::Machine => false,
        };
        is_said.then(|| {
            let mut line = self.colored(event).into_bytes();
            line.push(b'\n');
            line
        })
    }

    /// Waits until everything said is written, at most until `deadline`.
    pub fn finish(&self, deadline: Instant) {
        while self.unwritten.load(Ordering::Acquire) > 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    fn send(&mut self, line: Vec<u8>) {
        if self.unwritten.load(Ordering::Relaxed) >= MOST_UNWRITTEN {
            // Nobody reads stderr; a line for each record would fill the memory.
            self.dropped += 1;
            return;
        }
        if self.dropped > 0 && self.unwritten.load(Ordering::Relaxed) < MOST_UNWRITTEN / 2 {
            let dropped = std::mem::take(&mut self.dropped);
            let message = format!("{dropped} lines were left out here: nobody read stderr");
            self.say(&Event::Warning { message });
        }
        self.unwritten.fetch_add(1, Ordering::Relaxed);
        if self.lines.send(line).is_err() {
            // The thread could not be started.
            self.unwritten.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn colored(&self, event: &Event) -> String {
        let text = event.text();
        let (prefix, rest) = match event.level() {
            Level::Warning => ("warning:", text),
            Level::Info => ("info:", text),
            Level::Summary | Level::Progress | Level::Detail | Level::Library | Level::Machine => {
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
    let mut line = Value::Object(object).to_string().into_bytes();
    line.push(b'\n');
    line
}

/// The final report of a failure, in the form that `talk` asks for.
pub fn report(failure: &Failure, talk: &settings::Talk) -> Vec<u8> {
    if talk.is_json {
        let mut fields = Map::new();
        fields.insert("message".to_owned(), json!(failure.message));
        if !failure.causes.is_empty() {
            fields.insert("causes".to_owned(), json!(failure.causes));
        }
        if let Some(hint) = &failure.hint {
            fields.insert("hint".to_owned(), json!(hint));
        }
        return json_line("error", fields);
    }
    let mut text = String::new();
    let prefix = if talk.has_color { "error:".red().bold().to_string() } else { "error:".to_owned() };
    text.push_str(&format!("{prefix} {}\n", failure.message));
    for cause in &failure.causes {
        text.push_str(&format!("  caused by: {cause}\n"));
    }
    if let Some(hint) = &failure.hint {
        text.push_str(&format!("  hint: {hint}\n"));
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::TopicPartition;

    fn partition(topic: &str, partition: i32) -> TopicPartition {
        TopicPartition { topic: Arc::from(topic), partition }
    }

    #[test]
    fn a_repeated_warning_is_said_once_and_counted() {
        let settings = settings::Talk { quiet: true, verbose: 0, has_color: false, is_json: false };
        let mut talk = Talk::new(settings, false);
        let now = Instant::now();
        for _ in 0..5 {
            talk.warn("again", now);
        }
        assert_eq!(talk.repeats["again"].untold, 4);
        talk.tell_repeats(now + COLLAPSE, false);
        assert_eq!(talk.repeats["again"].untold, 0);
        talk.tell_repeats(now + COLLAPSE * 2, false);
        assert!(talk.repeats.is_empty());
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

    #[test]
    fn a_report_has_causes_and_a_hint_on_lines_of_their_own() {
        let failure = Failure::usage("no").caused_by("why").hint("try this");
        let text = String::from_utf8(report(
            &failure,
            &settings::Talk { quiet: false, verbose: 0, has_color: false, is_json: false },
        ))
        .unwrap();
        assert_eq!(text, "error: no\n  caused by: why\n  hint: try this\n");
    }
}
