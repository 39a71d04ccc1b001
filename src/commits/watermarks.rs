//! The watermark of every assigned partition: the only number that is ever committed.

use crate::record::TopicPartition;
use std::collections::VecDeque;

/// Names one assignment of one partition: a result that carries an old epoch is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AssignmentId {
    pub slot: usize,
    pub epoch: u64,
}

/// Follows the records of the assigned partitions from being read to being settled.
///
/// Offsets have gaps (compaction, markers), so order is all that is used, never contiguity.
#[derive(Debug, Default)]
pub struct Watermarks {
    slots: Vec<Option<Partition>>,
    last_epoch: u64,
    in_hand: u64,
    stale: u64,
}

#[derive(Debug)]
struct Partition {
    name: TopicPartition,
    epoch: u64,
    /// The position after the last record taken, or after what the client says it has passed.
    next: i64,
    /// Records taken and not settled, and settled ones behind them, in order of offset.
    in_hand: VecDeque<InHand>,
    /// An offset that was read and will never be started; nothing passes it.
    held: Option<i64>,
    /// What the group had, or the start if it had nothing; moves with every confirmed commit.
    confirmed: i64,
    settled_since_confirmed: u64,
}

#[derive(Clone, Copy, Debug)]
struct InHand {
    offset: i64,
    is_settled: bool,
}

impl Watermarks {
    /// Starts an assignment: reading begins at `start`. `confirmed` is the group's committed offset, `start`
    /// where it has none, or less than `start` where the start itself is to be committed.
    pub fn assign(&mut self, partition: TopicPartition, start: i64, confirmed: i64) -> AssignmentId {
        self.last_epoch += 1;
        let epoch = self.last_epoch;
        let partition = Partition::new(partition, epoch, start, confirmed);
        let slot = match self.slots.iter().position(Option::is_none) {
            Some(free) => free,
            None => {
                self.slots.push(None);
                self.slots.len() - 1
            }
        };
        self.slots[slot] = Some(partition);
        AssignmentId { slot, epoch }
    }

