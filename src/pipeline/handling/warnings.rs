//! Warnings of a group, a store or an order that leaves handlers idle or blind.

use super::Run;
use crate::choices::Order;
use crate::settings::{Handler, StoreChoice};
use std::time::{Duration, Instant};

/// A member without a partition is told of after that long.
const SPARE: Duration = Duration::from_secs(10);

impl Run<'_> {
    /// A store of our own file knows nothing of what other members process.
    pub(in crate::pipeline) fn warn_of_lone_store(&mut self, now: Instant) {
        let Some(handling) = &self.handling else { return };
        let store = handling.settings.dedup.as_ref().map(|dedup| &dedup.store);
        let is_file = matches!(store, Some(StoreChoice::File(_) | StoreChoice::InFolder(_)));
        if is_file
            && super::super::group(self.settings).is_some()
            && self.lanes.iter().count() < self.topics.partitions()
        {
            let message = "the dedup store is a file, and other members of the group have partitions: duplicates \
                           among them are not seen; `--dedup-store redis://…` is shared by all";
            self.talk.warn(message, now);
        }
    }

    /// With `--order partition` more handlers than partitions have nothing to do.
    pub(in crate::pipeline) fn warn_of_idle_handlers(&mut self, now: Instant) {
        let Some(handling) = &self.handling else { return };
        let (parallel, partitions) = (handling.settings.parallel, self.lanes.iter().count());
        let is_forward = matches!(handling.settings.handler, Handler::Forward { .. });
        if handling.settings.order == Order::Partition && parallel > partitions && !is_forward {
            self.talk.warn(
                format!("`--parallel {parallel}` is more than the {partitions} partitions: `--order partition` runs one at a time of each"),
                now,
            );
        }
    }

    /// A member that gets no partition handles nothing. An empty assignment may only be the first step of a
    /// rebalance.
    pub(super) fn warn_of_spare_member(&mut self, now: Instant) {
        let Some(handling) = &mut self.handling else { return };
        if !self.lanes.is_empty() || !self.rebalances.has_joined {
            handling.spare_since = None;
        } else if now.duration_since(*handling.spare_since.get_or_insert(now)) >= SPARE {
            let message = "the group has given no partition to this member: others hold them, or are still remembered after an outage";
            self.talk.warn(message, now);
        }
    }
}
