//! Checks where a run starts against where it stops.

use super::{Mode, StopConditions};
use crate::cli::ReadingOptions;
use crate::error::Failure;
use crate::position::{Clock, Position, Positions};
use crate::settings::Surroundings;

/// Checks that positions for single partitions refer to partitions that are read, and that no start is after its
/// stop.
pub fn check(
    reading: &ReadingOptions,
    mode: &Mode,
    stops: &StopConditions,
    has_several_topics: bool,
    surroundings: &Surroundings<'_>,
) -> Result<(), Failure> {
    let standalone = match mode {
        Mode::Standalone(standalone) => Some(standalone),
        Mode::Group(_) => None,
    };
    for (option, positions) in
        [("--from", standalone.map(|standalone| &standalone.from)), ("--to", stops.to.as_ref())]
    {
        let Some(Positions::Some(map)) = positions else { continue };
        if has_several_topics {
            return Err(Failure::usage(format!(
                "`{option}` names partitions, but there is more than one topic"
            ))
            .hint("give positions by partition for one topic only, named without `^`"));
        }
        let chosen = standalone.and_then(|standalone| standalone.partitions.as_ref());
        let stray = map.keys().find(|partition| chosen.is_some_and(|chosen| !chosen.contains(partition)));
        if let Some(partition) = stray {
            return Err(Failure::usage(format!(
                "`{option}` names partition {partition}, which is not in `--partitions`"
            )));
        }
    }
    match (standalone, &stops.to) {
        (Some(standalone), Some(to)) if is_backwards(&standalone.from, to, &surroundings.clock) => {
            let typed = |option: &Option<String>| option.clone().unwrap_or_default();
            let (from, to) = (typed(&reading.from), typed(&reading.to));
            Err(Failure::usage(format!("`--from {from}` is after `--to {to}`")))
        }
        (Some(_) | None, _) => Ok(()),
    }
}

/// Whether a start is after its stop, so that nothing could ever be read: a slip. An empty range is none.
fn is_backwards(from: &Positions, to: &Positions, clock: &Clock) -> bool {
    let is_after = |from: Option<Position>, to: Option<Position>| match (from, to) {
        (Some(Position::Offset(from)), Some(Position::Offset(to))) => from > to,
        (Some(Position::Time(from)), Some(Position::Time(to))) => from > to,
        (Some(Position::BeforeEnd(from)), Some(Position::BeforeEnd(to))) => from < to,
        (Some(Position::End), Some(Position::BeforeEnd(to))) => to > 0,
        (Some(Position::End), Some(Position::Time(to))) => to < clock.now.as_millisecond(),
        (Some(Position::After(from) | Position::Offset(from)), Some(Position::Beginning)) => from > 0,
        (Some(Position::End | Position::BeforeEnd(_) | Position::Time(_)), Some(Position::Beginning)) => true,
        (Some(_) | None, _) => false,
    };
    match (from, to) {
        (Positions::All(from), Positions::All(to)) => is_after(Some(*from), Some(*to)),
        (Positions::Some(map), _) | (Positions::All(_), Positions::Some(map)) => {
            map.keys().any(|partition| is_after(from.at(*partition), to.at(*partition)))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::testing::TestWorld;

    /// What a run is refused for, at 2026-11-23 09:00:00 UTC.
    fn refused(words: &str) -> Option<String> {
        TestWorld::new(&[]).consume(&format!("t {words}")).err().map(|failure| failure.message)
    }

    #[test]
    fn a_start_after_the_stop_is_refused_in_the_words_that_were_typed() {
        for (from, to) in [
            ("5", "2"),
            ("0=10", "5"),
            ("-1h", "-2h"),
            ("-5", "-10"),
            ("2026-11-23", "2026-11-22"),
            ("end", "beginning"),
            ("latest", "earliest"),
            ("5", "beginning"),
            ("-5", "beginning"),
            ("-1h", "beginning"),
            ("+5", "beginning"),
            ("end", "-5"),
            ("end", "-1h"),
            ("0=end", "0=beginning,1=5"),
        ] {
            let expected = format!("`--from {from}` is after `--to {to}`");
            assert_eq!(refused(&format!("--from {from} --to {to}")), Some(expected));
        }
        for words in [
            "--from 5 --to 5",
            "--from beginning --to beginning",
            "--from 0 --to beginning",
            "--from end --to end",
            "--from end --to 5",
            "--from end --to +5",
            "--from end --to 09:30",
            "--from end --to now",
            "--from 0=end --to 1=beginning",
            "--to beginning",
        ] {
            assert_eq!(refused(words), None, "{words}");
        }
    }
}
