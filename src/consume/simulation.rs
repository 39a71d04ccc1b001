//! Runs of the loop without a broker: a cluster in memory, a clock that the test moves, handlers that do what it says.

mod added;
mod chaos;
mod client;
mod cluster;
#[path = "../../tests/support/oracle/judge/mod.rs"]
#[expect(dead_code, reason = "the suites use the rest of it")]
mod judge;
mod merged;
mod newest;
mod scenarios;
mod schemas;

use super::opening::{self, Finished};
use super::status::Status;
use super::{Consumer, Turn};
use crate::alarm::Alarm;
use crate::decode::Schemas;
use crate::delivery::Delivery;
use crate::delivery::testing::{Script, SharedScript, Stdout};
use crate::handlers::Outcome;
use crate::metrics::Meter;
use crate::record::TopicPartition;
use crate::settings::testing::TestWorld;
use crate::settings::{self, Consume};
use crate::talk::{Event, Notice, Talk};
use client::Client;
use cluster::{Cluster, SharedCluster};
use judge::{EventKind, History, Mark, Note, Printed, Run, Sample};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Turns without an end in which something still happens.
const MOST_TURNS: usize = 10_000;

/// What `kcons consume` and these words ask for. Values are printed as they are, a line each.
fn settings(words: &str) -> Consume {
    TestWorld::new(&[]).consume(&format!("t {words}")).expect("they make sense")
}

/// Partition `number` of the topic.
fn partition(number: i32) -> TopicPartition {
    TopicPartition { topic: "t".into(), partition: number }
}

/// A member of the group, or a run without one.
struct Simulation<'a> {
    consumer: Option<Consumer<'a, Client>>,
    finished: Option<Finished>,
    cluster: SharedCluster,
    script: SharedScript,
    stdout: Stdout,
    alarm: Alarm,
    now: Instant,
    is_stopped: bool,
    run: Run,
    /// Notices that are no events of the group.
    said: Vec<String>,
    /// How many of the attempts at work are noted as started.
    started: Vec<u64>,
}

impl<'a> Simulation<'a> {
    fn start(settings: &'a Consume, cluster: &SharedCluster, name: &str, now: Instant) -> Simulation<'a> {
        Simulation::start_with(&Schemas::default(), settings, cluster, name, now)
    }

    /// A run whose records are decoded by schemas.
    fn start_with(
        schemas: &Schemas,
        settings: &'a Consume,
        cluster: &SharedCluster,
        name: &str,
        now: Instant,
    ) -> Simulation<'a> {
        let alarm = Alarm::new().expect("descriptors");
        let script = Script::new(4);
        let stdout = Stdout::default();
        let delivery = Delivery::scripted(settings, schemas, &alarm, &stdout, &script, now);
        let talk = settings::TalkSettings { quiet: true, ..Default::default() };
        let status = Status::new(Talk::new(talk, false), Meter::default(), settings.group().is_some(), now);
        let mut consumer = opening::consumer(settings, Client::new(cluster), delivery, status);
        consumer.step(now, |parts, context| parts.topics.search(context));
        Simulation {
            consumer: Some(consumer),
            finished: None,
            cluster: Rc::clone(cluster),
            script,
            stdout,
            alarm,
            now,
            is_stopped: false,
            run: Run { name: name.to_owned(), ..Run::default() },
            said: Vec::new(),
            started: Vec::new(),
        }
    }

    /// Turns the loop until nothing happens any more at this time.
    fn settle(&mut self) {
        let (mut turns, mut quiet_turns) = (0, 0);
        while turns < MOST_TURNS {
            let Some(consumer) = &mut self.consumer else { return };
            // Each turn has a time of its own, so that what comes first can be told.
            self.now += Duration::from_micros(1);
            let turn = consumer.turn(self.is_stopped, self.now);
            let (is_writing, is_written) = (consumer.delivery.is_writing(), consumer.delivery.is_written());
            self.note();
            match turn {
                Turn::Over => return self.finish(),
                // What is asked for in one turn may be done in the next.
                Turn::Sleep(_) if is_written && !self.cluster.borrow().has_events() => {
                    quiet_turns += 1;
                    if quiet_turns == 3 {
                        return;
                    }
                    continue;
                }
                Turn::Sleep(_) if is_writing => drop(self.alarm.wait(Duration::from_secs(1), false)),
                // What the writer gets next waits for a pause, which is reckoned from the true time of its last write.
                Turn::Sleep(limit) if !is_written => {
                    self.now += limit.min(Duration::from_millis(1));
                    turns += 1;
                }
                Turn::Sleep(_) | Turn::Again => turns += 1,
            }
            quiet_turns = 0;
        }
        panic!("something goes on for ever: {:?}", self.said);
    }

