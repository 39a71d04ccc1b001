//! Resolves the options of `consume`, most of which `demo` has too.

mod future;
mod range;

use super::filter::{self, FilterFailure, ResultSettings, Selection};
use super::given::GivenOptions;
use super::group::{self, GroupSettings, Mode};
use super::handler::{self, HandlerSettings};
use super::output::{self, OutputSettings};
use super::registry;
use super::rules;
use super::topics::{self, TopicSelector, Unquoted};
use crate::choices::{ExpectedCount, ListenAddress, ProgressChoice};
use crate::cli;
use crate::error::Failure;
use crate::jq::Program;
use crate::position::{Position, Positions, Role};
use crate::registry::RegistrySettings;
use crate::settings::Surroundings;
use crate::settings::properties::Properties;
use crate::settings::properties::connection::Connection;
use crate::settings::properties::{producer, values};
use std::time::Duration;

/// A run of `consume` or `demo`.
#[derive(Debug)]
pub struct Consume {
    pub connection: Connection,
    /// The topics to read, in the order in which they were typed.
    pub topics: Vec<TopicSelector>,
    /// What else the words for topics of these names may be, should those not exist.
    pub topic_hints: Vec<(String, String)>,
    /// How long to wait for a topic that does not exist yet; zero means not to wait.
    pub wait_for_topic: Duration,
    pub mode: Mode,
    pub stops: StopConditions,
    pub shutdown_timeout: Duration,
    pub read_uncommitted: bool,
    /// Whether records of all partitions come in the order of their timestamps; the newest ones do so anyway.
    pub is_merged: bool,
    pub output: OutputSettings,
    /// Where schemas of keys and values are asked for.
    pub registry: Option<RegistrySettings>,
    /// Only records with these bytes are kept.
    pub selection: Selection,
    /// Selects the records to print or handle: those for which the program yields true.
    pub filter: Option<Program>,
    /// What is printed instead of the records: what a program yields for each.
    pub results: Option<ResultSettings>,
    /// What to do with a record on which the filter, or the program of the results, fails. With a handler, the failure policy decides instead.
    pub filter_failure: FilterFailure,
    /// The handler that records are given to; `None` if they are printed.
    pub handling: Option<HandlerSettings>,
    /// Whether it is shown how far the run is; `Auto`: if stderr is a terminal.
    pub progress: ProgressChoice,
    /// The address on which metrics and probes are served.
    pub metrics: Option<ListenAddress>,
    /// Warnings to print about settings that are valid but risky.
    pub warnings: Vec<String>,
    /// Environment variables that handlers do not inherit, because they hold values of options or properties.
    pub withheld: Vec<String>,
}

impl Consume {
    /// The group that the run is a member of, if any.
    pub fn group(&self) -> Option<&GroupSettings> {
        match &self.mode {
            Mode::Group(group) => Some(group),
            Mode::Standalone(_) => None,
        }
    }

    /// Whether partitions that are added later are read, too, and topics that match later: without a group, by runs
    /// that read all partitions and have no end. A group shares them out by itself.
    pub fn reads_added(&self) -> bool {
        match &self.mode {
            Mode::Standalone(standalone) => standalone.partitions.is_none() && self.stops.to.is_none(),
            Mode::Group(_) => false,
        }
    }

    /// The topics that the run writes to. A regular expression for topics to read does not match them.
    pub fn written_topics(&self) -> Vec<String> {
        self.handling.iter().flat_map(HandlerSettings::topics).map(|(_, topic)| topic.to_owned()).collect()
    }
}

/// What ends a run without a signal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StopConditions {
    /// The position to stop at; `--exit` alone stands for `end`.
    pub to: Option<Positions>,
    /// Whether the end as it was at the start is a stop, too, if it comes before `to`.
    pub at_end: bool,
    /// Only that many records are wanted, the newest; they are kept until all of them are known.
    pub last: Option<u64>,
    pub count: Option<u64>,
    pub idle_timeout: Option<Duration>,
    pub duration: Option<Duration>,
    /// How many records are to be printed or processed; anything else is a failure.
    pub expected: Option<ExpectedCount>,
}

/// How long a run may take to leave after a signal: below the 30 s that Kubernetes grants.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(25);

