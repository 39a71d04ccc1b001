//! How much is taken in hand: bounded by records, bytes and span, so that a slow handler or one stuck record
//! neither fills the memory nor makes a replay endless.

use super::Handlers;
use super::queue::Job;
use crate::commits::{AssignmentId, Commits, Watermarks};
use crate::plural::counted;
use crate::talk::Notice;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Records in hand of one partition. Keys are spread over that many: fewer would leave workers idle.
const RECORDS: usize = 10_000;
const BYTES: usize = 8 * 1024 * 1024;

/// From the watermark to the last record taken: so many records can come again after a crash, at most.
const SPAN: i64 = 100_000;

/// Records in hand of all partitions together.
const ALL_RECORDS: usize = 50_000;
const ALL_BYTES: usize = 48 * 1024 * 1024;

/// What each partition may have in hand however many share the limit.
const LEAST_RECORDS: usize = 500;
const LEAST_BYTES: usize = 512 * 1024;

/// A record that is at work that long is told.
const STUCK: Duration = Duration::from_secs(10);

/// Partitions that are not read because enough of them is in hand.
#[derive(Debug, Default)]
pub struct Paused(HashMap<AssignmentId, Pause>);

#[derive(Debug)]
struct Pause {
    since: Instant,
    is_told: bool,
}

impl Handlers<'_> {
    /// Whether one more record may be taken, with so many `processed`.
    pub fn has_room(&self, processed: u64) -> bool {
        let total = self.queue.total();
        let left = self.count.map(|count| count.saturating_sub(processed));
        self.has_room_in_memory() && left.is_none_or(|left| (total.records as u64) < left)
    }

    fn has_room_in_memory(&self) -> bool {
        let total = self.queue.total();
        total.records < ALL_RECORDS && total.bytes < ALL_BYTES
    }

    /// Whether there is somebody free, and the commit mode lets another record start. In `manual` with several at
    /// once each key waits for its own commit.
    pub fn may_start(&self, commits: &Commits) -> bool {
        // What is claimed starts.
        self.pool.room() > self.queue.claiming() && self.has_room_before_commit(commits)
    }

    fn has_room_before_commit(&self, commits: &Commits) -> bool {
        self.waits_for_commit_of_each_key
            || commits.room((self.queue.running() + self.queue.closing()) as u64) > 0
    }

    /// Enough of the partition is in hand, and not half of it done since.
    pub fn has_enough(&self, id: AssignmentId) -> bool {
        self.paused.0.contains_key(&id)
    }

    /// The partition is not read on before some of it is done.
    pub fn is_paused(&self, id: AssignmentId) -> bool {
        self.has_enough(id) || !self.has_room_in_memory()
    }

    fn is_enough(&self, id: AssignmentId, span: i64) -> bool {
        let load = self.queue.load(id);
        let (records, bytes) = self.share();
        load.records >= records || load.bytes >= bytes || span >= SPAN
    }

    /// What each partition may have in hand; a few that are stuck leave room for the others.
    fn share(&self) -> (usize, usize) {
        let of = |all: usize| all / 2 / self.partitions;
        (of(ALL_RECORDS).clamp(LEAST_RECORDS, RECORDS), of(ALL_BYTES).clamp(LEAST_BYTES, BYTES))
    }

    /// Half of what was in hand is gone: reading on will not stop at once again.
    fn is_half(&self, id: AssignmentId, span: i64) -> bool {
        let load = self.queue.load(id);
        let (records, bytes) = self.share();
        load.records <= records / 2 && load.bytes <= bytes / 2 && span <= SPAN / 2
    }

    /// How many partitions share what may be in hand.
    pub fn share_among(&mut self, partitions: usize) {
        self.partitions = partitions.max(1);
    }

    /// True if enough of a partition is in hand from now on: it should not be read on. `span`: from its watermark to
    /// the position after the last record taken.
    pub fn pause_if_enough(&mut self, id: AssignmentId, span: i64, now: Instant) -> bool {
        let pauses = self.is_enough(id, span) && !self.paused.0.contains_key(&id);
        if pauses {
            self.paused.0.insert(id, Pause { since: now, is_told: false });
        }
        pauses
    }

    /// The partitions of which half is done: they should be read on.
    pub fn resume(&mut self, watermarks: &Watermarks) -> Vec<AssignmentId> {
        if self.paused.0.is_empty() {
            return Vec::new();
        }
        let mut resumed = Vec::new();
        let mut paused = std::mem::take(&mut self.paused.0);
        paused.retain(|id, _| {
            if watermarks.next(*id).is_none() {
                return false;
            }
            let is_half = self.is_half(*id, watermarks.span(*id));
            if is_half {
                resumed.push(*id);
            }
            !is_half
        });
        self.paused.0 = paused;
        resumed
    }

    /// Tells of records that are not processed after a while, each once, and of those that hold their partitions up;
    /// looks through all that is in hand, so not in every turn.
    pub(super) fn tell_stuck(&mut self, now: Instant) -> Vec<Notice> {
        let is_new = |job: &Job| !job.told.late && job.at_work_for(now).is_some_and(|time| time >= STUCK);
        let mut late = self.queue.tickets(is_new);
        // Processed, but for the commit before the next record of their key.
        late.retain(|ticket| !self.uncommitted.contains(ticket) && !self.committing.contains(ticket));
        let mut notices: Vec<Notice> = self.late(&late, now).map(Notice::Warning).into_iter().collect();
        let mut paused = std::mem::take(&mut self.paused.0);
        for (id, pause) in &mut paused {
            if !pause.is_told
                && now.duration_since(pause.since) >= STUCK
                && let Some(message) = self.holding_up(*id, now)
            {
                pause.is_told = true;
                notices.push(Notice::Warning(message));
            }
        }
        self.paused.0 = paused;
        notices
    }

    /// What to say of records that have taken so long just now.
    fn late(&mut self, tickets: &[u64], now: Instant) -> Option<String> {
        for ticket in tickets {
            if let Some(job) = self.queue.job_mut(*ticket) {
                job.told.late = true;
            }
        }
        let first = self.queue.job(*tickets.first()?)?;
        match tickets.len() {
            1 => not_processed(first, now),
            count => {
                let more = counted(count as u64 - 1, "more record", "more records");
                let (place, seconds) = (first.record.place(), first.at_work_for(now)?.as_secs());
                Some(format!("{place} and {more} are not processed after {seconds} s"))
            }
        }
    }

    /// What to say if a record is at work for long while the others of its partition wait for it.
    fn holding_up(&self, id: AssignmentId, now: Instant) -> Option<String> {
        let oldest = self.queue.oldest(id)?;
        let is_late = oldest.at_work_for(now)? >= STUCK;
        let message = not_processed(oldest, now).filter(|_| is_late)?;
        Some(format!("{message}: its partition is paused until it is"))
    }
}

/// `t [0] @ 17 is not processed after 10 s (attempt 1)`
fn not_processed(job: &Job, now: Instant) -> Option<String> {
    let (place, seconds) = (job.record.place(), job.at_work_for(now)?.as_secs());
    Some(format!("{place} is not processed after {seconds} s (attempt {})", job.failed + 1))
}
