//! What a run shows of itself while it goes on: whether it is ready, and its figures when a scrape asks.

use super::Run;
use crate::metrics::{Readiness, Snapshot};
use crate::record::TopicPartition;
use crate::settings::Mode;
use std::time::{Duration, Instant};

/// The ends of partitions that we are behind in are asked for that often at most, and only when a scrape asks: while
/// enough is in hand nothing is fetched, and only fetching tells how the log grows.
const ENDS_EVERY: Duration = Duration::from_secs(5);

/// Times of attempts that are kept for the next scrape.
const MOST_ATTEMPTS: usize = 10_000;

impl Run<'_> {
    /// Tells that the loop turns, and hands the figures over if somebody waits for them.
    pub(super) fn answer_scrapes(&mut self, now: Instant) {
        if !self.meter.is_on() {
            return;
        }
        let is_asked = self.meter.turned(now, self.readiness());
        if is_asked {
            self.ask_ends(now);
        }
        if is_asked || self.delivery.counts().attempt_times.len() >= MOST_ATTEMPTS {
            self.publish();
        }
    }

    /// One more rebalance; what is read alone is given by nobody.
    pub(super) fn as_rebalance(&self) -> u64 {
        u64::from(self.settings.group().is_some())
    }

    fn readiness(&self) -> Readiness {
        if self.ending.is_some() {
            return Readiness::Ending;
        }
        let is_outside = match &self.settings.mode {
            Mode::Group(_) => self.topics.is_reading() && !self.rebalances.is_member,
            Mode::Standalone(_) => false,
        };
        match self.reachability.is_connected() {
            _ if is_outside => Readiness::Outside,
            true => Readiness::Ready,
            false => Readiness::Unconnected,
        }
    }

    pub(super) fn publish(&mut self) {
        for lane in self.lanes.iter_mut() {
            self.counts.add_read(&lane.partition.topic, std::mem::take(&mut lane.read));
        }
        let tally = self.delivery.tally().unwrap_or_default();
        self.meter.publish(&Snapshot {
            counts: &self.counts,
            records: self.delivery.counts(),
            processed: self.processed,
            skipped: tally.skipped,
            dead_letters: tally.dead_lettered,
            duplicates: tally.duplicates,
            in_hand: self.commits.watermarks().in_hand(),
            in_flight: self.delivery.in_flight(),
            lags: self.lags(),
        });
        self.delivery.counts_mut().attempt_times.clear();
    }

    /// From the watermark of each partition to the end of its log as far as it is known.
    fn lags(&self) -> Vec<(TopicPartition, i64)> {
        let lag = |lane: &super::lanes::Lane| {
            let known = self.source.known_end(&lane.partition).unwrap_or(0);
            let end = known.max(lane.end).max(lane.asked_end);
            let watermark = self.commits.watermarks().watermark(lane.claim)?;
            Some((lane.partition.clone(), (end - watermark).max(0)))
        };
        self.lanes.iter().filter_map(lag).collect()
    }

    fn ask_ends(&mut self, now: Instant) {
        if self.ends_asked_at.is_some_and(|asked| now.duration_since(asked) < ENDS_EVERY) {
            return;
        }
        let behind: Vec<_> = self.lags().into_iter().filter(|(_, lag)| *lag > 0).collect();
        if !behind.is_empty() && self.reachability.is_connected() {
            self.ends_asked_at = Some(now);
            self.source.look_ups().ends(behind.into_iter().map(|(partition, _)| partition).collect());
        }
    }

    /// Takes the ends that were asked for.
    pub(super) fn ends_asked(&mut self, ends: Vec<(TopicPartition, i64)>) {
        for (partition, end) in ends {
            if let Some(lane) = self.lanes.find_mut(&partition) {
                lane.asked_end = end;
            }
        }
    }
}
