//! What became of the records of a run.

use std::fmt;

/// How many records had which outcome, for the last line and for `shutdown_complete`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub ok: u64,
    pub skipped: u64,
    pub dead_lettered: u64,
    /// Records that needed more than one attempt; they are counted by their outcome, too.
    pub retried: u64,
    pub duplicates: u64,
}

impl Tally {
    /// How many records were processed in this run, which duplicates were not.
    pub fn processed(&self) -> u64 {
        self.ok + self.skipped + self.dead_lettered
    }

    /// The counts, by the names in events.
    pub fn counts(&self) -> [(&'static str, u64); 5] {
        let Tally { ok, skipped, dead_lettered, retried, duplicates } = *self;
        [
            ("ok", ok),
            ("skipped", skipped),
            ("dead_lettered", dead_lettered),
            ("retried", retried),
            ("duplicates", duplicates),
        ]
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { ok, skipped, dead_lettered, retried, duplicates } = self;
        let processed = self.processed();
        write!(
            f,
            "Processed {processed} records: {ok} ok, {skipped} skipped, {dead_lettered} dead-lettered, \
             {retried} retried, {duplicates} duplicates"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_has_every_count() {
        let tally = Tally { ok: 118, skipped: 1, dead_lettered: 1, retried: 7, duplicates: 3 };
        assert_eq!(
            tally.to_string(),
            "Processed 120 records: 118 ok, 1 skipped, 1 dead-lettered, 7 retried, 3 duplicates"
        );
    }
}
