//! What became of an attempt, and what follows: settling, another try, the policy.

use super::letters::{Delivery, Form, Notice};
use super::{Handling, Run, backoff};
use crate::dedup::{Answer, Found};
use crate::error::{Failure, Kind};
use crate::handlers::{Done, Outcome, Reason};
use crate::record::OwnedRecord;
use crate::settings::{Backoff, OnFailure};
use crate::talk::Event;
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
enum Settled {
    Accepted,
    Skipped,
    DeadLettered,
    Duplicate,
}

impl Run<'_> {
    pub(super) fn attempt_ended(&mut self, done: Done, now: Instant) {
        let Some(handling) = &mut self.handling else { return };
        // Its assignment has ended.
        let Some(job) = handling.queue.stop(done.ticket) else { return handling.disowned_ended(&done) };
        if self.meter.is_on() && done.outcome.is_answer() {
            self.counts.attempts.extend(job.at_work_since.map(|since| now.saturating_duration_since(since)));
        }
        if !done.outcome.keeps_claim()
            && let (Some(ids), Some(id)) = (&mut handling.ids, &job.event_id)
        {
            ids.give_back(id);
        }
        match done.outcome {
            Outcome::Accepted => {
                handling.failed_in_a_row = 0;
                if done.output.is_empty() {
                    self.written(done.ticket, now);
                } else {
                    let (pieces, place) = done.output.into_parts();
                    self.output.add_handled(done.ticket, pieces, place);
                }
            }
            Outcome::Later => {
                let since = job.later.map_or(now, |(since, _)| since);
                if now.duration_since(since) < LATER_IS_FREE {
                    self.come_later(done.ticket, since, now);
                } else {
                    let what = "exit status 75 for more than 10 minutes".to_owned();
                    self.attempt_failed(done.ticket, Reason::of(what), now);
                }
            }
            Outcome::Scarce(words) => {
                self.talk.warn(format!("cannot start a handler: {words}; it is tried again"), now);
                // However long it lasts: it is nothing that the handler asked for.
                self.come_later(done.ticket, now, now);
            }
            Outcome::Failed(reason) => self.attempt_failed(done.ticket, reason, now),
            Outcome::Refused(reason) => {
                job.failed += 1;
                self.record_failed(done.ticket, reason, now);
            }
            Outcome::Again if self.ending.is_none() => handling.queue.put_back(done.ticket),
            Outcome::Again | Outcome::Unfinished => handling.remove(done.ticket),
        }
    }

    /// Tries again after a pause, at no cost; the handler has asked for that since then.
    fn come_later(&mut self, ticket: u64, since: Instant, now: Instant) {
        let Some(handling) = &mut self.handling else { return };
        let Some(job) = handling.queue.stop(ticket) else { return };
        let times = job.later.map_or(1, |(_, times)| times.saturating_add(1));
        job.later = Some((since, times));
        let pause = backoff::pause(handling.settings.backoff, times, fastrand::f64());
        self.try_again(ticket, pause, now);
    }

    fn attempt_failed(&mut self, ticket: u64, reason: Reason, now: Instant) {
        let Some(handling) = &mut self.handling else { return };
        let Some(job) = handling.queue.stop(ticket) else { return };
        job.failed += 1;
        if job.failed > handling.settings.retries {
            return self.record_failed(ticket, reason, now);
        }
        let pause = backoff::pause(handling.settings.backoff, job.failed, fastrand::f64());
        self.try_again(ticket, pause, now);
    }

    /// Waits for the next attempt; at the end of a run there is none.
    fn try_again(&mut self, ticket: u64, pause: Duration, now: Instant) {
        let Some(handling) = &mut self.handling else { return };
        if self.ending.is_some() {
            return handling.remove(ticket);
        }
        if let Some(job) = handling.queue.stop(ticket)
            && !std::mem::replace(&mut job.is_retried, true)
        {
            handling.tally.retried += 1;
        }
        self.counts.retries += 1;
        handling.queue.delay(ticket, now + pause);
    }

    /// What handlers wrote could not be passed on: their records are not processed.
    pub(in crate::pipeline) fn unwritten(&mut self, tickets: &[u64]) {
        if let Some(handling) = &mut self.handling {
            handling.remove_all(tickets);
        }
    }

    /// The attempts are used up, or there is no use in another: the policy decides.
    pub(in crate::pipeline) fn record_failed(&mut self, ticket: u64, reason: Reason, now: Instant) {
        let Some(handling) = &mut self.handling else { return };
        let Some(job) = handling.queue.stop(ticket) else { return };
        let settings = handling.settings;
        let record = Arc::clone(&job.record);
        let failed = job.failed;
        let after = attempts(failed);
        let what = format!("processing failed{after}");
        handling.failed_in_a_row += 1;
        self.counts.failed += 1;
        if let Some(limit) = settings.failure_limit.filter(|limit| handling.failed_in_a_row >= *limit) {
            let message = format!("{limit} records in a row failed, the last one {}{after}", record.place());
            let failure = Failure::new(Kind::Record, message)
                .caused_by(reason.brief())
                .hint("see what they have in common; `--failure-limit` sets how many are too many");
            return self.end_with(ticket, format!("{what}: {}", reason.brief()), failure, now);
        }
        match &settings.on_failure {
            OnFailure::Stop => {
                let message = format!("{}: {what}", record.place());
                let failure = Failure::new(Kind::Record, message).caused_by(reason.brief()).hint(
                    "it is not committed and comes again; `--on-failure skip` or `--dead-letter TOPIC` go on without it",
                );
                self.end_with(ticket, format!("{what}: {}", reason.brief()), failure, now);
            }
            OnFailure::Skip => {
                let reason = format!("skipped{after}: {}", reason.brief());
                self.talk.say(&failed_event(&record, reason, false));
                self.settle(ticket, Settled::Skipped, now);
            }
            OnFailure::DeadLetter { topic } => {
                job.letter = Some(format!("to `{topic}`{after}: {}", reason.brief()));
                let group = super::super::group(self.settings).map(|group| group.name.clone());
                let notice = Notice { error: reason.full(), attempts: failed.max(1), group };
                if let Some(letters) = &mut handling.letters {
                    letters.bury(ticket, record, notice);
                }
            }
        }
    }

    /// `--strict`: the run ends with a record that cannot be decoded, which stays uncommitted.
    pub(super) fn undecodable(&mut self, ticket: u64, what: &str, now: Instant) {
        let Some(handling) = &mut self.handling else { return };
        let Some(job) = handling.queue.job(ticket) else { return };
        self.counts.failed += 1;
        let failure = Failure::new(Kind::Record, format!("{}: {what}", job.record.place()));
        self.end_with(ticket, what.to_owned(), failure, now);
    }

    /// The run ends with a record that failed, which stays uncommitted.
    fn end_with(&mut self, ticket: u64, reason: String, failure: Failure, now: Instant) {
        let Some(handling) = &mut self.handling else { return };
        if let Some(job) = handling.queue.job(ticket) {
            self.talk.say(&failed_event(&job.record, reason, true));
        }
        handling.remove(ticket);
        self.fail(failure, now);
    }

    /// A dead letter counts as processed once it is acknowledged, not before.
    pub(super) fn dead_letter_answered(&mut self, delivery: Delivery, now: Instant) {
        match delivery.result {
            Ok(()) => {
                let handling = self.handling.as_mut();
                if let Some(job) = handling.and_then(|handling| handling.queue.stop(delivery.ticket))
                    && let Some(mut reason) = job.letter.take()
                {
                    if delivery.form == Form::WithoutText {
                        reason.push_str(
                            " (it was too large with the text of `kcons.error`, which is left out)",
                        );
                    }
                    let (partition, offset) = (job.record.partition.clone(), job.record.offset);
                    self.talk.say(&Event::DeadLettered { partition, offset, reason });
                }
                self.settle(delivery.ticket, Settled::DeadLettered, now);
            }
            Err(trouble) => {
                let Some(handling) = &mut self.handling else { return };
                let failure = handling
                    .queue
                    .job(delivery.ticket)
                    .zip(handling.letters.as_ref())
                    .map(|(job, letters)| letters.failure(&job.record, &trouble));
                if let Some(failure) = failure {
                    let reason = format!("its dead letter was not taken: {}", trouble.told());
                    self.end_with(delivery.ticket, reason, failure, now);
                }
            }
        }
    }

    /// What an accepted record printed is on stdout: its id is kept, then it is settled.
    pub(in crate::pipeline) fn written(&mut self, ticket: u64, now: Instant) {
        let Some(handling) = &mut self.handling else { return };
        let Some(job) = handling.queue.job(ticket) else { return };
        match (&mut handling.ids, &job.event_id) {
            (Some(ids), Some(id)) => ids.keep(id, ticket),
            (Some(_), None) | (None, _) => self.settle(ticket, Settled::Accepted, now),
        }
    }

    pub(super) fn store_answered(&mut self, answer: Answer, now: Instant) {
        let Answer { ticket, answer } = answer;
        match answer {
            Ok(Found::New) => {
                if let Some(handling) = &mut self.handling {
                    handling.queue.clear(ticket);
                }
            }
            Ok(Found::Known) => self.settle(ticket, Settled::Duplicate, now),
            Ok(Found::Claimed) => {
                if let Some(handling) = &mut self.handling
                    && handling.queue.claimed(ticket, now)
                {
                    handling.hand(ticket);
                }
            }
            Ok(Found::Elsewhere) => self.wait_for_other_member(ticket, now),
            Ok(Found::Kept) => self.settle(ticket, Settled::Accepted, now),
            Err(words) => {
                if let Some(handling) = &mut self.handling {
                    handling.remove(ticket);
                }
                self.fail(Failure::new(Kind::Run, "the dedup store failed").caused_by(words), now);
            }
        }
    }

    /// Another member has a record with the same id in hand: ours waits, and is a duplicate if that one is processed.
    fn wait_for_other_member(&mut self, ticket: u64, now: Instant) {
        let Some(handling) = &mut self.handling else { return };
        let Some(job) = handling.queue.stop(ticket) else { return };
        if let (Some(ids), Some(id)) = (&mut handling.ids, &job.event_id) {
            ids.is_elsewhere(id);
        }
        let (since, times) =
            job.elsewhere.map_or((now, 1), |(since, times)| (since, times.saturating_add(1)));
        job.elsewhere = Some((since, times));
        let time = now.duration_since(since);
        if time >= LONG_ELSEWHERE && !std::mem::replace(&mut job.is_elsewhere_told, true) {
            let place = job.record.place();
            let message = format!(
                "{place}: another member has had its event id in hand for {} s; waiting",
                time.as_secs()
            );
            self.talk.info(message);
        }
        handling.queue.delay(ticket, now + backoff::pause(ASK_AGAIN, times, 1.0));
    }

    fn settle(&mut self, ticket: u64, settled: Settled, now: Instant) {
        let Some(handling) = &mut self.handling else { return };
        let Some(job) = handling.queue.job(ticket) else { return };
        let (claim, offset) = (job.claim, job.record.offset);
        let is_counted = settled != Settled::Duplicate;
        let count = match settled {
            Settled::Accepted => &mut handling.tally.ok,
            Settled::Skipped => &mut handling.tally.skipped,
            Settled::DeadLettered => &mut handling.tally.dead_lettered,
            Settled::Duplicate => &mut handling.tally.duplicates,
        };
        *count += 1;
        self.commits.watermarks_mut().settle(claim, offset);
        if let Some(lane) = self.lanes.get_mut(claim.slot) {
            lane.is_dirty = true;
        }
        if is_counted {
            self.processed += 1;
            self.commits.processed(1);
        }
        let is_going = self.lanes.get_mut(claim.slot).is_none_or(|lane| lane.is_revoked);
        if handling.has_commit_per_lane && is_counted && self.ending.is_none() && !is_going {
            handling.uncommitted.push(ticket);
        } else {
            handling.remove(ticket);
        }
        if self.settings.stops.count.is_some_and(|count| self.processed >= count) {
            self.end(now);
        }
    }
}

impl Handling<'_> {
    /// No lane waits for a commit any more: the last one covers them all.
    pub fn stop_waiting_for_commits(&mut self) {
        self.commit_sent();
        self.commit_confirmed();
    }

    /// A commit of all that is settled is on its way.
    pub fn commit_sent(&mut self) {
        self.committing.append(&mut self.uncommitted);
    }

    /// It is confirmed: the lanes that waited for it go on.
    pub fn commit_confirmed(&mut self) {
        for ticket in std::mem::take(&mut self.committing) {
            self.remove(ticket);
        }
    }

    /// It failed: the next one covers its records.
    pub fn commit_failed(&mut self) {
        self.uncommitted.append(&mut self.committing);
    }
}

fn failed_event(record: &OwnedRecord, reason: String, ends_run: bool) -> Event {
    let partition = record.partition.clone();
    Event::RecordFailed { partition, offset: record.offset, reason, ends_run }
}

/// ` after 4 attempts`
fn attempts(failed: u32) -> String {
    match failed {
        0 => String::new(),
        1 => " after 1 attempt".to_owned(),
        _ => format!(" after {failed} attempts"),
    }
}
