//! What happened in a test: what was produced, what each run printed and said, what the broker had as committed.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::recorder::Note;
use crate::support::groups::Committed;
use crate::support::kafka::Kafka;
use crate::support::outcome::Outcome;

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

impl History {
    /// Adds a produced record.
    pub fn add_produced(&mut self, topic: &str, (partition, offset): (i32, i64), id: impl Into<String>) {
        self.produced.entry((topic.to_owned(), partition)).or_default().insert(offset, id.into());
    }

    /// Adds what a run printed as JSON lines and said with `--log json`.
    ///
    /// The id of a record is its value if that is a string, or else the value's `id`.
    #[track_caller]
    pub fn add_run(&mut self, name: &str, outcome: &Outcome) {
        self.runs.push(Run::of(name, outcome));
    }

    /// Adds the committed offsets as they are now.
    pub fn add_sample(&mut self, kafka: &Kafka, group: &str) {
        let committed = kafka.committed(group);
        self.samples.push(Sample { at: Instant::now(), committed });
    }

    /// Sets the ends of a topic's partitions as they are now.
    pub fn set_ends(&mut self, kafka: &Kafka, topic: &str) {
        let ends = kafka.end_offsets(topic).into_iter();
        self.ends.extend(ends.map(|(partition, end)| ((topic.to_owned(), partition), end)));
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

impl Run {
    /// Reads what a run printed and said.
    #[track_caller]
    pub fn of(name: &str, outcome: &Outcome) -> Run {
        let mut printed = Vec::new();
        for (at, line) in outcome.timed_lines() {
            let record: Value = serde_json::from_slice(line).unwrap_or_else(|error| {
                panic!("not JSON ({error}): {}\n{outcome}", String::from_utf8_lossy(line))
            });
            let value = &record["value"];
            let id = value.as_str().or(value["id"].as_str()).map(str::to_owned);
            let offset = record["offset"].as_i64().expect("each record has an offset");
            printed.push(Printed { at, partition: partition(&record), offset, id });
        }
        let events = outcome.timed_events().into_iter();
        let events = events.filter_map(|(at, event)| Some(Event { at, kind: EventKind::of(&event)? }));
        Run { name: name.to_owned(), printed, notes: Vec::new(), events: events.collect() }
    }
}

impl EventKind {
    /// Reads an event of `--log json`; nothing for one that the oracles do not look at.
    pub fn of(event: &Value) -> Option<EventKind> {
        let list = |name: &str| event[name].as_array().into_iter().flatten();
        let partitions = || list("partitions").map(partition).collect();
        match event["event"].as_str()? {
            "partitions_assigned" => Some(EventKind::Assigned(partitions())),
            "partitions_revoked" => Some(EventKind::Revoked(partitions())),
            "partitions_lost" => Some(EventKind::Lost(partitions())),
            "offsets_committed" => {
                let offset = |one: &Value| Some((partition(one), one["offset"].as_i64()?));
                let offsets = list("offsets").filter_map(offset).collect();
                Some(EventKind::Committed { offsets, is_ok: event["result"] == "ok" })
            }
            _ => None,
        }
    }
}

fn partition(value: &Value) -> Partition {
    let topic = value["topic"].as_str().expect("each record and partition has a topic");
    let partition = value["partition"].as_i64().expect("each record and partition has a number");
    (topic.to_owned(), partition as i32)
}
