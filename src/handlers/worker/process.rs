//! One process of a worker, from its start to its end: writes envelopes, reads answers, and keeps the time.

use super::inbox;
use super::input::Input;
use super::watch::{Ready, Watched};
use crate::handlers::child::{LOOK_AGAIN, Supervised, TURN, TimeLimits, exit_words, timed_out, unrunnable};
use crate::handlers::pipes::{read, waiting_in};
use crate::handlers::protocol::{AnswerReader, WorkerAnswer};
use crate::handlers::{Attempt, Child, Done, FailureReason, Outcome, StderrLines};
use crate::render::Renderer;
use crate::talk::Stderr;
use nix::sys::signal::Signal;
use rustix::io::Errno;
use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// Envelopes are rendered while fewer bytes than this wait to be written.
const RENDERED_AHEAD: usize = 256 << 10;

/// A worker that runs.
pub struct WorkerProcess {
    supervised: Supervised,
    started_at: Instant,
    /// Records that were rendered and are not answered, the oldest first.
    unanswered: VecDeque<SentRecord>,
    input: Input,
    answers: AnswerReader,
    has_answered: bool,
    /// Since when the answer to the oldest record is awaited; after `finish_input`, the end of the process.
    awaited_since: Instant,
    is_finishing: bool,
    /// Set once it has ended and what it wrote before was read.
    status: Option<ExitStatus>,
    timeout: Option<Duration>,
}

/// What a thread uses for one process after the other.
pub struct WorkerTools {
    pub renderer: Renderer,
    /// The bytes that were read last.
    pub piece: Vec<u8>,
    pub lines: StderrLines,
    /// Whether the last lines on stderr are about records that were answered.
    pub is_told: bool,
}

/// A record whose envelope was rendered.
struct SentRecord {
    attempt: Attempt,
    /// Where its envelope starts and ends in all that is written to the process.
    start: u64,
    end: u64,
}

impl WorkerProcess {
    pub fn new(child: Child, limits: TimeLimits) -> WorkerProcess {
        let now = Instant::now();
        WorkerProcess {
            supervised: Supervised::new(child, limits.grace),
            started_at: now,
            unanswered: VecDeque::new(),
            input: Input::default(),
            answers: AnswerReader::default(),
            has_answered: false,
            awaited_since: now,
            is_finishing: false,
            status: None,
            timeout: limits.timeout,
        }
    }

    /// Whether the process takes records.
    pub fn is_open(&self) -> bool {
        !self.supervised.is_ending() && self.status.is_none() && self.supervised.child.stdin.is_some()
    }

    pub fn is_idle(&self) -> bool {
        self.unanswered.is_empty()
    }

    /// Renders records that wait while there is room, and writes what the pipe takes.
    pub fn send(&mut self, waiting: &mut VecDeque<Attempt>, tools: &mut WorkerTools) {
        while self.is_open() {
            while self.input.left().len() < RENDERED_AHEAD {
                let Some(attempt) = waiting.pop_front() else { break };
                self.render(attempt, &mut tools.renderer);
            }
            if self.input.left().is_empty() || !self.write() {
                return;
            }
        }
    }

    /// Closes the input of the process, which then has as long to exit as it has to answer.
    pub fn finish_input(&mut self) {
        if self.is_open() {
            self.supervised.child.stdin = None;
            self.is_finishing = true;
            self.awaited_since = Instant::now();
        }
    }

    /// Sends the process a signal because the run ends.
    pub fn end(&mut self, signal: Signal) {
        self.supervised.child.stdin = None;
        self.supervised.end(signal);
    }

