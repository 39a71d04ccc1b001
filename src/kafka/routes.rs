//! Finds the partition that a message belongs to, by what the message carries. Assigned partitions are numbered by
//! slots.

use super::batch::{Batch, Origin};
use super::route::Route;
use crate::record::TopicPartition;
use std::collections::HashMap;

/// The routes of all assigned partitions, by slot.
#[derive(Default)]
pub struct Routes {
    routes: Vec<Option<Route>>,
    by_origin: HashMap<Origin, usize>,
    last: Option<(Origin, usize)>,
}

impl Routes {
    pub fn insert(&mut self, slot: usize, route: Route) {
        self.forget_origins();
        if self.routes.len() <= slot {
            self.routes.resize_with(slot + 1, || None);
        }
        self.routes[slot] = Some(route);
    }

    pub fn remove(&mut self, slot: usize) {
        self.forget_origins();
        if let Some(route) = self.routes.get_mut(slot) {
            *route = None;
        }
    }

    /// Forgets which partitions messages were found to belong to, since a handle of librdkafka may stand for another
    /// topic now.
    pub fn forget_origins(&mut self) {
        self.by_origin.clear();
        self.last = None;
    }

    pub fn get(&self, slot: usize) -> Option<&Route> {
        self.routes.get(slot)?.as_ref()
    }

    pub fn get_mut(&mut self, slot: usize) -> Option<&mut Route> {
        self.routes.get_mut(slot)?.as_mut()
    }

    /// The slot of a partition.
    pub fn slot_of(&self, partition: &TopicPartition) -> Option<usize> {
        let is_it = |route: &Option<Route>| route.as_ref().is_some_and(|route| route.partition == *partition);
        self.routes.iter().position(is_it)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter().flatten()
    }

    /// Advances a batch to the next message of a partition that is ours; returns its slot.
    pub fn step(&mut self, batch: &mut Batch) -> Option<usize> {
        loop {
            let origin = batch.step()?;
            if let Some(slot) = self.slot(origin, batch) {
                return Some(slot);
            }
        }
    }

    /// The slot that the current message belongs to; none if its partition is not ours any more.
    fn slot(&mut self, origin: Origin, batch: &Batch) -> Option<usize> {
        if let Some((last, slot)) = self.last
            && last == origin
        {
            return Some(slot);
        }
        let slot = match self.by_origin.get(&origin) {
            Some(slot) => *slot,
            None => {
                let topic = batch.topic();
                let is_it =
                    |route: &Route| *route.partition.topic == *topic && route.partition.partition == origin.1;
                let slot = self.routes.iter().position(|route| route.as_ref().is_some_and(is_it))?;
                self.by_origin.insert(origin, slot);
                slot
            }
        };
        self.last = Some((origin, slot));
        Some(slot)
    }
}
