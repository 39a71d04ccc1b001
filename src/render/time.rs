//! Times of records as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt::Write as _;

/// How wide a time on a line is: `2026-11-23 10:00:00.123`.
pub const WIDTH: usize = 23;

/// Writes times of a zone on lines, in which one second often follows itself.
#[derive(Debug)]
pub struct LineTime {
    zone: TimeZone,
    /// The second that was written last, and its characters up to the milliseconds.
    second: Option<i64>,
    text: String,
    start: usize,
}

impl LineTime {
    pub fn new(zone: TimeZone) -> LineTime {
        LineTime { zone, second: None, text: String::new(), start: 0 }
    }

    /// Local time up to milliseconds, milliseconds since 1970 for a time that no calendar has, or `-`.
    pub fn text(&mut self, timestamp: Option<i64>) -> &str {
        let Some(timestamp) = timestamp else { return "-" };
        let (second, rest) = (timestamp.div_euclid(1000), timestamp.rem_euclid(1000));
        if self.second != Some(second) {
            self.second = None;
            self.text.clear();
            let Ok(time) = Timestamp::from_second(second) else {
                self.start = 0;
                write!(self.text, "{timestamp}").expect("memory takes all");
                return &self.text;
            };
            let time = time.to_zoned(self.zone.clone());
            write!(self.text, "{}", time.strftime("%Y-%m-%d %H:%M:%S")).expect("memory takes all");
            self.second = Some(second);
            self.start = self.text.len();
        }
        self.text.truncate(self.start);
        write!(self.text, ".{rest:03}").expect("memory takes all");
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
        let mut time = LineTime::new(TimeZone::fixed(tz::offset(1)));
        for (timestamp, expected) in [
            (Some(1_763_888_400_123), "2025-11-23 10:00:00.123"),
            (Some(1_763_888_400_004), "2025-11-23 10:00:00.004"),
            (Some(1_763_888_401_000), "2025-11-23 10:00:01.000"),
            (None, "-"),
            (Some(1_763_888_401_999), "2025-11-23 10:00:01.999"),
            (Some(-1), "1970-01-01 00:59:59.999"),
            (Some(i64::MAX), "9223372036854775807"),
            (Some(i64::MIN), "-9223372036854775808"),
            (Some(-1), "1970-01-01 00:59:59.999"),
        ] {
            assert_eq!(time.text(timestamp), expected);
        }
        assert_eq!(time.text(Some(0)).len(), WIDTH);
    }
}
