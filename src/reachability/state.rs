//! The connection: what is a failure at the start, and what passes by itself later. Pure.

use crate::error::Failure;
use crate::kafka::errors::{self, Cause};
use crate::kafka::{Trouble, TroubleKind, words};
use crate::reachability::{FailureText, local};
use crate::talk::Event;
use std::time::{Duration, Instant};

/// While all brokers are gone, one is asked that often.
const PROBE_EVERY: Duration = Duration::from_millis(500);

/// Somebody who waits is told what for after that long.
const PATIENCE: Duration = Duration::from_secs(2);

/// Different reasons kept for the message when nothing is reached.
const CAUSES_KEPT: usize = 64;

/// What to do about a trouble.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The trouble passes by itself; there is nothing to say.
    Wait,
    Warn(String),
    Fail(Failure),
}

/// What a probe found.
#[derive(Debug, PartialEq, Eq)]
pub enum ConnectionChange {
    None,
    Lost,
    Again(Duration),
}

impl ConnectionChange {
    /// What there is to tell.
    pub fn event(self) -> Option<Event> {
        match self {
            ConnectionChange::None => None,
            ConnectionChange::Lost => {
                let message = "lost all brokers, still trying".to_owned();
                Some(Event::Warning { message })
            }
            ConnectionChange::Again(time) => {
                let seconds = (time.as_millis() + 500) / 1000;
                Some(Event::Info { message: format!("connected again after {seconds} s") })
            }
        }
    }
}

/// Follows whether the cluster answers.
#[derive(Debug)]
pub struct Reachability {
    failure_text: FailureText,
    connect_deadline: Option<Instant>,
    /// How long brokers of this machine are tried that refuse the connection, if not until the deadline.
    refused_limit: Option<Duration>,
    /// Looks at an address of this machine.
    is_listening: fn(&str) -> bool,
    started: Instant,
    is_wait_said: bool,
    /// A broker described our topics.
    has_answered: bool,
    /// The brokers it sent us to answered as well.
    is_established: bool,
    leaders: Vec<String>,
    causes: Vec<Cause>,
    /// All brokers are on this machine, and nothing listens there.
    is_refused_here: bool,
    /// Why there is no token yet; without one no broker is asked.
    no_token: Option<Failure>,
    lost_since: Option<Instant>,
    is_lost_said: bool,
    is_probing: bool,
    next_probe: Option<Instant>,
}

impl Reachability {
    pub fn new(
        failure_text: FailureText,
        connect_deadline: Option<Instant>,
        started: Instant,
    ) -> Reachability {
        Reachability {
            failure_text,
            connect_deadline,
            refused_limit: None,
            is_listening: local::is_listening,
            started,
            is_wait_said: false,
            has_answered: false,
            is_established: false,
            leaders: Vec::new(),
            causes: Vec::new(),
            is_refused_here: false,
            no_token: None,
            lost_since: None,
            is_lost_said: false,
            is_probing: false,
            next_probe: None,
        }
    }

    /// Does not wait longer than that for brokers of this machine that refuse the connection: whether they run is
    /// known at once.
    pub fn with_refused_limit(self, refused_limit: Option<Duration>) -> Reachability {
        Reachability { refused_limit, ..self }
    }

    /// A broker answered and named these leaders.
    pub fn answered(&mut self, leaders: Vec<String>) {
        self.has_answered = true;
        self.leaders = leaders;
    }

    /// Leaders or the coordinator answered too: from now on an error is temporary.
    pub fn established(&mut self) {
        self.has_answered = true;
        self.is_established = true;
    }

    /// Some broker has answered at least once.
    pub fn has_answered(&self) -> bool {
        self.has_answered
    }

    pub fn is_connected(&self) -> bool {
        self.is_established && !self.is_lost_said
    }

    /// Something went wrong, and whether all brokers are lost is being asked.
    pub fn is_uncertain(&self) -> bool {
        self.lost_since.is_some()
    }

    pub fn failure_text(&self) -> &FailureText {
        &self.failure_text
    }

    /// Takes a line of librdkafka's log: some explain a disconnect better than its error does.
    pub fn note_log_line(&mut self, line: &str) {
        if self.is_established || !line.starts_with("FAIL: ") {
            return;
        }
        let cause = errors::cause(line.split("]: ").nth(1).unwrap_or(line));
        if cause.words == words::CLOSED || cause.words.contains("security.protocol") {
            self.remember(cause);
        }
    }

