//! Records in hand on their way through handlers: which may start next, and what waits for what.

mod job;

use crate::choices::Order;
use crate::commits::AssignmentId;
use crate::record::OwnedRecord;
use job::AlreadyTold;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use job::{Fault, Job, Stage};

/// What a partition has in hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    pub records: usize,
    pub bytes: usize,
}

/// All records in hand. Records of one lane (a key, or a partition) are at work one at a time, in order.
#[derive(Debug)]
pub struct Queue {
    order: Order,
    jobs: HashMap<u64, Job>,
    last_ticket: u64,
    /// The last record of each lane; the first, which has none before it, is the one at work.
    lasts: HashMap<u64, u64>,
    /// By ticket: the oldest first, which keeps the span between watermark and position small.
    ready: BTreeSet<u64>,
    /// Records whose id is being looked up; those without an id do not overtake them.
    unclear: BTreeSet<u64>,
    delayed: BinaryHeap<Reverse<(Instant, u64)>>,
    loads: HashMap<AssignmentId, Load>,
    total: Load,
    /// How many records are with handlers or about to be.
    running: usize,
    claiming: usize,
    closing: usize,
    hasher: RandomState,
}

impl Queue {
    pub fn new(order: Order) -> Queue {
        Queue {
            order,
            jobs: HashMap::new(),
            last_ticket: 0,
            lasts: HashMap::new(),
            ready: BTreeSet::new(),
            unclear: BTreeSet::new(),
            delayed: BinaryHeap::new(),
            loads: HashMap::new(),
            total: Load::default(),
            running: 0,
            claiming: 0,
            closing: 0,
            hasher: RandomState::new(),
        }
    }

    /// Takes a record in hand; `Unclear` until `clear` is called if its id has to be looked up.
    pub fn add(&mut self, id: AssignmentId, record: Arc<OwnedRecord>, event_id: Option<Arc<str>>) -> u64 {
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        let lane = self.lane_of(id, &record);
        let stage = if event_id.is_some() { Stage::Unclear } else { Stage::Waiting };
        let size = record.size();
        for load in [self.loads.entry(id).or_default(), &mut self.total] {
            load.records += 1;
            load.bytes += size;
        }
        let job = Job {
            assignment: id,
            record,
            event_id,
            fault: None,
            dead_letter_note: None,
            failed: 0,
            later: None,
            elsewhere: None,
            started: None,
            at_work_since: None,
            took: Duration::ZERO,
            is_retried: false,
            told: AlreadyTold::default(),
            stage,
            lane,
            before: lane.and_then(|lane| self.join_lane(lane, ticket)),
            after: None,
        };
        self.jobs.insert(ticket, job);
        self.make_ready(ticket);
        ticket
    }

    /// The store is asked about the record's id.
    pub fn looked_up(&mut self, ticket: u64) {
        if self.jobs.get(&ticket).is_some_and(|job| job.stage == Stage::Unclear) {
            self.unclear.insert(ticket);
        }
    }

    /// Says what is wrong with a record that no handler will get.
    pub fn mark_faulty(&mut self, ticket: u64, fault: Fault) {
        if let Some(job) = self.jobs.get_mut(&ticket) {
            job.fault = Some(fault);
        }
    }

    /// Puts a record at the end of a lane; returns the one before it.
    fn join_lane(&mut self, lane: u64, ticket: u64) -> Option<u64> {
        let last = self.lasts.insert(lane, ticket)?;
        if let Some(job) = self.jobs.get_mut(&last) {
            job.after = Some(ticket);
        }
        Some(last)
    }

    fn lane_of(&self, id: AssignmentId, record: &OwnedRecord) -> Option<u64> {
        // Two keys with one hash share a lane, which keeps more order than was asked for.
        match self.order {
            Order::Key => record.key().map(|key| self.hasher.hash_one((id, key))),
            Order::Partition => Some(self.hasher.hash_one(id)),
            Order::None => None,
        }
    }

    /// Lets a record start if it waits and is the first of its lane.
    fn make_ready(&mut self, ticket: u64) {
        let Some(job) = self.jobs.get(&ticket) else { return };
        if job.stage == Stage::Waiting && job.before.is_none() {
            self.ready.insert(ticket);
        }
    }

    /// The record's id is new: it may start when it is its turn.
    pub fn clear(&mut self, ticket: u64) {
        if let Some(job) = self.jobs.get_mut(&ticket)
            && job.stage == Stage::Unclear
        {
            job.stage = Stage::Waiting;
            self.unclear.remove(&ticket);
            self.make_ready(ticket);
        }
    }

    /// The next record to start, which is `Running` from now on.
    pub fn start(&mut self, now: Instant) -> Option<(u64, &mut Job)> {
        while let Some(Reverse((at, ticket))) = self.delayed.peek().copied()
            && at <= now
        {
            self.delayed.pop();
            if let Some(job) = self.jobs.get_mut(&ticket)
                && job.stage == Stage::Delayed
            {
                job.stage = Stage::Waiting;
                self.make_ready(ticket);
            }
        }
        let ticket = self.next_ready()?;
        self.ready.remove(&ticket);
        let job = self.jobs.get_mut(&ticket)?;
        job.stage = Stage::Running;
        job.started.get_or_insert(now);
        job.at_work_since = Some(now);
        self.running += 1;
        Some((ticket, job))
    }

    /// The id of a record that was just started is being claimed.
    pub fn claim(&mut self, ticket: u64) {
        if let Some(job) = self.jobs.get_mut(&ticket)
            && job.stage == Stage::Running
        {
            job.stage = Stage::Claiming;
            self.claiming += 1;
        }
    }

