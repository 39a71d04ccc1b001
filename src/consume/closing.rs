//! The end of a run: drain, commit, close, each within its time.

use crate::commits::Commits;
use crate::delivery::Delivery;
use crate::duration::spoken;
use crate::error::{Failure, Kind};
use crate::plural::counted;
use crate::record::TopicPartition;
use crate::talk::Notice;
use std::time::{Duration, Instant};

/// How long the final commit is tried.
const FINAL_COMMIT_LIMIT: Duration = Duration::from_secs(10);

/// How long leaving the group may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// A reader that takes nothing is waited for until then before the deadline, so that what it took can be
/// committed; half-way through a shorter time.
const GIVE_UP_BEFORE: Duration = Duration::from_secs(7);

/// What takes longer than that at the end of a run is told.
const TOLD_AFTER: Duration = Duration::from_secs(1);

/// A run that is coming to its end: no record is started any more.
pub struct Closing {
    /// Everything is given up at this time.
    deadline: Instant,
    /// What is not written by then is given up.
    write_deadline: Instant,
    /// The final commit is given up at this time; set when everything is written.
    commit_deadline: Option<Instant>,
    /// Whether `Shutdown signal received...` was said.
    pub is_signal_said: bool,
    /// What is waited for, since when, and whether that was told.
    waiting: Option<(Wait, Instant)>,
    is_wait_told: bool,
    /// The reader of stdout is gone, or the disk is full: what is not written will not be.
    is_unwritable: bool,
    /// Settled records of partitions that were lost meanwhile, no commit of which was confirmed.
    lost_records: u64,
    failure: Option<Failure>,
}

/// What a run waits for at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Handlers,
    Stdout,
    Commit,
    Exit,
}

/// What there is to do at the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosingStep {
    /// Something is still under way.
    Wait,
    /// Everything is written: commit what is owed.
    Commit,
    /// Everything that can still be done is done.
    Over,
}

impl Closing {
    /// `limit`: how long all of it may take. `has_work_after`: there is something to do after the last write.
    pub fn new(limit: Duration, has_work_after: bool, now: Instant) -> Closing {
        let for_commit = if has_work_after { GIVE_UP_BEFORE.min(limit / 2) } else { Duration::ZERO };
        Closing {
            deadline: now + limit,
            write_deadline: now + limit - for_commit,
            commit_deadline: None,
            is_signal_said: false,
            waiting: None,
            is_wait_told: false,
            is_unwritable: false,
            lost_records: 0,
            failure: None,
        }
    }

    /// When handlers that still run are told to end, and when everything is given up.
    pub fn deadlines(&self) -> (Instant, Instant) {
        (self.write_deadline, self.deadline)
    }

    /// What to tell people of what is waited for: of handlers at once after a signal, of anything else after a while.
    pub fn wait_notice(
        &mut self,
        delivery: &Delivery<'_>,
        commits: &Commits,
        now: Instant,
    ) -> Option<Notice> {
        let wait = if delivery.has_handlers() && delivery.unfinished(commits) > 0 {
            Wait::Handlers
        } else if !delivery.is_written() {
            Wait::Stdout
        } else if commits.is_under_way() {
            Wait::Commit
        } else if delivery.has_handlers() && self.commit_deadline.is_some() {
            Wait::Exit
        } else {
            return None;
        };
        let since = match self.waiting {
            Some((other, since)) if other == wait => since,
            Some(_) | None => {
                self.is_wait_told = false;
                now
            }
        };
        self.waiting = Some((wait, since));
        let is_due = self.is_signal_said && wait == Wait::Handlers || now >= since + TOLD_AFTER;
        if !is_due || std::mem::replace(&mut self.is_wait_told, true) {
            return None;
        }
        let up_to = |until: Instant| format!(", up to {}", spoken(until.saturating_duration_since(now)));
        let what = match wait {
            Wait::Handlers => {
                let records = counted(delivery.unfinished(commits), "record", "records");
                format!("{records} in hand{}", up_to(self.write_deadline))
            }
            Wait::Stdout => format!("the reader of stdout{}", up_to(self.write_deadline)),
            Wait::Commit => {
                format!("the final commit{}", up_to(self.commit_deadline.unwrap_or(self.deadline)))
            }
            Wait::Exit => "handlers to exit".to_owned(),
        };
        let hint = if self.is_signal_said { "; another signal ends the run now" } else { "" };
        Some(Notice::info(format!("waiting for {what}{hint}")))
    }

    /// Notes why the run ends; the first reason is the one that is told.
    pub fn note_failure(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
    }

    /// Nothing more can be written: the reader of stdout is gone, which is no error, or the disk is full.
    pub fn note_unwritable(&mut self) {
        self.is_unwritable = true;
    }

    /// Whether whoever reads stdout has gone, who may have got more than is known to be written.
    pub fn has_lost_reader(&self) -> bool {
        self.is_unwritable && self.failure.is_none()
    }

    /// Notes what can be committed no more: partitions that are being lost were owed their final commit.
    pub fn note_lost(&mut self, partitions: &[TopicPartition], commits: &Commits) {
        self.lost_records += commits.owed_of(partitions).records();
    }

    /// The next step. `is_revoking`: partitions are being given back.
    pub fn step(
        &mut self,
        delivery: &mut Delivery<'_>,
        commits: &Commits,
        is_revoking: bool,
        now: Instant,
    ) -> ClosingStep {
        delivery.seal();
        if now >= self.deadline {
            return ClosingStep::Over;
        }
        let is_given_up = now >= self.write_deadline || self.is_unwritable && !delivery.is_writing();
        let is_written = delivery.is_written() || is_given_up;
        if !delivery.is_drained() || !is_written || is_revoking {
            return ClosingStep::Wait;
        }
        let commit_deadline =
            *self.commit_deadline.get_or_insert((now + FINAL_COMMIT_LIMIT).min(self.deadline));
        let when_closed = if delivery.is_closed(now) { ClosingStep::Over } else { ClosingStep::Wait };
        if commits.is_forbidden() || now >= commit_deadline {
            return when_closed;
        }
        if commits.is_under_way() {
            return ClosingStep::Wait;
        }
        if commits.is_anything_owed() { ClosingStep::Commit } else { when_closed }
    }

    /// Until when leaving the group and ending handlers may take.
    pub fn close_deadline(&self, now: Instant) -> Instant {
        (now + CLOSE_LIMIT).min(self.deadline.max(now))
    }

    /// What the run came to, and what is to be warned of.
    ///
    /// `has_failed_records`: some were not printed because a jq program failed on them.
    pub fn result(
        self,
        commits: &Commits,
        has_failed_records: bool,
    ) -> (Result<(), Failure>, Option<String>) {
        let lost = if commits.is_forbidden() { 0 } else { self.lost_records };
        let unconfirmed = commits.unconfirmed() + lost;
        let warning = (unconfirmed > 0).then(|| {
            format!(
                "final commit unconfirmed; up to {} may be read again",
                counted(unconfirmed, "record", "records")
            )
        });
        let mut result = self.failure.map_or(Ok(()), Err);
        if let Some(warning) = &warning {
            result = result.and(Err(Failure::already_told(warning.clone())));
        }
        if has_failed_records {
            let message = "a jq program failed on some records, which were not printed";
            result = result.and(Err(Failure { kind: Kind::Record, ..Failure::already_told(message) }));
        }
        (result, warning)
    }
}
