//! Settles handlers: everything typed for them that makes no sense together is refused here.

mod dedup;

use super::filter::needs_handler;
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

const IN_FLIGHT: u64 = 64;
const TIMEOUT: Duration = Duration::from_secs(60);
const RETRIES: u32 = 3;
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
const FAILURE_LIMIT: u32 = 100;

/// Settles what is done with records; `None`: they are printed.
///
/// # Errors
/// Options that do not belong together, and topics that would be read and written.
pub fn settle(
    reading: &cli::Reading,
    mode: &Mode,
    read: &[TopicSelector],
    surroundings: &Surroundings<'_>,
) -> Result<Option<Handling>, Failure> {
    let typed = &reading.handling;
    let Some(handler) = handler(typed)? else {
        // `filter` answers for `--on-failure`: it is for printed records, too.
        return match options(typed).find(|option| *option != "--on-failure") {
            Some(option) => Err(needs_handler(option)),
            None => Ok(None),
        };
    };
    refuse_what_is_printed(reading, &handler)?;
    refuse_what_is_idle(reading, &handler)?;
    let (parallel, in_flight) = at_once(typed, &handler)?;
    let (min, max) = typed.backoff.unwrap_or(BACKOFF);
    let failure_limit = typed.failure_limit.unwrap_or(FAILURE_LIMIT);
    let handling = Handling {
        parallel,
        order: typed.order.unwrap_or_default(),
        in_flight,
        rate: typed.rate,
        timeout: Some(typed.timeout.unwrap_or(TIMEOUT)).filter(|timeout| !timeout.is_zero()),
        retries: typed.retries.unwrap_or(RETRIES),
        backoff: Backoff { min, max },
        on_failure: on_failure(typed)?,
        failure_limit: (failure_limit > 0).then_some(u64::from(failure_limit)),
        dedup: dedup::settle(typed, mode, surroundings)?,
        handler,
    };
    check_topics(&handling, read)?;
    Ok(Some(handling))
}

/// What invites trouble and can be known before anything is connected.
pub fn warnings(handling: &Handling, mode: &Mode, read: &[TopicSelector]) -> Vec<String> {
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

/// The options of handlers that were typed.
pub fn options(typed: &cli::Handling) -> impl Iterator<Item = &'static str> {
    let cli::Handling {
        command,
        exec,
        worker,
        forward,
        stdin,
        parallel,
        order,
        in_flight,
        rate,
        timeout,
        retries,
        backoff,
        on_failure,
        dead_letter,
        failure_limit,
        dedup,
        dedup_store,
        dedup_ttl,
    } = typed;
    [
        (!command.is_empty(), "-- CMD"),
        (exec.is_some(), "--exec"),
        (worker.is_some(), "--worker"),
        (forward.is_some(), "--forward"),
        (stdin.is_some(), "--stdin"),
        (parallel.is_some(), "--parallel"),
        (order.is_some(), "--order"),
        (in_flight.is_some(), "--in-flight"),
        (rate.is_some(), "--rate"),
        (timeout.is_some(), "--timeout"),
        (retries.is_some(), "--retries"),
        (backoff.is_some(), "--backoff"),
        (on_failure.is_some(), "--on-failure"),
        (dead_letter.is_some(), "--dead-letter"),
        (failure_limit.is_some(), "--failure-limit"),
        (dedup.is_some(), "--dedup"),
        (dedup_store.is_some(), "--dedup-store"),
        (dedup_ttl.is_some(), "--dedup-ttl"),
    ]
    .into_iter()
    .filter_map(|(is_given, option)| is_given.then_some(option))
}

fn handler(typed: &cli::Handling) -> Result<Option<Handler>, Failure> {
    const HANDLERS: [&str; 4] = ["-- CMD", "--exec", "--worker", "--forward"];
    let mut given = options(typed).filter(|option| HANDLERS.contains(option));
    if let (Some(first), Some(second)) = (given.next(), given.next()) {
        return Err(Failure::usage(format!("`{first}` cannot be used with `{second}`"))
            .caused_by("a run has one handler"));
    }
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

fn spelled(handler: &Handler, typed: &cli::Handling) -> &'static str {
    match handler {
        Handler::Exec(_) if typed.exec.is_some() => "--exec",
        Handler::Exec(_) => "-- CMD",
        Handler::Worker { .. } => "--worker",
        Handler::Forward { .. } => "--forward",
    }
}

/// With a handler records are not printed.
fn refuse_what_is_printed(reading: &cli::Reading, handler: &Handler) -> Result<(), Failure> {
    for (is_given, option) in [
        (reading.output.is_some(), "--output"),
        (reading.json, "--json"),
        (reading.delimiter.is_some(), "--delimiter"),
        (reading.label.is_some(), "--label"),
        (reading.title_field.is_some(), "--title-field"),
    ] {
        if is_given {
            let handler = spelled(handler, &reading.handling);
            return Err(Failure::usage(format!("`{option}` cannot be used with `{handler}`"))
                .caused_by("records are handled, not printed"));
        }
    }
    Ok(())
}

