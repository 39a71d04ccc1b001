//! Resolves the options of handlers.

mod dedup;

use super::group::{Mode, Standalone};
use super::topics::{self, TopicSelector};
use crate::choices::{Order, Stdin};
use crate::cli;
use crate::error::Failure;
use crate::jq::Program;
use crate::secrets;
use crate::settings::Surroundings;
use crate::settings::properties::values::Value;
use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// Who handles records, in which order, and what happens to failed ones.
#[derive(Debug)]
pub struct HandlerSettings {
    pub handler: Handler,
    /// How many records are handled at once; at least 1.
    pub parallel: usize,
    pub order: Order,
    /// How many records all workers together hold without an answer, or how many are on their way to the topic of
    /// `Forward`; at least 1.
    pub in_flight: usize,
    /// How many records are started per second at most.
    pub rate: Option<NonZeroU32>,
    /// How long one attempt may take; `None` means no limit.
    pub timeout: Option<Duration>,
    /// How many attempts follow a failed first one.
    pub retries: u32,
    pub backoff: Backoff,
    pub on_failure: FailurePolicy,
    /// How many failed records in a row end the run; `None` means no limit.
    pub failure_limit: Option<u64>,
    pub dedup: Option<Dedup>,
}

impl HandlerSettings {
    /// The topics that are written to, each with the option that names it.
    pub fn topics(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let forward = match &self.handler {
            Handler::Forward { topic } => Some(("--forward", topic.as_str())),
            Handler::Exec(_) | Handler::Worker { .. } => None,
        };
        let dead_letter = match &self.on_failure {
            FailurePolicy::DeadLetter { topic } => Some(("--dead-letter", topic.as_str())),
            FailurePolicy::Stop | FailurePolicy::Skip => None,
        };
        forward.into_iter().chain(dead_letter)
    }
}

#[derive(Debug)]
pub enum Handler {
    /// Starts a process for each record.
    Exec(Exec),
    /// Keeps `sh -c COMMAND` running.
    Worker { command: String },
    /// Produces each record to this topic.
    Forward { topic: String },
}

#[derive(Debug)]
pub struct Exec {
    /// The program and its arguments; for `--exec` they are `sh -c CMD`.
    pub command: Vec<OsString>,
    pub stdin: Stdin,
}

/// The pause before another attempt: it grows exponentially from `min` to `max`, with full jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    pub min: Duration,
    pub max: Duration,
}

/// What happens to a record when its attempts are used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    Stop,
    Skip,
    DeadLetter { topic: String },
}

#[derive(Debug)]
pub struct Dedup {
    /// The program that yields the event id of a record.
    pub id: Program,
    pub store: StoreChoice,
    /// How long an id is remembered.
    pub ttl: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreChoice {
    /// A file in this folder; its name is made of the cluster id and the group.
    InFolder(PathBuf),
    /// The file at this path.
    File(Value),
    /// The Redis server at this URL.
    Redis(Value),
}

const IN_FLIGHT: u64 = 64;
const TIMEOUT: Duration = Duration::from_secs(60);
const RETRIES: u32 = 3;
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
const FAILURE_LIMIT: u32 = 100;

/// Resolves the handler and the options that go with it; `None` if records are printed.
pub fn resolve(
    reading: &cli::ReadingOptions,
    read: &[TopicSelector],
    surroundings: &Surroundings<'_>,
) -> Result<Option<HandlerSettings>, Failure> {
    let typed = &reading.handler;
    let Some(handler) = handler(typed)? else { return Ok(None) };
    let (parallel, in_flight) = concurrency(typed, &handler)?;
    let (min, max) = typed.backoff.unwrap_or(BACKOFF);
    let failure_limit = typed.failure_limit.unwrap_or(FAILURE_LIMIT);
    let handling = HandlerSettings {
        parallel,
        order: typed.order.unwrap_or_default(),
        in_flight,
        rate: typed.rate,
        timeout: Some(typed.timeout.unwrap_or(TIMEOUT)).filter(|timeout| !timeout.is_zero()),
        retries: typed.retries.unwrap_or(RETRIES),
        backoff: Backoff { min, max },
        on_failure: on_failure(typed)?,
        failure_limit: (failure_limit > 0).then_some(u64::from(failure_limit)),
        dedup: dedup::resolve(typed, surroundings)?,
        handler,
    };
    check_topics(&handling, read)?;
    Ok(Some(handling))
}

/// Warnings about settings that are valid but risky.
pub fn warnings(handling: &HandlerSettings, mode: &Mode, read: &[TopicSelector]) -> Vec<String> {
    let mut warnings = Vec::new();
    let is_forward = matches!(handling.handler, Handler::Forward { .. });
    let Mode::Standalone(Standalone { partitions, .. }) = mode else { return warnings };
    warnings.push("a handler without `--group`: nothing is committed, every run starts over".to_owned());
    if let (Some(partitions), [TopicSelector::Name(_)], Order::Partition, false) =
        (partitions, read, handling.order, is_forward)
        && handling.parallel > partitions.len()
    {
        warnings.push(format!(
            "`--parallel {}` is more than `--order partition` allows with {} in `--partitions`",
            handling.parallel,
            partitions.len()
        ));
    }
    warnings
}

fn handler(typed: &cli::HandlerOptions) -> Result<Option<Handler>, Failure> {
    let stdin = typed.stdin.unwrap_or_default();
    let shell = |command: &String| ["sh", "-c", command].map(OsString::from).to_vec();
    let handler = if let Some(topic) = &typed.forward {
        Handler::Forward { topic: topic_of("--forward", topic)? }
    } else if let Some(command) = named("--worker", typed.worker.as_ref())? {
        Handler::Worker { command: command.clone() }
    } else if let Some(command) = named("--exec", typed.exec.as_ref())? {
        Handler::Exec(Exec { command: shell(command), stdin })
    } else if let Some(program) = typed.command.first() {
        if program.is_empty() {
            return Err(Failure::usage("`-- CMD` must not be empty"));
        }
        Handler::Exec(Exec { command: typed.command.clone(), stdin })
    } else {
        return Ok(None);
    };
    Ok(Some(handler))
}

fn named<'a>(option: &str, text: Option<&'a String>) -> Result<Option<&'a String>, Failure> {
    match text {
        Some(text) if text.trim().is_empty() => Err(Failure::usage(format!("`{option}` must not be empty"))),
        Some(_) | None => Ok(text),
    }
}

