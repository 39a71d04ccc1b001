//! The process of one attempt: writes its input, reads its output and sees its end, all at the same time.

use super::{outcome, running::RunningAttempts};
use crate::handlers::child::{LOOK_AGAIN, Supervised, TURN, TimeLimits, timed_out};
use crate::handlers::pipes::{read, waiting_in};
use crate::handlers::printed::Grant;
use crate::handlers::{Child, FailureReason, Outcome, Printed, StderrLines};
use crate::record::Place;
use crate::talk::Stderr;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// A process that works on one record.
pub struct ExecProcess<'a> {
    process: Supervised,
    /// The part of the record that is not written yet.
    input: &'a [u8],
    output: Printed,
    /// Whether nothing is read for now, since the outputs of all handlers take too much memory.
    waits_for_memory: bool,
    sinks: Sinks<'a>,
    timeout: Option<Duration>,
    /// When the process is stopped. The time in which we did not read its output does not count.
    deadline: Option<Instant>,
}

/// Where the output of a process goes.
pub struct Sinks<'a> {
    /// The bytes that were read last.
    pub piece: &'a mut [u8],
    pub lines: &'a mut StderrLines,
    /// The place of the record that the lines are about.
    pub place: Place<'a>,
}

impl<'a> ExecProcess<'a> {
    pub fn new(
        child: Child,
        (input, output): (&'a [u8], Printed),
        sinks: Sinks<'a>,
        limits: TimeLimits,
    ) -> ExecProcess<'a> {
        let TimeLimits { timeout, grace } = limits;
        // A limit beyond what the clock can express is no limit.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let process = Supervised::new(child, grace);
        ExecProcess { process, input, output, waits_for_memory: false, sinks, timeout, deadline }
    }

    /// Sees the process through to its end; returns what came of the attempt and what it printed.
    pub fn finish(mut self, ticket: u64, running: &RunningAttempts) -> (Outcome, Printed) {
        // Most values fit into the pipe at once.
        self.write();
        while !self.wait() {
            self.write();
            self.read_output(TURN);
            self.read_lines(TURN);
            self.signal_if_due();
        }
        self.process.child.stdin = None;
        // What is in the pipes now was written before the end. Processes that it left behind may write for ever.
        let (in_output, in_lines) =
            (waiting_in(&self.process.child.stdout), waiting_in(&self.process.child.stderr));
        if self.process.stopped().is_none()
            && self.process.child.try_wait().is_none_or(|status| status.success())
        {
            // What a failed attempt printed is not wanted.
            self.read_the_rest(in_output);
        }
        self.read_lines(in_lines);
        self.sinks.lines.finish(Some(self.sinks.place), &mut Stderr);
        let status = self.end(ticket, running);
        self.judge(status, running.is_ended(ticket))
    }

