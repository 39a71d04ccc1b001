//! Failures of a command that has several, as it is about several groups, topics or partitions.

use super::session::{Session, Stop};
use crate::error::{Failure, Kind};
use crate::kafka::admin::Unknown;
use crate::kafka::{Trouble, TroubleKind};
use crate::reachability::unknown;
use crate::record::TopicPartition;
use std::time::Instant;

/// Ends a command with the first failure; the others are warnings.
///
/// # Errors
/// There is one.
pub fn end(session: &mut Session, failures: Vec<Failure>) -> Result<(), Stop> {
    let mut failures = failures.into_iter();
    let Some(first) = failures.next() else { return Ok(()) };
    failures.for_each(|failure| session.talk.warn(failure.line(), Instant::now()));
    Err(first.into())
}

/// The failure that somebody would stop with, to be told among others.
///
/// # Errors
/// No failure: somebody asked for the end.
pub fn of(stop: Stop) -> Result<Failure, Stop> {
    match stop {
        Stop::Failed(failure) => Ok(failure),
        Stop::Asked => Err(Stop::Asked),
    }
}

/// The failure for a group that its coordinator says nothing of.
pub fn of_group(session: &Session, name: &str, trouble: &Trouble) -> Failure {
    if trouble.kind == TroubleKind::Transport {
        let message = format!("group `{name}`: no answer from its coordinator");
        return Failure::new(Kind::Connection, message);
    }
    session.refused(Some(name), trouble)
}

/// What is said of a broker that is away, and of the groups that it coordinates.
pub fn absence(broker: &str, trouble: Option<Trouble>) -> String {
    match trouble {
        None => format!("`{broker}` did not answer: its groups are missing"),
        Some(trouble) => format!("the groups of `{broker}` are missing: {}", trouble.told()),
    }
}

/// The failure for partitions that are refused, with each reason and whom it is about.
pub fn refused(session: &Session, message: String, refused: &[(TopicPartition, Trouble)]) -> Failure {
    let first = refused.first().map(|(_, trouble)| session.refused(None, trouble));
    let (kind, hint) = first.map_or((Kind::Run, None), |first| (first.kind, first.hint));
    let unknown: Vec<_> = refused
        .iter()
        .map(|(partition, trouble)| (partition.clone(), Unknown::Refused(trouble.clone())))
        .collect();
    let words = unknown::words(&unknown, |_| None).into_iter();
    let failure = words.fold(Failure::new(kind, message), Failure::caused_by);
    Failure { hint, ..failure }
}
