//! Resolves the options of `demo`: those of `consume`, without what the broker inside the process cannot do.

use super::consume::{self, Consume};
use super::given::{GivenOptions, OptionName};
use super::group::Mode;
use super::rules;
use super::topics::TopicSelector;
use crate::choices::OffsetReset;
use crate::cli;
use crate::error::Failure;
use crate::position::{Position, Positions};
use crate::settings::Surroundings;
use crate::settings::properties::origin::PropertyOrigin;
use crate::settings::properties::{BROKERS, Properties};

/// A run of `kcons demo`.
#[derive(Debug)]
pub enum Demo {
    Run {
        consume: Box<Consume>,
        /// Whether to add a new task every second until Ctrl-C.
        follow: bool,
    },
    /// Keeps the broker running for other terminals and consumes nothing.
    Serve,
}

/// The topic that a demo reads.
pub const DEMO_TOPIC: &str = "task-created";

/// The group that a demo joins unless another one is chosen.
const GROUP: &str = "demo";

/// The assignor of the demo: its broker refuses the commit of a member with an eager assignor that gives up
/// partitions.
const ASSIGNOR: &str = "cooperative-sticky";

impl Demo {
    /// Resolves the options of `kcons demo`.
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
        drop_unsupported_properties(&mut properties)?;
        properties.set_default("partition.assignment.strategy", ASSIGNOR);
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

/// Refuses typed properties that the demo's broker does not support; drops those that a file or the environment sets
/// for real brokers.
fn drop_unsupported_properties(properties: &mut Properties) -> Result<(), Failure> {
    let names: Vec<String> = properties.values.keys().cloned().collect();
    for name in names {
        let Some(reason) = unsupported(&name) else { continue };
        if properties.is_typed(&name) {
            return Err(refuse(&format!("-X {name}"), reason));
        }
        properties.take(&name);
    }
    Ok(())
}

/// Why the demo's broker does not support a property; none if it does.
pub fn unsupported(property: &str) -> Option<&'static str> {
    const NO_TLS: &str = "its broker has neither TLS nor SASL";
    match property {
        BROKERS => Some(rules::OWN_BROKER),
        "group.instance.id" => Some(rules::NO_STATIC_MEMBERS),
        "isolation.level" => Some(rules::NO_TRANSACTIONS),
        "group.protocol" | "group.remote.assignor" => Some("its broker supports only classic groups"),
        "security.protocol" | "enable.ssl.certificate.verification" => Some(NO_TLS),
        other if other.starts_with("ssl.") || other.starts_with("sasl.") => Some(NO_TLS),
        _ => None,
    }
}

fn refuse_times(consume: &Consume) -> Result<(), Failure> {
    const NO_TIMES: &str = "its broker cannot look up offsets by time";
    match &consume.mode {
        Mode::Standalone(standalone) if standalone.from.has_time() => {
            return Err(refuse("--from", NO_TIMES).hint("use an offset, as in `--from -5`"));
        }
        Mode::Group(group) if matches!(group.offset_reset, OffsetReset::Time(_)) => {
            return Err(refuse("--offset-reset", NO_TIMES).hint("use `earliest` or `latest`"));
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
