//! What is asked of leaders before partitions are read, and where each is to start and stop.

use super::Partitions;
use crate::choices::OffsetReset;
use crate::consume::assignment::newest::first_step;
use crate::consume::assignment::times::ANSWER_LIMIT;
use crate::kafka::ranges::RangeQuery;
use crate::position::Position;
use crate::record::TopicPartition;
use crate::settings::Mode;
use std::time::Duration;

impl Partitions<'_> {
    /// Asks for the logs of partitions that are read, and for nothing else.
    pub fn log_query(&self, partitions: Vec<TopicPartition>) -> RangeQuery {
        RangeQuery::of(partitions, self.settings.read_uncommitted, ANSWER_LIMIT)
    }

    /// Where the group goes on in a partition that has no committed offset, or one outside of the log.
    pub fn offset_reset(&self) -> Option<OffsetReset> {
        self.settings.group().map(|group| group.offset_reset)
    }

    /// The time at which a group starts in a partition that has no committed offset.
    fn reset_time(&self) -> Option<Position> {
        match self.offset_reset()? {
            OffsetReset::Time(time) => Some(Position::Time(time)),
            OffsetReset::Earliest | OffsetReset::Latest | OffsetReset::None => None,
        }
    }

    /// Asks for the logs of partitions whose position fell out of them.
    pub fn lost_query(&self, partitions: Vec<TopicPartition>) -> RangeQuery {
        let from_times = times(&partitions, |_| self.reset_time());
        RangeQuery { from_times, ..self.log_query(partitions) }
    }

    /// Whether the run is to end at all.
    pub fn has_stop(&self) -> bool {
        self.settings.stops.to.is_some()
    }

    /// What has to be known of partitions before they are read.
    pub fn start_query(&self, partitions: Vec<TopicPartition>, limit: Duration) -> RangeQuery {
        RangeQuery {
            with_committed: matches!(self.settings.mode, Mode::Group(_)),
            from_times: times(&partitions, |partition| self.from(partition).or(self.reset_time())),
            to_times: times(&partitions, |partition| self.to(partition)),
            ..RangeQuery::of(partitions, self.settings.read_uncommitted, limit)
        }
    }

    pub fn from(&self, partition: &TopicPartition) -> Option<Position> {
        if let Some(wanted) = self.settings.stops.last {
            return Some(Position::BeforeEnd(first_step(wanted)));
        }
        match &self.settings.mode {
            // Whatever `--from` says, or what was written before the partition was found would be passed over.
            Mode::Standalone(_) if self.added.contains(partition) => Some(Position::Beginning),
            Mode::Standalone(standalone) => standalone.from.at(partition.partition),
            Mode::Group(_) => None,
        }
    }

    pub fn to(&self, partition: &TopicPartition) -> Option<Position> {
        let stops = &self.settings.stops;
        stops.to.as_ref()?.at(partition.partition).or(stops.at_end.then_some(Position::End))
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
