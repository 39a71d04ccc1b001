//! An assigned partition: where it stands, where it stops, and whether it is still read.

use super::silence::Silence;
use super::start_stop::StopPoint;
use crate::commits::{AssignmentId, Watermarks};
use crate::delivery::PartitionPlace;
use crate::kafka::Fetched;
use crate::metrics::Read;
use crate::record::{Record, TopicPartition};
use std::time::{Duration, Instant};

/// Statistics tell the offset of before for up to a second after fetching was started anew
/// (`rktp_offsets_fin` of librdkafka is set where its broker thread decides what to fetch next).
const UNTOLD: Duration = Duration::from_secs(3);

/// What a leader has held back for the time that it told has come by then.
const ANSWERED: Duration = Duration::from_secs(10);

/// A partition that is ours and whose log is known.
#[derive(Debug)]
pub struct AssignedPartition {
    pub id: AssignmentId,
    pub name: TopicPartition,
    pub(super) reading: Reading,
    /// Whether the client's position in the partition is what it says.
    pub(super) position: PositionTrust,
    /// The offset at which the log began when the partition was taken over.
    pub(super) log_start: i64,
    /// The offset at which reading began.
    pub(super) start: i64,
    pub(super) stop: Option<StopPoint>,
    /// The end of the log when the assignment began.
    pub(super) end: i64,
    /// The end of the log as it was last asked for.
    pub(super) asked_end: i64,
    /// Whether a record was taken.
    pub(super) has_given: bool,
    /// Whether `Reached end of …` was said.
    pub(super) is_end_said: bool,
    /// Whether something came since positions were last looked at.
    pub(super) is_dirty: bool,
    /// When something was last taken, or the assignment began.
    pub(super) moved_at: Instant,
    /// Where fetching goes on, as statistics told it: passes batches without records.
    pub(super) fetched: Option<Fetched>,
    /// Until when its leader makes us wait, as it told last: a quota.
    pub(super) throttled_until: Option<Instant>,
    /// When fetching was last started at another offset; statistics tell the old one for a while.
    pub(super) started_at: Option<Instant>,
    /// What is known while nothing comes.
    pub(super) silence: Silence,
    /// Whether offsets without records are doubted, and what is known of them.
    pub(super) gaps: Gaps,
    /// What was taken and is not in the counts of its topic yet.
    pub(in crate::consume) read: Read,
}

/// Whether records of a partition are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    Open,
    /// Read to its stop.
    Finished {
        /// Whether the client fetches the partition no more.
        is_paused: bool,
    },
    /// The group takes the partition back.
    Revoked,
    /// The log cannot be read on: the run ends once what was read of it is done.
    Broken,
}

/// Whether the position that the client tells is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PositionTrust {
    Trusted,
    /// An error came from the partition: librdkafka moves the position past it.
    Suspect,
    /// The client was told to start over at another offset, and still tells the old position.
    StartingOver,
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
    /// The record is not started: its partition is finished or goes, or its offset was passed before.
    Left,
    /// The first one that is not to be read any more.
    AtStop,
    /// What comes before it has to be read a second time, and it then as well.
    BehindGap,
}

impl AssignedPartition {
    /// Decides about a record that was read; a record that is taken is in hand from now on.
    #[inline]
    pub fn admit(&mut self, record: &Record<'_>, watermarks: &mut Watermarks, now: Instant) -> Admission {
        if self.reading != Reading::Open {
            return Admission::Left;
        }
        if self.gaps != Gaps::Believed && self.doubts(record.offset, watermarks) {
            return Admission::BehindGap;
        }
        let is_at_stop = match self.stop {
            None => false,
            Some(StopPoint::Offset(stop)) => record.offset >= stop,
            Some(StopPoint::Time(stop)) => record.timestamp.is_some_and(|time| time >= stop),
        };
        if is_at_stop {
            watermarks.hold(self.id, record.offset);
            self.finish();
            return Admission::AtStop;
        }
        if !watermarks.take(self.id, record.offset) {
            return Admission::Left;
        }
        self.has_given = true;
        self.is_dirty = true;
        self.moved_at = now;
        self.read.records += 1;
        self.read.bytes += record.size();
        // The position is that of a record again, whatever error came before it.
        self.position = PositionTrust::Trusted;
        Admission::Taken
    }

    /// Whether there is a gap in front of a record that was read once only.
    fn doubts(&mut self, offset: i64, watermarks: &Watermarks) -> bool {
        let next = watermarks.next(self.id).filter(|next| offset > *next);
        next.is_some_and(|next| self.gaps.doubts(next, offset))
    }

    /// Whether `admit` would take a record at that offset, as far as the offset tells.
    pub fn is_open_at(&self, offset: i64) -> bool {
        self.reading == Reading::Open && self.stop_offset().is_none_or(|stop| offset < stop)
    }

    /// When something was last taken, or the assignment began.
    pub fn moved_at(&self) -> Instant {
        self.moved_at
    }

    pub(super) fn is_open(&self) -> bool {
        self.reading == Reading::Open
    }

    pub(super) fn is_finished(&self) -> bool {
        matches!(self.reading, Reading::Finished { .. })
    }

    /// Nothing more is taken: the stop is reached.
    pub(super) fn finish(&mut self) {
        if self.reading == Reading::Open {
            self.reading = Reading::Finished { is_paused: false };
        }
    }

    /// Where the partition stops, if that is an offset.
    pub(super) fn stop_offset(&self) -> Option<i64> {
        match self.stop {
            Some(StopPoint::Offset(stop)) => Some(stop),
            Some(StopPoint::Time(_)) | None => None,
        }
    }

    /// Something came that may leave a position to commit.
    pub(super) fn mark_dirty(&mut self) {
        self.is_dirty = true;
    }

    /// The client's position is not what it says until a record is taken.
    pub(super) fn distrust_position(&mut self) {
        if self.position == PositionTrust::Trusted {
            self.position = PositionTrust::Suspect;
        }
    }

    /// Fetching starts at another offset: what statistics told before is of the old one.
    pub(super) fn fetching_starts(&mut self, now: Instant) {
        (self.fetched, self.started_at) = (None, Some(now));
    }

    /// Takes what statistics tell.
    pub(super) fn fetched(&mut self, fetched: Fetched, now: Instant) {
        if fetched.is_active {
            self.fetched = Some(fetched);
        } else {
            self.fetching_starts(now);
        }
        if !fetched.throttle.is_zero() {
            self.throttled_until = Some(now + fetched.throttle);
        }
    }

    /// Whether what statistics tell is of the place where the partition is fetched now.
    pub(super) fn is_fetching(&self, now: Instant) -> bool {
        self.started_at.is_none_or(|at| now.duration_since(at) >= UNTOLD)
    }

    /// Whether the leader makes us wait. When that time is over its answer is still to come.
    pub(super) fn is_throttled(&self, now: Instant) -> bool {
        self.throttled_until.is_some_and(|until| now < until + ANSWERED)
    }

    /// Where records of the partition are from, for a delivery.
    pub fn place(&self) -> PartitionPlace<'_> {
        PartitionPlace { id: self.id, partition: &self.name }
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
