//! `kcons lag`: how far behind groups are.

pub mod rows;
mod throughput;

use super::session::{self, Session, Stop};
use super::{failures, missing, world};
use crate::choices::TableFormat;
use crate::cli;
use crate::error::{Failure, Kind};
use crate::kafka::admin::groups::GroupDescription;
use crate::kafka::admin::{Described, Unknown};
use crate::kafka::lag::{self, GroupLag, LagLimits, Questions};
use crate::kafka::{Trouble, TroubleKind};
use crate::reachability::unknown;
use crate::record::TopicPartition;
use crate::settings::{self, Lag, print};
use rows::Sums;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use throughput::Throughput;

/// Whatever `--connect-timeout` allows, what is not known then is told.
const LONGEST: Duration = Duration::from_secs(30);

/// # Errors
/// Wrong usage, a group that is missing or too far behind, or no answer.
pub fn run(
    arguments: &cli::LagOptions,
    connection: &cli::ConnectionOptions,
    talk: settings::TalkSettings,
) -> Result<(), Failure> {
    let settings = super::resolve(|surroundings| Lag::resolve(arguments, connection, surroundings))?;
    if connection.print_config {
        return super::write(print::table(&settings.connection.effective).as_bytes());
    }
    session::run(&settings.connection, (talk, world()?), |session| {
        let mut look = Look::default();
        match settings.watch {
            None => {
                let told = look.group_lags(session, &settings.groups)?;
                let too_far = too_far_in(show(session, &settings, &told.group_lags, None))?;
                match settings.max_lag {
                    Some(_) => told.end_in_full(session, too_far),
                    None => told.end(session),
                }
            }
            Some(interval) => watch(session, &settings, &mut look, interval),
        }
    })
}

fn watch(session: &mut Session, settings: &Lag, look: &mut Look, interval: Duration) -> Result<(), Stop> {
    let mut throughput = Throughput::default();
    loop {
        let start = Instant::now();
        let told = look.group_lags(session, &settings.groups)?;
        session.be_patient();
        if told.warn(session) {
            // Rates between figures that are not of the same partitions mean nothing.
            throughput = Throughput::default();
        } else {
            throughput.add(Sums::of(&told.group_lags), Instant::now());
        }
        let too_far = too_far_in(show(session, settings, &told.group_lags, Some(&throughput)))?;
        failures::end(session, too_far.into_iter().chain(told.failed).collect())?;
        session.sleep_until(start + interval)?;
    }
}

/// The partitions of which nothing is known, and why.
pub fn unknown(group_lags: &[GroupLag]) -> Vec<(TopicPartition, Unknown)> {
    let mut unknown: Vec<_> = group_lags.iter().flat_map(GroupLag::unknown).collect();
    unknown.sort_by(|(a, _), (b, _)| a.cmp(b));
    unknown.dedup();
    unknown
}

/// No leader at all has answered: an outage.
fn is_nothing_known(group_lags: &[Described<GroupLag>]) -> bool {
    let group_lags = || group_lags.iter().filter_map(|(_, group_lag)| group_lag.as_ref().ok());
    let mut partitions = group_lags().flat_map(|group_lag| &group_lag.partitions);
    partitions.all(|progress| progress.unknown.is_some())
        && group_lags().any(|one| !one.partitions.is_empty())
}

/// How far groups are, and what keeps others from being told.
#[derive(Default)]
pub struct Told {
    pub group_lags: Vec<GroupLag>,
    /// Groups that are missing, forbidden or none of consumers.
    failed: Vec<Failure>,
    /// Groups whose coordinator does not answer.
    silent: Vec<Failure>,
    /// What may be hidden of groups that are shown.
    doubts: Vec<String>,
}

impl Told {
    /// Ends with what was not told; what may be hidden is only warned of.
    ///
    /// # Errors
    /// A group that is missing, forbidden, none of consumers or without an answer, or partitions of which nothing is
    /// known.
    pub fn end(mut self, session: &mut Session) -> Result<(), Stop> {
        for doubt in self.doubts.drain(..) {
            session.talk.warn(doubt, Instant::now());
        }
        self.end_in_full(session, None)
    }

