//! The partitions that are ours: taken over, read to where they stop, given back. Calls nobody; what is to be done
//! about them goes to the loop as actions.

mod added;
mod ends;
mod hand_over;
mod lost_positions;
mod newest;
mod partition;
mod partitions;
mod question;
mod rebalance;
mod retry;
mod silence;
mod spare;
mod start_stop;
mod starting;
mod take_over;
mod times;
mod troubles;
mod uncommitted;
mod unreached;
mod waiting;

use super::action::{Context, Fetching, Step};
use super::membership::Membership;
use crate::commits::{AssignmentId, Watermarks};
use crate::error::Failure;
use crate::kafka::admin::groups::Unheld;
use crate::kafka::admin::{Asked, Described, KnownTopic, Unknown};
use crate::kafka::look_up::Purpose;
use crate::kafka::probe::Finding;
use crate::kafka::ranges::Range;
use crate::kafka::{Fetched, Trouble};
use crate::metrics::Read;
use crate::record::TopicPartition;
use crate::settings::Consume;
use crate::talk::{DonePart, Event};
use ends::{Ends, PlaceInGroup};
use lost_positions::LostPositions;
use rebalance::Rebalances;
use spare::SpareMember;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use uncommitted::FirstStart;
use unreached::Unreached;

pub use partition::{Admission, AssignedPartition};
pub use partitions::Partitions;

/// What is assigned to this run, by the group or by the options.
pub struct Assignment<'a> {
    settings: &'a Consume,
    partitions: Partitions<'a>,
    /// What the group gives and takes.
    rebalances: Rebalances,
    pub membership: Membership,
    /// Partitions whose log is not known yet.
    unreached: Unreached,
    lost_positions: LostPositions,
    ends: Ends,
    spare: SpareMember,
    /// Partitions of topics in which the group had nothing when we started: there `latest` applies.
    fresh: HashSet<TopicPartition>,
    first_start: FirstStart,
}

impl<'a> Assignment<'a> {
    pub fn new(settings: &'a Consume) -> Assignment<'a> {
        Assignment {
            settings,
            partitions: Partitions::new(settings),
            rebalances: Rebalances::new(rebalance_limit(settings)),
            membership: Membership::new(&settings.connection),
            unreached: Unreached::new(),
            lost_positions: LostPositions::default(),
            ends: Ends::default(),
            spare: SpareMember::default(),
            fresh: HashSet::new(),
            first_start: FirstStart::default(),
        }
    }

    pub fn partitions(&self) -> &Partitions<'a> {
        &self.partitions
    }

    /// The partitions of these were never read by the group when the run started.
    pub fn note_fresh(&mut self, fresh: HashSet<TopicPartition>) {
        self.fresh = fresh;
    }

    /// We are in the group now.
    pub fn is_member(&self) -> bool {
        self.rebalances.is_member
    }

    /// Partitions are about to be given back.
    pub fn is_revoking(&self) -> bool {
        self.rebalances.is_revoking()
    }

    /// No partition comes, goes or is looked for.
    pub fn is_quiet(&self) -> bool {
        self.rebalances.is_quiet() && self.lost_positions.is_empty()
    }

    /// The ends should be looked at now, even while records come: a partition of a topic that is written to all the
    /// time is never quiet.
    pub fn is_end_near(&self) -> bool {
        self.ends.is_changed() && self.unreached.is_empty()
    }

    /// Takes what the group gives; acted on by `advance`.
    pub fn assigned(&mut self, partitions: Vec<TopicPartition>) {
        self.rebalances.assigned(partitions);
    }

    /// Takes what the group wants back; acted on by `advance`.
    pub fn revoked(&mut self, partitions: Vec<TopicPartition>) {
        // Their logs need not be known any more, and must not be read once they are.
        self.unreached.remove(&partitions);
        self.rebalances.revoked(partitions);
    }

    /// Takes how far fetching is.
    pub fn fetched(&mut self, fetched: Vec<(TopicPartition, Fetched)>, now: Instant) {
        for (name, fetched) in fetched {
            if let Some(partition) = self.partitions.find_mut(&name) {
                partition.fetched(fetched, now);
            }
        }
    }

    /// What is in hand is nobody's: the group has given our place to somebody else, and whatever was asked of the old
    /// client is not answered any more.
    pub fn forget_membership(&mut self, context: &mut Context<'_, '_>) {
        let held: Vec<TopicPartition> =
            self.partitions.iter().map(|partition| partition.name.clone()).collect();
        if !held.is_empty() {
            self.lost(held, context);
        }
        self.rebalances.start_over();
        self.lost_positions = LostPositions::default();
        self.unreached = Unreached::new();
        self.ends.ask_again();
        self.membership.forget_questions();
    }

