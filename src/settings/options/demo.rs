//! Settles a run of `demo`: `consume` on a broker inside the process, which cannot do everything.

use super::consume::{self, Consume};
use super::group::Mode;
use super::handler;
use super::topics::TopicSelector;
use crate::cli;
use crate::error::Failure;
use crate::position::{Position, Positions};
use crate::settings::Surroundings;
use crate::settings::properties::gather::{BROKERS, Gathered};
use crate::settings::properties::origin::Origin;

/// What `kcons demo` is to do.
#[derive(Debug)]
pub enum Demo {
    Run {
        consume: Box<Consume>,
        /// Go on with a new task every second.
        follow: bool,
    },
    /// Keep the broker for other terminals, consume nothing.
    Serve,
}

/// The topic that a demo reads.
pub const DEMO_TOPIC: &str = "task-created";

/// The group of a demo for which none was chosen.
const GROUP: &str = "demo";

/// The broker fails the commit of an eager member that gives partitions up.
const ASSIGNOR: &str = "cooperative-sticky";

impl Demo {
    /// Settles the arguments of `kcons demo`.
    ///
    /// # Errors
    /// What `consume` would refuse, and what the broker inside cannot do.
    pub fn settle(
        arguments: &cli::Demo,
        connection: &cli::Connection,
        surroundings: &Surroundings<'_>,
    ) -> Result<Demo, Failure> {
        let reading = &arguments.reading;
        if connection.brokers.is_some() {
            return Err(refuse("--brokers", "it brings its own broker"));
        }
        if arguments.serve {
            return match given(reading).or((!connection.properties.is_empty()).then_some("--property")) {
                Some(option) => Err(Failure::usage(format!("`{option}` cannot be used with `--serve`"))
                    .caused_by("nothing is consumed")),
                None => Ok(Demo::Serve),
            };
        }
        for (is_given, option) in [(reading.exit, "--exit"), (reading.to.is_some(), "--to")] {
            if arguments.follow && is_given {
                return Err(Failure::usage(format!("`{option}` cannot be used with `--follow`")));
            }
        }
        let mut gathered = Gathered::read(connection, surroundings)?;
        leave_out_what_the_broker_lacks(reading, &mut gathered)?;
        gathered.propose("partition.assignment.strategy", ASSIGNOR);
        let is_alone = reading.from.is_some() || reading.partitions.is_some();
        if reading.group.is_none() && !gathered.is_typed("group.id") && !is_alone {
            gathered.set("group.id", GROUP, Origin::Kcons);
        }
        let topics = vec![TopicSelector::Name(DEMO_TOPIC.to_owned())];
        let mut consume = consume::settle(reading, topics, (connection, gathered), surroundings)?;
        if consume.stops.to.is_none() && !arguments.follow {
            consume.stops.to = Some(Positions::All(Position::End));
        }
        refuse_times(&consume)?;
        Ok(Demo::Run { consume: Box::new(consume), follow: arguments.follow })
    }
}

fn refuse(what: &str, reason: &str) -> Failure {
    Failure::usage(format!("`{what}` cannot be used with `kcons demo`")).caused_by(reason)
}

/// Refuses what was typed, forgets what a file or the environment says for real brokers.
fn leave_out_what_the_broker_lacks(reading: &cli::Reading, gathered: &mut Gathered) -> Result<(), Failure> {
    const STATIC: &str = "its broker knows no static members";
    const TRANSACTIONS: &str = "its broker knows no transactions";
    if reading.instance_id.is_some() {
        return Err(refuse("--instance-id", STATIC));
    }
    if reading.read_uncommitted {
        return Err(refuse("--read-uncommitted", TRANSACTIONS));
    }
    let names: Vec<String> = gathered.given.keys().cloned().collect();
    for name in names {
        let reason = match name.as_str() {
            BROKERS => "it brings its own broker",
            "group.instance.id" => STATIC,
            "isolation.level" => TRANSACTIONS,
            "group.protocol" | "group.remote.assignor" => "its broker knows classic groups only",
            "security.protocol" | "enable.ssl.certificate.verification" => {
                "its broker has neither TLS nor SASL"
            }
            other if other.starts_with("ssl.") || other.starts_with("sasl.") => {
                "its broker has neither TLS nor SASL"
            }
            _ => continue,
        };
        if gathered.is_typed(&name) {
            return Err(refuse(&format!("-X {name}"), reason));
        }
        gathered.take(&name);
    }
    Ok(())
}

fn refuse_times(consume: &Consume) -> Result<(), Failure> {
    const NO_TIMES: &str = "its broker cannot look up offsets by time";
    match &consume.mode {
        Mode::Standalone(standalone) if standalone.from.has_time() => {
            return Err(refuse("--from", NO_TIMES).hint("use an offset, as in `--from -5`"));
        }
        Mode::Standalone(_) | Mode::Group(_) => {}
    }
    match consume.stops.to.as_ref().is_some_and(Positions::has_time) {
        true => Err(refuse("--to", NO_TIMES).hint("use an offset, as in `--to 5`")),
        false => Ok(()),
    }
}

/// The first option of reading that was typed.
fn given(reading: &cli::Reading) -> Option<&'static str> {
    let cli::Reading {
        group,
        partitions,
        wait_for_topic,
        read_uncommitted,
        instance_id,
        offset_reset,
        from,
        to,
        exit,
        count,
        idle_timeout,
        duration,
        shutdown_timeout,
        commit,
        async_commit,
        commit_interval,
        output,
        json,
        delimiter,
        label,
        title_field,
        filter,
        handling,
        value_format,
        key_format,
        strict,
        metrics,
    } = reading;
    let all = [
        (group.is_some(), "--group"),
        (partitions.is_some(), "--partitions"),
        (wait_for_topic.is_some(), "--wait-for-topic"),
        (*read_uncommitted, "--read-uncommitted"),
        (instance_id.is_some(), "--instance-id"),
        (offset_reset.is_some(), "--offset-reset"),
        (from.is_some(), "--from"),
        (to.is_some(), "--to"),
        (*exit, "--exit"),
        (count.is_some(), "--count"),
        (idle_timeout.is_some(), "--idle-timeout"),
        (duration.is_some(), "--duration"),
        (shutdown_timeout.is_some(), "--shutdown-timeout"),
        (commit.is_some(), "--commit"),
        (*async_commit, "--async-commit"),
        (commit_interval.is_some(), "--commit-interval"),
        (output.is_some(), "--output"),
        (*json, "--json"),
        (delimiter.is_some(), "--delimiter"),
        (label.is_some(), "--label"),
        (title_field.is_some(), "--title-field"),
        (filter.is_some(), "--filter"),
        (value_format.is_some(), "--value-format"),
        (key_format.is_some(), "--key-format"),
        (*strict, "--strict"),
        (metrics.is_some(), "--metrics"),
    ];
    let typed = all.into_iter().find_map(|(is_given, option)| is_given.then_some(option));
    typed.or_else(|| handler::options(handling).next())
}

#[cfg(test)]
mod tests;
