//! Resolves the options of `kcons lag` and `kcons group describe`.

use super::{admin, topics};
use crate::choices::{LagFormat, TableFormat};
use crate::cli::{self, ColorChoice};
use crate::error::Failure;
use crate::settings::Surroundings;
use crate::settings::has_color;
use crate::settings::properties::connection::Connection;
use std::time::Duration;

/// A run of `kcons lag`.
#[derive(Debug)]
pub struct Lag {
    pub connection: Connection,
    /// The groups to look at; without any, all groups of consumers.
    pub groups: Vec<String>,
    /// The topics to look at; without any, all that the groups read.
    pub topics: Vec<String>,
    pub watch: Option<Duration>,
    pub max_lag: Option<u64>,
    pub output: LagOutput,
}

impl Lag {
    pub fn resolve(
        arguments: &cli::LagOptions,
        connection: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> Result<Lag, Failure> {
        Ok(Lag {
            groups: admin::some_groups(&arguments.groups)?,
            topics: topics::names(&arguments.topics)?,
            connection: admin::connection(connection, "lag", surroundings)?,
            watch: arguments.watch,
            max_lag: arguments.max_lag,
            output: LagOutput::resolve(arguments.output, connection, surroundings),
        })
    }
}

/// A run of `kcons group describe`.
#[derive(Debug)]
pub struct GroupInspection {
    pub connection: Connection,
    pub groups: Vec<String>,
    pub output: LagOutput,
}

impl GroupInspection {
    pub fn resolve(
        arguments: &cli::GroupDescribeOptions,
        connection: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> Result<GroupInspection, Failure> {
        let typed: Vec<String> = arguments.group.iter().cloned().collect();
        Ok(GroupInspection {
            groups: admin::groups(&typed, "kcons group describe GROUP", connection)?,
            connection: admin::connection(connection, "group describe", surroundings)?,
            output: LagOutput::resolve(arguments.output, connection, surroundings),
        })
    }
}

/// How rows of lag are printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LagOutput {
    pub format: TableFormat,
    /// Whether the table is made to fit the terminal.
    pub is_fitted: bool,
    pub has_color: bool,
}

impl LagOutput {
    fn resolve(
        format: Option<LagFormat>,
        connection: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> LagOutput {
        let is_terminal = surroundings.environment.is_stdout_terminal;
        let choice = connection.color.unwrap_or_default();
        let has_color = has_color(choice, is_terminal, surroundings.environment.variables);
        // A variable that is set for all programs does not color what the next one in a pipe reads.
        let has_color = has_color && (is_terminal || choice == ColorChoice::Always);
        let (format, is_fitted) = match format.unwrap_or_default() {
            LagFormat::Table => (TableFormat::Table, is_terminal),
            LagFormat::Wide => (TableFormat::Table, false),
            LagFormat::Json => (TableFormat::Json, false),
        };
        LagOutput { format, is_fitted, has_color }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::testing::TestWorld;

    #[test]
    fn only_a_terminal_narrows_a_table_and_only_it_or_always_colors_one() {
        let output = |format, color, is_terminal| {
            let connection = cli::ConnectionOptions { color, ..cli::ConnectionOptions::default() };
            let world = TestWorld::new(&[("CLICOLOR_FORCE", "1")]);
            let mut surroundings = world.surroundings();
            surroundings.environment.is_stdout_terminal = is_terminal;
            let output = LagOutput::resolve(format, &connection, &surroundings);
            (output.is_fitted, output.has_color)
        };
        assert_eq!(output(None, None, true), (true, true));
        assert_eq!(output(None, Some(ColorChoice::Never), true), (true, false));
        assert_eq!(output(Some(LagFormat::Wide), None, true), (false, true));
        assert!(!output(Some(LagFormat::Json), None, true).0);
        assert_eq!(output(None, None, false), (false, false));
        assert_eq!(output(None, Some(ColorChoice::Always), false), (false, true));
    }
}
