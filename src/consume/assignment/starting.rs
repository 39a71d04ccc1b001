//! New partitions whose logs are looked up before they are read.

use super::retry::Retry;
use crate::kafka::admin::{Asked, Unknown};
use crate::kafka::ranges::Range;
use crate::record::TopicPartition;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// Leaders that have answered do not wait longer than that for the others: their partitions are read.
const LONGEST_WAIT_FOR_ALL: Duration = Duration::from_secs(1);

/// New partitions, and what is known of their logs by now.
#[derive(Debug)]
pub struct Starting {
    pub partitions: Vec<TopicPartition>,
    pub ticket: u64,
    pub since: Instant,
    pub found: Vec<Range>,
    pub unknown: Vec<(TopicPartition, Unknown)>,
    /// What the try before told of those.
    pub why: Vec<(TopicPartition, Unknown)>,
    /// After a try that told nothing.
    pub again: Option<Instant>,
    pub retry: Retry,
    pub is_said: bool,
}

impl Starting {
    pub fn new(partitions: Vec<TopicPartition>, since: Instant) -> Starting {
        Starting {
            partitions,
            ticket: 0,
            since,
            found: Vec::new(),
            unknown: Vec::new(),
            why: Vec::new(),
            again: None,
            retry: Retry::default(),
            is_said: false,
        }
    }

    /// Takes answers to its question.
    pub fn take(&mut self, ranges: Vec<Asked<Range>>) {
        // Some may have been taken back meanwhile. A set, since there may be a thousand partitions.
        let ours: HashSet<&TopicPartition> = self.partitions.iter().collect();
        for (partition, range) in ranges.into_iter().filter(|(partition, _)| ours.contains(partition)) {
            match range {
                Ok(range) => self.found.push(range),
                Err(why) => self.unknown.push((partition, why)),
            }
        }
    }

    pub fn remove(&mut self, partitions: &[TopicPartition]) {
        let stays = |partition: &TopicPartition| !partitions.contains(partition);
        self.partitions.retain(stays);
        self.found.retain(|range| stays(&range.partition));
        self.unknown.retain(|(partition, _)| stays(partition));
    }

    /// The partitions whose logs are not known, and why.
    pub fn unanswered(&self) -> Vec<(TopicPartition, Unknown)> {
        let found: HashSet<&TopicPartition> = self.found.iter().map(|range| &range.partition).collect();
        let why: HashMap<_, _> = self.why.iter().chain(&self.unknown).cloned().collect();
        let missing = self.partitions.iter().filter(|partition| !found.contains(partition));
        let with_reason = |partition: &TopicPartition| {
            (partition.clone(), why.get(partition).cloned().unwrap_or(Unknown::Unanswered))
        };
        missing.map(with_reason).collect()
    }

    /// Every partition has its answer.
    pub fn is_answered(&self) -> bool {
        self.found.len() + self.unknown.len() >= self.partitions.len()
    }

    /// What is known is read now: everything, or, unless `are_all_needed`, what there is when the others have been
    /// waited for.
    pub fn is_enough(&self, are_all_needed: bool, now: Instant) -> bool {
        let is_some = !are_all_needed && !self.found.is_empty();
        self.found.len() >= self.partitions.len()
            || is_some && now.duration_since(self.since) >= LONGEST_WAIT_FOR_ALL
    }
}
