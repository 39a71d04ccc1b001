//! How far a run is (`--progress`).

use super::Consumer;
use super::broker::Broker;
use crate::talk::{DonePart, ProgressFigures};
use std::time::Instant;

impl<B: Broker> Consumer<'_, B> {
    /// Shows how far the run is, when it is time to.
    pub(super) fn show_progress(&mut self, now: Instant) {
        if self.status.is_progress_due(now) {
            let figures = self.figures();
            self.status.show_progress(figures, now);
        }
    }

    /// Shows how far the run came.
    pub(super) fn end_progress(&mut self, now: Instant) {
        if self.status.shows_progress() {
            let figures = self.figures();
            self.status.end_progress(figures, now);
        }
    }

    fn figures(&self) -> ProgressFigures {
        let watermarks = self.commits.watermarks();
        let counted = self.status.counts.read.values().map(|read| read.records);
        let uncounted = self.assignment.partitions().iter().map(|partition| partition.read.records);
        let read: u64 = counted.chain(uncounted).sum();
        let of_count = self.settings.stops.count.map(|all| DonePart { done: self.commits.total(), all });
        let of_offsets = match self.delivery.is_collecting() {
            // Nobody knows how far back the last of the newest records are.
            true => None,
            false => self.assignment.done_part(watermarks),
        };
        let has_end = self.settings.stops.to.is_some();
        let lags =
            || self.assignment.lags(&self.client, watermarks).into_iter().map(|(_, lag)| lag.unsigned_abs());
        ProgressFigures {
            records: read.saturating_sub(watermarks.in_hand()),
            part: match (of_offsets, of_count) {
                (Some(one), Some(other)) => Some(one.further(other)),
                (one, other) => one.or(other),
            },
            lag: (!has_end && self.settings.group().is_some()).then(|| lags().sum()),
        }
    }
}
