//! The grammar of POS: where in a partition to start or to stop.

mod time;

use crate::duration::parse_duration;
use crate::error::Failure;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// A place in one partition, before it is resolved to an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    Beginning,
    End,
    /// This offset, at least 0.
    Offset(i64),
    /// That many offsets before the end, at most to the beginning.
    BeforeEnd(i64),
    /// That many offsets after the beginning; in `--to` after where the run starts.
    After(i64),
    /// The first record at or after this time, in milliseconds since 1970, at least 0.
    Time(i64),
}

/// Where to start or stop in the partitions of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Positions {
    All(Position),
    /// Partition to position; the others as if the option were absent.
    Some(BTreeMap<i32, Position>),
}

/// What a time without a zone and an age refer to.
#[derive(Clone, Debug)]
pub struct Clock {
    pub now: Timestamp,
    /// Only asked for where a time is read: looking it up reads files.
    pub zone: fn() -> TimeZone,
}

/// The option a position was typed for.
#[derive(Clone, Copy, Debug)]
pub enum Role<'a> {
    From,
    /// Knows `--from`, which `+30m` counts from.
    To {
        from: Option<&'a Positions>,
    },
    /// `--to` of `kcons group reset`, which takes what `--from` takes.
    Reset,
}

/// The forms of POS, one a line.
const VALID: [&str; 4] = [
    "beginning, end    the first record, or after the last one",
    "N                 the record at this offset",
    "-N                N offsets before the end, in each partition",
    "+N                N offsets after the beginning; in `--to` after where the run starts",
];

const VALID_TIMES: [&str; 4] = [
    "-1h, -1h30m, -1w  an hour ago, an hour and a half ago, a week ago",
    "today, yesterday, now, 09:00, 2026-11-23, 2026-11-23T09:00, 2026-11-23T09:00:00Z",
    "@1763888400       seconds since 1970, or milliseconds (13 digits), microseconds (16), nanoseconds (19)",
    "0=5,1=end,2=-10   a position for each of these partitions",
];

const VALID_LATER: &str = "+30m              30 minutes after the time in `--from`";

/// More partitions than a cluster holds: beyond it a list is a slip.
const PARTITION_LIMIT: usize = 200_000;

impl Positions {
    /// Reads what was typed for `--from` or `--to`.
    ///
    /// # Errors
    /// Whatever is not in the grammar, with the list of what is.
    pub fn parse(text: &str, role: Role<'_>, clock: &Clock) -> Result<Positions, Failure> {
        let parsed = match text.contains('=') {
            true => parse_map(text, role, clock).map(Positions::Some),
            false => parse_one(text, role, None, clock).map(Positions::All),
        };
        parsed.map_err(|reason| {
            let (option, later) = match role {
                Role::From => ("--from", None),
                Role::To { .. } => ("--to", Some(VALID_LATER)),
                Role::Reset => ("--to", None),
            };
            let hint = match parse_duration(text) {
                Ok(_) => format!("did you mean `-{text}`? POS is one of:"),
                Err(_) => "POS is one of:".to_owned(),
            };
            let failure =
                Failure::usage(format!("invalid position `{text}` for `{option}`")).caused_by(reason);
            failure.hint(hint).list(VALID.into_iter().chain(later).chain(VALID_TIMES))
        })
    }

    /// The position for a partition; `None`: as if the option were absent.
    pub fn at(&self, partition: i32) -> Option<Position> {
        match self {
            Positions::All(position) => Some(*position),
            Positions::Some(map) => map.get(&partition).copied(),
        }
    }

    /// The partitions that a map names; none without a map.
    pub fn named(&self) -> Vec<i32> {
        match self {
            Positions::All(_) => Vec::new(),
            Positions::Some(map) => map.keys().copied().collect(),
        }
    }

    /// Whether a time has to be looked up.
    pub fn has_time(&self) -> bool {
        let is_time = |position: &Position| matches!(position, Position::Time(_));
        match self {
            Positions::All(position) => is_time(position),
            Positions::Some(map) => map.values().any(is_time),
        }
    }
}

impl Position {
    /// Reads one position, for an option that takes some of them.
    ///
    /// # Errors
    /// Why it is none; empty where nothing is to be said beside a list of what is valid.
    pub fn parse(text: &str, clock: &Clock) -> Result<Position, String> {
        parse_one(text, Role::Reset, None, clock)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::Beginning => f.write_str("beginning"),
            Position::End => f.write_str("end"),
            Position::Offset(offset) => write!(f, "{offset}"),
            Position::BeforeEnd(count) => write!(f, "-{count}"),
            Position::After(count) => write!(f, "+{count}"),
            Position::Time(milliseconds) => f.write_str(&time::spelled(*milliseconds)),
        }
    }
}

