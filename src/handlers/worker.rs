//! Workers that stay: each a process that is given one envelope a line and answers one line a record, in order.

mod inbox;
mod input;
mod process;
mod thread;
mod watch;

use super::child::{GRACE, TimeLimits};
use super::{Attempt, Child, Done, HandlerContext, Outcome};
use crate::alarm::{Alarm, Bell};
use inbox::{Inbox, ResultBatch, Results};
use nix::sys::signal::Signal;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use thread::WorkerThread;

/// How many workers there are, and how much they may hold.
#[derive(Clone, Copy, Debug)]
pub struct Workers {
    /// The number of workers, at least 1.
    pub parallel: usize,
    /// How many records all workers together may hold unanswered, at least 1.
    pub in_flight: usize,
    /// How long a worker may take to answer.
    pub timeout: Option<Duration>,
}

/// The threads that each look after one worker. No method waits for anything; dropping the pool kills the workers.
pub struct WorkerPool {
    in_flight: usize,
    /// How many attempts were handed over and not given back yet.
    handed: usize,
    workers: Vec<WorkerHandle>,
    results: Arc<Results>,
    /// What was taken from `results` and not given back yet.
    batches: VecDeque<ResultBatch>,
}

/// A worker as the owner of the pool sees it.
struct WorkerHandle {
    inbox: Arc<Inbox>,
    bell: Bell,
    /// How many attempts it was handed and has not given back yet.
    load: usize,
    /// What the next `flush` puts into its inbox.
    attempts: Vec<Attempt>,
}

/// Starts a process: `Child::start`, unless a test has something else in its place.
type StartChild = fn(&[OsString], &[(OsString, OsString)]) -> io::Result<Child>;

/// What every worker has in common.
#[derive(Clone)]
struct WorkerSettings {
    command: String,
    start: StartChild,
    limits: TimeLimits,
    context: HandlerContext,
}

impl WorkerPool {
    /// Starts the workers, `sh -c` of `command`, and for each a thread that lives as long as the pool.
    ///
    /// # Errors
    /// The system is out of threads or descriptors. A worker that cannot be started fails its records instead.
    pub fn start(command: &str, workers: Workers, context: HandlerContext) -> io::Result<WorkerPool> {
        let command = command.to_owned();
        let limits = TimeLimits { timeout: workers.timeout, grace: GRACE };
        let settings = WorkerSettings { command, start: Child::start, limits, context };
        WorkerPool::start_with(&settings, workers)
    }

    fn start_with(settings: &WorkerSettings, workers: Workers) -> io::Result<WorkerPool> {
        let results = Arc::new(Results::new(settings.context.bell.clone()));
        // From here on a failure ends the workers that are there.
        let mut pool = WorkerPool {
            in_flight: workers.in_flight,
            handed: 0,
            workers: Vec::new(),
            results,
            batches: VecDeque::new(),
        };
        for number in 0..workers.parallel {
            let (inbox, alarm) = (Arc::new(Inbox::default()), Alarm::new()?);
            let worker =
                WorkerHandle { inbox: Arc::clone(&inbox), bell: alarm.bell(), load: 0, attempts: Vec::new() };
            let (settings, results) = (settings.clone(), Arc::clone(&pool.results));
            let work = move || WorkerThread::new(number, settings, inbox, results, alarm).work();
            std::thread::Builder::new().name("worker".to_owned()).spawn(work)?;
            pool.workers.push(worker);
        }
        Ok(pool)
    }

    /// How many more attempts can be handed over.
    pub fn room(&self) -> usize {
        self.in_flight.saturating_sub(self.handed)
    }

    /// Hands over an attempt, which is sent with the next `flush`; call it only if there is room.
    pub fn hand(&mut self, attempt: Attempt) {
        let idlest = self.workers.iter_mut().min_by_key(|worker| worker.load);
        let worker = idlest.expect("there is at least one worker");
        worker.load += 1;
        worker.attempts.push(attempt);
        self.handed += 1;
    }

    /// Gives the workers what was handed over since the last `flush`, and wakes those that sleep.
    pub fn flush(&mut self) {
        for (number, worker) in
            self.workers.iter_mut().enumerate().filter(|(_, worker)| !worker.attempts.is_empty())
        {
            match worker.inbox.put(&mut worker.attempts) {
                inbox::Put::Asleep => worker.bell.ring(),
                inbox::Put::Awake => {}
                inbox::Put::Gone => {
                    let unfinished = |attempt: Attempt| inbox::done(attempt, Outcome::Unfinished);
                    self.batches.push_back((number, worker.attempts.drain(..).map(unfinished).collect()));
                }
            }
        }
    }

    /// Returns the next attempt that was answered, or whose worker has ended.
    pub fn done(&mut self) -> Option<Done> {
        loop {
            if self.batches.is_empty() {
                self.results.take(&mut self.batches);
            }
            let (number, batch) = self.batches.front_mut()?;
            match batch.pop_front() {
                Some(done) => {
                    self.workers[*number].load -= 1;
                    self.handed -= 1;
                    return Some(done);
                }
                None => drop(self.batches.pop_front()),
            }
        }
    }

    /// Returns a warning about a worker that is not about one of its records.
    pub fn warning(&mut self) -> Option<String> {
        self.results.warning()
    }

    /// Sends a signal to the process groups of all workers. Attempts are unfinished from now on unless they are answered
    /// with `ok`, and no worker is started any more.
    pub fn end_all(&mut self, signal: Signal) {
        for worker in &self.workers {
            worker.inbox.end(signal);
            worker.bell.ring();
        }
    }

    /// Closes the input of each worker once it has answered everything, so that it can finish and exit. A worker that
    /// does not exit within the time-out is stopped.
    pub fn close(&mut self) {
        self.flush();
        for worker in &self.workers {
            worker.inbox.close();
            worker.bell.ring();
        }
    }

    /// Whether all workers have exited after `close` or `end_all`. The bell rings when that becomes true.
    pub fn is_closed(&mut self) -> bool {
        self.workers.iter().all(|worker| worker.inbox.is_gone())
    }
}

impl Drop for WorkerPool {
    fn drop(&mut self) {
        self.end_all(Signal::SIGKILL);
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
