//! Where records come from: the queues of all assigned partitions, forwarded to one queue of ours.

mod opening;

use super::arrival::{Arrival, Coming};
use super::batch::Batch;
use super::client::{ClientEvent, Consumer};
use super::close;
use super::commit::{CommitAnswer, CommitRefusal, CommitRequest};
use super::errors::{self, Trouble};
use super::fetch_size::FetchSize;
use super::look_up::{Answer, LookUps};
use super::native::{
    self, ClientQueue, NO_OFFSET, PartitionList, c_string, code_words, error_code, error_words, native,
};
use super::route::Route;
use super::routes::Routes;
use crate::record::{Record, TopicPartition};
use opening::Opening;
use rdkafka::bindings as rd;
use rdkafka::consumer::{Consumer as _, RebalanceProtocol};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// Events served in one turn: a storm of log lines does not keep records waiting.
const EVENTS_A_TURN: usize = 100;

/// An assigned partition: records of it carry `slot`.
#[derive(Clone, Debug)]
pub struct Assigned {
    pub partition: TopicPartition,
    pub slot: usize,
    pub start: i64,
}

/// The consumer with its queues. Owned by the poller, which is the only one to call it.
pub struct Source {
    // Fields are dropped in this order: queues before the client.
    batch: Batch,
    fetch_size: FetchSize,
    routes: Routes,
    shared: ClientQueue,
    served: ClientQueue,
    events: Receiver<ClientEvent>,
    look_ups: LookUps,
    answers: Receiver<Answer>,
    commit: Option<CommitRequest>,
    wants_statistics: Arc<AtomicBool>,
    opening: Opening,
    client: Arc<Consumer>,
}

impl Source {
    /// Says whether records carry their headers; they do if not told otherwise.
    pub fn read_headers(&mut self, is_wanted: bool) {
        self.batch.reads_headers = is_wanted;
    }

    pub fn look_ups(&self) -> &LookUps {
        &self.look_ups
    }

    /// Joins the group, or changes what it reads.
    pub fn subscribe(&self, topics: &[&str]) -> Result<(), String> {
        self.client.subscribe(topics).map_err(|error| error.to_string())
    }

    /// Leaves the group until `subscribe`, once partitions are given back; static members leave, too.
    pub fn leave(&self) {
        self.client.unsubscribe();
    }

    /// Serves rebalances, errors and log lines; keeps the membership alive.
    pub fn serve(&self) {
        for _ in 0..EVENTS_A_TURN {
            // Records never arrive here, and each error came to the context before, with its reason.
            drop(self.client.poll(Duration::ZERO));
            // One poll may serve something and return nothing: only the length tells.
            if self.served.is_empty() {
                break;
            }
        }
        if let Some(is_sparse) = self.client.client().context().outage.change(Instant::now()) {
            native::set_sparse_connections(&self.client, is_sparse);
        }
    }

    pub fn event(&self) -> Option<ClientEvent> {
        self.events.try_recv().ok()
    }

    /// The answer that `ClientEvent::Answered` has told of.
    pub fn answer(&self) -> Option<Answer> {
        self.answers.try_recv().ok()
    }

    /// Returns the fatal error of the client, after which it delivers nothing any more.
    pub fn fatal_error(&self) -> Option<Trouble> {
        self.client.client().fatal_error().map(|(code, reason)| errors::trouble(code, &reason))
    }

    /// Takes a new batch if the last one is used up. True if there is something to look at.
    pub fn fill(&mut self) -> bool {
        if self.batch.is_used_up() {
            self.batch.fill(&self.shared);
            let waiting = self.waiting();
            self.fetch_size.follow(&self.batch, self.shared.length(), waiting);
        }
        !self.batch.is_used_up()
    }

    /// How many bytes were fetched of partitions that are held.
    fn waiting(&self) -> usize {
        self.routes.iter().map(Route::waiting).sum()
    }

    /// Whether nothing that was fetched of a partition waits to be looked at.
    pub fn is_drained(&self, slot: usize) -> bool {
        let route = self.routes.get(slot);
        self.is_used_up() && self.shared.is_empty() && route.is_none_or(Route::is_drained)
    }

    /// Whether everything that was read was looked at, so that positions mean what they say.
    pub fn is_used_up(&self) -> bool {
        self.batch.is_used_up()
    }

