//! Adds to a history what runs of the program printed and said, and what a broker has.

use std::time::Instant;

use serde_json::Value;

use super::judge::{Event, EventKind, History, Partition, Printed, Run, Sample};
use crate::support::kafka::Kafka;
use crate::support::outcome::Outcome;

impl History {
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
