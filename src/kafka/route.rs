//! An assigned partition: its queue, and what waits there while it is held.

use super::merge::Timed;
use super::message::OwnedMessage;
use super::native::ClientQueue;
use crate::record::TopicPartition;
use std::collections::VecDeque;

pub struct Route {
    pub partition: TopicPartition,
    pub sizes: MeanSize,
    queue: ClientQueue,
    /// Whether its records stay in its own queue, where they are prefetched up to that queue's limit.
    is_held: bool,
}

impl Route {
    /// Makes the route of a partition whose queue is forwarded already.
    pub fn new(partition: TopicPartition, queue: ClientQueue) -> Route {
        Route { partition, sizes: MeanSize::default(), queue, is_held: false }
    }

    /// Makes the route of a partition that keeps what comes in its own queue.
    pub fn apart(partition: TopicPartition, queue: ClientQueue) -> Route {
        queue.keep();
        Route { is_held: true, ..Route::new(partition, queue) }
    }

    /// Takes messages out of its own queue.
    pub fn take(&self, limit: usize, messages: &mut VecDeque<Timed<OwnedMessage>>) {
        OwnedMessage::take(&self.queue, limit, messages);
    }

    /// Nothing waits in its own queue.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Stops delivering records.
    pub fn hold(&mut self) {
        self.is_held = true;
        self.queue.keep();
    }

    /// Delivers records again, from where it was held.
    pub fn go_on(&mut self, target: &ClientQueue) {
        self.is_held = false;
        self.queue.forward_to(target);
    }

    pub fn forward_again(&self, target: &ClientQueue) {
        if !self.is_held {
            self.queue.forward_to(target);
        }
    }

    pub fn is_drained(&self) -> bool {
        !self.is_held && self.queue.is_empty()
    }

    /// About how many bytes of fetched records are held.
    pub fn waiting(&self) -> usize {
        if self.is_held { self.queue.length() * self.sizes.mean } else { 0 }
    }
}

/// The mean size of records, in which newer records count more.
#[derive(Debug, Default)]
pub struct MeanSize {
    mean: usize,
}

impl MeanSize {
    pub fn add(&mut self, size: usize) {
        self.mean = if self.mean == 0 { size } else { (self.mean * 7 + size) / 8 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_records_count_more() {
        let mut sizes = MeanSize::default();
        sizes.add(800);
        assert_eq!(sizes.mean, 800);
        sizes.add(0);
        assert_eq!(sizes.mean, 700);
        (0..100).for_each(|_| sizes.add(100));
        assert!((100..110).contains(&sizes.mean), "{}", sizes.mean);
    }
}
