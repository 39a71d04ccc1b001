//! One life of a worker: envelopes written, answers read, its time and its end.

use super::desk;
use super::input::Input;
use super::watch::{LOOK_AGAIN, Ready, Watched};
use crate::handlers::pipes::{read, waiting_in};
use crate::handlers::protocol::{Answer, Answers};
use crate::handlers::{Attempt, Child, Done, Lines, Outcome, Reason};
use crate::render::Renderer;
use nix::sys::signal::Signal;
use rustix::io::Errno;
use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// Envelopes are rendered while fewer bytes than this wait to be written.
const RENDERED_AHEAD: usize = 256 << 10;

/// As much is read before anything else has its turn.
const TURN: usize = 1 << 20;

/// A worker that runs.
pub struct Process {
    child: Child,
    started_at: Instant,
    /// Rendered and not answered, the oldest first.
    unanswered: VecDeque<Sent>,
    input: Input,
    answers: Answers,
    has_answered: bool,
    /// Since when the oldest is awaited; after `finish_input`, the end.
    awaited_since: Instant,
    is_finishing: bool,
    /// The next signal, and when it is due.
    due: Option<(Instant, Signal)>,
    /// What it will have been stopped for when `due` comes with SIGTERM.
    fault: Option<&'static str>,
    /// Why it is being ended, if it is our decision.
    stopped: Option<String>,
    /// It is ended with the run.
    is_ended: bool,
    status: Option<ExitStatus>,
    limits: Limits,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub timeout: Option<Duration>,
    pub grace: Duration,
}

/// What a thread keeps from one process to the next.
pub struct Tools {
    pub renderer: Renderer,
    /// What was read last.
    pub piece: Vec<u8>,
    pub lines: Lines,
    /// What is on `lines` is about records that were answered.
    pub is_told: bool,
}

struct Sent {
    attempt: Attempt,
    /// Where its envelope starts and ends in all that is written to the process.
    start: u64,
    end: u64,
}

impl Process {
    pub fn new(child: Child, limits: Limits) -> Process {
        let now = Instant::now();
        Process {
            child,
            started_at: now,
            unanswered: VecDeque::new(),
            input: Input::default(),
            answers: Answers::default(),
            has_answered: false,
            awaited_since: now,
            is_finishing: false,
            due: None,
            fault: None,
            stopped: None,
            is_ended: false,
            status: None,
            limits,
        }
    }

    /// Whether it takes records.
    pub fn is_open(&self) -> bool {
        self.stopped.is_none() && !self.is_ended && self.status.is_none() && self.child.stdin.is_some()
    }

    pub fn is_idle(&self) -> bool {
        self.unanswered.is_empty()
    }

    /// Renders what fits and writes what the pipe takes.
    pub fn send(&mut self, waiting: &mut VecDeque<Attempt>, tools: &mut Tools) {
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

    /// Tells it that nothing comes any more. It has the time of an answer to exit.
    pub fn finish_input(&mut self) {
        if self.is_open() {
            self.child.stdin = None;
            self.is_finishing = true;
            self.awaited_since = Instant::now();
        }
    }

    /// Sends a signal with which the run ends.
    pub fn end(&mut self, signal: Signal) {
        if !self.is_ended {
            self.is_ended = true;
            self.child.stdin = None;
            self.due = Some((Instant::now() + self.limits.grace, Signal::SIGKILL));
        }
        self.signal(signal);
    }

    pub fn watched(&self) -> Watched<'_> {
        let has_input = !self.input.left().is_empty();
        Watched { child: &self.child, has_input, is_running: self.status.is_none() }
    }

    /// When `look` has something to do though nothing happens.
    pub fn next_look(&self) -> Option<Instant> {
        let asks_often =
            if self.status.is_some() { !self.is_over() } else { self.child.exit_descriptor().is_none() };
        let again = asks_often.then(|| Instant::now() + LOOK_AGAIN);
        [again, self.due.map(|(due, _)| due), self.time_out()].into_iter().flatten().min()
    }

