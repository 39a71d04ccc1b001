//! A process for each record: threads that each run one attempt at a time.

mod outcome;
mod process;
mod program;
mod running;

use super::child::{GRACE, TimeLimits, is_scarcity};
use super::printed::OutputMemory;
use super::{Attempt, Done, FailureReason, HandlerContext, Outcome, Printed, StderrLines, environment};
use crate::choices::Stdin;
use crate::error::reason;
use crate::record::OwnedRecord;
use crate::render::Renderer;
use crate::settings::Exec;
use nix::sys::signal::Signal;
use process::{ExecProcess, Sinks};
use running::RunningAttempts;
use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

pub use program::{check, what_to_check};

/// The threads that run attempts. No method waits for anything; dropping the pool kills what still runs.
pub struct ExecPool {
    parallel: usize,
    /// How many attempts were handed over and not given back yet.
    handed: usize,
    running: Arc<RunningAttempts>,
    finished: Receiver<Done>,
}

/// What every attempt has in common.
#[derive(Clone)]
struct ExecSettings {
    command: Vec<OsString>,
    stdin: Stdin,
    limits: TimeLimits,
    /// The memory for what they print, which all of them share.
    memory: Arc<OutputMemory>,
    context: HandlerContext,
}

impl ExecPool {
    /// Starts `parallel` threads that live as long as the pool.
    ///
    /// # Errors
    /// The system is out of threads.
    pub fn start(
        exec: &Exec,
        timeout: Option<Duration>,
        parallel: usize,
        context: HandlerContext,
    ) -> io::Result<ExecPool> {
        let limits = TimeLimits { timeout, grace: GRACE };
        let memory = Arc::new(OutputMemory::new(parallel));
        let settings =
            ExecSettings { command: exec.command.clone(), stdin: exec.stdin, limits, memory, context };
        ExecPool::start_with(&settings, parallel)
    }

    fn start_with(settings: &ExecSettings, parallel: usize) -> io::Result<ExecPool> {
        let running = Arc::new(RunningAttempts::default());
        let (sender, finished) = mpsc::channel();
        // From here on a failure ends the threads that are there.
        let pool = ExecPool { parallel, handed: 0, running: Arc::clone(&running), finished };
        for _ in 0..parallel {
            let mut thread = ExecThread {
                runner: AttemptRunner::new(settings),
                running: Arc::clone(&running),
                finished: sender.clone(),
            };
            std::thread::Builder::new().name("handler".to_owned()).spawn(move || thread.work())?;
        }
        Ok(pool)
    }

    /// How many more attempts can be handed over.
    pub fn room(&self) -> usize {
        self.parallel.saturating_sub(self.handed)
    }

    /// Hands over an attempt; call it only if there is room.
    pub fn hand(&mut self, attempt: Attempt) {
        self.handed += 1;
        self.running.hand(attempt);
    }

    /// Returns the next attempt that has ended.
    pub fn done(&mut self) -> Option<Done> {
        let done = self.finished.try_recv().ok()?;
        self.handed -= 1;
        Some(done)
    }

    /// Sends a signal to the process groups of these attempts, which are unfinished from now on unless they exit with 0.
    pub fn end(&mut self, tickets: &[u64], signal: Signal) {
        self.running.end(signal, |ticket| tickets.contains(&ticket));
    }

    /// Sends a signal to the groups of all attempts, as `end` does for some.
    pub fn end_all(&mut self, signal: Signal) {
        self.running.end(signal, |_| true);
    }
}

impl Drop for ExecPool {
    fn drop(&mut self) {
        self.running.close();
        self.end_all(Signal::SIGKILL);
    }
}

/// A thread of the pool.
struct ExecThread {
    runner: AttemptRunner,
    running: Arc<RunningAttempts>,
    finished: Sender<Done>,
}

/// What a thread keeps from one attempt to the next.
struct AttemptRunner {
    settings: ExecSettings,
    renderer: Renderer,
    /// The envelope of the record.
    envelope: Vec<u8>,
    /// The bytes that were read last.
    piece: Vec<u8>,
    lines: StderrLines,
}

impl ExecThread {
    fn work(&mut self) {
        while let Some(attempt) = self.running.next() {
            let ticket = attempt.ticket;
            let (outcome, output) = self.runner.run(&attempt, &self.running);
            self.running.remove(ticket);
            // Once the record of this attempt is settled, its memory counts as free.
            drop(attempt);
            if self.finished.send(Done { ticket, outcome, output }).is_err() {
                return;
            }
            self.runner.settings.context.bell.ring();
        }
    }
}

impl AttemptRunner {
    fn new(settings: &ExecSettings) -> AttemptRunner {
        const PIECE: usize = 64 << 10;
        AttemptRunner {
            renderer: Renderer::json(&settings.context.output, &settings.context.schemas),
            envelope: Vec::new(),
            piece: vec![0; PIECE],
            lines: StderrLines::new(settings.context.lines),
            settings: settings.clone(),
        }
    }

    /// Runs one attempt from start to end; returns what came of it and what it printed.
    fn run(&mut self, attempt: &Attempt, running: &RunningAttempts) -> (Outcome, Printed) {
        let variables = environment::variables(attempt, self.settings.context.group.as_deref());
        self.lines.forget();
        self.render(&attempt.record);
        let child = match super::Child::start(&self.settings.command, &variables) {
            Ok(child) => child,
            Err(_) if running.is_ended(attempt.ticket) => return (Outcome::Unfinished, Printed::default()),
            Err(error) if is_scarcity(&error) => {
                return (Outcome::Scarce(reason(&error)), Printed::default());
            }
            Err(error) => {
                let what = program::cannot_run(&self.settings.command, &error);
                return (Outcome::Failed(FailureReason { what, stderr: String::new() }), Printed::default());
            }
        };
        running.started(attempt.ticket, child.group());
        let input = match self.settings.stdin {
            Stdin::Value => attempt.record.value().unwrap_or_default(),
            Stdin::Json => &self.envelope,
        };
        let sinks = Sinks { piece: &mut self.piece, lines: &mut self.lines, place: attempt.record.place() };
        let output = Printed::new(&self.settings.memory);
        let process = ExecProcess::new(child, (input, output), sinks, self.settings.limits);
        match process.finish(attempt.ticket, running) {
            // A program that is started without a shell may mean anything by its status.
            (Outcome::Unrunnable(_, reason), output) if !is_shell(&self.settings.command) => {
                (Outcome::Failed(reason), output)
            }
            ended => ended,
        }
    }

    fn render(&mut self, record: &OwnedRecord) {
        self.envelope.clear();
        match self.settings.stdin {
            Stdin::Value => {}
            // An envelope says itself what could not be decoded.
            Stdin::Json => record.with(|record| drop(self.renderer.render(record, &mut self.envelope))),
        }
    }
}

/// Whether a shell runs the command, as with `--exec`.
fn is_shell(command: &[OsString]) -> bool {
    matches!(command, [shell, option, ..] if shell == "sh" && option == "-c")
}

#[cfg(test)]
mod tests;
