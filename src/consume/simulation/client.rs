//! A client of the cluster in memory: what the loop has instead of librdkafka.

use super::cluster::{SharedCluster, Stored};
use crate::consume::action::Fetching;
use crate::consume::broker::Broker;
use crate::delivery::Upcoming;
use crate::kafka::commit::{CommitAnswer, CommitRefusal};
use crate::kafka::look_up::{Answer, Question};
use crate::kafka::merge::{Merge, Timed};
use crate::kafka::source::Assigned;
use crate::kafka::{Arrival, ClientEvent, Trouble};
use crate::record::{Record, TopicPartition};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Instant;

/// A partition that is read.
struct Route {
    partition: TopicPartition,
    /// The offset to fetch next.
    fetched: i64,
    /// The position after the last record handed out.
    position: Option<i64>,
    is_held: bool,
}

/// The client of the member under test.
pub struct Client {
    cluster: SharedCluster,
    routes: BTreeMap<usize, Route>,
    batch: VecDeque<(usize, Stored)>,
    /// Present if records come in the order of their timestamps.
    merge: Option<Merge<Stored>>,
    /// How many records of the batch were given.
    given: usize,
    current: Option<Given>,
}

/// The record that was given last.
struct Given {
    slot: usize,
    partition: TopicPartition,
    stored: Stored,
    /// The position before it.
    position: Option<i64>,
}

/// Records in a batch, at most.
const BATCH: usize = 7;

/// Records of a partition that are taken at once while records are merged.
const FEW: usize = 3;

impl Client {
    pub fn new(cluster: &SharedCluster) -> Client {
        let (cluster, routes, batch) = (Rc::clone(cluster), BTreeMap::new(), VecDeque::new());
        Client { cluster, routes, batch, merge: None, given: 0, current: None }
    }

    fn set(&mut self, partition: &TopicPartition, offset: i64) {
        let slot = self.routes.iter().find(|(_, route)| route.partition == *partition).map(|(slot, _)| *slot);
        if let (Some(merge), Some(slot)) = (&mut self.merge, slot) {
            let back = self.batch.drain(..).map(|(slot, stored)| (slot, (stored.timestamp, stored)));
            merge.put_back(back.collect());
            merge.retain(slot, |_| false);
        }
        let routes = &mut self.routes;
        self.batch.retain(|(slot, _)| routes.get(slot).is_some_and(|route| route.partition != *partition));
        for route in routes.values_mut().filter(|route| route.partition == *partition) {
            (route.fetched, route.position) = (offset, None);
        }
    }

    fn fill_merged(&mut self) -> bool {
        let (cluster, routes) = (self.cluster.borrow(), &mut self.routes);
        let mut refill = |slot: usize, waiting: &mut VecDeque<Timed<Stored>>| {
            let Some(route) = routes.get_mut(&slot) else { return };
            let log = &cluster.logs[&route.partition];
            let fetched = log.records.iter().filter(|stored| stored.offset >= route.fetched).take(FEW);
            waiting.extend(fetched.map(|stored| (stored.timestamp, stored.clone())));
            match waiting.back() {
                Some((_, last)) => route.fetched = last.offset + 1,
                None if route.fetched < log.end => (route.fetched, route.position) = (log.end, Some(log.end)),
                None => {}
            }
        };
        let Some(merge) = &mut self.merge else { return false };
        let next = std::iter::from_fn(|| merge.next(&mut refill)).map(|(slot, (_, stored))| (slot, stored));
        self.batch.extend(next.take(BATCH));
        !self.batch.is_empty()
    }

    /// The offset to fetch next of a partition that is read.
    pub fn fetched(&self, partition: &TopicPartition) -> Option<i64> {
        Some(self.route(partition)?.fetched)
    }

    fn route(&self, partition: &TopicPartition) -> Option<&Route> {
        self.routes.values().find(|route| route.partition == *partition)
    }
}

