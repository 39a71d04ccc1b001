//! What handlers are given and what they give back.

use super::Printed;
use crate::alarm::Bell;
use crate::escape;
use crate::record::OwnedRecord;
use crate::settings::OutputSettings;
use crate::talk::HandlerOutput;
use std::borrow::Cow;
use std::sync::Arc;

/// One try at one record.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Names the record in our books; comes back in `Done`.
    pub ticket: u64,
    pub record: Arc<OwnedRecord>,
    /// From 1.
    pub number: u32,
    /// The id that `--dedup` found.
    pub event_id: Option<Arc<str>>,
}

/// What attempts need to know beside their record.
#[derive(Clone)]
pub struct Context {
    pub group: Option<String>,
    /// How keys and values are decoded for the envelope.
    pub output: OutputSettings,
    /// How lines on stderr go out.
    pub lines: HandlerOutput,
    /// Rung when there is something for `done`.
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
    /// Processed.
    Accepted,
    /// Try again later; not a failure (`EX_TEMPFAIL`).
    Later,
    /// Not even started, as the system is out of processes, memory or descriptors: its words. No record is charged.
    Scarce(String),
    /// A failed attempt: to be retried.
    Failed(Reason),
    /// A bad record: no use in retrying (`EX_DATAERR`).
    Refused(Reason),
    /// Not its turn yet when its worker ended: to be sent again at no cost.
    Again,
    /// Ended by us: neither processed nor failed.
    Unfinished,
}

impl Outcome {
    /// Whether the id of the record is still its: nobody else may handle that meanwhile.
    pub fn keeps_claim(&self) -> bool {
        match self {
            Outcome::Accepted | Outcome::Again => true,
            Outcome::Later
            | Outcome::Scarce(_)
            | Outcome::Failed(_)
            | Outcome::Refused(_)
            | Outcome::Unfinished => false,
        }
    }

    /// Whether the handler had its say.
    pub fn is_answer(&self) -> bool {
        match self {
            Outcome::Accepted | Outcome::Later | Outcome::Failed(_) | Outcome::Refused(_) => true,
            Outcome::Scarce(_) | Outcome::Again | Outcome::Unfinished => false,
        }
    }
}

/// Why an attempt failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason {
    /// `exit status 1`, `killed by SIGSEGV`, `timed out after 60s`, or a worker's own words.
    pub what: String,
    /// The last lines of the handler's stderr, at most 1 KiB; empty if there are none.
    pub stderr: String,
}

impl Reason {
    /// A reason that no handler had a word in.
    pub fn of(what: impl Into<String>) -> Reason {
        Reason { what: what.into(), stderr: String::new() }
    }

    /// What a message says of it.
    pub fn brief(&self) -> Cow<'_, str> {
        escape::quoted(&self.what)
    }

    /// All of it, as the header `kcons.error` has it.
    pub fn full(&self) -> String {
        let stderr = self.stderr.trim_end();
        if stderr.is_empty() { self.what.clone() } else { format!("{}: {stderr}", self.what) }
    }
}
