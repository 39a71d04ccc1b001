//! Dates, times and durations in ISO 8601, by arithmetic: a time library would take longer than the rest of a record.

use super::node::Unit;
use crate::date_time;

const SECONDS_A_DAY: i64 = 86_400;
const NANOSECONDS_A_SECOND: i64 = 1_000_000_000;

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
    fn push(&mut self, byte: u8) {
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
pub fn date(day: i32) -> Option<Characters> {
    let mut characters = Characters::new();
    characters.date(Date::of_day(day.into())?);
    Some(characters)
}

/// Writes a time of the day; `None` before its start and from its end on.
#[inline]
pub fn time_of_day(count: i64, unit: Unit) -> Option<Characters> {
    let (second, nanoseconds) = split(count, unit);
    if !(0..SECONDS_A_DAY).contains(&second) {
        return None;
    }
    let mut characters = Characters::new();
    characters.clock(second as u32, nanoseconds);
    Some(characters)
}

/// Writes a point in time counted from 1970; `None` outside of years 0 to 9999.
#[inline]
pub fn timestamp(count: i64, unit: Unit, is_local: bool) -> Option<Characters> {
    let (second, nanoseconds) = split(count, unit);
    let mut characters = Characters::new();
    characters.date(Date::of_day(second.div_euclid(SECONDS_A_DAY))?);
    characters.push(b'T');
    characters.clock(second.rem_euclid(SECONDS_A_DAY) as u32, nanoseconds);
    if !is_local {
        characters.push(b'Z');
    }
    Some(characters)
}

/// Whole seconds, and nanoseconds beyond them.
#[inline(always)]
fn split(count: i64, unit: Unit) -> (i64, u32) {
    // Each by a constant, which divides much faster than a variable.
    match unit {
        Unit::Milliseconds => (count.div_euclid(1000), count.rem_euclid(1000) as u32 * 1_000_000),
        Unit::Microseconds => (count.div_euclid(1_000_000), count.rem_euclid(1_000_000) as u32 * 1000),
        Unit::Nanoseconds => {
            (count.div_euclid(NANOSECONDS_A_SECOND), count.rem_euclid(NANOSECONDS_A_SECOND) as u32)
        }
    }
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
        let (year, month, day) = date_time::civil(day);
        Some(Date { year, month, day })
    }
}

/// Writes a duration as ISO 8601 has it: months and days as they are counted, milliseconds as hours, minutes and seconds
/// (`P1M2DT3H0.004S`).
pub fn duration(parts: [u32; 3]) -> String {
    let [months, days, milliseconds] = parts;
    let part = |count: u32, letter: &str| if count > 0 { format!("{count}{letter}") } else { String::new() };
    let mut clock = part(milliseconds / 3_600_000, "H") + &part(milliseconds / 60_000 % 60, "M");
    let rest = milliseconds % 60_000;
    if rest > 0 || parts == [0; 3] {
        let fraction = format!(".{:03}", rest % 1000);
        let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
        clock += &format!("{}{fraction}S", rest / 1000);
    }
    let mark = if clock.is_empty() { "" } else { "T" };
    format!("P{}{}{mark}{clock}", part(months, "M"), part(days, "D"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_four_centuries_follow_each_other() {
        let mut expected = jiff::civil::date(1900, 3, 1);
        for day in -25_508..-25_508 + 146_098 {
            let characters = date(day).expect("years 1900 to 2300");
            assert_eq!(str::from_utf8(characters.bytes()), Ok(expected.to_string().as_str()));
            expected = expected.tomorrow().expect("there are more");
        }
    }
}
