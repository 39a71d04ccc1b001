//! When a commit is due, and how many records may be taken before it.

use crate::choices::{CommitMode, CommitSettings};
use crate::pause::GrowingPause;
use std::time::{Duration, Instant};

/// The pauses before a failed commit is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Decides when commits are sent: one outstanding for the whole consumer, in `auto` too. librdkafka's own
/// automatic commits queue up while a coordinator is away and are then answered in any order: committed offsets
/// went back.
#[derive(Debug)]
pub struct Schedule {
    mode: CommitMode,
    is_async: bool,
    processed: u64,
    /// A watermark moved without a record: over a marker.
    has_moved: bool,
    sent_at: Instant,
    /// A commit that no mode waits for: a start that `latest` chose, a marker passed in manual mode.
    is_asked: bool,
    /// The last commit failed and is not made up for yet.
    is_behind: bool,
    pause: GrowingPause,
    not_before: Option<Instant>,
}

impl Schedule {
    pub fn new(commits: CommitSettings, now: Instant) -> Schedule {
        Schedule {
            mode: commits.mode,
            is_async: commits.is_async,
            processed: 0,
            has_moved: false,
            sent_at: now,
            is_asked: false,
            is_behind: false,
            pause: GrowingPause::new(FIRST_PAUSE, LONGEST_PAUSE),
            not_before: None,
        }
    }

    /// Counts records that were settled.
    pub fn processed(&mut self, records: u64) {
        self.processed += records;
    }

    /// Asks for a commit soon, whatever the mode (but `never`).
    pub fn ask(&mut self) {
        self.is_asked = true;
    }

    /// How many more records may be taken, with `in_hand` not settled yet.
    ///
    /// In the waiting modes the next record is only taken when the last commit was answered.
    pub fn room(&self, in_hand: u64) -> u64 {
        match self.per_commit() {
            Some(limit) if !self.is_async => {
                if self.is_behind {
                    0
                } else {
                    limit.saturating_sub(self.processed + in_hand)
                }
            }
            Some(_) | None => u64::MAX,
        }
    }

    /// Whether no record is taken while a commit is under way.
    pub fn waits_for_answers(&self) -> bool {
        !self.is_async && self.per_commit().is_some()
    }

    /// Whether a commit should be sent now, if none is under way.
    pub fn is_due(&self, now: Instant) -> bool {
        if self.mode == CommitMode::Never || self.not_before.is_some_and(|at| now < at) {
            return false;
        }
        let is_interval_over = match self.mode {
            CommitMode::Auto { interval } => {
                (self.processed > 0 || self.has_moved) && now >= self.sent_at + interval
            }
            CommitMode::Manual | CommitMode::Batch(_) | CommitMode::Never => false,
        };
        self.is_asked || is_interval_over || self.per_commit().is_some_and(|limit| self.processed >= limit)
    }

    /// Notes a watermark that moved over a marker: with nothing after it, lag would stay at 1 for ever.
    pub fn moved(&mut self) {
        match self.mode {
            CommitMode::Manual => self.is_asked = true,
            CommitMode::Auto { .. } => self.has_moved = true,
            CommitMode::Batch(_) | CommitMode::Never => {}
        }
    }

    /// Notes a watermark that moves over records which do not count: once in a while that is worth a commit.
    pub fn passed(&mut self) {
        match self.mode {
            CommitMode::Auto { .. } => self.has_moved = true,
            CommitMode::Manual | CommitMode::Batch(_) => self.is_asked |= self.processed == 0,
            CommitMode::Never => {}
        }
    }

    /// Whether anything is ever committed by us or for us.
    pub fn is_committing(&self) -> bool {
        self.mode != CommitMode::Never
    }

    /// A commit of everything settled so far is on its way.
    pub fn sent(&mut self, now: Instant) {
        self.has_moved = false;
        self.sent_at = now;
        self.processed = 0;
        self.is_asked = false;
    }

    /// There was nothing to commit: what was counted belonged to partitions that are gone.
    pub fn nothing_owed(&mut self) {
        self.has_moved = false;
        self.processed = 0;
        self.is_asked = false;
        self.is_behind = false;
    }

    pub fn confirmed(&mut self) {
        self.is_behind = false;
        self.pause.reset();
        self.not_before = None;
    }

