//! What the commands that look at groups and topics, or change groups, have in common.

use crate::cli;
use crate::error::Failure;
use crate::settings::Surroundings;
use crate::settings::properties::Properties;
use crate::settings::properties::connection::Connection;

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
