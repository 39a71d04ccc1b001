//! How much is taken in hand: bounded by records, bytes and span, so that a slow handler or one stuck record
//! neither fills the memory nor makes a replay endless.

use super::{Handling, Run};
use crate::commits::{AssignmentId, Commits};
use crate::talk::Event;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Of one partition. Keys are spread over that many records: fewer would leave workers idle.
const RECORDS: usize = 10_000;
const BYTES: usize = 8 * 1024 * 1024;

/// From the watermark to the last record taken: so many records can come again after a crash, at most.
const SPAN: i64 = 100_000;

/// Of all partitions together.
const ALL_RECORDS: usize = 50_000;
const ALL_BYTES: usize = 48 * 1024 * 1024;

/// However many partitions share the room.
const LEAST_RECORDS: usize = 500;
const LEAST_BYTES: usize = 512 * 1024;

/// A record that holds its partition up that long is told.
const STUCK: Duration = Duration::from_secs(10);

/// Partitions that are not read because enough of them is in hand.
#[derive(Debug, Default)]
pub struct Held {
    since: HashMap<AssignmentId, Holding>,
}

#[derive(Debug)]
struct Holding {
    since: Instant,
    is_told: bool,
}

impl Handling<'_> {
    /// Whether one more record may be taken, with `left` of `-n` to go.
    pub fn has_room(&self, left: Option<u64>) -> bool {
        let total = self.queue.total();
        total.records < ALL_RECORDS
            && total.bytes < ALL_BYTES
            && left.is_none_or(|left| (total.records as u64) < left)
    }

    /// Whether there is somebody free, and the commit mode lets another record start. In `manual` with several at
    /// once each lane waits for its own commit.
    pub fn may_start(&self, commits: &Commits) -> bool {
        // What is claimed starts.
        self.crew.room() > self.queue.claiming() && self.has_room_before_commit(commits)
    }

    fn has_room_before_commit(&self, commits: &Commits) -> bool {
        self.has_commit_per_lane || commits.room((self.queue.running() + self.queue.closing()) as u64) > 0
    }

    /// The partition is not read on before some of it is done.
    pub fn is_held(&self, claim: AssignmentId) -> bool {
        self.held.since.contains_key(&claim) || !self.has_room(None)
    }

    fn is_enough(&self, claim: AssignmentId, span: i64) -> bool {
        let load = self.queue.load(claim);
        let (records, bytes) = self.share();
        load.records >= records || load.bytes >= bytes || span >= SPAN
    }

    /// Of each partition; a few that are stuck leave room for the others.
    fn share(&self) -> (usize, usize) {
        let of = |all: usize| all / 2 / self.partitions;
        (of(ALL_RECORDS).clamp(LEAST_RECORDS, RECORDS), of(ALL_BYTES).clamp(LEAST_BYTES, BYTES))
    }

    /// Half of it is gone: reading on will not stop at once again.
    fn is_half(&self, claim: AssignmentId, span: i64) -> bool {
        let load = self.queue.load(claim);
        let (records, bytes) = self.share();
        load.records <= records / 2 && load.bytes <= bytes / 2 && span <= SPAN / 2
    }
}

impl Run<'_> {
    /// Stops reading a partition of which enough is in hand.
    pub(in crate::pipeline) fn hold_if_enough(&mut self, claim: AssignmentId, now: Instant) {
        let Some(handling) = &mut self.handling else { return };
        let span = self.commits.watermarks().span(claim);
        if handling.is_enough(claim, span) && !handling.held.since.contains_key(&claim) {
            self.source.hold(claim.slot);
            handling.held.since.insert(claim, Holding { since: now, is_told: false });
        }
    }

    /// Reads partitions on of which half is done.
    pub(in crate::pipeline) fn watch_held(&mut self) {
        let Some(handling) = &mut self.handling else { return };
        if handling.held.since.is_empty() {
            return;
        }
        let mut held = std::mem::take(&mut handling.held.since);
        held.retain(|claim, _| {
            let Some(span) =
                self.commits.watermarks().next(*claim).map(|_| self.commits.watermarks().span(*claim))
            else {
                return false;
            };
            if handling.is_half(*claim, span) {
                self.source.go_on(claim.slot);
                return false;
            }
            true
        });
        handling.held.since = held;
    }

    /// Tells of records that hold their partitions up; looks through all that is in hand, so not in every turn.
    pub(super) fn tell_stuck(&mut self, now: Instant) {
        let Some(handling) = &mut self.handling else { return };
        let mut held = std::mem::take(&mut handling.held.since);
        for (claim, holding) in &mut held {
            if !holding.is_told
                && now.duration_since(holding.since) >= STUCK
                && let Some(message) = stuck(handling, *claim, now)
            {
                holding.is_told = true;
                self.talk.say(&Event::Warning { message });
            }
        }
        handling.held.since = held;
    }
}

impl Run<'_> {
    /// The partitions that are ours share the room.
    pub(in crate::pipeline) fn share_room(&mut self) {
        if let Some(handling) = &mut self.handling {
            handling.partitions = self.lanes.iter().count().max(1);
        }
    }
}

/// What to say if a record is at work for long while the others of its partition wait for it.
fn stuck(handling: &Handling<'_>, claim: AssignmentId, now: Instant) -> Option<String> {
    let oldest = handling.queue.oldest(claim)?;
    let time = now.duration_since(oldest.started?);
    (time >= STUCK).then(|| {
        format!(
            "{} is not processed after {} s (attempt {}): its partition is not read on until it is",
            oldest.record.place(),
            time.as_secs(),
            oldest.failed + 1,
        )
    })
}
