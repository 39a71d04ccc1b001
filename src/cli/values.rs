//! Readers of option values: durations, counts, commit modes.

use super::Commit;
use std::time::Duration;

/// Reads a duration: a whole number and a unit, `500ms`, `30s`, `5m`, `2h`, `1d`.
///
/// # Errors
/// Anything else, in words that say what is valid.
pub fn duration(text: &str) -> Result<Duration, String> {
    const VALID: &str = "a duration needs a number and a unit: 500ms, 30s, 5m, 2h, 1d";
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or(VALID)?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| VALID)?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(VALID.to_owned()),
    };
    // A thousand years: beyond it sums with the clock would overflow.
    const LIMIT: u64 = 1_000 * 366 * 86_400_000;
    let total = number.checked_mul(milliseconds).filter(|total| *total <= LIMIT);
    total.map(Duration::from_millis).ok_or_else(|| "the duration is too long".to_owned())
}

pub(super) fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("it must be longer than zero".to_owned()),
        duration => Ok(duration),
    }
}

pub(super) fn positive(text: &str) -> Result<u64, String> {
    const VALID: &str = "it must be a whole number of at least 1";
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(VALID.to_owned());
    }
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| VALID.to_owned())
}

pub(super) fn commit(text: &str) -> Result<Commit, String> {
    match text {
        "auto" => Ok(Commit::Auto),
        "manual" => Ok(Commit::Manual),
        "never" => Ok(Commit::Never),
        _ => match text.strip_prefix("batch=").map(positive) {
            Some(Ok(count)) => Ok(Commit::Batch(count)),
            Some(Err(_)) => Err("batch=N needs a whole number of at least 1, as in batch=100".to_owned()),
            None => Err("it is one of auto, manual, batch=N, never".to_owned()),
        },
    }
}
