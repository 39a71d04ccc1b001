//! Partitions that no member of the group holds. A static member that comes back gets its old assignment without a
//! rebalance; if it leads the group, nobody hears of partitions that were added while it was away.

use crate::kafka::admin::groups::Unheld;
use crate::record::TopicPartition;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A leader that was there all the time finds new partitions by itself: it looks every 30 s.
const PATIENCE: Duration = Duration::from_secs(30);

/// Nobody else will find them.
const PATIENCE_ALONE: Duration = Duration::from_secs(1);

/// The first pause after joining anew; doubled each time that it was no help.
const PAUSE: Duration = Duration::from_secs(60);

/// How often joining anew is tried for partitions that are left to nobody all the same.
const TRIES: u32 = 3;

/// What is known of the partitions that others should hold.
#[derive(Debug, Default)]
pub struct Coverage {
    /// Partitions of others that were all held when the group was last asked.
    covered: BTreeSet<TopicPartition>,
    asked: BTreeSet<TopicPartition>,
    /// Held by nobody, since then.
    suspects: Option<(BTreeSet<TopicPartition>, Instant)>,
    tries: u32,
    not_before: Option<Instant>,
}

impl Coverage {
    /// The group shares its partitions out anew: what was known of them is not true any more.
    pub fn start_over(&mut self) {
        self.covered.clear();
        self.suspects = None;
    }

    /// The partitions that the group was last asked for.
    pub fn asked(&self) -> &BTreeSet<TopicPartition> {
        &self.asked
    }

    /// Whether the group should be asked who holds these.
    pub fn is_worth_asking(&mut self, others: BTreeSet<TopicPartition>) -> bool {
        let is_new = others != self.asked;
        if others.is_empty() || others == self.covered || !is_new && self.tries >= TRIES {
            return false;
        }
        if is_new {
            self.tries = 0;
        }
        self.asked = others;
        true
    }

    /// Whether these are left alone for good, and joining anew is worth a try.
    pub fn are_left_alone(&mut self, unheld: Unheld, now: Instant) -> bool {
        if unheld.partitions.is_empty() {
            self.covered = self.asked.clone();
            (self.suspects, self.tries) = (None, 0);
            return false;
        }
        let since = match &self.suspects {
            Some((known, since)) if *known == unheld.partitions => *since,
            Some(_) | None => {
                self.suspects = Some((unheld.partitions, now));
                now
            }
        };
        let patience = if unheld.is_alone { PATIENCE_ALONE } else { PATIENCE };
        if now.duration_since(since) < patience || self.not_before.is_some_and(|at| now < at) {
            return false;
        }
        self.not_before = Some(now + PAUSE * 2u32.pow(self.tries));
        self.tries += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn partitions(numbers: &[i32]) -> BTreeSet<TopicPartition> {
        let partition = |number: &i32| TopicPartition { topic: "t".into(), partition: *number };
        numbers.iter().map(partition).collect()
    }

    fn unheld(numbers: &[i32], is_alone: bool) -> Unheld {
        Unheld { partitions: partitions(numbers), is_alone }
    }

    #[test]
    fn the_group_is_asked_once_while_all_is_held() {
        let mut coverage = Coverage::default();
        assert!(!coverage.is_worth_asking(partitions(&[])), "all is ours");
        assert!(coverage.is_worth_asking(partitions(&[1, 2])));
        assert!(!coverage.are_left_alone(unheld(&[], false), Instant::now()));
        assert!(!coverage.is_worth_asking(partitions(&[1, 2])));
        assert!(coverage.is_worth_asking(partitions(&[1, 2, 3])));
        coverage.start_over();
        assert!(coverage.is_worth_asking(partitions(&[1, 2])));
    }

    #[test]
    fn what_nobody_holds_is_taken_up_after_a_while() {
        let now = Instant::now();
        let mut coverage = Coverage::default();
        assert!(!coverage.are_left_alone(unheld(&[3], true), now));
        assert!(coverage.are_left_alone(unheld(&[3], true), now + SECOND));
        let mut coverage = Coverage::default();
        assert!(!coverage.are_left_alone(unheld(&[3], false), now));
        assert!(!coverage.are_left_alone(unheld(&[3, 4], false), now + 20 * SECOND), "others, since now");
        assert!(!coverage.are_left_alone(unheld(&[3, 4], false), now + 49 * SECOND));
        assert!(coverage.are_left_alone(unheld(&[3, 4], false), now + 50 * SECOND));
    }

    #[test]
    fn what_is_left_to_nobody_all_the_same_is_given_up() {
        let mut now = Instant::now();
        let mut coverage = Coverage::default();
        let mut tries = 0;
        for _ in 0..1000 {
            now += 10 * SECOND;
            if coverage.is_worth_asking(partitions(&[1])) && coverage.are_left_alone(unheld(&[1], true), now)
            {
                tries += 1;
                coverage.start_over();
            }
        }
        assert_eq!(tries, TRIES);
    }
}
