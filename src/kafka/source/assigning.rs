//! Which partitions are read, and from where.

use super::{Assigned, Source};
use crate::kafka::close;
use crate::kafka::native::{
    self, ClientQueue, NO_OFFSET, PartitionList, c_string, code_words, error_code, error_words, native,
};
use crate::kafka::route::Route;
use crate::record::TopicPartition;
use rdkafka::bindings as rd;
use rdkafka::consumer::{Consumer as _, RebalanceProtocol};
use std::time::Duration;

impl Source {
    /// Starts reading partitions at concrete offsets; a logical one would cost 100 ms. `others` are read already,
    /// with where each goes on; they are started anew in a group that is not cooperative.
    pub fn assign(&mut self, assigned: &[Assigned], others: &[(TopicPartition, i64)]) -> Result<(), String> {
        for Assigned { partition, slot, .. } in assigned {
            let topic = c_string(&partition.topic);
            let queue = ClientQueue::of_partition(&self.client, &topic, partition.partition);
            // Before the assignment, so that nothing lands on the consumer's queue.
            let route = match &mut self.merge {
                None => {
                    queue.forward_to(&self.shared);
                    Route::new(partition.clone(), queue)
                }
                Some(merge) => {
                    queue.ring(self.opening.descriptor);
                    merge.insert(*slot, partition.clone());
                    Route::apart(partition.clone(), queue)
                }
            };
            self.routes.insert(*slot, route);
        }
        self.limit_queues(self.routes.iter().count());
        let mut all: Vec<_> = assigned.iter().map(|one| (&one.partition, one.start)).collect();
        if others.is_empty() {
            return self.change(&PartitionList::of(all.into_iter()), true);
        }
        if matches!(self.client.rebalance_protocol(), RebalanceProtocol::Eager) {
            // An assignment replaces the one before.
            all.extend(others.iter().map(|(partition, next)| (partition, *next)));
            self.change(&PartitionList::of(all.into_iter()), true)?;
        } else {
            self.add(&PartitionList::of(all.into_iter()))?;
        }
        self.forward_again();
        Ok(())
    }

    /// Stops reading partitions; what was read of them and not looked at is dropped.
    pub fn unassign(&mut self, partitions: &[(TopicPartition, Option<usize>)]) -> Result<(), String> {
        for (partition, slot) in partitions {
            let Some(slot) = slot else { continue };
            self.batch.purge(partition);
            self.routes.remove(*slot);
            if let Some(merge) = &mut self.merge {
                merge.remove(*slot);
            }
        }
        // What was never assigned cannot be taken off, but the group waits for an answer all the same.
        let read: Vec<_> = partitions.iter().filter(|(_, slot)| slot.is_some()).collect();
        let list = PartitionList::of(read.into_iter().map(|(partition, _)| (partition, NO_OFFSET)));
        // librdkafka keeps a partition paused over assignments: given back to us it would never be read.
        // SAFETY: client and list are alive; one that is not paused is left as it is.
        let _ = unsafe { rd::rd_kafka_resume_partitions(native(&self.client), list.pointer()) };
        self.change(&list, false)
    }

    /// Assigns partitions besides those that are assigned: in a cooperative group, or in none.
    fn add(&self, list: &PartitionList) -> Result<(), String> {
        // SAFETY: client and list are alive; the call copies the list.
        let error =
            unsafe { error_words(rd::rd_kafka_incremental_assign(native(&self.client), list.pointer())) };
        error.map_or(Ok(()), Err)
    }

    fn change(&self, list: &PartitionList, is_assign: bool) -> Result<(), String> {
        let handle = native(&self.client);
        let is_cooperative = close::is_cooperative(&self.client);
        // SAFETY: client and list are alive; the calls copy the list. A null list unassigns everything.
        let error = unsafe {
            match (is_cooperative, is_assign) {
                (true, true) => error_words(rd::rd_kafka_incremental_assign(handle, list.pointer())),
                (true, false) => error_words(rd::rd_kafka_incremental_unassign(handle, list.pointer())),
                (false, true) => code_words(rd::rd_kafka_assign(handle, list.pointer())),
                (false, false) => code_words(rd::rd_kafka_assign(handle, std::ptr::null())),
            }
        };
        error.map_or(Ok(()), Err)
    }

    /// Continues at another offset, without assigning again: that would lose the forward.
    pub fn seek(&self, partition: &TopicPartition, offset: i64) -> Result<(), String> {
        // Without waiting nobody is told whether it was possible.
        self.seek_within(partition, offset, Duration::ZERO)
    }

    fn seek_within(&self, partition: &TopicPartition, offset: i64, limit: Duration) -> Result<(), String> {
        let list = PartitionList::of([(partition, offset)].into_iter());
        let limit = native::milliseconds(limit);
        // SAFETY: client and list are alive.
        let error =
            unsafe { error_words(rd::rd_kafka_seek_partitions(native(&self.client), list.pointer(), limit)) };
        // SAFETY: the element is alive.
        let refused = |element: &rd::rd_kafka_topic_partition_t| unsafe {
            code_words(error_code(&raw const element.err))
        };
        let refused = list.elements().iter().find_map(refused).filter(|_| limit > 0);
        error.or(refused).map_or(Ok(()), Err)
    }

    /// Continues at another offset like `seek`, and drops what was read of the partition already.
    pub fn read_again(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), String> {
        self.take_apart(partition, false);
        self.batch.purge_records(partition);
        self.routes.forget_origins();
        self.seek(partition, offset)
    }

    /// Continues at an earlier offset. Returns once librdkafka has forgotten the position of before, which takes its main
    /// thread no time, or when that has not answered for long.
    pub fn read_back(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), String> {
        const LIMIT: Duration = Duration::from_secs(5);
        self.batch.purge_records(partition);
        self.routes.forget_origins();
        self.seek_within(partition, offset, LIMIT)
    }

    /// Reads a partition on from another offset although it has stopped: after an offset out of range librdkafka
    /// refuses to seek (`rd_kafka_toppar_seek`) and tells nobody. `all` is what is assigned, with where each goes on.
    pub fn start_over(
        &mut self,
        partition: &TopicPartition,
        offset: i64,
        all: &[(TopicPartition, i64)],
    ) -> Result<(), String> {
        self.take_apart(partition, true);
        self.batch.purge(partition);
        self.routes.forget_origins();
        if close::is_cooperative(&self.client) {
            self.change(&PartitionList::of([(partition, NO_OFFSET)].into_iter()), false)?;
            self.change(&PartitionList::of([(partition, offset)].into_iter()), true)?;
        } else {
            let list = PartitionList::of(all.iter().map(|(partition, offset)| (partition, *offset)));
            self.change(&list, true)?;
        }
        self.forward_again();
        Ok(())
    }

    /// Stops fetching a partition that is read to its end; what was prefetched of it is thrown away.
    pub fn pause(&mut self, partition: &TopicPartition) {
        if let (Some(merge), Some(slot)) = (&mut self.merge, self.routes.slot_of(partition)) {
            merge.finish(slot);
        }
        let list = PartitionList::without_offsets(std::slice::from_ref(partition));
        // SAFETY: client and list are alive. Going on fetching what nobody takes is no harm.
        let _ = unsafe { rd::rd_kafka_pause_partitions(native(&self.client), list.pointer()) };
    }
}
