//! Membership in the group: the name of a static member, what the group is, and partitions that nobody holds.

use super::action::{Action, Context, Fetching, RunEnd, Step};
use super::coverage::Coverage;
use super::identity::{Identity, NameVerdict};
use crate::duration::spoken;
use crate::kafka::admin::groups::Unheld;
use crate::kafka::look_up::Question;
use crate::kafka::{Trouble, TroubleKind};
use crate::plural::counted;
use crate::record::TopicPartition;
use crate::settings::{Connection, Consume};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A group that has not taken us after that long is asked what it is.
const WONDER: Duration = Duration::from_secs(3);

/// A loop that stood still for that long missed what happened meanwhile.
const STOOD_STILL: Duration = Duration::from_secs(3);

/// What is known of our place in the group.
pub struct Membership {
    identity: Identity,
    coverage: Coverage,
    is_classic: bool,
    /// The group takes no member like us, and is being asked what it is.
    refused: Option<Trouble>,
    has_asked_for_kind: bool,
    /// We were in the group when that was last looked at.
    was_in_group: bool,
}

impl Membership {
    pub fn new(connection: &Connection) -> Membership {
        Membership {
            identity: Identity::new(connection),
            coverage: Coverage::default(),
            is_classic: connection.property("group.protocol") != Some("consumer"),
            refused: None,
            has_asked_for_kind: false,
            was_in_group: false,
        }
    }

    /// We are in the group; what was known of who holds what is not true any more.
    pub fn joined(&mut self) {
        self.identity.joined();
        self.coverage.start_over();
        self.was_in_group = false;
    }

    /// Whether the group has taken us in and given us nothing, of which the consumer protocol does not tell. We have to
    /// be found there twice: what it gives may be on its way.
    pub fn is_taken_in(&mut self, client: &dyn Fetching) -> bool {
        let is_in_group = !self.is_classic && client.is_in_group();
        std::mem::replace(&mut self.was_in_group, is_in_group) && is_in_group
    }

    /// Notes a sign of an outage: after one a member may meet its own earlier self.
    pub fn disturbed(&mut self, now: Instant) {
        self.identity.disturbed(now);
    }

    /// Notes that the loop stood still, if it did, since it was last `checked`.
    pub fn note_pause(&mut self, checked: Instant, now: Instant) {
        if now.duration_since(checked) >= STOOD_STILL {
            self.identity.disturbed(now);
        }
    }

    /// Whoever was asked does not answer any more.
    pub fn forget_questions(&mut self) {
        (self.refused, self.has_asked_for_kind) = (None, false);
    }

    /// Acts on our name being held by somebody: our earlier self, after which we join again, or another member.
    ///
    /// # Errors
    /// The run ends: another member lives with our name.
    pub fn meet_namesake(&mut self, trouble: &Trouble, context: &mut Context<'_, '_>) -> Step {
        if context.is_closing || self.identity.again.is_some() {
            return Ok(());
        }
        let verdict = if trouble.kind == TroubleKind::Unreleased {
            self.identity.unreleased(context.now)
        } else {
            self.identity.fenced(context.now)
        };
        let id = self.identity.id.as_deref().unwrap_or_default();
        match verdict {
            NameVerdict::Join if trouble.kind == TroubleKind::Fenced => {
                context.info(format!("rejoining: this member lost `--instance-id` `{id}` in an outage"));
            }
            NameVerdict::Join => {}
            NameVerdict::SayAndJoin => {
                let session = spoken(self.identity.session);
                context.info(format!(
                    "waiting for `--instance-id` `{id}` to be released by its earlier run, up to {session}"
                ));
            }
            NameVerdict::Other => {
                let failure = context.reachability.failure_text().failure(trouble);
                return Err(Box::new(RunEnd::FailedWithoutCommit(failure)));
            }
        }
        Ok(())
    }

    /// True once, when it is time to join with a new client: one that was thrown out never works again.
    pub fn take_due_rejoin(&mut self, now: Instant) -> bool {
        self.identity.again.take_if(|again| now >= *again).is_some()
    }

    /// Asks what the group is: it takes no member like us, and may be none of consumers, which says more.
    pub fn refused_by_group(&mut self, trouble: Trouble, settings: &Consume, context: &mut Context<'_, '_>) {
        if let Some(group) = settings.group()
            && self.refused.replace(trouble).is_none()
        {
            context.act(Action::Ask(Question::GroupKind(group.name.clone())));
        }
    }

    /// Takes what the group is, if it is none of consumers.
    pub fn kind_found(&mut self, foreign: Option<Trouble>, context: &mut Context<'_, '_>) {
        let refused = self.refused.take();
        if let Some(trouble) = foreign.or(refused) {
            context.act(Action::Judge(trouble));
        }
    }

    /// Asks what a group is that has not taken us: one of another kind may refuse us again and again without a word
    /// (`group.protocol=consumer`).
    pub fn wonder_about_group(
        &mut self,
        waiting_since: Instant,
        settings: &Consume,
        context: &mut Context<'_, '_>,
    ) {
        if let Some(group) = settings.group().filter(|_| !self.has_asked_for_kind)
            && context.now.duration_since(waiting_since) >= WONDER
        {
            self.has_asked_for_kind = true;
            context.act(Action::Ask(Question::GroupKind(group.name.clone())));
        }
    }

    /// Partitions that nobody holds may be unknown to the group: a static member that leads it and was away would not
    /// hear of new ones.
    pub fn may_miss_partitions(&self) -> bool {
        self.is_classic && self.identity.is_static()
    }

    /// Asks who holds the partitions that are not ours, if it may be nobody.
    pub fn look_for_unheld(
        &mut self,
        others: BTreeSet<TopicPartition>,
        settings: &Consume,
        context: &mut Context<'_, '_>,
    ) {
        let Some(group) = settings.group() else { return };
        if self.may_miss_partitions() && self.coverage.is_worth_asking(others) {
            let question =
                Question::Unheld { group: group.name.clone(), partitions: self.coverage.asked().clone() };
            context.act(Action::Ask(question));
        }
    }

    /// Joins anew for partitions that nobody holds: any way of sharing them out has them. True if the group should be
    /// asked again soon.
    pub fn unheld_found(&mut self, unheld: Unheld, context: &mut Context<'_, '_>) -> bool {
        let (first, count) = (unheld.partitions.first().map(ToString::to_string), unheld.partitions.len());
        let is_alone = unheld.is_alone;
        if !self.coverage.are_left_alone(unheld, context.now) {
            return is_alone && count > 0;
        }
        let what = match count {
            1 => format!("{} is", first.unwrap_or_default()),
            many => {
                let more = counted(many as u64 - 1, "more partition", "more partitions");
                format!("{} and {more} are", first.unwrap_or_default())
            }
        };
        context.info(format!("{what} held by no member: rejoining the group"));
        context.act(Action::JoinAnew);
        false
    }
}
