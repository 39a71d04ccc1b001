//! Giving partitions back: what is in hand of them is finished and committed, within its time.

use super::Assignment;
use super::partition::Reading;
use super::rebalance::{GroupChange, RebalanceStep, Revoking};
use super::starting::Starting;
use crate::consume::action::{Action, Context, ReadChange, RunEnd};
use crate::record::TopicPartition;
use crate::talk::Event;
use std::sync::Arc;
use std::time::Duration;

/// How long the commit of a hand-over may take.
const HAND_OVER_COMMIT_LIMIT: Duration = Duration::from_secs(5);

impl Assignment<'_> {
    /// Does the next step of the rebalance under way. True if there may be another one, once what this one asks for is
    /// done.
    ///
    /// # Errors
    /// The run ends: a partition cannot be read from where it should be.
    pub fn advance(&mut self, context: &mut Context<'_, '_>) -> Result<bool, Box<RunEnd>> {
        match self.rebalances.take_step() {
            RebalanceStep::Idle => match self.rebalances.next() {
                Some(GroupChange::Assigned(partitions)) => self.begin_assigning(partitions, context),
                Some(GroupChange::Revoked(partitions)) => self.begin_revoking(partitions, context),
                None => return Ok(false),
            },
            RebalanceStep::Starting(starting) if starting.again.is_some_and(|again| context.now >= again) => {
                self.look_up_starts(starting, context);
                return Ok(false);
            }
            RebalanceStep::Starting(starting) if starting.is_enough(self.settings.is_merged, context.now) => {
                self.start_found(starting, context)?;
            }
            step @ RebalanceStep::Starting(_) => {
                self.rebalances.step = step;
                return Ok(false);
            }
            RebalanceStep::Revoking(revoking) => {
                if let Some(revoking) = self.advance_revoke(revoking, context) {
                    self.rebalances.step = RebalanceStep::Revoking(revoking);
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn begin_assigning(&mut self, partitions: Vec<TopicPartition>, context: &mut Context<'_, '_>) {
        self.joined();
        if context.is_closing {
            // We are about to leave: nothing is taken, but an assignment has to be answered, or the group is not left.
            return context.act(Action::Read(ReadChange::AssignNothing));
        }
        if partitions.is_empty() {
            self.hold_nothing(context);
            return context.act(Action::Read(ReadChange::AssignNothing));
        }
        self.look_up_starts(Starting::new(partitions, context.now), context);
        context.act(Action::CheckTopics);
    }

    pub(super) fn joined(&mut self) {
        self.membership.joined();
        self.rebalances.has_joined = true;
        self.rebalances.is_member = true;
    }

    /// We are a member to spare: that the coordinator answers is all there is to reach.
    pub(super) fn hold_nothing(&mut self, context: &mut Context<'_, '_>) {
        context.act(Action::Established);
        context.act(Action::CheckTopics);
        context.tell(Event::Assigned { partitions: Vec::new(), is_change: false });
        self.ends.mark_changed();
    }

    /// Gives up partitions that are not read yet: the run is coming to its end.
    pub fn answer_with_nothing(&mut self, context: &mut Context<'_, '_>) {
        if self.rebalances.is_starting() && self.settings.group().is_some() {
            self.rebalances.step = RebalanceStep::Idle;
            context.act(Action::Read(ReadChange::AssignNothing));
        }
    }

    fn begin_revoking(&mut self, partitions: Vec<TopicPartition>, context: &mut Context<'_, '_>) {
        for name in &partitions {
            if let Some(partition) = self.partitions.find_mut(name) {
                partition.reading = Reading::Revoked;
            }
        }
        context.act(Action::Revoke(self.partitions.ids_of(&partitions)));
        self.rebalances.begin_revoking(partitions, context.now);
    }

    /// The next step of a hand-over; `None` when it is done.
    fn advance_revoke(&mut self, revoking: Revoking, context: &mut Context<'_, '_>) -> Option<Revoking> {
        let now = context.now;
        context.act(Action::Seal);
        let ids = self.partitions.ids_of(&revoking.partitions);
        let is_settled = context.delivery.is_done_with(&ids, context.commits.watermarks());
        // What is not settled in time is given up; what is, still gets its commit.
        let is_commit_late = now >= revoking.deadline + HAND_OVER_COMMIT_LIMIT;
        let is_waiting = !is_settled && now < revoking.deadline || context.commits.is_under_way();
        if is_waiting && !is_commit_late {
            return Some(revoking);
        }
        let owed = context.commits.owed_of(&revoking.partitions);
        if !owed.is_empty() && !revoking.is_commit_sent && !is_commit_late {
            context.act(Action::Commit(owed));
            return Some(Revoking { is_commit_sent: true, ..revoking });
        }
        // Told first: as soon as they are given back another member may tell that it has them.
        context.tell(Event::Revoked { partitions: revoking.partitions.clone() });
        self.release(&revoking.partitions, context);
        if context.commits.is_anything_owed() {
            // The commit of a hand-over starts all counts anew, of partitions that stay as well.
            context.commits.ask();
        }
        None
    }

    /// The group gave our partitions away: nothing is committed for them, what is in hand is nobody's.
    pub fn lost(&mut self, partitions: Vec<TopicPartition>, context: &mut Context<'_, '_>) {
        self.membership.disturbed(context.now);
        self.rebalances.lost();
        self.release(&partitions, context);
        context.tell(Event::Lost { partitions });
    }

    fn release(&mut self, partitions: &[TopicPartition], context: &mut Context<'_, '_>) {
        context.act(Action::Abandon(self.partitions.ids_of(partitions)));
        self.unreached.remove(partitions);
        self.lost_positions.remove(partitions);
        self.ends.forget(partitions);
        let mut unassigned = Vec::with_capacity(partitions.len());
        for name in partitions {
            let slot = self.partitions.find(name).map(|partition| partition.id.slot);
            if let Some(partition) = slot.and_then(|slot| self.partitions.remove(slot)) {
                context.commits.watermarks_mut().release(partition.id);
                context.act(Action::CountRead { topic: Arc::clone(&name.topic), read: partition.read });
            }
            unassigned.push((name.clone(), slot));
        }
        context.act(Action::Read(ReadChange::Unassign(unassigned)));
        self.ends.mark_changed();
    }
}
