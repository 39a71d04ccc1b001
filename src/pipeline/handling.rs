//! Records go to handlers instead of stdout: the poller's side of it.

mod backoff;
mod crew;
mod ending;
mod ids;
mod letters;
mod outcomes;
mod queue;
mod rate;
mod room;
mod warnings;

use super::Run;
use super::expressions::Decision;
use crate::alarm::{Alarm, Bell};
use crate::choices::CommitMode;
use crate::commits::AssignmentId;
use crate::dedup::{Names, News, Store, Times};
use crate::error::{Failure, Kind};
use crate::handlers::{self, Attempt, Context, Reason};
use crate::record::{OwnedRecord, Record, TopicPartition};
use crate::settings::{self, Consume, OnFailure};
use crate::talk::{HandlerOutput, Tally};
use crew::Crew;
use ids::Ids;
use letters::Letters;
use queue::{Fault, Queue};
use rate::Rate;
use room::Held;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The books of the records in hand, and whoever works on them.
pub struct Handling<'a> {
    settings: &'a settings::Handling,
    queue: Queue,
    crew: Crew,
    letters: Option<Letters>,
    /// With `--dedup`, once the cluster is known.
    ids: Option<Ids>,
    rate: Option<Rate>,
    pub tally: Tally,
    /// Failed records since the last one that was accepted.
    failed_in_a_row: u64,
    /// Records whose commit is awaited before the next of their lane (`manual` with `--parallel`).
    uncommitted: Vec<u64>,
    /// Those that the commit on its way covers.
    committing: Vec<u64>,
    has_commit_per_lane: bool,
    held: Held,
    /// That are ours; the room is shared among them.
    partitions: usize,
    /// Since when the group has left no partition for us.
    spare_since: Option<Instant>,
    /// Set once: handlers are told to end, then killed.
    end: ending::End,
}

/// What an `add` needs to know of the place of a record.
pub struct Place<'a> {
    pub claim: AssignmentId,
    pub partition: &'a TopicPartition,
}

