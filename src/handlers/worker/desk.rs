//! What goes between who hands records over and the threads of the workers.

use crate::alarm::Bell;
use crate::handlers::{Attempt, Done, Outcome, Printed};
use nix::sys::signal::Signal;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Answers of one worker, by its number.
pub type Batch = (usize, VecDeque<Done>);

/// Where one worker's thread finds its work.
#[derive(Default)]
pub struct Desk {
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    attempts: Vec<Attempt>,
    /// Signals for the group that are not sent yet.
    signals: Vec<Signal>,
    is_ended: bool,
    is_closed: bool,
    /// The thread looks here again only when its bell rings.
    is_asleep: bool,
    /// The thread has left.
    is_gone: bool,
}

/// What became of attempts that were put on a desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The thread is to be woken.
    Asleep,
    Awake,
    /// The thread has left: they were not taken.
    Gone,
}

/// What a thread finds on its desk.
#[derive(Debug)]
pub struct Orders {
    pub signals: Vec<Signal>,
    /// Nothing is started or sent any more.
    pub is_ended: bool,
    /// Nothing more comes.
    pub is_closed: bool,
    /// There were attempts or signals.
    pub has_news: bool,
}

impl Desk {
    /// Moves the attempts to the desk.
    pub fn put(&self, attempts: &mut Vec<Attempt>) -> Put {
        let mut pages = self.pages();
        if pages.is_gone {
            return Put::Gone;
        }
        if pages.attempts.is_empty() {
            std::mem::swap(&mut pages.attempts, attempts);
        } else {
            pages.attempts.append(attempts);
        }
        if std::mem::take(&mut pages.is_asleep) { Put::Asleep } else { Put::Awake }
    }

    pub fn end(&self, signal: Signal) {
        let mut pages = self.pages();
        pages.signals.push(signal);
        pages.is_ended = true;
    }

    pub fn close(&self) {
        self.pages().is_closed = true;
    }

    pub fn is_gone(&self) -> bool {
        self.pages().is_gone
    }

    /// Takes all that is there; if that is nothing, the thread counts as asleep.
    pub fn take(&self, waiting: &mut VecDeque<Attempt>) -> Orders {
        let mut pages = self.pages();
        let signals = std::mem::take(&mut pages.signals);
        let has_news = !pages.attempts.is_empty() || !signals.is_empty();
        waiting.extend(pages.attempts.drain(..));
        pages.is_asleep = !has_news;
        Orders { signals, is_ended: pages.is_ended, is_closed: pages.is_closed, has_news }
    }

    /// Leaves for good, unless something has come meanwhile.
    pub fn leave(&self) -> bool {
        let mut pages = self.pages();
        pages.is_gone = pages.attempts.is_empty();
        pages.is_gone
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where all threads put their answers.
pub struct Outbox {
    batches: Mutex<VecDeque<Batch>>,
    /// What people should hear of the workers themselves.
    warnings: Mutex<VecDeque<String>>,
    bell: Bell,
}

impl Outbox {
    pub fn new(bell: Bell) -> Outbox {
        Outbox { batches: Mutex::default(), warnings: Mutex::default(), bell }
    }

    /// Gives a batch, which may be empty, and rings once.
    pub fn give(&self, number: usize, batch: VecDeque<Done>) {
        if !batch.is_empty() {
            self.batches().push_back((number, batch));
        }
        self.bell.ring();
    }

    pub fn take(&self, batches: &mut VecDeque<Batch>) {
        std::mem::swap(&mut *self.batches(), batches);
    }

    /// Has something said that is not about a record.
    pub fn warn(&self, message: String) {
        self.warnings().push_back(message);
        self.bell.ring();
    }

    pub fn warning(&self) -> Option<String> {
        self.warnings().pop_front()
    }

    fn warnings(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn batches(&self) -> MutexGuard<'_, VecDeque<Batch>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends an attempt without output: that of a worker is the protocol.
pub fn done(attempt: Attempt, outcome: Outcome) -> Done {
    Done { ticket: attempt.ticket, outcome, output: Printed::default() }
}
