//! Positions that fell out of their log: the log is looked up, and reading goes on inside of it.

use super::partitions::Partitions;
use super::question::PartitionQuestion;
use super::start_stop;
use super::times::ASK_AGAIN;
use crate::consume::action::{Action, Context};
use crate::kafka::admin::Asked;
use crate::kafka::look_up::{Purpose, Question};
use crate::kafka::ranges::Range;
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

    /// Asks for the logs in which positions are lost.
    pub fn ask(&mut self, partitions: &mut Partitions<'_>, context: &mut Context<'_, '_>) {
        if self.is_empty() || !self.question.may_be_asked(context.now) {
            return;
        }
        let ticket = partitions.next_ticket();
        self.question.ask(ticket, self.partitions.clone());
        let query = partitions.lost_query(self.partitions.clone());
        context.act(Action::Ask(Question::Ranges { purpose: Purpose::LostPosition(ticket), query }));
    }

    /// Goes on in partitions whose position fell out of the log.
    pub fn found(
        &mut self,
        ticket: u64,
        ranges: &[Asked<Range>],
        partitions: &mut Partitions<'_>,
        context: &mut Context<'_, '_>,
    ) {
        if !self.question.is(ticket) {
            return;
        }
        let reset = partitions.offset_reset();
        for range in self.answered(ranges, context.now + ASK_AGAIN) {
            partitions.forget_cut(&range, context);
            let Some(partition) = partitions.find_mut(&range.partition) else { continue };
            let Some(position) = context.commits.watermarks().next(partition.id) else { continue };
            partition.log_start = partition.log_start.max(range.begin);
            if (range.begin..=range.high).contains(&position) {
                // It is inside after all: the broker that said otherwise was behind.
                partitions.start_over(&range.partition, position, context);
                continue;
            }
            let start = match start_stop::out_of_range(&range, "offset", position, reset) {
                Ok(start) => start,
                Err(failure) => {
                    let id = partition.id;
                    partitions.fail_after(id, failure, context);
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
            partitions.start_over(&range.partition, start.offset, context);
        }
    }
}
