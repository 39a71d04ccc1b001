//! Dates and times of the calendar as text, by arithmetic: a time library looks up time zones, and would take longer than
//! the rest of a record.

const SECONDS_A_DAY: i64 = 86_400;

/// Characters of a date, a time or both.
#[derive(Debug)]
pub struct Characters {
    bytes: [u8; 32],
    length: usize,
}

impl Characters {
    fn new() -> Characters {
        Characters { bytes: [0; 32], length: 0 }
    }

    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    #[inline(always)]
    pub fn push(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    /// Appends a number below 100 in two digits.
    #[inline(always)]
    fn two_digits(&mut self, number: u32) {
        self.push(b'0' + (number / 10) as u8);
        self.push(b'0' + (number % 10) as u8);
    }

    #[inline(always)]
    fn date(&mut self, date: Date) {
        self.two_digits(date.year / 100);
        self.two_digits(date.year % 100);
        self.push(b'-');
        self.two_digits(date.month);
        self.push(b'-');
        self.two_digits(date.day);
    }

    #[inline(always)]
    fn clock(&mut self, second_of_day: u32, nanoseconds: u32) {
        self.two_digits(second_of_day / 3600);
        self.push(b':');
        self.two_digits(second_of_day / 60 % 60);
        self.push(b':');
        self.two_digits(second_of_day % 60);
        if nanoseconds > 0 {
            self.fraction(nanoseconds);
        }
    }

    #[inline(always)]
    fn fraction(&mut self, nanoseconds: u32) {
        self.push(b'.');
        for part in [nanoseconds / 1_000_000, nanoseconds / 1000 % 1000, nanoseconds % 1000] {
            self.push(b'0' + (part / 100) as u8);
            self.two_digits(part % 100);
        }
        while self.bytes[self.length - 1] == b'0' {
            self.length -= 1;
        }
    }
}

/// Writes a day counted from 1970-01-01; `None` outside of years 0 to 9999.
#[inline]
pub fn date(day: i64) -> Option<Characters> {
    let mut characters = Characters::new();
    characters.date(Date::of_day(day)?);
    Some(characters)
}

/// Writes a time of the day; `None` before its start and from its end on.
#[inline]
pub fn time_of_day(second: i64, nanoseconds: u32) -> Option<Characters> {
    if !(0..SECONDS_A_DAY).contains(&second) {
        return None;
    }
    let mut characters = Characters::new();
    characters.clock(second as u32, nanoseconds);
    Some(characters)
}

/// Writes the day, a `T` and the time of day of seconds since 1970, in UTC; `None` outside of years 0 to 9999.
#[inline]
pub fn date_and_time(second: i64, nanoseconds: u32) -> Option<Characters> {
    let mut characters = Characters::new();
    characters.date(Date::of_day(second.div_euclid(SECONDS_A_DAY))?);
    characters.push(b'T');
    characters.clock(second.rem_euclid(SECONDS_A_DAY) as u32, nanoseconds);
    Some(characters)
}

/// Appends a time in quotes, in ISO 8601 with a `Z`, and says whether it is one of the years 0 to 9999.
pub fn timestamp(seconds: i64, nanos: u32, out: &mut Vec<u8>) -> bool {
    if nanos >= 1_000_000_000 {
        return false;
    }
    let Some(time) = date_and_time(seconds, nanos) else { return false };
    out.push(b'"');
    out.extend_from_slice(time.bytes());
    out.extend_from_slice(b"Z\"");
    true
}

/// A date of the Gregorian calendar.
#[derive(Clone, Copy, Debug)]
struct Date {
    year: u32,
    month: u32,
    day: u32,
}

impl Date {
    /// The date of a day counted from 1970-01-01.
    #[inline(always)]
    fn of_day(day: i64) -> Option<Date> {
        // From year 0 to the end of year 9999.
        const DAYS: std::ops::RangeInclusive<i64> = -719_528..=2_932_896;
        if !DAYS.contains(&day) {
            return None;
        }
        // Years begin in March here, so that a leap day is the last of its year, and are counted from 400 years before
        // year 0. So many always have as many days.
        const DAYS_OF_400_YEARS: u32 = 146_097;
        const BEFORE_1970: i64 = 719_468 + DAYS_OF_400_YEARS as i64;
        let days = (day + BEFORE_1970) as u32;
        let (cycle, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        Some(Date { year: cycle * 400 + year + later - 400, month, day })
    }
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
        let characters = date_and_time(seconds, 0).expect("years 0 to 9999");
        String::from_utf8(characters.bytes().to_vec()).expect("ASCII")
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

    #[test]
    fn the_days_of_four_centuries_follow_each_other() {
        let mut expected = jiff::civil::date(1900, 3, 1);
        for day in -25_508..-25_508 + 146_098 {
            let characters = date(day).expect("years 1900 to 2300");
            assert_eq!(str::from_utf8(characters.bytes()), Ok(expected.to_string().as_str()));
            expected = expected.tomorrow().expect("there are more");
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
