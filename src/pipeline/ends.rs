//! The end of every partition: found without waiting for a time-out, said once, and reason to stop.

use super::Run;
use super::lanes::Lane;
use super::question::Question;
use super::starts::Stop;
use crate::commits::AssignmentId;
use crate::kafka::admin::{Asked, Unknown};
use crate::kafka::ranges::Range;
use crate::position::Position;
use crate::record::TopicPartition;
use crate::settings::Mode;
use crate::talk::Event;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// A partition below its stop that delivers nothing for that long may hold batches without records, which
/// move no position: twice the default `fetch.wait.max.ms`.
pub const QUIET: Duration = Duration::from_secs(1);

/// A member without partitions ends after that long: a dead member is remembered for 45 s.
const SPARE: Duration = Duration::from_secs(60);

/// What is known of the stops of a run.
#[derive(Default)]
pub struct Ends {
    /// Where each partition stops, fixed when it was first ours.
    pub stops: HashMap<TopicPartition, Stop>,
    /// A lane came, went or finished since it was last looked at.
    pub is_changed: bool,
    /// Where partitions end once a time in `--to` has come.
    pub time_question: Question,
    /// Partitions of which that is not known though it was asked for, and since when.
    pub unknown: Vec<(TopicPartition, Unknown)>,
    pub unknown_since: Option<Instant>,
    pub is_unknown_said: bool,
    spare_since: Option<Instant>,
    has_asked_owners: bool,
}

