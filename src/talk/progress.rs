//! How far a run is (`--progress`): figures, and what people read of them.

use super::bar::Bar;
use crate::choices::ProgressChoice;
use crate::duration::{spoken, whole_units};
use crate::plural::counted;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Rates are those of the last figures within that time.
const RECENT: Duration = Duration::from_secs(10);

/// How often figures are shown.
const EACH_DRAW: Duration = Duration::from_millis(100);
const EACH_LINE: Duration = Duration::from_secs(1);

/// How long the bar may take to go away.
const LAST_DRAW: Duration = Duration::from_millis(500);

/// What a run has done by now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProgressFigures {
    /// Records that are read and done with.
    pub records: u64,
    pub part: Option<DonePart>,
    /// How many records the group is behind, if that is what matters.
    pub lag: Option<u64>,
}

/// How much is done of all there is to do: offsets, or records of those that were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DonePart {
    pub done: u64,
    pub all: u64,
}

impl DonePart {
    /// Whole percents; 100 only once nothing is left.
    fn percent(self) -> u64 {
        match u128::from(self.done) * 100 / u128::from(self.all.max(1)) {
            _ if self.all == 0 => 100,
            percent => percent.min(100) as u64,
        }
    }

    /// How far it is, from 0 to 1.
    pub fn fraction(self) -> f64 {
        if self.all == 0 { 1.0 } else { (self.done as f64 / self.all as f64).min(1.0) }
    }

    /// The one of two of which less is left.
    pub fn further(self, other: DonePart) -> DonePart {
        if self.fraction() >= other.fraction() { self } else { other }
    }
}

/// Shows how far a run is, on a bar or in lines.
pub struct ProgressDisplay {
    pace: Pace,
    /// Absent where stderr is no terminal.
    bar: Option<Bar>,
    /// Whether what is said last stays.
    stays: bool,
    next: Instant,
    /// What the bar shows.
    shown: ProgressFigures,
}

impl ProgressDisplay {
    /// `None` if nothing is to be shown. Without `has_bar` it is said in lines.
    pub fn start(choice: ProgressChoice, has_bar: bool, now: Instant) -> Option<ProgressDisplay> {
        let stays = match choice {
            ProgressChoice::Never => return None,
            ProgressChoice::Auto if !has_bar => return None,
            ProgressChoice::Auto => false,
            ProgressChoice::Always => true,
        };
        let bar = has_bar.then(|| Bar::start(now)).flatten();
        let next = if bar.is_some() { now } else { now + EACH_LINE };
        Some(ProgressDisplay { pace: Pace::new(now), bar, stays, next, shown: ProgressFigures::default() })
    }

    pub fn is_due(&self, now: Instant) -> bool {
        now >= self.next
    }

    /// Shows figures; returns the line to say where there is no bar.
    pub fn show(&mut self, figures: ProgressFigures, now: Instant) -> Option<String> {
        let text = self.pace.now(figures, now);
        self.next = now + if self.bar.is_some() { EACH_DRAW } else { EACH_LINE };
        match &mut self.bar {
            Some(bar) => {
                // While a pager waits for its reader nothing moves, and the terminal is the pager's.
                if figures.records > 0 && figures != self.shown {
                    bar.show(figures.part, text, now);
                    self.shown = figures;
                }
                None
            }
            None => Some(text),
        }
    }

    /// Shows the figures of a run that took this long and is over; returns the line to say, if one is to stay.
    pub fn end(self, figures: ProgressFigures, time: Duration, now: Instant) -> Option<String> {
        let text = self.pace.over(figures, time, now);
        if let Some(bar) = self.bar {
            bar.finish(figures.part, text.clone(), LAST_DRAW);
        }
        self.stays.then_some(text)
    }
}

/// The figures of a run over time.
#[derive(Debug)]
struct Pace {
    /// When nothing was read yet for the last time: that is no slow reading.
    started: Option<Instant>,
    /// The first ones from within `RECENT`, and those since.
    recent: VecDeque<(Instant, ProgressFigures)>,
}

impl Pace {
    fn new(now: Instant) -> Pace {
        Pace { started: None, recent: VecDeque::from([(now, ProgressFigures::default())]) }
    }

