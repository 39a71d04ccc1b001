//! Taking records: from the source through the assignment to the delivery.

use super::Run;
use super::lanes::Admission;
use super::silence::unreadable;
use crate::delivery::{Check, Checked, Fate};
use crate::error::Failure;
use crate::kafka::{Arrival, Trouble, TroubleKind};
use std::time::{Duration, Instant};

/// Records that are looked at one by one are taken for that long at most in one turn.
const LONGEST_TURN: Duration = Duration::from_millis(50);

/// Whether more records may be taken after one.
enum Next {
    Record,
    /// `-n` is reached: the run ends.
    End,
}

impl Run<'_> {
    /// Takes what may be taken now. False if there was nothing, or no room.
    pub(super) fn take_records(&mut self, now: Instant) -> bool {
        if self.ending.is_some() {
            return false;
        }
        if let Err(failure) = self.delivery.watch_filter(now) {
            self.fail(failure, now);
            return false;
        }
        let mut has_taken = false;
        while self.ending.is_none() && self.delivery.has_room(&self.commits, self.processed) {
            // One batch a turn: rebalances are served between batches, never in the middle of one.
            if self.source.is_used_up() && (has_taken || !self.fill()) {
                break;
            }
            let taken = match self.check() {
                Ok(Check::Known(checked)) => self.take_one(checked, now),
                Ok(Check::Waiting) => break,
                Err(failure) => Err(failure),
            };
            match taken {
                Ok(Next::Record) => {}
                Ok(Next::End) => {
                    self.end(now);
                    break;
                }
                Err(failure) => {
                    self.fail(failure, now);
                    break;
                }
            }
            has_taken = true;
            if self.delivery.has_filter() && now.elapsed() >= LONGEST_TURN {
                // Whatever has to be looked at: the client is to be served.
                break;
            }
        }
        if has_taken {
            self.idle_since = now;
        }
        has_taken
    }

    fn fill(&mut self) -> bool {
        self.delivery.begin_batch();
        self.source.fill()
    }

    /// What is known of the record that comes next.
    fn check(&mut self) -> Result<Check, Failure> {
        if !self.delivery.has_filter() {
            return Ok(Check::Known(None));
        }
        let (coming, lanes) = (self.source.coming(), &self.lanes);
        let is_open = |slot, offset| lanes.get(slot).is_some_and(|lane| lane.is_open(offset));
        self.delivery.check(coming, &mut self.source, is_open)
    }

    /// Takes the next record or error of the batch.
    ///
    /// # Errors
    /// The run ends with this record, which failed.
    fn take_one(&mut self, checked: Option<Checked>, now: Instant) -> Result<Next, Failure> {
        let (slot, record) = match self.source.next() {
            None => return Ok(Next::Record),
            Some(Arrival::Record { slot, record }) => (slot, record),
            Some(Arrival::Trouble { slot, offset, trouble }) => {
                self.partition_trouble(slot, offset, &trouble, now);
                return Ok(Next::Record);
            }
        };
        let Some(lane) = self.lanes.get_mut(slot) else { return Ok(Next::Record) };
        match lane.admit(&record, self.commits.watermarks_mut(), now) {
            Admission::Taken => {}
            Admission::Left => return Ok(Next::Record),
            Admission::AtStop => {
                self.ends.is_changed = true;
                return Ok(Next::Record);
            }
            Admission::BehindGap => {
                self.read_again(slot, now);
                return Ok(Next::Record);
            }
        }
        let (place, offset) = (lane.place(), record.offset);
        let id = place.id;
        let submitted = match self.delivery.submit(&place, &record, checked) {
            Ok(submitted) => submitted,
            Err(ended) => {
                for notice in ended.notices {
                    self.tell(notice, now);
                }
                return Err(ended.failure);
            }
        };
        if submitted.fate == Fate::LeftOut {
            self.commits.watermarks_mut().leave_out(id, offset);
        }
        // Behind a record in hand those that are left out lengthen the span as any other.
        if self.delivery.pause_if_enough(id, self.commits.watermarks(), now) {
            self.source.hold(slot);
        }
        for notice in submitted.notices {
            self.tell(notice, now);
        }
        if submitted.fate == Fate::Last {
            return Ok(Next::End);
        }
        self.delivery.seal_for_commit(&self.commits);
        Ok(Next::Record)
    }

    fn partition_trouble(&mut self, slot: usize, offset: i64, trouble: &Trouble, now: Instant) {
        let Some(lane) = self.lanes.get_mut(slot) else { return };
        let is_wanted = match trouble.kind {
            // Wherever that is: nothing comes of the partition any more.
            TroubleKind::OffsetOutOfRange => !lane.is_finished && !lane.is_revoked && !lane.is_broken,
            _ => lane.is_open(offset),
        };
        if !is_wanted {
            return;
        }
        lane.is_position_trusted = false;
        let partition = lane.partition.clone();
        match trouble.kind {
            TroubleKind::OffsetOutOfRange => self.rebalances.find_range(partition),
            TroubleKind::TopicAuthorization => {
                let failure = self.reachability.failure_text().forbidden_topic(&partition.topic);
                if self.delivery.rendered() == 0 && self.processed == 0 {
                    self.fail(failure, now);
                } else {
                    self.talk.warn(failure.message, now);
                }
            }
            TroubleKind::BadRecord => {
                let claim = lane.claim;
                self.fail_after(claim, unreadable(&partition, offset, &trouble.told()), now);
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
            | TroubleKind::Other => {
                self.talk.warn(format!("cannot read {partition} for the moment: {}", trouble.told()), now)
            }
        }
    }

    /// Settles what the writer has written.
    pub(super) fn settle_written(&mut self, now: Instant) {
        let progress = self.delivery.take_written();
        self.apply(progress, now);
    }
}
