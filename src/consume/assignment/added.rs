//! Partitions that are added while a run reads alone: nobody gives them to it.

use super::Assignment;
use super::rebalance::RebalanceStep;
use crate::consume::action::Context;
use crate::kafka::admin::{Described, KnownTopic};
use crate::record::TopicPartition;
use crate::talk::by_topic;
use std::collections::HashSet;
use std::sync::Arc;

impl Assignment<'_> {
    /// Begins to read the partitions of our topics that are not read yet, if the run is to follow them.
    pub fn read_added(&mut self, topics: &[Described<KnownTopic>], context: &mut Context<'_, '_>) {
        // While others start, the next answer will do.
        let is_idle = matches!(self.rebalances.step, RebalanceStep::Idle);
        if !self.settings.reads_added() || !is_idle || context.is_closing {
            return;
        }
        let known_topics: HashSet<&str> = self.ours().map(|name| &*name.topic).collect();
        let (mut added, mut untold) = (Vec::new(), Vec::new());
        for (name, known) in topics {
            let Ok(known) = known else { continue };
            let new = self.not_ours(name, known);
            // Topics that match by now are told already.
            if known_topics.contains(name.as_str()) {
                untold.extend(new.iter().cloned());
            }
            added.extend(new);
        }
        if added.is_empty() {
            return;
        }
        match untold.as_slice() {
            [] => {}
            [one] => context.info(format!("reading a new partition from its beginning: {one}")),
            all => context.info(format!("reading new partitions from their beginning: {}", by_topic(all))),
        }
        self.partitions.note_added(&added);
        self.start(added, context);
    }

    /// The partitions that are read or wait to be read.
    fn ours(&self) -> impl Iterator<Item = &TopicPartition> {
        self.partitions.iter().map(|partition| &partition.name).chain(self.unreached.names())
    }

    /// The partitions of a topic that are neither read nor wait to be read.
    fn not_ours(&self, topic: &str, known: &KnownTopic) -> Vec<TopicPartition> {
        let of_topic = self.ours().filter(|name| *name.topic == *topic);
        let ours: HashSet<i32> = of_topic.map(|name| name.partition).collect();
        let topic: Arc<str> = Arc::from(topic);
        let numbers = known.partitions.iter().filter(|number| !ours.contains(number));
        numbers.map(|number| TopicPartition { topic: Arc::clone(&topic), partition: *number }).collect()
    }
}
