//! Resolves the options of `kcons topic describe`.

use super::{admin, topics};
use crate::choices::TableFormat;
use crate::cli;
use crate::error::Failure;
use crate::settings::Surroundings;
use crate::settings::properties::connection::Connection;

/// A run of `kcons topic describe`.
#[derive(Debug)]
pub struct TopicInspection {
    pub connection: Connection,
    /// The topics to describe.
    pub names: Vec<String>,
    pub format: TableFormat,
    /// Whether the table is made to fit the terminal.
    pub is_fitted: bool,
}

impl TopicInspection {
    pub fn resolve(
        arguments: &cli::TopicDescribeOptions,
        connection: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> Result<TopicInspection, Failure> {
        let typed = &arguments.topics;
        if typed.is_empty() && !connection.print_config {
            return Err(Failure::usage("`TOPIC` is missing").hint("kcons topic describe TOPIC"));
        }
        Ok(TopicInspection {
            names: topics::names(typed)?,
            connection: admin::connection(connection, "topic describe", surroundings)?,
            format: arguments.rows.output.unwrap_or_default(),
            is_fitted: surroundings.environment.is_stdout_terminal,
        })
    }
}
