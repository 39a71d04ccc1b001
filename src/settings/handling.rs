//! How records are handled: what runs, in which order, and what happens when it fails.

use super::values::Value;
use crate::choices::{Order, Stdin};
use crate::jq::Program;
use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// What is done with records instead of printing them.
#[derive(Debug)]
pub struct Handling {
    pub handler: Handler,
    /// How many at once; at least 1.
    pub parallel: usize,
    pub order: Order,
    /// Records that workers hold unanswered, over all of them, or that are on their way to the topic of
    /// `Forward`; at least 1.
    pub in_flight: usize,
    /// Records started a second.
    pub rate: Option<NonZeroU32>,
    /// Of one attempt.
    pub timeout: Option<Duration>,
    /// Attempts after the first.
    pub retries: u32,
    pub backoff: Backoff,
    pub on_failure: OnFailure,
    /// Failed records in a row that end the run.
    pub failure_limit: Option<u64>,
    pub dedup: Option<Dedup>,
}

impl Handling {
    /// The topics that are written to, by the options that name them.
    pub fn topics(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let forward = match &self.handler {
            Handler::Forward { topic } => Some(("--forward", topic.as_str())),
            Handler::Exec(_) | Handler::Worker { .. } => None,
        };
        let dead_letter = match &self.on_failure {
            OnFailure::DeadLetter { topic } => Some(("--dead-letter", topic.as_str())),
            OnFailure::Stop | OnFailure::Skip => None,
        };
        forward.into_iter().chain(dead_letter)
    }
}

#[derive(Debug)]
pub enum Handler {
    /// One process for each record.
    Exec(Exec),
    /// `sh -c` of this, kept running.
    Worker { command: String },
    /// Produces the record to this topic.
    Forward { topic: String },
}

#[derive(Debug)]
pub struct Exec {
    /// The program and its arguments; `sh -c CMD` for `--exec`.
    pub command: Vec<OsString>,
    pub stdin: Stdin,
}

/// The pause before another attempt: exponential from `min` to `max`, full jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    pub min: Duration,
    pub max: Duration,
}

/// What happens when the attempts are used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnFailure {
    Stop,
    Skip,
    DeadLetter { topic: String },
}

#[derive(Debug)]
pub struct Dedup {
    /// Yields the event id.
    pub id: Program,
    pub store: StoreChoice,
    /// How long an id is remembered.
    pub ttl: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreChoice {
    /// A file in this folder, named by cluster id and group.
    InFolder(PathBuf),
    /// The path of a file.
    File(Value),
    /// `redis://…`
    Redis(Value),
}
