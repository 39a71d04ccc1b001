//! The oracles about records that were handled side by side.

use std::collections::HashMap;
use std::time::Duration;

use super::history::{History, Mark, Note, Partition, Run};
use super::place;
use super::records::{Owned, assignments, commits_of_others};

/// A key of a partition in one run; records without a key are lanes of their own.
type Lane<'a> = (&'a Partition, &'a str);

/// O2: of the records with one key never two are at work at once, and within an assignment they come in order.
///
/// A partition that a run got again may start over, also while a handler of the old assignment has not ended.
pub fn lanes_are_kept(history: &History) -> Vec<String> {
    let mut violations = Vec::new();
    for run in &history.runs {
        let mut counts: HashMap<Lane<'_>, usize> = HashMap::new();
        for (note, what) in disorders(run) {
            let count = counts.entry((&note.partition, &note.key)).or_default();
            *count += 1;
            if *count >= assignments(run, &note.partition).max(1) {
                violations.push(format!("{} {what}", run.name));
            }
        }
    }
    violations
}

/// Starts that come too early or too late.
fn disorders(run: &Run) -> Vec<(&Note, String)> {
    let mut running: HashMap<Lane<'_>, &Note> = HashMap::new();
    let mut last: HashMap<Lane<'_>, i64> = HashMap::new();
    let mut disorders = Vec::new();
    for note in run.notes.iter().filter(|note| !note.key.is_empty()) {
        let lane = (&note.partition, note.key.as_str());
        match note.mark {
            Mark::Start => {
                let record = place(&note.partition, note.offset);
                let (other, before) = (running.insert(lane, note), last.insert(lane, note.offset));
                let is_back = before
                    .is_some_and(|before| before > note.offset || before == note.offset && note.attempt == 1);
                if let Some(Note { offset, key, .. }) = other {
                    disorders.push((note, format!("started {record} while {offset} of {key} was at work")));
                } else if is_back {
                    let (before, key) = (before.unwrap_or_default(), &note.key);
                    disorders.push((note, format!("started {record} after {before} of {key}")));
                }
            }
            Mark::End | Mark::Fail => {
                running.remove(&lane);
            }
        }
    }
    disorders
}

/// O10: no handler is started for a partition that the run does not hold, and nothing is committed for one.
pub fn only_owned_starts(history: &History) -> Vec<String> {
    let mut violations = Vec::new();
    for run in history.runs.iter().filter(|run| !run.events.is_empty()) {
        // A handler looks at the clock itself, an event is as late as its reader.
        let owned = Owned::of(run, history.slack.max(Duration::from_secs(1)));
        for note in run.notes.iter().filter(|note| note.mark == Mark::Start) {
            if !owned.holds(&note.partition, note.at) {
                let record = place(&note.partition, note.offset);
                violations.push(format!("{} started {record} without holding the partition", run.name));
            }
        }
        violations.extend(commits_of_others(run));
    }
    violations
}
