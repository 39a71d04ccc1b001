//! The end of every partition: found without waiting for a time-out, said once, and reason to stop.

use super::Assignment;
use super::partition::{AssignedPartition, PositionTrust, Reading};
use super::question::PartitionQuestion;
use super::start_stop::StopPoint;
use super::times::{ANSWER_LIMIT, ASK_AGAIN, QUIET};
use crate::consume::action::{Action, Context, ReadChange, RunEnd, Step};
use crate::kafka::admin::{Asked, Unknown};
use crate::kafka::look_up::{Purpose, Question};
use crate::kafka::ranges::{Range, RangeQuery};
use crate::position::Position;
use crate::record::TopicPartition;
use crate::settings::Mode;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// A member without partitions ends after that long: a dead member is remembered for 45 s.
const SPARE: Duration = Duration::from_secs(60);

/// What is known of the stops of a run.
#[derive(Default)]
pub struct Ends {
    /// Where each partition stops, fixed when it was first ours.
    stops: HashMap<TopicPartition, StopPoint>,
    /// A partition came, went or finished since it was last looked at.
    is_changed: bool,
    /// Where partitions end once a time in `--to` has come.
    time_question: PartitionQuestion,
    /// Partitions whose end at that time is not known though it was asked for, and since when.
    unknown: Vec<(TopicPartition, Unknown)>,
    unknown_since: Option<Instant>,
    pub(super) is_unknown_said: bool,
    /// Since when the group has left no partition for this member.
    spare_since: Option<Instant>,
    has_asked_owners: bool,
}

impl Ends {
    /// Has the ends looked at soon, even while records come.
    pub fn mark_changed(&mut self) {
        self.is_changed = true;
    }

    pub fn mark_changed_if(&mut self, is_changed: bool) {
        self.is_changed |= is_changed;
    }

    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Whether a partition was ours before.
    pub fn is_stop_known(&self, partition: &TopicPartition) -> bool {
        self.stops.contains_key(partition)
    }

    pub fn stop_or_insert(
        &mut self,
        partition: &TopicPartition,
        stop: impl FnOnce() -> StopPoint,
    ) -> StopPoint {
        *self.stops.entry(partition.clone()).or_insert_with(stop)
    }

    /// Notes which of the ends that were asked for are not known.
    fn take_unknown(&mut self, ranges: &[Asked<Range>], now: Instant) {
        self.unknown.retain(|(partition, _)| !ranges.iter().any(|(answered, _)| answered == partition));
        let why =
            |(partition, range): &Asked<Range>| Some((partition.clone(), range.as_ref().err()?.clone()));
        self.unknown.extend(ranges.iter().filter_map(why));
        if self.unknown.is_empty() {
            (self.unknown_since, self.is_unknown_said) = (None, false);
        } else {
            self.unknown_since.get_or_insert(now);
        }
    }

    /// Forgets partitions that are not ours any more.
    pub fn forget(&mut self, partitions: &[TopicPartition]) {
        self.unknown.retain(|(partition, _)| !partitions.contains(partition));
        if self.unknown.is_empty() {
            (self.unknown_since, self.is_unknown_said) = (None, false);
        }
    }

    /// The partitions whose end has not been known for so long.
    pub fn unknown_for(&self, time: Duration, now: Instant) -> &[(TopicPartition, Unknown)] {
        match self.unknown_since {
            Some(since) if now.duration_since(since) >= time => &self.unknown,
            Some(_) | None => &[],
        }
    }

    /// Whoever was asked does not answer any more.
    pub fn ask_again(&mut self) {
        self.time_question.give_up();
        self.has_asked_owners = false;
    }
}

