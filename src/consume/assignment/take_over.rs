//! Taking over partitions: their logs are looked up, then reading starts at concrete offsets.

use super::Assignment;
use super::partition::{AssignedPartition, Gaps, PositionTrust, Reading};
use super::rebalance::RebalanceStep;
use super::silence::Silence;
use super::start_stop::{self, Start, StopPoint};
use super::starting::Starting;
use super::times::PATIENCE;
use crate::commits::Commits;
use crate::consume::action::{Action, Context, ReadChange, Step};
use crate::error::Failure;
use crate::kafka::admin::{Asked, Unknown};
use crate::kafka::look_up::{Purpose, Question};
use crate::kafka::ranges::Range;
use crate::kafka::source::Assigned;
use crate::metrics::Read;
use crate::reachability::unknown;
use crate::record::TopicPartition;
use crate::settings::Mode;
use std::collections::{HashMap, HashSet};
use std::time::Instant;

impl Assignment<'_> {
    /// Begins to read partitions that nobody gives to us.
    pub fn start(&mut self, partitions: Vec<TopicPartition>, context: &mut Context<'_, '_>) {
        self.look_up_starts(Starting::new(partitions, context.now), context);
    }

    /// Asks for the logs of partitions before they are read.
    pub(super) fn look_up_starts(&mut self, starting: Starting, context: &mut Context<'_, '_>) {
        let ticket = self.partitions.next_ticket();
        let query = self.partitions.start_query(starting.partitions.clone(), starting.retry.limit());
        context.act(Action::Ask(Question::Ranges { purpose: Purpose::Start(ticket), query }));
        let why = if starting.unknown.is_empty() { starting.why } else { starting.unknown };
        let (found, unknown) = (Vec::new(), Vec::new());
        let starting = Starting { ticket, again: None, found, unknown, why, ..starting };
        self.rebalances.step = RebalanceStep::Starting(starting);
    }

    /// Takes logs that were asked for to start reading.
    pub(super) fn starts_found(
        &mut self,
        ticket: u64,
        ranges: Vec<Asked<Range>>,
        context: &mut Context<'_, '_>,
    ) -> Step {
        match self.rebalances.take_step() {
            RebalanceStep::Starting(mut starting) if starting.ticket == ticket => {
                starting.take(ranges);
                if starting.is_answered() {
                    return self.start_found(starting, context);
                }
                self.rebalances.step = RebalanceStep::Starting(starting);
            }
            step @ (RebalanceStep::Starting(_) | RebalanceStep::Idle | RebalanceStep::Revoking(_)) => {
                self.rebalances.step = step;
                let found = self.unreached.answered(ticket, &ranges);
                if !found.is_empty() && !context.is_closing {
                    return self.take_over(&found, context);
                }
            }
        }
        Ok(())
    }

    /// Starts reading what is known; the rest is asked for again.
    pub(super) fn start_found(&mut self, mut starting: Starting, context: &mut Context<'_, '_>) -> Step {
        if !starting.is_enough(self.settings.is_merged, context.now) {
            starting.again = Some(context.now + starting.retry.pause());
            say_starting(&mut starting, context);
            self.rebalances.step = RebalanceStep::Starting(starting);
            return Ok(());
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
        if context.is_closing { Ok(()) } else { self.take_over(&found, context) }
    }

    /// Starts reading partitions whose logs are known.
    fn take_over(&mut self, ranges: &[Range], context: &mut Context<'_, '_>) -> Step {
        context.act(Action::Established);
        // Once every start is fixed: what is written from then on is read.
        if self.unreached.is_empty() {
            context.act(Action::AllStarted);
        }
        self.say_uncommitted(ranges, context);
        let others = self.partitions.positions(context.commits.watermarks());
        // In a group that is not cooperative they are started anew as well.
        self.partitions.iter_mut().for_each(|partition| partition.fetching_starts(context.now));
        let mut assigned = Vec::with_capacity(ranges.len());
        for range in ranges {
            let start = self.start_of(range)?;
            if let Some(warning) = &start.warning {
                context.warn(warning.clone());
            }
            assigned.push(self.add(range, &start, context.commits, context.now));
        }
        context.act(Action::Read(ReadChange::Assign { assigned, others }));
        self.ends.mark_changed();
        Ok(())
    }

    fn start_of(&self, range: &Range) -> Result<Start, Failure> {
        match &self.settings.mode {
            Mode::Group(group) => {
                start_stop::in_group(range, group.offset_reset, self.fresh.contains(&range.partition))
            }
            Mode::Standalone(_) => start_stop::alone(range, self.partitions.from(&range.partition)),
        }
    }

    fn add(&mut self, range: &Range, start: &Start, commits: &mut Commits, now: Instant) -> Assigned {
        // An empty log gets its position committed as well, or the group would have nothing there for ever.
        let is_empty = range.committed.is_none() && start.offset >= range.end;
        let confirmed = if start.is_committed_at_once {
            commits.ask();
            start.offset - 1
        } else if is_empty {
            commits.passed_marker();
            start.offset - 1
        } else {
            start.offset
        };
        let id = commits.watermarks_mut().assign(range.partition.clone(), start.offset, confirmed);
        // What was ours before may still be told as it was then.
        let is_first = self.partitions.has_stop() && !self.ends.is_stop_known(&range.partition);
        let stop = self.stop_of(range, start.offset);
        let mut partition = AssignedPartition {
            id,
            name: range.partition.clone(),
            reading: Reading::Open,
            position: PositionTrust::Trusted,
            log_start: range.begin,
            start: start.offset,
            stop,
            end: range.end,
            asked_end: range.high,
            has_given: false,
            is_end_said: false,
            is_dirty: true,
            moved_at: now,
            fetched: None,
            throttled_until: None,
            started_at: (!is_first).then_some(now),
            silence: Silence::default(),
            // A run that says at its end that all was read has to know.
            gaps: if self.partitions.has_stop() { Gaps::UpTo(0) } else { Gaps::Believed },
            read: Read::default(),
        };
        if partition.stop_offset().is_some_and(|stop| start.offset >= stop) {
            partition.finish();
        }
        self.partitions.insert(partition);
        Assigned { partition: range.partition.clone(), slot: id.slot, start: start.offset }
    }

    fn stop_of(&mut self, range: &Range, start: i64) -> Option<StopPoint> {
        let to = self.partitions.to(&range.partition)?;
        // Fixed when the partition is first ours.
        let stop = || start_stop::stop(range, to, start, jiff::Timestamp::now().as_millisecond());
        let is_end_one = self.settings.stops.at_end;
        let stop = || if is_end_one { stop().or_end(range) } else { stop() };
        Some(self.ends.stop_or_insert(&range.partition, stop))
    }
}

/// Tells, once, why none of the logs is known; while no broker was reached that is told anyway.
fn say_starting(starting: &mut Starting, context: &mut Context<'_, '_>) {
    let is_due = !starting.is_said && context.now.duration_since(starting.since) >= PATIENCE;
    if !is_due || context.is_closing {
        return;
    }
    let is_connected = context.reachability.is_connected();
    let untold: Vec<_> = starting
        .unknown
        .iter()
        .filter(|(_, why)| is_connected || *why != Unknown::Unanswered)
        .cloned()
        .collect();
    starting.is_said = !untold.is_empty();
    for words in unknown::words(&untold, |partition| context.client.leader(partition)) {
        context.warn(format!("{words}, waiting"));
    }
}
