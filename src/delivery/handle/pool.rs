//! Whoever handles records: processes, workers, or the producer of `--forward`, behind one face.

use super::republish::Republisher;
use crate::alarm::Alarm;
use crate::error::{self, Failure, Kind};
use crate::handlers::{self, Attempt, Context, Done, ExecCrew, WorkerCrew, Workers};
use crate::settings::{Connection, Handler, HandlerSettings};
use nix::sys::signal::Signal;

pub enum Crew {
    Exec(ExecCrew),
    Worker(WorkerCrew),
    Forward(Box<Republisher>),
}

impl Crew {
    /// Starts the threads; processes start with the first records.
    ///
    /// # Errors
    /// No thread can be started, or the producer's properties do not fit together.
    pub fn start(
        handling: &HandlerSettings,
        connection: &Connection,
        context: Context,
        alarm: &Alarm,
    ) -> Result<Crew, Failure> {
        let refused = |error: std::io::Error| {
            Failure::new(Kind::Run, "cannot start handlers").caused_by(error::reason(&error))
        };
        match &handling.handler {
            Handler::Exec(exec) => {
                handlers::check(&exec.command)?;
                let crew = ExecCrew::start(exec, handling.timeout, handling.parallel, context);
                crew.map(Crew::Exec).map_err(refused)
            }
            Handler::Worker { command } => {
                let HandlerSettings { parallel, in_flight, timeout, .. } = *handling;
                let workers = Workers { parallel, in_flight, timeout };
                WorkerCrew::start(command, workers, context).map(Crew::Worker).map_err(refused)
            }
            Handler::Forward { topic } => {
                // 0 is none, there as here.
                let limit = handling.timeout.map_or(0, |timeout| timeout.as_millis());
                let mut connection = connection.clone();
                connection.properties.push(("message.timeout.ms".to_owned(), limit.to_string()));
                Republisher::open(&connection, topic, handling.in_flight, alarm)
                    .map(Box::new)
                    .map(Crew::Forward)
            }
        }
    }

    /// How many more attempts can be handed over now.
    pub fn room(&self) -> usize {
        match self {
            Crew::Exec(crew) => crew.room(),
            Crew::Worker(crew) => crew.room(),
            Crew::Forward(republisher) => republisher.room(),
        }
    }

    /// Hands an attempt over; only with room.
    pub fn hand(&mut self, attempt: Attempt) {
        match self {
            Crew::Exec(crew) => crew.hand(attempt),
            Crew::Worker(crew) => crew.hand(attempt),
            Crew::Forward(republisher) => republisher.forward(attempt.ticket, attempt.record),
        }
    }

    /// Sees to it that what was handed over is on its way.
    pub fn flush(&mut self) {
        match self {
            Crew::Worker(crew) => crew.flush(),
            Crew::Exec(_) | Crew::Forward(_) => {}
        }
    }

    /// The next attempt that has ended.
    pub fn done(&mut self) -> Option<Done> {
        match self {
            Crew::Exec(crew) => crew.done(),
            Crew::Worker(crew) => crew.done(),
            Crew::Forward(republisher) => republisher.done(),
        }
    }

    /// Nothing can be handled at all, for this reason; told once.
    pub fn forbidden(&mut self) -> Option<Failure> {
        match self {
            Crew::Forward(republisher) => republisher.forbidden(),
            Crew::Exec(_) | Crew::Worker(_) => None,
        }
    }

    /// What people should hear of the handlers themselves.
    pub fn warning(&mut self) -> Option<String> {
        match self {
            Crew::Worker(crew) => crew.warning(),
            Crew::Exec(_) | Crew::Forward(_) => None,
        }
    }

    /// Signals the handlers of some records. A worker is not signalled for one of its records: its answer will be
    /// nobody's.
    pub fn end(&mut self, tickets: &[u64], signal: Signal) {
        match self {
            Crew::Exec(crew) => crew.end(tickets, signal),
            Crew::Worker(_) | Crew::Forward(_) => {}
        }
    }

    /// Signals all handlers; what is not accepted from now on is unfinished.
    pub fn end_all(&mut self, signal: Signal) {
        match self {
            Crew::Exec(crew) => crew.end_all(signal),
            Crew::Worker(crew) => crew.end_all(signal),
            Crew::Forward(_) => {}
        }
    }

    /// There will be no more records: workers may finish what they keep and exit.
    pub fn close(&mut self) {
        match self {
            Crew::Worker(crew) => crew.close(),
            Crew::Exec(_) | Crew::Forward(_) => {}
        }
    }

    /// Nothing runs any more.
    pub fn is_closed(&mut self) -> bool {
        match self {
            Crew::Worker(crew) => crew.is_closed(),
            Crew::Exec(_) | Crew::Forward(_) => true,
        }
    }
}
