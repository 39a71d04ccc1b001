//! What is committed, and when: the watermark of each assigned partition, the schedule, and the one commit under way.
//! Pure: time is passed in, the caller sends positions and hands the broker's answers in.

pub mod schedule;
pub mod watermarks;

use crate::choices::CommitSettings;
use crate::kafka::commit::{CommitAnswer, CommitRefusal};
use crate::record::TopicPartition;
use std::time::Instant;

pub use schedule::Schedule;
pub use watermarks::{AssignmentId, Watermarks};

/// Decides what the group is told about how far records are processed.
///
/// At most one commit is under way for the whole consumer, always of the newest watermarks.
pub struct Commits {
    watermarks: Watermarks,
    schedule: Schedule,
    under_way: Option<CommitPositions>,
    is_forbidden: bool,
    total: u64,
}

/// A watermark above what the group has.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owed {
    id: AssignmentId,
    partition: TopicPartition,
    offset: i64,
    /// Settled records between what the group has and `offset`.
    records: u64,
}

/// Positions to commit: for each partition the offset of the next record to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitPositions(Vec<Owed>);

/// What there is to do about commits now.
#[derive(Debug, PartialEq, Eq)]
pub enum Due {
    NotYet,
    /// A commit is due and everything is committed already.
    NothingOwed,
    Send(CommitPositions),
}

/// What became of a commit, or of some partitions of it.
#[derive(Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    Confirmed(Vec<(TopicPartition, i64)>),
    Refused { offsets: Vec<(TopicPartition, i64)>, refusal: CommitRefusal },
}

impl CommitPositions {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each partition with the offset to commit.
    pub fn offsets(&self) -> Vec<(TopicPartition, i64)> {
        self.0.iter().map(|owed| (owed.partition.clone(), owed.offset)).collect()
    }

    /// How many settled records the commit would cover that no commit covers yet.
    pub fn records(&self) -> u64 {
        self.0.iter().map(|owed| owed.records).sum()
    }
}

impl Commits {
    pub fn new(settings: CommitSettings, now: Instant) -> Commits {
        Commits {
            watermarks: Watermarks::default(),
            schedule: Schedule::new(settings, now),
            under_way: None,
            is_forbidden: false,
            total: 0,
        }
    }

    pub fn watermarks(&self) -> &Watermarks {
        &self.watermarks
    }

    pub fn watermarks_mut(&mut self) -> &mut Watermarks {
        &mut self.watermarks
    }

    /// Whether anything is ever committed.
    pub fn is_committing(&self) -> bool {
        self.schedule.is_committing()
    }

    /// How many more records may be taken, with `in_hand` not settled yet.
    ///
    /// In the waiting modes the next record is only taken when the last commit was answered.
    pub fn room(&self, in_hand: u64) -> u64 {
        match self.under_way {
            Some(_) if self.schedule.waits_for_answers() => 0,
            Some(_) | None => self.schedule.room(in_hand),
        }
    }

    /// Counts records that were settled.
    pub fn processed(&mut self, records: u64) {
        self.total += records;
        self.schedule.processed(records);
    }

    /// How many records were settled in all.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Asks for a commit soon, whatever the mode (but `never`).
    pub fn ask(&mut self) {
        self.schedule.ask();
    }

    /// Notes that a watermark moved over a transaction marker: without a commit, lag would stay at 1 for ever.
    pub fn passed_marker(&mut self) {
        self.schedule.moved();
    }

    /// Notes that watermarks move over records that are left out: once in a while that is worth a commit.
    pub fn passed_left_out(&mut self) {
        if !self.owed().is_empty() {
            self.schedule.passed();
        }
    }

    /// What there is to do now; positions that are sent are handed in with `sent`.
    pub fn due(&mut self, now: Instant) -> Due {
        if self.under_way.is_some() || !self.schedule.is_due(now) {
            return Due::NotYet;
        }
        let owed = self.owed();
        if owed.is_empty() || self.is_forbidden {
            self.schedule.nothing_owed();
            return Due::NothingOwed;
        }
        Due::Send(owed)
    }

    /// Notes that these positions are on their way to the broker.
    pub fn sent(&mut self, positions: CommitPositions, now: Instant) {
        self.schedule.sent(now);
        self.under_way = Some(positions);
    }

    /// A commit was sent and is not answered.
    pub fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Takes the broker's answer to the commit under way. Every outcome but `Confirmed` is tried again by itself.
    pub fn answered(&mut self, answer: CommitAnswer, now: Instant) -> Vec<CommitOutcome> {
        let Some(positions) = self.under_way.take() else { return Vec::new() };
        if let Some(refusal) = answer.refused {
            self.schedule.failed(now);
            return vec![CommitOutcome::Refused { offsets: positions.offsets(), refusal }];
        }
        let refusal_of = |owed: &Owed| {
            let mut refused = answer.refused_partitions.iter();
            refused.find(|(partition, _)| *partition == owed.partition).map(|(_, refusal)| refusal.clone())
        };
        let (mut confirmed, mut refused) = (Vec::new(), None);
        for owed in positions.0 {
            let offset = (owed.partition.clone(), owed.offset);
            if let Some(refusal) = refusal_of(&owed) {
                refused = Some(CommitOutcome::Refused { offsets: vec![offset], refusal });
                continue;
            }
            self.watermarks.confirm(owed.id, owed.offset, owed.records);
            confirmed.push(offset);
        }
        match refused {
            Some(_) => self.schedule.failed(now),
            None => self.schedule.confirmed(),
        }
        let confirmed = (!confirmed.is_empty()).then_some(CommitOutcome::Confirmed(confirmed));
        confirmed.into_iter().chain(refused).collect()
    }

    /// Gives up waiting for the answer: the member that sent the commit is thrown out of the group. False if none was
    /// under way.
    pub fn give_up(&mut self, now: Instant) -> bool {
        let was_under_way = self.under_way.take().is_some();
        if was_under_way {
            self.schedule.failed(now);
        }
        was_under_way
    }

    /// From now on nothing is committed: what is known of the group or the topic is not true any more.
    pub fn forbid(&mut self) {
        self.is_forbidden = true;
    }

    pub fn is_forbidden(&self) -> bool {
        self.is_forbidden
    }

    /// Whether a commit of what is owed would still be sent.
    pub fn is_anything_owed(&self) -> bool {
        self.is_committing() && !self.is_forbidden && !self.owed().is_empty()
    }

    /// Every watermark above what the group has.
    fn owed(&self) -> CommitPositions {
        self.owed_by(|_| true)
    }

    /// The watermarks of some partitions above what the group has; none where nothing may be committed.
    pub fn owed_of(&self, partitions: &[TopicPartition]) -> CommitPositions {
        if !self.is_committing() || self.is_forbidden {
            return CommitPositions::default();
        }
        self.owed_by(|partition| partitions.contains(partition))
    }

    fn owed_by(&self, is_meant: impl Fn(&TopicPartition) -> bool) -> CommitPositions {
        let meant = self.watermarks.assigned().filter(|(_, partition)| is_meant(partition));
        let owed = meant.filter_map(|(id, partition)| {
            let offset = self.watermarks.owed(id)?;
            let records = self.watermarks.settled_since_confirmed(id);
            Some(Owed { id, partition: partition.clone(), offset, records })
        });
        CommitPositions(owed.collect())
    }

    /// Settled records that no confirmed commit covers, though they should be committed.
    pub fn unconfirmed(&self) -> u64 {
        if self.is_committing() && !self.is_forbidden { self.owed().records() } else { 0 }
    }
}

#[cfg(test)]
mod tests;
