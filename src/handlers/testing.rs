//! A pool of handlers that tests can hand records to, and what its processes leave to be seen.

use super::{Attempt, Done, HandlerContext};
use crate::alarm::Alarm;
use crate::decode::Schemas;
use crate::record::{OwnedRecord, Record, TopicPartition};
use crate::settings::{self, Format, OutputSettings};
use crate::talk::HandlerOutput;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub const HOUR: Duration = Duration::from_secs(3600);

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the pools have in common.
pub trait TestedPool {
    fn hand(&mut self, attempt: Attempt);

    /// Puts on its way what was handed over.
    fn flush(&mut self) {}

    fn done(&mut self) -> Option<Done>;
}

/// A pool and the alarm that it rings.
pub struct TestPool<P> {
    pub pool: P,
    pub alarm: Alarm,
    /// How many records were handed over.
    pub tickets: u64,
}

impl<P: TestedPool> TestPool<P> {
    /// A pool that `start` makes for a context.
    pub fn start(start: impl FnOnce(HandlerContext) -> P) -> TestPool<P> {
        let alarm = Alarm::new().unwrap();
        let output = OutputSettings {
            format: Format::Raw { delimiter: Vec::new(), is_terminal: false },
            formats: Default::default(),
            is_strict: false,
            is_verbose: false,
            says_progress: false,
        };
        let talk = settings::TalkSettings::default();
        let lines = HandlerOutput::new(&talk);
        let context = HandlerContext {
            group: Some("g".to_owned()),
            output,
            schemas: Schemas::default(),
            lines,
            bell: alarm.bell(),
        };
        TestPool { pool: start(context), alarm, tickets: 0 }
    }

    /// Hands over a record with this value; returns its ticket, which is its offset, too.
    pub fn hand_value(&mut self, value: Option<&[u8]>) -> u64 {
        self.tickets += 1;
        let record = Record {
            topic: "t",
            partition: 3,
            offset: self.tickets.try_into().unwrap(),
            timestamp: None,
            key: Some(b"k"),
            value,
            headers: &[],
        };
        let partition = TopicPartition { topic: "t".into(), partition: 3 };
        let record = Arc::new(OwnedRecord::copy(&record, partition));
        self.pool.hand(Attempt { ticket: self.tickets, record, number: 1, event_id: None });
        self.tickets
    }

    /// Waits for the next attempt that ends.
    pub fn next_done(&mut self) -> Done {
        self.pool.flush();
        self.wait("an attempt to end", |pool| pool.done())
    }

    /// Waits until `look` finds something, looking whenever the pool rings.
    pub fn wait<T>(&mut self, what: &str, mut look: impl FnMut(&mut P) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look(&mut self.pool) {
                return found;
            }
            assert!(Instant::now() < deadline, "waited in vain for {what}");
            self.alarm.wait(PATIENCE, false);
        }
    }
}

/// Waits for something that nothing rings for.
pub fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "it does not happen");
        std::thread::yield_now();
    }
}

/// Waits for so many whole lines in a file that a handler writes.
pub fn lines_of(path: &Path, count: usize) -> Vec<String> {
    wait_for(|| {
        let text = fs::read_to_string(path).ok().filter(|text| text.ends_with('\n'))?;
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        (lines.len() >= count).then_some(lines)
    })
}

/// Waits for the first line of a file that a handler writes.
pub fn line_of(path: &Path) -> String {
    lines_of(path, 1).remove(0)
}

/// Whether a process still does anything.
pub fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}
