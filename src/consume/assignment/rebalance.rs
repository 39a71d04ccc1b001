//! What the group gives and takes: the client's callback recorded it, here it waits to be acted on, step by step.

use super::starting::Starting;
use crate::record::TopicPartition;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The rebalance under way and those that wait for it.
pub struct Rebalances {
    waiting: VecDeque<GroupChange>,
    pub step: RebalanceStep,
    /// How long a revoke may wait for records in hand.
    limit: Duration,
    /// The group has given us something at least once, if only nothing.
    pub has_joined: bool,
    /// We are in the group now: true from the first assignment until the group drops us.
    pub is_member: bool,
}

/// What the group has told.
#[derive(Debug)]
pub enum GroupChange {
    Assigned(Vec<TopicPartition>),
    Revoked(Vec<TopicPartition>),
}

#[derive(Debug)]
pub enum RebalanceStep {
    Idle,
    /// The logs of new partitions are looked up.
    Starting(Starting),
    /// Records in hand of partitions that go are finished, then committed.
    Revoking(Revoking),
}

/// Partitions that go.
#[derive(Debug)]
pub struct Revoking {
    pub partitions: Vec<TopicPartition>,
    /// What is not settled by then is given up.
    pub deadline: Instant,
    pub is_commit_sent: bool,
}

impl Rebalances {
    pub fn new(limit: Duration) -> Rebalances {
        Rebalances {
            waiting: VecDeque::new(),
            step: RebalanceStep::Idle,
            limit,
            has_joined: false,
            is_member: false,
        }
    }

    /// Forgets what the group has given and taken.
    pub fn start_over(&mut self) {
        let has_joined = self.has_joined;
        *self = Rebalances { has_joined, ..Rebalances::new(self.limit) };
    }

    pub fn assigned(&mut self, partitions: Vec<TopicPartition>) {
        self.waiting.push_back(GroupChange::Assigned(partitions));
    }

    pub fn revoked(&mut self, partitions: Vec<TopicPartition>) {
        if let RebalanceStep::Starting(starting) = &mut self.step {
            // Taken back before they were read: there is nothing to wait for.
            starting.remove(&partitions);
            if starting.partitions.is_empty() {
                self.step = RebalanceStep::Idle;
            }
        }
        self.waiting.push_back(GroupChange::Revoked(partitions));
    }

    /// The group gave our partitions away: there is nothing to give or take any more.
    pub fn lost(&mut self) {
        self.waiting.clear();
        self.step = RebalanceStep::Idle;
        self.is_member = false;
    }

    /// The next change to act on.
    pub fn next(&mut self) -> Option<GroupChange> {
        self.waiting.pop_front()
    }

    /// Begins to give partitions back.
    pub fn begin_revoking(&mut self, partitions: Vec<TopicPartition>, now: Instant) {
        let deadline = now + self.limit;
        self.step = RebalanceStep::Revoking(Revoking { partitions, deadline, is_commit_sent: false });
    }

    /// Takes the step under way, which is `Idle` until it is put back.
    pub fn take_step(&mut self) -> RebalanceStep {
        std::mem::replace(&mut self.step, RebalanceStep::Idle)
    }

    pub fn is_revoking(&self) -> bool {
        matches!(self.step, RebalanceStep::Revoking { .. })
            || self.waiting.iter().any(|change| matches!(change, GroupChange::Revoked(_)))
    }

    /// Partitions were given to us and are not taken over yet.
    pub fn is_starting(&self) -> bool {
        matches!(self.step, RebalanceStep::Starting(_))
    }

    /// Nothing is under way or waits.
    pub fn is_quiet(&self) -> bool {
        matches!(self.step, RebalanceStep::Idle) && self.waiting.is_empty()
    }
}