impl Assignment<'_> {
    /// Looks where every partition is.
    ///
    /// # Errors
    /// Everything is read to its end.
    pub fn look_at_ends(&mut self, context: &mut Context<'_, '_>) -> Step {
        if context.is_closing {
            return Ok(());
        }
        // CommitPositions mean what they say once all that was read was looked at.
        if context.client.is_used_up() {
            self.advance_positions(context);
            self.say_ends(context);
            self.watch_time_to_come(context);
        }
        self.pause_finished(context);
        self.watch_stops(context)
    }

    fn advance_positions(&mut self, context: &mut Context<'_, '_>) {
        let is_open = |partition: &&AssignedPartition| {
            partition.is_open() && (partition.is_dirty || !partition.is_end_said)
        };
        let open: Vec<(usize, TopicPartition)> = self
            .partitions
            .iter()
            .filter(is_open)
            .map(|partition| (partition.id.slot, partition.name.clone()))
            .collect();
        if open.is_empty() {
            return;
        }
        let (slots, names): (Vec<_>, Vec<_>) = open.into_iter().unzip();
        let positions = context.client.positions(&names);
        for (slot, position) in slots.into_iter().zip(positions) {
            if let Some(partition) = self.partitions.get_mut(slot) {
                self.ends.is_changed |= advance(partition, position, context);
            }
        }
    }

    fn say_ends(&mut self, context: &mut Context<'_, '_>) {
        let mut reached = Vec::new();
        for partition in self.partitions.iter_mut() {
            let next = context.commits.watermarks().next(partition.id).unwrap_or(0);
            let is_reached = next >= partition.end && partition.reading != Reading::Revoked;
            if is_reached && !partition.is_end_said {
                partition.is_end_said = true;
                reached.push(partition.name.clone());
            } else if self.is_detail_wanted && partition.is_end_said && next > partition.end {
                let is_new_end = context.client.known_end(&partition.name).is_some_and(|end| next >= end);
                if is_new_end {
                    partition.end = next;
                    reached.push(partition.name.clone());
                }
            }
        }
        for partition in reached {
            self.say_empty_tail(&partition, context);
            context.act(Action::EndReached(partition));
        }
    }

    /// Tells whoever asked for the last N offsets and got none of their records that there are none.
    fn say_empty_tail(&self, name: &TopicPartition, context: &mut Context<'_, '_>) {
        let Some(Position::BeforeEnd(count)) = self.from(name) else { return };
        let Some(partition) = self.partitions.find(name) else { return };
        if !partition.has_given && partition.start < partition.end {
            context.info(format!(
                "{name}: no record in the last {count} offsets, only transaction markers or what was compacted or \
                 aborted; try a larger number"
            ));
        }
    }

    /// Once a time in `--to` has come, the end is what it is then.
    fn watch_time_to_come(&mut self, context: &mut Context<'_, '_>) {
        if !self.ends.time_question.may_be_asked(context.now) {
            return;
        }
        let wall = jiff::Timestamp::now().as_millisecond();
        let is_going_on = |partition: &&AssignedPartition| !partition.is_finished();
        let due = self.partitions.iter().filter(is_going_on).filter_map(|partition| match partition.stop {
            Some(StopPoint::Time(time)) if wall >= time => Some((partition.name.clone(), time)),
            Some(StopPoint::Time(_) | StopPoint::Offset(_)) | None => None,
        });
        let to_times: Vec<_> = due.collect();
        if to_times.is_empty() {
            return;
        }
        let ticket = self.next_ticket();
        let partitions: Vec<_> = to_times.iter().map(|(partition, _)| partition.clone()).collect();
        self.ends.time_question.ask(ticket, partitions.clone());
        let query = RangeQuery {
            to_times,
            ..RangeQuery::of(partitions, self.settings.read_uncommitted, ANSWER_LIMIT)
        };
        context.act(Action::Ask(Question::Ranges { purpose: Purpose::EndAtTime(ticket), query }));
    }

    /// Takes the logs at the time when `--to` came true.
    pub(super) fn ends_at_time_found(
        &mut self,
        ticket: u64,
        ranges: &[Asked<Range>],
        context: &Context<'_, '_>,
    ) {
        if !self.ends.time_question.is(ticket) {
            return;
        }
        self.ends.time_question.answered(ranges, context.now + ASK_AGAIN);
        self.ends.take_unknown(ranges, context.now);
        for range in ranges.iter().filter_map(|(_, range)| range.as_ref().ok()) {
            let stop = StopPoint::Offset(range.to.unwrap_or(range.end));
            self.ends.stops.insert(range.partition.clone(), stop);
            if let Some(partition) = self.partitions.find_mut(&range.partition) {
                partition.stop = Some(stop);
                // The log has grown since the partition was taken over.
                partition.end = partition.end.max(range.end);
            }
        }
        self.ends.mark_changed();
    }

    /// A finished partition is fetched no more while others go on.
    fn pause_finished(&mut self, context: &mut Context<'_, '_>) {
        if !self.ends.is_changed {
            return;
        }
        for partition in self.partitions.iter_mut() {
            if partition.reading == (Reading::Finished { is_paused: false }) {
                partition.reading = Reading::Finished { is_paused: true };
                context.act(Action::Read(ReadChange::Pause(partition.name.clone())));
            }
        }
    }

    fn watch_stops(&mut self, context: &mut Context<'_, '_>) -> Step {
        if self.settings.stops.to.is_none() {
            // Nothing will ever finish: the next look is when it is quiet, not after every batch.
            self.ends.is_changed = false;
            return Ok(());
        }
        if !self.is_quiet() || !self.unreached.is_empty() {
            return Ok(());
        }
        let is_in_group = matches!(self.settings.mode, Mode::Group(_));
        if is_in_group && !self.rebalances.has_joined {
            return Ok(());
        }
        if self.partitions.is_empty() && is_in_group {
            // Thrown out of the group, it is about to join again.
            match self.rebalances.is_member {
                true => self.watch_spare(context),
                false => self.ends.spare_since = None,
            }
            return Ok(());
        }
        self.ends.spare_since = None;
        // With a map some partitions may have no stop: they go on for ever, and so does the run.
        if !context.delivery.has_nothing_in_hand() {
            // Looked at again when the last one in hand is done.
            return Ok(());
        }
        let is_changed = std::mem::take(&mut self.ends.is_changed);
        if is_changed && self.partitions.iter().all(AssignedPartition::is_finished) {
            return Err(Box::new(RunEnd::Done));
        }
        Ok(())
    }

    /// Other members hold everything: wait for one of them to be gone, then say who they are and end.
    fn watch_spare(&mut self, context: &mut Context<'_, '_>) {
        let since = *self.ends.spare_since.get_or_insert(context.now);
        if context.now.duration_since(since) < SPARE {
            return;
        }
        if !std::mem::replace(&mut self.ends.has_asked_owners, true)
            && let Some(group) = self.settings.group()
        {
            context.act(Action::Ask(Question::Owners(group.name.clone())));
        }
    }

    /// Ends a run that got no partition; without owners the group is being shared out anew, or nobody told.
    ///
    /// # Errors
    /// The run ends: other members hold everything.
    pub fn owners_found(&mut self, owners: Option<Vec<String>>, context: &mut Context<'_, '_>) -> Step {
        // Something may have been given to us meanwhile, and not be read yet.
        let has_nothing = self.partitions.is_empty() && self.unreached.is_empty() && self.is_quiet();
        let is_spare = self.ends.spare_since.is_some() && has_nothing && self.rebalances.is_member;
        let Some(owners) = owners.filter(|_| is_spare) else {
            (self.ends.spare_since, self.ends.has_asked_owners) = (None, false);
            return Ok(());
        };
        let who = if owners.is_empty() { "other members".to_owned() } else { owners.join(", ") };
        context.warn(format!("no partition was left for this member in 60 s; they are held by {who}"));
        Err(Box::new(RunEnd::Done))
    }
}

