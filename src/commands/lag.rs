//! `kcons lag`: how far behind groups are.

mod pace;
pub mod rows;

use super::session::{self, Session, Stop};
use super::{missing, world};
use crate::cli::{self, TableFormat};
use crate::error::{Failure, Kind};
use crate::kafka::admin::groups::Group;
use crate::kafka::admin::{Described, Unknown};
use crate::kafka::lag::{self, Standing};
use crate::kafka::{Trouble, TroubleKind};
use crate::pipeline;
use crate::record::TopicPartition;
use crate::settings::operations::Lag;
use crate::settings::{self, print};
use pace::Pace;
use rows::Sums;
use std::time::Instant;

/// # Errors
/// Wrong usage, a group that is missing or too far behind, or no answer.
pub fn run(arguments: &cli::Lag, connection: &cli::Connection, talk: settings::Talk) -> Result<(), Failure> {
    let settings = super::settle(|surroundings| Lag::settle(arguments, connection, surroundings))?;
    if connection.print_config {
        return super::write(print::table(&settings.connection.resolved).as_bytes());
    }
    session::run(&settings.connection, (talk, world()?), |session| match settings.watch {
        None => {
            let told = standings(session, &settings.groups)?;
            show(session, &settings, &told.standings, None)?;
            // Behind `--max-lag`: what is known may be too much already.
            told.end(session)
        }
        Some(interval) => {
            let mut pace = Pace::default();
            loop {
                let start = Instant::now();
                let told = standings(session, &settings.groups)?;
                session.be_patient();
                if warn_of_unknown(session, &told.standings) {
                    // Rates between figures that are not of the same partitions mean nothing.
                    pace = Pace::default();
                } else {
                    pace.add(Sums::of(&told.standings), Instant::now());
                }
                show(session, &settings, &told.standings, Some(&pace))?;
                if let Some(failure) = told.failed {
                    return Err(failure.into());
                }
                session.sleep_until(start + interval)?;
            }
        }
    })
}

/// The partitions of which nothing is known, and why.
pub fn unknown(standings: &[Standing]) -> Vec<(TopicPartition, Unknown)> {
    let mut unknown: Vec<_> = standings.iter().flat_map(Standing::unknown).collect();
    unknown.sort_by(|(a, _), (b, _)| a.cmp(b));
    unknown.dedup();
    unknown
}

/// Says what is not known of a table that is shown again soon. True if there was something.
fn warn_of_unknown(session: &mut Session, standings: &[Standing]) -> bool {
    let unknown = unknown(standings);
    for words in pipeline::unknown::words(&unknown, |_| None) {
        session.talk.warn(words, Instant::now());
    }
    !unknown.is_empty()
}

/// No leader at all has answered: an outage.
fn is_nothing_known(standings: &[Described<Standing>]) -> bool {
    let standings = || standings.iter().filter_map(|(_, standing)| standing.as_ref().ok());
    let mut partitions = standings().flat_map(|standing| &standing.partitions);
    partitions.all(|progress| progress.unknown.is_some()) && standings().any(|one| !one.partitions.is_empty())
}

/// How far groups are, and what keeps others from being told.
pub struct Told {
    pub standings: Vec<Standing>,
    failed: Option<Failure>,
}

impl Told {
    /// # Errors
    /// A group that is missing, forbidden or none of consumers, or partitions of which nothing is known.
    pub fn end(self, session: &mut Session) -> Result<(), Stop> {
        match self.failed {
            Some(failure) => Err(failure.into()),
            None => session.refuse_unknown(unknown(&self.standings)),
        }
    }
}

/// Asks how far these groups are; one that is missing or forbidden keeps no other from being told.
///
/// # Errors
/// No answer.
pub fn standings(session: &mut Session, names: &[String]) -> Result<Told, Stop> {
    let asked = names.to_vec();
    let waits_for_outages = session.is_patient();
    let (mut standings, mut failed) = (Vec::with_capacity(names.len()), None);
    for (name, standing) in session.ask(move |client| {
        let standings = lag::standings(client, &asked)?;
        if waits_for_outages && is_nothing_known(&standings) {
            return Err(Trouble::unanswered());
        }
        Ok(standings)
    })? {
        let failure = match standing {
            Ok(standing) if standing.is_missing() => failure(missing::group(&name, session))?,
            Err(trouble) if trouble.kind == TroubleKind::UnknownGroup => {
                failure(missing::group(&name, session))?
            }
            Err(trouble) => session.refused(Some(&name), &trouble),
            Ok(standing) => {
                if standing.partitions.is_empty() && standing.group.state == "Empty" {
                    session.talk.warn(missing::commits(&name), Instant::now());
                }
                warn_of_unreadable(session, &standing.group);
                standings.push(standing);
                continue;
            }
        };
        match failed {
            // The command ends with the first one.
            Some(_) => session.talk.warn(failure.line(), Instant::now()),
            None => failed = Some(failure),
        }
    }
    Ok(Told { standings, failed })
}

fn failure(stop: Stop) -> Result<Failure, Stop> {
    match stop {
        Stop::Failed(failure) => Ok(failure),
        Stop::Asked => Err(Stop::Asked),
    }
}

/// What such a member holds is not known: its partitions show no owner.
fn warn_of_unreadable(session: &mut Session, group: &Group) {
    for member in group.members.iter().filter(|member| member.is_unreadable) {
        let (id, name) = (&member.consumer_id, &group.name);
        let message = format!("the assignment of member `{id}` of group `{name}` cannot be read");
        session.talk.warn(message, Instant::now());
    }
}

fn show(session: &Session, settings: &Lag, standings: &[Standing], pace: Option<&Pace>) -> Result<(), Stop> {
    let sums = Sums::of(standings);
    let mut text = rows::rows(standings).render(settings.format);
    if settings.format == TableFormat::Table
        && let Some(pace) = pace
    {
        text.truncate(text.trim_end().len());
        text.push_str(&pace.words());
        text.push('\n');
        if settings.is_terminal {
            text = redrawn(&text);
        }
    }
    // A head without rows says nothing where no group could be told.
    if !standings.is_empty() {
        session.print(&text)?;
    }
    match settings.max_lag {
        Some(most) if sums.behind > most => Err(too_far(settings, sums.behind, most).into()),
        Some(_) | None => Ok(()),
    }
}

/// From the upper left corner; what stood there before goes.
fn redrawn(text: &str) -> String {
    format!("\x1b[H{}\x1b[J", text.replace('\n', "\x1b[K\n"))
}

fn too_far(settings: &Lag, behind: u64, most: u64) -> Failure {
    let who = match settings.groups.as_slice() {
        [only] => format!("group `{only}` is"),
        several => format!("groups `{}` are", several.join("`, `")),
    };
    Failure::new(Kind::Lag, format!("{who} {behind} behind, more than `--max-lag {most}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redrawn_table_leaves_nothing_of_the_last_one() {
        assert_eq!(redrawn("a\nb\n"), "\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J");
    }
}
