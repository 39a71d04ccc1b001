//! Asking how far groups are, and what is not known of them.

use crate::commands::session::{Session, Stop};
use crate::commands::{failures, missing};
use crate::error::{Failure, Kind};
use crate::kafka::admin::groups::{self, GroupDescription, Listing};
use crate::kafka::admin::{Described, Unknown};
use crate::kafka::lag::{self, GroupLag, LagLimits, LagQuery, Questions};
use crate::kafka::{Trouble, TroubleKind};
use crate::reachability::unknown;
use crate::record::TopicPartition;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Whatever `--connect-timeout` allows, what is not known then is told.
const LONGEST: Duration = Duration::from_secs(30);

/// The partitions of which nothing is known, and why.
fn unknown(group_lags: &[GroupLag]) -> Vec<(TopicPartition, Unknown)> {
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
    /// Groups that are missing, forbidden or none of consumers, and topics that are missing or forbidden.
    pub failed: Vec<Failure>,
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
    pub fn end_in_full(self, session: &mut Session, first: Option<Failure>) -> Result<(), Stop> {
        let doubts = self.doubts.into_iter().map(|doubt| Failure::new(Kind::Connection, doubt));
        let rest = self.failed.into_iter().chain(self.silent).chain(doubts);
        let mut failures: Vec<Failure> = first.into_iter().chain(rest).collect();
        if let Err(stop) = session.refuse_unknown(unknown(&self.group_lags)) {
            failures.push(failures::of(stop)?);
        }
        failures::end(session, failures)
    }

    /// What is not known of a table that is shown again soon.
    pub fn warnings(&self) -> Vec<String> {
        let silent = self.silent.iter().map(Failure::line);
        let unknown = unknown::words(&unknown(&self.group_lags), |_| None);
        silent.chain(unknown).chain(self.doubts.iter().cloned()).collect()
    }
}

/// Looks at groups, once or again and again.
#[derive(Default)]
pub struct Look {
    questions: Arc<Mutex<Questions>>,
}

impl Look {
    /// Asks how far these groups are, or all groups of consumers; one that is missing, forbidden or without an answer keeps
    /// no other from being told.
    ///
    /// # Errors
    /// No answer.
    pub fn group_lags(&mut self, session: &mut Session, query: &LagQuery) -> Result<Told, Stop> {
        let (mut query, is_about_all) = (query.clone(), query.groups.is_empty());
        let mut told = Told::default();
        if is_about_all {
            let Listing { groups, away } = session.ask(groups::list)?;
            let of_consumers = groups.into_iter().filter(|group| group.kind.is_of_consumers());
            query.groups = of_consumers.map(|group| group.name).collect();
            told.doubts.extend(away.into_iter().map(|(broker, trouble)| failures::absence(&broker, trouble)));
        }
        for (name, group_lag) in self.ask(session, &query)? {
            match group_lag {
                // Nobody has asked for this one.
                Ok(group_lag) if is_about_all && group_lag.partitions.is_empty() => {}
                Ok(group_lag) => {
                    told.doubts.extend(doubts(&group_lag, &query.topics));
                    told.group_lags.push(group_lag);
                }
                // It was deleted meanwhile.
                Err(trouble) if trouble.kind == TroubleKind::UnknownGroup && is_about_all => {}
                Err(trouble) if trouble.kind == TroubleKind::UnknownGroup => {
                    told.failed.push(failures::of(missing::group(&name, session))?);
                }
                Err(trouble) => {
                    let failure = failures::of_group(session, &name, &trouble);
                    match trouble.kind == TroubleKind::Transport {
                        true => told.silent.push(failure),
                        false => told.failed.push(failure),
                    }
                }
            }
        }
        self.look_for_topics(session, &query, &mut told)?;
        Ok(told)
    }

