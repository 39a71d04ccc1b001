//! An assigned partition: its queue, and what waits there while it is held.

use super::native::ClientQueue;
use crate::record::TopicPartition;

pub struct Route {
    pub partition: TopicPartition,
    pub sizes: MeanSize,
    queue: ClientQueue,
    /// Its records stay in its own queue, and are prefetched no further than that queue may grow.
    is_held: bool,
}

impl Route {
    /// For a queue that is forwarded already.
    pub fn new(partition: TopicPartition, queue: ClientQueue) -> Route {
        Route { partition, sizes: MeanSize::default(), queue, is_held: false }
    }

    /// Delivers nothing more.
    pub fn hold(&mut self) {
        self.is_held = true;
        self.queue.keep();
    }

    /// Delivers again, from where it was held.
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

    /// Bytes of records, about, that were fetched and are held.
    pub fn waiting(&self) -> usize {
        if self.is_held { self.queue.length() * self.sizes.mean } else { 0 }
    }
}

/// What records come to, about: the newer, the more they count.
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