    /// Takes logs that were asked for, whatever for.
    ///
    /// # Errors
    /// The run ends: a partition cannot be read from where it should be.
    pub fn ranges_found(
        &mut self,
        purpose: Purpose,
        ranges: Vec<Asked<Range>>,
        context: &mut Context<'_, '_>,
    ) -> Step {
        match purpose {
            Purpose::Start(ticket) => self.starts_found(ticket, ranges, context)?,
            Purpose::LostPosition(ticket) => {
                self.lost_positions.found(ticket, &ranges, &mut self.partitions, context);
            }
            Purpose::EndAtTime(ticket) => {
                self.ends.found(ticket, &ranges, &mut self.partitions, context.now);
            }
        }
        self.partitions.fail_pending(context)
    }

    /// Asks again for logs that are not known, and ends the run with a failure whose time has come.
    ///
    /// # Errors
    /// The run ends: a partition cannot be read on, and what was read before is done.
    pub fn watch(&mut self, context: &mut Context<'_, '_>) -> Step {
        self.unreached.ask_again(&mut self.partitions, context);
        self.partitions.fail_pending(context)
    }

    /// Asks for the logs of partitions that cannot go on where they stand.
    pub fn ask_lost_positions(&mut self, context: &mut Context<'_, '_>) {
        self.lost_positions.ask(&mut self.partitions, context);
    }

    /// Reads a partition a second time from where its last record was taken.
    pub fn read_again(&mut self, slot: usize, context: &mut Context<'_, '_>) {
        self.partitions.read_again(slot, context);
    }

    /// Looks where every partition is.
    ///
    /// # Errors
    /// Everything is read to its end.
    pub fn look_at_ends(&mut self, context: &mut Context<'_, '_>) -> Step {
        let place = self.place_in_group();
        self.ends.look(&mut self.partitions, &place, context)
    }

    /// Takes who holds the partitions of the group.
    ///
    /// # Errors
    /// The run ends: other members hold everything.
    pub fn owners_found(&mut self, owners: Option<Vec<String>>, context: &mut Context<'_, '_>) -> Step {
        let place = self.place_in_group();
        self.ends.owners_found(owners, &self.partitions, &place, context)
    }

