//! Taking records: from the source through the renderer to the writer, and settling what was written.

use super::Run;
use super::lanes::Lane;
use super::sieve::Sifted;
use crate::decode::Undecodable;
use crate::error::{Failure, Kind};
use crate::kafka::{Arrival, Trouble, TroubleKind};
use crate::output::Unwritable;
use crate::record::Record;
use crate::settings::FilterFailure;
use crate::talk::Event;
use std::time::Instant;

/// What became of one arrival.
enum Taken {
    Record,
    /// Not started: it is held, or its partition is not read any more.
    Left,
    /// `-n` is reached: the run ends with this record.
    Last,
    Undecodable(Failure),
    /// With the handlers.
    InHand,
}

fn undecodable(record: &Record<'_>, trouble: &Undecodable) -> Taken {
    Taken::Undecodable(Failure::new(Kind::Record, format!("{}: {trouble}", record.place())))
}

fn failed(lane: &Lane, record: &Record<'_>, reason: String) -> Event {
    Event::RecordFailed { partition: lane.partition.clone(), offset: record.offset, reason }
}

impl Run<'_> {
    /// Takes what may be taken now. False if there was nothing, or no room.
    pub(super) fn take_records(&mut self, now: Instant) -> bool {
        if self.ending.is_some() {
            return false;
        }
        let mut has_taken = false;
        while self.has_room() {
            // One batch a turn: rebalances are served between batches, never in the middle of one.
            if self.source.is_used_up() && (has_taken || !self.source.fill()) {
                break;
            }
            match self.take_one(now) {
                None | Some(Taken::Left | Taken::InHand) => {}
                Some(Taken::Record) => self.seal_for_commit(),
                Some(Taken::Last) => {
                    self.end(now);
                    break;
                }
                Some(Taken::Undecodable(failure)) => {
                    self.fail(failure, now);
                    break;
                }
            }
            has_taken = true;
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
            None => !self.output.is_full() && self.schedule.room(self.tracker.in_hand()) > 0,
        }
    }

    fn take_one(&mut self, now: Instant) -> Option<Taken> {
        let (slot, record) = match self.source.next()? {
            Arrival::Record { slot, record } => (slot, record),
            Arrival::Trouble { slot, offset, trouble } => {
                self.partition_trouble(slot, offset, &trouble, now);
                return None;
            }
        };
        let lane = self.lanes.get_mut(slot)?;
        if lane.is_finished || lane.is_revoked {
            return Some(Taken::Left);
        }
        let is_at_stop = lane.stop.is_some_and(|stop| record.offset >= stop)
            || lane.stop_time.is_some_and(|stop| record.timestamp.is_some_and(|time| time >= stop));
        if is_at_stop {
            self.tracker.hold(lane.claim, record.offset);
            lane.is_finished = true;
            self.ends.is_changed = true;
            return Some(Taken::Left);
        }
        if !self.tracker.take(lane.claim, record.offset) {
            return Some(Taken::Left);
        }
        lane.is_dirty = true;
        lane.moved_at = now;
        let claim = lane.claim;
        let mut event_id = None;
        if let Some(sieve) = &mut self.sieve {
            let (sifted, decoded) = sieve.sift(&record);
            if let Some(warning) = sieve.warning.take() {
                self.talk.warn(warning, now);
            }
            if self.handling.is_some()
                && let Err(trouble) = decoded
            {
                if self.settings.output.is_strict {
                    return Some(undecodable(&record, &trouble));
                }
                self.talk.say(&failed(lane, &record, trouble.to_string()));
            }
            match sifted {
                Sifted::LeftOut => {
                    self.tracker.settle(claim, record.offset);
                    // Behind a record in hand they lengthen the span as any other.
                    self.hold_if_enough(claim, now);
                    return Some(Taken::Left);
                }
                Sifted::Kept(id) => event_id = id,
                Sifted::Failed(what) => match &mut self.handling {
                    Some(handling) => {
                        handling.add_faulty(&lane.place(), &record, what);
                        self.hold_if_enough(claim, now);
                        return Some(Taken::InHand);
                    }
                    None => {
                        let offset = record.offset;
                        return Some(self.unfiltered(slot, offset, what));
                    }
                },
            }
        }
        if let Some(handling) = &mut self.handling {
            handling.add(&lane.place(), &record, event_id);
            self.hold_if_enough(claim, now);
            return Some(Taken::InHand);
        }
        let before = self.output.bytes().len();
        if let Err(trouble) = self.renderer.render(&record, self.output.bytes()) {
            if self.settings.output.is_strict {
                // Taken and never settled: nothing is committed past it.
                self.output.bytes().truncate(before);
                return Some(undecodable(&record, &trouble));
            }
            if let Some(line) = self.talk.line(&failed(lane, &record, trouble.to_string())) {
                self.output.say(&line);
            }
        }
        self.output.add(claim, record.offset);
        self.count += 1;
        Some(if self.settings.stops.count == Some(self.count) { Taken::Last } else { Taken::Record })
    }

    /// `--filter` failed on a record that is to be printed: it is not.
    fn unfiltered(&mut self, slot: usize, offset: i64, what: String) -> Taken {
        let Some(lane) = self.lanes.get_mut(slot) else { return Taken::Left };
        match self.settings.filter_failure {
            FilterFailure::Stop => {
                let message = format!("{} @ {offset}: {what}", lane.partition);
                return Taken::Undecodable(Failure::new(Kind::Record, message));
            }
            FilterFailure::Remembered => self.has_failed_records = true,
            FilterFailure::Skip => {}
        }
        let event = Event::RecordFailed { partition: lane.partition.clone(), offset, reason: what };
        if let Some(line) = self.talk.line(&event) {
            self.output.say(&line);
        }
        self.tracker.settle(lane.claim, offset);
        Taken::Left
    }

    /// In the waiting commit modes nothing more is taken until these records are written and committed.
    fn seal_for_commit(&mut self) {
        if self.schedule.room(self.tracker.in_hand()) == 0 {
            self.output.seal();
        }
    }

    fn partition_trouble(&mut self, slot: usize, offset: i64, trouble: &Trouble, now: Instant) {
        let Some(lane) = self.lanes.get_mut(slot) else { return };
        lane.is_position_trusted = false;
        let partition = lane.partition.clone();
        match trouble.kind {
            TroubleKind::OffsetOutOfRange => self.rebalances.find_range(partition),
            TroubleKind::TopicAuthorization => {
                let failure = self.weather.mistakes().forbidden_topic(&partition.topic);
                if self.count == 0 {
                    self.fail(failure, now);
                } else {
                    self.talk.warn(failure.message, now);
                }
            }
            TroubleKind::BadRecord => {
                let message = format!("{partition} @ {offset}: the broker's data cannot be read");
                self.fail(Failure::new(Kind::Run, message).caused_by(trouble.reason.clone()), now);
            }
            _ => self.talk.warn(format!("{partition}: {}", trouble.reason), now),
        }
    }

    /// Settles what the writer has written.
    pub(super) fn settle_written(&mut self, now: Instant) {
        while let Some(written) = self.output.written() {
            match written.result {
                Ok(()) => {
                    let mut settled = 0;
                    for span in &written.spans {
                        settled += self.tracker.settle_before(span.claim, span.next);
                    }
                    self.processed += settled;
                    self.schedule.processed(settled);
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
