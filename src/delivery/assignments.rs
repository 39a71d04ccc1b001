//! A delivery whose partitions come and go.

use super::{Delivery, Target};
use crate::commits::{AssignmentId, Watermarks};
use crate::delivery::handle::Handlers;
use crate::error::Failure;
use std::time::Instant;

impl Delivery<'_> {
    /// How many partitions share what may be in hand, of `all` that are read by the group; returns what is to be
    /// warned of.
    pub fn assigned(&mut self, partitions: usize, all: usize) -> Vec<String> {
        let Some(handlers) = self.handlers_mut() else { return Vec::new() };
        handlers.share_among(partitions);
        handlers.assignment_warnings(partitions, all)
    }

    /// How many partitions are left.
    pub fn released(&mut self, partitions: usize) {
        if let Some(handlers) = self.handlers_mut() {
            handlers.share_among(partitions);
        }
    }

    /// What to say to a member that has had no partition for a while.
    pub fn spare_member_warning(&mut self, is_spare: bool, now: Instant) -> Option<&'static str> {
        self.handlers_mut()?.spare_member_warning(is_spare, now)
    }

    /// The group takes these back: what is begun is finished, the rest given up.
    pub fn revoke(&mut self, ids: &[AssignmentId], watermarks: &Watermarks) {
        if let Some(handlers) = self.handlers_mut() {
            handlers.revoke(ids, watermarks);
        }
        self.writer.seal();
    }

    /// Nothing of these is on its way any more.
    pub fn is_done_with(&self, ids: &[AssignmentId], watermarks: &Watermarks) -> bool {
        match &self.target {
            Target::Print(_) => ids.iter().all(|id| watermarks.is_settled(*id)),
            Target::Handle(handlers) => handlers.is_done_with(ids),
        }
    }

    /// These are not ours any more: what is in hand of them is nobody's.
    pub fn abandon(&mut self, ids: &[AssignmentId]) {
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