    fn place_in_group(&self) -> PlaceInGroup<'a> {
        PlaceInGroup {
            group: self.settings.group().map(|group| group.name.as_str()),
            has_joined: self.rebalances.has_joined,
            is_member: self.rebalances.is_member,
            is_settled: self.is_quiet() && self.unreached.is_empty(),
        }
    }

    /// Sees whether the group has taken us in without partitions, and tells if it leaves us like that.
    pub fn watch_spare(&mut self, context: &mut Context<'_, '_>) {
        let may_be_unheard = self.settings.group().is_some() && !self.rebalances.is_member && self.is_quiet();
        if may_be_unheard && !context.is_closing && self.membership.is_taken_in(context.client) {
            self.joined();
            self.hold_nothing(context);
        }
        let place = self.place_in_group();
        let is_member = place.group.is_some() && place.has_joined && place.is_member && place.is_settled;
        let is_spare = is_member && self.partitions.is_empty() && !context.is_closing;
        if self.spare.is_to_be_told(is_spare, context.now) {
            context.tell(Event::Spare);
        }
    }

    /// Looks at partitions that have given nothing for a while, and tells of those that stay silent.
    pub fn watch_silence(&mut self, context: &mut Context<'_, '_>) {
        self.partitions.watch_silence(context);
    }

    /// Takes what a look at a silent partition has found.
    ///
    /// # Errors
    /// The run ends: the partition cannot be read on.
    pub fn looked(
        &mut self,
        name: &TopicPartition,
        offset: i64,
        finding: Finding,
        context: &mut Context<'_, '_>,
    ) -> Step {
        if self.partitions.looked(name, offset, finding, context)? {
            self.ends.mark_changed();
        }
        Ok(())
    }

    /// The failure of a run whose time is over before everything was read to its end, for no fault of its own.
    pub fn stopped_before_end(&self, context: &Context<'_, '_>) -> Option<Failure> {
        let never_read = self.never_read(context);
        let failure = never_read.or_else(|| self.partitions.stopped_before_end(context));
        let wanted = self.settings.stops.last.filter(|_| context.delivery.is_collecting());
        failure.or_else(|| wanted.map(newest::stopped_too_early))
    }

    /// A partition that is read, for a record of it.
    #[inline]
    pub fn partition_mut(&mut self, slot: usize) -> Option<&mut AssignedPartition> {
        self.partitions.get_mut(slot)
    }

    /// A partition has come to its stop.
    pub fn mark_end_changed(&mut self) {
        self.ends.mark_changed();
    }

    /// A record of a partition is settled: there may be something to commit.
    pub fn settled(&mut self, id: AssignmentId) {
        if let Some(partition) = self.partitions.get_mut(id.slot) {
            partition.mark_dirty();
        }
    }

    /// A marker may follow a record that was committed long ago.
    pub fn look_at_all(&mut self) {
        self.partitions.iter_mut().for_each(AssignedPartition::mark_dirty);
    }

    /// Asks what a group is that has not taken us for a while, since the run `started`.
    pub fn wonder_about_group(&mut self, started: Instant, is_reading: bool, context: &mut Context<'_, '_>) {
        if is_reading && !self.rebalances.has_joined && !context.is_closing {
            self.membership.wonder_about_group(started, self.settings, context);
        }
    }

    /// Asks who holds the partitions of these topics that are not ours, if it may be nobody.
    pub fn look_for_unheld(&mut self, topics: &[Described<KnownTopic>], context: &mut Context<'_, '_>) {
        if !self.membership.may_miss_partitions() || !self.rebalances.is_member || !self.is_quiet() {
            return;
        }
        let mut others = BTreeSet::new();
        for (name, known) in topics {
            let Ok(known) = known else { continue };
            let topic: Arc<str> = Arc::from(name.as_str());
            let name = |number: &i32| TopicPartition { topic: Arc::clone(&topic), partition: *number };
            let all = known.partitions.iter().map(name);
            others.extend(all.filter(|name| self.partitions.find(name).is_none()));
        }
        self.membership.look_for_unheld(others, self.settings, context);
    }

    /// Takes the partitions that no member holds. True if the group should be asked again soon.
    pub fn unheld_found(&mut self, unheld: Unheld, context: &mut Context<'_, '_>) -> bool {
        !context.is_closing && self.is_quiet() && self.membership.unheld_found(unheld, context)
    }

    /// From the watermark of each partition to the end of its log as far as it is known.
    pub fn lags(&self, client: &dyn Fetching, watermarks: &Watermarks) -> Vec<(TopicPartition, i64)> {
        let lag = |partition: &AssignedPartition| {
            let known = client.known_end(&partition.name).unwrap_or(0);
            let end = known.max(partition.end).max(partition.asked_end);
            let watermark = watermarks.watermark(partition.id)?;
            Some((partition.name.clone(), (end - watermark).max(0)))
        };
        self.partitions.iter().filter_map(lag).collect()
    }

    /// How much of what is to be read is settled; `None` if that has no end.
    pub fn done_part(&self, watermarks: &Watermarks) -> Option<DonePart> {
        let mut whole = DonePart { done: 0, all: 0 };
        for partition in self.partitions.iter() {
            let all = partition.stop_offset()?.saturating_sub(partition.start).max(0);
            let done = watermarks.watermark(partition.id)?.saturating_sub(partition.start).clamp(0, all);
            whole.all += all.unsigned_abs();
            whole.done += done.unsigned_abs();
        }
        (!self.partitions.is_empty()).then_some(whole)
    }

    /// Takes the ends of logs that were asked for to tell the lag.
    pub fn ends_asked(&mut self, ends: Vec<(TopicPartition, i64)>) {
        for (name, end) in ends {
            if let Some(partition) = self.partitions.find_mut(&name) {
                partition.asked_end = end;
            }
        }
    }

    /// What was read of each topic since this was last asked.
    pub fn take_read(&mut self) -> Vec<(TopicPartition, Read)> {
        let take =
            |partition: &mut AssignedPartition| (partition.name.clone(), std::mem::take(&mut partition.read));
        self.partitions.iter_mut().map(take).collect()
    }
}

/// How long a revoke may wait for records in hand: half of `max.poll.interval.ms`, at most 30 s.
fn rebalance_limit(settings: &Consume) -> Duration {
    let interval = settings.connection.property("max.poll.interval.ms").and_then(|text| text.parse().ok());
    Duration::from_millis(interval.unwrap_or(300_000) / 2).min(Duration::from_secs(30))
}

/// Why an answer about partitions tells of a trouble, if it does.
pub fn refusal(ranges: &[Asked<Range>]) -> Option<&Trouble> {
    ranges.iter().find_map(|(_, range)| match range {
        Err(Unknown::Refused(trouble)) => Some(trouble),
        Err(Unknown::Unanswered | Unknown::NoLeader) | Ok(_) => None,
    })
}
