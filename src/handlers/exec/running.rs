//! The attempts that wait for a thread and those that run: shared by the threads of a pool and its owner.

use crate::handlers::child::ProcessGroup;
use crate::handlers::{Attempt, are_all_killed};
use nix::sys::signal::Signal;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The attempts of a pool, from when they are handed over until they are over.
#[derive(Default)]
pub struct RunningAttempts {
    lists: Mutex<AttemptLists>,
    /// Notified when an attempt waits, and when nothing more comes.
    changed: Condvar,
}

#[derive(Default)]
struct AttemptLists {
    waiting: VecDeque<Attempt>,
    /// The attempts that wait and those that run.
    all: Vec<RunningAttempt>,
    /// No attempt comes any more.
    is_closed: bool,
}

/// An attempt from when it was handed over until it is over.
struct RunningAttempt {
    ticket: u64,
    /// The group of its process, while that is there.
    group: Option<ProcessGroup>,
    /// The last signal that was sent to end it.
    ended: Option<Signal>,
}

impl RunningAttempts {
    /// Adds an attempt and wakes a thread for it.
    pub fn hand(&self, attempt: Attempt) {
        let mut lists = self.lists();
        lists.all.push(RunningAttempt { ticket: attempt.ticket, group: None, ended: None });
        lists.waiting.push_back(attempt);
        self.changed.notify_one();
    }

    /// Waits for an attempt; returns none when no more come.
    pub fn next(&self) -> Option<Attempt> {
        let mut lists = self.lists();
        loop {
            if lists.is_closed {
                return None;
            }
            if let Some(attempt) = lists.waiting.pop_front() {
                return Some(attempt);
            }
            lists = self.changed.wait(lists).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Notes the process of an attempt, and sends it the signal that came before it had started.
    pub fn started(&self, ticket: u64, group: ProcessGroup) {
        let mut lists = self.lists();
        if let Some(attempt) = lists.of(ticket) {
            if let Some(signal) = attempt.ended {
                group.signal(signal);
            }
            attempt.group = Some(group);
        }
    }

    /// Forgets the process of an attempt, whose number may soon be another's.
    pub fn gone(&self, ticket: u64) {
        if let Some(attempt) = self.lists().of(ticket) {
            attempt.group = None;
        }
    }

    /// Whether we have ended an attempt.
    pub fn is_ended(&self, ticket: u64) -> bool {
        self.lists().of(ticket).is_some_and(|attempt| attempt.ended.is_some()) || are_all_killed()
    }

    /// Removes an attempt that is over.
    pub fn remove(&self, ticket: u64) {
        self.lists().all.retain(|attempt| attempt.ticket != ticket);
    }

    /// Ends with a signal the attempts that are meant.
    pub fn end(&self, signal: Signal, is_meant: impl Fn(u64) -> bool) {
        for attempt in self.lists().all.iter_mut().filter(|attempt| is_meant(attempt.ticket)) {
            attempt.ended = Some(signal);
            if let Some(group) = attempt.group {
                group.signal(signal);
            }
        }
    }

    /// Ends the threads.
    pub fn close(&self) {
        self.lists().is_closed = true;
        self.changed.notify_all();
    }

    fn lists(&self) -> MutexGuard<'_, AttemptLists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AttemptLists {
    fn of(&mut self, ticket: u64) -> Option<&mut RunningAttempt> {
        self.all.iter_mut().find(|attempt| attempt.ticket == ticket)
    }
}
