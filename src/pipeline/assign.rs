//! Taking over partitions: their logs are looked up, then reading starts at concrete offsets.

use super::Run;
use super::lanes::Lane;
use super::rebalance::Step;
use super::starts::{self, Start, Stop};
use crate::error::{Failure, Kind};
use crate::kafka::Trouble;
use crate::kafka::look_up::{Range, RangeQuery};
use crate::kafka::source::Assigned;
use crate::metrics::Read;
use crate::position::Position;
use crate::record::TopicPartition;
use crate::settings::Mode;
use crate::talk::Event;
use std::time::{Duration, Instant};

/// A look-up that failed is asked again after that.
const AGAIN: Duration = Duration::from_millis(200);

impl Run<'_> {
    /// Asks for the logs of partitions before they are read.
    pub(super) fn look_up_starts(&mut self, partitions: Vec<TopicPartition>) {
        let ticket = self.rebalances.ticket();
        let query = RangeQuery {
            partitions: partitions.clone(),
            with_committed: matches!(self.settings.mode, Mode::Group(_)),
            from_times: self.times(&partitions, |run, partition| run.from(partition)),
            to_times: self.times(&partitions, |run, partition| run.to(partition)),
            read_uncommitted: self.settings.read_uncommitted,
        };
        self.source.look_ups().ranges(ticket, query);
        self.rebalances.step = Step::Starting { partitions, ticket, again: None };
    }

    fn times(
        &self,
        partitions: &[TopicPartition],
        position: impl Fn(&Self, &TopicPartition) -> Option<Position>,
    ) -> Vec<(TopicPartition, i64)> {
        let time = |partition: &TopicPartition| match position(self, partition) {
            Some(Position::Time(time)) => Some((partition.clone(), time)),
            Some(_) | None => None,
        };
        partitions.iter().filter_map(time).collect()
    }

    fn from(&self, partition: &TopicPartition) -> Option<Position> {
        match &self.settings.mode {
            Mode::Standalone(standalone) => standalone.from.at(partition.partition),
            Mode::Group(_) => None,
        }
    }

    fn to(&self, partition: &TopicPartition) -> Option<Position> {
        self.settings.stops.to.as_ref()?.at(partition.partition)
    }

    /// Takes the logs that were asked for.
    pub(super) fn ranges_found(&mut self, ticket: u64, result: Result<Vec<Range>, Trouble>, now: Instant) {
        if self.rebalances.position_ticket == Some(ticket) {
            self.rebalances.position_ticket = None;
            self.positions_found(result, now);
            return;
        }
        if self.ends.is_time_ticket(ticket) {
            self.ends_at_time_found(result);
            return;
        }
        let Step::Starting { partitions, ticket: asked, .. } = &self.rebalances.step else { return };
        if *asked != ticket {
            return;
        }
        let partitions = partitions.clone();
        match result {
            Ok(ranges) if ranges.len() == partitions.len() => {
                self.rebalances.step = Step::Idle;
                if self.ending.is_none() {
                    self.take_over(&ranges, now);
                }
            }
            Ok(_) => self.ask_starts_again(partitions, ticket, now),
            Err(trouble) => {
                let verdict = self.weather.judge(&trouble, now);
                self.act_on(verdict, now);
                self.ask_starts_again(partitions, ticket, now);
            }
        }
    }

    fn ask_starts_again(&mut self, partitions: Vec<TopicPartition>, ticket: u64, now: Instant) {
        self.rebalances.step = Step::Starting { partitions, ticket, again: Some(now + AGAIN) };
    }

    /// Starts reading partitions whose logs are known.
    fn take_over(&mut self, ranges: &[Range], now: Instant) {
        self.weather.established();
        let mut assigned = Vec::with_capacity(ranges.len());
        for range in ranges {
            let start = match self.start_of(range) {
                Ok(start) => start,
                Err(failure) => return self.fail(failure, now),
            };
            if let Some(warning) = &start.warning {
                self.talk.warn(warning.clone(), now);
            }
            assigned.push(self.add_lane(range, &start, now));
        }
        if let Err(words) = self.source.assign(&assigned) {
            let failure = Failure::new(Kind::Run, "cannot start reading").caused_by(words);
            return self.fail(failure, now);
        }
        self.share_room();
        self.warn_of_idle_handlers(now);
        self.warn_of_lone_store(now);
        self.counts.assigned += self.as_rebalance();
        let partitions = assigned.into_iter().map(|assigned| assigned.partition).collect();
        self.talk.say(&Event::Assigned { partitions });
        self.ends.is_changed = true;
        self.idle_since = now;
    }

    fn start_of(&self, range: &Range) -> Result<Start, Failure> {
        match &self.settings.mode {
            Mode::Group(group) => {
                starts::in_group(range, group.offset_reset, self.rebalances.fresh.contains(&range.partition))
            }
            Mode::Standalone(_) => starts::alone(range, self.from(&range.partition)),
        }
    }

    fn add_lane(&mut self, range: &Range, start: &Start, now: Instant) -> Assigned {
        let confirmed = if start.is_committed_at_once {
            self.schedule.ask();
            start.offset - 1
        } else {
            start.offset
        };
        let claim = self.tracker.assign(start.offset, confirmed);
        let (stop, stop_time) = match self.stop_of(range, start.offset) {
            Some(Stop::Offset(stop)) => (Some(stop), None),
            Some(Stop::Time(time)) => (None, Some(time)),
            None => (None, None),
        };
        self.lanes.insert(Lane {
            partition: range.partition.clone(),
            claim,
            stop,
            stop_time,
            end: range.end,
            is_end_said: false,
            is_finished: stop.is_some_and(|stop| start.offset >= stop),
            is_paused: false,
            is_revoked: false,
            fetched: None,
            quiet_at: None,
            is_dirty: true,
            is_position_trusted: true,
            is_starting_over: false,
            moved_at: now,
            read: Read::default(),
            asked_end: range.high,
        });
        Assigned { partition: range.partition.clone(), slot: claim.slot, start: start.offset }
    }

    fn stop_of(&mut self, range: &Range, start: i64) -> Option<Stop> {
        let to = self.to(&range.partition)?;
        // Fixed when the partition is first ours.
        let stop = || starts::stop(range, to, start, jiff::Timestamp::now().as_millisecond());
        Some(*self.ends.stops.entry(range.partition.clone()).or_insert_with(stop))
    }
}