    /// Takes the figures of a time, and says how far the run is: `42%, 840 records, 210 records/s, 6 s left`.
    fn now(&mut self, figures: ProgressFigures, now: Instant) -> String {
        if figures.records == 0 {
            self.started = Some(now);
        }
        self.recent.push_back((now, figures));
        while self.recent.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= RECENT) {
            self.recent.pop_front();
        }
        let (since, before) = *self.recent.front().unwrap_or(&(now, figures));
        let time = now.duration_since(since);
        let mut parts = vec![counted(figures.records, "record", "records")];
        parts.extend(rate(figures.records.saturating_sub(before.records), time));
        if let Some(part) = figures.part {
            let before = before.part.unwrap_or(DonePart { done: 0, all: part.all });
            parts.extend(time_left(before, part, time).map(|left| format!("{} left", whole_units(left))));
        }
        said(figures, parts)
    }

    /// What is said of a run that is over: `100%, 2000 records, 210 records/s, 9.5 s`.
    fn over(&self, figures: ProgressFigures, time: Duration, now: Instant) -> String {
        let mut parts = vec![counted(figures.records, "record", "records")];
        parts.extend(rate(
            figures.records,
            self.started.map_or(time, |started| now.duration_since(started)).min(time),
        ));
        parts.push(spoken(time));
        said(figures, parts)
    }
}

fn said(figures: ProgressFigures, mut parts: Vec<String>) -> String {
    parts.splice(0..0, figures.part.map(|part| format!("{}%", part.percent())));
    parts.extend(figures.lag.map(|lag| format!("lag {lag}")));
    parts.join(", ")
}

/// Too short a time tells of no rate.
fn rate(records: u64, time: Duration) -> Option<String> {
    let seconds = time.as_secs_f64();
    (seconds >= 0.05).then(|| counted((records as f64 / seconds).round() as u64, "record/s", "records/s"))
}

/// The seconds that are left if it goes on like this.
fn time_left(before: DonePart, now: DonePart, time: Duration) -> Option<u64> {
    let gained = now.fraction() - before.fraction();
    let is_known = gained > 0.0 && time >= Duration::from_millis(500) && now.fraction() < 1.0;
    // Rounded a little, so that a sum of fractions is no second more.
    is_known.then(|| ((1.0 - now.fraction()) / gained * time.as_secs_f64() - 0.001).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(records: u64, done: u64, all: u64) -> ProgressFigures {
        ProgressFigures { records, part: Some(DonePart { done, all }), lag: None }
    }

    #[test]
    fn a_run_with_an_end_says_how_much_is_done_and_left() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(pace.now(figures(0, 0, 1_000), at(0)), "0%, 0 records");
        assert_eq!(pace.now(figures(100, 200, 1_000), at(2)), "20%, 100 records, 50 records/s, 8 s left");
        assert_eq!(pace.now(figures(200, 999, 1_000), at(4)), "99%, 200 records, 50 records/s, 1 s left");
        assert_eq!(pace.now(figures(200, 1_000, 1_000), at(4)), "100%, 200 records, 50 records/s");
        let over = pace.over(figures(201, 1_000, 1_000), Duration::from_millis(4_200), at(4));
        assert_eq!(over, "100%, 201 records, 50 records/s, 4.2 s", "the rate is that of the time of reading");
    }

    #[test]
    fn rates_and_the_time_left_follow_what_happened_lately() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let mut said = String::new();
        for second in 0..100 {
            // Fast, then slow.
            let records = if second < 50 { second * 1_000 } else { 50_000 + (second - 50) * 10 };
            said = pace.now(figures(records, records, 100_000), start + Duration::from_secs(second));
        }
        assert_eq!(said, "50%, 50490 records, 10 records/s, 82 min left");
        assert!(pace.recent.len() < 15, "{}", pace.recent.len());
    }

    #[test]
    fn a_run_without_an_end_says_how_far_behind_it_is() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        let endless = ProgressFigures { records: 1, part: None, lag: Some(12) };
        assert_eq!(pace.now(endless, now + Duration::from_secs(1)), "1 record, 1 record/s, lag 12");
        let alone = ProgressFigures { lag: None, ..endless };
        assert_eq!(pace.now(alone, now + Duration::from_secs(2)), "1 record, 1 record/s");
    }

    #[test]
    fn a_hundred_percent_is_said_of_no_less_and_of_nothing_to_do() {
        for (done, all, percent) in
            [(0, 0, 100), (0, 7, 0), (999_999, 1_000_000, 99), (5, 4, 100), (7, 7, 100)]
        {
            assert_eq!(DonePart { done, all }.percent(), percent, "{done} of {all}");
        }
        let (some, more) = (DonePart { done: 1, all: 4 }, DonePart { done: 1, all: 2 });
        assert_eq!((some.further(more), more.further(some)), (more, more));
    }
}