    /// Turns the loop until something is so that another thread brings about.
    fn settle_until(&mut self, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            self.settle();
            if is_so(self) {
                return;
            }
            assert!(Instant::now() < deadline, "it does not come: {:?}", self.said);
            std::thread::yield_now();
        }
    }

    /// Lets time pass, a tenth of a second at a time.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end && self.consumer.is_some() {
            self.now = (self.now + Duration::from_millis(100)).min(end);
            self.settle();
        }
    }

    /// Asks the run to end, as a signal does, and lets it.
    fn stop(&mut self) {
        self.is_stopped = true;
        self.settle();
        self.pass(Duration::from_secs(60));
    }

    fn finish(&mut self) {
        if let Some(consumer) = self.consumer.take() {
            self.finished = Some(opening::finish(consumer));
        }
    }

    /// The exit of the run: its failure in words, if it had one. Panics if it goes on.
    #[track_caller]
    fn result(&self) -> Result<(), String> {
        let finished = self.finished.as_ref().expect("the run is over");
        match &finished.result {
            Ok(()) => Ok(()),
            Err(failure) => Err(failure.message.clone()),
        }
    }

    /// Ends the attempt at a record, and notes it.
    fn answer(&mut self, index: usize, outcome: Outcome) {
        let is_accepted = outcome == Outcome::Accepted;
        let attempt = self.script.borrow_mut().answer(index, outcome);
        let partition = (attempt.record.partition.topic.to_string(), attempt.record.partition.partition);
        let (offset, at) = (attempt.record.offset, self.now);
        if is_accepted {
            // What a handler has done counts as printed.
            self.run.printed.push(Printed { at, partition: partition.clone(), offset, id: None });
        }
        let mark = if is_accepted { Mark::End } else { Mark::Fail };
        self.run.notes.push(note(&attempt, mark, at));
    }

    /// Ends attempts, and those that follow, until none is at work.
    fn accept_all(&mut self) {
        self.settle();
        while !self.script.borrow().attempts.is_empty() {
            self.answer(0, Outcome::Accepted);
            self.settle();
        }
    }

    /// The offsets at work in a partition.
    fn at_work(&self, number: i32) -> Vec<i64> {
        let script = self.script.borrow();
        let is_meant = |attempt: &&crate::handlers::Attempt| attempt.record.partition.partition == number;
        script.attempts.iter().filter(is_meant).map(|attempt| attempt.record.offset).collect()
    }

    fn committed(&self, number: i32) -> Option<i64> {
        self.cluster.borrow().committed.get(&partition(number)).copied()
    }

    /// Notes what was printed, started, told and committed since the last turn.
    fn note(&mut self) {
        let at = self.now;
        self.cluster.borrow_mut().sample(at);
        for line in self.stdout.take_lines() {
            let mut fields = line.split(' ');
            let number = fields.next().and_then(|field| field.parse().ok()).expect("a partition");
            let offset = fields.next().and_then(|field| field.parse().ok()).expect("an offset");
            self.run.printed.push(Printed {
                at,
                partition: ("t".to_owned(), number),
                offset,
                id: Some(line),
            });
        }
        for attempt in &self.script.borrow().attempts {
            if !self.started.contains(&attempt.ticket) || attempt.number as usize > 1 {
                let is_noted = |note: &Note| {
                    (note.offset, note.attempt, note.pid)
                        == (attempt.record.offset, attempt.number, attempt.ticket as u32)
                };
                if !self.run.notes.iter().any(is_noted) {
                    self.started.push(attempt.ticket);
                    self.run.notes.push(note(attempt, Mark::Start, at));
                }
            }
        }
        let Some(consumer) = &mut self.consumer else { return };
        for notice in std::mem::take(&mut consumer.status.told) {
            match notice {
                Notice::Event(event) | Notice::AfterRecords(event) => match kind(&event) {
                    Some(kind) => self.run.events.push(judge::Event { at, kind }),
                    None => self.said.push(event.text()),
                },
                Notice::Warning(words) | Notice::Library(words) => self.said.push(words),
            }
        }
    }
}

fn note(attempt: &crate::handlers::Attempt, mark: Mark, at: Instant) -> Note {
    let record = &attempt.record;
    Note {
        mark,
        partition: (record.partition.topic.to_string(), record.partition.partition),
        offset: record.offset,
        key: record.key().map_or_else(String::new, |key| String::from_utf8_lossy(key).into_owned()),
        attempt: attempt.number,
        pid: attempt.ticket as u32,
        parent: 0,
        at,
    }
}

/// What the judge knows of an event.
fn kind(event: &Event) -> Option<EventKind> {
    let names = |partitions: &[TopicPartition]| partitions.iter().map(name).collect();
    match event {
        Event::Assigned { partitions, .. } => Some(EventKind::Assigned(names(partitions))),
        Event::Revoked { partitions } => Some(EventKind::Revoked(names(partitions))),
        Event::Lost { partitions } => Some(EventKind::Lost(names(partitions))),
        Event::Committed { offsets, error } => {
            let offsets = offsets.iter().map(|(partition, offset)| (name(partition), *offset)).collect();
            Some(EventKind::Committed { offsets, is_ok: error.is_none() })
        }
        Event::Started { .. }
        | Event::Spare
        | Event::EndReached { .. }
        | Event::RecordFailed { .. }
        | Event::Progress { .. }
        | Event::AttemptFailed { .. }
        | Event::RecordDone { .. }
        | Event::DeadLettered { .. }
        | Event::Closed { .. }
        | Event::Summary { .. }
        | Event::Done { .. }
        | Event::Info { .. }
        | Event::Warning { .. }
        | Event::Library { .. } => None,
    }
}

fn name(partition: &TopicPartition) -> judge::Partition {
    (partition.topic.to_string(), partition.partition)
}

/// The history of some runs on one cluster.
fn history(cluster: &Cluster, runs: Vec<Run>) -> History {
    let mut history = History { slack: Duration::ZERO, runs, ..History::default() };
    for (partition, log) in &cluster.logs {
        for record in &log.records {
            history.add_produced("t", (partition.partition, record.offset), record.value.clone());
        }
        history.ends.insert(name(partition), log.end);
    }
    let committed = |committed: &cluster::Offsets| {
        committed.iter().map(|(partition, offset)| (name(partition), *offset)).collect()
    };
    let samples = cluster.samples.iter();
    history.samples =
        samples.map(|(at, offsets)| Sample { at: *at, committed: committed(offsets) }).collect();
    history
}