impl Fetching for Client {
    fn is_in_group(&self) -> bool {
        false
    }

    fn is_used_up(&self) -> bool {
        self.batch.is_empty()
    }

    fn is_drained(&self, slot: usize) -> bool {
        let Some(route) = self.routes.get(&slot) else { return true };
        let waits = self.merge.as_ref().is_some_and(|merge| merge.is_held(slot) || merge.has_waiting(slot));
        self.batch.is_empty() && !waits && route.fetched >= self.cluster.borrow().logs[&route.partition].end
    }

    fn has_waiting(&self, slot: usize) -> bool {
        self.merge.as_ref().is_some_and(|merge| merge.has_waiting(slot))
    }

    fn positions(&self, partitions: &[TopicPartition]) -> Vec<Option<i64>> {
        let position = |partition: &TopicPartition| {
            let (slot, route) = self.routes.iter().find(|(_, route)| route.partition == *partition)?;
            route.position.filter(|_| !self.has_waiting(*slot))
        };
        partitions.iter().map(position).collect()
    }

    fn known_end(&self, partition: &TopicPartition) -> Option<i64> {
        Some(self.cluster.borrow().logs.get(partition)?.end)
    }

    fn leader(&self, _: &TopicPartition) -> Option<String> {
        Some("b:9092".to_owned())
    }
}

impl Upcoming for Client {
    fn look_ahead(&mut self, look: &mut dyn FnMut(usize, usize, &Record<'_>) -> bool) {
        for (index, (slot, stored)) in self.batch.iter().enumerate() {
            let Some(route) = self.routes.get(slot) else { continue };
            if !look(*slot, self.given + index, &record(&route.partition, stored)) {
                break;
            }
        }
    }
}

fn record<'a>(partition: &'a TopicPartition, stored: &'a Stored) -> Record<'a> {
    Record {
        topic: &partition.topic,
        partition: partition.partition,
        offset: stored.offset,
        timestamp: stored.timestamp,
        key: stored.key.as_deref().map(str::as_bytes),
        value: Some(stored.value.as_bytes()),
        headers: &[],
    }
}

impl Broker for Client {
    fn renewed(&self) -> Result<Client, String> {
        Ok(Client::new(&self.cluster))
    }

    fn abandon(self) {}

    fn close(self, _: Instant) {
        self.cluster.borrow_mut().owned.clear();
    }

    fn serve(&mut self) {}

    fn event(&mut self) -> Option<ClientEvent> {
        self.cluster.borrow_mut().event()
    }

    fn fatal_error(&self) -> Option<Trouble> {
        None
    }

    fn ask(&self, question: Question) {
        self.cluster.borrow_mut().ask(question);
    }

    fn answer(&mut self) -> Option<Answer> {
        self.cluster.borrow_mut().next_answer()
    }

    fn look_after(&self) {}

    fn read_headers(&mut self, _: bool) {}

    fn merge_by_time(&mut self, _: bool) {
        self.merge = Some(Merge::default());
    }

    fn fill(&mut self) -> bool {
        self.given = 0;
        if self.merge.is_some() {
            return self.fill_merged();
        }
        let cluster = self.cluster.borrow();
        for (slot, route) in self.routes.iter_mut().filter(|(_, route)| !route.is_held) {
            let log = &cluster.logs[&route.partition];
            for stored in log.records.iter().filter(|stored| stored.offset >= route.fetched).take(BATCH) {
                self.batch.push_back((*slot, stored.clone()));
            }
            if let Some((_, last)) = self.batch.iter().rfind(|(other, _)| other == slot) {
                route.fetched = last.offset + 1;
            }
            let is_last = log.records.last().is_none_or(|last| last.offset < route.fetched);
            if is_last && route.fetched < log.end {
                // Markers behind the last record are passed as well.
                route.fetched = log.end;
                route.position = Some(log.end).filter(|_| self.batch.iter().all(|(other, _)| other != slot));
            }
        }
        !self.batch.is_empty()
    }

