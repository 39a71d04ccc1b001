//! The partitions that are read now: how far each is, and where it stops.

use super::silence::Silence;
use crate::commits::{AssignmentId, Watermarks};
use crate::delivery::Place;
use crate::kafka::Fetched;
use crate::metrics::Read;
use crate::record::{Record, TopicPartition};
use std::time::{Duration, Instant};

/// Statistics tell the offset of before for up to a second after fetching was started anew
/// (`rktp_offsets_fin` of librdkafka is set where its broker thread decides what to fetch next).
const UNTOLD: Duration = Duration::from_secs(3);

/// What a leader has held back for the time that it told has come by then.
const ANSWERED: Duration = Duration::from_secs(10);

/// An assigned partition.
#[derive(Debug)]
pub struct Lane {
    pub partition: TopicPartition,
    pub claim: AssignmentId,
    /// Where it began.
    pub start: i64,
    /// A record of it was taken.
    pub has_given: bool,
    /// Records from this offset on are not started.
    pub stop: Option<i64>,
    /// Records from this time on are not started: milliseconds since 1970, to come.
    pub stop_time: Option<i64>,
    /// The end when the assignment began.
    pub end: i64,
    /// `Reached end of …` was said.
    pub is_end_said: bool,
    /// Read to its stop; nothing more is taken.
    pub is_finished: bool,
    /// It is finished, and not fetched any more.
    pub is_paused: bool,
    /// The group takes it back: nothing more is taken.
    pub is_revoked: bool,
    /// Where fetching goes on, as statistics told it: passes batches without records.
    pub fetched: Option<Fetched>,
    /// Until when its leader makes us wait, as it told last: a quota.
    pub throttled_until: Option<Instant>,
    /// When fetching was last started at another place; statistics tell the old one for a while.
    pub started_at: Option<Instant>,
    /// What is known while it gives nothing.
    pub silence: Silence,
    /// Its log cannot be read on: the run ends once what was read of it is done.
    pub is_broken: bool,
    /// Something came since positions were last looked at.
    pub is_dirty: bool,
    /// No error message came from the partition, so the client's position is what it says.
    pub is_position_trusted: bool,
    /// It is read anew from another offset; the position of before is still told.
    pub is_starting_over: bool,
    /// When something was last taken, or the assignment began.
    pub moved_at: Instant,
    /// Whether offsets without records are doubted, and what is known of them.
    pub gaps: Gaps,
    /// What was taken and is not in the counts of its topic yet.
    pub read: Read,
    /// The end of the log as it was last asked for.
    pub asked_end: i64,
}

/// Offsets without records, in front of one. Markers leave some, and what was compacted or aborted. But the offset of a
/// batch stands outside of its checksum: one that was damaged on its way puts the batch elsewhere, and all in between
/// would be left out in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gaps {
    /// Nobody has to know.
    Believed,
    /// Up to this length they are part of the log; a longer one is read a second time.
    UpTo(i64),
    /// One from `next` to `offset` was met, and is being read again.
    Doubted { next: i64, offset: i64, longest: i64 },
}

impl Gaps {
    /// Whether a gap has to be read again before it is believed.
    fn doubts(&mut self, next: i64, offset: i64) -> bool {
        let length = offset - next;
        let (is_read_twice, longest) = match *self {
            Gaps::Believed => return false,
            Gaps::UpTo(longest) => (false, longest),
            Gaps::Doubted { next: before, offset: at, longest } => ((before, at) == (next, offset), longest),
        };
        if length <= longest {
            return false;
        }
        *self = if is_read_twice { Gaps::UpTo(length) } else { Gaps::Doubted { next, offset, longest } };
        !is_read_twice
    }
}

/// What is decided about a record that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Taken,
    /// It is not started: its partition is finished or goes, or its offset was passed before.
    Left,
    /// The first one that is not to be read any more.
    AtStop,
    /// What comes before it has to be read a second time, and it then as well.
    BehindGap,
}