impl Ends {
    /// Notes which of the ends that were asked for are not known.
    pub fn take_unknown(&mut self, ranges: &[Asked<Range>], now: Instant) {
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

    /// They are not ours any more.
    pub fn forget(&mut self, partitions: &[TopicPartition]) {
        self.unknown.retain(|(partition, _)| !partitions.contains(partition));
        if self.unknown.is_empty() {
            (self.unknown_since, self.is_unknown_said) = (None, false);
        }
    }

    /// The same, if that has been so for this long.
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

impl Run<'_> {
    /// Looks where every partition is.
    pub(super) fn look_at_ends(&mut self, now: Instant) {
        if self.ending.is_some() {
            return;
        }
        // Positions mean what they say once all that was read was looked at.
        if self.source.is_used_up() {
            self.advance_positions(now);
            self.say_ends();
            self.watch_time_to_come(now);
        }
        self.pause_finished();
        self.watch_stops(now);
    }

    fn advance_positions(&mut self, now: Instant) {
        let is_open = |lane: &&Lane| {
            let is_read = !lane.is_finished && !lane.is_revoked && !lane.is_broken;
            is_read && (lane.is_dirty || !lane.is_end_said)
        };
        let open: Vec<(AssignmentId, TopicPartition)> =
            self.lanes.iter().filter(is_open).map(|lane| (lane.claim, lane.partition.clone())).collect();
        if open.is_empty() {
            return;
        }
        let (claims, partitions): (Vec<_>, Vec<_>) = open.into_iter().unzip();
        let positions = self.source.positions(&partitions);
        for ((claim, partition), position) in claims.iter().zip(&partitions).zip(positions) {
            self.advance(*claim, partition, position, now);
        }
    }

    fn advance(
        &mut self,
        claim: AssignmentId,
        partition: &TopicPartition,
        position: Option<i64>,
        now: Instant,
    ) {
        let known_end = self.source.known_end(partition);
        let is_waiting = self.delivery.is_paused(claim);
        let Some(lane) = self.lanes.get_mut(claim.slot) else { return };
        if lane.is_starting_over {
            lane.fetched = None;
            if position.is_none() {
                lane.is_starting_over = false;
                lane.is_position_trusted = true;
            }
            return;
        }
        // Nothing passes the end that is known: see `Arrival::Trouble`.
        let highest = known_end.unwrap_or(lane.end).max(lane.end);
        let next = self.commits.watermarks().next(claim).unwrap_or(0);
        let is_quiet = now.duration_since(lane.moved_at) >= QUIET;
        // Fetching is ahead of what was delivered: it counts only if nothing fetched waits to be taken.
        let fetched = lane
            .fetched
            .take()
            .filter(|_| is_quiet && lane.is_fetching(now) && self.source.is_drained(claim.slot));
        let position = position
            .filter(|_| lane.is_position_trusted)
            .max(fetched.map(|fetched| fetched.next))
            .filter(|position| *position > next && *position <= highest);
        if let Some(position) = position {
            self.commits.watermarks_mut().advance(claim, position);
            lane.moved_at = now;
        }
        let next = position.unwrap_or(next);
        if lane.stop.is_some_and(|stop| next >= stop) {
            lane.is_finished = true;
            self.ends.is_changed = true;
        }
        if is_quiet && lane.stop.is_some_and(|stop| next < stop) {
            self.source.ask_statistics();
        }
        if is_waiting {
            lane.moved_at = now;
        }
        if lane.is_dirty && self.commits.watermarks().is_settled(claim) {
            lane.is_dirty = false;
            if self.commits.watermarks().owed(claim).is_some() {
                self.commits.passed_marker();
            }
        }
    }

    fn say_ends(&mut self) {
        let names_topic = self.topics.count() > 1;
        let is_verbose = self.talk.is_detail_wanted();
        let mut reached = Vec::new();
        for lane in self.lanes.iter_mut() {
            let next = self.commits.watermarks().next(lane.claim).unwrap_or(0);
            let is_reached = next >= lane.end && !lane.is_revoked;
            if is_reached && !lane.is_end_said {
                lane.is_end_said = true;
                reached.push(lane.partition.clone());
            } else if is_verbose && lane.is_end_said && next > lane.end {
                let is_new_end = self.source.known_end(&lane.partition).is_some_and(|end| next >= end);
                if is_new_end {
                    lane.end = next;
                    reached.push(lane.partition.clone());
                }
            }
        }
        for partition in reached {
            self.say_empty_tail(&partition);
            self.say_in_order(&Event::EndReached { partition, names_topic });
        }
    }

    /// Tells whoever asked for the last N offsets and got none of their records that there are none.
    fn say_empty_tail(&mut self, partition: &TopicPartition) {
        let Some(Position::BeforeEnd(count)) = self.from(partition) else { return };
        let Some(lane) = self.lanes.find(partition) else { return };
        if !lane.has_given && lane.start < lane.end {
            self.talk.info(format!(
                "{partition}: no record in the last {count} offsets, only transaction markers or what was \
                 compacted or aborted; try a larger number"
            ));
        }
    }

    /// Once a time in `--to` has come, the end is what it is then.
    fn watch_time_to_come(&mut self, now: Instant) {
        if !self.ends.time_question.may_be_asked(now) {
            return;
        }
        let wall = jiff::Timestamp::now().as_millisecond();
        let due = self.lanes.iter().filter(|lane| !lane.is_finished).filter_map(|lane| {
            let time = lane.stop_time.filter(|time| wall >= *time)?;
            Some((lane.partition.clone(), time))
        });
        let due: Vec<_> = due.collect();
        if !due.is_empty() {
            self.ask_ends_at_time(due);
        }
    }

    /// A finished partition is fetched no more while others go on.
    fn pause_finished(&mut self) {
        if !self.ends.is_changed {
            return;
        }
        let is_going_on = |lane: &&mut Lane| lane.is_finished && !lane.is_revoked && !lane.is_paused;
        for lane in self.lanes.iter_mut().filter(is_going_on) {
            self.source.pause(&lane.partition);
            lane.is_paused = true;
        }
    }

    fn watch_stops(&mut self, now: Instant) {
        if self.settings.stops.to.is_none() {
            // Nothing will ever finish: the next look is when it is quiet, not after every batch.
            self.ends.is_changed = false;
            return;
        }
        if !self.rebalances.is_quiet() || !self.unreached.is_empty() || !self.topics.is_reading() {
            return;
        }
        let is_in_group = matches!(self.settings.mode, Mode::Group(_));
        if is_in_group && !self.rebalances.has_joined {
            return;
        }
        if self.lanes.is_empty() && is_in_group {
            // Thrown out of the group, it is about to join again.
            match self.rebalances.is_member {
                true => self.watch_spare(now),
                false => self.ends.spare_since = None,
            }
            return;
        }
        self.ends.spare_since = None;
        // With a map some partitions may have no stop: they go on for ever, and so does the run.
        if !self.delivery.has_nothing_in_hand() {
            // Looked at again when the last one in hand is done.
            return;
        }
        if std::mem::take(&mut self.ends.is_changed) && self.lanes.iter().all(|lane| lane.is_finished) {
            self.end(now);
        }
    }

    /// Other members hold everything: wait for one of them to be gone, then say who they are and end.
    fn watch_spare(&mut self, now: Instant) {
        let since = *self.ends.spare_since.get_or_insert(now);
        if now.duration_since(since) < SPARE {
            return;
        }
        if !std::mem::replace(&mut self.ends.has_asked_owners, true)
            && let Some(group) = self.settings.group()
        {
            self.source.look_ups().owners(group.name.clone());
        }
    }

    /// Ends a run that got no partition; without owners the group is being shared out anew, or nobody told.
    pub(super) fn owners_found(&mut self, owners: Option<Vec<String>>, now: Instant) {
        // Something may have been given to us meanwhile, and not be read yet.
        let has_nothing = self.lanes.is_empty() && self.unreached.is_empty() && self.rebalances.is_quiet();
        let is_spare = self.ends.spare_since.is_some() && has_nothing && self.rebalances.is_member;
        let Some(owners) = owners.filter(|_| is_spare) else {
            (self.ends.spare_since, self.ends.has_asked_owners) = (None, false);
            return;
        };
        let who = if owners.is_empty() { "other members".to_owned() } else { owners.join(", ") };
        self.talk.warn(format!("no partition was left for this member in 60 s; they are held by {who}"), now);
        self.end(now);
    }
}
