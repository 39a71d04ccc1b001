//! Whether a registry is away: known from one schema, true for all.

use super::fetching::FetchFault;
use std::time::{Duration, Instant};

/// Pauses before a registry that has been given up is tried again, which grow by two. They end far below those for a
/// single schema: every record that names a new schema fails until it is noticed that the registry is back.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// A registry may ask to be left alone for so long.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Nothing is known any more of a registry that was not asked for so long.
const STALE: Duration = Duration::from_secs(60);

/// What the last requests say about the registry itself.
#[derive(Debug, Default)]
pub struct RegistryOutage {
    /// The fault of the last request, and when that was, if it was not answered.
    last: Option<(FetchFault, Instant)>,
    last_answer: Option<Instant>,
    /// Since a schema was given up: when the registry is tried again, and the pause before that.
    given_up: Option<(Instant, Duration)>,
}

impl RegistryOutage {
    /// The registry has answered, if only that it has no such schema.
    pub fn answered(&mut self, now: Instant) {
        *self = RegistryOutage { last_answer: Some(now), ..RegistryOutage::default() };
    }

    /// A request was not answered.
    pub fn failed(&mut self, fault: &FetchFault, now: Instant) {
        let given_up = self.given_up.filter(|_| self.is_given_up(now));
        self.last = Some((fault.clone(), now));
        self.given_up = given_up.map(|(_, pause)| self.pause(now, (pause * 2).min(LONGEST_PAUSE)));
    }

    /// A schema that was asked for since then has been given up. If the registry answered for another one meanwhile,
    /// it is the schema's own trouble.
    pub fn give_up(&mut self, since: Instant, now: Instant) {
        let is_answering = self.last_answer.is_some_and(|answer| answer >= since);
        if !is_answering && !self.is_given_up(now) {
            self.given_up = Some(self.pause(now, FIRST_PAUSE));
        }
    }

    /// The fault of the last request, if it was not answered.
    pub fn last_fault(&self) -> Option<&FetchFault> {
        self.last.as_ref().map(|(fault, _)| fault)
    }

    /// Whether a schema has been given up since the registry answered: others are not waited for as long.
    pub fn is_given_up(&self, now: Instant) -> bool {
        let is_fresh = self.last.as_ref().is_some_and(|(_, at)| now.saturating_duration_since(*at) < STALE);
        self.given_up.is_some() && is_fresh
    }

    /// The fault that all schemas share while the registry is not asked at all.
    pub fn shared(&self, now: Instant) -> Option<FetchFault> {
        self.again(now).filter(|again| now < *again).and_then(|_| self.last_fault().cloned())
    }

    /// When a registry that is away is tried again.
    pub fn again(&self, now: Instant) -> Option<Instant> {
        let is_away = matches!(self.last_fault(), Some(FetchFault::Away { .. }));
        self.given_up.filter(|_| is_away && self.is_given_up(now)).map(|(again, _)| again)
    }

    fn pause(&self, now: Instant, pause: Duration) -> (Instant, Duration) {
        let asked_for = match self.last_fault() {
            Some(FetchFault::Away { wait, .. }) => wait.unwrap_or_default().min(LONGEST_WAIT),
            _ => Duration::ZERO,
        };
        (now + pause.max(asked_for), pause)
    }
}
