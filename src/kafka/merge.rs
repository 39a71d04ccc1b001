//! A merge of partitions by the timestamps of their records, one that knows nothing of Kafka.

use crate::record::TopicPartition;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// A message that waits for its turn, and its timestamp; those without one come first.
pub type Timed<M> = (Option<i64>, M);

/// Gives the messages of all partitions in the order of their timestamps. Those of one partition keep their order,
/// whatever their timestamps are. No message is given while a partition may still deliver an earlier one.
pub struct Merge<M> {
    /// By slot.
    lanes: Vec<Option<Lane<M>>>,
    /// The first message of each lane that has one: its timestamp, the rank of its partition, its slot.
    heads: BinaryHeap<Reverse<(Option<i64>, usize, usize)>>,
    /// The slots of lanes that are empty and may deliver more.
    awaited: Vec<usize>,
}

/// Messages of one partition that wait for their turn.
struct Lane<M> {
    partition: TopicPartition,
    /// Where the partition stands among all, to decide between messages of one time.
    rank: usize,
    waiting: VecDeque<Timed<M>>,
    /// Nothing of it is wanted any more.
    is_finished: bool,
    /// Nothing more is taken of it for now.
    is_held: bool,
}

impl<M> Default for Merge<M> {
    fn default() -> Merge<M> {
        Merge { lanes: Vec::new(), heads: BinaryHeap::new(), awaited: Vec::new() }
    }
}

impl<M> Merge<M> {
    /// Adds a partition, of which something is awaited from now on.
    pub fn insert(&mut self, slot: usize, partition: TopicPartition) {
        if self.lanes.len() <= slot {
            self.lanes.resize_with(slot + 1, || None);
        }
        let lane = Lane { partition, rank: 0, waiting: VecDeque::new(), is_finished: false, is_held: false };
        self.lanes[slot] = Some(lane);
        let mut slots: Vec<usize> =
            (0..self.lanes.len()).filter(|slot| self.lanes[*slot].is_some()).collect();
        slots.sort_by(|one, other| self.partition(*one).cmp(&self.partition(*other)));
        for (rank, slot) in slots.into_iter().enumerate() {
            if let Some(lane) = &mut self.lanes[slot] {
                lane.rank = rank;
            }
        }
        self.sort_out();
    }

    /// Takes a partition out.
    pub fn remove(&mut self, slot: usize) {
        if let Some(lane) = self.lanes.get_mut(slot) {
            *lane = None;
        }
        self.sort_out();
    }

    /// Awaits nothing more of a partition, and drops what waits of it.
    pub fn finish(&mut self, slot: usize) {
        if let Some(lane) = self.lane_mut(slot) {
            lane.is_finished = true;
            lane.waiting.clear();
        }
        self.sort_out();
    }

    /// Takes nothing more of a partition, but for what waits already, or takes more again.
    pub fn hold(&mut self, slot: usize, is_held: bool) {
        if let Some(lane) = self.lane_mut(slot) {
            lane.is_held = is_held;
        }
    }

    pub fn is_held(&self, slot: usize) -> bool {
        self.lane(slot).is_some_and(|lane| lane.is_held)
    }

    /// Whether messages of a partition wait for their turn.
    pub fn has_waiting(&self, slot: usize) -> bool {
        self.lane(slot).is_some_and(|lane| !lane.waiting.is_empty())
    }

    /// Drops what waits of a partition, but for what is to stay.
    pub fn retain(&mut self, slot: usize, stays: impl Fn(&M) -> bool) {
        if let Some(lane) = self.lane_mut(slot) {
            lane.waiting.retain(|(_, message)| stays(message));
        }
        self.sort_out();
    }

    /// Puts messages back that were given last, in the order in which they were given.
    pub fn put_back(&mut self, messages: Vec<(usize, Timed<M>)>) {
        for (slot, message) in messages.into_iter().rev() {
            if let Some(lane) = self.lane_mut(slot).filter(|lane| !lane.is_finished) {
                lane.waiting.push_front(message);
            }
        }
        self.sort_out();
    }

    /// The next message and its slot; none while something is awaited. `refill` gets a slot and adds what has come of it.
    pub fn next(
        &mut self,
        refill: &mut impl FnMut(usize, &mut VecDeque<Timed<M>>),
    ) -> Option<(usize, Timed<M>)> {
        let mut awaited = std::mem::take(&mut self.awaited);
        awaited.retain(|slot| !self.fill(*slot, refill));
        self.awaited = awaited;
        if !self.awaited.is_empty() {
            return None;
        }
        let Reverse((.., slot)) = self.heads.pop()?;
        let message = self.lane_mut(slot)?.waiting.pop_front()?;
        if !self.fill(slot, refill) {
            self.awaited.push(slot);
        }
        Some((slot, message))
    }

    /// Sees to it that the lane of a slot has a message, if one has come; its first one is a head from then on.
    fn fill(&mut self, slot: usize, refill: &mut impl FnMut(usize, &mut VecDeque<Timed<M>>)) -> bool {
        let Some(lane) = self.lanes.get_mut(slot).and_then(Option::as_mut) else { return true };
        if lane.waiting.is_empty() && !lane.is_held {
            refill(slot, &mut lane.waiting);
        }
        let Some((timestamp, _)) = lane.waiting.front() else { return false };
        self.heads.push(Reverse((*timestamp, lane.rank, slot)));
        true
    }

