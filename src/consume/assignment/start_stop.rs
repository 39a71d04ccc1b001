//! Where reading starts and stops in a partition, once its log is known. Pure.

use crate::choices::OffsetReset;
use crate::error::{Failure, Kind};
use crate::kafka::ranges::Range;
use crate::plural::counted;
use crate::position::Position;

/// Where a partition starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    pub offset: i64,
    /// Commit the start at once: a restart before the first commit would choose a later one.
    pub is_committed_at_once: bool,
    pub warning: Option<String>,
}

impl Start {
    fn at(offset: i64) -> Start {
        Start { offset, is_committed_at_once: false, warning: None }
    }
}

/// Where a partition stops: at an offset, or at the first record of a time to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopPoint {
    Offset(i64),
    Time(i64),
}

impl StopPoint {
    /// The stop, or the end of the log if that comes first.
    pub fn or_end(self, range: &Range) -> StopPoint {
        match self {
            StopPoint::Offset(stop) => StopPoint::Offset(stop.min(range.end)),
            StopPoint::Time(_) => StopPoint::Offset(range.to.unwrap_or(range.end)),
        }
    }
}

/// The start of a partition that the group gave us.
///
/// `is_fresh`: the group had no committed offset in the topic when we started, so `latest` applies.
///
/// # Errors
/// With `none`, where there is no committed offset or it is outside the log.
pub fn in_group(range: &Range, reset: OffsetReset, is_fresh: bool) -> Result<Start, Failure> {
    let Some(committed) = range.committed else {
        return match reset {
            OffsetReset::Earliest => Ok(Start::at(range.begin)),
            OffsetReset::Latest if is_fresh => {
                Ok(Start { is_committed_at_once: true, ..Start::at(range.end) })
            }
            OffsetReset::Latest => Ok(Start::at(range.begin)),
            // Committed at once: `-1h` is later after a restart.
            OffsetReset::Time(_) => {
                Ok(Start { is_committed_at_once: true, ..Start::at(range.from.unwrap_or(range.end)) })
            }
            OffsetReset::None => {
                let message = format!("{}: the group has no committed offset", range.partition);
                Err(Failure::new(Kind::Run, message)
                    .hint("choose where to start with `--offset-reset earliest` or `latest`"))
            }
        };
    };
    if (range.begin..=range.high).contains(&committed) {
        return Ok(Start::at(committed));
    }
    out_of_range(range, "committed offset", committed, Some(reset))
}

/// Goes on after an offset that the log does not hold (any more): what is left is never skipped silently.
///
/// # Errors
/// With `--offset-reset none`.
pub fn out_of_range(
    range: &Range,
    what: &str,
    offset: i64,
    reset: Option<OffsetReset>,
) -> Result<Start, Failure> {
    let Range { partition, begin, high, .. } = range;
    if reset == Some(OffsetReset::None) {
        let message = format!("{partition}: {what} {offset} is outside {begin}..{high}");
        return Err(Failure::new(Kind::Run, message)
            .hint("choose where to continue with `--offset-reset earliest` or `latest`"));
    }
    if offset < *begin {
        let warning = format!(
            "{partition}: {what} {offset} is below {begin}..{high}, going on at {begin}; \
             up to {}",
            counted((begin - offset).unsigned_abs(), "record is gone", "records are gone")
        );
        return Ok(Start { warning: Some(warning), ..Start::at(*begin) });
    }
    let start = match reset {
        Some(OffsetReset::Latest) => range.end,
        Some(OffsetReset::Time(_)) => range.from.unwrap_or(*begin),
        Some(OffsetReset::Earliest | OffsetReset::None) | None => *begin,
    };
    let warning = format!("{partition}: {what} {offset} is above {begin}..{high}, going on at {start}");
    // What is committed lies ahead: once the log has grown there, a restart would pass over what came between.
    Ok(Start { is_committed_at_once: true, warning: Some(warning), ..Start::at(start) })
}

/// The start of a partition read alone.
///
/// # Errors
/// An offset outside the log; the end itself is allowed.
pub fn alone(range: &Range, from: Option<Position>) -> Result<Start, Failure> {
    let Range { partition, begin, end, high, .. } = range;
    let offset = match from.unwrap_or(Position::Beginning) {
        Position::Beginning => *begin,
        Position::End => *end,
        Position::Offset(offset) => offset,
        Position::BeforeEnd(count) => end.saturating_sub(count).max(*begin),
        Position::After(count) => begin.saturating_add(count),
        Position::Time(_) => range.from.unwrap_or(*end),
    };
    if !(*begin..=*high).contains(&offset) {
        let message = format!("{partition}: offset {offset} is outside {begin}..{high}");
        let failure = Failure::new(Kind::Run, message);
        // As many digits as a time since 1970 has today, in seconds or milliseconds.
        let is_like_a_time = matches!(offset.to_string().len(), 10 | 13);
        return Err(if is_like_a_time { failure.hint(format!("a time is `@{offset}`")) } else { failure });
    }
    Ok(Start::at(offset))
}

