//! The oracles about committed offsets.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use super::history::{EventKind, History, Partition, Run};
use super::{name, place};

/// O1: a committed offset, be it the broker's or what a run says, never passes a record that is not printed.
pub fn commits_are_of_printed(history: &History) -> Vec<String> {
    // A line is written before its offset is committed, but it comes to us when our reader gets its turn.
    let first_printed = first_printed(history);
    let mut violations = Vec::new();
    let mut judge = |at: Instant, partition: &Partition, committed: i64, who: &str| {
        let range = history.start(partition)..committed.max(history.start(partition));
        let records =
            history.produced.get(partition).into_iter().flat_map(|records| records.range(range.clone()));
        let is_unprinted = |offset: i64| {
            first_printed.get(&(partition, offset)).is_none_or(|printed| *printed > at + history.slack)
        };
        if let Some((offset, _)) = records.into_iter().find(|(offset, _)| is_unprinted(**offset)) {
            let record = place(partition, *offset);
            violations
                .push(format!("{who} {committed} for {}, but {record} was not printed", name(partition)));
        }
    };
    for sample in &history.samples {
        for (partition, offset) in &sample.committed {
            judge(sample.at, partition, *offset, "the broker has committed");
        }
    }
    for run in &history.runs {
        for (at, partition, offset) in committed(run) {
            judge(at, partition, offset, &format!("{} committed", run.name));
        }
    }
    violations
}

/// O3: what a run commits for a partition only goes forward within an assignment.
pub fn watermarks_go_forward(history: &History) -> Vec<String> {
    let mut violations = Vec::new();
    for run in &history.runs {
        let mut last: HashMap<&Partition, i64> = HashMap::new();
        for event in &run.events {
            match &event.kind {
                EventKind::Assigned(partitions)
                | EventKind::Revoked(partitions)
                | EventKind::Lost(partitions) => {
                    last.retain(|partition, _| !partitions.contains(partition));
                }
                // A refusal may come after the next assignment of the partition has begun.
                EventKind::Committed { is_ok: false, .. } => {}
                EventKind::Committed { offsets, is_ok: true } => {
                    for (partition, offset) in offsets {
                        let before = last.insert(partition, *offset).filter(|before| before > offset);
                        if let Some(before) = before {
                            let partition = name(partition);
                            violations.push(format!(
                                "{} committed {offset} for {partition} after {before}",
                                run.name
                            ));
                        }
                    }
                }
            }
        }
    }
    violations
}

/// O4: what the broker has as committed never goes back and never goes away.
pub fn commits_go_forward(history: &History) -> Vec<String> {
    let mut violations = Vec::new();
    for pair in history.samples.windows(2) {
        for (partition, before) in &pair[0].committed {
            match pair[1].committed.get(partition) {
                Some(after) if after >= before => {}
                Some(after) => {
                    violations.push(format!(
                        "committed for {} went back from {before} to {after}",
                        name(partition)
                    ));
                }
                None => {
                    violations.push(format!("committed for {} was {before} and is gone", name(partition)))
                }
            }
        }
    }
    violations
}

/// O7: when all is quiet, the group is committed to the end of each partition that has anything to read.
pub fn nothing_lags(history: &History) -> Vec<String> {
    let none = BTreeMap::new();
    let committed = history.samples.last().map_or(&none, |sample| &sample.committed);
    let mut violations = Vec::new();
    for (partition, end) in &history.ends {
        let at = committed.get(partition).copied();
        if at.unwrap_or(history.start(partition)) < *end {
            let at = at.map_or("nothing".to_owned(), |at| at.to_string());
            violations.push(format!("{} ends at {end}, committed is {at}", name(partition)));
        }
    }
    violations
}

fn first_printed(history: &History) -> HashMap<(&Partition, i64), Instant> {
    let mut first = HashMap::new();
    for printed in history.runs.iter().flat_map(|run| &run.printed) {
        let at = first.entry((&printed.partition, printed.offset)).or_insert(printed.at);
        *at = printed.at.min(*at);
    }
    first
}

/// The commits of a run that succeeded.
fn committed(run: &Run) -> impl Iterator<Item = (Instant, &Partition, i64)> {
    run.events.iter().flat_map(|event| {
        let offsets = match &event.kind {
            EventKind::Committed { offsets, is_ok: true } => offsets.as_slice(),
            EventKind::Committed { is_ok: false, .. }
            | EventKind::Assigned(_)
            | EventKind::Revoked(_)
            | EventKind::Lost(_) => &[],
        };
        offsets.iter().map(move |(partition, offset)| (event.at, partition, *offset))
    })
}
