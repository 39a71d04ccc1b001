//! Times and durations of Avro in ISO 8601.

use super::node::Unit;
use crate::date_time::{self, Characters};

const NANOSECONDS_A_SECOND: i64 = 1_000_000_000;

/// Writes a time of the day; `None` before its start and from its end on.
#[inline]
pub fn time_of_day(count: i64, unit: Unit) -> Option<Characters> {
    let (second, nanoseconds) = split(count, unit);
    date_time::time_of_day(second, nanoseconds)
}

/// Writes a point in time counted from 1970; `None` outside of years 0 to 9999.
#[inline]
pub fn timestamp(count: i64, unit: Unit, is_local: bool) -> Option<Characters> {
    let (second, nanoseconds) = split(count, unit);
    let mut characters = date_time::date_and_time(second, nanoseconds)?;
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
