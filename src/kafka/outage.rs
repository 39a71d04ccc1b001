//! Makes librdkafka pause between two tries at brokers that cannot be reached.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// After how long without news an outage is over. librdkafka reports the same error only every 30 s.
const OVER: Duration = Duration::from_secs(90);

/// Whether brokers cannot be reached, and what was done about it. librdkafka connects to the brokers that something
/// waits for (`enable.sparse.connections`). A request to a broker that refuses connections asks for one at each
/// change of its state, without a pause between two tries (`RD_KAFKA_OP_CONNECT` of rdkafka_broker.c): thousands of
/// tries a second, which take a whole core as long as the request waits. Without that property librdkafka pauses,
/// but connects to all brokers of the cluster. So the property is turned off during an outage, and only then.
#[derive(Default)]
pub struct Outage(Mutex<State>);

#[derive(Default)]
struct State {
    noticed: Option<Instant>,
    is_handled: bool,
}

impl Outage {
    /// Notes that a broker could not be reached.
    pub fn notice(&self, now: Instant) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).noticed = Some(now);
    }

    /// Whether connections should be sparse, when that changes: not during an outage, so that the client tries with
    /// pauses, and again once it is over.
    pub fn change(&self, now: Instant) -> Option<bool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).change(now)
    }
}

impl State {
    /// What to set, if something is to be set.
    fn change(&mut self, now: Instant) -> Option<bool> {
        self.noticed.take_if(|noticed| now.duration_since(*noticed) >= OVER);
        let is_outage = self.noticed.is_some();
        (is_outage != std::mem::replace(&mut self.is_handled, is_outage)).then_some(!is_outage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_sparse_again_when_nothing_more_is_heard_of_an_outage() {
        let now = Instant::now();
        let mut state = State::default();
        assert_eq!(state.change(now), None);
        state.noticed = Some(now);
        assert_eq!(state.change(now), Some(false));
        state.noticed = Some(now + OVER / 2);
        assert_eq!(state.change(now + OVER), None);
        assert_eq!(state.change(now + OVER * 2), Some(true));
        assert_eq!(state.change(now + OVER * 3), None);
    }
}
