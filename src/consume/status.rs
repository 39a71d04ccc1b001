//! What a run tells and shows of itself: events, readiness, figures when a scrape asks.

use crate::commits::Commits;
use crate::delivery::Delivery;
use crate::metrics::{Counts, Meter, Read, Readiness, Snapshot};
use crate::plural::counted;
use crate::record::TopicPartition;
use crate::talk::{Event, Notice, ProgressDisplay, ProgressFigures, Talk, prepare_last_words};
use std::time::{Duration, Instant};

/// The ends of partitions that we are behind in are asked for that often at most, and only when a scrape asks: while
/// enough is in hand nothing is fetched, and only fetching tells how the log grows.
const ENDS_EVERY: Duration = Duration::from_secs(5);

/// Times of attempts that are kept for the next scrape.
const MOST_ATTEMPTS: usize = 10_000;

/// Tells and counts.
pub struct Status {
    pub talk: Talk,
    pub meter: Meter,
    /// Absent if it is not shown how far the run is.
    pub progress: Option<ProgressDisplay>,
    pub counts: Counts,
    /// What is read alone is given by nobody: there are no rebalances to count.
    is_in_group: bool,
    /// Whether the group has given us partitions, or told that there are none.
    has_been_assigned: bool,
    /// What would be left if the run ended at once.
    unfinished: Unfinished,
    pub started: Instant,
    /// Since when nothing was read, written or handled.
    pub idle_since: Instant,
    /// When the loop last did what it does once a second.
    pub checked: Instant,
    ends_asked_at: Option<Instant>,
    /// Everything that was told.
    #[cfg(test)]
    pub told: Vec<Notice>,
}

impl Status {
    pub fn new(talk: Talk, meter: Meter, is_in_group: bool, now: Instant) -> Status {
        Status {
            talk,
            meter,
            progress: None,
            counts: Counts::default(),
            is_in_group,
            has_been_assigned: false,
            unfinished: Unfinished::default(),
            started: now,
            idle_since: now,
            checked: now,
            ends_asked_at: None,
            #[cfg(test)]
            told: Vec::new(),
        }
    }

    /// Tells a notice; one that has its place among the records is written by `delivery`.
    pub fn tell(&mut self, notice: Notice, delivery: &mut Delivery<'_>, now: Instant) {
        #[cfg(test)]
        self.told.push(notice.clone());
        match notice {
            Notice::Event(event) => {
                self.count(&event);
                self.talk.say(&event);
            }
            Notice::AfterRecords(event) => {
                self.count(&event);
                if let Some(line) = self.talk.after_records(&event) {
                    delivery.say(line);
                }
            }
            Notice::Warning(message) => self.talk.warn(message, now),
            Notice::Library(line) => self.talk.library(line),
        }
    }

    pub fn shows_progress(&self) -> bool {
        self.progress.is_some()
    }

    pub fn is_progress_due(&self, now: Instant) -> bool {
        self.progress.as_ref().is_some_and(|progress| progress.is_due(now))
    }

    /// Shows how far the run is.
    pub fn show_progress(&mut self, figures: ProgressFigures, now: Instant) {
        if let Some(message) = self.progress.as_mut().and_then(|progress| progress.show(figures, now)) {
            self.talk.say(&Event::Done { message });
        }
    }

    /// Shows how far the run came.
    pub fn end_progress(&mut self, figures: ProgressFigures, now: Instant) {
        let time = now.duration_since(self.started);
        if let Some(message) = self.progress.take().and_then(|progress| progress.end(figures, time, now)) {
            self.talk.say(&Event::Done { message });
        }
    }

    /// Prepares what is said if a second signal ends the run at once.
    pub fn prepare_end(&mut self, unfinished: Unfinished) {
        if std::mem::replace(&mut self.unfinished, unfinished) != unfinished {
            let line = unfinished.words().and_then(|message| self.talk.line(&Event::Warning { message }));
            prepare_last_words(line.unwrap_or_default());
        }
    }