    /// Asks which of these groups read one of the topics.
    ///
    /// # Errors
    /// No answer.
    pub fn readers(&mut self, session: &mut Session, query: LagQuery) -> Result<Vec<Described<bool>>, Stop> {
        let (questions, limits) = (Arc::clone(&self.questions), limits(session));
        session.ask(move |client| {
            let mut questions = questions.lock().unwrap_or_else(PoisonError::into_inner);
            lag::readers(client, &query, &mut questions, limits)
        })
    }

    fn ask(&mut self, session: &mut Session, query: &LagQuery) -> Result<Vec<Described<GroupLag>>, Stop> {
        let (query, questions, limits) = (query.clone(), Arc::clone(&self.questions), limits(session));
        let waits_for_outages = session.is_patient();
        session.ask(move |client| {
            let mut questions = questions.lock().unwrap_or_else(PoisonError::into_inner);
            let group_lags = lag::group_lags(client, &query, &mut questions, limits)?;
            if waits_for_outages && is_nothing_known(&group_lags) {
                return Err(Trouble::unanswered());
            }
            Ok(group_lags)
        })
    }

    /// Finds out why no group has anything in a topic that was asked for, and says which groups have nothing in any.
    fn look_for_topics(
        &mut self,
        session: &mut Session,
        query: &LagQuery,
        told: &mut Told,
    ) -> Result<(), Stop> {
        let partitions = || told.group_lags.iter().flat_map(|group_lag| &group_lag.partitions);
        let is_read = |topic: &str| partitions().any(|progress| *progress.partition.topic == *topic);
        let unread: Vec<String> = query.topics.iter().filter(|topic| !is_read(topic)).cloned().collect();
        // A group that is not known may read it.
        let is_all_known = told.failed.is_empty() && told.silent.is_empty() && told.doubts.is_empty();
        let missing = missing::topics(&unread, session)?;
        if is_all_known {
            let is_missing = |topic: &&String| missing.iter().any(|(name, _)| name == *topic);
            let there: Vec<&String> = unread.iter().filter(|topic| !is_missing(topic)).collect();
            told.doubts = doubts_about_topics(&told.group_lags, query, &there);
        }
        if !missing.is_empty() && missing.len() == query.topics.len() {
            // A table of nothing but sums would say that nobody lags there.
            told.group_lags.clear();
        }
        told.failed.extend(missing.into_iter().map(|(_, failure)| failure));
        Ok(())
    }
}

/// What is said of topics that no group reads, and of groups that read none of the topics.
fn doubts_about_topics(group_lags: &[GroupLag], query: &LagQuery, unread: &[&String]) -> Vec<String> {
    let is_one = query.groups.len() == 1;
    let about_topic = |topic: &&String| match query.groups.as_slice() {
        [only] => {
            format!("group `{only}` has committed no offset in `{topic}` and holds no partition of it")
        }
        _ => format!("no group has committed an offset in `{topic}` or holds a partition of it"),
    };
    let is_bare = |group_lag: &&GroupLag| !query.topics.is_empty() && group_lag.partitions.is_empty();
    // Where there is one group, or no topic is read, the topics have said it.
    let is_said = is_one || unread.len() == query.topics.len();
    let bare = group_lags.iter().filter(is_bare).filter(|_| !is_said).map(|group_lag| {
        let name = &group_lag.group.name;
        format!("group `{name}` has committed no offset in these topics and holds no partition of them")
    });
    unread.iter().map(about_topic).chain(bare).collect()
}

fn limits(session: &Session) -> LagLimits {
    LagLimits::of(session.limit().map_or(LONGEST, |limit| limit.min(LONGEST)))
}

/// What may be hidden of a group: all that it has committed, or what a member holds.
fn doubts(group_lag: &GroupLag, topics: &[String]) -> Vec<String> {
    let GroupDescription { name, state, members, .. } = &group_lag.group;
    let is_bare = group_lag.partitions.is_empty() && state == "Empty" && topics.is_empty();
    let unreadable = members.iter().filter(|member| member.is_unreadable).map(|member| {
        format!("the assignment of member `{}` of group `{name}` cannot be read", member.consumer_id)
    });
    is_bare.then(|| missing::commits(name)).into_iter().chain(unreadable).collect()
}
