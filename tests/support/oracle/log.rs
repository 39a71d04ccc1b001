//! What `--log json` of several members says, replayed in the order of its times: nothing else is looked at.

use std::collections::BTreeMap;

use serde_json::Value;

use super::judge::{EventKind, Partition, name};

/// An event of one member.
struct Told {
    /// Of the clock that all members share, as text that sorts.
    time: String,
    member: usize,
    kind: EventKind,
}

/// What is wrong with the logs of the members of one group, one sentence each: a line that is no event, a commit of a
/// partition that is not held, a commit that goes back, a partition that two hold at once.
pub fn log_violations(members: &[(&str, &str)]) -> Vec<String> {
    let mut violations = Vec::new();
    let mut told = Vec::new();
    for (member, (who, log)) in members.iter().enumerate() {
        for line in log.lines() {
            let event: Option<Value> = serde_json::from_str(line).ok();
            let time = event.as_ref().and_then(|event| event["timestamp"].as_str());
            let (Some(event), Some(time)) = (&event, time) else {
                violations.push(format!("{who}: not an event: {line}"));
                continue;
            };
            if let Some(kind) = EventKind::of(event) {
                told.push(Told { time: time.to_owned(), member, kind });
            }
        }
    }
    // Within a millisecond who gives comes before who gets; the sort keeps the order of each member.
    told.sort_by(|one, other| one.time.cmp(&other.time));
    // Leaving gives everything back without a word: a member is gone after the last that it tells.
    let last = |member| told.iter().rev().find(|told| told.member == member).map(|told| told.time.clone());
    let gone = (0..members.len()).map(last).collect();
    let (owners, committed) = (BTreeMap::new(), BTreeMap::new());
    let mut replay = Replay { members, gone, owners, committed, violations };
    let mut rest = told.as_slice();
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|event| event.time == first.time).count();
        let (now, later) = rest.split_at(same);
        replay.moment(now);
        rest = later;
    }
    replay.violations
}

struct Replay<'a> {
    members: &'a [(&'a str, &'a str)],
    gone: Vec<Option<String>>,
    owners: BTreeMap<Partition, usize>,
    /// The highest that any member committed.
    committed: BTreeMap<Partition, i64>,
    violations: Vec<String>,
}

impl Replay<'_> {
    /// What happened in one millisecond: who takes a partition over waits for who gives it in the same one.
    fn moment(&mut self, events: &[Told]) {
        let mut order: Vec<&Told> = events.iter().collect();
        let takes = |event: &Told| {
            let held = |partition: &Partition| {
                self.owners.get(partition).is_some_and(|owner| *owner != event.member)
            };
            matches!(&event.kind, EventKind::Assigned(partitions) if partitions.iter().any(held))
        };
        let waiting: Vec<usize> =
            events.iter().filter(|event| takes(event)).map(|event| event.member).collect();
        order.sort_by_key(|event| waiting.contains(&event.member));
        for event in order {
            self.event(event);
        }
    }

    fn event(&mut self, Told { time, member, kind }: &Told) {
        let who = self.members[*member].0;
        match kind {
            EventKind::Assigned(partitions) => {
                for partition in partitions {
                    if let Some(other) = self.owners.insert(partition.clone(), *member)
                        && other != *member
                        && self.gone[other].as_ref().is_some_and(|gone| gone > time)
                    {
                        let (other, partition) = (self.members[other].0, name(partition));
                        self.violations.push(format!("{time}: {who} got {partition}, which {other} held"));
                    }
                }
            }
            EventKind::Revoked(partitions) | EventKind::Lost(partitions) => {
                self.owners.retain(|partition, owner| owner != member || !partitions.contains(partition));
            }
            EventKind::Committed { is_ok: false, .. } => {}
            EventKind::Committed { offsets, is_ok: true } => {
                for (partition, offset) in offsets {
                    self.commit(time, *member, partition, *offset);
                }
            }
        }
    }

    fn commit(&mut self, time: &str, member: usize, partition: &Partition, offset: i64) {
        let (who, place) = (self.members[member].0, name(partition));
        if self.owners.get(partition) != Some(&member) {
            self.violations.push(format!("{time}: {who} committed {offset} for {place} without holding it"));
        }
        let before = self.committed.entry(partition.clone()).or_insert(offset);
        if *before > offset {
            self.violations.push(format!("{time}: {who} committed {offset} for {place} after {before}"));
        }
        *before = offset.max(*before);
    }
}
