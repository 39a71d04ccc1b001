//! What happened in a test: what was produced, what each run printed and said, what the broker had as committed.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

/// The committed offset of each partition that has one.
pub type Committed = BTreeMap<Partition, i64>;

/// A partition of a topic.
pub type Partition = (String, i32);

/// Everything the oracles judge.
#[derive(Clone, Debug)]
pub struct History {
    /// The id of each record, by partition and offset.
    pub produced: BTreeMap<Partition, BTreeMap<i64, String>>,
    /// Where the group was to start in a partition; 0 if absent.
    pub starts: BTreeMap<Partition, i64>,
    /// The runs of the program, in order of their start.
    pub runs: Vec<Run>,
    /// The broker's committed offsets at several times, in order of time.
    pub samples: Vec<Sample>,
    /// The end of each partition when all was over; markers count.
    pub ends: BTreeMap<Partition, i64>,
    /// How late a line or event may come to its reader; 1 s unless a test lets its reader wait.
    pub slack: Duration,
}

impl Default for History {
    fn default() -> History {
        History {
            produced: BTreeMap::new(),
            starts: BTreeMap::new(),
            runs: Vec::new(),
            samples: Vec::new(),
            ends: BTreeMap::new(),
            slack: Duration::from_secs(1),
        }
    }
}

/// One run of the program.
#[derive(Clone, Debug, Default)]
pub struct Run {
    pub name: String,
    pub printed: Vec<Printed>,
    /// What its handlers noted, if it had any.
    pub notes: Vec<Note>,
    pub events: Vec<Event>,
}

/// A record that was printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// When its line came to the reader.
    pub at: Instant,
    pub partition: Partition,
    pub offset: i64,
    /// What the line has as the record's id, if it has one.
    pub id: Option<String>,
}

/// What the program said about its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When its line came to the reader.
    pub at: Instant,
    pub kind: EventKind,
}

/// The events that the oracles look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    Assigned(Vec<Partition>),
    Revoked(Vec<Partition>),
    Lost(Vec<Partition>),
    Committed { offsets: Vec<(Partition, i64)>, is_ok: bool },
}

/// The broker's committed offsets at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub at: Instant,
    pub committed: Committed,
}

/// A line of a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub mark: Mark,
    pub partition: Partition,
    pub offset: i64,
    /// Empty if the record has none.
    pub key: String,
    pub attempt: u32,
    /// The handler.
    pub pid: u32,
    /// Who started it.
    pub parent: u32,
    /// When, to 10 ms.
    pub at: Instant,
}

/// What a handler notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Start,
    /// Its work is done: it will exit with 0 at once.
    End,
    /// It will exit with something else at once.
    Fail,
}

impl History {
    /// Adds a produced record.
    pub fn add_produced(&mut self, topic: &str, (partition, offset): (i32, i64), id: impl Into<String>) {
        self.produced.entry((topic.to_owned(), partition)).or_default().insert(offset, id.into());
    }

    /// The offset from which a partition's records count.
    pub fn start(&self, partition: &Partition) -> i64 {
        self.starts.get(partition).copied().unwrap_or(0)
    }

    /// How often a record was printed that had been printed before, by any run.
    pub fn repeats(&self) -> usize {
        self.repeats_by_run().into_iter().sum()
    }

    /// For each run, how many of its lines were of records that had been printed before, by it or an earlier run.
    pub fn repeats_by_run(&self) -> Vec<usize> {
        let mut seen = HashSet::new();
        let repeats = |run: &Run| {
            let mut count = 0;
            for printed in &run.printed {
                count += usize::from(!seen.insert((printed.partition.clone(), printed.offset)));
            }
            count
        };
        self.runs.iter().map(repeats).collect()
    }
}
