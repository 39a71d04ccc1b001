//! What the commands that look at groups and topics, or change groups, have in common.

use crate::cli;
use crate::error::Failure;
use crate::settings::Surroundings;
use crate::settings::properties::connection::Connection;
use crate::settings::properties::{Properties, guarded};

/// Checks names of groups: Kafka takes any name that is not empty.
pub fn groups(
    typed: &[String],
    usage: &str,
    connection: &cli::ConnectionOptions,
) -> Result<Vec<String>, Failure> {
    if typed.is_empty() && !connection.print_config {
        return Err(Failure::usage("`GROUP` is missing").hint(usage));
    }
    some_groups(typed)
}

/// Checks names of groups, of which there may be none.
pub fn some_groups(typed: &[String]) -> Result<Vec<String>, Failure> {
    for (index, name) in typed.iter().enumerate() {
        if name.is_empty() {
            return Err(Failure::usage("the group's name must not be empty"));
        }
        if typed[..index].contains(name) {
            return Err(Failure::usage(format!("group `{name}` is given twice")));
        }
    }
    Ok(typed.to_vec())
}

/// Properties of group members. A file may hold them for a service; here they would have no effect.
const OF_MEMBERS: [&str; 6] = [
    "group.id",
    "group.instance.id",
    "auto.offset.reset",
    "enable.auto.commit",
    "auto.commit.interval.ms",
    "isolation.level",
];

/// Whether a property, typed with `-X`, is refused by commands that are no members of a group.
pub fn is_for_members(name: &str) -> bool {
    OF_MEMBERS.contains(&name)
}

/// Resolves the connection for a question that nobody has typed a command for. What is for members is left out, and
/// nothing is loaded: whoever asks may still change the line.
///
/// # Errors
/// As `connection`, and properties that load code.
pub fn connection_before_the_run(
    options: &cli::ConnectionOptions,
    surroundings: &Surroundings<'_>,
) -> Result<Connection, Failure> {
    let mut properties = Properties::read(options, surroundings)?;
    if let Some(name) = properties.values.keys().find(|name| guarded::loads_code(name)) {
        return Err(Failure::usage(format!("property `{name}` loads code")));
    }
    for name in OF_MEMBERS {
        properties.take(name);
    }
    properties.producer.clear();
    properties.default_brokers();
    Connection::resolve(properties, options.connect_timeout, surroundings)
}

/// Resolves the connection of a command that is not a member of a group; `command` is its name for messages.
pub fn connection(
    options: &cli::ConnectionOptions,
    command: &str,
    surroundings: &Surroundings<'_>,
) -> Result<Connection, Failure> {
    let mut properties = Properties::read(options, surroundings)?;
    for name in OF_MEMBERS {
        if properties.is_typed(name) {
            return Err(Failure::usage(format!("`-X {name}` cannot be used with `kcons {command}`"))
                .caused_by("nothing is consumed"));
        }
        properties.take(name);
    }
    properties.default_brokers();
    Connection::resolve(properties, options.connect_timeout, surroundings)
}