    /// Sleeps until there is something to do; returns true if the process has ended.
    fn wait(&mut self) -> bool {
        let next = self.next_signal();
        let child = &mut self.process.child;
        let is_told = child.exit_descriptor().is_some();
        if !is_told && child.try_wait().is_some() {
            return true;
        }
        let mut watched = Vec::with_capacity(4);
        // First in the list, so that it is found again.
        watched.extend(
            child.exit_descriptor().as_ref().map(|exit| PollFd::from_borrowed_fd(*exit, PollFlags::IN)),
        );
        watched.extend(child.stdin.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::OUT)));
        let stdout = child.stdout.as_ref().filter(|_| !self.waits_for_memory);
        watched.extend(stdout.map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        watched.extend(child.stderr.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        let until_due = next.map(|next| next.saturating_duration_since(Instant::now()));
        let looks_again = !is_told || self.waits_for_memory;
        let limit =
            if looks_again { Some(until_due.unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN)) } else { until_due };
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        // An interrupted wait is like one in which nothing happened.
        let asleep_since = Instant::now();
        let count = rustix::event::poll(&mut watched, limit.as_ref()).unwrap_or(0);
        if self.waits_for_memory
            && let Some(deadline) = &mut self.deadline
        {
            // The handler cannot help that nobody reads what it writes.
            *deadline += asleep_since.elapsed();
        }
        is_told && count > 0 && !watched[0].revents().is_empty()
    }

    /// Writes what the pipe takes, and closes it after the last byte.
    fn write(&mut self) {
        while let Some(stdin) = &self.process.child.stdin {
            if self.input.is_empty() {
                self.process.child.stdin = None;
                return;
            }
            match rustix::io::write(stdin, self.input) {
                Ok(count) => self.input = &self.input[count..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                // A handler need not read its input.
                Err(_) => self.process.child.stdin = None,
            }
        }
    }

    /// Reads what the process has printed, as far as there is memory for it; returns the number of bytes.
    fn read_output(&mut self, most: usize) -> usize {
        // Reading nothing may be the end of the output.
        let wanted = waiting_in(&self.process.child.stdout).clamp(1, most.max(1));
        let granted = match self.process.child.stdout {
            Some(_) if most > 0 => self.output.ask(wanted),
            Some(_) | None => return 0,
        };
        self.waits_for_memory = granted == Grant::Later;
        match granted {
            Grant::Bytes(count) => {
                let (output, mut total) = (&mut self.output, 0);
                read(&mut self.process.child.stdout, self.sinks.piece, count, |bytes| {
                    output.add(bytes);
                    total += bytes.len();
                    true
                });
                total
            }
            Grant::Later => 0,
            Grant::TooMuch => {
                self.process.child.stdout = None;
                let held = std::mem::take(&mut self.output).size();
                self.process.stop(format!("wrote more than {} MiB to stdout", (held + wanted) >> 20));
                0
            }
        }
    }

    /// Reads the `left` bytes that were written before the process ended, however long it takes until there is
    /// memory.
    fn read_the_rest(&mut self, mut left: usize) {
        while left > 0 && self.process.child.stdout.is_some() {
            match self.read_output(left) {
                0 if self.waits_for_memory => std::thread::sleep(LOOK_AGAIN),
                0 => return,
                count => left -= count.min(left),
            }
        }
    }

    fn read_lines(&mut self, most: usize) {
        let Sinks { piece, lines, place } = &mut self.sinks;
        read(&mut self.process.child.stderr, piece, most, |bytes| {
            lines.pass(bytes, Some(*place), &mut Stderr);
            true
        });
    }

    /// When `signal_if_due` has something to do.
    fn next_signal(&self) -> Option<Instant> {
        // Once the process was asked to stop, only its grace counts.
        let deadline = self.deadline.filter(|_| self.process.stopped().is_none());
        deadline.into_iter().chain(self.process.next_signal()).min()
    }

    fn signal_if_due(&mut self) {
        let now = Instant::now();
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            self.process.stop(timed_out(self.timeout.unwrap_or_default()));
        }
        self.process.signal_if_due(now);
    }

    /// Returns the status of the process, which has ended. If we ended it, what is left of its group has the same
    /// grace.
    fn end(&mut self, ticket: u64, running: &RunningAttempts) -> ExitStatus {
        let is_stopped = self.process.stopped().is_some();
        let is_ending = is_stopped || running.is_ended(ticket);
        if !is_ending {
            // Processes that it leaves behind may go on.
            running.gone(ticket);
        }
        let status = loop {
            if let Some(status) = self.process.child.try_wait() {
                break status;
            }
        };
        if is_ending && (is_stopped || !status.success()) {
            self.process.kill_after_grace();
            self.outlast();
        }
        running.gone(ticket);
        status
    }

    /// Waits until nothing is left of the group, which is killed after the grace.
    fn outlast(&mut self) {
        while self.process.has_leftovers() {
            let child = &mut self.process.child;
            for pipe in [&mut child.stdout, &mut child.stderr] {
                read(pipe, self.sinks.piece, TURN, |_| true);
            }
            std::thread::sleep(LOOK_AGAIN);
            self.process.signal_if_due(Instant::now());
        }
    }

    fn judge(mut self, status: ExitStatus, is_ended: bool) -> (Outcome, Printed) {
        let outcome = match self.process.stopped() {
            Some(_) if is_ended => Outcome::Unfinished,
            Some(what) => {
                Outcome::Failed(FailureReason { what: what.to_owned(), stderr: self.sinks.lines.last() })
            }
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