/// Options that would change nothing with this handler.
fn refuse_what_is_idle(reading: &cli::Reading, handler: &Handler) -> Result<(), Failure> {
    let typed = &reading.handling;
    let name = spelled(handler, typed);
    let refuse = |option: &str, cause: &str| {
        Err(Failure::usage(format!("`{option}` cannot be used with `{name}`")).caused_by(cause))
    };
    let gets_json = match handler {
        Handler::Exec(_) if typed.in_flight.is_some() => {
            return refuse("--in-flight", "a process has one record")
                .map_err(|failure: Failure| failure.hint("`--parallel` is how many run at once"));
        }
        Handler::Exec(exec) => exec.stdin == Stdin::Json,
        Handler::Worker { .. } if typed.stdin.is_some() => {
            return refuse("--stdin", "a worker gets a JSON record a line");
        }
        Handler::Forward { .. } if typed.stdin.is_some() => return refuse("--stdin", "nothing is run"),
        Handler::Worker { .. } => true,
        Handler::Forward { .. } => false,
    };
    let is_exec = matches!(handler, Handler::Exec(_));
    if typed.backoff.is_some() && typed.retries == Some(0) && !is_exec {
        return Err(Failure::usage("`--backoff` cannot be used with `--retries 0`")
            .caused_by("there is no further attempt to wait for"));
    }
    let is_decoded = gets_json || typed.dedup.is_some() || reading.filter.is_some();
    for (is_given, option) in [
        (reading.value_format.is_some(), "--value-format"),
        (reading.key_format.is_some(), "--key-format"),
        (reading.strict, "--strict"),
    ] {
        if is_given && !is_decoded {
            return refuse(option, "nothing is decoded: the handler gets the bytes as they are").map_err(
                |failure: Failure| match is_exec {
                    true => failure.hint("`--stdin json` gives it the decoded record"),
                    false => failure,
                },
            );
        }
    }
    Ok(())
}

/// How many processes, and how many records ahead of their answers.
fn at_once(typed: &cli::Handling, handler: &Handler) -> Result<(usize, usize), Failure> {
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let parallel = typed.parallel.unwrap_or(1);
    match (handler, typed.parallel, typed.in_flight) {
        // There is one producer: both would say how many records are on their way.
        (Handler::Forward { .. }, Some(_), Some(_)) => {
            Err(Failure::usage("`--parallel` cannot be used with `--in-flight` and `--forward`")
                .caused_by("there they mean the same")
                .hint("give one of them"))
        }
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

fn on_failure(typed: &cli::Handling) -> Result<OnFailure, Failure> {
    match (&typed.dead_letter, typed.on_failure) {
        (Some(_), Some(policy @ (cli::OnFailure::Stop | cli::OnFailure::Skip))) => {
            let policy = if policy == cli::OnFailure::Skip { "skip" } else { "stop" };
            Err(Failure::usage(format!("`--dead-letter` cannot be used with `--on-failure {policy}`"))
                .hint("leave `--on-failure` out"))
        }
        (Some(topic), Some(cli::OnFailure::DeadLetter) | None) => {
            Ok(OnFailure::DeadLetter { topic: topic_of("--dead-letter", topic)? })
        }
        (None, Some(cli::OnFailure::DeadLetter)) => {
            Err(Failure::usage("`--on-failure dead-letter` needs `--dead-letter TOPIC`"))
        }
        (None, Some(cli::OnFailure::Skip)) => Ok(OnFailure::Skip),
        (None, Some(cli::OnFailure::Stop) | None) => Ok(OnFailure::Stop),
    }
}

/// What is written to is not read by the same run: it would never end.
fn check_topics(handling: &Handling, read: &[TopicSelector]) -> Result<(), Failure> {
    let is_read = |topic: &str| {
        read.iter().any(|selector| match selector {
            TopicSelector::Name(name) => name == topic,
            TopicSelector::Pattern(_) => false,
        })
    };
    if let Some((option, topic)) = handling.topics().find(|(_, topic)| is_read(topic)) {
        return Err(Failure::usage(format!("topic `{topic}` is read and cannot be used with `{option}`"))
            .caused_by("what is written there would be read again"));
    }
    let topics: Vec<_> = handling.topics().collect();
    match topics.as_slice() {
        [(first, topic), (second, other)] if topic == other => {
            Err(Failure::usage(format!("`{first} {topic}` cannot be used with `{second} {other}`"))
                .caused_by("what that topic does not take cannot be kept there"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
