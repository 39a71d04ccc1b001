//! The pause before something that failed is tried again: longer each time.

use std::time::Duration;

/// A pause that doubles from one try to the next, up to a longest one.
#[derive(Clone, Copy, Debug)]
pub struct GrowingPause {
    first: Duration,
    longest: Duration,
    current: Duration,
}

impl GrowingPause {
    pub const fn new(first: Duration, longest: Duration) -> GrowingPause {
        GrowingPause { first, longest, current: first }
    }

    /// Returns the pause to make now and doubles the one after it.
    pub fn advance(&mut self) -> Duration {
        let pause = self.current;
        self.current = pause.saturating_mul(2).min(self.longest);
        pause
    }

    /// Starts over with the first pause, after a success.
    pub fn reset(&mut self) {
        self.current = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles_up_to_the_longest_and_starts_over() {
        let mut pause = GrowingPause::new(Duration::from_millis(100), Duration::from_secs(1));
        let pauses: Vec<u128> = (0..6).map(|_| pause.advance().as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1000, 1000]);
        pause.reset();
        assert_eq!(pause.advance(), Duration::from_millis(100));
    }

    #[test]
    fn a_pause_beyond_what_a_duration_holds_stays_the_longest() {
        let mut pause = GrowingPause::new(Duration::MAX, Duration::MAX);
        assert_eq!([pause.advance(), pause.advance()], [Duration::MAX; 2]);
    }
}
