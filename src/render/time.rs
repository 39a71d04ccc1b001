//! Times of records as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt::Write as _;

/// How wide a time on a line is: `2026-11-23 10:00:00.123`.
pub const WIDTH: usize = 23;

/// Writes the times of records, of which many have the second of the one before.
#[derive(Debug)]
pub struct RecordTimes {
    zone: TimeZone,
    /// How a second is written, for `strftime`.
    pattern: &'static str,
    /// What stands behind the milliseconds.
    end: &'static str,
    /// The second that was written last, and its characters up to the milliseconds.
    second: Option<i64>,
    text: String,
    start: usize,
}

impl RecordTimes {
    /// Times of a zone as they stand on a line: `2026-11-23 10:00:00.123`.
    pub fn on_lines(zone: TimeZone) -> RecordTimes {
        RecordTimes::new(zone, "%Y-%m-%d %H:%M:%S", "")
    }

    /// Times in UTC for programs: `2026-11-23T09:00:00.123Z`.
    pub fn rfc3339() -> RecordTimes {
        RecordTimes::new(TimeZone::UTC, "%Y-%m-%dT%H:%M:%S", "Z")
    }

    fn new(zone: TimeZone, pattern: &'static str, end: &'static str) -> RecordTimes {
        RecordTimes { zone, pattern, end, second: None, text: String::new(), start: 0 }
    }

    /// A time up to milliseconds, or milliseconds since 1970 for a time that no calendar has.
    pub fn text(&mut self, timestamp: i64) -> &str {
        let (second, rest) = (timestamp.div_euclid(1000), timestamp.rem_euclid(1000));
        if self.second != Some(second) {
            self.second = None;
            self.text.clear();
            let Ok(time) = Timestamp::from_second(second) else {
                write!(self.text, "{timestamp}").expect("memory takes all");
                return &self.text;
            };
            let time = time.to_zoned(self.zone.clone());
            write!(self.text, "{}", time.strftime(self.pattern)).expect("memory takes all");
            self.second = Some(second);
            self.start = self.text.len();
        }
        self.text.truncate(self.start);
        write!(self.text, ".{rest:03}{}", self.end).expect("memory takes all");
        &self.text
    }
}

/// Local time in ISO 8601, milliseconds since 1970 for a time that no calendar has, or `(none)`.
pub fn iso(timestamp: Option<i64>, zone: &TimeZone) -> String {
    let Some(timestamp) = timestamp else { return "(none)".to_owned() };
    Timestamp::from_millisecond(timestamp).map_or_else(
        |_| timestamp.to_string(),
        |time| time.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz;

    #[test]
    fn a_time_on_a_line_is_local_and_has_milliseconds() {
        let mut time = RecordTimes::on_lines(TimeZone::fixed(tz::offset(1)));
        for (timestamp, expected) in [
            (1_763_888_400_123, "2025-11-23 10:00:00.123"),
            (1_763_888_400_004, "2025-11-23 10:00:00.004"),
            (1_763_888_401_000, "2025-11-23 10:00:01.000"),
            (1_763_888_401_999, "2025-11-23 10:00:01.999"),
            (-1, "1970-01-01 00:59:59.999"),
            (i64::MAX, "9223372036854775807"),
            (i64::MIN, "-9223372036854775808"),
            (-1, "1970-01-01 00:59:59.999"),
        ] {
            assert_eq!(time.text(timestamp), expected);
        }
        assert_eq!(time.text(0).len(), WIDTH);
    }
}
