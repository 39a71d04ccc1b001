//! Durations as people write them, `30s` or `1h30m`, and as messages say them, `4.2 s`.

use std::time::Duration;

/// Parses a duration: whole numbers, each with its unit, as in `500ms`, `30s`, `1h30m`, `1w`.
///
/// # Errors
/// A message that says what is valid.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    const VALID: &str = "a duration is a number and a unit, or several: 500ms, 30s, 5m, 2h, 1d, 1w, 1h30m";
    // Units are written in this order, from the longest to the shortest.
    const UNITS: [(&str, u64); 6] =
        [("w", 7 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    // A thousand years: with more, sums with the clock would overflow.
    const LIMIT: u64 = 1_000 * 366 * 86_400_000;
    let (mut rest, mut units, mut total) = (text, UNITS.iter(), Some(0_u64));
    loop {
        let number_end = rest.find(|c: char| !c.is_ascii_digit()).ok_or(VALID)?;
        let (number, unit) = rest.split_at(number_end);
        let unit_end = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        let (unit, next) = unit.split_at(unit_end);
        let (_, milliseconds) = units.find(|(name, _)| *name == unit).ok_or(VALID)?;
        let number: u64 = number.parse().map_err(|_| VALID)?;
        let part = number.checked_mul(*milliseconds);
        total = total.zip(part).and_then(|(total, part)| total.checked_add(part));
        rest = next;
        if rest.is_empty() {
            break;
        }
    }
    let total = total.filter(|total| *total <= LIMIT);
    total.map(Duration::from_millis).ok_or_else(|| "the duration is too long".to_owned())
}

/// A time in a message: `0.004 s`, `0.21 s`, `4.2 s`, `42 s`, `12 min`, `3 h`, `2 d`.
pub fn spoken(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match time.as_secs() {
        _ if seconds < 0.0995 => format!("{seconds:.3} s"),
        _ if seconds < 0.995 => format!("{seconds:.2} s"),
        _ if seconds < 9.95 => format!("{seconds:.1} s"),
        0..120 => format!("{seconds:.0} s"),
        seconds => whole_units(seconds),
    }
}

/// So many seconds in the largest unit of which there are two: `119 s`, `2 min`, `3 h`, `2 d`.
pub fn whole_units(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_as_exactly_as_people_want_it() {
        for (milliseconds, words) in [
            (4, "0.004 s"),
            (99, "0.099 s"),
            (210, "0.21 s"),
            (994, "0.99 s"),
            (996, "1.0 s"),
            (4_240, "4.2 s"),
            (9_960, "10 s"),
            (119_400, "119 s"),
            (120_000, "2 min"),
            (7_200_000, "2 h"),
            (172_800_000, "2 d"),
        ] {
            assert_eq!(spoken(Duration::from_millis(milliseconds)), words);
        }
    }

    #[test]
    fn a_duration_is_numbers_with_their_units_from_the_longest_to_the_shortest() {
        for (text, milliseconds) in [
            ("500ms", 500),
            ("2h", 7_200_000),
            ("0s", 0),
            ("1w", 604_800_000),
            ("1h30m", 5_400_000),
            ("1w2d3h4m5s6ms", 788_645_006),
            ("1m1ms", 60_001),
            ("0h5s", 5_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for bad in [
            "",
            "5",
            "s",
            "-1s",
            "1.5s",
            "5 s",
            "5y",
            "1h30",
            "1hh",
            "30m1h",
            "1h1h",
            "1h-5m",
            "1H",
            "99999999999999999999s",
            "9999999999999d",
            "366000d1ms",
            "30000w30000w",
        ] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
