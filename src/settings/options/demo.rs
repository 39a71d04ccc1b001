//! Resolves a run of `demo`: `consume` on a broker inside the process, which cannot do everything.

use super::consume::{self, Consume};
use super::given::{GivenOptions, OptionName};
use super::group::Mode;
use super::rules;
use super::topics::TopicSelector;
use crate::cli;
use crate::error::Failure;
use crate::position::{Position, Positions};
use crate::settings::Surroundings;
use crate::settings::properties::origin::PropertyOrigin;
use crate::settings::properties::{BROKERS, Properties};

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
    /// Resolves the arguments of `kcons demo`.
    ///
    /// # Errors
    /// What `consume` would refuse, and what the broker inside cannot do.
    pub fn resolve(
        arguments: &cli::DemoOptions,
        connection: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> Result<Demo, Failure> {
        let given = GivenOptions::of_demo(arguments, connection, surroundings.environment);
        rules::check(&given)?;
        if arguments.serve {
            return Ok(Demo::Serve);
        }
        let mut properties = Properties::read(connection, surroundings)?;
        leave_out_what_the_broker_lacks(&mut properties)?;
        properties.propose("partition.assignment.strategy", ASSIGNOR);
        if given.typed_as(OptionName::Group).is_none() && given.is_in_group() {
            properties.set("group.id", GROUP, PropertyOrigin::Kcons);
        }
        let topics = vec![TopicSelector::Name(DEMO_TOPIC.to_owned())];
        let mut consume = consume::resolve(&given, topics, properties, surroundings)?;
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

/// Refuses properties that were typed, forgets what a file or the environment says for real brokers.
fn leave_out_what_the_broker_lacks(properties: &mut Properties) -> Result<(), Failure> {
    let names: Vec<String> = properties.values.keys().cloned().collect();
    for name in names {
        let reason = match name.as_str() {
            BROKERS => rules::OWN_BROKER,
            "group.instance.id" => rules::NO_STATIC_MEMBERS,
            "isolation.level" => rules::NO_TRANSACTIONS,
            "group.protocol" | "group.remote.assignor" => "its broker knows classic groups only",
            "security.protocol" | "enable.ssl.certificate.verification" => {
                "its broker has neither TLS nor SASL"
            }
            other if other.starts_with("ssl.") || other.starts_with("sasl.") => {
                "its broker has neither TLS nor SASL"
            }
            _ => continue,
        };
        if properties.is_typed(&name) {
            return Err(refuse(&format!("-X {name}"), reason));
        }
        properties.take(&name);
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

#[cfg(test)]
mod tests;