impl Lane {
    /// Decides about a record that was read; a record that is taken is in hand from now on.
    pub fn admit(&mut self, record: &Record<'_>, tracker: &mut Watermarks, now: Instant) -> Admission {
        if self.is_finished || self.is_revoked || self.is_broken {
            return Admission::Left;
        }
        if self.gaps != Gaps::Believed && self.doubts(record.offset, tracker) {
            return Admission::BehindGap;
        }
        let is_at_stop = self.stop.is_some_and(|stop| record.offset >= stop)
            || self.stop_time.is_some_and(|stop| record.timestamp.is_some_and(|time| time >= stop));
        if is_at_stop {
            tracker.hold(self.claim, record.offset);
            self.is_finished = true;
            return Admission::AtStop;
        }
        if !tracker.take(self.claim, record.offset) {
            return Admission::Left;
        }
        self.has_given = true;
        self.is_dirty = true;
        self.moved_at = now;
        self.read.records += 1;
        self.read.bytes += record.size();
        // The position is that of a record again, whatever error came before it.
        self.is_starting_over = false;
        self.is_position_trusted = true;
        Admission::Taken
    }

    /// Whether there is a gap in front of a record that was read once only.
    fn doubts(&mut self, offset: i64, tracker: &Watermarks) -> bool {
        let next = tracker.next(self.claim).filter(|next| offset > *next);
        next.is_some_and(|next| self.gaps.doubts(next, offset))
    }

    /// Fetching starts at another place: what statistics told before is of the old one.
    pub fn starts_over(&mut self, now: Instant) {
        (self.fetched, self.started_at) = (None, Some(now));
    }

    /// Whether what statistics tell is of the place where it is fetched now.
    pub fn is_fetching(&self, now: Instant) -> bool {
        self.started_at.is_none_or(|at| now.duration_since(at) >= UNTOLD)
    }

    /// Whether its leader makes us wait. When that time is over its answer is still to come.
    pub fn is_throttled(&self, now: Instant) -> bool {
        self.throttled_until.is_some_and(|until| now < until + ANSWERED)
    }

    /// Whether `admit` would take a record at that offset, as far as the offset tells.
    pub fn is_open(&self, offset: i64) -> bool {
        !self.is_finished && !self.is_revoked && !self.is_broken && self.stop.is_none_or(|stop| offset < stop)
    }

    /// Where records of it are from, for handlers.
    pub fn place(&self) -> Place<'_> {
        Place { id: self.claim, partition: &self.partition }
    }
}

/// All of them, by slot.
#[derive(Debug, Default)]
pub struct Lanes(Vec<Option<Lane>>);

impl Lanes {
    pub fn insert(&mut self, lane: Lane) {
        let slot = lane.claim.slot;
        if self.0.len() <= slot {
            self.0.resize_with(slot + 1, || None);
        }
        self.0[slot] = Some(lane);
    }

    pub fn remove(&mut self, slot: usize) -> Option<Lane> {
        self.0.get_mut(slot)?.take()
    }

    pub fn get(&self, slot: usize) -> Option<&Lane> {
        self.0.get(slot)?.as_ref()
    }

    pub fn get_mut(&mut self, slot: usize) -> Option<&mut Lane> {
        self.0.get_mut(slot)?.as_mut()
    }

    pub fn find(&self, partition: &TopicPartition) -> Option<&Lane> {
        self.iter().find(|lane| lane.partition == *partition)
    }

    pub fn find_mut(&mut self, partition: &TopicPartition) -> Option<&mut Lane> {
        self.iter_mut().find(|lane| lane.partition == *partition)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Lane> {
        self.0.iter().flatten()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Lane> {
        self.0.iter_mut().flatten()
    }

    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_believed_when_it_is_read_twice() {
        let mut gaps = Gaps::UpTo(0);
        assert!(gaps.doubts(3, 64));
        // Another place the second time: one of both was damaged.
        assert!(gaps.doubts(3, 70) && gaps.doubts(3, 4));
        assert!(!gaps.doubts(3, 4), "a marker");
        assert!(!gaps.doubts(9, 10), "another one");
        assert!(gaps.doubts(20, 60) && !gaps.doubts(20, 60));
        assert!(!gaps.doubts(70, 100) && gaps.doubts(70, 111));
        // Without the gap the second time the log goes on.
        assert!(!gaps.doubts(80, 81) && gaps.doubts(80, 121) && !gaps.doubts(80, 121));
        let mut gaps = Gaps::Believed;
        assert!(!gaps.doubts(0, i64::MAX));
    }
}