    /// Finds heads and awaited lanes anew.
    fn sort_out(&mut self) {
        (self.heads, self.awaited) = (BinaryHeap::new(), Vec::new());
        for (slot, lane) in self.lanes.iter().enumerate() {
            match lane {
                Some(lane) if !lane.is_finished => match lane.waiting.front() {
                    Some((timestamp, _)) => self.heads.push(Reverse((*timestamp, lane.rank, slot))),
                    None => self.awaited.push(slot),
                },
                Some(_) | None => {}
            }
        }
    }

    fn lane(&self, slot: usize) -> Option<&Lane<M>> {
        self.lanes.get(slot)?.as_ref()
    }

    fn lane_mut(&mut self, slot: usize) -> Option<&mut Lane<M>> {
        self.lanes.get_mut(slot)?.as_mut()
    }

    fn partition(&self, slot: usize) -> Option<&TopicPartition> {
        self.lane(slot).map(|lane| &lane.partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A merge of partitions that deliver these timestamps, a few at a time; a message is its place.
    struct Merged {
        merge: Merge<(usize, usize)>,
        logs: Vec<Vec<i64>>,
        read: Vec<usize>,
    }

    impl Merged {
        fn new(logs: &[Vec<i64>]) -> Merged {
            let mut merge = Merge::default();
            // The slots are not in the order of the partitions.
            for slot in (0..logs.len()).rev() {
                merge.insert(slot, TopicPartition { topic: "t".into(), partition: slot as i32 });
            }
            Merged { merge, logs: logs.to_vec(), read: vec![0; logs.len()] }
        }

        /// The next message, when so many may be read of a partition at once. A partition at its end is finished.
        fn next(&mut self, at_once: usize) -> Option<(usize, usize)> {
            for slot in 0..self.logs.len() {
                if self.read[slot] == self.logs[slot].len() && !self.merge.has_waiting(slot) {
                    self.merge.finish(slot);
                }
            }
            let Merged { merge, logs, read } = self;
            let taken = merge.next(&mut |slot, waiting| {
                for _ in 0..at_once.min(logs[slot].len() - read[slot]) {
                    waiting.push_back((Some(logs[slot][read[slot]]), (slot, read[slot])));
                    read[slot] += 1;
                }
            });
            taken.map(|(slot, (_, message))| {
                assert_eq!(slot, message.0);
                message
            })
        }

        fn rest(&mut self, at_once: usize) -> Vec<(usize, usize)> {
            std::iter::from_fn(|| self.next(at_once)).collect()
        }
    }

    #[test]
    fn nothing_is_given_while_a_partition_may_deliver_something_earlier() {
        let mut merged = Merged::new(&[vec![10, 30, 50], vec![20], vec![60]]);
        assert_eq!(merged.next(0), None, "nothing has come");
        assert_eq!(merged.next(1), Some((0, 0)));
        merged.merge.hold(0, true);
        assert_eq!(
            merged.rest(1),
            [(1, 0), (0, 1)],
            "what comes next in partition 0 may be earlier than the others"
        );
        merged.merge.hold(0, false);
        assert_eq!(merged.rest(1), [(0, 2), (2, 0)]);
    }

    #[test]
    fn messages_without_a_timestamp_come_first_and_those_of_one_time_by_partition() {
        let mut merged = Merged::new(&[vec![5, 5], vec![5], vec![5]]);
        assert_eq!(merged.rest(2), [(0, 0), (0, 1), (1, 0), (2, 0)]);
        let mut merge = Merge::default();
        merge.insert(0, TopicPartition { topic: "b".into(), partition: 0 });
        merge.insert(1, TopicPartition { topic: "a".into(), partition: 1 });
        merge.insert(2, TopicPartition { topic: "a".into(), partition: 2 });
        let mut times = [Some(-1), Some(-1), None].map(Some);
        let mut next =
            || merge.next(&mut |slot, waiting| waiting.extend(times[slot].take().map(|time| (time, ()))));
        assert_eq!(next().map(|(slot, _)| slot), Some(2));
        merge.finish(2);
        let mut next = || merge.next(&mut |_, _| {});
        assert_eq!(next().map(|(slot, _)| slot), Some(1), "topics are in the order of their names");
    }

    #[test]
    fn what_is_put_back_comes_again_unless_it_is_read_again() {
        let mut merged = Merged::new(&[vec![10, 30, 50], vec![20, 40]]);
        let taken: Vec<_> = (0..3).filter_map(|_| merged.next(9)).collect();
        assert_eq!(taken, [(0, 0), (1, 0), (0, 1)]);
        let timed =
            |message: &(usize, usize)| (message.0, (Some(merged.logs[message.0][message.1]), *message));
        let back: Vec<_> = taken[1..].iter().map(timed).collect();
        merged.merge.put_back(back);
        merged.merge.retain(1, |_| false);
        merged.read[1] = 0;
        assert_eq!(merged.rest(1), [(1, 0), (0, 1), (1, 1), (0, 2)]);
    }

    proptest! {
        #[test]
        fn all_messages_are_given_each_partition_in_order_and_the_earliest_head_first(
            logs in prop::collection::vec(prop::collection::vec(0i64..50, 0..40), 1..6),
            at_once in 1usize..9,
        ) {
            let mut merged = Merged::new(&logs);
            let given = merged.rest(at_once);
            let mut next = vec![0; logs.len()];
            for (slot, index) in &given {
                prop_assert_eq!(next[*slot], *index);
                let heads = (0..logs.len()).filter_map(|slot| Some((*logs[slot].get(next[slot])?, slot)));
                prop_assert_eq!(heads.min(), Some((logs[*slot][*index], *slot)));
                next[*slot] += 1;
            }
            prop_assert_eq!(given.len(), logs.iter().map(Vec::len).sum::<usize>());
        }
    }
}
