//! `kcons group delete`: forgets groups without members.

use super::members::{described, refuse_members};
use crate::commands::session::{LAST_LINES, Session, Stop};
use crate::commands::{failures, missing};
use crate::error::{Failure, Kind};
use crate::escape;
use crate::kafka::admin::COORDINATOR_LIMIT;
use crate::kafka::admin::groups::{self, GroupDescription};
use crate::kafka::{Trouble, TroubleKind};
use crate::plural::counted;
use crate::render::table::{Column, TableRows};
use crate::settings::Delete;
use std::io::{self, BufRead as _, Write as _};
use std::time::Instant;

const COLUMNS: [Column; 2] = [Column::Text("GROUP"), Column::Text("RESULT")];

/// # Errors
/// A group that is missing or has members (then none is deleted), one that somebody keeps, or no answer.
pub fn run(session: &mut Session, settings: &Delete) -> Result<(), Stop> {
    let mut found = Vec::new();
    for (name, group) in described(session, &settings.groups)? {
        let Some(group) = group else { return Err(missing::group(&name, session)) };
        refuse_members(&group, "deleted")?;
        found.push(group);
    }
    session.tell_cluster();
    let mut agreed = Vec::new();
    for group in &found {
        if !settings.asks || is_agreed(session, group)? {
            agreed.push(group.name.clone());
        }
    }
    let mut deleted = Vec::new();
    if !agreed.is_empty() {
        let asked = agreed.clone();
        deleted = session.ask(move |client| groups::delete(client, &asked, COORDINATOR_LIMIT))?;
    }
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for name in settings.groups.iter().map(String::as_str) {
        match deleted.iter().find(|(other, _)| other == name) {
            None if agreed.iter().any(|other| other == name) => {}
            None => rows.push(vec![name.into(), "not deleted".into()]),
            Some((_, Ok(()))) => rows.push(vec![name.into(), "deleted".into()]),
            Some((_, Err(trouble))) => failed.push(refused(session, name, trouble)),
        }
    }
    // A head without rows says nothing.
    if !rows.is_empty() {
        session.print(&TableRows::new(&COLUMNS, rows).render(settings.format))?;
    }
    failures::end(session, failed)?;
    match agreed.len() == found.len() {
        true => Ok(()),
        // Whoever said so knows it.
        false => Err(Failure::already_told("not deleted").into()),
    }
}

fn refused(session: &Session, name: &str, trouble: &Trouble) -> Failure {
    let refused = session.refused(Some(name), trouble);
    if trouble.kind == TroubleKind::GroupAuthorization {
        return refused;
    }
    Failure::new(refused.kind, format!("cannot delete group `{name}`")).caused_by(trouble.told())
}

/// Asks a person, who sees what would be lost.
fn is_agreed(session: &mut Session, group: &GroupDescription) -> Result<bool, Stop> {
    let asked = group.name.clone();
    let committed = session.ask(move |client| Ok(groups::ask_committed(client, &asked).answer()))?;
    let contents = match committed.map(|committed| committed.len()) {
        Ok(0) => ", no offsets".to_owned(),
        Ok(count) => format!(", offsets in {}", counted(count as u64, "partition", "partitions")),
        // Not to know that is no reason not to ask.
        Err(_) => String::new(),
    };
    let [name, state] = [&group.name, &group.state].map(|text| escape::line(text));
    let question = format!("Delete group `{name}` ({state}{contents})? [y/N] ");
    let unheard = |error: io::Error| {
        Failure::new(Kind::Run, "no answer to the question").caused_by(crate::error::reason(&error))
    };
    // What was said before goes out on another thread, and belongs before the question.
    session.talk.finish(Instant::now() + LAST_LINES);
    io::stderr().write_all(question.as_bytes()).map_err(unheard)?;
    let answer = session.wait_for(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    })?;
    let answer = answer.map_err(unheard)?;
    if !answer.ends_with('\n') {
        // Input that ends without a line break (Ctrl-D) leaves the cursor behind the question.
        io::stderr().write_all(b"\n").map_err(unheard)?;
    }
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
