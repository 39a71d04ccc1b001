//! Warnings of a store or an order that leaves handlers idle or blind.

use super::Handlers;
use crate::choices::Order;
use crate::plural::counted;
use crate::settings::{Handler, StoreChoice};

impl Handlers<'_> {
    /// What to say when partitions were taken over. A dedup store in a file knows nothing of what other members of the
    /// group process; with `--order partition` more handlers than partitions have nothing to do.
    ///
    /// `partitions`: those of this member; `all`: those of all topics that are read.
    pub fn assignment_warnings(&self, partitions: usize, all: usize) -> Vec<String> {
        let (parallel, order) = (self.settings.parallel, self.settings.order);
        let is_forward = matches!(self.settings.handler, Handler::Forward { .. });
        let mut warnings = Vec::new();
        if order == Order::Partition && parallel > partitions && !is_forward {
            let partitions = counted(partitions as u64, "partition", "partitions");
            warnings.push(format!(
                "`--parallel {parallel}` is more than the {partitions}: with `--order partition` only one \
                 record of each is handled at a time"
            ));
        }
        let store = self.settings.dedup.as_ref().map(|dedup| &dedup.store);
        let is_file = matches!(store, Some(StoreChoice::File(_) | StoreChoice::InFolder(_)));
        if is_file && self.group.is_some() && partitions < all {
            warnings.push(
                "the dedup store is a file, and other members of the group hold partitions: duplicates across \
                 members are not detected; `--dedup-store redis://…` is shared by all"
                    .to_owned(),
            );
        }
        warnings
    }
}