    pub fn watched(&self) -> Watched<'_> {
        let has_input = !self.input.left().is_empty();
        Watched { child: &self.supervised.child, has_input, is_running: self.status.is_none() }
    }

    /// When `look` has something to do even if nothing happens.
    pub fn next_look(&self) -> Option<Instant> {
        let asks_often = if self.status.is_some() {
            !self.is_over()
        } else {
            self.supervised.child.exit_descriptor().is_none()
        };
        let again = asks_often.then(|| Instant::now() + LOOK_AGAIN);
        [again, self.supervised.next_signal(), self.time_out()].into_iter().flatten().min()
    }

    /// Reads what the process wrote, notices its end, and sends the signals that are due.
    pub fn look(&mut self, ready: Ready, tools: &mut WorkerTools, batch: &mut VecDeque<Done>) {
        let asks_itself = self.supervised.child.exit_descriptor().is_none() && self.status.is_none();
        let has_exited = ready.exit || asks_itself && self.supervised.child.try_wait().is_some();
        // What is in the pipes once it has exited was written before. Processes that it left behind may write for
        // ever.
        let most = |pipe: &Option<OwnedFd>| if has_exited { waiting_in(pipe) } else { TURN };
        if ready.stderr || has_exited {
            let most = most(&self.supervised.child.stderr);
            self.read_lines(most, tools);
        }
        if ready.stdout || has_exited {
            let most = most(&self.supervised.child.stdout);
            self.read_answers(most, tools, batch);
        }
        if has_exited {
            tools.lines.finish(self.place(), &mut Stderr);
            self.supervised.child.stdin = None;
            self.input.forget();
            self.status = self.supervised.child.try_wait();
        }
        self.signal_if_due();
    }

    /// Whether the process has ended, and also everything left of its group if we ended it.
    pub fn is_over(&self) -> bool {
        self.status.is_some() && !(self.supervised.is_ending() && self.supervised.has_leftovers())
    }

    /// Why the process ended and how long it lived, if it ended by itself with no record in hand.
    pub fn idle_end(&self) -> Option<(String, Duration)> {
        let is_unasked = self.is_idle() && !self.is_finishing && !self.supervised.is_ended();
        is_unasked.then(|| (self.why(), self.started_at.elapsed()))
    }

    /// Decides what becomes of the records that the process has not answered.
    pub fn settle(mut self, lines: &StderrLines, batch: &mut VecDeque<Done>) {
        let unanswered = std::mem::take(&mut self.unanswered);
        let untouched = self.has_answered && self.supervised.stopped().is_none();
        for (number, sent) in unanswered.into_iter().enumerate() {
            // One that works and ends before it was given anything of a record has not failed on it.
            let is_charged = number == 0 && !(untouched && sent.start >= self.input.written_in_all);
            let outcome = if self.supervised.is_ended() {
                Outcome::Unfinished
            } else if is_charged {
                let reason = FailureReason { what: self.why(), stderr: lines.last() };
                match self.status.and_then(unrunnable) {
                    Some(why) => Outcome::Unrunnable(why, reason),
                    None => Outcome::Failed(reason),
                }
            } else {
                Outcome::Again
            };
            batch.push_back(inbox::done(sent.attempt, outcome));
        }
    }

    fn why(&self) -> String {
        match (self.supervised.stopped(), self.status) {
            (Some(reason), _) => reason.to_owned(),
            (None, Some(status)) => format!("worker {}", exit_words(status, "exited with status")),
            (None, None) => String::new(),
        }
    }

    fn place(&self) -> Option<crate::record::Place<'_>> {
        self.unanswered.front().map(|sent| sent.attempt.record.place())
    }

    fn render(&mut self, attempt: Attempt, renderer: &mut Renderer) {
        if self.unanswered.is_empty() {
            self.awaited_since = Instant::now();
        }
        let input = &mut self.input;
        let start = input.end();
        // An envelope says itself what could not be decoded.
        attempt.record.with(|record| drop(renderer.render(record, &mut input.bytes)));
        self.unanswered.push_back(SentRecord { attempt, start, end: input.end() });
    }

    /// Writes what is rendered; returns whether all of it was written.
    fn write(&mut self) -> bool {
        while let Some(stdin) = &self.supervised.child.stdin {
            match rustix::io::write(stdin, self.input.left()) {
                Ok(count) => self.input.has_written(count),
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return false,
                Err(_) => {
                    self.supervised.child.stdin = None;
                    self.expect_end("worker closed its stdin");
                }
            }
            if self.input.left().is_empty() {
                return true;
            }
        }
        false
    }

    /// Expects the process to exit soon, as most do that close a pipe; one that stays is of no more use and is
    /// stopped.
    fn expect_end(&mut self, fault: &'static str) {
        if !self.is_finishing {
            self.supervised.expect_exit(fault);
        }
    }

    fn read_lines(&mut self, most: usize, tools: &mut WorkerTools) {
        let place = self.unanswered.front().map(|sent| sent.attempt.record.place());
        read(&mut self.supervised.child.stderr, &mut tools.piece, most, |bytes| {
            if std::mem::take(&mut tools.is_told) {
                tools.lines.forget();
            }
            tools.lines.pass(bytes, place, &mut Stderr);
            true
        });
    }

    fn read_answers(&mut self, most: usize, tools: &mut WorkerTools, batch: &mut VecDeque<Done>) {
        let is_deaf = self.supervised.stopped().is_some();
        let (is_ended, written) = (self.supervised.is_ended(), self.input.written_in_all);
        let (unanswered, answers) = (&mut self.unanswered, &mut self.answers);
        let lines = (!tools.is_told).then_some(&tools.lines);
        let before = unanswered.len();
        let mut mistake = None;
        read(&mut self.supervised.child.stdout, &mut tools.piece, most, |bytes| {
            if is_deaf || mistake.is_some() {
                return true;
            }
            let read = answers.read(bytes, |answer| {
                // A record cannot have been answered before all of it was written.
                if unanswered.front().is_none_or(|sent| sent.end > written) {
                    return false;
                }
                let Some(sent) = unanswered.pop_front() else { return false };
                batch.push_back(inbox::done(sent.attempt, outcome(answer, is_ended, lines)));
                true
            });
            mistake = read.err();
            true
        });
        if unanswered.len() < before {
            self.has_answered = true;
            tools.is_told = true;
            self.awaited_since = Instant::now();
        }
        match mistake {
            Some(mistake) => self.supervised.stop(mistake),
            None if self.supervised.child.stdout.is_none() => self.expect_end("worker closed its stdout"),
            None => {}
        }
    }

    fn time_out(&self) -> Option<Instant> {
        let is_awaited = !self.unanswered.is_empty() || self.is_finishing;
        let is_running = self.status.is_none() && !self.supervised.is_ending();
        // A limit beyond what the clock can express is no limit.
        self.awaited_since.checked_add(self.timeout.filter(|_| is_awaited && is_running)?)
    }

    fn signal_if_due(&mut self) {
        let now = Instant::now();
        if self.time_out().is_some_and(|end| now >= end) {
            self.supervised.stop(timed_out(self.timeout.unwrap_or_default()));
        }
        // One that has exited by itself is not stopped any more.
        if self.status.is_none() || self.supervised.is_ending() {
            self.supervised.signal_if_due(now);
        }
        if self.supervised.is_ending() {
            self.supervised.child.stdin = None;
        }
    }
}

/// What an answer means for its record; `lines` has what the worker wrote to stderr since it last answered.
fn outcome(answer: WorkerAnswer, is_ended: bool, lines: Option<&StderrLines>) -> Outcome {
    let reason = |words: String, word: &str| FailureReason {
        what: if words.is_empty() { format!("worker said {word}") } else { words },
        stderr: lines.map(StderrLines::last).unwrap_or_default(),
    };
    match answer {
        WorkerAnswer::Accepted => Outcome::Accepted,
        // A handler that fails while we end it has not failed.
        WorkerAnswer::Retry(_) | WorkerAnswer::Refused(_) if is_ended => Outcome::Unfinished,
        WorkerAnswer::Retry(words) => Outcome::Failed(reason(words, "retry")),
        WorkerAnswer::Refused(words) => Outcome::Refused(reason(words, "fail")),
    }
}
