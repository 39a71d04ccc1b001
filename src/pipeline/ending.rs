//! The end of a run: drain, commit, close, each within its time.

use super::{Finished, Run};
use crate::error::{Failure, Kind};
use crate::kafka::{Trouble, TroubleKind};
use crate::record::TopicPartition;
use crate::talk::Event;
use std::time::{Duration, Instant};

/// How long the final commit is tried, and how long leaving the group may take.
const FINAL_COMMIT_LIMIT: Duration = Duration::from_secs(10);
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// A reader that takes nothing is waited for until then before the deadline, so that what it took can be
/// committed; half-way through a shorter time.
const GIVE_UP_BEFORE: Duration = Duration::from_secs(7);

/// A run that is coming to its end: no record is started any more.
pub struct Ending {
    /// Everything is given up at this time.
    deadline: Instant,
    /// What is not written by then is given up.
    write_deadline: Instant,
    /// The final commit is given up at this time; set when everything is written.
    commit_deadline: Option<Instant>,
    pub is_signal_said: bool,
    /// The reader of stdout is gone, or the disk is full: what is not written will not be.
    is_unwritable: bool,
    /// Settled records of partitions that were lost meanwhile, no commit of which was confirmed.
    lost_records: u64,
    failure: Option<Failure>,
}

impl Run<'_> {
    /// Starts no more records.
    pub(super) fn end(&mut self, now: Instant) {
        let limit = self.settings.shutdown_timeout;
        // Reading alone there is nothing to do after the last write.
        let has_work_after = self.commits.is_committing() || self.delivery.has_handlers();
        let for_commit = if has_work_after { GIVE_UP_BEFORE.min(limit / 2) } else { Duration::ZERO };
        let (deadline, write_deadline) = (now + limit, now + limit - for_commit);
        if self.ending.is_none() {
            self.delivery.begin_drain(write_deadline, deadline);
        }
        self.ending.get_or_insert(Ending {
            deadline,
            write_deadline,
            commit_deadline: None,
            is_signal_said: false,
            is_unwritable: false,
            lost_records: 0,
            failure: None,
        });
    }

    /// Ends the run with a failure; the first one is the one that is told.
    pub(super) fn fail(&mut self, failure: Failure, now: Instant) {
        self.end(now);
        if let Some(ending) = &mut self.ending {
            ending.failure.get_or_insert(failure);
        }
    }

    /// Ends the run with a failure after which nothing may be committed.
    pub(super) fn fail_without_commit(&mut self, failure: Failure, now: Instant) {
        self.fail(failure, now);
        self.commits.forbid();
    }

    pub(super) fn fail_fatally(&mut self, trouble: &Trouble, now: Instant) {
        if matches!(trouble.kind, TroubleKind::Fenced | TroubleKind::Unreleased) {
            return self.meet_namesake(trouble, now);
        }
        let failure = Failure::new(Kind::Run, "the client cannot go on").caused_by(trouble.told());
        self.fail_without_commit(failure, now);
    }

    /// The reader of stdout is gone, which is no error, or the disk is full: nothing more can be written.
    pub(super) fn end_unwritable(&mut self, now: Instant) {
        self.end(now);
        if let Some(ending) = &mut self.ending {
            ending.is_unwritable = true;
        }
    }

    /// Notes what can be committed no more: partitions that are being lost were owed their final commit.
    pub(super) fn note_lost(&mut self, partitions: &[TopicPartition]) {
        if let Some(ending) = &mut self.ending {
            ending.lost_records += self.commits.owed_of(partitions).records();
        }
    }

    /// Whether everything that can still be done is done.
    pub(super) fn is_over(&mut self, now: Instant) -> bool {
        if self.ending.is_some() && self.rebalances.is_starting() && self.settings.group().is_some() {
            self.answer_with_nothing();
        }
        let Some(ending) = &mut self.ending else { return false };
        self.delivery.seal();
        if now >= ending.deadline {
            return true;
        }
        let is_given_up = now >= ending.write_deadline || ending.is_unwritable && !self.delivery.is_writing();
        let is_written = self.delivery.is_written() || is_given_up;
        let is_drained = self.delivery.is_drained();
        if !is_drained || !is_written || self.rebalances.is_revoking() {
            return false;
        }
        let commit_deadline =
            *ending.commit_deadline.get_or_insert((now + FINAL_COMMIT_LIMIT).min(ending.deadline));
        let is_closed = self.delivery.is_closed(now);
        if self.commits.is_forbidden() || now >= commit_deadline {
            return is_closed;
        }
        if self.commits.is_under_way() {
            return false;
        }
        if !self.commits.is_anything_owed() {
            return is_closed;
        }
        self.commits.ask();
        // At once: the loop would sleep first, and only the answer wakes it.
        self.advance_commits(now);
        false
    }

    /// Closes the consumer and sums up.
    pub(super) fn finish(mut self) -> Finished {
        let now = Instant::now();
        for notice in self.delivery.last_warnings() {
            self.tell(notice, now);
        }
        let ending = self.ending.take();
        let (deadline, lost_records, failure) = match ending {
            Some(ending) => (ending.deadline, ending.lost_records, ending.failure),
            None => (now + self.settings.shutdown_timeout, 0, None),
        };
        let mut result = failure.map_or(Ok(()), Err);
        let unconfirmed =
            self.commits.unconfirmed() + if self.commits.is_forbidden() { 0 } else { lost_records };
        let has_started = self.topics.is_reading();
        if has_started {
            self.talk.say(&Event::Progress { message: "Closing consumer...".into() });
        }
        let failed = self.delivery.has_failed_records().then(|| {
            let message = "`--filter` failed on some records: they are not printed";
            Failure { kind: Kind::Record, ..Failure::already_told(message) }
        });
        let Run { source, mut talk, processed, settings, commits, delivery, .. } = self;
        let tally = delivery.tally();
        delivery.close((now + CLOSE_LIMIT).min(deadline.max(now)));
        // Reading alone there is nobody to tell.
        if has_started && settings.group().is_some() {
            let now = Instant::now();
            source.close((now + CLOSE_LIMIT).min(deadline.max(now)));
        } else {
            std::mem::forget(source);
        }
        if unconfirmed > 0 {
            let message = format!("final commit unconfirmed; up to {unconfirmed} records may be read again");
            talk.say(&Event::Warning { message: message.clone() });
            if result.is_ok() {
                result = Err(Failure::already_told(message));
            }
        }
        if let Some(failed) = failed {
            result = result.and(Err(failed));
        }
        talk.tell_repeats(Instant::now(), true);
        if has_started {
            talk.say(&Event::Closed { records: processed, dropped: commits.watermarks().stale(), tally });
            if let Some(tally) = tally {
                talk.say(&Event::Summary { tally });
            }
        }
        Finished { talk, result, deadline: Instant::now() + Duration::from_millis(500) }
    }
}
