//! Workers that stay: each a process that is given one envelope a line and answers one line a record, in order.

mod desk;
mod input;
mod member;
mod process;
mod watch;

use super::child::{GRACE, TimeLimits};
use super::{Attempt, Child, Context, Done, Outcome};
use crate::alarm::{Alarm, Bell};
use desk::{Batch, Desk, Outbox};
use member::Member;
use nix::sys::signal::Signal;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How many workers there are, and what they may take.
#[derive(Clone, Copy, Debug)]
pub struct Workers {
    /// At least 1.
    pub parallel: usize,
    /// Records that they hold unanswered, over all of them; at least 1.
    pub in_flight: usize,
    /// For an answer.
    pub timeout: Option<Duration>,
}

/// The threads that each look after one worker; all that is called here returns at once.
///
/// Dropped, it kills the workers.
pub struct WorkerCrew {
    in_flight: usize,
    /// Handed over and not given back yet.
    handed: usize,
    seats: Vec<Seat>,
    outbox: Arc<Outbox>,
    /// Taken from the outbox: the seat and its answers.
    batches: VecDeque<Batch>,
}

/// One worker, from here.
struct Seat {
    desk: Arc<Desk>,
    bell: Bell,
    /// Handed over and not given back yet.
    load: usize,
    /// To be put on its desk by `flush`.
    attempts: Vec<Attempt>,
}

/// `Child::start`, or what a test has in its place.
type Start = fn(&[OsString], &[(OsString, OsString)]) -> io::Result<Child>;

/// What every worker has in common.
#[derive(Clone)]
struct Job {
    command: String,
    start: Start,
    limits: TimeLimits,
    context: Context,
}

impl WorkerCrew {
    /// Starts the workers, `sh -c` of `command`, and for each a thread that lives as long as the crew.
    ///
    /// # Errors
    /// The system is out of threads or descriptors. A worker that cannot be started fails its records instead.
    pub fn start(command: &str, workers: Workers, context: Context) -> io::Result<WorkerCrew> {
        let command = command.to_owned();
        let limits = TimeLimits { timeout: workers.timeout, grace: GRACE };
        let job = Job { command, start: Child::start, limits, context };
        WorkerCrew::start_job(&job, workers)
    }

    fn start_job(job: &Job, workers: Workers) -> io::Result<WorkerCrew> {
        let outbox = Arc::new(Outbox::new(job.context.bell.clone()));
        // From here on a failure ends the workers that are there.
        let mut crew = WorkerCrew {
            in_flight: workers.in_flight,
            handed: 0,
            seats: Vec::new(),
            outbox,
            batches: VecDeque::new(),
        };
        for number in 0..workers.parallel {
            let (desk, alarm) = (Arc::new(Desk::default()), Alarm::new()?);
            let seat = Seat { desk: Arc::clone(&desk), bell: alarm.bell(), load: 0, attempts: Vec::new() };
            let (job, outbox) = (job.clone(), Arc::clone(&crew.outbox));
            let work = move || Member::new(number, job, desk, outbox, alarm).work();
            std::thread::Builder::new().name("worker".to_owned()).spawn(work)?;
            crew.seats.push(seat);
        }
        Ok(crew)
    }

    /// How many attempts it can take.
    pub fn room(&self) -> usize {
        self.in_flight.saturating_sub(self.handed)
    }

    /// Takes an attempt, only to be called if there is room; it is on its way after the next `flush`.
    pub fn hand(&mut self, attempt: Attempt) {
        let idlest = self.seats.iter_mut().min_by_key(|seat| seat.load);
        let seat = idlest.expect("there is at least one worker");
        seat.load += 1;
        seat.attempts.push(attempt);
        self.handed += 1;
    }

    /// Gives the workers what was handed over since the last time, and wakes those that sleep.
    pub fn flush(&mut self) {
        for (number, seat) in self.seats.iter_mut().enumerate().filter(|(_, seat)| !seat.attempts.is_empty())
        {
            match seat.desk.put(&mut seat.attempts) {
                desk::Put::Asleep => seat.bell.ring(),
                desk::Put::Awake => {}
                desk::Put::Gone => {
                    let unfinished = |attempt: Attempt| desk::done(attempt, Outcome::Unfinished);
                    self.batches.push_back((number, seat.attempts.drain(..).map(unfinished).collect()));
                }
            }
        }
    }

    /// A record that was answered, or whose worker ended.
    pub fn done(&mut self) -> Option<Done> {
        loop {
            if self.batches.is_empty() {
                self.outbox.take(&mut self.batches);
            }
            let (number, batch) = self.batches.front_mut()?;
            match batch.pop_front() {
                Some(done) => {
                    self.seats[*number].load -= 1;
                    self.handed -= 1;
                    return Some(done);
                }
                None => drop(self.batches.pop_front()),
            }
        }
    }

    /// What people should hear of the workers themselves, whatever became of records.
    pub fn warning(&mut self) -> Option<String> {
        self.outbox.warning()
    }

    /// Sends a signal to the groups of all workers. From now on all but `ok` is unfinished, and none is started anew.
    pub fn end_all(&mut self, signal: Signal) {
        for seat in &self.seats {
            seat.desk.end(signal);
            seat.bell.ring();
        }
    }

    /// No more records come: a worker with nothing to answer finds the end of its input, and may finish and exit.
    /// One that does not within the time-out is ended.
    pub fn close(&mut self) {
        self.flush();
        for seat in &self.seats {
            seat.desk.close();
            seat.bell.ring();
        }
    }

    /// Whether all workers have exited, after `close` or `end_all`; the bell rings for it, too.
    pub fn is_closed(&mut self) -> bool {
        self.seats.iter().all(|seat| seat.desk.is_gone())
    }
}

impl Drop for WorkerCrew {
    fn drop(&mut self) {
        self.end_all(Signal::SIGKILL);
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
