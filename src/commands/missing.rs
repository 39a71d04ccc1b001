//! Groups and topics that do not exist: what is said, with the nearest names.

use super::failures;
use super::session::{Session, Stop};
use crate::error::{Failure, Kind};
use crate::kafka::TroubleKind;
use crate::kafka::admin::{self, groups};
use crate::near::did_you_mean;
use std::time::Duration;

/// Names are a help, not worth a long wait.
const LIMIT: Duration = Duration::from_secs(10);

/// The failure for a group that does not exist.
pub fn group(name: &str, session: &mut Session) -> Stop {
    match groups(session) {
        Ok(known) => failure("group", name, &known).into(),
        Err(stop) => stop,
    }
}

/// Asks whether another group was meant, one whose name is near.
///
/// # Errors
/// A signal.
pub fn near_group(name: &str, session: &mut Session) -> Result<Option<String>, Stop> {
    let known = groups(session)?;
    Ok(did_you_mean(name, known.iter().map(String::as_str)))
}

/// The names of all groups, as far as they can be had.
fn groups(session: &mut Session) -> Result<Vec<String>, Stop> {
    match session.ask(groups::list) {
        Ok(known) => Ok(known.groups.into_iter().map(|group| group.name).collect()),
        Err(Stop::Asked) => Err(Stop::Asked),
        Err(Stop::Failed(_)) => Ok(Vec::new()),
    }
}

/// Looks for topics that were typed; returns a failure for each that does not exist or may not be seen.
///
/// # Errors
/// No answer.
pub fn topics(names: &[String], session: &mut Session) -> Result<Vec<(String, Failure)>, Stop> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let asked = names.to_vec();
    let layouts = session.ask(move |client| admin::topics::layouts(client, Some(&asked), LIMIT))?;
    let mut failures = Vec::new();
    for (name, layout) in layouts {
        let failure = match layout.map_err(|trouble| trouble.kind) {
            Err(TroubleKind::UnknownTopic) => failures::of(topic(&name, session))?,
            Err(TroubleKind::TopicAuthorization) => session.forbidden_topic(&name),
            // It is there, whatever is wrong with it.
            Ok(_) | Err(_) => continue,
        };
        failures.push((name, failure));
    }
    Ok(failures)
}

/// The failure for a topic that does not exist.
pub fn topic(name: &str, session: &mut Session) -> Stop {
    let known = match session.ask(|client| admin::topic_names(client, LIMIT)) {
        Ok(known) => known.into_iter().filter(|name| !name.starts_with("__")).collect(),
        Err(Stop::Asked) => return Stop::Asked,
        Err(Stop::Failed(_)) => Vec::new(),
    };
    failure("topic", name, &known).into()
}

fn failure(what: &str, name: &str, known: &[String]) -> Failure {
    let failure = Failure::new(Kind::Missing, format!("{what} `{name}` does not exist"));
    match did_you_mean(name, known.iter().map(String::as_str)) {
        Some(near) => failure.hint(near),
        None => failure.hint(format!("`kcons {what} list` shows all {what}s")),
    }
}

/// What is said of a group that is there and shows nothing: brokers leave out topics that one may not see.
pub fn commits(group: &str) -> String {
    format!("group `{group}` has committed nothing, or only in topics you have no right to see")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_a_hint() {
        let known = ["mailer".to_owned(), "audit".to_owned()];
        let failure = failure("group", "mialer", &known);
        assert_eq!(failure.message, "group `mialer` does not exist");
        assert_eq!(failure.hint.as_deref(), Some("did you mean `mailer`?"));
        let failure = super::failure("topic", "audit-mailing", &["audit-sig".to_owned()]);
        assert_eq!(failure.hint.as_deref(), Some("`kcons topic list` shows all topics"));
        assert_eq!(failure.kind, Kind::Missing);
    }
}
