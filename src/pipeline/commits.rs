//! Sends the commits that are due, and acts on what became of them.

use super::Run;
use crate::commits::{CommitOutcome, Due, Positions};
use crate::kafka::TroubleKind;
use crate::kafka::commit::{CommitAnswer, Refusal};
use crate::talk::Event;
use std::time::Instant;

impl Run<'_> {
    /// Takes the answer of the commit under way: before what the group says, which may have come later.
    pub(super) fn take_commit_answer(&mut self, now: Instant) {
        if let Some(answer) = self.source.commit_answer() {
            self.commit_answered(answer, now);
        }
    }

    /// Sends the next commit if it is due.
    pub(super) fn advance_commits(&mut self, now: Instant) {
        self.take_commit_answer(now);
        // A hand-over sends its own commit, of the partitions that go. With handlers it may last, and in `batch` what
        // it waits for may only start once the commit that is due is through.
        if self.rebalances.is_revoking() && !self.delivery.has_handlers() {
            return;
        }
        match self.commits.due(now) {
            Due::NotYet => {}
            Due::NothingOwed => {
                self.delivery.nothing_to_commit();
            }
            Due::Send(positions) => self.commit(positions, now),
        }
    }

    /// Sends a commit.
    pub(super) fn commit(&mut self, positions: Positions, now: Instant) {
        let offsets = positions.offsets();
        self.commits.sent(positions, now);
        self.delivery.commit_sent();
        if let Err(refusal) = self.source.commit(&offsets) {
            self.commit_answered(CommitAnswer { refused: Some(refusal), ..CommitAnswer::default() }, now);
        }
    }

    fn commit_answered(&mut self, answer: CommitAnswer, now: Instant) {
        let outcomes = self.commits.answered(answer, now);
        let is_refused = |outcome: &CommitOutcome| matches!(outcome, CommitOutcome::Refused { .. });
        self.delivery.commit_ended(!outcomes.iter().any(is_refused));
        for outcome in outcomes {
            match outcome {
                CommitOutcome::Confirmed(offsets) => {
                    self.counts.commits_ok += 1;
                    self.talk.say(&Event::Committed { offsets, error: None });
                }
                CommitOutcome::Refused { offsets, refusal } => {
                    self.counts.commits_failed += 1;
                    self.talk.say(&Event::Committed { offsets, error: Some(refusal.words.clone()) });
                    self.commit_refused(&refusal, now);
                }
            }
        }
    }

    /// The answer of the commit under way will never be known: the member that sent it is thrown out.
    pub(super) fn give_up_commit(&mut self, now: Instant) {
        if self.commits.give_up(now) {
            self.counts.commits_failed += 1;
            self.delivery.commit_ended(false);
        }
    }

    fn commit_refused(&mut self, refusal: &Refusal, now: Instant) {
        match refusal.kind {
            // The group is being shared out anew: the next commit may go, and nobody has to know.
            TroubleKind::Rebalancing => {}
            TroubleKind::Fenced | TroubleKind::Unreleased => self.meet_namesake(&refusal.trouble(), now),
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
            | TroubleKind::Other => {
                self.talk.warn(format!("commit failed, trying again: {}", refusal.words), now);
            }
        }
    }
}
