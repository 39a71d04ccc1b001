//! What handlers are given and what they give back.

use super::Printed;
use crate::alarm::Bell;
use crate::decode::Schemas;
use crate::escape;
use crate::record::OwnedRecord;
use crate::settings::OutputSettings;
use crate::talk::HandlerOutput;
use std::borrow::Cow;
use std::sync::Arc;

/// One try at one record.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The number of the record in the queue, which `Done` gives back.
    pub ticket: u64,
    pub record: Arc<OwnedRecord>,
    /// How often the record has been tried, this time included.
    pub number: u32,
    /// The id of the record, with `--dedup`.
    pub event_id: Option<Arc<str>>,
}

/// What attempts need to know besides their record.
#[derive(Clone)]
pub struct HandlerContext {
    pub group: Option<String>,
    /// How keys and values are decoded for the envelope.
    pub output: OutputSettings,
    /// What decoders share.
    pub schemas: Schemas,
    /// How the lines that handlers write to stderr are printed.
    pub lines: HandlerOutput,
    /// Rung when an attempt has ended.
    pub bell: Bell,
}

/// What came of an attempt.
#[derive(Debug)]
pub struct Done {
    pub ticket: u64,
    pub outcome: Outcome,
    /// What the handler wrote to its stdout; empty unless it accepted the record.
    pub output: Printed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The record is processed.
    Accepted,
    /// The record is to be tried again later, which is not a failure (`EX_TEMPFAIL`).
    Later,
    /// The handler could not be started, since the system is out of processes, memory or descriptors; has the
    /// system's words. The attempt does not count.
    Scarce(String),
    /// The attempt failed and may be retried.
    Failed(FailureReason),
    /// The record is bad and retrying it is of no use (`EX_DATAERR`).
    Refused(FailureReason),
    /// The shell found no such program, or could not run it: no other record would fare better.
    Unrunnable(Unrunnable, FailureReason),
    /// The worker ended before it got to the record, which is sent again. The attempt does not count.
    Again,
    /// We ended the handler: the record is neither processed nor failed.
    Unfinished,
}

impl Outcome {
    /// Whether the record keeps its claim on its id, so that nobody else handles a record with that id meanwhile.
    pub fn keeps_claim(&self) -> bool {
        match self {
            Outcome::Accepted | Outcome::Again => true,
            Outcome::Later
            | Outcome::Scarce(_)
            | Outcome::Failed(_)
            | Outcome::Refused(_)
            | Outcome::Unrunnable(..)
            | Outcome::Unfinished => false,
        }
    }

    /// Whether the handler has decided about the record.
    pub fn is_answer(&self) -> bool {
        match self {
            Outcome::Accepted | Outcome::Later | Outcome::Failed(_) | Outcome::Refused(_) => true,
            Outcome::Scarce(_) | Outcome::Unrunnable(..) | Outcome::Again | Outcome::Unfinished => false,
        }
    }
}

/// Why a shell cannot run a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unrunnable {
    NotFound,
    /// It is there, but no program, or one that may not be run.
    NotExecutable,
}

/// Why an attempt failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureReason {
    /// `exit status 1`, `killed by SIGSEGV`, `timed out after 60s`, or a worker's own words.
    pub what: String,
    /// The last lines of the handler's stderr, at most 1 KiB; empty if there are none.
    pub stderr: String,
}

impl FailureReason {
    /// A reason without anything from a handler's stderr.
    pub fn of(what: impl Into<String>) -> FailureReason {
        FailureReason { what: what.into(), stderr: String::new() }
    }

    /// The reason as a message quotes it.
    pub fn brief(&self) -> Cow<'_, str> {
        escape::quoted(&self.what)
    }

    /// The last line that the handler wrote to stderr; empty if there is none.
    pub fn last_line(&self) -> Cow<'_, str> {
        escape::quoted(self.stderr.trim_end().lines().next_back().unwrap_or_default())
    }

    /// The whole reason with the lines of stderr, as the header `kcons.error` has it.
    pub fn full(&self) -> String {
        let stderr = self.stderr.trim_end();
        if stderr.is_empty() { self.what.clone() } else { format!("{}: {stderr}", self.what) }
    }
}