    /// Tells of partitions that were taken over.
    pub fn tell_assigned(
        &mut self,
        partitions: Vec<TopicPartition>,
        delivery: &mut Delivery<'_>,
        now: Instant,
    ) {
        let is_first = !std::mem::replace(&mut self.has_been_assigned, true);
        let event = Event::Assigned { partitions, is_change: self.is_in_group && !is_first };
        // The first ones come behind the line that says what is read, which goes the way of the records.
        if is_first {
            self.tell(Notice::AfterRecords(event), delivery, now);
            // Whoever reads stdout may take nothing for long.
            delivery.seal();
        } else {
            self.tell(Notice::Event(event), delivery, now);
        }
    }

    fn count(&mut self, event: &Event) {
        match event {
            Event::Assigned { .. } => self.counts.assigned += u64::from(self.is_in_group),
            Event::Revoked { .. } => self.counts.revoked += 1,
            Event::Lost { .. } => self.counts.lost += 1,
            Event::Spare => self.has_been_assigned = true,
            Event::Committed { error: None, .. } => self.counts.commits_ok += 1,
            Event::Committed { error: Some(_), .. } => self.counts.commits_failed += 1,
            Event::Started { .. }
            | Event::EndReached { .. }
            | Event::RecordFailed { .. }
            | Event::Progress { .. }
            | Event::AttemptFailed { .. }
            | Event::RecordDone { .. }
            | Event::DeadLettered { .. }
            | Event::Closed { .. }
            | Event::Summary { .. }
            | Event::Done { .. }
            | Event::Info { .. }
            | Event::Warning { .. }
            | Event::Library { .. } => {}
        }
    }

    /// Tells the probes that the loop turns. True if figures should be handed over now: a scrape waits for them, or
    /// there are too many to keep.
    pub fn turned(&mut self, readiness: Readiness, delivery: &Delivery<'_>, now: Instant) -> Scrape {
        if !self.meter.is_on() {
            return Scrape::None;
        }
        match self.meter.turned(now, readiness) {
            true => Scrape::Asked,
            false if delivery.counts().attempt_times.len() >= MOST_ATTEMPTS => Scrape::Full,
            false => Scrape::None,
        }
    }

    /// Whether the ends of logs may be asked for.
    pub fn may_ask_ends(&self, now: Instant) -> bool {
        self.ends_asked_at.is_none_or(|asked| now.duration_since(asked) >= ENDS_EVERY)
    }

    /// Notes that the ends of logs are asked for.
    pub fn ends_asked(&mut self, now: Instant) {
        self.ends_asked_at = Some(now);
    }

    /// Hands the figures over. `read`: what was read of each partition since the last time.
    pub fn publish(
        &mut self,
        read: Vec<(TopicPartition, Read)>,
        lags: Vec<(TopicPartition, i64)>,
        commits: &Commits,
        delivery: &mut Delivery<'_>,
    ) {
        for (partition, read) in read {
            self.counts.add_read(&partition.topic, read);
        }
        let tally = delivery.tally().unwrap_or_default();
        self.meter.publish(&Snapshot {
            counts: &self.counts,
            records: delivery.counts(),
            processed: commits.total(),
            skipped: tally.skipped,
            dead_letters: tally.dead_lettered,
            duplicates: tally.duplicates,
            in_hand: commits.watermarks().in_hand(),
            in_flight: delivery.in_flight(),
            lags,
        });
        delivery.counts_mut().attempt_times.clear();
    }
}

/// What is left of a run that ends at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Records that were begun.
    pub records: u64,
    /// Processed records that the group has not committed.
    pub uncommitted: u64,
    /// Whether records are committed at all.
    pub is_committing: bool,
}

impl Unfinished {
    fn words(self) -> Option<String> {
        let Unfinished { records, uncommitted, is_committing } = self;
        let unfinished = counted(records, "record", "records");
        let processed = counted(uncommitted, "processed record", "processed records");
        let what = match (records, uncommitted) {
            (0, 0) => return None,
            (_, 0) if is_committing => format!("{unfinished} unfinished, not committed"),
            (_, 0) => format!("{unfinished} unfinished"),
            (0, _) => format!("{processed} not committed"),
            (_, _) => format!("{unfinished} unfinished, {processed} not committed"),
        };
        Some(format!("ended at once: {what}"))
    }
}

/// Whether figures are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scrape {
    None,
    Asked,
    /// Nobody asked, but there are too many times of attempts to keep.
    Full,
}
