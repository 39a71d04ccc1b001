//! Where records come from: the queues of all assigned partitions, forwarded to one queue of ours.

mod assigning;
mod merged;
mod opening;

use super::arrival::Arrival;
use super::batch::Batch;
use super::client::{ClientEvent, Consumer};
use super::close;
use super::commit::{CommitAnswer, CommitRefusal, CommitRequest};
use super::errors::{self, Trouble};
use super::fetch_size::FetchSize;
use super::look_up::{Answer, LookUps};
use super::merge::Merge;
use super::message::OwnedMessage;
use super::native::{self, ClientQueue, PartitionList, native};
use super::route::Route;
use super::routes::Routes;
use crate::record::{Record, TopicPartition};
use opening::Opening;
use rdkafka::bindings as rd;
use rdkafka::consumer::Consumer as _;
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
    /// Whether the record that comes next was given before.
    is_given_back: bool,
    /// Whether records are given with their headers at first.
    reads_headers: bool,
    /// Present if records come in the order of their timestamps.
    merge: Option<Merge<OwnedMessage>>,
    /// Whether fewer messages of a partition are fetched ahead where many are merged.
    limits_queues: bool,
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
    /// Says whether `next` gives records with their headers; it does if not told otherwise.
    pub fn read_headers(&mut self, is_wanted: bool) {
        self.reads_headers = is_wanted;
    }

    pub fn look_ups(&self) -> &LookUps {
        &self.look_ups
    }

    /// Joins the group, or changes what it reads.
    pub fn subscribe(&self, topics: &[&str]) -> Result<(), String> {
        self.client.subscribe(topics).map_err(|error| error.to_string())
    }

    /// Whether the coordinator counts us among the members of the group.
    pub fn is_in_group(&self) -> bool {
        native::is_in_group(&self.client)
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
            self.fill_batch();
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
        self.is_used_up()
            && match &self.merge {
                None => self.shared.is_empty() && route.is_none_or(Route::is_drained),
                Some(merge) => {
                    !merge.has_waiting(slot) && !merge.is_held(slot) && route.is_none_or(Route::is_empty)
                }
            }
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
        let index = self.batch.place()?;
        let route = self.routes.get_mut(slot)?;
        let record = self.batch.record(&route.partition.topic, self.reads_headers)?;
        if !std::mem::take(&mut self.is_given_back) {
            route.sizes.add(record.size() as usize);
        }
        Some(Arrival::Record { slot, index, record })
    }

    /// The record that `next` gave last, of a partition's slot, now with its headers.
    pub fn again_with_headers(&mut self, slot: usize) -> Option<Record<'_>> {
        self.batch.record(&self.routes.get(slot)?.partition.topic, true)
    }

    /// Has `next` give the record again that it gave last, as if nobody had looked at it.
    pub fn give_back(&mut self) {
        self.is_given_back = true;
        let place = self.batch.place().and_then(|place| place.checked_sub(1));
        self.batch.go_back(place);
    }

    /// Shows the records of the batch that `next` will give, with their places in it, as long as `look` wants more.
    pub fn look_ahead(&mut self, look: &mut dyn FnMut(usize, usize, &Record<'_>) -> bool) {
        let place = self.batch.place();
        while let Some(slot) = self.routes.step(&mut self.batch) {
            let topic = self.routes.get(slot).map(|route| &route.partition.topic);
            let (Some(topic), Some(index), false) = (topic, self.batch.place(), self.batch.is_error()) else {
                continue;
            };
            if self.batch.record(topic, true).is_some_and(|record| !look(slot, index, &record)) {
                break;
            }
        }
        self.batch.go_back(place);
    }

    /// Delivers nothing more of a partition, but for what is on the shared queue already. Pausing would throw
    /// away what was prefetched.
    pub fn hold(&mut self, slot: usize) {
        match (&mut self.merge, self.routes.get_mut(slot)) {
            (Some(merge), _) => merge.hold(slot, true),
            (None, Some(route)) => route.hold(),
            (None, None) => {}
        }
        self.fetch_size.settle(self.waiting() as f64);
    }

    /// Delivers a partition again, from where it was held.
    pub fn go_on(&mut self, slot: usize) {
        match (&mut self.merge, self.routes.get_mut(slot)) {
            (Some(merge), _) => merge.hold(slot, false),
            (None, Some(route)) => route.go_on(&self.shared),
            (None, None) => {}
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
        // It is behind what waits to be looked at.
        let is_ahead = |partition: &TopicPartition| {
            self.merge.is_some() && self.routes.slot_of(partition).is_some_and(|slot| self.has_waiting(slot))
        };
        let offsets = partitions.iter().zip(list.elements().iter().map(|element| element.offset));
        let position =
            |(name, offset): (&TopicPartition, i64)| (offset >= 0 && !is_ahead(name)).then_some(offset);
        offsets.map(position).collect()
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
        let is_static = self.opening.is_static();
        let (client, events) = self.client_alone();
        if !is_static {
            close::leave_empty_handed(&client);
        }
        let is_closed = close::close(&client, &events, deadline);
        std::mem::forget(client);
        is_closed
    }

    /// Lets go of all that holds the client, before it closes: whoever does so last destroys it, which may take for ever.
    fn client_alone(self) -> (Arc<Consumer>, Receiver<ClientEvent>) {
        let Source {
            batch, merge, fetch_size, routes, shared, served, events, look_ups, commit, client, ..
        } = self;
        // Queues are dropped before the one that they forward to.
        drop((batch, merge, fetch_size, routes, shared, served, look_ups, commit));
        (client, events)
    }
}
