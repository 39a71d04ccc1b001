//! The pause before another attempt.

use crate::settings::Backoff;
use std::time::Duration;

/// A pause after `failed` attempts (at least 1): between nothing and `min` doubled each time, at most `max`. The
/// full range is used ("full jitter"), so that records that failed together do not come back together.
///
/// `chance` is from 0 to 1.
pub fn pause(backoff: Backoff, failed: u32, chance: f64) -> Duration {
    let doubled = backoff.min.saturating_mul(2_u32.saturating_pow(failed.saturating_sub(1)));
    let longest = doubled.min(backoff.max);
    // Never quite nothing: a handler that fails at once would be a busy loop.
    longest.mul_f64(chance.clamp(0.0, 1.0)).max(longest / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_up_to_the_maximum_and_uses_the_whole_range() {
        let seconds = Duration::from_secs;
        let backoff = Backoff { min: seconds(1), max: seconds(30) };
        for (failed, longest) in [(1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (40, 30), (u32::MAX, 30)] {
            assert_eq!(pause(backoff, failed, 1.0), seconds(longest), "{failed}");
            assert_eq!(pause(backoff, failed, 0.5), seconds(longest) / 2, "{failed}");
            assert_eq!(pause(backoff, failed, 0.0), seconds(longest) / 10, "{failed}");
        }
        let none = Backoff { min: Duration::ZERO, max: Duration::ZERO };
        assert_eq!(pause(none, 3, 1.0), Duration::ZERO);
    }
}
