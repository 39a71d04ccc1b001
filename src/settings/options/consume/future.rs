//! Times to come: what is said at the start about a run that begins or ends at one.

use super::{Mode, StopConditions};
use crate::choices::OffsetReset;
use crate::cli::ReadingOptions;
use crate::position::{Clock, Position, Positions};
use crate::settings::options::group::Standalone;
use jiff::Timestamp;

/// Warns about a start in the future: most likely a slip.
pub fn start_warning(
    reading: &ReadingOptions,
    mode: &Mode,
    stops: &StopConditions,
    clock: &Clock,
) -> Option<String> {
    let from = match mode {
        Mode::Standalone(Standalone { from, .. }) => from,
        Mode::Group(group) => {
            let OffsetReset::Time(time) = group.offset_reset else { return None };
            let typed = reading.offset_reset.as_ref().filter(|_| is_to_come(time, clock))?;
            return Some(format!("`--offset-reset {typed}` is in the future: reading starts at the end"));
        }
    };
    let typed = reading.from.as_ref().filter(|_| latest(from, clock).is_some())?;
    let follows = match &stops.to {
        Some(to) => !stops.at_end && latest(to, clock).is_some(),
        None => true,
    };
    Some(match follows {
        true => format!("`--from {typed}` is in the future: reading starts at the end"),
        false => {
            format!("`--from {typed}` is in the future: only records with a timestamp after that are read")
        }
    })
}

/// Says until when a run waits that stops at a time to come.
pub fn wait_for_stop(reading: &ReadingOptions, stops: &StopConditions, clock: &Clock) -> Option<String> {
    let typed = reading.to.as_ref().filter(|_| !stops.at_end)?;
    let until = Timestamp::from_millisecond(latest(stops.to.as_ref()?, clock)?).ok()?;
    let (until, now) = (until.to_zoned((clock.zone)()), clock.now.to_zoned((clock.zone)()));
    let form = if until.date() == now.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    Some(format!(
        "waiting until {} for `--to {typed}`; add `--exit` to stop at the current end",
        until.strftime(form)
    ))
}

fn is_to_come(time: i64, clock: &Clock) -> bool {
    time > clock.now.as_millisecond()
}

/// The latest of the times to come among positions, in milliseconds since 1970.
fn latest(positions: &Positions, clock: &Clock) -> Option<i64> {
    let to_come = |position: &Position| match position {
        Position::Time(time) if is_to_come(*time, clock) => Some(*time),
        _ => None,
    };
    match positions {
        Positions::All(position) => to_come(position),
        Positions::Some(map) => map.values().filter_map(to_come).max(),
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::testing::TestWorld;

    /// What a run says at its start, 2026-11-23 09:00:00 UTC: notes and warnings.
    fn said(words: &str) -> (Vec<String>, Vec<String>) {
        let run = TestWorld::new(&[]).consume(&format!("t {words}")).expect("valid");
        (run.connection.notes, run.warnings)
    }

    #[test]
    fn a_run_that_waits_for_a_time_says_until_when() {
        for (words, until) in [
            ("--to 09:30", "waiting until 09:30:00 for `--to 09:30`"),
            ("--to 2026-11-24", "waiting until 2026-11-24 00:00:00 for `--to 2026-11-24`"),
            ("--from -1h --to +61m", "waiting until 09:01:00 for `--to +61m`"),
            ("--to 0=5,1=09:30,2=09:20", "waiting until 09:30:00 for `--to 0=5,1=09:30,2=09:20`"),
            ("-g g --to 09:30", "waiting until 09:30:00 for `--to 09:30`"),
        ] {
            let (notes, _) = said(words);
            assert_eq!(notes, [format!("{until}; add `--exit` to stop at the current end")], "{words}");
        }
        for words in ["--to 09:30 -e", "--to 08:30", "--to 5", "-e", "--from 09:30"] {
            assert_eq!(said(words).0, [""; 0], "{words}");
        }
    }

    #[test]
    fn a_start_in_the_future_is_warned_of() {
        for (words, reading) in [
            ("--from 10:00", "reading starts at the end"),
            ("--from 10:00 --to +1h", "reading starts at the end"),
            ("--from 0=10:00", "reading starts at the end"),
            ("--from 10:00 -e", "only records with a timestamp after that are read"),
            ("--from 10:00 --to end", "only records with a timestamp after that are read"),
            ("--from 10:00 -e --to +1h", "only records with a timestamp after that are read"),
        ] {
            let typed = words.split(' ').nth(1).expect("a position");
            let warning = format!("`--from {typed}` is in the future: {reading}");
            assert_eq!(said(words).1, [warning], "{words}");
        }
        let warning = "`--offset-reset 10:00` is in the future: reading starts at the end";
        assert_eq!(said("-g g --offset-reset 10:00").1, [warning]);
        for words in ["-g g --offset-reset 08:00", "--from 08:00", "--from now", "--from 5 -e", "--to 10:00"]
        {
            assert_eq!(said(words).1, [""; 0], "{words}");
        }
    }
}
