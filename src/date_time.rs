//! Dates and times of the calendar as text, without a library that has to look up time zones.

/// Appends the day, a `T` and the time of day of seconds since 1970, in UTC; years from 0 to 9999 have four digits.
pub fn date_and_time(seconds: i64, out: &mut Vec<u8>) {
    date(seconds.div_euclid(86_400), out);
    out.push(b'T');
    let rest = seconds.rem_euclid(86_400) as u32;
    digits(rest / 3600, 2, out);
    out.push(b':');
    digits(rest / 60 % 60, 2, out);
    out.push(b':');
    digits(rest % 60, 2, out);
}

/// Appends a time in quotes, in ISO 8601 with a `Z`, and says whether it is one of the years 0 to 9999.
pub fn timestamp(seconds: i64, nanos: u32, out: &mut Vec<u8>) -> bool {
    const TIMES: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;
    if !TIMES.contains(&seconds) || nanos >= 1_000_000_000 {
        return false;
    }
    out.push(b'"');
    date_and_time(seconds, out);
    if nanos > 0 {
        out.push(b'.');
        digits(nanos, 9, out);
        let zeros = out.iter().rev().take_while(|byte| **byte == b'0').count();
        out.truncate(out.len() - zeros);
    }
    out.extend_from_slice(b"Z\"");
    true
}

/// Appends the day that many days after 1970-01-01.
pub fn date(days: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil(days);
    digits(year, 4, out);
    out.push(b'-');
    digits(month, 2, out);
    out.push(b'-');
    digits(day, 2, out);
}

/// The year, month and day that many days after 1970-01-01, of years from 0 on.
///
/// Years begin in March here, so that a leap day is the last of its year, and are counted from 400 years before year 0.
/// So many always have as many days.
#[inline]
pub fn civil(days: i64) -> (u32, u32, u32) {
    const DAYS_OF_400_YEARS: u32 = 146_097;
    const BEFORE_1970: i64 = 719_468 + DAYS_OF_400_YEARS as i64;
    let days = u32::try_from(days + BEFORE_1970).unwrap_or_default();
    let (cycle, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    ((cycle * 400 + year + later).saturating_sub(400), month, day)
}

/// Appends a number with so many digits, at most nine.
pub fn digits(number: u32, count: usize, out: &mut Vec<u8>) {
    let mut text = [b'0'; 9];
    let mut rest = number;
    for digit in text[..count].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&text[..count]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(seconds: i64) -> String {
        let mut out = Vec::new();
        date_and_time(seconds, &mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn leap_days_and_both_ends_are_right() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00"),
            (-1, "1969-12-31T23:59:59"),
            (951_782_400, "2000-02-29T00:00:00"),
            (4_107_542_400, "2100-03-01T00:00:00"),
            (-62_135_596_800, "0001-01-01T00:00:00"),
            (-62_167_219_200, "0000-01-01T00:00:00"),
            (-62_162_121_600, "0000-02-29T00:00:00"),
            (253_402_300_799, "9999-12-31T23:59:59"),
        ] {
            assert_eq!(text(seconds), expected);
        }
    }

    #[test]
    fn a_timestamp_has_no_zeros_behind_its_fraction() {
        let text = |seconds, nanos| {
            let mut out = Vec::new();
            timestamp(seconds, nanos, &mut out).then(|| String::from_utf8(out).expect("ASCII"))
        };
        for (seconds, nanos, expected) in [
            (0, 0, Some("\"1970-01-01T00:00:00Z\"")),
            (10, 500_000_000, Some("\"1970-01-01T00:00:10.5Z\"")),
            (-62_167_219_200, 1, Some("\"0000-01-01T00:00:00.000000001Z\"")),
            (-62_167_219_201, 0, None),
            (253_402_300_800, 0, None),
            (i64::MIN, 0, None),
            (0, 1_000_000_000, None),
        ] {
            assert_eq!(text(seconds, nanos).as_deref(), expected);
        }
    }

    proptest! {
        #[test]
        fn any_time_is_what_a_library_makes_of_it(seconds in -62_135_596_800_i64..253_402_200_000) {
            let time = jiff::Timestamp::from_second(seconds).expect("in range");
            prop_assert_eq!(format!("{}Z", text(seconds)), time.to_string());
        }
    }
}