/// Moves a partition to where the client is, over markers too. True if that is its stop.
fn advance(partition: &mut AssignedPartition, position: Option<i64>, context: &mut Context<'_, '_>) -> bool {
    let now = context.now;
    let id = partition.id;
    if partition.position == PositionTrust::StartingOver {
        partition.fetched = None;
        if position.is_none() {
            partition.position = PositionTrust::Trusted;
        }
        return false;
    }
    // Nothing passes the end that is known: see `Arrival::Trouble`.
    let highest = context.client.known_end(&partition.name).unwrap_or(partition.end).max(partition.end);
    let next = context.commits.watermarks().next(id).unwrap_or(0);
    let is_quiet = now.duration_since(partition.moved_at) >= QUIET;
    // Fetching is ahead of what was delivered: it counts only if nothing fetched waits to be taken.
    let fetched = partition
        .fetched
        .take()
        .filter(|_| is_quiet && partition.is_fetching(now) && context.client.is_drained(id.slot));
    let position = position
        .filter(|_| partition.position == PositionTrust::Trusted)
        .max(fetched.map(|fetched| fetched.next))
        .filter(|position| *position > next && *position <= highest);
    if let Some(position) = position {
        context.commits.watermarks_mut().advance(id, position);
        partition.moved_at = now;
    }
    let next = position.unwrap_or(next);
    let is_at_stop = partition.stop_offset().is_some_and(|stop| next >= stop);
    if is_at_stop {
        partition.finish();
    } else if is_quiet && partition.stop_offset().is_some() {
        context.act(Action::Read(ReadChange::AskStatistics));
    }
    if context.delivery.is_paused(id) {
        partition.moved_at = now;
    }
    if partition.is_dirty && context.commits.watermarks().is_settled(id) {
        partition.is_dirty = false;
        if context.commits.watermarks().owed(id).is_some() {
            context.commits.passed_marker();
        }
    }
    is_at_stop
}
