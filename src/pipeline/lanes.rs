//! The partitions that are read now: how far each is, and where it stops.

use crate::offsets::Claim;
use crate::record::TopicPartition;
use std::time::Instant;

/// An assigned partition.
#[derive(Debug)]
pub struct Lane {
    pub partition: TopicPartition,
    pub claim: Claim,
    /// Records from this offset on are not started.
    pub stop: Option<i64>,
    /// Records from this time on are not started: milliseconds since 1970, to come.
    pub stop_time: Option<i64>,
    /// The end when the assignment began.
    pub end: i64,
    /// `Reached end of …` was said.
    pub is_end_said: bool,
    /// Read to its stop; nothing more is taken.
    pub is_finished: bool,
    /// The group takes it back: nothing more is taken.
    pub is_revoked: bool,
    /// Where fetching goes on, as statistics told it: passes batches without records.
    pub fetched: Option<i64>,
    /// Something came since positions were last looked at.
    pub is_dirty: bool,
    /// No error message came from the partition, so the client's position is what it says.
    pub is_position_trusted: bool,
    /// When something was last taken, or the assignment began.
    pub moved_at: Instant,
}

/// All of them, by slot.
#[derive(Debug, Default)]
pub struct Lanes(Vec<Option<Lane>>);

impl Lanes {
    pub fn insert(&mut self, lane: Lane) {
        let slot = lane.claim.slot;
        if self.0.len() <= slot {
            self.0.resize_with(slot + 1, || None);
        }
        self.0[slot] = Some(lane);
    }

    pub fn remove(&mut self, slot: usize) -> Option<Lane> {
        self.0.get_mut(slot)?.take()
    }

    pub fn get_mut(&mut self, slot: usize) -> Option<&mut Lane> {
        self.0.get_mut(slot)?.as_mut()
    }

    pub fn find(&self, partition: &TopicPartition) -> Option<&Lane> {
        self.iter().find(|lane| lane.partition == *partition)
    }

    pub fn find_mut(&mut self, partition: &TopicPartition) -> Option<&mut Lane> {
        self.iter_mut().find(|lane| lane.partition == *partition)
    }

    /// The live lane of a claim: none once its assignment ended.
    pub fn of_claim(&self, claim: Claim) -> Option<&Lane> {
        self.0.get(claim.slot)?.as_ref().filter(|lane| lane.claim == claim)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Lane> {
        self.0.iter().flatten()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Lane> {
        self.0.iter_mut().flatten()
    }

    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}
