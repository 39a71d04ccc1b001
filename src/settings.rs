//! What was settled before anything is connected: arguments, environment, files and terminal.

mod brokers;
pub mod connection;
pub mod consume;
pub mod demo;
mod digest;
pub mod escapes;
mod filter;
mod former;
mod gather;
mod guarded;
mod handle;
pub mod handling;
mod jaas;
mod java;
mod judge;
pub mod known;
mod limits;
mod logins;
mod mode;
mod oauth;
pub mod operations;
mod origin;
mod output;
pub mod print;
mod producer;
pub mod profile;
mod properties_file;
mod security;
mod stores;
pub mod talk;
#[cfg(test)]
pub mod testing;
mod topics;
mod values;

use crate::choices::{Commits, DataFormat, ListenAddress, OffsetReset};
use crate::jq::Program;
use crate::position::{Clock, Positions};
use known::KnownProperties;
use regex::Regex;
use std::collections::BTreeSet;
use std::time::Duration;

pub use connection::Connection;
pub use demo::Demo;
pub use handling::Handling;
pub use talk::Talk;
pub use values::Value;

/// The world around the arguments, read once by the caller.
pub struct Surroundings<'a> {
    /// Looks a variable of the environment up.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    pub is_stdout_terminal: bool,
    pub is_stderr_terminal: bool,
    pub clock: Clock,
    pub known: &'a KnownProperties,
    /// Asks the library whether a property takes a value; its own words if not.
    pub check: &'a dyn Fn(&str, &str) -> Result<(), String>,
}

impl Surroundings<'_> {
    /// A variable of the environment; an empty one counts as absent.
    fn variable(&self, name: &str) -> Option<String> {
        (self.environment)(name).filter(|value| !value.is_empty())
    }
}

/// A run of `consume` or `demo`.
#[derive(Debug)]
pub struct Consume {
    pub connection: Connection,
    /// Names and expressions, as typed.
    pub topics: Vec<TopicSelector>,
    /// How long to wait for a topic that does not exist yet; zero: not at all.
    pub wait_for_topic: Duration,
    pub mode: Mode,
    pub stops: Stops,
    pub shutdown_timeout: Duration,
    pub read_uncommitted: bool,
    pub output: Output,
    /// Only records for which this is true are printed or handled.
    pub filter: Option<Program>,
    /// What becomes of a record on which the filter fails; with a handler its policy decides.
    pub filter_failure: FilterFailure,
    /// What is done with records instead of printing them.
    pub handling: Option<Handling>,
    /// Where figures and probes are served.
    pub metrics: Option<ListenAddress>,
    /// Settings that invite trouble, for a person to hear.
    pub warnings: Vec<String>,
    /// Variables of the environment that hold values: not for handlers.
    pub withheld: Vec<String>,
}

impl Consume {
    /// Topics that this run writes to: an expression for topics to read leaves them out.
    pub fn written_topics(&self) -> Vec<String> {
        self.handling.iter().flat_map(Handling::topics).map(|(_, topic)| topic.to_owned()).collect()
    }
}

/// What becomes of a record on which `--filter` fails, where records are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterFailure {
    /// A warning; the run goes on and ends with exit code 5.
    Remembered,
    /// The run ends there (exit code 5), the record uncommitted.
    Stop,
    /// A warning.
    Skip,
}

#[derive(Clone, Debug)]
pub enum TopicSelector {
    Name(String),
    /// Typed with a leading `^`; not anchored at its end.
    Pattern(Regex),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    Group(Group),
    Standalone(Standalone),
}

/// Reading as a member of a consumer group.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub name: String,
    pub offset_reset: OffsetReset,
    pub commits: Commits,
    /// Static membership.
    pub instance_id: Option<String>,
}

/// Reading alone: nothing is committed, no group is created.
#[derive(Clone, Debug, PartialEq)]
pub struct Standalone {
    pub from: Positions,
    pub partitions: Option<BTreeSet<i32>>,
}

/// What ends a run by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stops {
    /// `-e` is `--to end`.
    pub to: Option<Positions>,
    pub count: Option<u64>,
    pub idle_timeout: Option<Duration>,
    pub duration: Option<Duration>,
}

/// What is written to stdout.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    pub format: Format,
    pub value_format: DataFormat,
    pub key_format: DataFormat,
    /// End the run at a record that cannot be decoded.
    pub is_strict: bool,
    /// Say `Subscribed to …`, `Reached end of …` and so on.
    pub says_progress: bool,
}

impl Output {
    /// Whether there are records that are not in the formats asked for.
    pub fn can_fail(&self) -> bool {
        [self.value_format, self.key_format].into_iter().any(|format| match format {
            DataFormat::Auto | DataFormat::Base64 | DataFormat::Hex => false,
            DataFormat::Json | DataFormat::Text => true,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    Pretty(Pretty),
    Json {
        /// stdout is a terminal: what would act on it or hide is escaped, which loses nothing.
        is_terminal: bool,
    },
    Raw {
        delimiter: Vec<u8>,
        /// stdout is a terminal: what would act on it or hide is escaped.
        is_terminal: bool,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pretty {
    /// `None`: the topic's first word.
    pub label: Option<String>,
    pub title_field: String,
    /// A line `  Topic: …` after the key.
    pub has_topic: bool,
    /// Timestamp and headers too (`-v`).
    pub is_verbose: bool,
    /// stdout is a terminal: what would act on it or hide is escaped.
    pub is_terminal: bool,
    pub has_color: bool,
}