    /// Fails if anything is not known; `first`: what is to be said before the rest.
    ///
    /// # Errors
    /// As `end`, or something may be hidden.
    fn end_in_full(self, session: &mut Session, first: Option<Failure>) -> Result<(), Stop> {
        let doubts = self.doubts.into_iter().map(|doubt| Failure::new(Kind::Connection, doubt));
        let rest = self.failed.into_iter().chain(self.silent).chain(doubts);
        let mut failures: Vec<Failure> = first.into_iter().chain(rest).collect();
        if let Err(stop) = session.refuse_unknown(unknown(&self.group_lags)) {
            failures.push(failures::of(stop)?);
        }
        failures::end(session, failures)
    }

    /// Says what is not known of a table that is shown again soon. True if figures are missing.
    fn warn(&self, session: &mut Session) -> bool {
        let unknown = unknown(&self.group_lags);
        let silent = self.silent.iter().map(Failure::line);
        let words: Vec<String> = silent.chain(unknown::words(&unknown, |_| None)).collect();
        let is_incomplete = !words.is_empty();
        for words in words.into_iter().chain(self.doubts.iter().cloned()) {
            session.talk.warn(words, Instant::now());
        }
        is_incomplete
    }
}

/// Looks at groups, once or again and again.
#[derive(Default)]
pub struct Look {
    questions: Arc<Mutex<Questions>>,
}

impl Look {
    /// Asks how far these groups are; one that is missing, forbidden or without an answer keeps no other from being told.
    ///
    /// # Errors
    /// No answer.
    pub fn group_lags(&mut self, session: &mut Session, names: &[String]) -> Result<Told, Stop> {
        let (asked, questions) = (names.to_vec(), Arc::clone(&self.questions));
        let waits_for_outages = session.is_patient();
        let limits = LagLimits::of(session.limit().map_or(LONGEST, |limit| limit.min(LONGEST)));
        let group_lags = session.ask(move |client| {
            let mut questions = questions.lock().unwrap_or_else(PoisonError::into_inner);
            let group_lags = lag::group_lags(client, &asked, &mut questions, limits)?;
            if waits_for_outages && is_nothing_known(&group_lags) {
                return Err(Trouble::unanswered());
            }
            Ok(group_lags)
        })?;
        let mut told = Told::default();
        for (name, group_lag) in group_lags {
            let trouble = match group_lag {
                Ok(group_lag) if group_lag.is_missing() => None,
                Ok(group_lag) => {
                    told.doubts.extend(doubts(&group_lag));
                    told.group_lags.push(group_lag);
                    continue;
                }
                Err(trouble) => Some(trouble).filter(|trouble| trouble.kind != TroubleKind::UnknownGroup),
            };
            match trouble {
                None => told.failed.push(failures::of(missing::group(&name, session))?),
                Some(trouble) if trouble.kind == TroubleKind::Transport => {
                    let message = format!("group `{name}`: no answer from its coordinator");
                    told.silent.push(Failure::new(Kind::Connection, message));
                }
                Some(trouble) => told.failed.push(session.refused(Some(&name), &trouble)),
            }
        }
        Ok(told)
    }
}

/// What may be hidden of a group: all that it has committed, or what a member holds.
fn doubts(group_lag: &GroupLag) -> Vec<String> {
    let GroupDescription { name, state, members, .. } = &group_lag.group;
    let is_bare = group_lag.partitions.is_empty() && state == "Empty";
    let unreadable = members.iter().filter(|member| member.is_unreadable).map(|member| {
        format!("the assignment of member `{}` of group `{name}` cannot be read", member.consumer_id)
    });
    is_bare.then(|| missing::commits(name)).into_iter().chain(unreadable).collect()
}

fn show(
    session: &Session,
    settings: &Lag,
    group_lags: &[GroupLag],
    throughput: Option<&Throughput>,
) -> Result<(), Stop> {
    let sums = Sums::of(group_lags);
    let mut text = rows::rows(group_lags).render(settings.format);
    if settings.format == TableFormat::Table
        && let Some(throughput) = throughput
    {
        text.truncate(text.trim_end().len());
        text.push_str(&throughput.words());
        text.push('\n');
        if settings.is_terminal {
            text = redrawn(&text);
        }
    }
    // A head without rows says nothing where no group could be told.
    if !group_lags.is_empty() {
        session.print(&text)?;
    }
    match settings.max_lag {
        Some(most) if sums.behind > most => Err(too_far(settings, sums.behind, most).into()),
        Some(_) | None => Ok(()),
    }
}

/// The failure that `show` ended with: what is known is too much already, whatever else is to be said.
fn too_far_in(shown: Result<(), Stop>) -> Result<Option<Failure>, Stop> {
    match shown {
        Ok(()) => Ok(None),
        Err(stop) => failures::of(stop).map(Some),
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
