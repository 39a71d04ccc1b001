//! What the group gives and takes: the client's callback recorded it, here it is acted on, step by step.

use super::Run;
use super::lanes::Lane;
use super::starts::{self, Start, Stop};
use crate::error::Failure;
use crate::kafka::look_up::{Range, RangeQuery};
use crate::kafka::source::Assigned;
use crate::kafka::{Trouble, TroubleKind};
use crate::position::Position;
use crate::record::TopicPartition;
use crate::settings::Mode;
use crate::talk::Event;
use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

/// A look-up that failed is asked again after that.
const AGAIN: Duration = Duration::from_millis(200);

/// The rebalance under way and those that wait for it.
pub struct Rebalances {
    waiting: VecDeque<Change>,
    step: Step,
    limit: Duration,
    last_ticket: u64,
    /// Partitions of topics in which the group had nothing when we started: there `latest` applies.
    pub fresh: HashSet<TopicPartition>,
    /// Partitions whose position fell out of the log, and the look-up of their range.
    lost_positions: Vec<TopicPartition>,
    position_ticket: Option<u64>,
    /// The group has given us something at least once, if only nothing.
    pub has_joined: bool,
}

enum Change {
    Assigned(Vec<TopicPartition>),
    Revoked(Vec<TopicPartition>),
}

enum Step {
    Idle,
    /// The logs of new partitions are looked up; `again` after a failed try.
    Starting {
        partitions: Vec<TopicPartition>,
        ticket: u64,
        again: Option<Instant>,
    },
    /// Records in hand of partitions that go are finished, then committed.
    Revoking {
        partitions: Vec<TopicPartition>,
        deadline: Instant,
        is_commit_sent: bool,
    },
}

impl Rebalances {
    pub fn new(limit: Duration) -> Rebalances {
        Rebalances {
            waiting: VecDeque::new(),
            step: Step::Idle,
            limit,
            last_ticket: 0,
            fresh: HashSet::new(),
            lost_positions: Vec::new(),
            position_ticket: None,
            has_joined: false,
        }
    }

    pub fn assigned(&mut self, partitions: Vec<TopicPartition>) {
        self.waiting.push_back(Change::Assigned(partitions));
    }

    pub fn revoked(&mut self, partitions: Vec<TopicPartition>) {
        if let Step::Starting { partitions: starting, .. } = &self.step
            && starting.iter().any(|partition| partitions.contains(partition))
        {
            // Taken back before they were read: there is nothing to wait for.
            self.step = Step::Idle;
        }
        self.waiting.push_back(Change::Revoked(partitions));
    }

    pub fn is_revoking(&self) -> bool {
        matches!(self.step, Step::Revoking { .. })
            || self.waiting.iter().any(|change| matches!(change, Change::Revoked(_)))
    }

    pub fn is_quiet(&self) -> bool {
        matches!(self.step, Step::Idle) && self.waiting.is_empty() && self.lost_positions.is_empty()
    }

    /// Asks where a partition can go on whose position is outside the log.
    pub fn find_range(&mut self, partition: TopicPartition) {
        if !self.lost_positions.contains(&partition) {
            self.lost_positions.push(partition);
        }
    }

    fn ticket(&mut self) -> u64 {
        self.last_ticket += 1;
        self.last_ticket
    }
}

