//! Settles a run of `consume`: everything typed that makes no sense together is refused here.

use super::gather::Gathered;
use super::{
    Connection, Consume, FilterFailure, Mode, Standalone, Stops, Surroundings, TopicSelector, filter, handle,
    mode, output, producer, topics, values,
};
use crate::cli;
use crate::error::Failure;
use crate::position::{Position, Positions, Role};
use std::time::Duration;

/// Below Kubernetes' 30 s.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(25);

impl Consume {
    /// Settles the arguments of `kcons consume`.
    ///
    /// # Errors
    /// Anything that is wrong with them, before a connection is made.
    pub fn settle(
        arguments: &cli::Consume,
        connection: &cli::Connection,
        surroundings: &Surroundings<'_>,
    ) -> Result<Consume, Failure> {
        if arguments.topics.is_empty() && !connection.print_config {
            return Err(Failure::usage("`TOPIC` is missing").hint("kcons consume TOPIC reads a topic"));
        }
        let topics = topics::settle(&arguments.topics)?;
        let mut gathered = Gathered::read(connection, surroundings)?;
        gathered.default_brokers();
        settle(&arguments.reading, topics, (connection, gathered), surroundings)
    }
}

/// What `consume` and `demo` have in common.
pub fn settle(
    reading: &cli::Reading,
    topics: Vec<TopicSelector>,
    (connection, mut gathered): (&cli::Connection, Gathered),
    surroundings: &Surroundings<'_>,
) -> Result<Consume, Failure> {
    let mode = mode::settle(reading, &mut gathered, surroundings)?;
    let read_uncommitted = mode::read_uncommitted(reading, &mut gathered)?;
    let stops = stops(reading, &mode, surroundings)?;
    let has_topic = topics.len() > 1 || matches!(topics.first(), Some(TopicSelector::Pattern(_)));
    check_maps(&mode, &stops, has_topic)?;
    let mut warnings: Vec<String> = start_to_come(reading, &mode, &stops, surroundings).into_iter().collect();
    let handling = handle::settle(reading, &mode, &topics, surroundings)?;
    if let Some(handling) = &handling {
        warnings.extend(handle::warnings(handling, &mode, &topics));
    }
    let typed = std::mem::take(&mut gathered.producer);
    producer::settle(&typed, handling.as_ref())?;
    let mut withheld = std::mem::take(&mut gathered.variables);
    withheld.extend(reading.handling.dedup_store.as_deref().and_then(values::variable).map(str::to_owned));
    let mut settled = Connection::settle(gathered, connection.connect_timeout, surroundings)?;
    settled.add_producer(typed);
    let filter_failure = match &handling {
        // The policy of the handler decides.
        Some(_) => FilterFailure::Stop,
        None => filter::failure(reading, &mode)?,
    };
    Ok(Consume {
        output: output::settle(reading, connection, (has_topic, handling.is_some()), surroundings)?,
        connection: settled,
        warnings,
        withheld,
        topics,
        wait_for_topic: reading.wait_for_topic.unwrap_or_default(),
        mode,
        stops,
        shutdown_timeout: reading.shutdown_timeout.unwrap_or(SHUTDOWN_TIMEOUT),
        read_uncommitted,
        filter: filter::settle(reading)?,
        filter_failure,
        handling,
        metrics: reading.metrics.clone(),
    })
}

fn stops(reading: &cli::Reading, mode: &Mode, surroundings: &Surroundings<'_>) -> Result<Stops, Failure> {
    let from = match mode {
        Mode::Standalone(standalone) => Some(&standalone.from),
        Mode::Group(_) => None,
    };
    let to = match &reading.to {
        Some(text) => Some(Positions::parse(text, Role::To { from }, &surroundings.clock)?),
        None => reading.exit.then_some(Positions::All(Position::End)),
    };
    Ok(Stops { to, count: reading.count, idle_timeout: reading.idle_timeout, duration: reading.duration })
}

/// Most likely a slip, if the run ends at what is there now.
fn start_to_come(
    reading: &cli::Reading,
    mode: &Mode,
    stops: &Stops,
    surroundings: &Surroundings<'_>,
) -> Option<String> {
    let now = surroundings.clock.now.as_millisecond();
    let is_to_come = |position: &Position| matches!(position, Position::Time(time) if *time > now);
    let from = match mode {
        Mode::Standalone(Standalone { from: Positions::All(from), .. }) if is_to_come(from) => from,
        Mode::Standalone(_) | Mode::Group(_) => return None,
    };
    let ends_now = match stops.to.as_ref()? {
        Positions::All(to) => !is_to_come(to),
        Positions::Some(_) => false,
    };
    let typed = reading.from.clone().unwrap_or_else(|| from.to_string());
    ends_now.then(|| {
        format!("`--from {typed}` is in the future: only records with a timestamp after that are read")
    })
}

/// Positions for single partitions must have something to apply to, and an order.
fn check_maps(mode: &Mode, stops: &Stops, has_several_topics: bool) -> Result<(), Failure> {
    let standalone = match mode {
        Mode::Standalone(standalone) => Some(standalone),
        Mode::Group(_) => None,
    };
    for (option, positions) in
        [("--from", standalone.map(|standalone| &standalone.from)), ("--to", stops.to.as_ref())]
    {
        let Some(Positions::Some(map)) = positions else { continue };
        if has_several_topics {
            return Err(Failure::usage(format!(
                "`{option}` names partitions, and there is more than one topic"
            ))
            .hint("give positions of partitions for one topic, by its name"));
        }
        let chosen = standalone.and_then(|standalone| standalone.partitions.as_ref());
        let stray = map.keys().find(|partition| chosen.is_some_and(|chosen| !chosen.contains(partition)));
        if let Some(partition) = stray {
            return Err(Failure::usage(format!(
                "`{option}` names partition {partition}, which is not in `--partitions`"
            )));
        }
    }
    match (standalone, &stops.to) {
        (Some(standalone), Some(to)) => check_order(standalone, to),
        (Some(_) | None, _) => Ok(()),
    }
}

/// A start after the stop is a slip; an empty range is not.
fn check_order(standalone: &Standalone, to: &Positions) -> Result<(), Failure> {
    let from = &standalone.from;
    let is_after = |from: Option<Position>, to: Option<Position>| match (from, to) {
        (Some(Position::Offset(from)), Some(Position::Offset(to))) => from > to,
        (Some(Position::Time(from)), Some(Position::Time(to))) => from > to,
        (Some(Position::After(from)), Some(Position::Beginning)) => from > 0,
        (Some(Position::BeforeEnd(from)), Some(Position::BeforeEnd(to))) => from < to,
        (Some(_) | None, _) => false,
    };
    let is_wrong = match (from, to) {
        (Positions::All(from), Positions::All(to)) => is_after(Some(*from), Some(*to)),
        (Positions::Some(map), _) | (Positions::All(_), Positions::Some(map)) => {
            map.keys().any(|partition| is_after(from.at(*partition), to.at(*partition)))
        }
    };
    match is_wrong {
        true => Err(Failure::usage(format!("`--from {from}` is after `--to {to}`"))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests;
