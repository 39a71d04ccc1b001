//! Resolves the options of the commands that list or describe groups and topics.

use super::{admin, topics};
use crate::choices::TableFormat;
use crate::cli;
use crate::error::Failure;
use crate::settings::Surroundings;
use crate::settings::properties::connection::Connection;

/// A run of a command that shows groups or topics: `group list`, `group describe`, `topic list`, `topic describe`.
#[derive(Debug)]
pub struct Inspection {
    pub connection: Connection,
    /// The groups or topics to describe; empty for a command that lists all of them.
    pub names: Vec<String>,
    pub format: TableFormat,
}

impl Inspection {
    /// Resolves a command that lists everything; `command` is its name for messages.
    pub fn none(
        command: &str,
        output: Option<TableFormat>,
        connection: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> Result<Inspection, Failure> {
        let connection = admin::connection(connection, command, surroundings)?;
        Ok(Inspection { connection, names: Vec::new(), format: output.unwrap_or_default() })
    }

    pub fn of_group(
        arguments: &cli::GroupDescribeOptions,
        connection: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> Result<Inspection, Failure> {
        let typed: Vec<String> = arguments.group.iter().cloned().collect();
        Ok(Inspection {
            names: admin::groups(&typed, "kcons group describe GROUP", connection)?,
            connection: admin::connection(connection, "group describe", surroundings)?,
            format: arguments.output.unwrap_or_default(),
        })
    }

    pub fn of_topics(
        arguments: &cli::TopicDescribeOptions,
        connection: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> Result<Inspection, Failure> {
        let typed = &arguments.topics;
        if typed.is_empty() && !connection.print_config {
            return Err(Failure::usage("`TOPIC` is missing").hint("kcons topic describe TOPIC"));
        }
        for (index, name) in typed.iter().enumerate() {
            topics::name(name)?;
            if typed[..index].contains(name) {
                return Err(Failure::usage(format!("topic `{name}` is given twice")));
            }
        }
        Ok(Inspection {
            names: typed.clone(),
            connection: admin::connection(connection, "topic describe", surroundings)?,
            format: arguments.rows.output.unwrap_or_default(),
        })
    }
}
