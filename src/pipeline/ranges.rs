//! Logs looked up while reading: a position that fell out of its log, and the end when a time has come.

use super::Run;
use super::lanes::Lane;
use super::starts::{self, Stop};
use crate::error::{Failure, Kind};
use crate::kafka::admin::Asked;
use crate::kafka::ranges::{Range, RangeQuery};
use crate::record::TopicPartition;
use std::time::{Duration, Instant};

/// How long a leader may take to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// The pause before another question, if one was not answered.
const AGAIN: Duration = Duration::from_millis(200);

impl Run<'_> {
    pub(super) fn ask_lost_positions(&mut self, now: Instant) {
        let Some((ticket, partitions)) = self.rebalances.ask_positions(now) else { return };
        let query = RangeQuery::of(partitions, self.settings.read_uncommitted, LIMIT);
        self.source.look_ups().ranges(ticket, query);
    }

    /// Goes on in partitions whose position fell out of the log.
    pub(super) fn positions_found(&mut self, ranges: &[Asked<Range>], now: Instant) {
        let lost = self.rebalances.lost_positions.clone();
        self.rebalances.positions_answered(ranges, now + AGAIN);
        let reset = self.settings.group().map(|group| group.offset_reset);
        let found = ranges.iter().filter_map(|(_, range)| range.as_ref().ok());
        for range in found.filter(|range| lost.contains(&range.partition)) {
            self.forget_cut(range);
            let Some(lane) = self.lanes.find_mut(&range.partition) else { continue };
            let Some(position) = self.commits.watermarks().next(lane.claim) else { continue };
            if (range.begin..=range.high).contains(&position) {
                // It is inside after all: the broker that said otherwise was behind.
                self.start_over(&range.partition, position, now);
                continue;
            }
            let start = match starts::out_of_range(range, "offset", position, reset) {
                Ok(start) => start,
                Err(failure) => {
                    let claim = lane.claim;
                    self.fail_after(claim, failure, now);
                    continue;
                }
            };
            if start.offset < position {
                // The log was cut: offsets that were passed come again, as other records.
                lane.claim = self.commits.watermarks_mut().restart(lane.claim, start.offset);
                self.commits.ask();
            }
            // What lies before a later start is gone: no gap to be read again.
            self.commits.watermarks_mut().advance(lane.claim, start.offset);
            if let Some(warning) = start.warning {
                self.talk.warn(warning, now);
            }
            self.start_over(&range.partition, start.offset, now);
        }
    }

    /// Where each partition goes on.
    pub(super) fn positions(&self) -> Vec<(TopicPartition, i64)> {
        let next = |lane: &Lane| {
            self.commits.watermarks().next(lane.claim).map(|next| (lane.partition.clone(), next))
        };
        self.lanes.iter().filter_map(next).collect()
    }

    /// Goes on in a partition that librdkafka has stopped.
    fn start_over(&mut self, partition: &TopicPartition, offset: i64, now: Instant) {
        let mut all = self.positions();
        for (_, next) in all.iter_mut().filter(|(other, _)| other == partition) {
            *next = offset;
        }
        if let Some(lane) = self.lanes.find_mut(partition) {
            // Until it has started over, the position is the one that was wrong.
            lane.is_position_trusted = false;
            lane.is_starting_over = true;
            lane.moved_at = now;
            lane.starts_over(now);
        }
        if let Err(words) = self.source.start_over(partition, offset, &all) {
            let failure = Failure::new(Kind::Run, format!("{partition}: cannot go on at {offset}"));
            self.fail(failure.caused_by(words), now);
        }
    }

    /// Reads a partition a second time from where its last record was taken.
    pub(super) fn read_again(&mut self, slot: usize, now: Instant) {
        let Some(lane) = self.lanes.get_mut(slot) else { return };
        let Some(next) = self.commits.watermarks().next(lane.claim) else { return };
        // Until a record comes, the position is that of before.
        lane.is_position_trusted = false;
        lane.starts_over(now);
        let partition = lane.partition.clone();
        if let Err(words) = self.source.read_again(&partition, next) {
            self.talk.warn(format!("{partition}: cannot read again from {next}: {words}"), now);
        }
    }

    /// A log that was cut: what handlers have of it in hand are other records now.
    fn forget_cut(&mut self, range: &Range) {
        let Some(lane) = self.lanes.find_mut(&range.partition) else { return };
        let slot = lane.claim.slot;
        if self.commits.watermarks().next(lane.claim).is_some_and(|position| position > range.high) {
            let id = lane.claim;
            self.delivery.abandon(&[id]);
            self.source.go_on(slot);
        }
    }

    /// The logs at the time when `--to` comes true.
    pub(super) fn ends_at_time_found(&mut self, ranges: &[Asked<Range>], now: Instant) {
        self.ends.time_question.answered(ranges, now + AGAIN);
        self.ends.take_unknown(ranges, now);
        for range in ranges.iter().filter_map(|(_, range)| range.as_ref().ok()) {
            let stop = range.to.unwrap_or(range.end);
            self.ends.stops.insert(range.partition.clone(), Stop::Offset(stop));
            if let Some(lane) = self.lanes.find_mut(&range.partition) {
                lane.stop = Some(stop);
                lane.stop_time = None;
                // The log has grown since the partition was taken over.
                lane.end = lane.end.max(range.end);
            }
        }
        self.ends.is_changed = true;
    }

    /// Asks for the ends once the time in `--to` has come.
    pub(super) fn ask_ends_at_time(&mut self, to_times: Vec<(TopicPartition, i64)>) {
        let ticket = self.rebalances.ticket();
        let partitions: Vec<_> = to_times.iter().map(|(partition, _)| partition.clone()).collect();
        self.ends.time_question.ask(ticket, partitions.clone());
        let query =
            RangeQuery { to_times, ..RangeQuery::of(partitions, self.settings.read_uncommitted, LIMIT) };
        self.source.look_ups().ranges(ticket, query);
    }
}