    /// Reads what is there, takes note of its end, and sends the signals that are due.
    pub fn look(&mut self, ready: Ready, tools: &mut Tools, batch: &mut VecDeque<Done>) {
        let asks_itself = self.child.exit_descriptor().is_none() && self.status.is_none();
        let has_exited = ready.exit || asks_itself && self.child.try_wait().is_some();
        // What is in the pipes at its end was written before; more may come for ever, from what was left behind.
        let most = |pipe: &Option<OwnedFd>| if has_exited { waiting_in(pipe) } else { TURN };
        if ready.stderr || has_exited {
            let most = most(&self.child.stderr);
            self.read_lines(most, tools);
        }
        if ready.stdout || has_exited {
            let most = most(&self.child.stdout);
            self.read_answers(most, tools, batch);
        }
        if has_exited {
            tools.lines.finish(self.place(), &mut io::stderr());
            self.child.stdin = None;
            self.input.forget();
            self.status = self.child.try_wait();
        }
        self.signal_if_due();
    }

    /// Whether it has ended, and with it what is left of a group that we ended.
    pub fn is_over(&self) -> bool {
        let is_ending = self.stopped.is_some() || self.is_ended;
        self.status.is_some() && !(is_ending && self.due.is_some() && self.child.has_group())
    }

    /// Whether it ended by itself, and how soon, without anything to be charged for it.
    pub fn idle_end(&self) -> Option<(String, Duration)> {
        let is_unasked = self.is_idle() && !self.is_finishing && !self.is_ended;
        is_unasked.then(|| (self.why(), self.started_at.elapsed()))
    }

    /// What becomes of the records that it has not answered.
    pub fn settle(mut self, lines: &Lines, batch: &mut VecDeque<Done>) {
        let unanswered = std::mem::take(&mut self.unanswered);
        let untouched = self.has_answered && self.stopped.is_none();
        for (number, sent) in unanswered.into_iter().enumerate() {
            // One that works and ends before it was given anything of a record has not failed on it.
            let is_charged = number == 0 && !(untouched && sent.start >= self.input.written_in_all);
            let outcome = if self.is_ended {
                Outcome::Unfinished
            } else if is_charged {
                Outcome::Failed(Reason { what: self.why(), stderr: lines.last() })
            } else {
                Outcome::Again
            };
            batch.push_back(desk::done(sent.attempt, outcome));
        }
    }

