//! The order of lines on stderr. Two threads write them: one those that are said at once, the writer of stdout those
//! that come after records. Each waits for what was said before and goes the other way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A line waits no longer than this from when the one before it was said: whoever reads stdout may take nothing.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// How often a thread that waits looks.
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// How many lines were written, either way. Shared by who says lines and the two threads that write them.
#[derive(Clone, Default)]
pub struct LineOrder {
    written: Arc<[AtomicU64; 2]>,
    is_over: Arc<AtomicBool>,
}

/// The two ways to stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Written at once, whatever stdout does.
    AtOnce,
    /// Written once the records taken before it are on stdout.
    AfterRecords,
}

/// The lines that were said by some time and go one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    way: Way,
    count: u64,
    last: Option<Instant>,
}

/// Lines that come after records, and what was said before them.
#[derive(Debug, PartialEq, Eq)]
pub struct LinesAfterRecords {
    pub bytes: Vec<u8>,
    pub count: u64,
    /// Those that went the other way.
    pub before: Said,
}

impl LineOrder {
    /// Waits until the lines before one are written, but not for a reader that takes nothing.
    pub fn wait_for(&self, before: Said) {
        let Some(last) = before.last else { return };
        let is_written = || self.written(before.way).load(Ordering::Acquire) >= before.count;
        let is_late = || last.elapsed() >= LONGEST_WAIT || self.is_over.load(Ordering::Acquire);
        while !is_written() && !is_late() {
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// The run is over: a line that is not written by now never will be, and nobody waits for it.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    /// Notes that lines are written, or never will be.
    pub fn wrote(&self, way: Way, count: u64) {
        self.written(way).fetch_add(count, Ordering::Release);
    }

    fn written(&self, way: Way) -> &AtomicU64 {
        &self.written[way as usize]
    }
}

impl Said {
    pub fn nothing(way: Way) -> Said {
        Said { way, count: 0, last: None }
    }

    /// Counts a line.
    pub fn add(&mut self, now: Instant) {
        self.count += 1;
        self.last = Some(now);
    }
}

impl LinesAfterRecords {
    /// Adds a line to the last of `lines`, or behind them if something was said between the two.
    pub fn add_to(self, lines: &mut Vec<LinesAfterRecords>) {
        match lines.last_mut().filter(|last| last.before.count == self.before.count) {
            Some(last) => {
                last.bytes.extend_from_slice(&self.bytes);
                last.count += self.count;
            }
            None => lines.push(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &str, before: Said) -> LinesAfterRecords {
        LinesAfterRecords { bytes: bytes.into(), count: 1, before }
    }

    #[test]
    fn a_line_waits_for_those_that_went_the_other_way_before_it() {
        for way in [Way::AtOnce, Way::AfterRecords] {
            let order = LineOrder::default();
            let mut said = Said::nothing(way);
            order.wait_for(said);
            (0..2).for_each(|_| said.add(Instant::now()));
            let before = said;
            said.add(Instant::now());
            std::thread::scope(|scope| {
                let waits = scope.spawn(|| order.wait_for(before));
                order.wrote(way, 1);
                std::thread::sleep(LONGEST_WAIT / 20);
                assert!(!waits.is_finished(), "{way:?}");
                order.wrote(way, 1);
            });
        }
    }

    #[test]
    fn nobody_waits_long_for_a_line_that_is_not_written() {
        let mut said = Said::nothing(Way::AfterRecords);
        let began = Instant::now();
        said.add(began);
        LineOrder::default().wait_for(said);
        assert!(began.elapsed() >= LONGEST_WAIT);
    }

    #[test]
    fn nobody_waits_when_the_run_is_over() {
        let mut said = Said::nothing(Way::AfterRecords);
        let far = Instant::now() + LONGEST_WAIT * 10;
        said.add(far);
        let order = LineOrder::default();
        order.end();
        order.wait_for(said);
        assert!(Instant::now() < far);
    }

    #[test]
    fn lines_stay_together_unless_something_was_said_between() {
        let mut at_once = Said::nothing(Way::AtOnce);
        let mut sheet = Vec::new();
        lines("one\n", at_once).add_to(&mut sheet);
        lines("two\n", at_once).add_to(&mut sheet);
        at_once.add(Instant::now());
        lines("three\n", at_once).add_to(&mut sheet);
        let seen: Vec<_> = sheet.iter().map(|lines| (lines.bytes.as_slice(), lines.count)).collect();
        assert_eq!(seen, [(&b"one\ntwo\n"[..], 2), (&b"three\n"[..], 1)]);
    }
}
