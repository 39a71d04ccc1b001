//! A member with a name of its own (`--instance-id`) that the broker does not know as such any more: after a crash or
//! an outage it joins again with a new client; only another member that lives with the same name ends it.

use super::Run;
use super::unreached::Unreached;
use crate::error::{Failure, Kind};
use crate::kafka::{Trouble, TroubleKind};
use crate::record::TopicPartition;
use crate::settings::Connection;
use std::time::{Duration, Instant};

/// Kafka's own default, of brokers (`group.consumer.session.timeout.ms`) and of clients.
const SESSION: Duration = Duration::from_secs(45);

/// A name that is not released is tried again after that long.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// A loop that stood still for that long missed what happened meanwhile.
const STOOD_STILL: Duration = Duration::from_secs(3);

/// What to do about a name that is held by somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It may well be our own earlier self: join again.
    Join,
    /// The same, and somebody should know what is waited for.
    SayAndJoin,
    /// Another member lives with it.
    Other,
}

/// What is known of our name in the group.
#[derive(Debug)]
pub struct Identity {
    id: Option<String>,
    /// After that long a member that is gone has lost its place.
    session: Duration,
    /// The last sign of an outage, of the brokers or of ourselves.
    disturbed: Option<Instant>,
    /// When somebody had joined in our place and we joined again.
    fenced: Option<Instant>,
    waiting: Option<Waiting>,
    /// A new client joins at this time.
    again: Option<Instant>,
}

/// Our name is held by a member that may be gone.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    until: Instant,
    last: Instant,
}

impl Identity {
    /// Whether the member has a name of its own.
    pub fn is_static(&self) -> bool {
        self.id.is_some()
    }

    pub fn new(connection: &Connection) -> Identity {
        let milliseconds = connection.property("session.timeout.ms").and_then(|text| text.parse().ok());
        Identity {
            id: connection.property("group.instance.id").map(str::to_owned),
            session: milliseconds.map_or(SESSION, Duration::from_millis),
            disturbed: None,
            fenced: None,
            waiting: None,
            again: None,
        }
    }

    /// Notes a sign of an outage: after one a member may meet its own earlier self.
    pub fn disturbed(&mut self, now: Instant) {
        self.disturbed = Some(now);
    }

    /// We are in the group with our name.
    pub fn joined(&mut self) {
        self.waiting = None;
    }

    /// Somebody has joined with our name, and we are out.
    ///
    /// After an outage that is our own earlier self: a request to join that went unanswered, and took effect later.
    /// Two that live and throw each other out see no outage, or none between the first time and the second: one of
    /// them ends.
    fn fenced(&mut self, now: Instant) -> Verdict {
        let is_after = |disturbed: Instant| now.duration_since(disturbed) <= 2 * self.session;
        let Some(disturbed) = self.disturbed.filter(|disturbed| is_after(*disturbed)) else {
            return Verdict::Other;
        };
        if self.fenced.is_some_and(|fenced| disturbed <= fenced) {
            return Verdict::Other;
        }
        self.fenced = Some(now);
        self.again = Some(now);
        Verdict::Join
    }

    /// A member that has our name has not been given up yet: it is one that crashed, or it lives.
    fn unreleased(&mut self, now: Instant) -> Verdict {
        self.again = Some(now + TRY_AGAIN);
        let is_same = |waiting: &Waiting| now.duration_since(waiting.last) <= 10 * TRY_AGAIN;
        match &mut self.waiting {
            Some(waiting) if is_same(waiting) => {
                waiting.last = now;
                if now >= waiting.until { Verdict::Other } else { Verdict::Join }
            }
            Some(_) | None => {
                // The last try comes when the session is over for sure.
                self.waiting = Some(Waiting { until: now + self.session + TRY_AGAIN, last: now });
                Verdict::SayAndJoin
            }
        }
    }
}

