//! Resolves the options of `kcons lag`.

use super::admin;
use crate::choices::TableFormat;
use crate::cli;
use crate::error::Failure;
use crate::settings::Surroundings;
use crate::settings::properties::connection::Connection;
use std::time::Duration;

/// A run of `kcons lag`.
#[derive(Debug)]
pub struct Lag {
    pub connection: Connection,
    pub groups: Vec<String>,
    pub watch: Option<Duration>,
    pub max_lag: Option<u64>,
    pub format: TableFormat,
    /// Whether stdout is a terminal: there `--watch` redraws the table.
    pub is_terminal: bool,
}

impl Lag {
    pub fn resolve(
        arguments: &cli::LagOptions,
        connection: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> Result<Lag, Failure> {
        Ok(Lag {
            groups: admin::groups(&arguments.groups, "kcons lag GROUP", connection)?,
            connection: admin::connection(connection, "lag", surroundings)?,
            watch: arguments.watch,
            max_lag: arguments.max_lag,
            format: arguments.rows.output.unwrap_or_default(),
            is_terminal: surroundings.environment.is_stdout_terminal,
        })
    }
}
