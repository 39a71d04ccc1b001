//! What became of an attempt, and what follows: settling, another try, the policy.

use super::queue::Job;
use super::republish::{Delivered, FailureHeaders, SendForm};
use super::{Handlers, backoff};
use crate::dedup::{IdState, StoreAnswer};
use crate::delivery::writer::Writer;
use crate::delivery::{Progress, Settled};
use crate::duration::spoken;
use crate::error::{Failure, Kind};
use crate::handlers::{self, Done, FailureReason, Outcome, Unrunnable};
use crate::record::OwnedRecord;
use crate::settings::{Backoff, FailurePolicy};
use crate::talk::{Event, Notice};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// For so long exit status 75 is no attempt.
const LATER_IS_FREE: Duration = Duration::from_secs(600);

/// How often to ask whether another member is done with an id.
const ASK_AGAIN: Backoff = Backoff { min: Duration::from_millis(20), max: Duration::from_millis(500) };

/// From then on waiting for another member is told.
const LONG_ELSEWHERE: Duration = Duration::from_secs(10);

/// How a record was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Accepted,
    Skipped,
    DeadLettered,
    Duplicate,
}

impl Handlers<'_> {
    pub(super) fn attempt_ended(
        &mut self,
        done: Done,
        writer: &mut Writer,
        now: Instant,
        progress: &mut Progress,
    ) {
        // Nothing in hand: its assignment has ended.
        let Some(job) = self.queue.stop(done.ticket) else { return self.abandoned_ended(&done) };
        job.took = job.at_work_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        if matches!(done.outcome, Outcome::Accepted | Outcome::Failed(_) | Outcome::Refused(_)) {
            self.tally.retries += u64::from(job.failed > 0);
        }
        if self.times_attempts && done.outcome.is_answer() {
            self.counts.attempt_times.extend(job.at_work_since.map(|_| job.took));
        }
        if !done.outcome.keeps_claim()
            && let (Some(ids), Some(id)) = (&mut self.ids, &job.event_id)
        {
            ids.give_back(id);
        }
        match done.outcome {
            Outcome::Accepted => {
                self.failed_in_a_row = 0;
                if done.output.is_empty() {
                    self.written(done.ticket, progress);
                } else {
                    let (pieces, place) = done.output.into_parts();
                    writer.add_handled(done.ticket, pieces, place);
                }
            }
            Outcome::Later => {
                let since = job.later.map_or(now, |(since, _)| since);
                if now.duration_since(since) < LATER_IS_FREE {
                    let pause = self.come_later(done.ticket, since, now);
                    let what = "asked to be tried again later (exit status 75)".to_owned();
                    progress.notices.extend(self.attempt_notice(done.ticket, what, pause));
                } else {
                    let what = "exit status 75 for more than 10 minutes".to_owned();
                    self.attempt_failed(done.ticket, FailureReason::of(what), now, progress);
                }
            }
            Outcome::Scarce(words) => {
                let warning = format!("cannot start a handler: {words}; trying again");
                progress.notices.push(Notice::Warning(warning));
                // However long it lasts: it is nothing that the handler asked for.
                let _ = self.come_later(done.ticket, now, now);
            }
            Outcome::Failed(reason) => self.attempt_failed(done.ticket, reason, now, progress),
            Outcome::Refused(reason) => {
                job.failed += 1;
                self.record_failed(done.ticket, reason, progress);
            }
            Outcome::Unrunnable(why, reason) => self.unrunnable(done.ticket, (why, &reason), progress),
            Outcome::Again if !self.drain.is_begun() => self.queue.put_back(done.ticket),
            Outcome::Again | Outcome::Unfinished => self.remove(done.ticket),
        }
    }

    /// Tries again after a pause, which is returned, at no cost; the handler has asked for that since `since`.
    fn come_later(&mut self, ticket: u64, since: Instant, now: Instant) -> Option<Duration> {
        let job = self.queue.stop(ticket)?;
        let times = job.later.map_or(1, |(_, times)| times.saturating_add(1));
        job.later = Some((since, times));
        let pause = backoff::pause(self.settings.backoff, times, fastrand::f64());
        self.try_again(ticket, now + pause);
        (!self.drain.is_begun()).then_some(pause)
    }

    fn attempt_failed(&mut self, ticket: u64, reason: FailureReason, now: Instant, progress: &mut Progress) {
        let Some(job) = self.queue.stop(ticket) else { return };
        job.failed += 1;
        if job.failed > self.settings.retries {
            return self.record_failed(ticket, reason, progress);
        }
        let (attempt, attempts) = (job.failed, self.settings.retries.saturating_add(1));
        let what = format!("attempt {attempt} of {attempts} failed ({})", reason.brief());
        let pause = backoff::pause(self.settings.backoff, attempt, fastrand::f64());
        // Told before it may be taken out of hand.
        let notice = self.attempt_notice(ticket, what, (!self.drain.is_begun()).then_some(pause));
        progress.notices.extend(notice);
        self.try_again(ticket, now + pause);
    }

    /// What is told of an attempt after which the record comes again in `pause`, or not at all in this run: always the
    /// first time of each record.
    fn attempt_notice(&mut self, ticket: u64, what: String, pause: Option<Duration>) -> Option<Notice> {
        let is_verbose = self.is_verbose;
        let job = self.queue.job_mut(ticket)?;
        let is_first = !std::mem::replace(&mut job.told.failure, true);
        let reason = match pause {
            Some(pause) => format!("{what}, again in {}", brief_pause(pause)),
            None => what,
        };
        let (partition, offset) = (job.record.partition.clone(), job.record.offset);
        (is_first || is_verbose).then_some(Notice::Event(Event::AttemptFailed {
            partition,
            offset,
            reason,
            is_first,
        }))
    }

    /// Ends the run: whatever the record, there is nothing that could handle it.
    fn unrunnable(
        &mut self,
        ticket: u64,
        (why, reason): (Unrunnable, &FailureReason),
        progress: &mut Progress,
    ) {
        let Some(job) = self.queue.stop(ticket) else { return };
        self.counts.failed += 1;
        let message = format!("{}: the shell cannot run the handler ({})", job.record.place(), reason.what);
        let hint = handlers::what_to_check(why, &reason.last_line());
        let failure = Failure::new(Kind::Record, message)
            .caused_by(reason.last_line())
            .hint(format!("{hint}; the record was not committed"));
        self.end_with(ticket, reason.what.clone(), failure, progress);
    }

    /// Waits for the next attempt; at the end of a run there is none.
    fn try_again(&mut self, ticket: u64, at: Instant) {
        if self.drain.is_begun() {
            return self.remove(ticket);
        }
        if let Some(job) = self.queue.stop(ticket)
            && !std::mem::replace(&mut job.is_retried, true)
        {
            self.tally.retried += 1;
        }
        self.counts.retries += 1;
        self.queue.delay(ticket, at);
    }

    /// What handlers wrote could not be passed on: their records are not processed.
    pub fn unwritten(&mut self, tickets: &[u64]) {
        self.remove_all(tickets);
    }

    /// The attempts are used up, or there is no use in another: the policy decides.
    pub(super) fn record_failed(&mut self, ticket: u64, reason: FailureReason, progress: &mut Progress) {
        let Some(job) = self.queue.stop(ticket) else { return };
        let record = Arc::clone(&job.record);
        let failed = job.failed;
        let after = attempts(failed);
        let what = format!("processing failed{after}");
        self.failed_in_a_row += 1;
        self.counts.failed += 1;
        if let Some(limit) = self.settings.failure_limit.filter(|limit| self.failed_in_a_row >= *limit) {
            const LIMIT: &str = "`--failure-limit` sets how many are too many";
            let (message, hint) = match limit {
                1 => (format!("{}: {what}", record.place()), LIMIT.to_owned()),
                _ => (
                    format!("{limit} records in a row failed, the last one {}{after}", record.place()),
                    format!("see what they have in common; {LIMIT}"),
                ),
            };
            let failure = Failure::new(Kind::Record, message).caused_by(reason.brief()).hint(hint);
            return self.end_with(ticket, format!("{what}: {}", reason.brief()), failure, progress);
        }
        match &self.settings.on_failure {
            FailurePolicy::Stop => {
                let message = format!("{}: {what}", record.place());
                let failure = Failure::new(Kind::Record, message).caused_by(reason.brief()).hint(
                    "it was not committed and will be read again; to continue without it: `--on-failure skip` or `--dead-letter TOPIC`",
                );
                self.end_with(ticket, format!("{what}: {}", reason.brief()), failure, progress);
            }
            FailurePolicy::Skip => {
                let reason = format!("skipped{after}: {}", reason.brief());
                progress.notices.push(failed_notice(&record, reason, false));
                self.settle(ticket, Fate::Skipped, progress);
            }
            FailurePolicy::DeadLetter { topic } => {
                job.dead_letter_note = Some(format!("to `{topic}`{after}: {}", reason.brief()));
                let group = self.group.clone();
                let headers = FailureHeaders { error: reason.full(), attempts: failed.max(1), group };
                if let Some(dead_letters) = &mut self.dead_letters {
                    dead_letters.dead_letter(ticket, record, headers);
                }
            }
        }
    }

    /// `--strict`: the run ends with a record that cannot be decoded, which stays uncommitted.
    pub(super) fn undecodable(&mut self, ticket: u64, what: &str, progress: &mut Progress) {
        let Some(job) = self.queue.job(ticket) else { return };
        self.counts.failed += 1;
        let failure = Failure::new(Kind::Record, format!("{}: {what}", job.record.place()));
        self.end_with(ticket, what.to_owned(), failure, progress);
    }

    /// The run ends with a record that failed, which stays uncommitted.
    fn end_with(&mut self, ticket: u64, reason: String, failure: Failure, progress: &mut Progress) {
        if let Some(job) = self.queue.job(ticket) {
            progress.notices.push(failed_notice(&job.record, reason, true));
        }
        self.remove(ticket);
        progress.failure = Some(failure);
    }

    /// A dead letter counts as processed once it is acknowledged, not before.
    pub(super) fn dead_letter_answered(&mut self, delivery: Delivered, progress: &mut Progress) {
        match delivery.result {
            Ok(()) => {
                if let Some(job) = self.queue.stop(delivery.ticket)
                    && let Some(mut reason) = job.dead_letter_note.take()
                {
                    if delivery.form == SendForm::WithoutText {
                        reason.push_str(
                            " (it was too large with the text of `kcons.error`, which is left out)",
                        );
                    }
                    let (partition, offset) = (job.record.partition.clone(), job.record.offset);
                    progress.notices.push(Notice::Event(Event::DeadLettered { partition, offset, reason }));
                }
                self.settle(delivery.ticket, Fate::DeadLettered, progress);
            }
            Err(trouble) => {
                let job = self.queue.job(delivery.ticket);
                let failure = job
                    .zip(self.dead_letters.as_ref())
                    .map(|(job, topic)| topic.failure(&job.record, &trouble));
                if let Some(failure) = failure {
                    let reason = format!("its dead letter was not accepted: {}", trouble.told());
                    self.end_with(delivery.ticket, reason, failure, progress);
                }
            }
        }
    }

    /// What an accepted record printed is on stdout: its id is kept, then it is settled.
    pub fn written(&mut self, ticket: u64, progress: &mut Progress) {
        let Some(job) = self.queue.job(ticket) else { return };
        match (&mut self.ids, &job.event_id) {
            (Some(ids), Some(id)) => ids.keep(id, ticket),
            (Some(_), None) | (None, _) => self.settle(ticket, Fate::Accepted, progress),
        }
    }

    pub(super) fn store_answered(&mut self, answer: StoreAnswer, now: Instant, progress: &mut Progress) {
        let StoreAnswer { ticket, answer } = answer;
        match answer {
            Ok(IdState::New) => self.queue.clear(ticket),
            Ok(IdState::Known) => self.settle(ticket, Fate::Duplicate, progress),
            Ok(IdState::Claimed) => {
                if self.queue.claimed(ticket, now) {
                    self.hand(ticket);
                }
            }
            Ok(IdState::Elsewhere) => progress.notices.extend(self.wait_for_other_member(ticket, now)),
            Ok(IdState::Kept) => self.settle(ticket, Fate::Accepted, progress),
            Err(words) => {
                self.remove(ticket);
                progress.failure = Some(Failure::new(Kind::Run, "the dedup store failed").caused_by(words));
            }
        }
    }

    /// Another member has a record with the same id in hand: ours waits, and is a duplicate if that one is processed.
    fn wait_for_other_member(&mut self, ticket: u64, now: Instant) -> Option<Notice> {
        let job = self.queue.stop(ticket)?;
        if let (Some(ids), Some(id)) = (&mut self.ids, &job.event_id) {
            ids.is_elsewhere(id);
        }
        let (since, times) =
            job.elsewhere.map_or((now, 1), |(since, times)| (since, times.saturating_add(1)));
        job.elsewhere = Some((since, times));
        let time = now.duration_since(since);
        let is_told = time >= LONG_ELSEWHERE && !std::mem::replace(&mut job.told.elsewhere, true);
        let notice = is_told.then(|| {
            let (place, seconds) = (job.record.place(), time.as_secs());
            let message =
                format!("{place}: another member has been handling its event for {seconds} s; waiting");
            Notice::info(message)
        });
        self.queue.delay(ticket, now + backoff::pause(ASK_AGAIN, times, 1.0));
        notice
    }

    fn settle(&mut self, ticket: u64, fate: Fate, progress: &mut Progress) {
        let Some(job) = self.queue.job(ticket) else { return };
        let (id, offset) = (job.assignment, job.record.offset);
        let is_counted = fate != Fate::Duplicate;
        let count = match fate {
            Fate::Accepted => &mut self.tally.ok,
            Fate::Skipped => &mut self.tally.skipped,
            Fate::DeadLettered => &mut self.tally.dead_lettered,
            Fate::Duplicate => &mut self.tally.duplicates,
        };
        *count += 1;
        if self.is_verbose {
            progress.notices.extend(done_notice(job, fate));
        }
        progress.settled.push(Settled::Record { id, offset, is_counted });
        let is_going = self.drain.is_begun() || self.revoked.contains(&id);
        if self.waits_for_commit_of_each_key && is_counted && !is_going {
            self.uncommitted.push(ticket);
        } else {
            self.remove(ticket);
        }
    }
}

