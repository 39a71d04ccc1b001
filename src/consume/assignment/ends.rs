//! The end of every partition: found without waiting for a time-out, said once, and reason to stop.

use super::newest;
use super::partition::{AssignedPartition, PositionTrust, Reading};
use super::partitions::Partitions;
use super::question::PartitionQuestion;
use super::start_stop::StopPoint;
use super::times::{ASK_AGAIN, QUIET};
use crate::consume::action::{Action, Context, ReadChange, RunEnd, Step};
use crate::kafka::admin::{Asked, Unknown};
use crate::kafka::look_up::{Purpose, Question};
use crate::kafka::ranges::{Range, RangeQuery};
use crate::plural::counted;
use crate::position::Position;
use crate::record::TopicPartition;
use crate::talk::{Event, Notice};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// A member without partitions ends after that long: a dead member is remembered for 45 s.
const SPARE: Duration = Duration::from_secs(60);

/// The ends of more partitions than that are said in one line, once all are reached.
const MOST_ENDS: usize = 8;

/// Where we are in the group, as far as it decides whether a run is at its end.
pub struct PlaceInGroup<'p> {
    pub group: Option<&'p str>,
    /// The group has given us something at least once, if only nothing.
    pub has_joined: bool,
    pub is_member: bool,
    /// No partition comes or goes, and the logs of all are known.
    pub is_settled: bool,
}

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
    /// Looks where every partition is.
    ///
    /// # Errors
    /// Everything is read to its end.
    pub fn look(
        &mut self,
        partitions: &mut Partitions<'_>,
        place: &PlaceInGroup<'_>,
        context: &mut Context<'_, '_>,
    ) -> Step {
        if context.is_closing {
            return Ok(());
        }
        // Positions mean what they say once all that was read was looked at.
        if context.client.is_used_up() {
            self.advance_positions(partitions, context);
            // What was read backwards is not printed yet.
            if !context.delivery.is_collecting() && !context.delivery.is_showing_newest() {
                say_ends(partitions, context);
            }
            self.watch_time_to_come(partitions, context);
        }
        newest::read_back(partitions, context);
        self.pause_finished(partitions, context);
        self.watch_stops(partitions, place, context)
    }

    fn advance_positions(&mut self, partitions: &mut Partitions<'_>, context: &mut Context<'_, '_>) {
        let is_open = |partition: &&AssignedPartition| {
            partition.is_open() && (partition.is_dirty || !partition.is_end_said)
        };
        let open: Vec<(usize, TopicPartition)> = partitions
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
            if let Some(partition) = partitions.get_mut(slot) {
                self.is_changed |= advance(partition, position, context);
            }
        }
    }

    /// Once a time in `--to` has come, the end is what it is then.
    fn watch_time_to_come(&mut self, partitions: &mut Partitions<'_>, context: &mut Context<'_, '_>) {
        if !self.time_question.may_be_asked(context.now) {
            return;
        }
        let wall = jiff::Timestamp::now().as_millisecond();
        let is_going_on = |partition: &&AssignedPartition| !partition.is_finished();
        let due = partitions.iter().filter(is_going_on).filter_map(|partition| match partition.stop {
            Some(StopPoint::Time(time)) if wall >= time => Some((partition.name.clone(), time)),
            Some(StopPoint::Time(_) | StopPoint::Offset(_)) | None => None,
        });
        let to_times: Vec<_> = due.collect();
        if to_times.is_empty() {
            return;
        }
        let ticket = partitions.next_ticket();
        let asked: Vec<_> = to_times.iter().map(|(partition, _)| partition.clone()).collect();
        self.time_question.ask(ticket, asked.clone());
        let query = RangeQuery { to_times, ..partitions.log_query(asked) };
        context.act(Action::Ask(Question::Ranges { purpose: Purpose::EndAtTime(ticket), query }));
    }

    /// Takes the logs at the time when `--to` came true.
    pub fn found(
        &mut self,
        ticket: u64,
        ranges: &[Asked<Range>],
        partitions: &mut Partitions<'_>,
        now: Instant,
    ) {
        if !self.time_question.is(ticket) {
            return;
        }
        self.time_question.answered(ranges, now + ASK_AGAIN);
        self.take_unknown(ranges, now);
        for range in ranges.iter().filter_map(|(_, range)| range.as_ref().ok()) {
            let stop = StopPoint::Offset(range.to.unwrap_or(range.end));
            self.stops.insert(range.partition.clone(), stop);
            if let Some(partition) = partitions.find_mut(&range.partition) {
                partition.stop = Some(stop);
                // The log has grown since the partition was taken over.
                partition.end = partition.end.max(range.end);
            }
        }
        self.mark_changed();
    }

    /// A finished partition is fetched no more while others go on.
    fn pause_finished(&mut self, partitions: &mut Partitions<'_>, context: &mut Context<'_, '_>) {
        if !self.is_changed {
            return;
        }
        for partition in partitions.iter_mut() {
            if partition.reading == (Reading::Finished { is_paused: false })
                && !newest::goes_back(partition, context)
            {
                partition.reading = Reading::Finished { is_paused: true };
                context.act(Action::Read(ReadChange::Pause(partition.name.clone())));
            }
        }
    }

    fn watch_stops(
        &mut self,
        partitions: &mut Partitions<'_>,
        place: &PlaceInGroup<'_>,
        context: &mut Context<'_, '_>,
    ) -> Step {
        if !partitions.has_stop() {
            // Nothing will ever finish: the next look is when it is quiet, not after every batch.
            self.is_changed = false;
            return Ok(());
        }
        if !place.is_settled || place.group.is_some() && !place.has_joined {
            return Ok(());
        }
        if partitions.is_empty()
            && let Some(group) = place.group
        {
            // Thrown out of the group, it is about to join again.
            match place.is_member {
                true => self.watch_spare(group, context),
                false => self.spare_since = None,
            }
            return Ok(());
        }
        self.spare_since = None;
        // With a map some partitions may have no stop: they go on for ever, and so does the run.
        if !context.delivery.has_nothing_in_hand() {
            // Looked at again when the last one in hand is done.
            return Ok(());
        }
        let is_changed = std::mem::take(&mut self.is_changed);
        if !is_changed || !partitions.iter().all(AssignedPartition::is_finished) {
            return Ok(());
        }
        if context.delivery.is_collecting() {
            self.is_changed = true;
            newest::show(partitions, context);
            return Ok(());
        }
        Err(Box::new(RunEnd::Done))
    }

    /// Other members hold everything: wait for one of them to be gone, then say who they are and end.
    fn watch_spare(&mut self, group: &str, context: &mut Context<'_, '_>) {
        let since = *self.spare_since.get_or_insert(context.now);
        if context.now.duration_since(since) < SPARE {
            return;
        }
        if !std::mem::replace(&mut self.has_asked_owners, true) {
            context.act(Action::Ask(Question::Owners(group.to_owned())));
        }
    }

    /// Ends a run that got no partition; without owners the group is being shared out anew, or nobody told.
    ///
    /// # Errors
    /// The run ends: other members hold everything.
    pub fn owners_found(
        &mut self,
        owners: Option<Vec<String>>,
        partitions: &Partitions<'_>,
        place: &PlaceInGroup<'_>,
        context: &mut Context<'_, '_>,
    ) -> Step {
        // Something may have been given to us meanwhile, and not be read yet.
        let has_nothing = partitions.is_empty() && place.is_settled;
        let is_spare = self.spare_since.is_some() && has_nothing && place.is_member;
        let Some(owners) = owners.filter(|_| is_spare) else {
            (self.spare_since, self.has_asked_owners) = (None, false);
            return Ok(());
        };
        let who = if owners.is_empty() { "other members".to_owned() } else { owners.join(", ") };
        context.warn(format!("no partition was left for this member in 60 s; they are held by {who}"));
        Err(Box::new(RunEnd::Done))
    }
}

