//! Logs looked up while reading: a position that fell out of its log, and the end when a time has come.

use super::Run;
use super::starts::{self, Stop};
use crate::kafka::Trouble;
use crate::kafka::look_up::{Range, RangeQuery};
use crate::record::TopicPartition;
use std::time::Instant;

impl Run<'_> {
    pub(super) fn ask_lost_positions(&mut self) {
        if self.rebalances.lost_positions.is_empty() || self.rebalances.position_ticket.is_some() {
            return;
        }
        let ticket = self.rebalances.ticket();
        self.rebalances.position_ticket = Some(ticket);
        let partitions = self.rebalances.lost_positions.clone();
        let read_uncommitted = self.settings.read_uncommitted;
        let query = RangeQuery { partitions, read_uncommitted, ..RangeQuery::default() };
        self.source.look_ups().ranges(ticket, query);
    }

    /// Goes on in partitions whose position fell out of the log.
    pub(super) fn positions_found(&mut self, result: Result<Vec<Range>, Trouble>, now: Instant) {
        let Ok(ranges) = result else { return };
        let lost = std::mem::take(&mut self.rebalances.lost_positions);
        let reset = super::group(self.settings).map(|group| group.offset_reset);
        for range in ranges.iter().filter(|range| lost.contains(&range.partition)) {
            self.forget_cut(range);
            let Some(lane) = self.lanes.find_mut(&range.partition) else { continue };
            let Some(position) = self.tracker.next(lane.claim) else { continue };
            if (range.begin..=range.high).contains(&position) {
                // It is inside after all: the broker that said otherwise was behind.
                lane.is_position_trusted = true;
                drop(self.source.seek(&range.partition, position));
                continue;
            }
            let start = match starts::out_of_range(range, "offset", position, reset) {
                Ok(start) => start,
                Err(failure) => return self.fail(failure, now),
            };
            if start.offset < position {
                // The log was cut: offsets that were passed come again, as other records.
                lane.claim = self.tracker.restart(lane.claim, start.offset);
                self.schedule.ask();
            }
            lane.is_position_trusted = true;
            lane.moved_at = now;
            let sought = self.source.seek(&range.partition, start.offset);
            if let Some(warning) = start.warning {
                self.talk.warn(warning, now);
            }
            if let Err(words) = sought {
                self.talk
                    .warn(format!("{}: cannot go on at {}: {words}", range.partition, start.offset), now);
            }
        }
    }

    /// A log that was cut: what handlers have of it in hand are other records now.
    fn forget_cut(&mut self, range: &Range) {
        let Some(lane) = self.lanes.find_mut(&range.partition) else { return };
        let slot = lane.claim.slot;
        if self.tracker.next(lane.claim).is_some_and(|position| position > range.high) {
            self.disown(std::slice::from_ref(&range.partition));
            self.source.go_on(slot);
        }
    }

    /// The log at the time when `--to` comes true.
    pub(super) fn ends_at_time_found(&mut self, result: Result<Vec<Range>, Trouble>) {
        let ranges = result.unwrap_or_default();
        if ranges.is_empty() {
            self.ends.ask_time_again();
            return;
        }
        for range in &ranges {
            let stop = range.to.unwrap_or(range.end);
            self.ends.stops.insert(range.partition.clone(), Stop::Offset(stop));
            if let Some(lane) = self.lanes.find_mut(&range.partition) {
                lane.stop = Some(stop);
                lane.stop_time = None;
            }
        }
        self.ends.is_changed = true;
    }

    /// Asks for the ends once the time in `--to` has come.
    pub(super) fn ask_ends_at_time(&mut self, partitions: Vec<(TopicPartition, i64)>) {
        let ticket = self.rebalances.ticket();
        self.ends.time_asked(ticket);
        let query = RangeQuery {
            partitions: partitions.iter().map(|(partition, _)| partition.clone()).collect(),
            to_times: partitions,
            read_uncommitted: self.settings.read_uncommitted,
            ..RangeQuery::default()
        };
        self.source.look_ups().ranges(ticket, query);
    }
}