fn topic_of(option: &str, text: &str) -> Result<String, Failure> {
    topics::name(text).map_err(|failure| Failure {
        message: format!("invalid topic name `{}` for `{option}`", secrets::word(text)),
        hint: None,
        ..failure
    })
}

/// How many records are handled at once, and how many are sent ahead of their answers.
fn concurrency(typed: &cli::HandlerOptions, handler: &Handler) -> Result<(usize, usize), Failure> {
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let parallel = typed.parallel.unwrap_or(1);
    match (handler, typed.parallel, typed.in_flight) {
        (Handler::Forward { .. }, ..) => {
            let number = count(typed.parallel.or(typed.in_flight).unwrap_or(IN_FLIGHT));
            Ok((number, number))
        }
        (Handler::Worker { .. }, Some(parallel), Some(in_flight)) if in_flight < parallel => Err(
            Failure::usage(format!("`--in-flight {in_flight}` cannot be used with `--parallel {parallel}`"))
                .caused_by("some workers would never get a record"),
        ),
        (Handler::Worker { .. } | Handler::Exec(_), ..) => {
            Ok((count(parallel), count(typed.in_flight.unwrap_or(IN_FLIGHT.max(parallel)))))
        }
    }
}

fn on_failure(typed: &cli::HandlerOptions) -> Result<FailurePolicy, Failure> {
    match (&typed.dead_letter, typed.on_failure) {
        (Some(topic), _) => Ok(FailurePolicy::DeadLetter { topic: topic_of("--dead-letter", topic)? }),
        (None, Some(cli::OnFailure::Skip)) => Ok(FailurePolicy::Skip),
        (None, Some(cli::OnFailure::Stop | cli::OnFailure::DeadLetter) | None) => Ok(FailurePolicy::Stop),
    }
}

/// Refuses topics that are both read and written: such a run would read its own records and never end.
fn check_topics(handling: &HandlerSettings, read: &[TopicSelector]) -> Result<(), Failure> {
    let is_read = |topic: &str| {
        read.iter().any(|selector| match selector {
            TopicSelector::Name(name) => name == topic,
            TopicSelector::Pattern(_) => false,
        })
    };
    if let Some((option, topic)) = handling.topics().find(|(_, topic)| is_read(topic)) {
        return Err(Failure::usage(format!("`{option} {topic}` cannot be used: this run reads that topic"))
            .caused_by("what is written there would be read again"));
    }
    let topics: Vec<_> = handling.topics().collect();
    match topics.as_slice() {
        [(first, topic), (second, other)] if topic == other => {
            Err(Failure::usage(format!("`{first} {topic}` cannot be used with `{second} {other}`"))
                .caused_by("records that this topic refuses cannot be kept there"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
