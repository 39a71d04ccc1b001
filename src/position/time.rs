//! Points in time as people type them: dates, times of day, and numbers since 1970.

use super::Clock;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

const NANOSECONDS_A_MILLISECOND: u64 = 1_000_000;

/// Reads a number of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by its digits: those
/// of a time from 1973 to 2286, so that none can be taken for another. Gives milliseconds.
///
/// # Errors
/// Anything else: a guess would silently read everything, or nothing.
pub fn since_1970(digits: &str) -> Result<i64, String> {
    const VALID: &str =
        "`@` needs seconds (10 digits), milliseconds (13), microseconds (16) or nanoseconds (19) since 1970";
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(VALID.to_owned());
    }
    // As nanoseconds, how many one of them is.
    let unit: u64 = match digits.len() {
        9 | 10 => 1_000_000_000,
        12 | 13 => 1_000_000,
        15 | 16 => 1_000,
        18 | 19 => 1,
        1 => return Err(format!("{VALID}, not 1 digit")),
        other => return Err(format!("{VALID}, not {other} digits")),
    };
    let number: u64 = digits.parse().map_err(|_| VALID.to_owned())?;
    // Rounded up: Kafka counts milliseconds, and a record before the time must not be in.
    let milliseconds = match unit >= NANOSECONDS_A_MILLISECOND {
        true => number * (unit / NANOSECONDS_A_MILLISECOND),
        false => number.div_ceil(NANOSECONDS_A_MILLISECOND / unit),
    };
    i64::try_from(milliseconds).map_err(|_| VALID.to_owned())
}

/// Writes a time so that it is read as the same one.
pub fn spelled(milliseconds: i64) -> String {
    let is_told_by_digits = (100_000_000_000..10_000_000_000_000).contains(&milliseconds);
    match Timestamp::from_millisecond(milliseconds) {
        Ok(time) if !is_told_by_digits => time.to_string(),
        Ok(_) | Err(_) => format!("@{milliseconds}"),
    }
}

/// Reads a date, a time of day or both, or a word for one, in milliseconds since 1970.
///
/// # Errors
/// Whatever is none, in words that say why; nothing beside the list of forms for a text that is like no time at all.
pub fn read(text: &str, clock: &Clock) -> Result<i64, String> {
    let today = || clock.now.to_zoned((clock.zone)()).date();
    let in_zone = |date: Date| date.to_zoned((clock.zone)());
    let time = match text {
        "now" => return not_before_1970(clock.now.as_millisecond()),
        "today" => in_zone(today()),
        "yesterday" => today().yesterday().and_then(in_zone),
        _ => match shape(text) {
            None => return Err(String::new()),
            Some(Shape::OfToday) => {
                text.parse::<Time>().and_then(|time| today().to_datetime(time).to_zoned((clock.zone)()))
            }
            Some(Shape::Date) => text.parse::<Date>().and_then(in_zone),
            // A time that a change of the clock leaves out is taken as that much later, one that comes twice as
            // the first: what Java and most others do.
            Some(Shape::Local) => text.parse::<DateTime>().and_then(|time| time.to_zoned((clock.zone)())),
            Some(Shape::Zoned) => {
                text.parse::<Timestamp>().map(|timestamp| timestamp.to_zoned(TimeZone::UTC))
            }
        },
    };
    match time {
        Ok(time) => not_before_1970(rounded_up(time.timestamp())),
        Err(_) => Err("no such date or time of day".to_owned()),
    }
}

/// Milliseconds since 1970; a record before the time must not be in, as with `@`.
fn rounded_up(time: Timestamp) -> i64 {
    let is_between = time.subsec_nanosecond() % 1_000_000 > 0;
    time.as_millisecond() + i64::from(is_between)
}

/// Negative times are not only useless: the broker takes -1 and -2 for the end and the beginning.
///
/// # Errors
/// The time is negative.
pub fn not_before_1970(milliseconds: i64) -> Result<i64, String> {
    match milliseconds {
        0.. => Ok(milliseconds),
        _ => Err("the time is before 1970".to_owned()),
    }
}

enum Shape {
    OfToday,
    Date,
    Local,
    Zoned,
}

/// `2026-11-23`, then `T09:00` or `T09:00:00` or `T09:00:00.123` (or a blank for the `T`), then `Z` or `+01:00`;
/// or `09:00`, `09:00:00`.
///
/// jiff reads more than that: week dates, names of zones. What is not in the list is an error.
fn shape(text: &str) -> Option<Shape> {
    let Some(rest) = after_pattern(text, "0000-00-00") else {
        return after_time(text)?.is_empty().then_some(Shape::OfToday);
    };
    if rest.is_empty() {
        return Some(Shape::Date);
    }
    match after_time(rest.strip_prefix(['T', ' '])?)? {
        "" => Some(Shape::Local),
        "Z" => Some(Shape::Zoned),
        rest => ["+00:00", "-00:00"]
            .iter()
            .any(|pattern| after_pattern(rest, pattern) == Some(""))
            .then_some(Shape::Zoned),
    }
}

/// What follows a time of day.
fn after_time(text: &str) -> Option<&str> {
    let rest = after_pattern(text, "00:00")?;
    let Some(rest) = after_pattern(rest, ":00") else { return Some(rest) };
    let Some(fraction) = rest.strip_prefix('.') else { return Some(rest) };
    let end = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
    (1..=9).contains(&end).then(|| &fraction[end..])
}

/// What follows the pattern, in which `0` stands for any digit.
fn after_pattern<'a>(text: &'a str, pattern: &str) -> Option<&'a str> {
    let head = text.as_bytes().get(..pattern.len())?;
    let fits = head.iter().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
        b'0' => byte.is_ascii_digit(),
        _ => *byte == wanted,
    });
    fits.then(|| &text[pattern.len()..])
}