impl fmt::Display for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Positions::All(position) => position.fmt(f),
            Positions::Some(map) => {
                for (index, (partition, position)) in map.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma}{partition}={position}")?;
                }
                Ok(())
            }
        }
    }
}

/// Reads a list of partitions and ranges, as in `0,2,5-7`.
///
/// # Errors
/// Anything else, in words that say what is valid.
pub fn partitions(text: &str, option: &str) -> Result<BTreeSet<i32>, Failure> {
    let refuse = |reason: String| {
        Failure::usage(format!("invalid partitions `{text}` for `{option}`"))
            .caused_by(reason)
            .hint("list partitions and ranges, as in `0,2,5-7`")
    };
    let mut found = BTreeSet::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = match (partition(first), partition(last)) {
            (Ok(first), Ok(last)) => (first, last),
            (Err(reason), _) | (_, Err(reason)) => return Err(refuse(reason)),
        };
        if first > last {
            return Err(refuse(format!("the range `{part}` runs backwards")));
        }
        // Subtracted as i64: `0-2147483647` must not overflow before it is refused.
        let length = i64::from(last) - i64::from(first) + 1;
        if length > PARTITION_LIMIT as i64 || found.len() > PARTITION_LIMIT {
            return Err(refuse(format!("more than {PARTITION_LIMIT} partitions")));
        }
        found.extend(first..=last);
    }
    Ok(found)
}

fn partition(text: &str) -> Result<i32, String> {
    if text.is_empty() {
        return Err("a partition is missing".to_owned());
    }
    digits(text).and_then(|digits| digits.parse().ok()).ok_or_else(|| format!("`{text}` is not a partition"))
}

fn parse_map(text: &str, role: Role<'_>, clock: &Clock) -> Result<BTreeMap<i32, Position>, String> {
    let mut map = BTreeMap::new();
    for part in text.split(',') {
        let (number, position) =
            part.split_once('=').ok_or_else(|| format!("`{part}` is not PARTITION=POS"))?;
        let number = partition(number)?;
        let position = parse_one(position, role, Some(number), clock)?;
        if map.insert(number, position).is_some() {
            return Err(format!("partition {number} is given twice"));
        }
    }
    Ok(map)
}

fn parse_one(text: &str, role: Role<'_>, partition: Option<i32>, clock: &Clock) -> Result<Position, String> {
    match text {
        "" => return Err("it is empty".to_owned()),
        "beginning" | "earliest" | "start" | "oldest" | "smallest" => return Ok(Position::Beginning),
        "end" | "latest" | "newest" | "largest" => return Ok(Position::End),
        _ => {}
    }
    if let Some(digits) = text.strip_prefix('@') {
        return time::since_1970(digits).map(Position::Time);
    }
    if let Some(rest) = text.strip_prefix('-') {
        return match number(rest)? {
            Some(count) => Ok(Position::BeforeEnd(count)),
            None => ago(parse_duration(rest)?, clock),
        };
    }
    if let Some(rest) = text.strip_prefix('+') {
        return match (number(rest)?, role) {
            (Some(count), _) => Ok(Position::After(count)),
            (None, Role::From | Role::Reset) => Err("`+` needs a number of offsets here".to_owned()),
            (None, Role::To { from }) => later(parse_duration(rest)?, from, partition),
        };
    }
    match number(text)? {
        Some(offset) => Ok(Position::Offset(offset)),
        None => time::read(text, clock).map(Position::Time),
    }
}

/// A whole number, `None` if it is anything else.
fn number(text: &str) -> Result<Option<i64>, String> {
    match digits(text) {
        None => Ok(None),
        Some(digits) => digits.parse().map(Some).map_err(|_| "the number is too large".to_owned()),
    }
}

fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

fn ago(age: Duration, clock: &Clock) -> Result<Position, String> {
    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    time::not_before_1970(clock.now.as_millisecond().saturating_sub(age)).map(Position::Time)
}

fn later(after: Duration, from: Option<&Positions>, partition: Option<i32>) -> Result<Position, String> {
    let start = match (from, partition) {
        (Some(from), Some(partition)) => from.at(partition),
        (Some(Positions::All(position)), None) => Some(*position),
        (Some(Positions::Some(_)) | None, _) => None,
    };
    let Some(Position::Time(start)) = start else {
        return Err("a duration after `+` needs a time in `--from`".to_owned());
    };
    let after = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
    start.checked_add(after).map(Position::Time).ok_or_else(|| "the time is too late".to_owned())
}

#[cfg(test)]
mod tests;