/// What is told of a record of which no failure is told.
fn done_notice(job: &Job, fate: Fate) -> Option<Notice> {
    let outcome = match fate {
        Fate::Accepted => format!("ok, {}", spoken(job.took)),
        Fate::Duplicate => "duplicate, not handled again".to_owned(),
        Fate::Skipped | Fate::DeadLettered => return None,
    };
    let (partition, offset) = (job.record.partition.clone(), job.record.offset);
    Some(Notice::Event(Event::RecordDone { partition, offset, outcome }))
}

/// A pause that is chosen by chance, no more exact than that.
fn brief_pause(pause: Duration) -> String {
    match pause.as_millis() {
        0..95 => format!("{:.2} s", pause.as_secs_f64().max(0.01)),
        95..10_000 => format!("{:.1} s", pause.as_secs_f64()),
        _ => spoken(pause),
    }
}

fn failed_notice(record: &OwnedRecord, reason: String, ends_run: bool) -> Notice {
    let partition = record.partition.clone();
    let is_common = false;
    Notice::Event(Event::RecordFailed { partition, offset: record.offset, reason, is_common, ends_run })
}

/// ` after 4 attempts`
fn attempts(failed: u32) -> String {
    match failed {
        0 => String::new(),
        1 => " after 1 attempt".to_owned(),
        _ => format!(" after {failed} attempts"),
    }
}
