//! Taking records: from the source through the renderer to the writer, and settling what was written.

use super::Run;
use super::expressions::Decision;
use super::lanes::Admission;
use super::silence::unreadable;
use crate::error::{Failure, Kind};
use crate::kafka::{Arrival, Trouble, TroubleKind};
use crate::output::Unwritable;
use crate::settings::FilterFailure;
use crate::talk::Event;
use std::time::{Duration, Instant};

/// Records that are looked at one by one are taken for that long at most in one turn.
const LONGEST_TURN: Duration = Duration::from_millis(50);

/// What became of one arrival.
enum Taken {
    Record,
    /// Not started: it is held, or its partition is not read any more.
    Left,
    /// `-n` is reached: the run ends with this record.
    Last,
    /// The run ends with this record, which failed.
    Fatal(Failure),
    /// With the handlers.
    InHand,
}

/// Whether something is decided about a record.
enum Decided {
    /// Nobody looks at it.
    Nothing,
    NotYet,
    Yes(Decision),
}

impl Run<'_> {
    /// Takes what may be taken now. False if there was nothing, or no room.
    pub(super) fn take_records(&mut self, now: Instant) -> bool {
        if self.ending.is_some() {
            return false;
        }
        if let Some(Err(failure)) = self.expressions.as_mut().map(|expressions| expressions.watch(now)) {
            self.fail(failure, now);
            return false;
        }
        let mut has_taken = false;
        while self.ending.is_none() && self.has_room() {
            // One batch a turn: rebalances are served between batches, never in the middle of one.
            if self.source.is_used_up() && (has_taken || !self.fill()) {
                break;
            }
            let decision = match self.decide() {
                Ok(Decided::Yes(decision)) => Some(decision),
                Ok(Decided::Nothing) => None,
                Ok(Decided::NotYet) => break,
                Err(failure) => {
                    self.fail(failure, now);
                    break;
                }
            };
            match self.take_one(decision, now) {
                None | Some(Taken::Left | Taken::InHand) => {}
                Some(Taken::Record) => self.seal_for_commit(),
                Some(Taken::Last) => {
                    self.end(now);
                    break;
                }
                Some(Taken::Fatal(failure)) => {
                    self.fail(failure, now);
                    break;
                }
            }
            has_taken = true;
            if self.expressions.is_some() && now.elapsed() >= LONGEST_TURN {
                // Whatever has to be looked at: the client is to be served.
                break;
            }
        }
        if has_taken {
            self.idle_since = now;
        }
        has_taken
    }

    /// Whether one more record may be taken now.
    fn has_room(&self) -> bool {
        match &self.handling {
            Some(handling) => {
                let left = self.settings.stops.count.map(|count| count.saturating_sub(self.processed));
                handling.has_room(left)
            }
            None => !self.output.is_full() && self.commits.room(self.commits.watermarks().in_hand()) > 0,
        }
    }

    fn fill(&mut self) -> bool {
        if let Some(expressions) = &mut self.expressions {
            expressions.begin_batch();
        }
        self.source.fill()
    }

    /// What is decided about what comes next.
    fn decide(&mut self) -> Result<Decided, Failure> {
        let Some(expressions) = &mut self.expressions else { return Ok(Decided::Nothing) };
        let Some(coming) = self.source.coming() else { return Ok(Decided::Nothing) };
        let is_open = self.lanes.get(coming.slot).is_some_and(|lane| lane.is_open(coming.offset));
        if !is_open {
            // A program that takes long does so for records alone that are wanted.
            return Ok(Decided::Nothing);
        }
        let decision = expressions.decide(&coming, &mut self.source, &self.lanes)?;
        Ok(decision.map_or(Decided::NotYet, Decided::Yes))
    }

    fn take_one(&mut self, decision: Option<Decision>, now: Instant) -> Option<Taken> {
        let (slot, record) = match self.source.next()? {
            Arrival::Record { slot, record } => (slot, record),
            Arrival::Trouble { slot, offset, trouble } => {
                self.partition_trouble(slot, offset, &trouble, now);
                return None;
            }
        };
        let lane = self.lanes.get_mut(slot)?;
        match lane.admit(&record, self.commits.watermarks_mut(), now) {
            Admission::Taken => {}
            Admission::Left => return Some(Taken::Left),
            Admission::AtStop => {
                self.ends.is_changed = true;
                return Some(Taken::Left);
            }
            Admission::BehindGap => {
                self.read_again(slot, now);
                return Some(Taken::Left);
            }
        }
        let claim = lane.claim;
        if let (Some(decision), Some(expressions)) = (&decision, &mut self.expressions)
            && let Some(warning) = expressions.warning(decision, &record)
        {
            self.talk.warn(warning, now);
        }
        if decision.as_ref().is_some_and(|decision| decision.is_left_out) {
            self.counts.filtered += 1;
            self.commits.watermarks_mut().leave_out(claim, record.offset);
            // Behind a record in hand they lengthen the span as any other.
            self.hold_if_enough(claim, now);
            return Some(Taken::Left);
        }
        let is_strict = self.settings.output.is_strict;
        if let Some(handling) = &mut self.handling {
            if let Some(warning) =
                handling.take(&lane.place(), &record, decision.unwrap_or_default(), is_strict)
            {
                self.counts.failed += 1;
                self.talk.warn(warning, now);
            }
            self.hold_if_enough(claim, now);
            return Some(Taken::InHand);
        }
        if let Some(what) = decision.and_then(|decision| decision.failure) {
            let offset = record.offset;
            return Some(self.unfiltered(slot, offset, what));
        }
        let offset = record.offset;
        let before = self.output.bytes().len();
        if let Err(trouble) = self.renderer.render(&record, self.output.bytes())
            && let Some(taken) = self.undecodable_printed(slot, offset, before, trouble.to_string())
        {
            return Some(taken);
        }
        self.output.add(claim, offset);
        self.count += 1;
        Some(if self.settings.stops.count == Some(self.count) { Taken::Last } else { Taken::Record })
    }

    /// A record that is printed is not in the format asked for: it is printed as well as it can be and told, or, with
    /// `--strict`, ends the run.
    fn undecodable_printed(
        &mut self,
        slot: usize,
        offset: i64,
        before: usize,
        reason: String,
    ) -> Option<Taken> {
        self.counts.failed += 1;
        if self.settings.output.is_strict {
            self.output.bytes().truncate(before);
            return Some(self.ends_with(slot, offset, reason));
        }
        let partition = self.lanes.get(slot)?.partition.clone();
        let event = Event::RecordFailed { partition, offset, reason, ends_run: false };
        if let Some(line) = self.talk.line(&event) {
            self.output.say(&line);
        }
        None
    }

    /// `--filter` failed on a record that is to be printed: it is not.
    fn unfiltered(&mut self, slot: usize, offset: i64, what: String) -> Taken {
        self.counts.failed += 1;
        match self.settings.filter_failure {
            FilterFailure::Stop => return self.ends_with(slot, offset, what),
            FilterFailure::Remembered => self.has_failed_records = true,
            FilterFailure::Skip => {}
        }
        let Some(lane) = self.lanes.get_mut(slot) else { return Taken::Left };
        let partition = lane.partition.clone();
        let event = Event::RecordFailed { partition, offset, reason: what, ends_run: false };
        if let Some(line) = self.talk.line(&event) {
            self.output.say(&line);
        }
        self.commits.watermarks_mut().leave_out(lane.claim, offset);
        Taken::Left
    }

    /// The run ends with a record that is taken and never settled: nothing is committed past it.
    fn ends_with(&mut self, slot: usize, offset: i64, reason: String) -> Taken {
        let Some(lane) = self.lanes.get_mut(slot) else { return Taken::Left };
        let partition = lane.partition.clone();
        let failure = Failure::new(Kind::Record, format!("{partition} @ {offset}: {reason}"));
        self.talk.say(&Event::RecordFailed { partition, offset, reason, ends_run: true });
        Taken::Fatal(failure)
    }

    /// In the waiting commit modes nothing more is taken until these records are written and committed.
    fn seal_for_commit(&mut self) {
        if self.commits.room(self.commits.watermarks().in_hand()) == 0 {
            self.output.seal();
        }
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
                if self.count == 0 && self.processed == 0 {
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
        while let Some(written) = self.output.written() {
            match written.result {
                Ok(()) => {
                    let mut settled = 0;
                    for span in &written.spans {
                        settled += self.commits.watermarks_mut().settle_before(span.claim, span.next);
                    }
                    self.processed += settled;
                    self.commits.processed(settled);
                    for ticket in written.handled {
                        self.written(ticket, now);
                    }
                }
                Err(unwritable) => {
                    if let Unwritable::Failed(reason) = unwritable {
                        self.fail(Failure::new(Kind::Run, format!("cannot write to stdout: {reason}")), now);
                    }
                    self.end_unwritable(now);
                    self.unwritten(&written.handled);
                }
            }
        }
    }
}
