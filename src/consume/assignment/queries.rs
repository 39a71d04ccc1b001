//! What is asked of leaders before partitions are read, and where each is to start and stop.

use super::Assignment;
use crate::kafka::ranges::RangeQuery;
use crate::position::Position;
use crate::record::TopicPartition;
use crate::settings::Mode;
use std::time::Duration;

impl Assignment<'_> {
    /// What has to be known of partitions before they are read.
    pub(super) fn start_query(&self, partitions: Vec<TopicPartition>, limit: Duration) -> RangeQuery {
        RangeQuery {
            with_committed: matches!(self.settings.mode, Mode::Group(_)),
            from_times: times(&partitions, |partition| self.from(partition)),
            to_times: times(&partitions, |partition| self.to(partition)),
            ..RangeQuery::of(partitions, self.settings.read_uncommitted, limit)
        }
    }

    pub(super) fn from(&self, partition: &TopicPartition) -> Option<Position> {
        match &self.settings.mode {
            Mode::Standalone(standalone) => standalone.from.at(partition.partition),
            Mode::Group(_) => None,
        }
    }

    pub(super) fn to(&self, partition: &TopicPartition) -> Option<Position> {
        self.settings.stops.to.as_ref()?.at(partition.partition)
    }
}

fn times(
    partitions: &[TopicPartition],
    position: impl Fn(&TopicPartition) -> Option<Position>,
) -> Vec<(TopicPartition, i64)> {
    let time = |partition: &TopicPartition| match position(partition) {
        Some(Position::Time(time)) => Some((partition.clone(), time)),
        Some(_) | None => None,
    };
    partitions.iter().filter_map(time).collect()
}