    /// Decides about a trouble.
    pub fn classify(&mut self, trouble: &Trouble, now: Instant) -> Verdict {
        match trouble.kind {
            TroubleKind::Transport | TroubleKind::AllBrokersDown if !self.is_established => {
                let cause = errors::cause(&trouble.reason);
                if cause.words.contains("alert") {
                    return Verdict::Fail(self.failure_text.tls(&cause));
                }
                if cause.broker.is_some() {
                    self.remember(cause);
                }
                Verdict::Wait
            }
            TroubleKind::Transport | TroubleKind::AllBrokersDown => {
                self.next_probe.get_or_insert(now);
                self.lost_since.get_or_insert(now);
                Verdict::Wait
            }
            TroubleKind::Token(fault) if !self.is_established && fault.is_passing() => {
                self.no_token = Some(self.failure_text.failure(trouble));
                Verdict::Wait
            }
            // A standalone run has a group in name only.
            TroubleKind::GroupAuthorization if !self.failure_text.has_group() => Verdict::Wait,
            TroubleKind::Authentication
            | TroubleKind::Token(_)
            | TroubleKind::Tls
            | TroubleKind::TopicAuthorization
            | TroubleKind::GroupAuthorization
            | TroubleKind::Authorization
            | TroubleKind::InvalidGroup
            | TroubleKind::InconsistentProtocol => {
                let failure = self.failure_text.failure(trouble);
                if self.is_established {
                    Verdict::Warn(in_one_line(&failure))
                } else {
                    Verdict::Fail(failure)
                }
            }
            TroubleKind::PollExceeded => {
                Verdict::Warn("we did not poll for longer than `max.poll.interval.ms`".to_owned())
            }
            TroubleKind::Fenced | TroubleKind::Unreleased | TroubleKind::ForeignGroup => {
                Verdict::Fail(self.failure_text.failure(trouble))
            }
            // Asked of the cluster by ourselves, with its answer in hand.
            TroubleKind::UnknownTopic
            | TroubleKind::UnknownGroup
            | TroubleKind::Rebalancing
            | TroubleKind::OffsetOutOfRange => Verdict::Wait,
            TroubleKind::BadRecord | TroubleKind::Unsupported | TroubleKind::Other => self.unnamed(trouble),
        }
    }

    /// A trouble that has no name: at the start it is a reason not to be connected, later a warning.
    fn unnamed(&mut self, trouble: &Trouble) -> Verdict {
        let cause = errors::cause(&trouble.reason);
        let is_foreign = cause.words.starts_with(words::ANSWERS_IN);
        if !self.is_established && is_foreign && cause.broker.is_some() {
            self.remember(cause);
            return Verdict::Wait;
        }
        let told = trouble.told();
        Verdict::Warn(match cause.broker {
            Some(broker) if told.starts_with("librdkafka: ") => format!("problem with `{broker}`: {told}"),
            Some(broker) => format!("`{broker}` {told}"),
            None if told.starts_with("librdkafka: ") => format!("trouble in the client: {told}"),
            None => told,
        })
    }

    /// The failure when nothing was reached in time, if that time has come.
    pub fn give_up(&mut self, now: Instant) -> Option<Failure> {
        let deadline = self.connect_deadline.filter(|_| !self.is_established)?;
        if self.refused_limit().is_some_and(|limit| now >= self.started + limit) {
            self.look_here();
        }
        let refused = self.refused_limit().map(|limit| self.started + limit);
        if now < refused.map_or(deadline, |refused| refused.min(deadline)) {
            return None;
        }
        if self.causes.is_empty() && self.no_token.is_some() {
            return self.no_token.clone();
        }
        // Nobody but a broker that answered names one that was not typed.
        let is_named =
            |cause: &Cause| cause.broker.as_ref().is_some_and(|broker| !self.failure_text.is_typed(broker));
        if !self.has_answered && !self.causes.iter().any(is_named) {
            return Some(self.failure_text.unreachable(&self.causes));
        }
        // A group may take its time to form: only a broker that cannot be reached is a reason to give up.
        let cause = self.causes.iter().rev().find(|cause| {
            let is_further =
                |broker: &String| self.leaders.contains(broker) || !self.failure_text.is_typed(broker);
            cause.broker.as_ref().is_some_and(is_further)
        })?;
        Some(self.failure_text.sent_nowhere(cause))
    }

