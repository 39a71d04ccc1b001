//! Which partitions of the topics that were found are read.

use crate::error::{Failure, Kind};
use crate::kafka::admin::Topic;
use crate::record::TopicPartition;
use crate::settings::{Consume, Mode};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Every partition of some topics.
pub fn all_partitions(topics: &[Topic]) -> Vec<TopicPartition> {
    let of_topic = |topic: &Topic| -> Vec<TopicPartition> {
        let name: Arc<str> = Arc::from(topic.name.as_str());
        let partition = |number: &i32| TopicPartition { topic: Arc::clone(&name), partition: *number };
        topic.partitions.iter().map(partition).collect()
    };
    topics.iter().flat_map(of_topic).collect()
}

/// The partitions to read alone.
///
/// # Errors
/// A partition that was asked for does not exist.
pub fn standalone_partitions(
    topics: &[Topic],
    chosen: Option<&BTreeSet<i32>>,
    settings: &Consume,
) -> Result<Vec<TopicPartition>, Failure> {
    let all = all_partitions(topics);
    for number in chosen.into_iter().flatten().copied().chain(mapped(settings)) {
        for topic in topics {
            let exists = topic.partitions.contains(&number);
            // With several topics a partition need not exist in each, only somewhere.
            let exists_elsewhere = || all.iter().any(|partition| partition.partition == number);
            if !exists && (topics.len() == 1 || !exists_elsewhere()) {
                return Err(missing_partition(topic, number));
            }
        }
    }
    let is_chosen = |partition: &TopicPartition| chosen.is_none_or(|set| set.contains(&partition.partition));
    Ok(all.into_iter().filter(is_chosen).collect())
}

/// Partitions that `--from` and `--to` name.
fn mapped(settings: &Consume) -> Vec<i32> {
    let mut named = settings.stops.to.as_ref().map_or_else(Vec::new, |to| to.named());
    if let Mode::Standalone(standalone) = &settings.mode {
        named.extend(standalone.from.named());
    }
    named
}

fn missing_partition(topic: &Topic, number: i32) -> Failure {
    let message = match topic.partitions.as_slice() {
        [only] => format!("topic `{}` has only partition {only}, not {number}", topic.name),
        [first, .., last] => format!("topic `{}` has partitions {first} to {last}, not {number}", topic.name),
        [] => format!("topic `{}` has no partition", topic.name),
    };
    Failure::new(Kind::Missing, message)
}
