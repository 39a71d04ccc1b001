//! Partitions that are read again from somewhere else.

use super::Partitions;
use crate::consume::action::{Action, Context, ReadChange};
use crate::consume::assignment::partition::PositionTrust;
use crate::kafka::ranges::Range;
use crate::record::TopicPartition;

impl Partitions<'_> {
    /// Goes on in a partition that librdkafka has stopped.
    pub fn start_over(&mut self, name: &TopicPartition, offset: i64, context: &mut Context<'_, '_>) {
        let mut all = self.positions(context.commits.watermarks());
        for (_, next) in all.iter_mut().filter(|(other, _)| other == name) {
            *next = offset;
        }
        if let Some(partition) = self.find_mut(name) {
            partition.position = PositionTrust::StartingOver;
            partition.moved_at = context.now;
            partition.fetching_starts(context.now);
        }
        context.act(Action::Read(ReadChange::StartOver { partition: name.clone(), offset, all }));
    }

    /// A log that was cut: what handlers have of it in hand are other records now.
    pub fn forget_cut(&mut self, range: &Range, context: &mut Context<'_, '_>) {
        let Some(partition) = self.find(&range.partition) else { return };
        let position = context.commits.watermarks().next(partition.id);
        if position.is_some_and(|position| position > range.high) {
            let id = partition.id;
            context.act(Action::Abandon(vec![id]));
            context.act(Action::Read(ReadChange::Resume(id)));
        }
    }

    /// Reads a partition a second time from where its last record was taken.
    pub fn read_again(&mut self, slot: usize, context: &mut Context<'_, '_>) {
        let Some(partition) = self.get_mut(slot) else { return };
        let Some(offset) = context.commits.watermarks().next(partition.id) else { return };
        // Until a record comes, the position is that of before.
        partition.distrust_position();
        partition.fetching_starts(context.now);
        let partition = partition.name.clone();
        context.act(Action::Read(ReadChange::ReadAgain { partition, offset }));
    }
}
