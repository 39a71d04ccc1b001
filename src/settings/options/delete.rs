//! Resolves the options of `kcons group delete`.

use super::admin;
use crate::choices::TableFormat;
use crate::cli;
use crate::error::Failure;
use crate::settings::Surroundings;
use crate::settings::properties::connection::Connection;

/// A run of `kcons group delete`.
#[derive(Debug)]
pub struct Delete {
    pub connection: Connection,
    pub groups: Vec<String>,
    /// Whether to ask for confirmation first.
    pub asks: bool,
    pub format: TableFormat,
}

impl Delete {
    /// Resolves the options of `kcons group delete`; `can_ask` says whether somebody can be asked for confirmation.
    pub fn resolve(
        arguments: &cli::DeleteOptions,
        connection: &cli::ConnectionOptions,
        can_ask: bool,
        surroundings: &Surroundings<'_>,
    ) -> Result<Delete, Failure> {
        let groups = admin::groups(&arguments.groups, "kcons group delete GROUP", connection)?;
        if !arguments.yes && !can_ask && !connection.print_config {
            return Err(Failure::usage("`--yes` is missing")
                .caused_by("there is no terminal to ask on")
                .hint(format!("kcons group delete {} --yes", groups.join(" "))));
        }
        Ok(Delete {
            connection: admin::connection(connection, "group delete", surroundings)?,
            groups,
            asks: !arguments.yes,
            format: arguments.rows.output.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::testing::TestWorld;

    #[test]
    fn to_delete_somebody_has_to_agree() {
        let resolve = |yes, can_ask| {
            let arguments =
                cli::DeleteOptions { groups: vec!["g".to_owned()], yes, rows: cli::RowOptions::default() };
            let connection = cli::ConnectionOptions::default();
            let world = TestWorld::new(&[]);
            Delete::resolve(&arguments, &connection, can_ask, &world.surroundings()).map(|delete| delete.asks)
        };
        assert_eq!(resolve(true, false).ok(), Some(false));
        assert_eq!(resolve(false, true).ok(), Some(true));
        assert_eq!(
            resolve(false, false).map_err(|failure| failure.message),
            Err("`--yes` is missing".into())
        );
    }
}
