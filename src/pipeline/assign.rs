//! Taking over partitions: their logs are looked up, then reading starts at concrete offsets.

use super::Run;
use super::lanes::{Gaps, Lane};
use super::rebalance::{Starting, Step};
use super::silence::Silence;
use super::starts::{self, Start, Stop};
use super::unreached;
use crate::choices::OffsetReset;
use crate::error::{Failure, Kind};
use crate::kafka::Trouble;
use crate::kafka::admin::{Asked, Unknown};
use crate::kafka::ranges::{Range, RangeQuery};
use crate::kafka::source::Assigned;
use crate::metrics::Read;
use crate::position::Position;
use crate::reachability::unknown;
use crate::record::TopicPartition;
use crate::settings::Mode;
use crate::talk::Event;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Run<'_> {
    /// Asks for the logs of partitions before they are read.
    pub(super) fn look_up_starts(&mut self, starting: Starting) {
        let ticket = self.rebalances.ticket();
        let query = self.start_query(starting.partitions.clone(), starting.retry.limit());
        self.source.look_ups().ranges(ticket, query);
        let why = if starting.unknown.is_empty() { starting.why } else { starting.unknown };
        let (found, unknown) = (Vec::new(), Vec::new());
        let starting = Starting { ticket, again: None, found, unknown, why, ..starting };
        self.rebalances.step = Step::Starting(starting);
    }

    /// What has to be known of partitions before they are read.
    pub(super) fn start_query(&self, partitions: Vec<TopicPartition>, limit: Duration) -> RangeQuery {
        RangeQuery {
            with_committed: matches!(self.settings.mode, Mode::Group(_)),
            from_times: self.times(&partitions, |run, partition| run.from(partition)),
            to_times: self.times(&partitions, |run, partition| run.to(partition)),
            ..RangeQuery::of(partitions, self.settings.read_uncommitted, limit)
        }
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

    pub(super) fn from(&self, partition: &TopicPartition) -> Option<Position> {
        match &self.settings.mode {
            Mode::Standalone(standalone) => standalone.from.at(partition.partition),
            Mode::Group(_) => None,
        }
    }

    fn to(&self, partition: &TopicPartition) -> Option<Position> {
        self.settings.stops.to.as_ref()?.at(partition.partition)
    }

    /// Takes logs that were asked for, whoever asked.
    pub(super) fn ranges_found(
        &mut self,
        ticket: u64,
        ranges: Vec<Asked<Range>>,
        trouble: Option<Trouble>,
        now: Instant,
    ) {
        let refused = ranges.iter().filter_map(|(_, range)| match range {
            Err(Unknown::Refused(trouble)) => Some(trouble),
            Err(Unknown::Unanswered | Unknown::NoLeader) | Ok(_) => None,
        });
        if let Some(trouble) = trouble.as_ref().or(refused.into_iter().next()) {
            let verdict = self.reachability.classify(trouble, now);
            self.act_on(verdict, now);
        }
        if self.rebalances.position_question.is(ticket) {
            self.positions_found(&ranges, now);
        } else if self.ends.time_question.is(ticket) {
            self.ends_at_time_found(&ranges, now);
        } else if let Step::Starting(starting) = &mut self.rebalances.step
            && starting.ticket == ticket
        {
            starting.take(ranges);
            if starting.is_answered() {
                self.start_found(now);
            }
        } else {
            let found = self.unreached.answered(ticket, &ranges);
            if !found.is_empty() && self.ending.is_none() {
                self.take_over(&found, now);
            }
        }
    }

    /// Starts reading what is known; the rest is asked for again.
    pub(super) fn start_found(&mut self, now: Instant) {
        let Step::Starting(mut starting) = std::mem::replace(&mut self.rebalances.step, Step::Idle) else {
            return;
        };
        if !starting.is_enough(now) {
            starting.again = Some(now + starting.retry.pause());
            self.say_starting(&mut starting, now);
            self.rebalances.step = Step::Starting(starting);
            return;
        }
        let found = std::mem::take(&mut starting.found);
        let known: HashSet<&TopicPartition> = found.iter().map(|range| &range.partition).collect();
        let mut unknown: HashMap<_, _> = starting.unknown.into_iter().collect();
        let missing = starting.partitions.into_iter().filter(|partition| !known.contains(partition));
        let missing = missing.map(|partition| {
            let why = unknown.remove(&partition);
            (partition, why)
        });
        self.unreached.add(missing, starting.ticket, starting.since);
        if self.ending.is_none() {
            self.take_over(&found, now);
        }
    }

    /// Tells, once, why none of the logs is known; while no broker was reached that is told anyway.
    fn say_starting(&mut self, starting: &mut Starting, now: Instant) {
        let is_due = !starting.is_said && now.duration_since(starting.since) >= unreached::PATIENCE;
        if !is_due || self.ending.is_some() {
            return;
        }
        let is_connected = self.reachability.is_connected();
        let untold: Vec<_> = starting
            .unknown
            .iter()
            .filter(|(_, why)| is_connected || *why != Unknown::Unanswered)
            .cloned()
            .collect();
        starting.is_said = !untold.is_empty();
        let look_ups = self.source.look_ups();
        for words in unknown::words(&untold, |partition| look_ups.leader(partition)) {
            self.talk.warn(format!("{words}, waiting"), now);
        }
    }

    /// Starts reading partitions whose logs are known.
    fn take_over(&mut self, ranges: &[Range], now: Instant) {
        self.reachability.established();
        // Once every start is fixed: what is written from then on is read.
        if self.unreached.is_empty() && self.topics.take_unsaid_start() {
            self.say_in_order(&Event::Started { topics: self.topics.names().to_vec() });
            self.delivery.seal();
        }
        self.say_uncommitted(ranges);
        let others = self.positions();
        // Unless the group is cooperative, they are started anew as well.
        self.lanes.iter_mut().for_each(|lane| lane.starts_over(now));
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
        if let Err(words) = self.source.assign(&assigned, &others) {
            let failure = Failure::new(Kind::Run, "cannot start reading").caused_by(words);
            return self.fail(failure, now);
        }
        for warning in self.delivery.assigned(self.lanes.iter().count(), self.topics.partitions()) {
            self.talk.warn(warning, now);
        }
        self.counts.assigned += self.as_rebalance();
        let partitions = assigned.into_iter().map(|assigned| assigned.partition).collect();
        self.talk.say(&Event::Assigned { partitions });
        self.ends.is_changed = true;
        self.idle_since = now;
    }

    /// Tells where the group has nothing committed: its offsets may have expired, and `latest` leaves out what was
    /// written meanwhile.
    fn say_uncommitted(&mut self, ranges: &[Range]) {
        let Some(group) = self.settings.group() else { return };
        let is_latest = group.offset_reset == OffsetReset::Latest;
        if group.offset_reset == OffsetReset::None || !is_latest && !self.talk.is_detail_wanted() {
            return;
        }
        let is_fresh = |range: &&Range| is_latest && self.rebalances.fresh.contains(&range.partition);
        let uncommitted = || ranges.iter().filter(|range| range.committed.is_none());
        let (ends, begins): (Vec<_>, Vec<_>) = uncommitted().partition(is_fresh);
        let topics = |ranges: &[&Range]| {
            let mut topics: Vec<_> = ranges.iter().map(|range| Arc::clone(&range.partition.topic)).collect();
            topics.sort();
            topics.dedup();
            topics
        };
        for (at, ranges) in [("end", ends), ("beginning", begins)] {
            for topic in topics(&ranges) {
                let message = format!(
                    "group `{}` has no committed offset in `{topic}`, starting at its {at}",
                    group.name
                );
                self.talk.info(message);
            }
        }
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
        // An empty log gets its position committed as well, or the group would have nothing there for ever.
        let is_empty = range.committed.is_none() && start.offset >= range.end;
        let confirmed = if start.is_committed_at_once {
            self.commits.ask();
            start.offset - 1
        } else if is_empty {
            self.commits.passed_marker();
            start.offset - 1
        } else {
            start.offset
        };
        let claim = self.commits.watermarks_mut().assign(range.partition.clone(), start.offset, confirmed);
        // What was ours before may still be told as it was then.
        let is_first = self.settings.stops.to.is_some() && !self.ends.stops.contains_key(&range.partition);
        let (stop, stop_time) = match self.stop_of(range, start.offset) {
            Some(Stop::Offset(stop)) => (Some(stop), None),
            Some(Stop::Time(time)) => (None, Some(time)),
            None => (None, None),
        };
        self.lanes.insert(Lane {
            partition: range.partition.clone(),
            claim,
            start: start.offset,
            has_given: false,
            stop,
            stop_time,
            end: range.end,
            is_end_said: false,
            is_finished: stop.is_some_and(|stop| start.offset >= stop),
            is_paused: false,
            is_revoked: false,
            fetched: None,
            throttled_until: None,
            started_at: (!is_first).then_some(now),
            silence: Silence::default(),
            is_broken: false,
            is_dirty: true,
            is_position_trusted: true,
            is_starting_over: false,
            moved_at: now,
            read: Read::default(),
            asked_end: range.high,
            // A run that says at its end that all was read has to know.
            gaps: if self.settings.stops.to.is_some() { Gaps::UpTo(0) } else { Gaps::Believed },
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