    /// Returns the next record or error of the batch.
    pub fn next(&mut self) -> Option<Arrival<'_>> {
        let Some(slot) = self.routes.step(&mut self.batch) else {
            // The whole batch was looked at.
            self.batch.advance();
            return None;
        };
        if let Some((code, offset, reason)) = self.batch.error() {
            return Some(Arrival::Trouble { slot, offset, trouble: errors::trouble(code, &reason) });
        }
        let route = self.routes.get_mut(slot)?;
        let record = self.batch.record(&route.partition.topic)?;
        route.sizes.add(record.size() as usize);
        Some(Arrival::Record { slot, record })
    }

    /// What is known about what `next` will return, if that is a record.
    pub fn coming(&mut self) -> Option<Coming> {
        let place = self.batch.place();
        let coming =
            self.routes.step(&mut self.batch).filter(|_| !self.batch.is_error()).and_then(|slot| {
                Some(Coming { index: self.batch.place()?, slot, offset: self.batch.offset()? })
            });
        self.batch.go_back(place);
        coming
    }

    /// Shows the records of the batch that `next` will give, with their places in it, as long as `look` wants more.
    pub fn look_ahead(
        &mut self,
        with_headers: bool,
        look: &mut dyn FnMut(usize, usize, &Record<'_>) -> bool,
    ) {
        let place = self.batch.place();
        let reads_headers = std::mem::replace(&mut self.batch.reads_headers, with_headers);
        while let Some(slot) = self.routes.step(&mut self.batch) {
            let topic = self.routes.get(slot).map(|route| &route.partition.topic);
            let (Some(topic), Some(index), false) = (topic, self.batch.place(), self.batch.is_error()) else {
                continue;
            };
            if self.batch.record(topic).is_some_and(|record| !look(slot, index, &record)) {
                break;
            }
        }
        self.batch.reads_headers = reads_headers;
        self.batch.go_back(place);
    }

    /// Starts reading partitions at concrete offsets; a logical one would cost 100 ms. `others` are read already,
    /// with where each goes on; they are started anew in a group that is not cooperative.
    pub fn assign(&mut self, assigned: &[Assigned], others: &[(TopicPartition, i64)]) -> Result<(), String> {
        for Assigned { partition, slot, .. } in assigned {
            let topic = c_string(&partition.topic);
            let queue = ClientQueue::of_partition(&self.client, &topic, partition.partition);
            // Before the assignment, so that nothing lands on the consumer's queue.
            queue.forward_to(&self.shared);
            self.routes.insert(*slot, Route::new(partition.clone(), queue));
        }
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
    pub fn pause(&self, partition: &TopicPartition) {
        let list = PartitionList::without_offsets(std::slice::from_ref(partition));
        // SAFETY: client and list are alive. Going on fetching what nobody takes is no harm.
        let _ = unsafe { rd::rd_kafka_pause_partitions(native(&self.client), list.pointer()) };
    }

    /// Delivers nothing more of a partition, but for what is on the shared queue already. Pausing would throw
    /// away what was prefetched.
    pub fn hold(&mut self, slot: usize) {
        if let Some(route) = self.routes.get_mut(slot) {
            route.hold();
        }
        self.fetch_size.settle(self.waiting() as f64);
    }

    /// Delivers a partition again, from where it was held.
    pub fn go_on(&mut self, slot: usize) {
        if let Some(route) = self.routes.get_mut(slot) {
            route.go_on(&self.shared);
        }
    }

    /// Repeats every forward: librdkafka drops one when a partition is stopped and assigned again in a row.
    pub fn forward_again(&self) {
        self.routes.iter().for_each(|route| route.forward_again(&self.shared));
    }

    /// The position of each partition after the last record or marker handed out; `None` before the first.
    pub fn positions(&self, partitions: &[TopicPartition]) -> Vec<Option<i64>> {
        let list = PartitionList::without_offsets(partitions);
        // SAFETY: client and list are alive; the list is filled in place, in its order.
        unsafe { rd::rd_kafka_position(native(&self.client), list.pointer()) };
        list.elements().iter().map(|element| Some(element.offset).filter(|offset| *offset >= 0)).collect()
    }

    /// The end of the log as the last fetch reported it, open transactions included; asks nobody.
    pub fn known_end(&self, partition: &TopicPartition) -> Option<i64> {
        native::known_end(&self.client, partition)
    }

    /// Has the next statistics event tell where fetching goes on (`ClientEvent::Fetched`).
    pub fn ask_statistics(&self) {
        self.wants_statistics.store(true, Ordering::Relaxed);
    }

    /// Sends a commit, whose outcome `commit_answer` returns. Only one is under way at a time.
    pub fn commit(&mut self, positions: &[(TopicPartition, i64)]) -> Result<(), CommitRefusal> {
        self.commit = Some(CommitRequest::send(&self.client, positions, self.opening.descriptor)?);
        Ok(())
    }

    /// Takes the answer to the commit under way, if it has come.
    pub fn commit_answer(&mut self) -> Option<CommitAnswer> {
        let answer = self.commit.as_ref()?.answer()?;
        self.commit = None;
        Some(answer)
    }

    /// Gives up a client that was thrown out of its group: it ends in the background, however long that takes.
    pub fn abandon(self) {
        let (client, events) = self.client_alone();
        close::let_go(client, events);
    }

    /// Leaves the group; returns whether the broker was told by `deadline`.
    ///
    /// The client is not destroyed: with a broker that is gone that could take for ever, and the process ends
    /// anyway.
    pub fn close(self, deadline: Instant) -> bool {
        let (client, events) = self.client_alone();
        let is_closed = close::close(&client, &events, deadline);
        std::mem::forget(client);
        is_closed
    }

    /// Lets go of all that holds the client, before it closes: whoever does so last destroys it, which may take for ever.
    fn client_alone(self) -> (Arc<Consumer>, Receiver<ClientEvent>) {
        let Source { batch, fetch_size, routes, shared, served, events, look_ups, commit, client, .. } = self;
        // Queues are dropped before the one that they forward to.
        drop((batch, fetch_size, routes, shared, served, look_ups, commit));
        (client, events)
    }
}