/// Says which partitions have come to their end: once what was read of them is processed by handlers, or decoded and on
/// its way to stdout.
fn say_ends(partitions: &mut Partitions<'_>, context: &mut Context<'_, '_>) {
    let is_detail_wanted = partitions.is_detail_wanted();
    let (watermarks, delivery) = (context.commits.watermarks(), context.delivery);
    let mut reached = Vec::new();
    for partition in partitions.iter_mut() {
        let next = match delivery.has_handlers() || delivery.has_waiting(partition.id) {
            true => watermarks.watermark(partition.id),
            false => watermarks.next(partition.id),
        };
        let next = next.unwrap_or(0);
        let is_reached = next >= partition.end && partition.reading != Reading::Revoked;
        if is_reached && !partition.is_end_said {
            partition.is_end_said = true;
            reached.push(partition.name.clone());
        } else if is_detail_wanted && partition.is_end_said && next > partition.end {
            let is_new_end = context.client.known_end(&partition.name).is_some_and(|end| next >= end);
            if is_new_end {
                partition.end = next;
                reached.push(partition.name.clone());
            }
        }
    }
    if reached.is_empty() {
        return;
    }
    let count = partitions.count();
    let is_folded = count > MOST_ENDS && !is_detail_wanted;
    for partition in reached {
        say_empty_tail(partitions, &partition, context);
        context.act(Action::EndReached { partition, is_folded });
    }
    if is_folded && partitions.iter().all(|partition| partition.is_end_said) {
        let message = format!("Reached end of all {count} partitions").into();
        context.act(Action::Tell(Notice::AfterRecords(Event::Progress { message })));
    }
}

/// Tells whoever asked for the last N offsets and got none of their records that there are none.
fn say_empty_tail(partitions: &Partitions<'_>, name: &TopicPartition, context: &mut Context<'_, '_>) {
    let Some(Position::BeforeEnd(count)) = partitions.from(name) else { return };
    let Some(partition) = partitions.find(name) else { return };
    if !partition.has_given && partition.start < partition.end && !partitions.is_read_backwards() {
        context.info(format!(
            "{name}: no record in the last {}, only transaction markers, or compacted or aborted records; try a \
             larger number",
            counted(count.unsigned_abs(), "offset", "offsets")
        ));
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
    if context.delivery.is_paused(id) || context.client.has_waiting(id.slot) {
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
