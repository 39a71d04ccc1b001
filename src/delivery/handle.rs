//! Records go to handlers: which are in hand, who works on them, and what became of each.

mod backoff;
mod commit_waits;
mod drain;
mod duplicates;
mod limits;
mod outcomes;
mod pool;
mod queue;
mod rate;
mod republish;
pub mod warnings;

use super::filter::Checked;
use super::writer::Writer;
use super::{Fate, PartitionPlace, Progress, Submitted};
use crate::alarm::{Alarm, Bell};
use crate::choices::CommitMode;
use crate::commits::{AssignmentId, Commits};
use crate::decode::Schemas;
use crate::dedup::{News, Store, StoreName, Times};
use crate::error::{Failure, Kind};
use crate::handlers::{self, Attempt, FailureReason, HandlerContext};
use crate::metrics::RecordCounts;
use crate::plural::counted;
use crate::record::{OwnedRecord, Record};
use crate::settings::{self, Consume, FailurePolicy};
use crate::talk::{HandlerOutput, Notice, Tally};
use duplicates::Ids;
use limits::Paused;
use queue::{Fault, Queue};
use rate::Rate;
use republish::{Outlet, Republisher, RunProducer};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use pool::Pool;
pub use republish::DeadLetterTopic;
#[cfg(test)]
pub use republish::{Delivered, FailureHeaders, SendForm};

/// The records that handlers work on, and the pool that runs the handlers.
pub struct Handlers<'a> {
    settings: &'a settings::HandlerSettings,
    /// The consumer group, which dead letters name.
    group: Option<String>,
    bell: Bell,
    is_strict: bool,
    /// Whether each attempt and each record is told (`-v`).
    is_verbose: bool,
    /// `-n`: no more records than that are handled.
    count: Option<u64>,
    /// Whether anybody asks how long attempts take.
    times_attempts: bool,
    queue: Queue,
    pool: Box<dyn Pool>,
    dead_letters: Option<Box<dyn DeadLetterTopic>>,
    /// With `--dedup`, once the cluster is known.
    ids: Option<Ids>,
    rate: Option<Rate>,
    pub tally: Tally,
    pub counts: RecordCounts,
    /// Failed records since the last one that was accepted.
    failed_in_a_row: u64,
    /// Settled records whose commit is awaited before the next record of their key starts (`manual` with
    /// `--parallel`).
    uncommitted: Vec<u64>,
    /// The records of `uncommitted` that the commit under way covers.
    committing: Vec<u64>,
    waits_for_commit_of_each_key: bool,
    paused: Paused,
    /// How many partitions this member holds; the limits are divided by it.
    partitions: usize,
    /// Assignments that the group takes back.
    revoked: HashSet<AssignmentId>,
    drain: drain::Drain,
}