impl<'a> Handling<'a> {
    /// Starts whoever handles records; `None` if they are printed.
    ///
    /// # Errors
    /// A program that does not exist, or no threads.
    pub fn start(
        consume: &'a Consume,
        alarm: &Alarm,
        lines: HandlerOutput,
    ) -> Result<Option<Handling<'a>>, Failure> {
        let Some(settings) = &consume.handling else { return Ok(None) };
        handlers::withhold(consume.withheld.clone());
        let group = super::group(consume);
        let context = Context {
            group: group.map(|group| group.name.clone()),
            output: consume.output.clone(),
            lines,
            bell: alarm.bell(),
        };
        let connection = &consume.connection;
        let letters = match &settings.on_failure {
            OnFailure::DeadLetter { topic } => Some(Letters::open(connection, topic, usize::MAX, alarm)?),
            OnFailure::Stop | OnFailure::Skip => None,
        };
        let is_manual =
            group.is_some_and(|group| group.commits.mode == CommitMode::Manual && !group.commits.is_async);
        Ok(Some(Handling {
            settings,
            queue: Queue::new(settings.order),
            crew: Crew::start(settings, connection, context, alarm)?,
            letters,
            ids: None,
            rate: settings.rate.map(Rate::new),
            tally: Tally::default(),
            failed_in_a_row: 0,
            uncommitted: Vec::new(),
            committing: Vec::new(),
            has_commit_per_lane: is_manual && settings.parallel > 1,
            held: Held::default(),
            partitions: 1,
            spare_since: None,
            end: ending::End::default(),
        }))
    }

    /// The store of `--dedup` is still to be opened.
    pub fn needs_store(&self) -> bool {
        self.settings.dedup.is_some() && self.ids.is_none()
    }

    /// Opens it.
    ///
    /// # Errors
    /// It cannot be opened or read.
    pub fn open_store(&mut self, names: Names, bell: Bell) -> Result<(), Failure> {
        if let Some(dedup) = &self.settings.dedup {
            let times = Times { ttl: dedup.ttl, claim: ids::claim_time(self.settings.timeout) };
            self.ids = Some(Ids::new(Store::open(&dedup.store, &names, times, bell)?));
        }
        Ok(())
    }

    /// Copies a record and takes it in hand. An id is looked up first.
    fn add(&mut self, place: &Place<'_>, record: &Record<'_>, event_id: Option<Arc<str>>) -> u64 {
        let record = Arc::new(OwnedRecord::copy(record, place.partition.clone()));
        let event_id = event_id.filter(|_| self.ids.is_some());
        let ticket = self.queue.add(place.claim, record, event_id.clone());
        if let (Some(ids), Some(id)) = (&mut self.ids, &event_id)
            && ids.look_up(id, ticket)
        {
            self.queue.looked_up(ticket);
        }
        ticket
    }

    /// Takes a record in hand after a look at it; returns what is to be said about it.
    pub fn take(
        &mut self,
        place: &Place<'_>,
        record: &Record<'_>,
        decision: Decision,
        is_strict: bool,
    ) -> Option<String> {
        // It is no failed record: its handler may do with it as it is.
        let warning = |reason: String| format!("{}: {reason}", record.place());
        let (fault, warning) = match decision.undecodable.map(|trouble| trouble.to_string()) {
            Some(reason) if is_strict => (Some(Fault::Undecodable(reason)), None),
            other => (decision.failure.map(Fault::Failed), other.map(warning)),
        };
        let ticket = self.add(place, record, decision.event_id.filter(|_| fault.is_none()));
        if let Some(fault) = fault {
            // Nobody handles it; that is told when its turn comes.
            self.queue.mark_faulty(ticket, fault);
        }
        warning
    }

    /// Nothing is in hand.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many records handlers work on.
    pub fn in_flight(&self) -> u64 {
        self.queue.running() as u64
    }

    /// How long until something is due by time alone. While nothing `may_start` that is only the end: what makes
    /// room rings.
    fn pause(&self, now: Instant, may_start: bool) -> Option<Duration> {
        let rate = self.rate.as_ref().map(|rate| rate.due(now));
        let ready = rate.filter(|_| self.queue.is_anything_ready());
        let delayed = self.queue.due().map(|due| rate.map_or(due, |rate| rate.max(due)));
        let starts = [ready, delayed].into_iter().flatten().filter(|_| may_start);
        let due = starts.chain(self.end.due()).min()?;
        Some(due.saturating_duration_since(now))
    }

    /// The records of an assignment that are in hand.
    fn tickets_of(&self, claims: &[AssignmentId]) -> Vec<u64> {
        self.queue.tickets(|job| claims.contains(&job.claim))
    }

    /// Gives a record that was started to whoever handles it.
    fn hand(&mut self, ticket: u64) {
        let Some(job) = self.queue.job(ticket) else { return };
        let attempt = Attempt {
            ticket,
            record: Arc::clone(&job.record),
            number: job.failed + 1,
            event_id: job.event_id.clone(),
        };
        self.crew.hand(attempt);
    }

    /// Takes a record out of hand; whoever waits for its id is next.
    fn remove(&mut self, ticket: u64) {
        if let Some(id) = self.queue.remove(ticket).and_then(|job| job.event_id) {
            self.release(&id, ticket);
        }
    }

    fn release(&mut self, id: &Arc<str>, ticket: u64) {
        let Some(ids) = &mut self.ids else { return };
        let queue = &self.queue;
        if let Some(next) = ids.release(id, ticket, |other| queue.job(other).is_some()) {
            self.queue.looked_up(next);
        }
    }

    /// Takes records out of hand, the last first.
    fn remove_all(&mut self, tickets: &[u64]) {
        for ticket in tickets.iter().rev() {
            self.remove(*ticket);
        }
    }
}

