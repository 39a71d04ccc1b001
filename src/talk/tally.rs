//! What became of the records of a run.

use crate::duration::spoken;
use crate::plural::counted;
use std::time::Duration;

/// How many records had which outcome, for the last line and for `shutdown_complete`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub ok: u64,
    pub skipped: u64,
    pub dead_lettered: u64,
    /// Records that needed more than one attempt; they are counted by their outcome, too.
    pub retried: u64,
    /// Attempts that followed failed ones.
    pub retries: u64,
    pub duplicates: u64,
}

impl Tally {
    /// How many records were processed in this run, which duplicates were not.
    pub fn processed(&self) -> u64 {
        self.ok + self.skipped + self.dead_lettered
    }

    /// The counts, by the names in events.
    pub fn counts(&self) -> [(&'static str, u64); 6] {
        let Tally { ok, skipped, dead_lettered, retried, retries, duplicates } = *self;
        [
            ("ok", ok),
            ("skipped", skipped),
            ("dead_lettered", dead_lettered),
            ("retried", retried),
            ("retries", retries),
            ("duplicates", duplicates),
        ]
    }

    /// The last line of a run that took this long; what did not happen is left out.
    pub fn summary(&self, time: Duration) -> String {
        let (processed, time) = (counted(self.processed(), "record", "records"), spoken(time));
        let mut text = format!("Processed {processed} in {time}: {} ok", self.ok);
        for part in [
            (self.skipped, "skipped", "skipped"),
            (self.dead_lettered, "dead-lettered", "dead-lettered"),
            (self.retries, "retry", "retries"),
            (self.duplicates, "duplicate", "duplicates"),
        ] {
            let (count, one, several) = part;
            if count > 0 {
                text.push_str(", ");
                text.push_str(&counted(count, one, several));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_has_every_count_but_zeros() {
        let all = Tally { ok: 118, skipped: 1, dead_lettered: 1, retried: 5, retries: 7, duplicates: 3 };
        let none = Tally::default();
        let one = Tally { ok: 1, retried: 1, retries: 1, duplicates: 1, ..none };
        for (tally, milliseconds, line) in [
            (
                all,
                4_200,
                "Processed 120 records in 4.2 s: 118 ok, 1 skipped, 1 dead-lettered, 7 retries, 3 duplicates",
            ),
            (one, 40, "Processed 1 record in 0.040 s: 1 ok, 1 retry, 1 duplicate"),
            (none, 300_000, "Processed 0 records in 5 min: 0 ok"),
        ] {
            assert_eq!(tally.summary(Duration::from_millis(milliseconds)), line);
        }
    }
}