    fn why(&self) -> String {
        let Some(status) = self.status.filter(|_| self.stopped.is_none()) else {
            return self.stopped.clone().unwrap_or_default();
        };
        match (status.code(), status.signal()) {
            (Some(code), _) => format!("worker exited with status {code}"),
            (None, Some(number)) => match Signal::try_from(number) {
                Ok(signal) => format!("worker killed by {signal}"),
                Err(_) => format!("worker killed by signal {number}"),
            },
            (None, None) => "worker ended in an unknown way".to_owned(),
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
        // What cannot be decoded says so in the envelope.
        attempt.record.with(|record| drop(renderer.render(record, &mut input.bytes)));
        self.unanswered.push_back(Sent { attempt, start, end: input.end() });
    }

    /// Whether all was written.
    fn write(&mut self) -> bool {
        while let Some(stdin) = &self.child.stdin {
            match rustix::io::write(stdin, self.input.left()) {
                Ok(count) => self.input.has_written(count),
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return false,
                Err(_) => {
                    self.child.stdin = None;
                    self.expect_end("worker closed its stdin");
                }
            }
            if self.input.left().is_empty() {
                return true;
            }
        }
        false
    }

    /// It most likely is about to exit; if not, it is of no more use.
    fn expect_end(&mut self, fault: &'static str) {
        if self.due.is_none() && self.stopped.is_none() && !self.is_finishing && !self.is_ended {
            self.due = Some((Instant::now() + self.limits.grace, Signal::SIGTERM));
            self.fault = Some(fault);
        }
    }

    fn read_lines(&mut self, most: usize, tools: &mut Tools) {
        let place = self.unanswered.front().map(|sent| sent.attempt.record.place());
        read(&mut self.child.stderr, &mut tools.piece, most, |bytes| {
            if std::mem::take(&mut tools.is_told) {
                tools.lines.forget();
            }
            tools.lines.pass(bytes, place, &mut io::stderr());
            true
        });
    }

    fn read_answers(&mut self, most: usize, tools: &mut Tools, batch: &mut VecDeque<Done>) {
        let is_deaf = self.stopped.is_some();
        let (is_ended, written) = (self.is_ended, self.input.written_in_all);
        let (unanswered, answers) = (&mut self.unanswered, &mut self.answers);
        let lines = (!tools.is_told).then_some(&tools.lines);
        let before = unanswered.len();
        let mut mistake = None;
        read(&mut self.child.stdout, &mut tools.piece, most, |bytes| {
            if is_deaf || mistake.is_some() {
                return true;
            }
            let read = answers.read(bytes, |answer| {
                // What was not written to its end cannot have been answered.
                if unanswered.front().is_none_or(|sent| sent.end > written) {
                    return false;
                }
                let Some(sent) = unanswered.pop_front() else { return false };
                batch.push_back(desk::done(sent.attempt, outcome(answer, is_ended, lines)));
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
            Some(mistake) => self.stop(mistake),
            None if self.child.stdout.is_none() => self.expect_end("worker closed its stdout"),
            None => {}
        }
    }

    fn time_out(&self) -> Option<Instant> {
        let is_awaited = !self.unanswered.is_empty() || self.is_finishing;
        let is_running = self.status.is_none() && self.stopped.is_none() && !self.is_ended;
        // A limit beyond what a clock can tell is none.
        self.awaited_since.checked_add(self.limits.timeout.filter(|_| is_awaited && is_running)?)
    }

    fn signal_if_due(&mut self) {
        let now = Instant::now();
        if self.time_out().is_some_and(|end| now >= end) {
            self.stop(format!("timed out after {:?}", self.limits.timeout.unwrap_or_default()));
        }
        match self.due {
            Some((due, Signal::SIGTERM)) if now >= due && self.status.is_none() => {
                self.stop(self.fault.unwrap_or_default().to_owned());
            }
            Some((due, signal)) if now >= due => {
                self.signal(signal);
                self.due = None;
            }
            Some(_) | None => {}
        }
    }

    /// Asks it to end, and makes it a while later.
    fn stop(&mut self, reason: String) {
        if self.stopped.is_some() {
            return;
        }
        self.stopped = Some(reason);
        if !self.is_ended {
            self.signal(Signal::SIGTERM);
            self.child.stdin = None;
            self.due = Some((Instant::now() + self.limits.grace, Signal::SIGKILL));
        }
    }

    /// Signals the group while it may be there.
    fn signal(&self, signal: Signal) {
        if !self.is_over() {
            self.child.signal(signal);
        }
    }
}

/// What an answer means; `lines`: if something was said on stderr since the last ones.
fn outcome(answer: Answer, is_ended: bool, lines: Option<&Lines>) -> Outcome {
    let reason = |words: String, word: &str| Reason {
        what: if words.is_empty() { format!("worker said {word}") } else { words },
        stderr: lines.map(Lines::last).unwrap_or_default(),
    };
    match answer {
        Answer::Accepted => Outcome::Accepted,
        // A handler that fails while we end it has not failed.
        Answer::Retry(_) | Answer::Refused(_) if is_ended => Outcome::Unfinished,
        Answer::Retry(words) => Outcome::Failed(reason(words, "retry")),
        Answer::Refused(words) => Outcome::Refused(reason(words, "fail")),
    }
}
