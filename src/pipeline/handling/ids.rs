//! `--dedup`: which records are duplicates, and which have to wait for another with the same id.

use crate::dedup::{Answer, News, Store};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

/// Event ids in hand, and the store of those that were processed.
pub struct Ids {
    store: Store,
    /// The first record with each id is looked up or at work; the others wait for it.
    waiting: HashMap<Arc<str>, VecDeque<u64>>,
    /// Of records that are not ours any more, while a handler is still at work on them.
    disowned: HashMap<u64, Arc<str>>,
}

impl Ids {
    pub fn new(store: Store) -> Ids {
        Ids { store, waiting: HashMap::new(), disowned: HashMap::new() }
    }

    /// Asks whether the id was processed before, now or after the record that has it in hand.
    ///
    /// True if it is asked at once.
    pub fn claim(&mut self, id: &Arc<str>, ticket: u64) -> bool {
        if let Some(waiting) = self.waiting.get_mut(id) {
            waiting.push_back(ticket);
            return false;
        }
        self.waiting.insert(Arc::clone(id), VecDeque::new());
        self.store.look_up(ticket, Arc::clone(id));
        true
    }

    /// Has the id of a processed record kept; the answer says when it is safe.
    pub fn keep(&self, id: &Arc<str>, ticket: u64) {
        self.store.keep(ticket, Arc::clone(id));
    }

    /// The record is out of hand and its handler still at work: it has the id until `disowned_ended`.
    pub fn disown(&mut self, ticket: u64, id: Arc<str>) {
        self.disowned.insert(ticket, id);
    }

    /// The handler of a disowned record is done with it; returns its id.
    pub fn disowned_ended(&mut self, ticket: u64) -> Option<Arc<str>> {
        self.disowned.remove(&ticket)
    }

    /// The record that had the id is out of hand: the next one with it is looked up, and returned. `is_alive` tells
    /// whether a record is still in hand.
    pub fn release(&mut self, id: &Arc<str>, ticket: u64, is_alive: impl Fn(u64) -> bool) -> Option<u64> {
        let waiting = self.waiting.get_mut(id)?;
        if let Some(position) = waiting.iter().position(|other| *other == ticket) {
            // It had not come to its turn.
            waiting.remove(position);
            return None;
        }
        while let Some(next) = waiting.pop_front() {
            if is_alive(next) {
                self.store.look_up(next, Arc::clone(id));
                return Some(next);
            }
        }
        self.waiting.remove(id);
        None
    }

    pub fn answer(&self) -> Option<Answer> {
        self.store.answer()
    }

    pub fn news(&self) -> Option<News> {
        self.store.news()
    }

    /// Its thread still serves.
    pub fn is_alive(&self) -> bool {
        self.store.is_alive()
    }

    /// Closes the store, at most until then.
    pub fn close(self, deadline: Instant) {
        // Late, it is closed by the end of the process: what it was told to keep is kept all the same.
        let _ = self.store.close(deadline);
    }
}
