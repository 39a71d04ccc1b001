//! The newest records of all (`--last`): kept until everything that may hold one of them was read.

use super::filter::Checked;
use super::{Delivery, Fate, PartitionPlace, ReadyRecord, Submitted};
use crate::commits::AssignmentId;
use crate::record::{OwnedRecord, Record, TopicPartition};
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};
use std::vec;

/// The newest records of those that were offered so far.
pub struct NewestRecords {
    /// How many are wanted.
    limit: u64,
    /// The oldest comes first, to give way to a newer one.
    kept: BinaryHeap<Reverse<Box<KeptRecord>>>,
    /// How many records of each partition were offered, by slot.
    offered: Vec<u64>,
    /// What is still to be delivered, once no more are offered.
    shown: Option<ShownRecords>,
}

/// Records that are delivered, the oldest last, and the assignment of each slot.
#[derive(Default)]
struct ShownRecords {
    ids: HashMap<usize, AssignmentId>,
    rest: vec::IntoIter<Reverse<Box<KeptRecord>>>,
}

/// A record that is among the newest so far.
struct KeptRecord {
    slot: usize,
    record: OwnedRecord,
    checked: Option<Checked>,
}

/// Decides which of two records is newer. Where timestamps do not, the place does, so that it is always the same one.
type Age<'r> = (Option<i64>, &'r str, i32, i64);

impl KeptRecord {
    fn age(&self) -> Age<'_> {
        let OwnedRecord { timestamp, partition, offset, .. } = &self.record;
        (*timestamp, &partition.topic, partition.partition, *offset)
    }
}

impl Ord for KeptRecord {
    fn cmp(&self, other: &KeptRecord) -> Ordering {
        self.age().cmp(&other.age())
    }
}

impl PartialOrd for KeptRecord {
    fn partial_cmp(&self, other: &KeptRecord) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for KeptRecord {
    fn eq(&self, other: &KeptRecord) -> bool {
        self.age() == other.age()
    }
}

impl Eq for KeptRecord {}

impl NewestRecords {
    /// `None` if records are delivered as they come.
    pub(super) fn new(last: Option<u64>) -> Option<Box<NewestRecords>> {
        last.map(|limit| {
            let (kept, offered) = (BinaryHeap::new(), Vec::new());
            Box::new(NewestRecords { limit, kept, offered, shown: None })
        })
    }

    fn offer(&mut self, place: &PartitionPlace<'_>, record: &Record<'_>, checked: Option<Checked>) {
        let slot = place.id.slot;
        if self.offered.len() <= slot {
            self.offered.resize(slot + 1, 0);
        }
        self.offered[slot] += 1;
        if self.kept.len() as u64 >= self.limit {
            let age = (record.timestamp, record.topic, record.partition, record.offset);
            if self.kept.peek().is_some_and(|Reverse(oldest)| age < oldest.age()) {
                return;
            }
            self.kept.pop();
        }
        let record = OwnedRecord::copy(record, place.partition.clone());
        self.kept.push(Reverse(Box::new(KeptRecord { slot, record, checked })));
    }

    fn show(&mut self, ids: Vec<AssignmentId>) {
        // In this order `Reverse` puts the oldest last.
        let kept = std::mem::take(&mut self.kept).into_sorted_vec();
        self.shown = Some(ShownRecords {
            ids: ids.into_iter().map(|id| (id.slot, id)).collect(),
            rest: kept.into_iter(),
        });
    }

    fn is_collecting(&self) -> bool {
        self.shown.is_none()
    }

    /// Records are still to be delivered.
    fn is_showing(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.rest.len() > 0)
    }

    /// The next record to be delivered.
    pub(super) fn take(&mut self) -> Option<ReadyRecord> {
        let ShownRecords { ids, rest } = self.shown.as_mut()?;
        let Reverse(kept) = rest.next_back()?;
        let KeptRecord { slot, record, checked } = *kept;
        let id = *ids.get(&slot)?;
        Some(ReadyRecord { id, record, is_left_out: false, checked })
    }

    /// Nothing of it is delivered any more.
    pub(super) fn give_up(&mut self) {
        self.kept.clear();
        self.shown = Some(ShownRecords::default());
    }
}

impl Delivery<'_> {
    /// Records are kept, and nothing is delivered yet.
    pub fn is_collecting(&self) -> bool {
        self.newest.as_ref().is_some_and(|newest| newest.is_collecting())
    }

    /// Records that were kept are being delivered.
    pub fn is_showing_newest(&self) -> bool {
        self.newest.as_ref().is_some_and(|newest| newest.is_showing())
    }

    /// Whether as many records of a partition were kept, or not needed, as are wanted in all.
    pub fn has_enough_of(&self, slot: usize) -> bool {
        self.newest
            .as_ref()
            .is_none_or(|newest| newest.offered.get(slot).is_some_and(|count| *count >= newest.limit))
    }

    /// The offsets of the records that are kept of each partition, in order.
    pub fn kept_offsets(&self) -> HashMap<TopicPartition, Vec<i64>> {
        let mut offsets: HashMap<TopicPartition, Vec<i64>> = HashMap::new();
        for Reverse(kept) in self.newest.iter().flat_map(|newest| &newest.kept) {
            offsets.entry(kept.record.partition.clone()).or_default().push(kept.record.offset);
        }
        offsets.values_mut().for_each(|offsets| offsets.sort_unstable());
        offsets
    }

    /// Delivers what was kept from now on, the oldest first. `ids`: the assignments under which it is in hand.
    pub fn show_newest(&mut self, ids: Vec<AssignmentId>) {
        if let Some(newest) = &mut self.newest {
            newest.show(ids);
        }
    }

    /// Keeps a record that would be delivered otherwise. Gives back what is known of one that would not.
    pub(super) fn keep_if_newest(
        &mut self,
        place: &PartitionPlace<'_>,
        record: &Record<'_>,
        checked: Option<Checked>,
    ) -> Result<Submitted, Option<Checked>> {
        let has_handlers = self.has_handlers();
        let is_wanted =
            |checked: &Checked| !checked.is_filtered && (has_handlers || checked.failure.is_none());
        match &mut self.newest {
            Some(newest) if newest.is_collecting() && checked.as_ref().is_none_or(is_wanted) => {
                newest.offer(place, record, checked);
                Ok(Submitted { fate: Fate::Kept, notices: Vec::new() })
            }
            Some(_) | None => Err(checked),
        }
    }
}
