//! A delivery whose partitions come and go.

use super::{Delivery, Target};
use crate::commits::{AssignmentId, Watermarks};
use crate::delivery::handle::Handlers;
use crate::error::Failure;
use std::time::Instant;

impl Delivery<'_> {
    /// How many partitions share what may be in hand.
    pub fn share_among(&mut self, partitions: usize) {
        if let Some(handlers) = self.handlers_mut() {
            handlers.share_among(partitions);
        }
    }

    /// True if enough of a partition is in hand from now on: it should not be read on. `span`: from its watermark to
    /// the position after the last record taken.
    pub fn pause_if_enough(&mut self, id: AssignmentId, watermarks: &Watermarks, now: Instant) -> bool {
        let is_enough_waiting = match &mut self.waiting {
            Some(waiting) => waiting.pause_if_enough(id),
            None => false,
        };
        is_enough_waiting
            | match &mut self.target {
                Target::Print(_) => false,
                Target::Handle(handlers) => handlers.pause_if_enough(id, watermarks.span(id), now),
            }
    }

    /// The partitions that should be read on, since half of what was in hand of them is done.
    pub fn resume(&mut self, watermarks: &Watermarks) -> Vec<AssignmentId> {
        let mut resumed = self.handlers_mut().map_or_else(Vec::new, |handlers| handlers.resume(watermarks));
        if let Some(waiting) = &mut self.waiting {
            resumed.extend(waiting.resume());
            resumed.retain(|id| !waiting.is_paused(*id));
            resumed.retain(|id| !self.handlers().is_some_and(|handlers| handlers.has_enough(*id)));
        }
        resumed
    }

    /// The partition is not read on before some of what is in hand is done.
    pub fn is_paused(&self, id: AssignmentId) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| waiting.is_paused(id))
            || self.handlers().is_some_and(|handlers| handlers.is_paused(id))
    }

    /// What to warn of when so many partitions were taken over, of `all` that are read by the group.
    pub fn assignment_warnings(&self, partitions: usize, all: usize) -> Vec<String> {
        self.handlers().map_or_else(Vec::new, |handlers| handlers.assignment_warnings(partitions, all))
    }

    /// The group takes these back: what is begun is finished, the rest given up.
    pub fn revoke(&mut self, ids: &[AssignmentId], watermarks: &Watermarks) {
        if let Some(waiting) = &mut self.waiting {
            waiting.give_up(ids);
        }
        if let Some(handlers) = self.handlers_mut() {
            handlers.revoke(ids, watermarks);
        }
        self.writer.seal();
    }

    /// Nothing of these is on its way any more.
    pub fn is_done_with(&self, ids: &[AssignmentId], watermarks: &Watermarks) -> bool {
        match &self.target {
            Target::Print(_) => {
                let given_up = |id| self.waiting.as_ref()?.given_up(id);
                let is_done = |id| {
                    watermarks.is_settled(id)
                        || given_up(id).is_some() && given_up(id) == watermarks.watermark(id)
                };
                ids.iter().all(|id| is_done(*id))
            }
            Target::Handle(handlers) => handlers.is_done_with(ids),
        }
    }

    /// These are not ours any more: what is in hand of them is nobody's.
    pub fn abandon(&mut self, ids: &[AssignmentId]) {
        if let Some(waiting) = &mut self.waiting {
            waiting.forget(ids);
        }
        if let Some(handlers) = self.handlers_mut() {
            handlers.abandon(ids);
        }
    }

    /// The store of `--dedup` is still to be opened.
    pub fn needs_store(&self) -> bool {
        self.handlers().is_some_and(Handlers::needs_store)
    }

    /// Opens the store of `--dedup`, if there is one; it is named by the cluster.
    ///
    /// # Errors
    /// The store cannot be opened or read.
    pub fn open_store(&mut self, cluster: String) -> Result<(), Failure> {
        self.handlers_mut().map_or(Ok(()), |handlers| handlers.open_store(cluster))
    }
}
