//! Taking records: from the source through the renderer to the writer, and settling what was written.

use super::Run;
use crate::error::{Failure, Kind};
use crate::kafka::{Arrival, Trouble, TroubleKind};
use crate::output::Unwritable;
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
}

impl Run<'_> {
    /// Takes what may be taken now. False if there was nothing, or no room.
    pub(super) fn take_records(&mut self, now: Instant) -> bool {
        if self.ending.is_some() {
            return false;
        }
        let mut has_taken = false;
        while !self.output.is_full() && self.schedule.room(self.tracker.in_hand()) > 0 {
            // One batch a turn: rebalances are served between batches, never in the middle of one.
            if self.source.is_used_up() && (has_taken || !self.source.fill()) {
                break;
            }
            match self.take_one(now) {
                None | Some(Taken::Left) => {}
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
        let before = self.output.bytes().len();
        if let Err(trouble) = self.renderer.render(&record, self.output.bytes()) {
            if self.settings.output.is_strict {
                // Taken and never settled: nothing is committed past it.
                self.output.bytes().truncate(before);
                let message = format!("{}: {trouble}", record.place());
                return Some(Taken::Undecodable(Failure::new(Kind::Record, message)));
            }
            let event = Event::RecordFailed {
                partition: lane.partition.clone(),
                offset: record.offset,
                reason: trouble.to_string(),
            };
            if let Some(line) = self.talk.line(&event) {
                self.output.say(&line);
            }
        }
        self.output.add(lane.claim, record.offset);
        self.count += 1;
        Some(if self.settings.stops.count == Some(self.count) { Taken::Last } else { Taken::Record })
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
                }
                Err(Unwritable::Closed) => self.end_unwritable(now),
                Err(Unwritable::Failed(reason)) => {
                    self.fail(Failure::new(Kind::Run, format!("cannot write to stdout: {reason}")), now);
                    self.end_unwritable(now);
                }
            }
        }
    }
}
