//! A record in hand of handlers.

use crate::commits::AssignmentId;
use crate::record::OwnedRecord;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A record in hand.
#[derive(Debug)]
pub struct Job {
    pub assignment: AssignmentId,
    pub record: Arc<OwnedRecord>,
    /// What `--dedup` found.
    pub event_id: Option<Arc<str>>,
    /// What went wrong with it before any handler: told when its turn comes, so that what came before is done.
    pub fault: Option<Fault>,
    /// What is said once its dead letter is acknowledged.
    pub dead_letter_note: Option<String>,
    /// Attempts that failed and count.
    pub failed: u32,
    /// When the handler first asked for it to come later, and how often since it last counted.
    pub later: Option<(Instant, u32)>,
    /// Since when another member has its id, and how often we asked.
    pub elsewhere: Option<(Instant, u32)>,
    /// When it was first started.
    pub started: Option<Instant>,
    /// When its last attempt was started.
    pub at_work_since: Option<Instant>,
    /// How long its last attempt took.
    pub took: Duration,
    /// Whether the record was tried again.
    pub is_retried: bool,
    /// What was told of it.
    pub told: AlreadyTold,
    pub stage: Stage,
    pub(super) lane: Option<u64>,
    /// The records before and after this one in its lane.
    pub(super) before: Option<u64>,
    pub(super) after: Option<u64>,
}

/// What was told of a record, once each.
#[derive(Debug, Default)]
pub struct AlreadyTold {
    /// Another member has its id.
    pub elsewhere: bool,
    /// An attempt failed.
    pub failure: bool,
    /// It takes long.
    pub late: bool,
}

impl Job {
    /// For how long handlers have worked on it, pauses between attempts included.
    pub fn at_work_for(&self, now: Instant) -> Option<Duration> {
        self.started.map(|started| now.saturating_duration_since(started))
    }
}

/// What is wrong with a record before any handler has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An expression failed: a failed record.
    Failed(String),
    /// With `--strict` the run ends with it, whatever the policy.
    Undecodable(String),
}

/// Where a record in hand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The store is asked whether it is a duplicate, or another record with its id is at work.
    Unclear,
    /// Waits for its turn.
    Waiting,
    /// Waits for its next attempt.
    Delayed,
    /// About to start: the id is being claimed in the store.
    Claiming,
    /// With a handler.
    Running,
    /// The output of the record is being written, its id kept, its dead letter delivered, or its commit awaited.
    Closing,
}
