//! `--dedup`: which records are duplicates, and which have to wait for another with the same id.

use crate::dedup::{News, Store, StoreAnswer};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Event ids in hand, and the store of those that were processed.
pub struct Ids {
    store: Store,
    /// The first record with each id is looked up or at work; the others wait for it.
    waiting: HashMap<Arc<str>, VecDeque<u64>>,
    /// Ids of records that are not ours any more, while a handler is still at work on them.
    abandoned: HashMap<u64, Arc<str>>,
    /// Claimed in the store, or about to be.
    claimed: HashSet<Arc<str>>,
}

/// A claim outlives an attempt, with the time to end its processes and some more, but is five minutes at most; without a
/// time-out it is a minute. It is renewed all the time, so this is how long others wait after a crash.
pub fn claim_time(timeout: Option<Duration>) -> Duration {
    const MOST: Duration = Duration::from_secs(300);
    let attempt = |timeout: Duration| timeout.saturating_add(Duration::from_secs(15)).min(MOST);
    timeout.map_or(Duration::from_secs(60), attempt)
}

impl Ids {
    pub fn new(store: Store) -> Ids {
        Ids { store, waiting: HashMap::new(), abandoned: HashMap::new(), claimed: HashSet::new() }
    }

    /// Asks whether the id was processed before, now or after the record that has it in hand.
    ///
    /// True if it is asked at once.
    pub fn look_up(&mut self, id: &Arc<str>, ticket: u64) -> bool {
        if let Some(waiting) = self.waiting.get_mut(id) {
            waiting.push_back(ticket);
            return false;
        }
        self.waiting.insert(Arc::clone(id), VecDeque::new());
        self.store.look_up(ticket, Arc::clone(id));
        true
    }

    /// Claims the id of a record that is about to start, if others use the store too. False if there is no need.
    pub fn claim(&mut self, id: &Arc<str>, ticket: u64) -> bool {
        if self.store.has_claims() {
            self.claimed.insert(Arc::clone(id));
            self.store.claim(ticket, Arc::clone(id));
        }
        self.store.has_claims()
    }

    /// Another member has it, or has processed it.
    pub fn is_elsewhere(&mut self, id: &Arc<str>) {
        self.claimed.remove(id);
    }

    /// The handler has ended and not processed the record: others need not wait for it.
    pub fn give_back(&mut self, id: &Arc<str>) {
        if self.claimed.remove(id) {
            self.store.give_back(Arc::clone(id));
        }
    }

    /// Has the id of a processed record kept, which gives the claim back; the answer says when it is safe.
    pub fn keep(&mut self, id: &Arc<str>, ticket: u64) {
        self.claimed.remove(id);
        self.store.keep(ticket, Arc::clone(id));
    }

    /// The record is out of hand and its handler still at work: it has the id until `abandoned_ended`.
    pub fn abandon(&mut self, ticket: u64, id: Arc<str>) {
        self.abandoned.insert(ticket, id);
    }

    /// The handler of an abandoned record is done with it; returns its id.
    pub fn abandoned_ended(&mut self, ticket: u64) -> Option<Arc<str>> {
        self.abandoned.remove(&ticket)
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
        if self.claimed.remove(id) {
            self.store.give_back(Arc::clone(id));
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

    pub fn answer(&self) -> Option<StoreAnswer> {
        self.store.answer()
    }

    pub fn news(&self) -> Option<News> {
        self.store.news()
    }

    /// Whether the thread of the store still serves.
    pub fn is_alive(&self) -> bool {
        self.store.is_alive()
    }

    /// Closes the store, at most until then.
    pub fn close(self, deadline: Instant) {
        // Late, it is closed by the end of the process: what it was told to keep is kept all the same.
        let _ = self.store.close(deadline);
    }
}