    /// What we are waiting for, once, if nothing was reached for a while. Where there is no end to it, it is a
    /// warning, so that a log has it.
    pub fn still_waiting(&mut self, now: Instant) -> Option<Event> {
        if self.is_established || self.is_wait_said {
            return None;
        }
        if let Some(limit) = self.refused_limit() {
            self.is_wait_said = true;
            let (brokers, seconds) = (self.failure_text.brokers(), limit.as_secs());
            return Some(Event::Info {
                message: format!("nothing listens at `{brokers}`, trying for {seconds} s"),
            });
        }
        if now.duration_since(self.started) < PATIENCE {
            return None;
        }
        let (what, why) = match (self.causes.last(), &self.no_token) {
            (Some(cause), _) => {
                let broker = cause.broker.as_deref().unwrap_or_default();
                (format!("connecting to {broker}"), cause.words.clone())
            }
            (None, Some(failure)) => ("trying".to_owned(), failure.message.clone()),
            (None, None) if self.has_answered => return None,
            (None, None) => {
                (format!("connecting to {}", self.failure_text.brokers()), "no answer".to_owned())
            }
        };
        self.is_wait_said = true;
        Some(match self.connect_deadline {
            None => Event::Warning { message: format!("still {what}: {why}") },
            Some(_) => Event::Progress { message: format!("Still {what}: {why}").into() },
        })
    }

    /// Whether a probe should be sent now.
    pub fn is_probe_due(&mut self, now: Instant) -> bool {
        let is_due = !self.is_probing && self.next_probe.is_some_and(|at| at <= now);
        if is_due {
            self.is_probing = true;
        }
        is_due
    }

    /// Whoever was asked does not answer any more: the next question goes to a new client.
    pub fn ask_again(&mut self) {
        self.is_probing = false;
    }

    /// Takes what a probe found. Lost is said once, and the return once.
    pub fn probe_answered(&mut self, is_reached: bool, now: Instant) -> ConnectionChange {
        self.is_probing = false;
        if is_reached {
            self.next_probe = None;
            let since = self.lost_since.take();
            return match (std::mem::take(&mut self.is_lost_said), since) {
                (true, Some(since)) => ConnectionChange::Again(now.duration_since(since)),
                (true, None) | (false, _) => ConnectionChange::None,
            };
        }
        self.next_probe = Some(now + PROBE_EVERY);
        if std::mem::replace(&mut self.is_lost_said, true) {
            ConnectionChange::None
        } else {
            ConnectionChange::Lost
        }
    }

    /// How long it is tried because all brokers are on this machine and refuse the connection.
    fn refused_limit(&self) -> Option<Duration> {
        self.refused_limit.filter(|_| self.is_refused_here && !self.has_answered)
    }

    /// Looks whether really nothing listens at the brokers of this machine: librdkafka tells the refusal of one address
    /// of a name, while a broker may take its time at another, and then tells the same no more.
    fn look_here(&mut self) {
        self.is_refused_here = self.refused_limit.is_some()
            && self.failure_text.are_refused_here(&self.causes)
            && self.failure_text.addresses().all(|address| !(self.is_listening)(address));
    }

    fn remember(&mut self, cause: Cause) {
        let is_weak = words::is_of_another_family(&cause.words);
        let is_same = |known: &Cause| known.broker == cause.broker;
        if is_weak
            && self.causes.iter().any(|known| is_same(known) && !words::is_of_another_family(&known.words))
        {
            return;
        }
        if !is_weak {
            self.causes.retain(|known| !(is_same(known) && words::is_of_another_family(&known.words)));
        }
        self.causes.retain(|known| *known != cause);
        let is_refusal = cause.words == words::REFUSED;
        self.causes.push(cause);
        if self.causes.len() > CAUSES_KEPT {
            self.causes.remove(0);
        }
        if is_refusal {
            self.look_here();
        } else {
            self.is_refused_here = false;
        }
    }
}

fn in_one_line(failure: &Failure) -> String {
    match failure.causes.first() {
        Some(cause) => format!("{}: {cause}", failure.message),
        None => failure.message.clone(),
    }
}

#[cfg(test)]
mod tests;
