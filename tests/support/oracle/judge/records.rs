//! The oracles about printed records.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use super::history::{Event, EventKind, History, Partition, Run};
use super::{name, place};

/// O2: records of a partition come in order within an assignment.
///
/// A run may go back in a partition only when it got it again.
pub fn order_is_kept(history: &History) -> Vec<String> {
    let mut violations = Vec::new();
    for run in &history.runs {
        let mut last: HashMap<&Partition, i64> = HashMap::new();
        let mut steps_back: HashMap<&Partition, usize> = HashMap::new();
        for printed in &run.printed {
            let before = last.insert(&printed.partition, printed.offset);
            let Some(before) = before.filter(|before| *before >= printed.offset) else { continue };
            let steps = steps_back.entry(&printed.partition).or_default();
            *steps += 1;
            // Without a group there are no events, and one assignment.
            if *steps >= assignments(run, &printed.partition).max(1) {
                let record = place(&printed.partition, printed.offset);
                violations.push(format!("{} printed {record} after {before} in one assignment", run.name));
            }
        }
    }
    violations
}

/// O5: every produced record is printed by some run, as it was produced, and nothing else is.
pub fn everything_is_printed(history: &History) -> Vec<String> {
    let mut violations = Vec::new();
    let mut seen = HashSet::new();
    for run in &history.runs {
        for printed in &run.printed {
            seen.insert((&printed.partition, printed.offset));
            let record = place(&printed.partition, printed.offset);
            let produced = history.produced.get(&printed.partition);
            match (produced.and_then(|records| records.get(&printed.offset)), &printed.id) {
                (None, _) => violations.push(format!("{} printed {record}, which nobody produced", run.name)),
                (Some(produced), Some(id)) if produced != id => {
                    violations.push(format!("{} printed {record} as `{id}`, it is `{produced}`", run.name));
                }
                (Some(_), _) => {}
            }
        }
    }
    for (partition, records) in &history.produced {
        for (offset, id) in records.range(history.start(partition)..) {
            if !seen.contains(&(partition, *offset)) {
                violations.push(format!("{} (`{id}`) was never printed", place(partition, *offset)));
            }
        }
    }
    violations
}

/// O8: a clean hand-over repeats nothing.
pub fn nothing_is_repeated(history: &History) -> Vec<String> {
    let mut violations = Vec::new();
    let mut printed_by: HashMap<(&Partition, i64), &str> = HashMap::new();
    for run in &history.runs {
        for printed in &run.printed {
            if let Some(earlier) = printed_by.insert((&printed.partition, printed.offset), &run.name) {
                let record = place(&printed.partition, printed.offset);
                violations.push(format!("{} printed {record}, which {earlier} had printed", run.name));
            }
        }
    }
    violations
}

/// O10: a run prints and commits nothing of a partition that it does not hold; a refused commit does not count.
pub fn only_owned_partitions(history: &History) -> Vec<String> {
    let mut violations = Vec::new();
    for run in history.runs.iter().filter(|run| !run.events.is_empty()) {
        let owned = Owned::of(run, history.slack);
        for printed in &run.printed {
            if !owned.holds(&printed.partition, printed.at) {
                let record = place(&printed.partition, printed.offset);
                violations.push(format!("{} printed {record} without holding the partition", run.name));
            }
        }
        violations.extend(commits_of_others(run));
    }
    violations
}

/// When a run held which partition, and how much later or earlier a line may come: it is another stream.
pub(super) struct Owned<'a> {
    times: HashMap<&'a Partition, Vec<(Instant, Option<Instant>)>>,
    slack: Duration,
}

impl<'a> Owned<'a> {
    pub(super) fn of(run: &'a Run, slack: Duration) -> Owned<'a> {
        let mut times: HashMap<&Partition, Vec<(Instant, Option<Instant>)>> = HashMap::new();
        for event in &run.events {
            match &event.kind {
                EventKind::Assigned(partitions) => {
                    for partition in partitions {
                        times.entry(partition).or_default().push((event.at, None));
                    }
                }
                EventKind::Revoked(partitions) | EventKind::Lost(partitions) => {
                    for partition in partitions {
                        if let Some(last) = times.entry(partition).or_default().last_mut() {
                            last.1.get_or_insert(event.at);
                        }
                    }
                }
                EventKind::Committed { .. } => {}
            }
        }
        Owned { times, slack }
    }

    pub(super) fn holds(&self, partition: &Partition, at: Instant) -> bool {
        self.times
            .get(partition)
            .into_iter()
            .flatten()
            .any(|(from, to)| at + self.slack >= *from && to.is_none_or(|to| at <= to + self.slack))
    }
}

/// Commits are events themselves, so their order to assignments is exact.
pub(super) fn commits_of_others(run: &Run) -> Vec<String> {
    let mut violations = Vec::new();
    let mut held: HashSet<&Partition> = HashSet::new();
    for event in &run.events {
        match &event.kind {
            EventKind::Assigned(partitions) => held.extend(partitions),
            EventKind::Revoked(partitions) | EventKind::Lost(partitions) => {
                held.retain(|partition| !partitions.contains(partition));
            }
            EventKind::Committed { is_ok: false, .. } => {}
            EventKind::Committed { offsets, is_ok: true } => {
                for (partition, offset) in offsets.iter().filter(|(partition, _)| !held.contains(partition)) {
                    let partition = name(partition);
                    violations
                        .push(format!("{} committed {offset} for {partition} without holding it", run.name));
                }
            }
        }
    }
    violations
}

pub(super) fn assignments(run: &Run, partition: &Partition) -> usize {
    let is_assigned = |event: &&Event| match &event.kind {
        EventKind::Assigned(partitions) => partitions.contains(partition),
        EventKind::Revoked(_) | EventKind::Lost(_) | EventKind::Committed { .. } => false,
    };
    run.events.iter().filter(is_assigned).count()
}
