//! `kcons group list`: all groups.

use crate::commands::session::{Session, Stop};
use crate::kafka::admin::COORDINATOR_LIMIT;
use crate::kafka::admin::groups::{self, Listed};
use crate::kafka::{Trouble, TroubleKind};
use crate::render::table::{Cell, Column, Rows};
use crate::settings::operations::Names;
use std::collections::HashMap;

const COLUMNS: [Column; 4] =
    [Column::Text("GROUP"), Column::Text("STATE"), Column::Text("PROTOCOL"), Column::Number("MEMBERS")];

/// # Errors
/// No answer.
pub fn run(session: &mut Session, settings: &Names) -> Result<(), Stop> {
    let (groups, members) = session.ask(|client| {
        let groups = groups::list(client, COORDINATOR_LIMIT)?;
        let names: Vec<String> = groups.iter().map(|group| group.name.clone()).collect();
        let mut members: HashMap<String, usize> = HashMap::new();
        if !names.is_empty() {
            let described = groups::ask_descriptions(client, &names, COORDINATOR_LIMIT).descriptions()?;
            for (name, group) in described {
                match group {
                    Ok(group) => drop(members.insert(name, group.members.len())),
                    // A coordinator is moving: it passes.
                    Err(trouble) if trouble.kind == TroubleKind::Transport => return Err(trouble),
                    // Gone since, or not ours to see.
                    Err(_) => {}
                }
            }
        }
        Ok::<_, Trouble>((groups, members))
    })?;
    let row = |group: &Listed| -> Vec<Cell> {
        let count = members.get(&group.name).map(|count| i64::try_from(*count).unwrap_or(i64::MAX));
        vec![
            group.name.as_str().into(),
            group.state.as_str().into(),
            group.protocol.as_str().into(),
            count.into(),
        ]
    };
    session.print(&Rows::new(&COLUMNS, groups.iter().map(row).collect()).render(settings.format))
}