/// Where a partition that starts at `start` stops. `now` in milliseconds since 1970.
pub fn stop(range: &Range, to: Position, start: i64, now: i64) -> StopPoint {
    match to {
        Position::Beginning => StopPoint::Offset(range.begin),
        Position::End => StopPoint::Offset(range.end),
        Position::Offset(offset) => StopPoint::Offset(offset),
        Position::BeforeEnd(count) => StopPoint::Offset(range.end.saturating_sub(count).max(range.begin)),
        Position::After(count) => StopPoint::Offset(start.saturating_add(count)),
        Position::Time(time) if time > now => StopPoint::Time(time),
        Position::Time(_) => StopPoint::Offset(range.to.unwrap_or(range.end)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::TopicPartition;
    use std::sync::Arc;

    fn range(committed: Option<i64>) -> Range {
        let partition = TopicPartition { topic: Arc::from("t"), partition: 0 };
        Range { partition, begin: 15, end: 18, high: 20, committed, from: None, to: None }
    }

    fn group(committed: Option<i64>, reset: OffsetReset, is_fresh: bool) -> Result<Start, String> {
        in_group(&range(committed), reset, is_fresh).map_err(|failure| failure.message)
    }

    #[test]
    fn a_committed_offset_inside_the_log_is_where_a_group_goes_on() {
        for reset in [OffsetReset::Earliest, OffsetReset::Latest, OffsetReset::None] {
            for committed in [15, 17, 19, 20] {
                assert_eq!(group(Some(committed), reset, true), Ok(Start::at(committed)));
            }
        }
    }

    #[test]
    fn latest_only_applies_where_the_group_was_never_before() {
        let start = group(None, OffsetReset::Latest, true).unwrap();
        assert_eq!((start.offset, start.is_committed_at_once), (18, true));
        assert_eq!(group(None, OffsetReset::Latest, false), Ok(Start::at(15)));
        assert_eq!(group(None, OffsetReset::Earliest, true), Ok(Start::at(15)));
        let error = "t [0]: the group has no committed offset".to_owned();
        assert_eq!(group(None, OffsetReset::None, true), Err(error));
    }

    #[test]
    fn a_time_applies_where_nothing_is_committed_or_the_log_was_cut() {
        let range = |committed, from| Range { from, ..range(committed) };
        let start = |committed, from| in_group(&range(committed, from), OffsetReset::Time(5), false).unwrap();
        let first = start(None, Some(17));
        assert_eq!((first.offset, first.is_committed_at_once), (17, true));
        assert_eq!(start(None, None).offset, 18, "no record is as late");
        assert_eq!(start(Some(16), Some(17)), Start::at(16));
        let cut = start(Some(99), Some(17));
        assert!(cut.offset == 17 && cut.warning.is_some());
        assert_eq!(start(Some(5), Some(17)).offset, 15, "what is left is not skipped");
    }

    #[test]
    fn a_committed_offset_below_the_log_goes_on_at_its_beginning() {
        for reset in [OffsetReset::Earliest, OffsetReset::Latest] {
            let start = group(Some(5), reset, true).unwrap();
            assert_eq!(start.offset, 15);
            let warning =
                "t [0]: committed offset 5 is below 15..20, going on at 15; up to 10 records are gone";
            assert_eq!(start.warning.as_deref(), Some(warning));
        }
        let error = group(Some(5), OffsetReset::None, true);
        assert_eq!(error, Err("t [0]: committed offset 5 is outside 15..20".to_owned()));
    }

    #[test]
    fn a_committed_offset_above_the_log_goes_on_as_the_reset_says() {
        let start = group(Some(99), OffsetReset::Earliest, true).unwrap();
        assert_eq!(start.offset, 15);
        let warning = "t [0]: committed offset 99 is above 15..20, going on at 15";
        assert_eq!(start.warning.as_deref(), Some(warning));
        assert_eq!(group(Some(99), OffsetReset::Latest, false).unwrap().offset, 18);
        assert!(group(Some(99), OffsetReset::None, true).is_err());
    }

    #[test]
    fn a_start_outside_the_log_is_an_error_with_the_range() {
        let message = |position| alone(&range(None), Some(position)).map_err(|failure| failure.message);
        let error = "t [0]: offset 9999 is outside 15..20".to_owned();
        assert_eq!(message(Position::Offset(9999)), Err(error));
        let hint = |offset| alone(&range(None), Some(Position::Offset(offset))).expect_err("outside").hint;
        assert_eq!(hint(1_763_888_400_000).as_deref(), Some("a time is `@1763888400000`"));
        assert_eq!(hint(9999), None);
        assert_eq!(message(Position::Offset(20)), Ok(Start::at(20)));
        assert_eq!(message(Position::BeforeEnd(2)), Ok(Start::at(16)));
        assert_eq!(message(Position::BeforeEnd(i64::MAX)), Ok(Start::at(15)));
        assert_eq!(message(Position::After(2)), Ok(Start::at(17)));
        assert!(message(Position::After(i64::MAX)).is_err());
    }

    #[test]
    fn a_stop_is_an_offset_or_a_time_to_come() {
        let range = Range { to: Some(16), ..range(None) };
        assert_eq!(stop(&range, Position::End, 15, 0), StopPoint::Offset(18));
        assert_eq!(stop(&range, Position::Offset(99), 15, 0), StopPoint::Offset(99));
        assert_eq!(stop(&range, Position::After(3), 16, 0), StopPoint::Offset(19));
        assert_eq!(stop(&range, Position::Time(5), 15, 6), StopPoint::Offset(16));
        assert_eq!(stop(&range, Position::Time(5), 15, 4), StopPoint::Time(5));
    }

    #[test]
    fn of_a_stop_and_the_end_the_first_one_counts() {
        let range = Range { to: Some(16), ..range(None) };
        assert_eq!(StopPoint::Offset(17).or_end(&range), StopPoint::Offset(17));
        assert_eq!(StopPoint::Offset(99).or_end(&range), StopPoint::Offset(18));
        assert_eq!(StopPoint::Time(5).or_end(&range), StopPoint::Offset(16));
        assert_eq!(StopPoint::Time(5).or_end(&Range { to: None, ..range }), StopPoint::Offset(18));
    }
}