impl Run<'_> {
    /// How long the loop may sleep for handlers' sake.
    pub(super) fn handling_pause(&self, now: Instant) -> Option<Duration> {
        let handling = self.handling.as_ref()?;
        let may_start = self.ending.is_none() && !self.output.is_full() && handling.may_start(&self.commits);
        handling.pause(now, may_start)
    }

    /// Starts what may start now.
    pub(super) fn start_attempts(&mut self, now: Instant) {
        while let Some((ticket, fault)) = self.start_until_a_fault(now) {
            match fault {
                Fault::Failed(what) => self.record_failed(ticket, Reason::of(what), now),
                Fault::Undecodable(what) => self.undecodable(ticket, &what, now),
            }
        }
    }

    /// Starts what may start, up to a record that no handler gets.
    fn start_until_a_fault(&mut self, now: Instant) -> Option<(u64, Fault)> {
        let handling = self.handling.as_mut()?;
        if self.ending.is_some() || self.output.is_full() {
            return None;
        }
        let mut faulty = None;
        let mut has_started = false;
        while handling.may_start(&self.commits) {
            if handling.rate.as_ref().is_some_and(|rate| rate.due(now) > now) {
                break;
            }
            let Some((ticket, job)) = handling.queue.start(now) else { break };
            if let Some(fault) = job.fault.take() {
                faulty = Some((ticket, fault));
                break;
            }
            if let Some(rate) = &mut handling.rate {
                // What is claimed counts as well: nearly all of it starts, as soon as the store has answered.
                rate.started(now);
            }
            if let (Some(ids), Some(id)) = (&mut handling.ids, &job.event_id)
                && ids.claim(id, ticket)
            {
                handling.queue.claim(ticket);
                continue;
            }
            handling.hand(ticket);
            has_started = true;
        }
        if has_started {
            handling.crew.flush();
        }
        faulty
    }

    /// Looks after those that tell nothing by themselves when they break.
    pub(super) fn look_after_handling(&mut self, now: Instant) {
        self.tell_stuck(now);
        self.warn_of_spare_member(now);
        let Some(handling) = &self.handling else { return };
        let forward = match &handling.crew {
            Crew::Forward(letters) => Some(&**letters),
            Crew::Exec(_) | Crew::Worker(_) => None,
        };
        let producers = forward.into_iter().chain(&handling.letters);
        let (lines, fatal): (Vec<_>, Vec<_>) = producers.map(Letters::news).unzip();
        let is_store_dead = handling.ids.as_ref().is_some_and(|ids| !ids.is_alive());
        for message in lines.into_iter().flatten() {
            self.talk.library(message);
        }
        if let Some(trouble) = fatal.into_iter().flatten().next() {
            let failure = Failure::new(Kind::Record, "the producer cannot go on").caused_by(trouble.told());
            self.fail(failure, now);
        }
        if is_store_dead {
            self.fail(Failure::new(Kind::Run, "the dedup store broke down"), now);
        }
    }

    /// Takes what handlers, the producer and the store have answered.
    pub(super) fn take_outcomes(&mut self, now: Instant) {
        self.watch_handlers(now);
        self.tell_warnings_of_handlers(now);
        while let Some(done) = self.handling.as_mut().and_then(|handling| handling.crew.done()) {
            self.attempt_ended(done, now);
        }
        if let Some(failure) = self.handling.as_mut().and_then(|handling| handling.crew.forbidden()) {
            self.fail(failure, now);
        }
        while let Some(delivery) =
            self.handling.as_mut().and_then(|handling| handling.letters.as_mut()?.delivery())
        {
            self.dead_letter_answered(delivery, now);
        }
        while let Some(answer) = self.handling.as_ref().and_then(|handling| handling.ids.as_ref()?.answer()) {
            self.store_answered(answer, now);
        }
        if let Some(handling) = &mut self.handling {
            // What was claimed is started.
            handling.crew.flush();
        }
        while let Some(news) = self.handling.as_ref().and_then(|handling| handling.ids.as_ref()?.news()) {
            match news {
                News::Away { reason } => self.talk.warn(format!("the dedup store is away: {reason}"), now),
                News::Back { after } => {
                    self.talk.info(format!("the dedup store is back after {} s", after.as_secs()));
                }
                News::Overtaken { ids } => self.talk.warn(
                    format!(
                        "{ids} event ids were at work for longer than the dedup store knew of it: another member may \
                         have handled them, too"
                    ),
                    now,
                ),
            }
        }
    }

    /// What workers had to say for themselves; asked for once more when they have all ended.
    pub(super) fn tell_warnings_of_handlers(&mut self, now: Instant) {
        while let Some(message) = self.handling.as_mut().and_then(|handling| handling.crew.warning()) {
            self.talk.warn(message, now);
        }
    }
}