    fn next(&mut self) -> Option<Arrival<'_>> {
        let (slot, stored) = self.batch.pop_front()?;
        let is_last = self.batch.iter().all(|(other, _)| *other != slot);
        let index = self.given;
        self.given += 1;
        let route = self.routes.get_mut(&slot)?;
        let position = Some(if is_last { route.fetched } else { stored.offset + 1 });
        let position = std::mem::replace(&mut route.position, position);
        let given = Given { slot, partition: route.partition.clone(), stored, position };
        let Given { partition, stored, .. } = self.current.insert(given);
        Some(Arrival::Record { slot, index, record: record(partition, stored) })
    }

    fn again_with_headers(&mut self, _: usize) -> Option<Record<'_>> {
        self.current.as_ref().map(|given| record(&given.partition, &given.stored))
    }

    fn give_back(&mut self) {
        let Some(Given { slot, stored, position, .. }) = self.current.take() else { return };
        self.given -= 1;
        self.batch.push_front((slot, stored));
        if let Some(route) = self.routes.get_mut(&slot) {
            route.position = position;
        }
    }

    fn hold(&mut self, slot: usize) {
        if let Some(merge) = &mut self.merge {
            merge.hold(slot, true);
        }
        if let Some(route) = self.routes.get_mut(&slot) {
            route.is_held = true;
        }
    }

    fn go_on(&mut self, slot: usize) {
        if let Some(merge) = &mut self.merge {
            merge.hold(slot, false);
        }
        if let Some(route) = self.routes.get_mut(&slot) {
            route.is_held = false;
        }
    }

    fn subscribe(&self, _: &[&str]) -> Result<(), String> {
        Ok(())
    }

    fn leave(&self) {}

    fn assign(&mut self, assigned: &[Assigned], _: &[(TopicPartition, i64)]) -> Result<(), String> {
        for Assigned { partition, slot, start } in assigned {
            let partition = partition.clone();
            let route = Route { partition, fetched: *start, position: None, is_held: false };
            if let Some(merge) = &mut self.merge {
                merge.insert(*slot, route.partition.clone());
            }
            self.routes.insert(*slot, route);
        }
        Ok(())
    }

    fn unassign(&mut self, partitions: &[(TopicPartition, Option<usize>)]) -> Result<(), String> {
        for (partition, slot) in partitions {
            self.cluster.borrow_mut().release(partition);
            if let Some(slot) = slot {
                self.batch.retain(|(other, _)| other != slot);
                self.routes.remove(slot);
            }
        }
        Ok(())
    }

    fn seek(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), String> {
        self.set(partition, offset);
        Ok(())
    }

    fn read_again(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), String> {
        self.set(partition, offset);
        Ok(())
    }

    fn read_back(&mut self, partition: &TopicPartition, offset: i64) -> Result<(), String> {
        self.set(partition, offset);
        Ok(())
    }

    fn start_over(
        &mut self,
        partition: &TopicPartition,
        offset: i64,
        _: &[(TopicPartition, i64)],
    ) -> Result<(), String> {
        self.set(partition, offset);
        Ok(())
    }

    fn pause(&mut self, partition: &TopicPartition) {
        let slot = self.routes.iter().find(|(_, route)| route.partition == *partition).map(|(slot, _)| *slot);
        if let (Some(merge), Some(slot)) = (&mut self.merge, slot) {
            merge.finish(slot);
        }
    }

    fn ask_statistics(&self) {}

    fn commit(&mut self, positions: &[(TopicPartition, i64)]) -> Result<(), CommitRefusal> {
        self.cluster.borrow_mut().take_commit(positions);
        Ok(())
    }

    fn commit_answer(&mut self) -> Option<CommitAnswer> {
        self.cluster.borrow_mut().commit_answer()
    }
}
