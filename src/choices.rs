//! Choices of the user that the parser reads and the engine acts on, in a layer below both.

mod data_format;

use crate::plural::counted;
use clap::ValueEnum;
use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

pub use data_format::{ByteOrder, DataFormat, NumberFormat, NumberType, SchemaLanguage};

/// How the rows of a table are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    #[default]
    Table,
    Json,
}

/// How the rows of lag are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LagFormat {
    /// A table, on a terminal as narrow as that.
    #[default]
    Table,
    /// A table with all columns.
    Wide,
    Json,
}

/// Whether a run shows how far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// How many records are expected: N, `N..` (at least N), `N..M` (both included) or `..M` (at most M).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedCount {
    pub least: u64,
    /// `None`: any number from `least` on.
    pub most: Option<u64>,
}

impl ExpectedCount {
    pub fn is_met_by(self, count: u64) -> bool {
        count >= self.least && !self.is_exceeded_by(count)
    }

    pub fn is_exceeded_by(self, count: u64) -> bool {
        self.most.is_some_and(|most| count > most)
    }
}

impl fmt::Display for ExpectedCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records = |count| counted(count, "record", "records");
        match *self {
            ExpectedCount { least, most: Some(most) } if least == most => f.write_str(&records(least)),
            ExpectedCount { least: 0, most: Some(most) } => write!(f, "at most {}", records(most)),
            ExpectedCount { least, most: Some(most) } => write!(f, "{least} to {}", records(most)),
            ExpectedCount { least, most: None } => write!(f, "at least {}", records(least)),
        }
    }
}

/// Where a group starts in a partition in which it has committed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetReset {
    Earliest,
    Latest,
    /// At the first record at or after this time, in milliseconds since 1970.
    Time(i64),
    /// Nowhere: the run ends.
    None,
}

/// Which records a handler gets one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Order {
    #[default]
    Key,
    Partition,
    None,
}

/// What a handler's process gets on stdin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Stdin {
    #[default]
    Value,
    Json,
}

/// When and how a group's offsets are committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitSettings {
    pub mode: CommitMode,
    /// Whether to go on without waiting for the answer to a commit (manual and batch).
    pub is_async: bool,
}

/// When offsets are committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitMode {
    /// At every `interval`, what has been processed.
    Auto {
        interval: Duration,
    },
    /// After every record, before the next one is taken.
    Manual,
    /// After this number of records.
    Batch(NonZeroU64),
    Never,
}

/// An address to listen on; an empty host stands for every interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    pub host: String,
    /// Port 0 stands for any free port.
    pub port: u16,
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}
