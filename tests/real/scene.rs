//! A topic, a group that reads it, and everything that happened to them: what the tests of groups have in common.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::support::kafka::Kafka;
use crate::support::oracle::{History, Oracle, Sampler};
use crate::support::run::{Kcons, Running};
use crate::support::{Outcome, Place, Produced, unique_name};

/// Where a fixture or a program may take its time on a busy machine.
pub const LONG: Duration = Duration::from_secs(30);

/// A topic with its group. The broker's committed offsets are looked at all the time.
pub struct Scene<'a> {
    pub kafka: &'a Kafka,
    pub topic: String,
    pub group: String,
    pub history: History,
    /// Each record has one of so many keys; none if absent.
    pub keys: Option<usize>,
    /// Between two times ten records of a load.
    pub pace: Duration,
    partitions: i32,
    count: usize,
    sampler: Option<Sampler>,
}

impl<'a> Scene<'a> {
    pub fn new(kafka: &'a Kafka, partitions: i32) -> Scene<'a> {
        let (topic, group) = (unique_name("topic"), unique_name("group"));
        kafka.create_topic(&topic, partitions, &[]);
        let sampler = Some(Sampler::start(&kafka.brokers(), &group, Duration::from_millis(10)));
        let (history, pace) = (History::default(), Duration::from_millis(5));
        Scene { kafka, topic, group, history, keys: None, pace, partitions, count: 0, sampler }
    }

    /// Produces records with ids of their own, round the partitions.
    pub fn produce(&mut self, count: usize) {
        let (first, partitions, keys) = (self.count, self.partitions, self.keys);
        let record = |number| record(first + number, partitions, keys);
        let places = self.kafka.produce_many(&self.topic, count, record);
        self.add_places(&places);
    }

    /// A member of the group that prints JSON and tells its events.
    pub fn member(&self) -> Kcons {
        let brokers = self.kafka.brokers();
        // Into a pipe that is JSON; with a handler there is nothing to be asked for.
        let arguments = ["consume", &self.topic, "-g", &self.group, "-b", &brokers];
        Kcons::new(arguments).args(["--log", "json"])
    }

    /// A member that is missed after a few seconds.
    pub fn short_member(&self) -> Kcons {
        self.member().args(["-X", "session.timeout.ms=4000", "-X", "heartbeat.interval.ms=500"])
    }

    /// Writes all the time in the background.
    pub fn load(&mut self) -> Load
    where
        'a: 'static,
    {
        let (stop, stopped) = mpsc::channel::<()>();
        let (kafka, topic, partitions, first) = (self.kafka, self.topic.clone(), self.partitions, self.count);
        let (keys, pace) = (self.keys, self.pace);
        let thread = thread::spawn(move || {
            let mut places = Vec::new();
            while stopped.recv_timeout(pace) == Err(RecvTimeoutError::Timeout) {
                let next = first + places.len();
                let records: Vec<_> =
                    (next..next + 10).map(|number| record(number, partitions, keys)).collect();
                places.extend(kafka.produce(&topic, &records));
            }
            places
        });
        Load { stop, thread }
    }

    /// Ends the load and notes what it wrote.
    pub fn end_load(&mut self, load: Load) {
        drop(load.stop);
        let places = load.thread.join().expect("the load does not panic");
        self.add_places(&places);
    }

    pub fn add(&mut self, name: &str, outcome: &Outcome) {
        self.history.add_run(name, outcome);
    }

    /// Reads what is left to the end, and stops looking at the committed offsets.
    #[track_caller]
    pub fn read_the_rest(&mut self) {
        let rest = self.short_member().arg("-e").run();
        rest.has_code(0);
        self.add("the rest", &rest);
        self.close();
    }

    /// Stops looking at the committed offsets.
    pub fn close(&mut self) {
        self.history.set_ends(self.kafka, &self.topic);
        if let Some(sampler) = self.sampler.take() {
            self.history.samples = sampler.stop();
        }
        self.history.add_sample(self.kafka, &self.group);
    }

    /// Fails if anything is broken that must hold whatever happens once everything was read.
    #[track_caller]
    pub fn must_be_whole(&self) {
        self.history.must_satisfy(Oracle::ALWAYS.into_iter().chain(Oracle::AT_THE_END));
    }

    /// Fails if anything is broken that must hold after clean ends.
    #[track_caller]
    pub fn must_be_clean(&self) {
        let all = Oracle::ALWAYS.into_iter().chain(Oracle::AT_THE_END);
        self.history.must_satisfy(all.chain([Oracle::NothingIsRepeated]));
    }

    fn add_places(&mut self, places: &[Place]) {
        for place in places {
            self.history.add_produced(&self.topic, *place, self.count.to_string());
            self.count += 1;
        }
    }
}

/// Records being written.
pub struct Load {
    // Dropping it is the word to stop.
    stop: Sender<()>,
    thread: JoinHandle<Vec<Place>>,
}

/// Waits until a member has printed `more` lines on top of what it had.
#[track_caller]
pub fn wait_for_more(running: &mut Running, more: usize) {
    let count = running.stdout_lines().len();
    running.wait_for_lines(count + more);
}

fn record(number: usize, partitions: i32, keys: Option<usize>) -> Produced {
    // Text that is a number would be printed as a number, and be no id.
    let record = Produced::value(format!(r#"{{"id":"{number}"}}"#)).partition(number as i32 % partitions);
    match keys {
        Some(keys) => record.key(format!("key-{}", number * 7919 / 13 % keys)),
        None => record,
    }
}

/// Numbers that look random and are the same in each run (xorshift).
pub struct Numbers(u64);

impl Numbers {
    pub fn from(seed: u64) -> Numbers {
        Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}