impl Consume {
    /// Resolves the options of `kcons consume`.
    pub fn resolve(
        arguments: &cli::ConsumeOptions,
        connection: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> Result<Consume, Failure> {
        if arguments.topics.is_empty() && !connection.print_config {
            return Err(Failure::usage("`TOPIC` is missing").hint(hint_for_no_topic(&arguments.reading)));
        }
        let given = GivenOptions::of_consume(arguments, connection, surroundings.environment);
        rules::check(&given)?;
        let unquoted = Unquoted::of(&arguments.reading, &arguments.topics);
        let topics = topics::resolve(&arguments.topics, &unquoted)?;
        unquoted.check()?;
        let mut properties = Properties::read(connection, surroundings)?;
        properties.default_brokers();
        let run = resolve(&given, topics, properties, surroundings)?;
        Ok(Consume { topic_hints: unquoted.hints(), ..run })
    }
}

/// `-f` is where other tools have `--follow`: it takes the topic as its value.
fn hint_for_no_topic(reading: &cli::ReadingOptions) -> String {
    match reading.format.as_deref().filter(|template| topics::name(template).is_ok()) {
        Some(template) => {
            format!("`-f` (`--format`) took `{template}` as its template; to follow, {}", cli::FOLLOWING)
        }
        None => "kcons consume TOPIC reads a topic".to_owned(),
    }
}

/// Resolves the options that `consume` and `demo` share; `given` has passed `rules::check`.
pub fn resolve(
    given: &GivenOptions<'_>,
    topics: Vec<TopicSelector>,
    mut properties: Properties,
    surroundings: &Surroundings<'_>,
) -> Result<Consume, Failure> {
    let reading = given.reading;
    let mode = group::resolve(given, &mut properties, surroundings)?;
    let read_uncommitted = group::read_uncommitted(reading, &mut properties)?;
    let stops = stops(reading, &mode, surroundings)?;
    let has_topic = topics.len() > 1 || matches!(topics.first(), Some(TopicSelector::Pattern(_)));
    range::check(reading, &mode, &stops, has_topic, surroundings)?;
    let is_merged = reading.order.merge && stops.last.is_none();
    if is_merged && matches!(stops.to, Some(Positions::Some(_))) && !stops.at_end {
        return Err(Failure::usage("`--merge` needs an end of every partition").hint("add `--exit`"));
    }
    properties.notes.extend(future::wait_for_stop(reading, &stops, &surroundings.clock));
    let mut warnings: Vec<String> =
        future::start_warning(reading, &mode, &stops, &surroundings.clock).into_iter().collect();
    let progress = match reading.progress.unwrap_or_default() {
        ProgressChoice::Auto if stops.to.is_none() || surroundings.environment.is_stdout_terminal => {
            ProgressChoice::Never
        }
        choice @ (ProgressChoice::Auto | ProgressChoice::Always | ProgressChoice::Never) => choice,
    };
    let handling = handler::resolve(reading, &topics, surroundings)?;
    if let Some(handling) = &handling {
        warnings.extend(handler::warnings(handling, &mode, &topics));
    }
    let output = output::resolve(given, has_topic, surroundings)?;
    let registry = registry::resolve(given, &output, &mut properties, surroundings)?;
    let of_registry = std::mem::take(&mut properties.registry).effective();
    let typed = std::mem::take(&mut properties.producer);
    let produces = handling.as_ref().is_some_and(|handling| handling.topics().next().is_some());
    producer::resolve(&typed, produces)?;
    let mut withheld = std::mem::take(&mut properties.variables);
    withheld.extend(reading.handler.dedup_store.as_deref().and_then(values::variable).map(str::to_owned));
    let mut connection = Connection::resolve(properties, given.connection.connect_timeout, surroundings)?;
    connection.add_producer(typed);
    connection.add_registry(of_registry);
    Ok(Consume {
        results: filter::results(reading, &output)?,
        output,
        registry,
        connection,
        warnings,
        withheld,
        topics,
        topic_hints: Vec::new(),
        wait_for_topic: reading.wait_for_topic.unwrap_or_default(),
        selection: filter::selection(reading)?,
        filter: filter::resolve(reading)?,
        filter_failure: filter::failure(given, &mode),
        mode,
        stops,
        shutdown_timeout: reading.shutdown_timeout.unwrap_or(SHUTDOWN_TIMEOUT),
        read_uncommitted,
        is_merged,
        handling,
        progress,
        metrics: reading.metrics.clone(),
    })
}

fn stops(
    reading: &cli::ReadingOptions,
    mode: &Mode,
    surroundings: &Surroundings<'_>,
) -> Result<StopConditions, Failure> {
    let from = match mode {
        Mode::Standalone(standalone) => Some(&standalone.from),
        Mode::Group(_) => None,
    };
    let to = match &reading.to {
        Some(text) => Some(Positions::parse(text, Role::To { from }, &surroundings.clock)?),
        None => (reading.exit || reading.order.last.is_some()).then_some(Positions::All(Position::End)),
    };
    Ok(StopConditions {
        to,
        at_end: reading.exit,
        last: reading.order.last,
        count: reading.count,
        idle_timeout: reading.idle_timeout,
        duration: reading.duration,
        expected: reading.expect,
    })
}

#[cfg(test)]
mod tests;
