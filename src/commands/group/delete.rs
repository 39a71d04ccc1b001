//! `kcons group delete`: forgets groups without members.

use super::members::{described, refuse_members};
use crate::commands::session::{LAST_LINES, Session, Stop};
use crate::commands::{failures, missing};
use crate::error::{Failure, Kind};
use crate::escape;
use crate::kafka::admin::COORDINATOR_LIMIT;
use crate::kafka::admin::groups;
use crate::kafka::{Trouble, TroubleKind};
use crate::render::table::{Column, TableRows};
use crate::settings::Delete;
use std::io::{self, BufRead as _, Write as _};
use std::time::Instant;

const COLUMNS: [Column; 2] = [Column::Text("GROUP"), Column::Text("RESULT")];

/// # Errors
/// A group that is missing or has members (then none is deleted), somebody who does not agree, or no answer.
pub fn run(session: &mut Session, settings: &Delete) -> Result<(), Stop> {
    for (name, group) in described(session, &settings.groups)? {
        match group {
            Some(group) => refuse_members(&group, "deleted")?,
            None => return Err(missing::group(&name, session)),
        }
    }
    session.tell_cluster();
    let (mut agreed, mut refusal) = (Vec::new(), None);
    for name in &settings.groups {
        if !settings.asks || is_agreed(session, name)? {
            agreed.push(name.clone());
        } else {
            let words = format!("group `{name}` is not deleted");
            session.talk.info(words.clone());
            refusal = Some(Failure::already_told(words));
        }
    }
    if !agreed.is_empty() {
        delete(session, settings, agreed)?;
    }
    refusal.map_or(Ok(()), |refusal| Err(refusal.into()))
}

fn delete(session: &mut Session, settings: &Delete, agreed: Vec<String>) -> Result<(), Stop> {
    let deleted = session.ask(move |client| groups::delete(client, &agreed, COORDINATOR_LIMIT))?;
    let (mut rows, mut failed) = (Vec::new(), Vec::new());
    for (name, result) in deleted {
        match result {
            Ok(()) => rows.push(vec![name.as_str().into(), "deleted".into()]),
            Err(trouble) => {
                let failure = refused(session, &name, &trouble);
                failed.push(failure);
            }
        }
    }
    // A head without rows says nothing.
    if !rows.is_empty() {
        session.print(&TableRows::new(&COLUMNS, rows).render(settings.format))?;
    }
    failures::end(session, failed)
}

fn refused(session: &Session, name: &str, trouble: &Trouble) -> Failure {
    let refused = session.refused(Some(name), trouble);
    if trouble.kind == TroubleKind::GroupAuthorization {
        return refused;
    }
    Failure::new(refused.kind, format!("cannot delete group `{name}`")).caused_by(trouble.told())
}

/// Asks a person.
fn is_agreed(session: &mut Session, name: &str) -> Result<bool, Stop> {
    let question = format!("Delete group `{}`? [y/N] ", escape::line(name));
    let unheard =
        |error: io::Error| Failure::new(Kind::Run, "nobody answers").caused_by(crate::error::reason(&error));
    // What was said before goes out on another thread, and belongs before the question.
    session.talk.finish(Instant::now() + LAST_LINES);
    io::stderr().write_all(question.as_bytes()).map_err(unheard)?;
    let answer = session.wait_for(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    })?;
    let answer = answer.map_err(unheard)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
