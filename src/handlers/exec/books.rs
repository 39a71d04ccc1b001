//! Which attempts wait and which run: shared by the crew's threads and who gives them work.

use crate::handlers::Attempt;
use crate::handlers::child::Group;
use nix::sys::signal::Signal;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub struct Books {
    pages: Mutex<Pages>,
    /// Something waits, or nothing comes any more.
    news: Condvar,
}

#[derive(Default)]
struct Pages {
    waiting: VecDeque<Attempt>,
    taken: Vec<Taken>,
    /// Nothing comes any more.
    is_closed: bool,
}

/// An attempt from when it was handed over until it is over.
struct Taken {
    ticket: u64,
    /// Of its process, while that is there.
    group: Option<Group>,
    /// The last signal that was to end it.
    ended: Option<Signal>,
}

impl Books {
    pub fn hand(&self, attempt: Attempt) {
        let mut pages = self.pages();
        pages.taken.push(Taken { ticket: attempt.ticket, group: None, ended: None });
        pages.waiting.push_back(attempt);
        self.news.notify_one();
    }

    /// Waits for an attempt; `None` when nothing comes any more.
    pub fn next(&self) -> Option<Attempt> {
        let mut pages = self.pages();
        loop {
            if pages.is_closed {
                return None;
            }
            if let Some(attempt) = pages.waiting.pop_front() {
                return Some(attempt);
            }
            pages = self.news.wait(pages).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Notes the process of an attempt. If it was to end before there was one, it gets its signal now.
    pub fn started(&self, ticket: u64, group: Group) {
        let mut pages = self.pages();
        if let Some(taken) = pages.of(ticket) {
            if let Some(signal) = taken.ended {
                group.signal(signal);
            }
            taken.group = Some(group);
        }
    }

    /// The process of an attempt has no need for signals any more, and its number may soon be another's.
    pub fn gone(&self, ticket: u64) {
        if let Some(taken) = self.pages().of(ticket) {
            taken.group = None;
        }
    }

    /// Whether an attempt was ended by us.
    pub fn is_ended(&self, ticket: u64) -> bool {
        self.pages().of(ticket).is_some_and(|taken| taken.ended.is_some())
    }

    /// The attempt is over.
    pub fn strike(&self, ticket: u64) {
        self.pages().taken.retain(|taken| taken.ticket != ticket);
    }

    /// Ends attempts with a signal.
    pub fn end(&self, signal: Signal, is_meant: impl Fn(u64) -> bool) {
        for taken in self.pages().taken.iter_mut().filter(|taken| is_meant(taken.ticket)) {
            taken.ended = Some(signal);
            if let Some(group) = taken.group {
                group.signal(signal);
            }
        }
    }

    /// Sends the threads home.
    pub fn close(&self) {
        self.pages().is_closed = true;
        self.news.notify_all();
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn of(&mut self, ticket: u64) -> Option<&mut Taken> {
        self.taken.iter_mut().find(|taken| taken.ticket == ticket)
    }
}
