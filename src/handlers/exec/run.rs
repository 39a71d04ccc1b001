//! One attempt: its input written, its output read and its end seen, all at the same time.

use super::{Limits, books::Books, outcome};
use crate::handlers::pipes::{read, waiting_in};
use crate::handlers::printed::Grant;
use crate::handlers::{Child, Lines, Outcome, Printed, Reason};
use crate::record::Place;
use nix::sys::signal::Signal;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use std::io;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// How often to look at what nothing tells us about.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// As much is read before anything else has its turn.
const TURN: usize = 1 << 20;

/// A process on its way.
pub struct Run<'a> {
    child: Child,
    /// What is not written yet.
    input: &'a [u8],
    output: Printed,
    /// Others hold so much that nothing more is read for now.
    waits_for_room: bool,
    sinks: Sinks<'a>,
    limits: Limits,
    /// When the next signal is due, if it does not end before.
    due: Option<(Instant, Signal)>,
    /// Why we end it.
    stopped: Option<String>,
}

/// Where what is read goes.
pub struct Sinks<'a> {
    /// What was read last.
    pub piece: &'a mut [u8],
    pub lines: &'a mut Lines,
    /// Of the record that the lines are about.
    pub place: Place<'a>,
}

impl<'a> Run<'a> {
    pub fn new(
        child: Child,
        (input, output): (&'a [u8], Printed),
        sinks: Sinks<'a>,
        limits: Limits,
    ) -> Run<'a> {
        // A limit beyond what a clock can tell is none.
        let end = limits.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let due = end.map(|end| (end, Signal::SIGTERM));
        Run { child, input, output, waits_for_room: false, sinks, limits, due, stopped: None }
    }

    /// Sees the attempt through; what came of it and what it printed.
    pub fn finish(mut self, ticket: u64, books: &Books) -> (Outcome, Printed) {
        // Most values fit into the pipe at once.
        self.write();
        while !self.wait() {
            self.write();
            self.read_output(TURN);
            self.read_lines(TURN);
            self.signal_if_due();
        }
        self.child.stdin = None;
        // What is in the pipes now was written before the end; more may come for ever, from what was left behind.
        let (in_output, in_lines) = (waiting_in(&self.child.stdout), waiting_in(&self.child.stderr));
        if self.stopped.is_none() && self.child.try_wait().is_none_or(|status| status.success()) {
            // Nobody wants what a failed one printed.
            self.read_the_rest(in_output);
        }
        self.read_lines(in_lines);
        self.sinks.lines.finish(Some(self.sinks.place), &mut io::stderr());
        let status = self.end(ticket, books);
        self.judge(status, books.is_ended(ticket))
    }

