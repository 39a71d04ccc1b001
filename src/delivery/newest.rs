//! The newest records of all (`--last`): kept until everything that may hold one of them was read.

use super::filter::Checked;
use super::{Delivery, Fate, PartitionPlace, ReadyRecord, Submitted};
use crate::commits::AssignmentId;
use crate::record::{OwnedRecord, Record, TopicPartition};
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};
use std::vec;

/// So many records that failed are kept; only those among the newest are told of.
const MOST_FAILED: u64 = 1_000;

/// Records of which the oldest comes first, to give way to a newer one.
type OldestFirst = BinaryHeap<Reverse<Box<KeptRecord>>>;

/// The newest records of those that were offered so far.
pub struct NewestRecords {
    /// How many are wanted.
    limit: u64,
    kept: OldestFirst,
    /// The newest of those that are not delivered but told of, and do not count.
    failed: OldestFirst,
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
            let (kept, failed) = (BinaryHeap::new(), BinaryHeap::new());
            Box::new(NewestRecords { limit, kept, failed, offered: Vec::new(), shown: None })
        })
    }

    fn offer(&mut self, place: &PartitionPlace<'_>, record: &Record<'_>, checked: Option<Checked>) {
        let slot = place.id.slot;
        if self.offered.len() <= slot {
            self.offered.resize(slot + 1, 0);
        }
        self.offered[slot] += 1;
        keep(&mut self.kept, self.limit, place, record, checked);
    }

    /// The oldest record that is delivered, if there are as many as are wanted: older ones do not matter.
    fn oldest(&self) -> Option<&Reverse<Box<KeptRecord>>> {
        self.kept.peek().filter(|_| self.kept.len() as u64 >= self.limit)
    }

    /// The records that are delivered or told of as it is now.
    fn chosen(&self) -> impl Iterator<Item = &KeptRecord> {
        let oldest = self.oldest();
        let is_newer = move |failed: &&Reverse<Box<KeptRecord>>| oldest.is_none_or(|oldest| *failed < oldest);
        self.kept.iter().chain(self.failed.iter().filter(is_newer)).map(|Reverse(record)| &**record)
    }

    fn show(&mut self, ids: Vec<AssignmentId>) {
        let mut failed = std::mem::take(&mut self.failed);
        let oldest = self.oldest();
        failed.retain(|failed| oldest.is_none_or(|oldest| failed < oldest));
        // In this order `Reverse` puts the oldest last.
        let mut kept = std::mem::take(&mut self.kept);
        kept.append(&mut failed);
        let kept = kept.into_sorted_vec();
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
        self.failed.clear();
        self.shown = Some(ShownRecords::default());
    }
}

/// Keeps a record if it is among the newest.
fn keep(
    kept: &mut OldestFirst,
    limit: u64,
    place: &PartitionPlace<'_>,
    record: &Record<'_>,
    checked: Option<Checked>,
) {
    if kept.len() as u64 >= limit {
        let age = (record.timestamp, record.topic, record.partition, record.offset);
        if kept.peek().is_some_and(|Reverse(oldest)| age < oldest.age()) {
            return;
        }
        kept.pop();
    }
    let record = OwnedRecord::copy(record, place.partition.clone());
    kept.push(Reverse(Box::new(KeptRecord { slot: place.id.slot, record, checked })));
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
        for kept in self.newest.iter().flat_map(|newest| newest.chosen()) {
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
            Some(newest) if newest.is_collecting() => {
                if checked.as_ref().is_none_or(is_wanted) {
                    newest.offer(place, record, checked);
                } else {
                    // Whether it matters shows once the newest are known.
                    keep(&mut newest.failed, MOST_FAILED, place, record, checked);
                }
                Ok(Submitted { fate: Fate::Kept, notices: Vec::new() })
            }
            Some(_) | None => Err(checked),
        }
    }
}
