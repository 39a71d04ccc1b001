//! Our own commits: one outstanding for the whole consumer, always of the newest watermarks.

use super::Run;
use crate::kafka::TroubleKind;
use crate::kafka::commit::{CommitAnswer, CommitRequest, Refusal};
use crate::offsets::Claim;
use crate::record::TopicPartition;
use crate::talk::Event;
use std::time::Instant;

/// A commit that was sent and not answered.
pub struct Outstanding {
    request: CommitRequest,
    positions: Vec<Owed>,
}

/// A watermark above what is confirmed.
#[derive(Clone, Debug)]
pub struct Owed {
    claim: Claim,
    partition: TopicPartition,
    offset: i64,
    /// Settled records that it covers.
    pub(super) records: u64,
}

impl Run<'_> {
    /// Every watermark that should be committed.
    pub(super) fn owed(&self) -> Vec<Owed> {
        let owed = self.lanes.iter().filter_map(|lane| {
            let offset = self.tracker.owed(lane.claim)?;
            let records = self.tracker.settled_since_confirmed(lane.claim);
            Some(Owed { claim: lane.claim, partition: lane.partition.clone(), offset, records })
        });
        owed.collect()
    }

    /// Takes the answer of the commit under way: before what the group says, which may have come later.
    pub(super) fn take_commit_answer(&mut self, now: Instant) {
        if let Some(outstanding) = &self.outstanding
            && let Some(answer) = outstanding.request.answer()
            && let Some(outstanding) = self.outstanding.take()
        {
            self.answered(&outstanding.positions, answer, now);
        }
    }

    /// Sends the next commit if it is due.
    pub(super) fn advance_commits(&mut self, now: Instant) {
        self.take_commit_answer(now);
        // A hand-over sends its own commit, of the partitions that go. With handlers it may last, and in `batch` what
        // it waits for may only start once the commit that is due is through.
        let is_left_to_hand_over = self.rebalances.is_revoking() && self.handling.is_none();
        if self.schedule.is_due(now) && !is_left_to_hand_over {
            let owed = self.owed();
            self.commit(owed, now);
        }
    }

    /// Sends a commit, unless there is nothing to commit or it must not be.
    pub(super) fn commit(&mut self, owed: Vec<Owed>, now: Instant) {
        if owed.is_empty() || self.ending.as_ref().is_some_and(|ending| ending.is_commit_forbidden) {
            self.schedule.nothing_owed();
            if let Some(handling) = &mut self.handling {
                handling.commit_sent();
                handling.commit_confirmed();
            }
            return;
        }
        let positions: Vec<_> = owed.iter().map(|owed| (owed.partition.clone(), owed.offset)).collect();
        self.schedule.sent(now);
        if let Some(handling) = &mut self.handling {
            handling.commit_sent();
        }
        match self.source.commit(&positions) {
            Ok(request) => self.outstanding = Some(Outstanding { request, positions: owed }),
            Err(refusal) => self.refused(&owed, &refusal, now),
        }
    }

    /// The watermarks of some partitions, for a hand-over.
    pub(super) fn owed_of(&self, partitions: &[TopicPartition]) -> Vec<Owed> {
        self.owed().into_iter().filter(|owed| partitions.contains(&owed.partition)).collect()
    }

    fn answered(&mut self, positions: &[Owed], answer: CommitAnswer, now: Instant) {
        if let Some(refusal) = answer.refused {
            self.refused(positions, &refusal, now);
            return;
        }
        let refused = |owed: &Owed| {
            let mut refused = answer.refused_partitions.iter();
            refused.find(|(partition, _)| *partition == owed.partition).map(|(_, refusal)| refusal.clone())
        };
        let (mut confirmed, mut failed) = (Vec::new(), None);
        for owed in positions {
            if let Some(refusal) = refused(owed) {
                failed = Some((owed.clone(), refusal));
                continue;
            }
            self.tracker.confirm(owed.claim, owed.offset, owed.records);
            confirmed.push((owed.partition.clone(), owed.offset));
        }
        if !confirmed.is_empty() {
            self.counts.commits_ok += 1;
            self.talk.say(&Event::Committed { offsets: confirmed, error: None });
        }
        match failed {
            Some((owed, refusal)) => self.refused(&[owed], &refusal, now),
            None => {
                self.schedule.confirmed();
                if let Some(handling) = &mut self.handling {
                    handling.commit_confirmed();
                }
            }
        }
    }

    /// The answer of the commit under way will never be known: the member that sent it is thrown out.
    pub(super) fn commit_given_up(&mut self, now: Instant) {
        self.schedule.failed(now);
        self.counts.commits_failed += 1;
        if let Some(handling) = &mut self.handling {
            handling.commit_failed();
        }
    }

    fn refused(&mut self, positions: &[Owed], refusal: &Refusal, now: Instant) {
        self.schedule.failed(now);
        self.counts.commits_failed += 1;
        if let Some(handling) = &mut self.handling {
            handling.commit_failed();
        }
        let offsets = positions.iter().map(|owed| (owed.partition.clone(), owed.offset)).collect();
        self.talk.say(&Event::Committed { offsets, error: Some(refusal.words.clone()) });
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