    /// The commit failed: the newest watermarks are tried again after a growing pause.
    pub fn failed(&mut self, now: Instant) {
        self.is_behind = true;
        self.is_asked = true;
        self.not_before = Some(now + self.pause.advance());
    }

    fn per_commit(&self) -> Option<u64> {
        match self.mode {
            CommitMode::Manual => Some(1),
            CommitMode::Batch(count) => Some(count.get()),
            CommitMode::Auto { .. } | CommitMode::Never => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU64;

    fn schedule(mode: CommitMode, is_async: bool) -> Schedule {
        Schedule::new(CommitSettings { mode, is_async }, Instant::now())
    }

    fn batch(count: u64) -> CommitMode {
        CommitMode::Batch(NonZeroU64::new(count).unwrap())
    }

    #[test]
    fn manual_takes_one_record_and_waits_for_its_commit() {
        let now = Instant::now();
        let mut schedule = schedule(CommitMode::Manual, false);
        assert_eq!(schedule.room(0), 1);
        assert_eq!(schedule.room(1), 0);
        schedule.processed(1);
        assert_eq!(schedule.room(0), 0);
        assert!(schedule.is_due(now));
        schedule.sent(Instant::now());
        assert!(!schedule.is_due(now) && schedule.waits_for_answers());
        schedule.confirmed();
        assert_eq!(schedule.room(0), 1);
    }

    #[test]
    fn batch_takes_as_many_as_one_commit_covers() {
        let mut schedule = schedule(batch(10), false);
        schedule.processed(4);
        assert_eq!(schedule.room(3), 3);
        assert!(!schedule.is_due(Instant::now()));
        schedule.processed(6);
        assert!(schedule.is_due(Instant::now()));
    }

    #[test]
    fn async_goes_on_while_a_commit_is_under_way() {
        let mut schedule = schedule(CommitMode::Manual, true);
        schedule.processed(1);
        schedule.sent(Instant::now());
        schedule.processed(5);
        assert_eq!(schedule.room(100), u64::MAX);
        assert!(!schedule.waits_for_answers());
        schedule.confirmed();
        assert!(schedule.is_due(Instant::now()));
    }

    #[test]
    fn a_failed_commit_is_tried_again_after_a_growing_pause() {
        let now = Instant::now();
        let mut schedule = schedule(batch(5), false);
        schedule.processed(5);
        schedule.sent(Instant::now());
        schedule.failed(now);
        assert!(!schedule.is_due(now));
        assert_eq!(schedule.room(0), 0, "the next record waits for the commit before it");
        assert!(schedule.is_due(now + FIRST_PAUSE));
        schedule.sent(Instant::now());
        schedule.failed(now);
        assert!(!schedule.is_due(now + FIRST_PAUSE));
        assert!(schedule.is_due(now + FIRST_PAUSE * 2));
    }

    #[test]
    fn never_sends_nothing() {
        let mut schedule = schedule(CommitMode::Never, false);
        schedule.processed(1_000_000);
        assert!(!schedule.is_due(Instant::now()));
        assert_eq!(schedule.room(1_000_000), u64::MAX);
    }

    #[test]
    fn auto_sends_what_came_in_an_interval_and_never_waits_for_it() {
        let interval = Duration::from_secs(5);
        let mut schedule = schedule(CommitMode::Auto { interval }, false);
        let later = Instant::now() + interval;
        assert!(!schedule.is_due(later), "nothing came");
        schedule.processed(1);
        assert!(!schedule.is_due(later - interval / 2));
        assert!(schedule.is_due(later));
        assert_eq!(schedule.room(1_000_000), u64::MAX);
        schedule.sent(later);
        schedule.processed(1);
        schedule.confirmed();
        assert!(!schedule.is_due(later + interval / 2));
        assert!(schedule.is_due(later + interval));
    }

    #[test]
    fn a_start_is_committed_when_asked_but_not_with_never() {
        let mut auto = schedule(CommitMode::Auto { interval: Duration::from_secs(5) }, false);
        auto.ask();
        assert!(auto.is_due(Instant::now()));
        let mut never = schedule(CommitMode::Never, false);
        never.ask();
        assert!(!never.is_due(Instant::now()));
    }
}
