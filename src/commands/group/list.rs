//! `kcons group list`: all groups.

use crate::commands::session::{Session, Stop};
use crate::kafka::admin::groups::{self, ListedGroup, Listing};
use crate::render::table::{Cell, Column, TableRows};
use crate::settings::Inspection;
use std::time::Instant;

const COLUMNS: [Column; 4] =
    [Column::Text("GROUP"), Column::Text("STATE"), Column::Text("PROTOCOL"), Column::Number("MEMBERS")];

/// # Errors
/// No answer.
pub fn run(session: &mut Session, settings: &Inspection) -> Result<(), Stop> {
    let Listing { groups, away } = session.ask(groups::list)?;
    for (broker, trouble) in away {
        let warning = match trouble {
            None => format!("`{broker}` has not answered: its groups are missing"),
            Some(trouble) => format!("the groups of `{broker}` are missing: {}", trouble.told()),
        };
        session.talk.warn(warning, Instant::now());
    }
    let row = |group: &ListedGroup| -> Vec<Cell> {
        let members = group.members.map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        vec![
            group.name.as_str().into(),
            group.state.as_deref().into(),
            group.kind.to_string().as_str().into(),
            members.into(),
        ]
    };
    session.print(&TableRows::new(&COLUMNS, groups.iter().map(row).collect()).render(settings.format))
}
