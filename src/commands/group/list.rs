//! `kcons group list`: all groups, or those that read some topics.

use crate::commands::lag::Look;
use crate::commands::session::{Session, Stop};
use crate::commands::{failures, missing};
use crate::kafka::TroubleKind;
use crate::kafka::admin::groups::{self, ListedGroup, Listing};
use crate::kafka::lag::LagQuery;
use crate::plural::counted;
use crate::render::table::{Cell, Column, TableRows};
use crate::settings::GroupList;
use std::time::Instant;

const COLUMNS: [Column; 4] =
    [Column::Text("GROUP"), Column::Text("STATE"), Column::Text("PROTOCOL"), Column::Number("MEMBERS")];

/// # Errors
/// No answer, or a topic that does not exist.
pub fn run(session: &mut Session, settings: &GroupList) -> Result<(), Stop> {
    let Listing { mut groups, away } = session.ask(groups::list)?;
    for (broker, trouble) in away {
        session.talk.warn(failures::absence(&broker, trouble), Instant::now());
    }
    if !settings.topics.is_empty() {
        let failures = missing::topics(&settings.topics, session)?;
        failures::end(session, failures.into_iter().map(|(_, failure)| failure).collect())?;
        keep_readers(session, &settings.topics, &mut groups)?;
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

/// Keeps the groups of consumers that read one of these topics.
fn keep_readers(session: &mut Session, topics: &[String], groups: &mut Vec<ListedGroup>) -> Result<(), Stop> {
    let others = groups.extract_if(.., |group| !group.kind.is_of_consumers()).count();
    if others > 0 {
        let these = counted(others as u64, "group is", "groups are");
        session.talk.info(format!("{these} left out: only of consumer groups it is known what they read"));
    }
    let names = groups.iter().map(|group| group.name.clone()).collect();
    let query = LagQuery { groups: names, topics: topics.to_vec() };
    let mut readers = Vec::new();
    for (name, reads) in Look::default().readers(session, query)? {
        match reads {
            Ok(true) => readers.push(name),
            Ok(false) => {}
            // It was deleted meanwhile.
            Err(trouble) if trouble.kind == TroubleKind::UnknownGroup => {}
            Err(trouble) => {
                let failure = failures::of_group(session, &name, &trouble);
                session.talk.warn(failure.line(), Instant::now());
            }
        }
    }
    groups.retain(|group| readers.contains(&group.name));
    Ok(())
}
