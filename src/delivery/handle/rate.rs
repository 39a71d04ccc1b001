//! `--rate`: how many records may be started a second.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// A loop that turns late may catch up this much.
const CATCH_UP: Duration = Duration::from_millis(100);

/// Spreads starts evenly; never more than the rate in any second.
#[derive(Debug)]
pub struct Rate {
    limit: usize,
    interval: Duration,
    next: Option<Instant>,
    /// The starts of the last second.
    recent: VecDeque<Instant>,
}

impl Rate {
    pub fn new(limit: NonZeroU32) -> Rate {
        Rate {
            limit: limit.get() as usize,
            interval: SECOND / limit.get(),
            next: None,
            recent: VecDeque::new(),
        }
    }

    /// When the next record may be started; that may be in the past.
    pub fn due(&self, now: Instant) -> Instant {
        let free =
            self.recent.front().filter(|_| self.recent.len() >= self.limit).map(|first| *first + SECOND);
        self.next.unwrap_or(now).max(free.unwrap_or(now))
    }

    /// Counts a start.
    pub fn started(&mut self, now: Instant) {
        while self.recent.front().is_some_and(|start| now.duration_since(*start) >= SECOND) {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        let late = now.checked_sub(CATCH_UP).unwrap_or(now);
        self.next = Some(self.next.unwrap_or(now).max(late) + self.interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts in each of some seconds, of a loop that turns every `turn`.
    fn starts(limit: u32, turn: Duration, seconds: u32) -> Vec<usize> {
        let mut rate = Rate::new(NonZeroU32::new(limit).expect("not 0"));
        let begin = Instant::now();
        let mut counts = Vec::new();
        let mut now = begin;
        for second in 1..=seconds {
            let mut count = 0;
            while now < begin + SECOND * second {
                while rate.due(now) <= now {
                    rate.started(now);
                    count += 1;
                }
                now += turn;
            }
            counts.push(count);
        }
        counts
    }

    #[test]
    fn starts_are_as_many_as_allowed_and_no_more() {
        for (limit, turn) in [(1, 10), (10, 10), (100, 10), (1000, 3), (1000, 50)] {
            let counts = starts(limit, Duration::from_millis(turn), 5);
            assert!(counts.iter().all(|count| *count <= limit as usize), "{limit}: {counts:?}");
            assert!(counts.iter().all(|count| *count * 10 >= limit as usize * 9), "{limit}: {counts:?}");
        }
    }

    #[test]
    fn starts_are_spread() {
        let mut rate = Rate::new(NonZeroU32::new(10).expect("not 0"));
        let now = Instant::now();
        rate.started(now);
        assert_eq!(rate.due(now), now + SECOND / 10);
    }
}
