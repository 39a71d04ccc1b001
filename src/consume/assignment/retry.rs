//! When leaders that did not answer are asked again.

use crate::pause::GrowingPause;
use std::time::Duration;

/// The pauses before a leader that did not answer is asked again.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a leader may take to answer; doubled with every try up to `LONGEST_LIMIT`, since a slow one answers too.
const FIRST_LIMIT: Duration = Duration::from_secs(5);
const LONGEST_LIMIT: Duration = Duration::from_secs(60);

/// When a question is asked again, and how long it may take then.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    pause: GrowingPause,
    limit: Duration,
}

impl Default for Retry {
    fn default() -> Retry {
        Retry { pause: GrowingPause::new(FIRST_PAUSE, LONGEST_PAUSE), limit: FIRST_LIMIT }
    }
}

impl Retry {
    /// The time until the next try, which may take longer.
    pub fn pause(&mut self) -> Duration {
        self.limit = (self.limit * 2).min(LONGEST_LIMIT);
        self.pause.advance()
    }

    /// How long the question may take.
    pub fn limit(&self) -> Duration {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_made_rarer_and_may_take_longer() {
        let mut retry = Retry::default();
        let pauses: Vec<u128> = (0..7).map(|_| retry.pause().as_millis()).collect();
        assert_eq!(pauses, [200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(retry.limit(), LONGEST_LIMIT);
    }
}
