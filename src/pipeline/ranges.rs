//! Logs looked up while reading: a position that fell out of its log, and the end when a time has come.

use super::Run;
use super::lanes::Lane;
use super::starts::{self, Stop};
use crate::error::{Failure, Kind};
use crate::kafka::Trouble;
use crate::kafka::look_up::{Range, RangeQuery};
use crate::record::TopicPartition;
use std::time::{Duration, Instant};

/// The pause before another question, if one was not answered.
const AGAIN: Duration = Duration::from_millis(200);

impl Run<'_> {
    pub(super) fn ask_lost_positions(&mut self, now: Instant) {
        let rebalances = &mut self.rebalances;
        let is_early = rebalances.positions_again.is_some_and(|again| now < again);
        if rebalances.lost_positions.is_empty() || rebalances.position_ticket.is_some() || is_early {
            return;
        }
        rebalances.positions_again = Some(now + AGAIN);
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
                self.start_over(&range.partition, position, now);
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
            if let Some(warning) = start.warning {
                self.talk.warn(warning, now);
            }
            self.start_over(&range.partition, start.offset, now);
        }
    }

    /// Goes on in a partition that librdkafka has stopped.
    fn start_over(&mut self, partition: &TopicPartition, offset: i64, now: Instant) {
        let next = |lane: &Lane| self.tracker.next(lane.claim).map(|next| (lane.partition.clone(), next));
        let mut all: Vec<(TopicPartition, i64)> = self.lanes.iter().filter_map(next).collect();
        for (_, next) in all.iter_mut().filter(|(other, _)| other == partition) {
            *next = offset;
        }
        if let Some(lane) = self.lanes.find_mut(partition) {
            // Until it has started over, the position is the one that was wrong.
            lane.is_position_trusted = false;
            lane.is_starting_over = true;
            lane.moved_at = now;
        }
        if let Err(words) = self.source.start_over(partition, offset, &all) {
            let failure = Failure::new(Kind::Run, format!("{partition}: cannot go on at {offset}"));
            self.fail(failure.caused_by(words), now);
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
