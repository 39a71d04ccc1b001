//! Partitions that are read on without an end and have lost their leader: nothing comes from them, and that is told.

use super::assignment::{AssignedPartition, Partitions};
use crate::kafka::admin::{KnownTopic, Unknown};
use crate::reachability::unknown;
use crate::record::TopicPartition;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A partition that has given something so recently is only between two leaders.
const PATIENCE: Duration = Duration::from_secs(5);

/// Partitions of which it was said that they have no leader.
#[derive(Debug, Default)]
pub struct Leaderless(HashSet<TopicPartition>);

impl Leaderless {
    /// Takes the partitions that have none now; returns those that are new, and those that have one again.
    fn take(&mut self, now: HashSet<TopicPartition>) -> (Vec<TopicPartition>, Vec<TopicPartition>) {
        let difference = |a: &HashSet<TopicPartition>, b: &HashSet<TopicPartition>| {
            let mut difference: Vec<_> = a.difference(b).cloned().collect();
            difference.sort();
            difference
        };
        let changes = (difference(&now, &self.0), difference(&self.0, &now));
        self.0 = now;
        changes
    }

    /// Takes what the cluster says of our topics; returns what to warn of, and what to tell.
    pub fn changes(
        &mut self,
        topics: &[(&str, &KnownTopic)],
        partitions: &Partitions<'_>,
        now: Instant,
    ) -> (Vec<String>, Vec<String>) {
        let mut leaderless = HashSet::new();
        for (name, known) in topics {
            let topic: Arc<str> = Arc::from(*name);
            let without = known.leaderless.iter();
            leaderless.extend(
                without.map(|number| TopicPartition { topic: Arc::clone(&topic), partition: *number }),
            );
        }
        leaderless.retain(|name| {
            let is_told = self.0.contains(name);
            let moved_at = partitions.find(name).map(AssignedPartition::moved_at);
            moved_at.is_some_and(|moved_at| is_told || now.duration_since(moved_at) >= PATIENCE)
        });
        let (new, back) = self.take(leaderless);
        let new: Vec<_> = new.into_iter().map(|partition| (partition, Unknown::NoLeader)).collect();
        let warnings = unknown::words(&new, |_| None).into_iter().map(|words| format!("{words}, waiting"));
        let back = back.iter().filter(|name| partitions.find(name).is_some());
        (warnings.collect(), back.map(|name| format!("{name} has a leader again")).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_told_once() {
        let partition = |number| TopicPartition { topic: Arc::from("t"), partition: number };
        let mut leaderless = Leaderless::default();
        let (one, both) = (HashSet::from([partition(1)]), HashSet::from([partition(0), partition(1)]));
        assert_eq!(leaderless.take(both.clone()), (vec![partition(0), partition(1)], vec![]));
        assert_eq!(leaderless.take(both), (vec![], vec![]));
        assert_eq!(leaderless.take(one), (vec![], vec![partition(0)]));
        assert_eq!(leaderless.take(HashSet::new()), (vec![], vec![partition(1)]));
    }
}