impl<'a> Handlers<'a> {
    /// Starts whoever handles records; `None` if records are printed.
    ///
    /// # Errors
    /// A program that does not exist, or no threads.
    pub fn start(
        consume: &'a Consume,
        schemas: &Schemas,
        alarm: &Alarm,
        lines: HandlerOutput,
    ) -> Result<Option<Handlers<'a>>, Failure> {
        let Some(settings) = &consume.handling else { return Ok(None) };
        handlers::withhold(consume.withheld.clone());
        let group = consume.group();
        let context = HandlerContext {
            group: group.map(|group| group.name.clone()),
            output: consume.output.clone(),
            schemas: schemas.clone(),
            lines,
            bell: alarm.bell(),
        };
        let connection = &consume.connection;
        let mut producer = None;
        let mut dead_letters: Option<Box<dyn DeadLetterTopic>> = None;
        if let FailurePolicy::DeadLetter { topic } = &settings.on_failure {
            let opened = producer.insert(RunProducer::open(connection, alarm.descriptor())?);
            let user = connection.user.as_deref();
            let outlet = Republisher::new(opened, Outlet::DeadLetters, topic, user, usize::MAX);
            dead_letters = Some(Box::new(outlet));
        }
        let producer = || producer.map_or_else(|| RunProducer::open(connection, alarm.descriptor()), Ok);
        let pool = pool::start(settings, connection, context, producer)?;
        Ok(Some(Handlers::new(consume, settings, pool, dead_letters, alarm.bell())))
    }

    /// Handlers that have no record yet.
    pub fn new(
        consume: &Consume,
        settings: &'a settings::HandlerSettings,
        pool: Box<dyn Pool>,
        dead_letters: Option<Box<dyn DeadLetterTopic>>,
        bell: Bell,
    ) -> Handlers<'a> {
        let group = consume.group();
        let is_manual =
            group.is_some_and(|group| group.commits.mode == CommitMode::Manual && !group.commits.is_async);
        Handlers {
            settings,
            group: group.map(|group| group.name.clone()),
            bell,
            is_strict: consume.output.is_strict,
            is_verbose: consume.output.is_verbose,
            count: consume.stops.count,
            times_attempts: consume.metrics.is_some(),
            queue: Queue::new(settings.order),
            pool,
            dead_letters,
            ids: None,
            rate: settings.rate.map(Rate::new),
            tally: Tally::default(),
            counts: RecordCounts::default(),
            failed_in_a_row: 0,
            uncommitted: Vec::new(),
            committing: Vec::new(),
            waits_for_commit_of_each_key: is_manual && settings.parallel > 1,
            paused: Paused::default(),
            partitions: 1,
            revoked: HashSet::new(),
            drain: drain::Drain::default(),
        }
    }

    /// The store of `--dedup` is still to be opened.
    pub fn needs_store(&self) -> bool {
        self.settings.dedup.is_some() && self.ids.is_none()
    }

    /// Opens the store of `--dedup`.
    ///
    /// # Errors
    /// The store cannot be opened or read.
    pub fn open_store(&mut self, cluster: String) -> Result<(), Failure> {
        if let Some(dedup) = &self.settings.dedup {
            let names = StoreName { cluster, group: self.group.clone() };
            let times = Times { ttl: dedup.ttl, claim: duplicates::claim_time(self.settings.timeout) };
            self.ids = Some(Ids::new(Store::open(&dedup.store, &names, times, self.bell.clone())?));
        }
        Ok(())
    }

    /// Copies a record and takes it in hand. An id is looked up first.
    fn add(&mut self, place: &PartitionPlace<'_>, record: &Record<'_>, event_id: Option<Arc<str>>) -> u64 {
        let record = Arc::new(OwnedRecord::copy(record, place.partition.clone()));
        let event_id = event_id.filter(|_| self.ids.is_some());
        let ticket = self.queue.add(place.id, record, event_id.clone());
        if let (Some(ids), Some(id)) = (&mut self.ids, &event_id)
            && ids.look_up(id, ticket)
        {
            self.queue.looked_up(ticket);
        }
        ticket
    }

    /// Takes a record in hand, or leaves it out if the filter does not keep it and it is no failed record.
    pub fn take(&mut self, place: &PartitionPlace<'_>, record: &Record<'_>, checked: Checked) -> Submitted {
        // It is no failed record: its handler may do with it as it is.
        let warning = |reason: String| Notice::Warning(format!("{}: {reason}", record.place()));
        let lacks_schema = checked.undecodable.as_ref().is_some_and(|trouble| trouble.lacks_schema());
        let (fault, warning) = match checked.undecodable.map(|trouble| trouble.to_string()) {
            Some(reason) if self.is_strict => (Some(Fault::Undecodable(reason)), None),
            // With its schema the handler would get another record, and it may still come.
            Some(reason) if lacks_schema => (Some(Fault::Failed(reason)), None),
            other => (checked.failure.map(Fault::Failed), other.map(warning)),
        };
        self.counts.failed += u64::from(warning.is_some());
        let notices = warning.into_iter().collect();
        if fault.is_none() && checked.is_filtered {
            self.counts.filtered += 1;
            return Submitted { fate: Fate::LeftOut, notices };
        }
        let ticket = self.add(place, record, checked.event_id.filter(|_| fault.is_none()));
        if let Some(fault) = fault {
            // Nobody handles it; that is told when its turn comes.
            self.queue.mark_faulty(ticket, fault);
        }
        Submitted { fate: Fate::Taken, notices }
    }

    /// Nothing is in hand.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many records are in hand; once no more are started, handlers have all of them.
    pub fn in_hand(&self) -> u64 {
        self.queue.total().records as u64
    }

    /// How many records handlers work on.
    pub fn in_flight(&self) -> u64 {
        self.queue.running() as u64
    }

    /// How long until something is due by time alone. While nothing `may_start` that is only the end: what makes
    /// room rings.
    pub fn pause(&self, now: Instant, may_start: bool) -> Option<Duration> {
        let rate = self.rate.as_ref().map(|rate| rate.due(now));
        let ready = rate.filter(|_| self.queue.is_anything_ready());
        let delayed = self.queue.due().map(|due| rate.map_or(due, |rate| rate.max(due)));
        // Nothing is started at the end of a run, though delayed records are still in line.
        let may_start = may_start && !self.drain.is_begun();
        let starts = [ready, delayed].into_iter().flatten().filter(|_| may_start);
        let due = starts.chain(self.drain.due()).min()?;
        Some(due.saturating_duration_since(now))
    }

    /// The records of an assignment that are in hand.
    fn tickets_of(&self, ids: &[AssignmentId]) -> Vec<u64> {
        self.queue.tickets(|job| ids.contains(&job.assignment))
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
        self.pool.hand(attempt);
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

    /// Starts what may start now, up to a record that no handler gets; returns what became of that one.
    pub fn start_until_a_fault(&mut self, commits: &Commits, now: Instant) -> Option<Progress> {
        if self.drain.is_begun() {
            return None;
        }
        let mut faulty = None;
        let mut has_started = false;
        while self.may_start(commits) {
            if self.rate.as_ref().is_some_and(|rate| rate.due(now) > now) {
                break;
            }
            let Some((ticket, job)) = self.queue.start(now) else { break };
            if let Some(fault) = job.fault.take() {
                faulty = Some((ticket, fault));
                break;
            }
            if let Some(rate) = &mut self.rate {
                // What is claimed counts as well: nearly all of it starts, as soon as the store has answered.
                rate.started(now);
            }
            if let (Some(ids), Some(id)) = (&mut self.ids, &job.event_id)
                && ids.claim(id, ticket)
            {
                self.queue.claim(ticket);
                continue;
            }
            self.hand(ticket);
            has_started = true;
        }
        if has_started {
            self.pool.flush();
        }
        let (ticket, fault) = faulty?;
        let mut progress = Progress::default();
        match fault {
            Fault::Failed(what) => self.record_failed(ticket, FailureReason::of(what), &mut progress),
            Fault::Undecodable(what) => self.undecodable(ticket, &what, &mut progress),
        }
        Some(progress)
    }

    /// Looks after those that tell nothing by themselves when they break; about once a second.
    pub fn look_after(&mut self, now: Instant) -> Progress {
        let mut progress = Progress::default();
        progress.notices.extend(self.tell_stuck(now));
        let dead_letters = self.dead_letters.as_ref().map(|topic| topic.news());
        let (lines, fatal): (Vec<_>, Vec<_>) = std::iter::once(self.pool.news()).chain(dead_letters).unzip();
        progress.notices.extend(lines.into_iter().flatten().map(Notice::Library));
        let is_store_dead = self.ids.as_ref().is_some_and(|ids| !ids.is_alive());
        if let Some(trouble) = fatal.into_iter().flatten().next() {
            let failure =
                Failure::new(Kind::Record, "the producer cannot continue").caused_by(trouble.told());
            progress.failure = Some(failure);
        } else if is_store_dead {
            progress.failure = Some(Failure::new(Kind::Run, "the dedup store failed"));
        }
        progress
    }

    /// Takes what handlers, the producer and the store have answered, up to a failure that ends the run. What handlers
    /// print is added to `writer`.
    pub fn poll(&mut self, writer: &mut Writer, now: Instant) -> Progress {
        let mut progress = Progress::default();
        self.watch_drain(now);
        progress.notices.extend(self.warnings());
        while progress.failure.is_none() {
            if let Some(done) = self.pool.done() {
                self.attempt_ended(done, writer, now, &mut progress);
            } else if let Some(delivery) = self.dead_letters.as_mut().and_then(|topic| topic.delivery()) {
                self.dead_letter_answered(delivery, &mut progress);
            } else if let Some(answer) = self.ids.as_ref().and_then(Ids::answer) {
                self.store_answered(answer, now, &mut progress);
            } else {
                break;
            }
        }
        if let Some(failure) = self.pool.forbidden() {
            progress.failure.get_or_insert(failure);
        }
        // What was claimed is started.
        self.pool.flush();
        while let Some(news) = self.ids.as_ref().and_then(Ids::news) {
            progress.notices.push(store_notice(&news));
        }
        progress
    }

    /// What workers had to say for themselves; asked for once more when they have all ended.
    pub fn warnings(&mut self) -> Vec<Notice> {
        std::iter::from_fn(|| self.pool.warning()).map(Notice::Warning).collect()
    }
}

fn store_notice(news: &News) -> Notice {
    match news {
        News::Away { reason } => Notice::Warning(format!("waiting for the dedup store: {reason}")),
        News::Back { after } => Notice::info(format!("the dedup store is back after {} s", after.as_secs())),
        News::Overtaken { ids } => Notice::Warning(format!(
            "{} took longer than the dedup store keeps a claim: another member may have handled the same, too",
            counted(*ids as u64, "event", "events")
        )),
    }
}