    /// Every assignment there is, with its partition.
    pub fn assigned(&self) -> impl Iterator<Item = (AssignmentId, &TopicPartition)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(slot, partition)| {
            let partition = partition.as_ref()?;
            Some((AssignmentId { slot, epoch: partition.epoch }, &partition.name))
        })
    }

    /// Ends an assignment; what is still in hand is nobody's business any more.
    pub fn release(&mut self, id: AssignmentId) {
        if let Some(partition) = self.live(id) {
            let unsettled = partition.in_hand.iter().filter(|record| !record.is_settled).count() as u64;
            self.in_hand -= unsettled;
            self.slots[id.slot] = None;
        }
    }

    /// Starts the same partition over at another offset: its log was cut, and what is in hand is of the old one.
    /// The start is owed at once: once the log has grown, a restart would pass over what came between.
    pub fn restart(&mut self, id: AssignmentId, start: i64) -> AssignmentId {
        let Some(name) = self.live(id).map(|partition| partition.name.clone()) else { return id };
        self.release(id);
        self.last_epoch += 1;
        self.slots[id.slot] = Some(Partition::new(name, self.last_epoch, start, start - 1));
        AssignmentId { slot: id.slot, epoch: self.last_epoch }
    }

    /// Takes a record in hand. False if the offset was passed before: drop the record.
    pub fn take(&mut self, id: AssignmentId, offset: i64) -> bool {
        let Some(partition) = live(&mut self.slots, id) else {
            self.stale += 1;
            return false;
        };
        if offset < partition.next {
            self.stale += 1;
            return false;
        }
        partition.next = offset + 1;
        partition.in_hand.push_back(InHand { offset, is_settled: false });
        self.in_hand += 1;
        true
    }

    /// Notes a record that was read and will not be started: the watermark never passes it.
    pub fn hold(&mut self, id: AssignmentId, offset: i64) {
        if let Some(partition) = live(&mut self.slots, id)
            && offset >= partition.next
            && partition.held.is_none_or(|held| offset < held)
        {
            partition.held = Some(offset);
        }
    }

    /// Settles one record, in any order. False if it is not in hand under this epoch.
    pub fn settle(&mut self, id: AssignmentId, offset: i64) -> bool {
        let Some(partition) = live(&mut self.slots, id) else {
            self.stale += 1;
            return false;
        };
        let Ok(index) = partition.in_hand.binary_search_by_key(&offset, |record| record.offset) else {
            return false;
        };
        if std::mem::replace(&mut partition.in_hand[index].is_settled, true) {
            return false;
        }
        partition.settled_since_confirmed += 1;
        self.in_hand -= 1;
        partition.pass_settled();
        true
    }

    /// Lets go of the record taken last, which is not to be handled: nothing of it is kept, however many of its
    /// kind lie behind one that is in hand.
    pub fn leave_out(&mut self, id: AssignmentId, offset: i64) {
        if let Some(partition) = live(&mut self.slots, id)
            && partition.in_hand.back().is_some_and(|record| record.offset == offset)
        {
            partition.in_hand.pop_back();
            partition.settled_since_confirmed += 1;
            self.in_hand -= 1;
        }
    }

    /// Settles every record below `next`; returns how many were in hand.
    pub fn settle_before(&mut self, id: AssignmentId, next: i64) -> u64 {
        let Some(partition) = live(&mut self.slots, id) else {
            self.stale += 1;
            return 0;
        };
        let mut settled = 0;
        while partition.in_hand.front().is_some_and(|record| record.offset < next) {
            if partition.in_hand.pop_front().is_some_and(|record| !record.is_settled) {
                settled += 1;
            }
        }
        partition.pass_settled();
        partition.settled_since_confirmed += settled;
        self.in_hand -= settled;
        settled
    }

    /// Moves to the client's position, which passes markers as well. Only when every record that the client
    /// handed out was taken: one batch moves its position over all of them.
    pub fn advance(&mut self, id: AssignmentId, position: i64) {
        if let Some(partition) = live(&mut self.slots, id)
            && partition.held.is_none()
        {
            partition.next = partition.next.max(position);
        }
    }

    /// The position after the last record taken.
    pub fn next(&self, id: AssignmentId) -> Option<i64> {
        self.live(id).map(|partition| partition.next)
    }

    /// The lowest offset in hand, or the position after the last record with nothing in hand.
    pub fn watermark(&self, id: AssignmentId) -> Option<i64> {
        self.live(id).map(Partition::watermark)
    }

    /// From the watermark to the position after the last record taken: so many offsets come again after a crash.
    pub fn span(&self, id: AssignmentId) -> i64 {
        self.live(id).map_or(0, |partition| partition.next - partition.watermark())
    }

    /// The highest record that is settled while one below it is not.
    pub fn highest_settled(&self, id: AssignmentId) -> Option<i64> {
        let mut in_hand = self.live(id)?.in_hand.iter().rev();
        in_hand.find(|record| record.is_settled).map(|record| record.offset)
    }

    /// The offset to commit, if there is one above what is confirmed.
    pub fn owed(&self, id: AssignmentId) -> Option<i64> {
        let partition = self.live(id)?;
        Some(partition.watermark()).filter(|watermark| *watermark > partition.confirmed)
    }

    /// Notes that the group has `offset` now.
    pub fn confirm(&mut self, id: AssignmentId, offset: i64, records: u64) {
        if let Some(partition) = live(&mut self.slots, id) {
            partition.confirmed = partition.confirmed.max(offset);
            partition.settled_since_confirmed = partition.settled_since_confirmed.saturating_sub(records);
        }
    }

    /// Settled records that no confirmed commit covers yet.
    pub fn settled_since_confirmed(&self, id: AssignmentId) -> u64 {
        self.live(id).map_or(0, |partition| partition.settled_since_confirmed)
    }

    /// Nothing that was taken is unsettled.
    pub fn is_settled(&self, id: AssignmentId) -> bool {
        self.live(id).is_none_or(|partition| partition.in_hand.is_empty())
    }

    /// Unsettled records of all partitions.
    pub fn in_hand(&self) -> u64 {
        self.in_hand
    }

    /// Records and results dropped because their assignment had ended or their offset was passed.
    pub fn stale(&self) -> u64 {
        self.stale
    }

    fn live(&self, id: AssignmentId) -> Option<&Partition> {
        self.slots.get(id.slot)?.as_ref().filter(|partition| partition.epoch == id.epoch)
    }
}

impl Partition {
    fn new(name: TopicPartition, epoch: u64, start: i64, confirmed: i64) -> Partition {
        let in_hand = VecDeque::new();
        Partition { name, epoch, next: start, in_hand, held: None, confirmed, settled_since_confirmed: 0 }
    }

    fn pass_settled(&mut self) {
        while self.in_hand.front().is_some_and(|record| record.is_settled) {
            self.in_hand.pop_front();
        }
    }

    fn watermark(&self) -> i64 {
        let lowest = self.in_hand.front().map_or(self.next, |record| record.offset);
        self.held.map_or(lowest, |held| lowest.min(held))
    }
}

fn live(slots: &mut [Option<Partition>], id: AssignmentId) -> Option<&mut Partition> {
    slots.get_mut(id.slot)?.as_mut().filter(|partition| partition.epoch == id.epoch)
}

#[cfg(test)]
mod tests;
