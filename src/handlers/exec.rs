//! One process for each record: threads that each run one attempt at a time.

mod books;
mod outcome;
mod program;
mod run;

use super::child::{GRACE, TimeLimits, is_scarcity};
use super::printed::Room;
use super::{Attempt, Context, Done, Lines, Outcome, Printed, Reason, environment};
use crate::choices::Stdin;
use crate::error::reason;
use crate::record::OwnedRecord;
use crate::render::Renderer;
use crate::settings::{Exec, Format, OutputSettings};
use books::Books;
use nix::sys::signal::Signal;
use run::{Run, Sinks};
use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

pub use program::check;

/// The threads that run attempts; all that is called here returns at once.
///
/// Dropped, it kills what still runs.
pub struct ExecCrew {
    parallel: usize,
    /// Handed over and not given back yet.
    handed: usize,
    books: Arc<Books>,
    finished: Receiver<Done>,
}

/// What every attempt has in common.
#[derive(Clone)]
struct Job {
    command: Vec<OsString>,
    stdin: Stdin,
    limits: TimeLimits,
    /// For what they print.
    room: Arc<Room>,
    context: Context,
}

impl ExecCrew {
    /// Starts `parallel` threads that live as long as the crew.
    ///
    /// # Errors
    /// The system is out of threads.
    pub fn start(
        exec: &Exec,
        timeout: Option<Duration>,
        parallel: usize,
        context: Context,
    ) -> io::Result<ExecCrew> {
        let limits = TimeLimits { timeout, grace: GRACE };
        let room = Arc::new(Room::new(parallel));
        let job = Job { command: exec.command.clone(), stdin: exec.stdin, limits, room, context };
        ExecCrew::start_job(&job, parallel)
    }

    fn start_job(job: &Job, parallel: usize) -> io::Result<ExecCrew> {
        let books = Arc::new(Books::default());
        let (sender, finished) = mpsc::channel();
        // From here on a failure ends the threads that are there.
        let crew = ExecCrew { parallel, handed: 0, books: Arc::clone(&books), finished };
        for _ in 0..parallel {
            let mut member =
                Member { desk: Desk::new(job), books: Arc::clone(&books), finished: sender.clone() };
            std::thread::Builder::new().name("handler".to_owned()).spawn(move || member.work())?;
        }
        Ok(crew)
    }

    /// How many attempts it can take.
    pub fn room(&self) -> usize {
        self.parallel.saturating_sub(self.handed)
    }

    /// Takes an attempt; only to be called if there is room.
    pub fn hand(&mut self, attempt: Attempt) {
        self.handed += 1;
        self.books.hand(attempt);
    }

    /// An attempt that has ended.
    pub fn done(&mut self) -> Option<Done> {
        let done = self.finished.try_recv().ok()?;
        self.handed -= 1;
        Some(done)
    }

    /// Sends a signal to the groups of these attempts. From now on what ends with anything but 0 is unfinished.
    pub fn end(&mut self, tickets: &[u64], signal: Signal) {
        self.books.end(signal, |ticket| tickets.contains(&ticket));
    }

    /// The same for all attempts.
    pub fn end_all(&mut self, signal: Signal) {
        self.books.end(signal, |_| true);
    }
}

impl Drop for ExecCrew {
    fn drop(&mut self) {
        self.books.close();
        self.end_all(Signal::SIGKILL);
    }
}

/// A thread of the crew.
struct Member {
    desk: Desk,
    books: Arc<Books>,
    finished: Sender<Done>,
}

/// What a thread keeps from one attempt to the next.
struct Desk {
    job: Job,
    renderer: Renderer,
    /// The envelope of the record.
    envelope: Vec<u8>,
    /// What was read last.
    piece: Vec<u8>,
    lines: Lines,
}

impl Member {
    fn work(&mut self) {
        while let Some(attempt) = self.books.next() {
            let ticket = attempt.ticket;
            let (outcome, output) = self.desk.run(&attempt, &self.books);
            self.books.strike(ticket);
            // Before the record of this attempt is settled: its memory is counted as free then.
            drop(attempt);
            if self.finished.send(Done { ticket, outcome, output }).is_err() {
                return;
            }
            self.desk.job.context.bell.ring();
        }
    }
}

impl Desk {
    fn new(job: &Job) -> Desk {
        const PIECE: usize = 64 << 10;
        let format = Format::Json { is_terminal: false };
        Desk {
            renderer: Renderer::new(&OutputSettings { format, ..job.context.output.clone() }),
            envelope: Vec::new(),
            piece: vec![0; PIECE],
            lines: Lines::new(job.context.lines),
            job: job.clone(),
        }
    }

    /// Runs one attempt from start to end: what came of it and what it printed.
    fn run(&mut self, attempt: &Attempt, books: &Books) -> (Outcome, Printed) {
        let variables = environment::variables(attempt, self.job.context.group.as_deref());
        self.lines.forget();
        self.render(&attempt.record);
        let child = match super::Child::start(&self.job.command, &variables) {
            Ok(child) => child,
            Err(_) if books.is_ended(attempt.ticket) => return (Outcome::Unfinished, Printed::default()),
            Err(error) if is_scarcity(&error) => {
                return (Outcome::Scarce(reason(&error)), Printed::default());
            }
            Err(error) => {
                let what = program::cannot_run(&self.job.command, &error);
                return (Outcome::Failed(Reason { what, stderr: String::new() }), Printed::default());
            }
        };
        books.started(attempt.ticket, child.group());
        let input = match self.job.stdin {
            Stdin::Value => attempt.record.value().unwrap_or_default(),
            Stdin::Json => &self.envelope,
        };
        let sinks = Sinks { piece: &mut self.piece, lines: &mut self.lines, place: attempt.record.place() };
        let output = Printed::new(&self.job.room);
        Run::new(child, (input, output), sinks, self.job.limits).finish(attempt.ticket, books)
    }

    fn render(&mut self, record: &OwnedRecord) {
        self.envelope.clear();
        match self.job.stdin {
            Stdin::Value => {}
            // What cannot be decoded says so in the envelope.
            Stdin::Json => record.with(|record| drop(self.renderer.render(record, &mut self.envelope))),
        }
    }
}

#[cfg(test)]
mod tests;
