//! Errors of the client, of a partition and of a commit, as far as they concern what is assigned.

use super::Assignment;
use super::partitions::unreadable;
use crate::consume::action::{Action, Context, RunEnd, Step, fail};
use crate::error::{Failure, Kind};
use crate::kafka::commit::CommitRefusal;
use crate::kafka::{Trouble, TroubleKind};

impl Assignment<'_> {
    /// Takes an error that the client tells.
    ///
    /// # Errors
    /// The run ends: another member lives with our name.
    pub fn trouble(&mut self, trouble: Trouble, context: &mut Context<'_, '_>) -> Step {
        match trouble.kind {
            // It only says that the group is being shared out anew.
            TroubleKind::Rebalancing => {}
            TroubleKind::Fenced | TroubleKind::Unreleased => {
                return self.membership.meet_namesake(&trouble, context);
            }
            TroubleKind::InconsistentProtocol | TroubleKind::UnknownGroup => {
                self.membership.refused_by_group(trouble, self.settings, context);
            }
            TroubleKind::Transport
            | TroubleKind::AllBrokersDown
            | TroubleKind::Authentication
            | TroubleKind::Token(_)
            | TroubleKind::Tls
            | TroubleKind::TopicAuthorization
            | TroubleKind::GroupAuthorization
            | TroubleKind::Authorization
            | TroubleKind::UnknownTopic
            | TroubleKind::InvalidGroup
            | TroubleKind::ForeignGroup
            | TroubleKind::PollExceeded
            | TroubleKind::OffsetOutOfRange
            | TroubleKind::BadRecord
            | TroubleKind::Unsupported
            | TroubleKind::Other => {
                if matches!(trouble.kind, TroubleKind::Transport | TroubleKind::AllBrokersDown) {
                    self.membership.disturbed(context.now);
                }
                context.act(Action::Judge(trouble));
            }
        }
        Ok(())
    }

    /// Takes an error after which the client works no more.
    ///
    /// # Errors
    /// The run ends, unless we join again with another client.
    pub fn fatal_trouble(&mut self, trouble: &Trouble, context: &mut Context<'_, '_>) -> Step {
        if matches!(trouble.kind, TroubleKind::Fenced | TroubleKind::Unreleased) {
            return self.membership.meet_namesake(trouble, context);
        }
        let failure = Failure::new(Kind::Run, "the client cannot continue").caused_by(trouble.told());
        Err(Box::new(RunEnd::FailedWithoutCommit(failure)))
    }

    /// Takes why a commit was refused.
    ///
    /// # Errors
    /// The run ends: another member lives with our name.
    pub fn commit_refused(&mut self, refusal: &CommitRefusal, context: &mut Context<'_, '_>) -> Step {
        match refusal.kind {
            // The group is being shared out anew: the next commit may go, and nobody has to know.
            TroubleKind::Rebalancing => {}
            TroubleKind::Fenced | TroubleKind::Unreleased => {
                return self.membership.meet_namesake(&refusal.trouble(), context);
            }
            // Lost brokers are told already.
            TroubleKind::Transport | TroubleKind::AllBrokersDown => {}
            TroubleKind::Authentication
            | TroubleKind::Token(_)
            | TroubleKind::Tls
            | TroubleKind::TopicAuthorization
            | TroubleKind::GroupAuthorization
            | TroubleKind::Authorization
            | TroubleKind::UnknownTopic
            | TroubleKind::UnknownGroup
            | TroubleKind::ForeignGroup
            | TroubleKind::InvalidGroup
            | TroubleKind::InconsistentProtocol
            | TroubleKind::PollExceeded
            | TroubleKind::OffsetOutOfRange
            | TroubleKind::BadRecord
            | TroubleKind::Unsupported
            | TroubleKind::Other => {
                context.warn(format!("commit failed, trying again: {}", refusal.words));
            }
        }
        Ok(())
    }

    /// Takes an error that came in place of a record.
    ///
    /// # Errors
    /// The run ends: nothing can be read.
    pub fn partition_trouble(
        &mut self,
        slot: usize,
        offset: i64,
        trouble: &Trouble,
        context: &mut Context<'_, '_>,
    ) -> Step {
        let Some(partition) = self.partitions.get_mut(slot) else { return Ok(()) };
        // Out of range, wherever that is, nothing comes of the partition any more.
        let is_lost = trouble.kind == TroubleKind::OffsetOutOfRange;
        if !(if is_lost { partition.is_open() } else { partition.is_open_at(offset) }) {
            return Ok(());
        }
        partition.distrust_position();
        let (id, name) = (partition.id, partition.name.clone());
        match trouble.kind {
            TroubleKind::OffsetOutOfRange => self.lost_positions.add(name),
            TroubleKind::TopicAuthorization => {
                let failure = context.reachability.failure_text().forbidden_topic(&name.topic);
                if context.delivery.rendered() == 0 && context.commits.total() == 0 {
                    return fail(failure);
                }
                context.warn(failure.message);
            }
            TroubleKind::BadRecord => {
                let failure = unreadable(&name, offset, &trouble.told());
                self.partitions.fail_after(id, failure, context);
                return self.partitions.fail_pending(context);
            }
            TroubleKind::Transport
            | TroubleKind::AllBrokersDown
            | TroubleKind::Authentication
            | TroubleKind::Token(_)
            | TroubleKind::Tls
            | TroubleKind::GroupAuthorization
            | TroubleKind::Authorization
            | TroubleKind::UnknownTopic
            | TroubleKind::InvalidGroup
            | TroubleKind::UnknownGroup
            | TroubleKind::ForeignGroup
            | TroubleKind::InconsistentProtocol
            | TroubleKind::PollExceeded
            | TroubleKind::Fenced
            | TroubleKind::Unreleased
            | TroubleKind::Rebalancing
            | TroubleKind::Unsupported
            | TroubleKind::Other => {
                context.warn(format!("cannot read {name} at the moment: {}", trouble.told()));
            }
        }
        Ok(())
    }
}