    /// Notes that the id of a record is claimed: from now on the record is with a handler.
    pub fn claimed(&mut self, ticket: u64, now: Instant) -> bool {
        let job = self.jobs.get_mut(&ticket).filter(|job| job.stage == Stage::Claiming);
        let is_claimed = job.is_some();
        if let Some(job) = job {
            job.stage = Stage::Running;
            job.elsewhere = None;
            job.at_work_since = Some(now);
            self.claiming -= 1;
        }
        is_claimed
    }

    /// When the next delayed record is due.
    pub fn due(&self) -> Option<Instant> {
        self.delayed.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes a record off its handler, or out of the line; what happens next is up to the caller.
    pub fn stop(&mut self, ticket: u64) -> Option<&mut Job> {
        let job = self.jobs.get_mut(&ticket)?;
        match job.stage {
            Stage::Running => self.running -= 1,
            Stage::Claiming => (self.running, self.claiming) = (self.running - 1, self.claiming - 1),
            Stage::Waiting => drop(self.ready.remove(&ticket)),
            Stage::Unclear => drop(self.unclear.remove(&ticket)),
            Stage::Delayed | Stage::Closing => {}
        }
        if job.stage != Stage::Closing {
            job.stage = Stage::Closing;
            self.closing += 1;
        }
        Some(job)
    }

    /// Puts a record back in front of its lane, as if it had not started.
    pub fn put_back(&mut self, ticket: u64) {
        if let Some(job) = self.stop(ticket) {
            job.stage = Stage::Waiting;
            self.closing -= 1;
            self.make_ready(ticket);
        }
    }

    /// Puts a record back until then; its lane waits with it.
    pub fn delay(&mut self, ticket: u64, until: Instant) {
        if let Some(job) = self.stop(ticket) {
            job.stage = Stage::Delayed;
            self.closing -= 1;
            self.delayed.push(Reverse((until, ticket)));
        }
    }

    /// The record is settled, or nobody's any more: the next of its lane may start.
    pub fn remove(&mut self, ticket: u64) -> Option<Job> {
        let job = self.jobs.remove(&ticket)?;
        self.ready.remove(&ticket);
        self.unclear.remove(&ticket);
        match job.stage {
            Stage::Running => self.running -= 1,
            Stage::Claiming => (self.running, self.claiming) = (self.running - 1, self.claiming - 1),
            Stage::Closing => self.closing -= 1,
            Stage::Unclear | Stage::Waiting | Stage::Delayed => {}
        }
        self.unload(&job);
        self.leave_lane(ticket, &job);
        Some(job)
    }

    fn unload(&mut self, job: &Job) {
        let size = job.record.size();
        if let Some(load) = self.loads.get_mut(&job.assignment) {
            load.records -= 1;
            load.bytes -= size;
            if load.records == 0 {
                self.loads.remove(&job.assignment);
            }
        }
        self.total.records -= 1;
        self.total.bytes -= size;
    }

    fn leave_lane(&mut self, ticket: u64, job: &Job) {
        if let Some(before) = job.before.and_then(|before| self.jobs.get_mut(&before)) {
            before.after = job.after;
        }
        match job.after {
            Some(after) => {
                if let Some(following) = self.jobs.get_mut(&after) {
                    following.before = job.before;
                }
                self.make_ready(after);
            }
            None => {
                if let Some(lane) = job.lane.filter(|lane| self.lasts.get(lane) == Some(&ticket)) {
                    match job.before {
                        Some(before) => drop(self.lasts.insert(lane, before)),
                        None => drop(self.lasts.remove(&lane)),
                    }
                }
            }
        }
    }

    pub fn job_mut(&mut self, ticket: u64) -> Option<&mut Job> {
        self.jobs.get_mut(&ticket)
    }

    pub fn job(&self, ticket: u64) -> Option<&Job> {
        self.jobs.get(&ticket)
    }

    /// The tickets of the records that match, in order.
    pub fn tickets(&self, is_meant: impl Fn(&Job) -> bool) -> Vec<u64> {
        let meant = self.jobs.iter().filter(|(_, job)| is_meant(job));
        let mut tickets: Vec<u64> = meant.map(|(ticket, _)| *ticket).collect();
        tickets.sort_unstable();
        tickets
    }

    /// The record in hand with the lowest offset of an assignment.
    pub fn oldest(&self, id: AssignmentId) -> Option<&Job> {
        self.jobs.values().filter(|job| job.assignment == id).min_by_key(|job| job.record.offset)
    }

    pub fn load(&self, id: AssignmentId) -> Load {
        self.loads.get(&id).copied().unwrap_or_default()
    }

    pub fn total(&self) -> Load {
        self.total
    }

    /// About to start, with a place kept for them.
    pub fn claiming(&self) -> usize {
        self.claiming
    }

    /// With handlers, or about to be.
    pub fn running(&self) -> usize {
        self.running
    }

    /// Accepted or failed for good, and not settled yet.
    pub fn closing(&self) -> usize {
        self.closing
    }

    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Something could start at once.
    pub fn is_anything_ready(&self) -> bool {
        self.next_ready().is_some()
    }

    fn next_ready(&self) -> Option<u64> {
        let unclear = self.unclear.first().copied().unwrap_or(u64::MAX);
        let mut ready = self.ready.iter().copied();
        ready.find(|ticket| {
            *ticket < unclear || self.jobs.get(ticket).is_some_and(|job| job.event_id.is_some())
        })
    }
}

#[cfg(test)]
mod tests;
