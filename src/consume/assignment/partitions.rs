//! All assigned partitions, and what is done with them whoever asks for it.

mod pending_failures;
mod queries;
mod restarts;
mod silent;

use super::partition::AssignedPartition;
use crate::commits::{AssignmentId, Watermarks};
use crate::record::TopicPartition;
use crate::settings::Consume;
use pending_failures::PendingFailure;
use std::collections::HashSet;

pub use silent::unreadable;

/// All assigned partitions.
pub struct Partitions<'a> {
    settings: &'a Consume,
    by_slot: Vec<Option<AssignedPartition>>,
    /// Partitions that were added while the run was reading.
    added: HashSet<TopicPartition>,
    /// Failures that wait for what was read before them.
    pending_failures: Vec<PendingFailure>,
    last_ticket: u64,
}

impl<'a> Partitions<'a> {
    pub fn new(settings: &'a Consume) -> Partitions<'a> {
        let (by_slot, added, pending_failures) = (Vec::new(), HashSet::new(), Vec::new());
        Partitions { settings, by_slot, added, pending_failures, last_ticket: 0 }
    }

    /// Whether ends of logs that grew since are told, too.
    pub(super) fn is_detail_wanted(&self) -> bool {
        self.settings.output.is_verbose
    }

    /// Whether only the newest records are wanted.
    pub(super) fn is_read_backwards(&self) -> bool {
        self.settings.stops.last.is_some()
    }

    /// Notes partitions that were added while the run was reading: they are read from their beginning.
    pub(super) fn note_added(&mut self, partitions: &[TopicPartition]) {
        self.added.extend(partitions.iter().cloned());
    }

    /// A number for a question, which no other question has.
    pub(super) fn next_ticket(&mut self) -> u64 {
        self.last_ticket += 1;
        self.last_ticket
    }

    pub(super) fn insert(&mut self, partition: AssignedPartition) {
        let slot = partition.id.slot;
        if self.by_slot.len() <= slot {
            self.by_slot.resize_with(slot + 1, || None);
        }
        self.by_slot[slot] = Some(partition);
    }

    pub(super) fn remove(&mut self, slot: usize) -> Option<AssignedPartition> {
        self.by_slot.get_mut(slot)?.take()
    }

    pub fn get(&self, slot: usize) -> Option<&AssignedPartition> {
        self.by_slot.get(slot)?.as_ref()
    }

    pub fn get_mut(&mut self, slot: usize) -> Option<&mut AssignedPartition> {
        self.by_slot.get_mut(slot)?.as_mut()
    }

    pub fn find(&self, name: &TopicPartition) -> Option<&AssignedPartition> {
        self.iter().find(|partition| partition.name == *name)
    }

    pub(super) fn find_mut(&mut self, name: &TopicPartition) -> Option<&mut AssignedPartition> {
        self.iter_mut().find(|partition| partition.name == *name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &AssignedPartition> {
        self.by_slot.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut AssignedPartition> {
        self.by_slot.iter_mut().flatten()
    }

    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    pub fn count(&self) -> usize {
        self.iter().count()
    }

    /// The assignments of some partitions.
    pub(super) fn ids_of(&self, names: &[TopicPartition]) -> Vec<AssignmentId> {
        self.iter()
            .filter(|partition| names.contains(&partition.name))
            .map(|partition| partition.id)
            .collect()
    }

    /// Where each partition goes on.
    pub(super) fn positions(&self, watermarks: &Watermarks) -> Vec<(TopicPartition, i64)> {
        let next =
            |partition: &AssignedPartition| Some((partition.name.clone(), watermarks.next(partition.id)?));
        self.iter().filter_map(next).collect()
    }
}
