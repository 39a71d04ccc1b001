//! A crew that tests can hand records to.

use super::*;
use crate::record::{OwnedRecord, Record, TopicPartition};
use crate::settings::{self, Format, Output};
use crate::talk::HandlerOutput;
use std::fs;
use std::path::Path;
use std::time::Instant;

pub const HOUR: Duration = Duration::from_secs(3600);

/// A crew and what it rings.
pub struct Crew {
    pub crew: WorkerCrew,
    pub alarm: Alarm,
    pub tickets: u64,
}

impl Crew {
    pub fn new(script: &str) -> Crew {
        Crew::with(script, 1, |_| {})
    }

    pub fn with(script: &str, parallel: usize, change: impl FnOnce(&mut Job)) -> Crew {
        let alarm = Alarm::new().unwrap();
        let output = Output {
            format: Format::Raw { delimiter: Vec::new(), is_terminal: false },
            value_format: Default::default(),
            key_format: Default::default(),
            is_strict: false,
            says_progress: false,
        };
        let talk = settings::Talk { quiet: false, verbose: 0, has_color: false, is_json: false };
        let context = Context {
            group: Some("g".to_owned()),
            output,
            lines: HandlerOutput::new(&talk),
            bell: alarm.bell(),
        };
        let command = script.to_owned();
        let mut job = Job { command, start: Child::start, timeout: None, grace: HOUR, context };
        change(&mut job);
        let workers = Workers { parallel, in_flight: 64, timeout: job.timeout };
        Crew { crew: WorkerCrew::start_job(&job, workers).unwrap(), alarm, tickets: 0 }
    }

    /// Hands a record with this value over; its ticket, which is its offset, too.
    pub fn hand(&mut self, value: &[u8]) -> u64 {
        self.tickets += 1;
        let record = Record {
            topic: "t",
            partition: 3,
            offset: self.tickets.try_into().unwrap(),
            timestamp: None,
            key: Some(b"k"),
            value: Some(value),
            headers: &[],
        };
        let partition = TopicPartition { topic: "t".into(), partition: 3 };
        let record = Arc::new(OwnedRecord::copy(&record, partition));
        self.crew.hand(Attempt { ticket: self.tickets, record, number: 1, event_id: None });
        self.tickets
    }

    pub fn done(&mut self) -> (u64, Outcome) {
        let deadline = Instant::now() + Duration::from_secs(60);
        self.crew.flush();
        loop {
            if let Some(done) = self.crew.done() {
                assert!(done.output.is_empty());
                return (done.ticket, done.outcome);
            }
            assert!(Instant::now() < deadline, "a record hangs");
            self.alarm.wait(Duration::from_secs(60), false);
        }
    }

    /// What comes of a record.
    pub fn run(&mut self, value: &[u8]) -> Outcome {
        let ticket = self.hand(value);
        let (done, outcome) = self.done();
        assert_eq!(done, ticket);
        outcome
    }

    /// What comes of `count` records that are handed over at once, in the order of their tickets.
    pub fn run_all(&mut self, count: usize) -> Vec<Outcome> {
        let first = self.tickets + 1;
        (0..count).for_each(|_| {
            self.hand(b"1");
        });
        let mut done: Vec<_> = (0..count).map(|_| self.done()).collect();
        done.sort_by_key(|(ticket, _)| *ticket);
        assert!(done.iter().map(|(ticket, _)| *ticket).eq(first..first + count as u64));
        done.into_iter().map(|(_, outcome)| outcome).collect()
    }

    pub fn wait_until_closed(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self.crew.is_closed() {
            assert!(Instant::now() < deadline, "a worker does not end");
            self.alarm.wait(Duration::from_secs(60), false);
        }
    }
}

pub fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "it does not happen");
        std::thread::yield_now();
    }
}

/// Waits for so many lines in a file that a worker writes.
pub fn lines_of(path: &Path, count: usize) -> Vec<String> {
    let lines = |text: String| text.lines().map(str::to_owned).collect::<Vec<_>>();
    wait_for(|| {
        fs::read_to_string(path)
            .ok()
            .filter(|text| text.ends_with('\n'))
            .map(lines)
            .filter(|l| l.len() >= count)
    })
}

/// Whether a process does anything still.
pub fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}
