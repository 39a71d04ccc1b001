//! The thread of one worker: starts its process, anew if it ends, and moves records in and answers out.

use super::inbox::{self, Inbox, Results};
use super::process::{WorkerProcess, WorkerTools};
use super::watch::{self, Ready};
use super::{Alarm, Attempt, WorkerSettings};
use crate::error;
use crate::handlers::child::is_scarcity;
use crate::handlers::{Done, FailureReason, Outcome, StderrLines};
use crate::pause::GrowingPause;
use crate::render::Renderer;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A worker that lived shorter than this and had nothing to do is not started again at once.
const SOON: Duration = Duration::from_secs(1);

const FIRST_PAUSE: Duration = Duration::from_millis(100);

const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The thread of one worker, with its process if there is one.
pub struct WorkerThread {
    number: usize,
    settings: WorkerSettings,
    inbox: Arc<Inbox>,
    results: Arc<Results>,
    alarm: Alarm,
    process: Option<WorkerProcess>,
    /// Attempts that were taken from the inbox and not sent yet.
    waiting: VecDeque<Attempt>,
    /// Attempts that have ended and were not given back yet.
    batch: VecDeque<Done>,
    tools: WorkerTools,
    restart: Restart,
}

/// When the process may be started again.
#[derive(Debug)]
struct Restart {
    /// Grows while the process ends too soon.
    pause: GrowingPause,
    /// When it may be started; at once if there is none.
    at: Option<Instant>,
}

impl WorkerThread {
    pub fn new(
        number: usize,
        settings: WorkerSettings,
        inbox: Arc<Inbox>,
        results: Arc<Results>,
        alarm: Alarm,
    ) -> WorkerThread {
        const PIECE: usize = 64 << 10;
        let tools = WorkerTools {
            renderer: Renderer::json(&settings.context.output, &settings.context.schemas),
            piece: vec![0; PIECE],
            lines: StderrLines::new(settings.context.lines),
            is_told: false,
        };
        let (waiting, batch, restart) = (VecDeque::new(), VecDeque::new(), Restart::new());
        WorkerThread {
            number,
            settings,
            inbox,
            results,
            alarm,
            process: None,
            waiting,
            batch,
            tools,
            restart,
        }
    }

    /// Runs until no more attempts come and the process has ended.
    pub fn work(mut self) {
        self.start();
        loop {
            let commands = self.inbox.take(&mut self.waiting);
            if let Some(process) = &mut self.process {
                commands.signals.iter().for_each(|signal| process.end(*signal));
            }
            if commands.is_ended {
                let unfinished =
                    self.waiting.drain(..).map(|attempt| inbox::done(attempt, Outcome::Unfinished));
                self.batch.extend(unfinished);
            } else {
                self.send(commands.is_closed);
            }
            self.give();
            let is_last = commands.is_ended || commands.is_closed && self.waiting.is_empty();
            if self.process.is_none() && is_last && self.inbox.leave() {
                // Rings for whoever waits until all workers have ended.
                self.results.give(self.number, VecDeque::new());
                return;
            }
            // Attempts that come while the thread is awake do not ring, so the inbox is read again before sleeping.
            if !commands.has_news {
                self.look();
            }
        }
    }

    /// Sends attempts to the process, and starts one if there is none.
    fn send(&mut self, is_closed: bool) {
        if self.process.is_none() && !self.waiting.is_empty() && self.restart.is_due() {
            self.start();
        }
        let Some(process) = &mut self.process else { return };
        process.send(&mut self.waiting, &mut self.tools);
        if is_closed && self.waiting.is_empty() && process.is_idle() {
            process.finish_input();
        }
    }

    /// Sleeps until something happens, and deals with it.
    fn look(&mut self) {
        let Some(process) = &mut self.process else {
            let until = self.restart.at.filter(|_| !self.waiting.is_empty());
            watch::sleep(&mut self.alarm, None, until);
            return;
        };
        let ready: Ready = watch::sleep(&mut self.alarm, Some(process.watched()), process.next_look());
        process.look(ready, &mut self.tools, &mut self.batch);
        if process.is_over() {
            self.process_ended();
        }
    }

    fn start(&mut self) {
        self.tools.lines.forget();
        let command = ["sh", "-c", &self.settings.command].map(OsString::from);
        match (self.settings.start)(&command, &[]) {
            Ok(child) => self.process = Some(WorkerProcess::new(child, self.settings.limits)),
            // No record is at fault: all are given back and come again after a while.
            Err(error) if is_scarcity(&error) => {
                let scarce = |attempt| inbox::done(attempt, Outcome::Scarce(error::reason(&error)));
                self.batch.extend(self.waiting.drain(..).map(scarce));
            }
            Err(error) => {
                let what = format!("cannot start the worker: {}", error::reason(&error));
                let charged = |attempt| inbox::done(attempt, Outcome::Failed(FailureReason::of(what)));
                self.batch.extend(self.waiting.pop_front().map(charged));
                let again = |attempt| inbox::done(attempt, Outcome::Again);
                self.batch.extend(self.waiting.drain(..).map(again));
            }
        }
    }

    fn process_ended(&mut self) {
        let Some(process) = self.process.take() else { return };
        match process.idle_end() {
            Some((why, lived)) => {
                self.restart.put_off(lived, Instant::now());
                self.results
                    .warn(format!("{why}; it had no record in hand and is restarted with the next one"));
            }
            None => self.restart = Restart::new(),
        }
        process.settle(&self.tools.lines, &mut self.batch);
    }

    fn give(&mut self) {
        if !self.batch.is_empty() {
            self.results.give(self.number, std::mem::take(&mut self.batch));
        }
    }
}

impl Restart {
    fn new() -> Restart {
        Restart { pause: GrowingPause::new(FIRST_PAUSE, LONGEST_PAUSE), at: None }
    }

    fn is_due(&self) -> bool {
        self.at.is_none_or(|at| Instant::now() >= at)
    }

    /// Puts the next start off, longer each time the process lived only for a moment.
    fn put_off(&mut self, lived: Duration, now: Instant) {
        if lived >= SOON {
            *self = Restart::new();
        } else {
            self.at = now.checked_add(self.pause.advance());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_while_the_process_ends_at_once() {
        let (mut restart, now) = (Restart::new(), Instant::now());
        let mut pause = |lived| {
            restart.put_off(lived, now);
            restart.at.map(|at| at - now)
        };
        let pauses: Vec<u128> = (0..9).map(|_| pause(Duration::ZERO).unwrap().as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        assert_eq!(pause(SOON), None);
        assert_eq!(pause(Duration::ZERO), Some(FIRST_PAUSE));
    }
}
