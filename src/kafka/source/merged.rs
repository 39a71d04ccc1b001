//! Records in the order of their timestamps: each partition keeps its own queue, and a batch is filled from all of them.

use super::Source;
use crate::kafka::batch::{Batch, SIZE};
use crate::kafka::merge::Merge;
use crate::kafka::message::OwnedMessage;
use crate::kafka::native;
use crate::kafka::routes::Routes;
use crate::record::TopicPartition;
use std::ops::RangeInclusive;

/// How many messages of a partition are taken at once. They are in memory anyway; more of them would only make room in
/// the partition's queue for further ones.
const TAKEN_AT_ONCE: usize = 100;

/// How many messages the queues of all partitions are to hold together. Of each that is a few at least, since one that is
/// empty keeps all others waiting, and not more than makes reading faster.
const QUEUED: usize = 50_000;
const QUEUED_EACH: RangeInclusive<usize> = 200..=5_000;

impl Source {
    /// Has records come in the order of their timestamps, over all partitions, from the first assignment on. All of
    /// them are to be in it. If `limits_queues`, fewer messages of each are fetched ahead where there are many.
    pub fn merge_by_time(&mut self, limits_queues: bool) {
        self.merge.get_or_insert_default();
        self.limits_queues = limits_queues;
    }

    /// Divides the messages that are fetched ahead among so many partitions.
    pub(super) fn limit_queues(&self, partitions: usize) {
        if self.limits_queues && partitions > 0 {
            let each = (QUEUED / partitions).clamp(*QUEUED_EACH.start(), *QUEUED_EACH.end());
            native::set_queued_min_messages(&self.client, each);
        }
    }

    /// Fills the batch, which is used up, with what comes next.
    pub(super) fn fill_batch(&mut self) {
        match &mut self.merge {
            None => self.batch.fill(&self.shared),
            Some(merge) => fill(&mut self.batch, merge, &self.routes),
        }
    }

    /// Whether records of a partition were fetched and wait for those of others.
    pub fn has_waiting(&self, slot: usize) -> bool {
        self.merge.as_ref().is_some_and(|merge| merge.has_waiting(slot))
    }

    /// Puts what is left of the batch back to where it came from, since something that is read again comes before it, and
    /// drops what was read of that partition; of its errors only if `with_errors`.
    pub(super) fn take_apart(&mut self, partition: &TopicPartition, with_errors: bool) {
        let Some(merge) = &mut self.merge else { return };
        let mut places = Vec::new();
        while let Some(slot) = self.routes.step(&mut self.batch) {
            places.extend(self.batch.place().map(|place| (slot, place)));
        }
        let take = |(slot, place)| {
            let message = self.batch.take_out(place)?;
            Some((slot, (message.timestamp(), message)))
        };
        merge.put_back(places.into_iter().filter_map(take).collect());
        if let Some(slot) = self.routes.slot_of(partition) {
            merge.retain(slot, |message| !with_errors && !message.is_record());
        }
    }
}

fn fill(batch: &mut Batch, merge: &mut Merge<OwnedMessage>, routes: &Routes) {
    let mut refill = |slot, waiting: &mut _| {
        if let Some(route) = routes.get(slot) {
            route.take(TAKEN_AT_ONCE, waiting);
        }
    };
    let next = std::iter::from_fn(|| merge.next(&mut refill).map(|(_, (_, message))| message));
    batch.fill_with(next.take(SIZE));
}
