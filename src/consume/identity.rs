//! A member with a name of its own (`--instance-id`) that the broker does not know as such any more: after a crash or
//! an outage it joins again with a new client; only another member that lives with the same name ends it.

use crate::settings::Connection;
use std::time::{Duration, Instant};

/// Kafka's own default, of brokers (`group.consumer.session.timeout.ms`) and of clients.
const SESSION: Duration = Duration::from_secs(45);

/// A name that is not released is tried again after that long.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// What to do about a name that is held by somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameVerdict {
    /// The other member may well be our own earlier self: join again.
    Join,
    /// Join again, and say what is waited for.
    SayAndJoin,
    /// Another member lives with it.
    Other,
}

/// What is known of our name in the group.
#[derive(Debug)]
pub struct Identity {
    pub id: Option<String>,
    /// After that long a member that is gone has lost its place.
    pub session: Duration,
    /// The last sign of an outage, of the brokers or of ourselves.
    disturbed: Option<Instant>,
    /// When somebody had joined in our place and we joined again.
    fenced: Option<Instant>,
    waiting: Option<Waiting>,
    /// A new client joins at this time.
    pub again: Option<Instant>,
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
    pub fn fenced(&mut self, now: Instant) -> NameVerdict {
        let is_after = |disturbed: Instant| now.duration_since(disturbed) <= 2 * self.session;
        let Some(disturbed) = self.disturbed.filter(|disturbed| is_after(*disturbed)) else {
            return NameVerdict::Other;
        };
        if self.fenced.is_some_and(|fenced| disturbed <= fenced) {
            return NameVerdict::Other;
        }
        self.fenced = Some(now);
        self.again = Some(now);
        NameVerdict::Join
    }

    /// A member that has our name has not been given up yet: it is one that crashed, or it lives.
    pub fn unreleased(&mut self, now: Instant) -> NameVerdict {
        self.again = Some(now + TRY_AGAIN);
        let is_same = |waiting: &Waiting| now.duration_since(waiting.last) <= 10 * TRY_AGAIN;
        match &mut self.waiting {
            Some(waiting) if is_same(waiting) => {
                waiting.last = now;
                if now >= waiting.until { NameVerdict::Other } else { NameVerdict::Join }
            }
            Some(_) | None => {
                // The last try comes when the session is over for sure.
                self.waiting = Some(Waiting { until: now + self.session + TRY_AGAIN, last: now });
                NameVerdict::SayAndJoin
            }
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
        assert_eq!(identity.fenced(now), NameVerdict::Other);
        identity.disturbed(now);
        assert_eq!(identity.fenced(now + 13 * SECOND), NameVerdict::Other, "that outage was long ago");
    }

    #[test]
    fn each_outage_is_a_reason_to_join_again_once() {
        let mut now = Instant::now();
        let mut identity = identity();
        for _ in 0..10 {
            identity.disturbed(now);
            assert_eq!(identity.fenced(now + SECOND), NameVerdict::Join);
            now += 20 * SECOND;
        }
        identity.disturbed(now);
        assert_eq!(identity.fenced(now + SECOND), NameVerdict::Join);
        assert_eq!(identity.fenced(now + 2 * SECOND), NameVerdict::Other, "the other one joined again, too");
    }

    #[test]
    fn a_name_that_is_not_released_is_waited_for_as_long_as_a_session() {
        let mut now = Instant::now();
        let mut identity = identity();
        assert_eq!(identity.unreleased(now), NameVerdict::SayAndJoin);
        for _ in 0..6 {
            now += SECOND;
            assert_eq!(identity.unreleased(now), NameVerdict::Join);
        }
        assert_eq!(identity.unreleased(now + SECOND), NameVerdict::Other);
        identity.joined();
        assert_eq!(identity.unreleased(now + 2 * SECOND), NameVerdict::SayAndJoin);
        assert_eq!(
            identity.unreleased(now + 60 * SECOND),
            NameVerdict::SayAndJoin,
            "it was joined in between"
        );
    }
}