    /// Sleeps until there is something to do; true if the process has ended.
    fn wait(&mut self) -> bool {
        let child = &mut self.child;
        let is_told = child.exit_descriptor().is_some();
        if !is_told && child.try_wait().is_some() {
            return true;
        }
        let mut watched = Vec::with_capacity(4);
        // First, so that it is found again.
        watched.extend(
            child.exit_descriptor().as_ref().map(|exit| PollFd::from_borrowed_fd(*exit, PollFlags::IN)),
        );
        watched.extend(child.stdin.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::OUT)));
        let stdout = child.stdout.as_ref().filter(|_| !self.waits_for_room);
        watched.extend(stdout.map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        watched.extend(child.stderr.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        let until_due = self.due.map(|(due, _)| due.saturating_duration_since(Instant::now()));
        let looks_again = !is_told || self.waits_for_room;
        let limit =
            if looks_again { Some(until_due.unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN)) } else { until_due };
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        // An interrupted wait is like one in which nothing happened.
        let asleep_since = Instant::now();
        let count = rustix::event::poll(&mut watched, limit.as_ref()).unwrap_or(0);
        if self.waits_for_room
            && let Some((due, Signal::SIGTERM)) = &mut self.due
        {
            // It is not at fault that it cannot write.
            *due += asleep_since.elapsed();
        }
        is_told && count > 0 && !watched[0].revents().is_empty()
    }

    /// Writes what the pipe takes, and closes it behind the last byte.
    fn write(&mut self) {
        while let Some(stdin) = &self.child.stdin {
            if self.input.is_empty() {
                self.child.stdin = None;
                return;
            }
            match rustix::io::write(stdin, self.input) {
                Ok(count) => self.input = &self.input[count..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                // It does not want (more of) its input: that is its own affair.
                Err(_) => self.child.stdin = None,
            }
        }
    }

    /// Reads what is there, or as much as there is room for; how many bytes.
    fn read_output(&mut self, most: usize) -> usize {
        // With nothing there it may be the end.
        let wanted = waiting_in(&self.child.stdout).clamp(1, most.max(1));
        let granted = match self.child.stdout {
            Some(_) if most > 0 => self.output.ask(wanted),
            Some(_) | None => return 0,
        };
        self.waits_for_room = granted == Grant::Later;
        match granted {
            Grant::Bytes(count) => {
                let (output, mut total) = (&mut self.output, 0);
                read(&mut self.child.stdout, self.sinks.piece, count, |bytes| {
                    output.add(bytes);
                    total += bytes.len();
                    true
                });
                total
            }
            Grant::Later => 0,
            Grant::TooMuch => {
                self.child.stdout = None;
                let held = std::mem::take(&mut self.output).size();
                if self.stopped.is_none() {
                    self.stop(format!("wrote more than {} MiB to stdout", (held + wanted) >> 20));
                }
                0
            }
        }
    }

    /// Reads so many bytes that were written before the end, however long that takes.
    fn read_the_rest(&mut self, mut left: usize) {
        while left > 0 && self.child.stdout.is_some() {
            match self.read_output(left) {
                0 if self.waits_for_room => std::thread::sleep(LOOK_AGAIN),
                0 => return,
                count => left -= count.min(left),
            }
        }
    }

    fn read_lines(&mut self, most: usize) {
        let Sinks { piece, lines, place } = &mut self.sinks;
        read(&mut self.child.stderr, piece, most, |bytes| {
            lines.pass(bytes, Some(*place), &mut io::stderr());
            true
        });
    }

    fn signal_if_due(&mut self) {
        match self.due {
            Some((due, Signal::SIGTERM)) if Instant::now() >= due => {
                let timeout = self.limits.timeout.unwrap_or_default();
                self.stop(format!("timed out after {timeout:?}"));
            }
            Some((due, signal)) if Instant::now() >= due => {
                self.child.signal(signal);
                self.due = None;
            }
            Some(_) | None => {}
        }
    }

    /// Asks it to end, and makes it a while later.
    fn stop(&mut self, reason: String) {
        self.stopped = Some(reason);
        self.child.signal(Signal::SIGTERM);
        self.due = Some((Instant::now() + self.limits.grace, Signal::SIGKILL));
    }

    /// The status of the process, which has ended. What is left of a group that we end gets the same grace.
    fn end(&mut self, ticket: u64, books: &Books) -> ExitStatus {
        let is_ending = self.stopped.is_some() || books.is_ended(ticket);
        if !is_ending {
            // What it leaves behind is let live.
            books.gone(ticket);
        }
        let status = loop {
            if let Some(status) = self.child.try_wait() {
                break status;
            }
        };
        if is_ending && !(status.success() && self.stopped.is_none()) {
            let (due, _) = self.due.take().unwrap_or((Instant::now() + self.limits.grace, Signal::SIGKILL));
            self.outlast(due);
        }
        books.gone(ticket);
        status
    }

    /// Waits until nothing is left of the group, or kills it when its time is over.
    fn outlast(&mut self, due: Instant) {
        while self.child.has_group() {
            if Instant::now() >= due {
                self.child.signal(Signal::SIGKILL);
                return;
            }
            for pipe in [&mut self.child.stdout, &mut self.child.stderr] {
                read(pipe, self.sinks.piece, TURN, |_| true);
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    fn judge(mut self, status: ExitStatus, is_ended: bool) -> (Outcome, Printed) {
        let outcome = match self.stopped {
            Some(_) if is_ended => Outcome::Unfinished,
            Some(what) => Outcome::Failed(Reason { what, stderr: self.sinks.lines.last() }),
            None if is_ended && !status.success() => Outcome::Unfinished,
            None => outcome::of_status(status, || self.sinks.lines.last()),
        };
        if outcome != Outcome::Accepted {
            return (outcome, Printed::default());
        }
        self.output.accept();
        (outcome, self.output)
    }
}
