//! Whoever handles records: processes, workers, or the producer of `--forward`, behind one interface.

use super::republish::{Outlet, Republisher, RunProducer};
use crate::error::{self, Failure, Kind};
use crate::handlers::{self, Attempt, Done, ExecPool, HandlerContext, WorkerPool, Workers};
use crate::kafka::Trouble;
use crate::settings::{Connection, Handler, HandlerSettings};
use nix::sys::signal::Signal;

/// Takes attempts and tells what became of each.
pub trait Pool {
    /// How many more attempts can be handed over now.
    fn room(&self) -> usize;

    /// Hands an attempt over; only with room.
    fn hand(&mut self, attempt: Attempt);

    /// The next attempt that has ended.
    fn done(&mut self) -> Option<Done>;

    /// Sees to it that what was handed over is on its way.
    fn flush(&mut self) {}

    /// Nothing can be handled at all, for this reason; told once.
    fn forbidden(&mut self) -> Option<Failure> {
        None
    }

    /// What people should hear of the handlers themselves.
    fn warning(&mut self) -> Option<String> {
        None
    }

    /// What a client in the pool tells of itself: its log, and what broke it for good.
    fn news(&self) -> (Vec<String>, Option<Trouble>) {
        (Vec::new(), None)
    }

    /// Signals the handlers of some records.
    fn end(&mut self, _tickets: &[u64], _signal: Signal) {}

    /// Signals all handlers; what is not accepted from now on is unfinished.
    fn end_all(&mut self, _signal: Signal) {}

    /// There will be no more records: workers may finish what they keep and exit.
    fn close(&mut self) {}

    /// Nothing runs any more.
    fn is_closed(&mut self) -> bool {
        true
    }
}

/// Starts the threads of a pool; processes start with the first records.
///
/// # Errors
/// No thread can be started, or the producer's properties do not fit together.
pub fn start(
    handling: &HandlerSettings,
    connection: &Connection,
    context: HandlerContext,
    producer: impl FnOnce() -> Result<RunProducer, Failure>,
) -> Result<Box<dyn Pool>, Failure> {
    let refused = |error: std::io::Error| {
        Failure::new(Kind::Run, "cannot start handlers").caused_by(error::reason(&error))
    };
    Ok(match &handling.handler {
        Handler::Exec(exec) => {
            handlers::check(&exec.command)?;
            let pool = ExecPool::start(exec, handling.timeout, handling.parallel, context);
            Box::new(pool.map_err(refused)?)
        }
        Handler::Worker { command } => {
            let HandlerSettings { parallel, in_flight, timeout, .. } = *handling;
            let workers = Workers { parallel, in_flight, timeout };
            Box::new(WorkerPool::start(command, workers, context).map_err(refused)?)
        }
        Handler::Forward { topic } => {
            let producer = producer()?;
            producer.limit_time(topic, handling.timeout)?;
            let user = connection.user.as_deref();
            Box::new(Republisher::new(&producer, Outlet::Forwarded, topic, user, handling.in_flight))
        }
    })
}

impl Pool for ExecPool {
    fn room(&self) -> usize {
        ExecPool::room(self)
    }

    fn hand(&mut self, attempt: Attempt) {
        ExecPool::hand(self, attempt);
    }

    fn done(&mut self) -> Option<Done> {
        ExecPool::done(self)
    }

    fn end(&mut self, tickets: &[u64], signal: Signal) {
        ExecPool::end(self, tickets, signal);
    }

    fn end_all(&mut self, signal: Signal) {
        ExecPool::end_all(self, signal);
    }
}

/// A worker is not signalled for one of its records: its answer will be nobody's.
impl Pool for WorkerPool {
    fn room(&self) -> usize {
        WorkerPool::room(self)
    }

    fn hand(&mut self, attempt: Attempt) {
        WorkerPool::hand(self, attempt);
    }

    fn done(&mut self) -> Option<Done> {
        WorkerPool::done(self)
    }

    fn flush(&mut self) {
        WorkerPool::flush(self);
    }

    fn warning(&mut self) -> Option<String> {
        WorkerPool::warning(self)
    }

    fn end_all(&mut self, signal: Signal) {
        WorkerPool::end_all(self, signal);
    }

    fn close(&mut self) {
        WorkerPool::close(self);
    }

    fn is_closed(&mut self) -> bool {
        WorkerPool::is_closed(self)
    }
}

impl Pool for Republisher {
    fn room(&self) -> usize {
        Republisher::room(self)
    }

    fn hand(&mut self, attempt: Attempt) {
        self.forward(attempt.ticket, attempt.record);
    }

    fn done(&mut self) -> Option<Done> {
        Republisher::done(self)
    }

    fn forbidden(&mut self) -> Option<Failure> {
        Republisher::forbidden(self)
    }

    fn news(&self) -> (Vec<String>, Option<Trouble>) {
        Republisher::news(self)
    }
}
