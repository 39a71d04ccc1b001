//! Whoever handles records: processes, workers, or the producer of `--forward`, behind one face.

use super::republish::Republisher;
use crate::alarm::Alarm;
use crate::error::{self, Failure, Kind};
use crate::handlers::{self, Attempt, Done, ExecPool, HandlerContext, WorkerPool, Workers};
use crate::settings::{Connection, Handler, Handling};
use nix::sys::signal::Signal;

pub enum Pool {
    Exec(ExecPool),
    Worker(WorkerPool),
    Forward(Box<Republisher>),
}

impl Pool {
    /// Starts the threads; processes start with the first records.
    ///
    /// # Errors
    /// No thread can be started, or the producer's properties do not fit together.
    pub fn start(
        handling: &Handling,
        connection: &Connection,
        context: HandlerContext,
        alarm: &Alarm,
    ) -> Result<Pool, Failure> {
        let refused = |error: std::io::Error| {
            Failure::new(Kind::Run, "cannot start handlers").caused_by(error::reason(&error))
        };
        match &handling.handler {
            Handler::Exec(exec) => {
                handlers::check(&exec.command)?;
                let pool = ExecPool::start(exec, handling.timeout, handling.parallel, context);
                pool.map(Pool::Exec).map_err(refused)
            }
            Handler::Worker { command } => {
                let Handling { parallel, in_flight, timeout, .. } = *handling;
                let workers = Workers { parallel, in_flight, timeout };
                WorkerPool::start(command, workers, context).map(Pool::Worker).map_err(refused)
            }
            Handler::Forward { topic } => {
                // 0 is none, there as here.
                let limit = handling.timeout.map_or(0, |timeout| timeout.as_millis());
                let mut connection = connection.clone();
                connection.properties.push(("message.timeout.ms".to_owned(), limit.to_string()));
                Republisher::open(&connection, topic, handling.in_flight, alarm)
                    .map(Box::new)
                    .map(Pool::Forward)
            }
        }
    }

    /// How many more attempts can be handed over now.
    pub fn room(&self) -> usize {
        match self {
            Pool::Exec(pool) => pool.room(),
            Pool::Worker(pool) => pool.room(),
            Pool::Forward(republisher) => republisher.room(),
        }
    }

    /// Hands an attempt over; only with room.
    pub fn hand(&mut self, attempt: Attempt) {
        match self {
            Pool::Exec(pool) => pool.hand(attempt),
            Pool::Worker(pool) => pool.hand(attempt),
            Pool::Forward(republisher) => republisher.forward(attempt.ticket, attempt.record),
        }
    }

    /// Sees to it that what was handed over is on its way.
    pub fn flush(&mut self) {
        match self {
            Pool::Worker(pool) => pool.flush(),
            Pool::Exec(_) | Pool::Forward(_) => {}
        }
    }

    /// The next attempt that has ended.
    pub fn done(&mut self) -> Option<Done> {
        match self {
            Pool::Exec(pool) => pool.done(),
            Pool::Worker(pool) => pool.done(),
            Pool::Forward(republisher) => republisher.done(),
        }
    }

    /// Nothing can be handled at all, for this reason; told once.
    pub fn forbidden(&mut self) -> Option<Failure> {
        match self {
            Pool::Forward(republisher) => republisher.forbidden(),
            Pool::Exec(_) | Pool::Worker(_) => None,
        }
    }

    /// What people should hear of the handlers themselves.
    pub fn warning(&mut self) -> Option<String> {
        match self {
            Pool::Worker(pool) => pool.warning(),
            Pool::Exec(_) | Pool::Forward(_) => None,
        }
    }

    /// Signals the handlers of some records. A worker is not signalled for one of its records: its answer will be
    /// nobody's.
    pub fn end(&mut self, tickets: &[u64], signal: Signal) {
        match self {
            Pool::Exec(pool) => pool.end(tickets, signal),
            Pool::Worker(_) | Pool::Forward(_) => {}
        }
    }

    /// Signals all handlers; what is not accepted from now on is unfinished.
    pub fn end_all(&mut self, signal: Signal) {
        match self {
            Pool::Exec(pool) => pool.end_all(signal),
            Pool::Worker(pool) => pool.end_all(signal),
            Pool::Forward(_) => {}
        }
    }

    /// There will be no more records: workers may finish what they keep and exit.
    pub fn close(&mut self) {
        match self {
            Pool::Worker(pool) => pool.close(),
            Pool::Exec(_) | Pool::Forward(_) => {}
        }
    }

    /// Nothing runs any more.
    pub fn is_closed(&mut self) -> bool {
        match self {
            Pool::Worker(pool) => pool.is_closed(),
            Pool::Exec(_) | Pool::Forward(_) => true,
        }
    }
}
