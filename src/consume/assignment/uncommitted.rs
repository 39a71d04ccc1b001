//! What is said where the group has no committed offset.

use super::Assignment;
use crate::choices::OffsetReset;
use crate::consume::action::Context;
use crate::kafka::ranges::Range;
use crate::position::Position;
use crate::record::TopicPartition;
use std::collections::HashSet;
use std::sync::Arc;

/// What the group had committed when the run started.
#[derive(Debug, Default)]
pub struct FirstStart {
    has_been: bool,
    /// The partitions of the first assignment, if the group had nothing in any of them.
    uncommitted: HashSet<TopicPartition>,
    /// Where the group had committed anything, if it has said so.
    committed: Option<Vec<TopicPartition>>,
}

impl Assignment<'_> {
    /// Tells where the group has nothing committed: its offsets may have expired, and `latest` leaves out what was
    /// written meanwhile. From the beginning everything is read, so that this is worth a line only if the group is not
    /// new.
    pub(super) fn say_uncommitted(&mut self, ranges: &[Range], context: &mut Context<'_, '_>) {
        let Some(group) = self.settings.group() else { return };
        let is_first = !std::mem::replace(&mut self.first_start.has_been, true);
        let (is_latest, otherwise) = match group.offset_reset {
            OffsetReset::Latest => (true, "at its beginning".to_owned()),
            OffsetReset::Time(time) => (false, format!("at `{}`", Position::Time(time))),
            OffsetReset::Earliest => (false, "at its beginning".to_owned()),
            OffsetReset::None => return,
        };
        if group.offset_reset == OffsetReset::Earliest && !self.partitions.is_detail_wanted() {
            if is_first && ranges.iter().all(|range| range.committed.is_none()) {
                self.first_start.uncommitted = ranges.iter().map(|range| range.partition.clone()).collect();
                self.say_group_is_not_new(context);
            }
            return;
        }
        let is_fresh = |range: &&Range| is_latest && self.fresh.contains(&range.partition);
        let uncommitted = || ranges.iter().filter(|range| range.committed.is_none());
        let (ends, begins): (Vec<_>, Vec<_>) = uncommitted().partition(is_fresh);
        for (at, ranges) in [("at its end", ends), (otherwise.as_str(), begins)] {
            for topic in topics(ranges.iter().map(|range| &range.partition)) {
                context.info(format!(
                    "group `{}` has no committed offset in `{topic}`, starting {at}",
                    group.name
                ));
            }
        }
    }

    /// Takes where the group has committed anything.
    pub fn committed_by_group(&mut self, committed: Vec<TopicPartition>, context: &mut Context<'_, '_>) {
        self.first_start.committed = Some(committed);
        self.say_group_is_not_new(context);
    }

    /// Tells that the group has committed something, but nothing in the topics of its first partitions, once both are
    /// known.
    fn say_group_is_not_new(&mut self, context: &mut Context<'_, '_>) {
        let FirstStart { uncommitted: ours, committed: Some(committed), .. } = &self.first_start else {
            return;
        };
        let Some(group) = self.settings.group().filter(|_| !ours.is_empty()) else { return };
        let topics = topics(ours.iter());
        // What we have committed ourselves meanwhile tells nothing.
        let mut others = committed.iter().filter(|partition| !ours.contains(*partition)).peekable();
        if others.peek().is_none() || others.any(|partition| topics.contains(&partition.topic)) {
            return;
        }
        let whose = if topics.len() == 1 { "its" } else { "their" };
        let topics: Vec<String> = topics.iter().map(|topic| format!("`{topic}`")).collect();
        context.info(format!(
            "group `{}` has committed offsets, but none in {} (they may have expired): starting at {whose} beginning",
            group.name,
            topics.join(", ")
        ));
    }
}

fn topics<'a>(partitions: impl Iterator<Item = &'a TopicPartition>) -> Vec<Arc<str>> {
    let mut topics: Vec<_> = partitions.map(|partition| Arc::clone(&partition.topic)).collect();
    topics.sort();
    topics.dedup();
    topics
}
