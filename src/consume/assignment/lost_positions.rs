//! CommitPositions that fell out of their log: the log is looked up, and reading goes on inside of it.

use super::Assignment;
use super::partition::PositionTrust;
use super::question::PartitionQuestion;
use super::start_stop;
use super::times::{ANSWER_LIMIT, ASK_AGAIN};
use crate::consume::action::{Action, Context, ReadChange, Step};
use crate::kafka::admin::Asked;
use crate::kafka::look_up::{Purpose, Question};
use crate::kafka::ranges::{Range, RangeQuery};
use crate::record::TopicPartition;
use std::time::Instant;

/// Partitions whose position is outside of their log, and the question for it.
#[derive(Debug, Default)]
pub struct LostPositions {
    partitions: Vec<TopicPartition>,
    question: PartitionQuestion,
}

impl LostPositions {
    pub fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    /// Notes that a partition cannot go on where it stands.
    pub fn add(&mut self, partition: TopicPartition) {
        if !self.partitions.contains(&partition) {
            self.partitions.push(partition);
        }
    }

    /// Forgets partitions that are not ours any more.
    pub fn remove(&mut self, partitions: &[TopicPartition]) {
        self.partitions.retain(|partition| !partitions.contains(partition));
    }

    /// Takes answers to the question under way; returns the logs of partitions that are lost.
    fn answered(&mut self, ranges: &[Asked<Range>], again: Instant) -> Vec<Range> {
        self.question.answered(ranges, again);
        let found = ranges.iter().filter_map(|(_, range)| range.as_ref().ok());
        let found: Vec<Range> =
            found.filter(|range| self.partitions.contains(&range.partition)).cloned().collect();
        self.partitions.retain(|partition| !found.iter().any(|range| range.partition == *partition));
        found
    }
}

impl Assignment<'_> {
    /// Asks for the logs in which positions are lost.
    pub fn ask_lost_positions(&mut self, context: &mut Context<'_, '_>) {
        if self.lost_positions.is_empty() || !self.lost_positions.question.may_be_asked(context.now) {
            return;
        }
        let ticket = self.next_ticket();
        let partitions = self.lost_positions.partitions.clone();
        self.lost_positions.question.ask(ticket, partitions.clone());
        let query = RangeQuery::of(partitions, self.settings.read_uncommitted, ANSWER_LIMIT);
        context.act(Action::Ask(Question::Ranges { purpose: Purpose::LostPosition(ticket), query }));
    }

    /// Goes on in partitions whose position fell out of the log.
    pub(super) fn positions_found(
        &mut self,
        ticket: u64,
        ranges: &[Asked<Range>],
        context: &mut Context<'_, '_>,
    ) -> Step {
        if !self.lost_positions.question.is(ticket) {
            return Ok(());
        }
        let reset = self.settings.group().map(|group| group.offset_reset);
        for range in self.lost_positions.answered(ranges, context.now + ASK_AGAIN) {
            self.forget_cut(&range, context);
            let Some(partition) = self.partitions.find_mut(&range.partition) else { continue };
            let Some(position) = context.commits.watermarks().next(partition.id) else { continue };
            if (range.begin..=range.high).contains(&position) {
                // It is inside after all: the broker that said otherwise was behind.
                self.start_over(&range.partition, position, context);
                continue;
            }
            let start = match start_stop::out_of_range(&range, "offset", position, reset) {
                Ok(start) => start,
                Err(failure) => {
                    let id = partition.id;
                    self.fail_after(id, failure, context);
                    continue;
                }
            };
            if start.offset < position {
                // The log was cut: offsets that were passed come again, as other records.
                partition.id = context.commits.watermarks_mut().restart(partition.id, start.offset);
                context.commits.ask();
            }
            // What lies before a later start is gone: no gap to be read again.
            context.commits.watermarks_mut().advance(partition.id, start.offset);
            if let Some(warning) = start.warning {
                context.warn(warning);
            }
            self.start_over(&range.partition, start.offset, context);
        }
        Ok(())
    }

    /// Goes on in a partition that librdkafka has stopped.
    fn start_over(&mut self, name: &TopicPartition, offset: i64, context: &mut Context<'_, '_>) {
        let mut all = self.partitions.positions(context.commits.watermarks());
        for (_, next) in all.iter_mut().filter(|(other, _)| other == name) {
            *next = offset;
        }
        if let Some(partition) = self.partitions.find_mut(name) {
            partition.position = PositionTrust::StartingOver;
            partition.moved_at = context.now;
            partition.fetching_starts(context.now);
        }
        context.act(Action::Read(ReadChange::StartOver { partition: name.clone(), offset, all }));
    }

    /// A log that was cut: what handlers have of it in hand are other records now.
    fn forget_cut(&mut self, range: &Range, context: &mut Context<'_, '_>) {
        let Some(partition) = self.partitions.find(&range.partition) else { return };
        let position = context.commits.watermarks().next(partition.id);
        if position.is_some_and(|position| position > range.high) {
            let id = partition.id;
            context.act(Action::Abandon(vec![id]));
            context.act(Action::Read(ReadChange::Resume(id)));
        }
    }

    /// Reads a partition a second time from where its last record was taken.
    pub fn read_again(&mut self, slot: usize, context: &mut Context<'_, '_>) {
        let Some(partition) = self.partitions.get_mut(slot) else { return };
        let Some(offset) = context.commits.watermarks().next(partition.id) else { return };
        // Until a record comes, the position is that of before.
        partition.distrust_position();
        partition.fetching_starts(context.now);
        let partition = partition.name.clone();
        context.act(Action::Read(ReadChange::ReadAgain { partition, offset }));
    }
}
