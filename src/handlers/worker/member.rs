//! The thread of one worker: starts its process, anew if it ends, and moves records in and answers out.

use super::desk::{self, Desk, Outbox};
use super::process::{Process, Tools};
use super::watch::{self, Ready};
use super::{Alarm, Attempt, Job};
use crate::error;
use crate::handlers::child::is_scarcity;
use crate::handlers::{Done, Lines, Outcome, Reason};
use crate::pause::GrowingPause;
use crate::render::Renderer;
use crate::settings::{Format, OutputSettings};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A worker that ends this soon with nothing to do makes us wait before it is started again.
const SOON: Duration = Duration::from_secs(1);

const FIRST_PAUSE: Duration = Duration::from_millis(100);

const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The process, if there is one, and all that its thread works with.
pub struct Member {
    number: usize,
    job: Job,
    desk: Arc<Desk>,
    outbox: Arc<Outbox>,
    alarm: Alarm,
    process: Option<Process>,
    /// Taken from the desk and not sent yet.
    waiting: VecDeque<Attempt>,
    /// Not given back yet.
    batch: VecDeque<Done>,
    tools: Tools,
    restart: Restart,
}

/// When the process may be started again.
#[derive(Debug)]
struct Restart {
    /// Grows while the process ends too soon.
    pause: GrowingPause,
    /// At once if there is none.
    at: Option<Instant>,
}

impl Member {
    pub fn new(number: usize, job: Job, desk: Arc<Desk>, outbox: Arc<Outbox>, alarm: Alarm) -> Member {
        const PIECE: usize = 64 << 10;
        let format = Format::Json { is_terminal: false };
        let output = OutputSettings { format, ..job.context.output.clone() };
        let tools = Tools {
            renderer: Renderer::new(&output),
            piece: vec![0; PIECE],
            lines: Lines::new(job.context.lines),
            is_told: false,
        };
        let (waiting, batch, restart) = (VecDeque::new(), VecDeque::new(), Restart::new());
        Member { number, job, desk, outbox, alarm, process: None, waiting, batch, tools, restart }
    }

    /// Works until nothing more comes and the process has ended.
    pub fn work(mut self) {
        self.start();
        loop {
            let orders = self.desk.take(&mut self.waiting);
            if let Some(process) = &mut self.process {
                orders.signals.iter().for_each(|signal| process.end(*signal));
            }
            if orders.is_ended {
                let unfinished =
                    self.waiting.drain(..).map(|attempt| desk::done(attempt, Outcome::Unfinished));
                self.batch.extend(unfinished);
            } else {
                self.send(orders.is_closed);
            }
            self.give();
            let is_last = orders.is_ended || orders.is_closed && self.waiting.is_empty();
            if self.process.is_none() && is_last && self.desk.leave() {
                // For those who wait for the end of all.
                self.outbox.give(self.number, VecDeque::new());
                return;
            }
            // What came meanwhile does not ring: it is looked for once more before sleeping.
            if !orders.has_news {
                self.look();
            }
        }
    }

    /// Hands records to the process, which is started if there is none.
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

    /// Sleeps, and does what there is to do.
    fn look(&mut self) {
        let Some(process) = &mut self.process else {
            let until = self.restart.at.filter(|_| !self.waiting.is_empty());
            watch::sleep(&mut self.alarm, None, until);
            return;
        };
        let ready: Ready = watch::sleep(&mut self.alarm, Some(process.watched()), process.next_look());
        process.look(ready, &mut self.tools, &mut self.batch);
        if process.is_over() {
            self.bury();
        }
    }

    fn start(&mut self) {
        self.tools.lines.forget();
        let command = ["sh", "-c", &self.job.command].map(OsString::from);
        match (self.job.start)(&command, &[]) {
            Ok(child) => self.process = Some(Process::new(child, self.job.limits)),
            // That is no record's fault: all come back after a while, and then it is tried again.
            Err(error) if is_scarcity(&error) => {
                let scarce = |attempt| desk::done(attempt, Outcome::Scarce(error::reason(&error)));
                self.batch.extend(self.waiting.drain(..).map(scarce));
            }
            Err(error) => {
                let what = format!("cannot start the worker: {}", error::reason(&error));
                let charged = |attempt| desk::done(attempt, Outcome::Failed(Reason::of(what)));
                self.batch.extend(self.waiting.pop_front().map(charged));
                let again = |attempt| desk::done(attempt, Outcome::Again);
                self.batch.extend(self.waiting.drain(..).map(again));
            }
        }
    }

    fn bury(&mut self) {
        let Some(process) = self.process.take() else { return };
        match process.idle_end() {
            Some((why, lived)) => {
                self.restart.put_off(lived, Instant::now());
                self.outbox
                    .warn(format!("{why}; it had no record in hand and is started again with the next one"));
            }
            None => self.restart = Restart::new(),
        }
        process.settle(&self.tools.lines, &mut self.batch);
    }

    fn give(&mut self) {
        if !self.batch.is_empty() {
            self.outbox.give(self.number, std::mem::take(&mut self.batch));
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

    /// Waits longer each time that the process lived for a moment only.
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