impl Run<'_> {
    /// Our name is held by somebody: our earlier self, after which we join again, or another member.
    pub(super) fn meet_namesake(&mut self, trouble: &Trouble, now: Instant) {
        if self.ending.is_some() || self.identity.again.is_some() {
            return;
        }
        let verdict = if trouble.kind == TroubleKind::Unreleased {
            self.identity.unreleased(now)
        } else {
            self.identity.fenced(now)
        };
        let id = self.identity.id.as_deref().unwrap_or_default();
        match verdict {
            Verdict::Join if trouble.kind == TroubleKind::Fenced => {
                self.talk
                    .info(format!("joining again: an outage took `--instance-id` `{id}` from this member"));
            }
            Verdict::Join => {}
            Verdict::SayAndJoin => {
                let seconds = self.identity.session.as_secs();
                self.talk.info(format!(
                    "waiting for `--instance-id` `{id}` to be released by its earlier run, up to {seconds} s"
                ));
            }
            Verdict::Other => {
                let failure = self.reachability.failure_text().failure(trouble);
                self.fail_without_commit(failure, now);
            }
        }
    }

    /// Joins with a new client if it is time to: one that was thrown out never works again.
    pub(super) fn join_again_if_due(&mut self, now: Instant) {
        if self.ending.is_some() || self.identity.again.take_if(|again| now >= *again).is_none() {
            return;
        }
        let opened = super::open_source(self.settings, &self.alarm, self.talk.is_library_wanted());
        let mut source = match opened {
            Ok(source) => source,
            Err(failure) => return self.fail(failure, now),
        };
        source.read_headers(self.delivery.reads_headers());
        self.forget_membership(now);
        std::mem::replace(&mut self.source, source).abandon();
        self.subscribe(now);
    }

    /// What is in hand is nobody's: the group has given our place to somebody else, and whatever was asked of the old
    /// client is not answered any more.
    fn forget_membership(&mut self, now: Instant) {
        let held: Vec<TopicPartition> = self.lanes.iter().map(|lane| lane.partition.clone()).collect();
        if !held.is_empty() {
            self.lost(held, now);
        }
        self.give_up_commit(now);
        self.rebalances.start_over();
        self.unreached = Unreached::new();
        self.ends.ask_again();
        self.reachability.ask_again();
        self.refused_by_group = None;
        self.has_asked_for_kind = false;
    }

    /// Joins the group, or changes what is read.
    pub(super) fn subscribe(&mut self, now: Instant) {
        let names: Vec<&str> = self.topics.names().iter().map(String::as_str).collect();
        if let Err(words) = self.source.subscribe(&names) {
            let failure = Failure::new(Kind::Run, "cannot join the group").caused_by(words);
            self.fail(failure, now);
        }
    }

    /// Notes that this loop stood still, if it did.
    pub(super) fn watch_pauses(&mut self, checked: Instant, now: Instant) {
        if now.duration_since(checked) >= STOOD_STILL {
            self.identity.disturbed(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn identity() -> Identity {
        Identity {
            id: Some("a".to_owned()),
            session: 6 * SECOND,
            disturbed: None,
            fenced: None,
            waiting: None,
            again: None,
        }
    }

    #[test]
    fn who_is_thrown_out_without_an_outage_meets_another() {
        let now = Instant::now();
        let mut identity = identity();
        assert_eq!(identity.fenced(now), Verdict::Other);
        identity.disturbed(now);
        assert_eq!(identity.fenced(now + 13 * SECOND), Verdict::Other, "that outage was long ago");
    }

    #[test]
    fn each_outage_is_a_reason_to_join_again_once() {
        let mut now = Instant::now();
        let mut identity = identity();
        for _ in 0..10 {
            identity.disturbed(now);
            assert_eq!(identity.fenced(now + SECOND), Verdict::Join);
            now += 20 * SECOND;
        }
        identity.disturbed(now);
        assert_eq!(identity.fenced(now + SECOND), Verdict::Join);
        assert_eq!(identity.fenced(now + 2 * SECOND), Verdict::Other, "the other one joined again, too");
    }

    #[test]
    fn a_name_that_is_not_released_is_waited_for_as_long_as_a_session() {
        let mut now = Instant::now();
        let mut identity = identity();
        assert_eq!(identity.unreleased(now), Verdict::SayAndJoin);
        for _ in 0..6 {
            now += SECOND;
            assert_eq!(identity.unreleased(now), Verdict::Join);
        }
        assert_eq!(identity.unreleased(now + SECOND), Verdict::Other);
        identity.joined();
        assert_eq!(identity.unreleased(now + 2 * SECOND), Verdict::SayAndJoin);
        assert_eq!(identity.unreleased(now + 60 * SECOND), Verdict::SayAndJoin, "it was joined in between");
    }
}
