//! What passes between the owner of a pool of workers and their threads: attempts and signals in, results out.

use crate::alarm::Bell;
use crate::handlers::{Attempt, Done, Outcome, Printed};
use nix::sys::signal::Signal;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Attempts of one worker that have ended, with the worker's number.
pub type ResultBatch = (usize, VecDeque<Done>);

/// The attempts and signals for one worker's thread.
#[derive(Default)]
pub struct Inbox {
    state: Mutex<InboxState>,
}

#[derive(Default)]
struct InboxState {
    attempts: Vec<Attempt>,
    /// Signals that the thread has not sent to the worker's group yet.
    signals: Vec<Signal>,
    is_ended: bool,
    is_closed: bool,
    /// The thread sleeps until its bell rings.
    is_asleep: bool,
    /// The thread has ended.
    is_gone: bool,
}

/// What became of attempts that were put into an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The records were taken, and the thread has to be woken.
    Asleep,
    /// The records were taken by a thread that is awake.
    Awake,
    /// The records were not taken, since the thread has ended.
    Gone,
}

/// What a thread is told by its inbox, beside the attempts.
#[derive(Debug)]
pub struct Commands {
    pub signals: Vec<Signal>,
    /// Whether the run ends: nothing is started or sent any more.
    pub is_ended: bool,
    /// Whether no more attempts come.
    pub is_closed: bool,
    /// Whether there were attempts or signals.
    pub has_news: bool,
}

impl Inbox {
    /// Moves attempts into the inbox.
    pub fn put(&self, attempts: &mut Vec<Attempt>) -> Put {
        let mut state = self.state();
        if state.is_gone {
            return Put::Gone;
        }
        if state.attempts.is_empty() {
            std::mem::swap(&mut state.attempts, attempts);
        } else {
            state.attempts.append(attempts);
        }
        if std::mem::take(&mut state.is_asleep) { Put::Asleep } else { Put::Awake }
    }

    /// Has the thread send a signal, and nothing else any more.
    pub fn end(&self, signal: Signal) {
        let mut state = self.state();
        state.signals.push(signal);
        state.is_ended = true;
    }

    /// Tells the thread that no more attempts come.
    pub fn close(&self) {
        self.state().is_closed = true;
    }

    /// Whether the thread has ended.
    pub fn is_gone(&self) -> bool {
        self.state().is_gone
    }

    /// Takes everything out of the inbox. If it was empty, the thread counts as asleep.
    pub fn take(&self, waiting: &mut VecDeque<Attempt>) -> Commands {
        let mut state = self.state();
        let signals = std::mem::take(&mut state.signals);
        let has_news = !state.attempts.is_empty() || !signals.is_empty();
        waiting.extend(state.attempts.drain(..));
        state.is_asleep = !has_news;
        Commands { signals, is_ended: state.is_ended, is_closed: state.is_closed, has_news }
    }

    /// Marks the thread as ended and returns true, unless attempts have come meanwhile.
    pub fn leave(&self) -> bool {
        let mut state = self.state();
        state.is_gone = state.attempts.is_empty();
        state.is_gone
    }

    fn state(&self) -> MutexGuard<'_, InboxState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the threads of all workers give back.
pub struct Results {
    batches: Mutex<VecDeque<ResultBatch>>,
    /// Warnings about the workers themselves.
    warnings: Mutex<VecDeque<String>>,
    bell: Bell,
}

impl Results {
    pub fn new(bell: Bell) -> Results {
        Results { batches: Mutex::default(), warnings: Mutex::default(), bell }
    }

    /// Adds a batch of a worker, which may be empty, and rings once.
    pub fn give(&self, number: usize, batch: VecDeque<Done>) {
        if !batch.is_empty() {
            self.batches().push_back((number, batch));
        }
        self.bell.ring();
    }

    /// Exchanges all batches for `batches`, which should be empty.
    pub fn take(&self, batches: &mut VecDeque<ResultBatch>) {
        std::mem::swap(&mut *self.batches(), batches);
    }

    /// Adds a warning that is not about a record, and rings.
    pub fn warn(&self, message: String) {
        self.warnings().push_back(message);
        self.bell.ring();
    }

    /// Takes the oldest warning.
    pub fn warning(&self) -> Option<String> {
        self.warnings().pop_front()
    }

    fn warnings(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn batches(&self) -> MutexGuard<'_, VecDeque<ResultBatch>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt that has ended; a worker has no output, since its stdout carries the protocol.
pub fn done(attempt: Attempt, outcome: Outcome) -> Done {
    Done { ticket: attempt.ticket, outcome, output: Printed::default() }
}