impl Run<'_> {
    /// Does what can be done of the rebalance under way.
    pub(super) fn advance_rebalance(&mut self, now: Instant) {
        self.ask_lost_positions();
        loop {
            match std::mem::replace(&mut self.rebalances.step, Step::Idle) {
                Step::Idle => match self.rebalances.waiting.pop_front() {
                    Some(Change::Assigned(partitions)) => self.start_assigning(partitions, now),
                    Some(Change::Revoked(partitions)) => self.start_revoking(partitions, now),
                    None => return,
                },
                Step::Starting { partitions, again: Some(again), .. } if now >= again => {
                    self.look_up_starts(partitions);
                    return;
                }
                Step::Revoking { partitions, deadline, is_commit_sent } => {
                    let step = self.advance_revoke(partitions, deadline, is_commit_sent, now);
                    if let Some(step) = step {
                        self.rebalances.step = step;
                        return;
                    }
                }
                step @ Step::Starting { .. } => {
                    self.rebalances.step = step;
                    return;
                }
            }
        }
    }

    fn start_assigning(&mut self, partitions: Vec<TopicPartition>, now: Instant) {
        self.rebalances.has_joined = true;
        if self.ending.is_some() {
            // We are about to leave: take nothing, but answer.
            let unassigned: Vec<_> = partitions.into_iter().map(|partition| (partition, None)).collect();
            drop(self.source.unassign(&unassigned));
            return;
        }
        self.check_topics(now);
        if partitions.is_empty() {
            // A member to spare: that the coordinator answers is all there is to reach.
            self.weather.established();
            self.talk.say(&Event::Assigned { partitions: Vec::new() });
            self.ends.is_changed = true;
            if let Err(words) = self.source.assign(&[]) {
                self.talk.warn(format!("cannot take an empty assignment: {words}"), now);
            }
            return;
        }
        self.look_up_starts(partitions);
    }

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
            let failure = Failure::new(crate::error::Kind::Run, "cannot start reading").caused_by(words);
            return self.fail(failure, now);
        }
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
            is_revoked: false,
            fetched: None,
            is_dirty: true,
            is_position_trusted: true,
            moved_at: now,
        });
        Assigned { partition: range.partition.clone(), slot: claim.slot, start: start.offset }
    }

    fn stop_of(&mut self, range: &Range, start: i64) -> Option<Stop> {
        let to = self.to(&range.partition)?;
        // Fixed when the partition is first ours.
        let stop = || starts::stop(range, to, start, jiff::Timestamp::now().as_millisecond());
        Some(*self.ends.stops.entry(range.partition.clone()).or_insert_with(stop))
    }

    fn start_revoking(&mut self, partitions: Vec<TopicPartition>, now: Instant) {
        for partition in &partitions {
            if let Some(lane) = self.lanes.find_mut(partition) {
                lane.is_revoked = true;
            }
        }
        self.output.seal();
        let deadline = now + self.rebalances.limit;
        self.rebalances.step = Step::Revoking { partitions, deadline, is_commit_sent: false };
    }

    /// The next step of a hand-over; `None` when it is done.
    fn advance_revoke(
        &mut self,
        partitions: Vec<TopicPartition>,
        deadline: Instant,
        is_commit_sent: bool,
        now: Instant,
    ) -> Option<Step> {
        self.output.seal();
        let is_late = now >= deadline;
        let is_settled = self
            .lanes
            .iter()
            .filter(|lane| partitions.contains(&lane.partition))
            .all(|lane| self.tracker.is_settled(lane.claim));
        if !is_late && (!is_settled || self.outstanding.is_some()) {
            return Some(Step::Revoking { partitions, deadline, is_commit_sent });
        }
        let owed = self.owed_of(&partitions);
        let is_worth_it = !owed.is_empty() && !is_commit_sent && self.schedule.is_committing();
        if is_worth_it && self.outstanding.is_none() && !is_late {
            self.commit(owed, now);
            return Some(Step::Revoking { partitions, deadline, is_commit_sent: true });
        }
        self.release(&partitions, now);
        self.talk.say(&Event::Revoked { partitions });
        None
    }

    /// The group gave our partitions away: nothing is committed for them, what is in hand is nobody's.
    pub(super) fn lost(&mut self, partitions: Vec<TopicPartition>, now: Instant) {
        self.rebalances.waiting.clear();
        self.rebalances.step = Step::Idle;
        self.source.clear_stored(&partitions);
        self.release(&partitions, now);
        self.talk.say(&Event::Lost { partitions });
    }

    fn release(&mut self, partitions: &[TopicPartition], now: Instant) {
        let mut unassigned = Vec::with_capacity(partitions.len());
        for partition in partitions {
            let slot = self.lanes.find(partition).map(|lane| lane.claim.slot);
            if let Some(lane) = slot.and_then(|slot| self.lanes.remove(slot)) {
                self.tracker.release(lane.claim);
            }
            unassigned.push((partition.clone(), slot));
        }
        if let Err(words) = self.source.unassign(&unassigned) {
            self.talk.warn(format!("cannot give partitions back: {words}"), now);
        }
        self.ends.is_changed = true;
    }

    fn ask_lost_positions(&mut self) {
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
    fn positions_found(&mut self, result: Result<Vec<Range>, Trouble>, now: Instant) {
        let Ok(ranges) = result else { return };
        let lost = std::mem::take(&mut self.rebalances.lost_positions);
        let reset = super::group(self.settings).map(|group| group.offset_reset);
        for range in ranges.iter().filter(|range| lost.contains(&range.partition)) {
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

    /// The log at the time when `--to` comes true.
    fn ends_at_time_found(&mut self, result: Result<Vec<Range>, Trouble>) {
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

    /// What a trouble asks for.
    pub(super) fn act_on(&mut self, verdict: super::weather::Verdict, now: Instant) {
        match verdict {
            super::weather::Verdict::Wait => {}
            super::weather::Verdict::Warn(message) => self.talk.warn(message, now),
            super::weather::Verdict::Fail(failure) => self.fail(failure, now),
        }
    }

    /// Whether the trouble only says that the group is being shared out anew.
    pub(super) fn is_passing(trouble: &Trouble) -> bool {
        trouble.kind == TroubleKind::Rebalancing
    }
}
