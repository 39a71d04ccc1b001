//! A member of a group without partitions, which people are told of.

use std::time::{Duration, Instant};

/// A member is told that it has no partition after that long: an empty assignment may only be the first step of a
/// rebalance.
const SETTLED: Duration = Duration::from_secs(3);

/// Whether this member is without partitions, and since when.
#[derive(Debug, Default)]
pub struct SpareMember {
    since: Option<Instant>,
    is_told: bool,
}

impl SpareMember {
    /// Whether it is time to tell, once each time that the member is left without partitions.
    pub fn is_to_be_told(&mut self, is_spare: bool, now: Instant) -> bool {
        if !is_spare {
            *self = SpareMember::default();
            return false;
        }
        let since = *self.since.get_or_insert(now);
        now.duration_since(since) >= SETTLED && !std::mem::replace(&mut self.is_told, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spare_member_is_told_of_once_each_time_and_not_in_the_middle_of_a_rebalance() {
        let start = Instant::now();
        let mut spare = SpareMember::default();
        let told: Vec<u64> = [(0, true), (2, true), (3, false), (4, true), (6, true), (7, true), (8, true)]
            .into_iter()
            .filter(|(second, is_spare)| spare.is_to_be_told(*is_spare, start + Duration::from_secs(*second)))
            .map(|(second, _)| second)
            .collect();
        assert_eq!(told, [7]);
        spare.is_to_be_told(false, start);
        assert!(!spare.is_to_be_told(true, start));
        assert!(spare.is_to_be_told(true, start + SETTLED));
    }
}
