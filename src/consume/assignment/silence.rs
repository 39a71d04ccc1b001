//! What is known of a partition that gives nothing although its log goes on.

use std::time::{Duration, Instant};

/// What is known of a partition that gives nothing.
#[derive(Debug, Default)]
pub struct Silence {
    pub is_looking: bool,
    pub looks: u32,
    pub not_before: Option<Instant>,
    /// When the partition last gave something: the rest is about the time since then.
    pub since: Option<Instant>,
    pub has_looked: bool,
    /// There are records: they only do not come.
    pub is_readable: bool,
    /// The last look has found nothing before this offset.
    pub nothing_before: Option<i64>,
    /// So many looks in a row have found the end of the log right here.
    pub ends_here: u32,
    pub reason: Option<String>,
    /// What was told of it, now or shortly before.
    pub told: Option<String>,
    /// What was last said, and when.
    pub said: Option<(String, Instant)>,
    pub set_at: Option<Instant>,
}

impl Silence {
    /// A time that grows with the number of looks.
    pub fn grown(&self, (first, last): (Duration, Duration)) -> Duration {
        first.saturating_mul(1 << self.looks.min(8)).min(last)
    }

    /// Forgets what is known if the partition has given something since. How rarely it is looked at stays: looks take
    /// from a quota, too.
    pub fn follow(&mut self, moved_at: Instant) {
        if self.since != Some(moved_at) {
            let Silence { is_looking, looks, not_before, .. } = *self;
            let (since, said) = (Some(moved_at), self.said.take());
            *self = Silence { is_looking, looks, not_before, since, said, ..Silence::default() };
        }
    }

    /// Whether somebody was told that nothing has come since then.
    pub fn is_told(&self, moved_at: Instant) -> bool {
        self.told.is_some() && self.since == Some(moved_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_silence_is_forgotten_when_something_comes() {
        let (then, now) = (Instant::now(), Instant::now() + Duration::from_secs(20));
        let mut silence = Silence::default();
        silence.follow(then);
        (silence.looks, silence.not_before, silence.is_looking) = (3, Some(now), true);
        (silence.has_looked, silence.is_readable, silence.ends_here) = (true, true, 2);
        (silence.reason, silence.told) = (Some("a quota".to_owned()), Some("a quota".to_owned()));
        silence.follow(then);
        assert!(silence.is_told(then) && silence.has_looked && silence.is_readable);
        // Something has come, and the next look at it has not been made.
        assert!(!silence.is_told(now));
        silence.follow(now);
        assert!(!silence.is_told(now) && !silence.has_looked && !silence.is_readable);
        assert_eq!((silence.ends_here, &silence.reason), (0, &None));
        assert!(silence.is_looking, "its answer is still to come");
        assert_eq!((silence.looks, silence.not_before), (3, Some(now)), "looks stay as rare as they were");
    }
}
