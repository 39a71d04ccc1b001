//! Questions whose answers take time, asked on helper threads so that the poller goes on serving.

use super::admin::groups::{self, Unheld};
use super::admin::{self, COORDINATOR_LIMIT, Described, EARLIEST, KnownTopic, LATEST, Topic};
use super::client::{ClientEvent, Consumer, Teller};
use super::errors::Trouble;
use crate::record::TopicPartition;
use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long one question may take before it is asked again.
const LIMIT: Duration = Duration::from_secs(10);

/// What came of a look-up.
pub enum Answer {
    Topics(Result<Vec<Described<Topic>>, Trouble>),
    /// Of topics that are being read; nothing if the cluster did not say.
    Ids(Vec<Described<KnownTopic>>),
    /// The names of all topics of the cluster.
    Names(Result<Vec<String>, Trouble>),
    Ranges {
        ticket: u64,
        result: Result<Vec<Range>, Trouble>,
    },
    /// Whether a broker answers.
    Probe {
        is_reached: bool,
    },
    /// Partitions that no member of the group holds; nothing if the group did not say.
    Unheld(Option<Unheld>),
    /// Who holds the partitions of the group.
    Owners(Vec<String>),
    /// The ends of some partitions, with open transactions; nothing if the cluster did not say.
    Ends(Vec<(TopicPartition, i64)>),
    /// The id of the cluster; brokers older than 0.10.1 have none.
    ClusterId(Option<String>),
}

/// What to find out about partitions.
#[derive(Clone, Debug, Default)]
pub struct RangeQuery {
    pub partitions: Vec<TopicPartition>,
    pub with_committed: bool,
    /// Milliseconds since 1970, by partition, for the start and for the stop.
    pub from_times: Vec<(TopicPartition, i64)>,
    pub to_times: Vec<(TopicPartition, i64)>,
    pub read_uncommitted: bool,
}

/// The log of a partition: offsets `begin..end`, and what else was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub partition: TopicPartition,
    pub begin: i64,
    /// As the isolation level sees it: before the first open transaction.
    pub end: i64,
    /// With open transactions.
    pub high: i64,
    pub committed: Option<i64>,
    /// The first offset at or after the time asked for; the end if there is none.
    pub from: Option<i64>,
    pub to: Option<i64>,
}

/// Starts look-ups and has their answers sent as events.
#[derive(Clone)]
pub struct LookUps {
    pub client: Arc<Consumer>,
    teller: Teller,
    unanswered: Backlog,
}

impl LookUps {
    pub fn new(client: Arc<Consumer>, teller: Teller) -> LookUps {
        LookUps { client, teller, unanswered: Backlog::default() }
    }

    /// Starts what could not be started when it was asked: whoever waits for the answer does not ask again.
    pub fn start_again(&self) {
        self.unanswered.start_all(spawn);
    }

    pub fn topics(&self, names: Vec<String>) {
        self.start(move |client| {
            // librdkafka drops the bootstrap connection once it knows the brokers' names, and then makes a new
            // one at most every 11 ms, unless a broker is needed: with this question the leader is.
            let first =
                names.first().map(|name| TopicPartition { topic: name.as_str().into(), partition: 0 });
            let nudge = first.map(|first| admin::ask_offsets(client, &[(first, LATEST)], true, LIMIT));
            let topics = admin::topics(client, &names, LIMIT);
            drop(nudge);
            Answer::Topics(topics)
        });
    }

    pub fn ids(&self, names: Vec<String>) {
        self.start(move |client| Answer::Ids(admin::topic_ids(client, &names, LIMIT).unwrap_or_default()));
    }

    pub fn names(&self) {
        self.start(|client| Answer::Names(admin::topic_names(client, LIMIT)));
    }

    pub fn ranges(&self, ticket: u64, query: RangeQuery) {
        self.start(move |client| Answer::Ranges { ticket, result: ranges(client, &query) });
    }

    /// Asks any broker anything.
    pub fn probe(&self, topic: String) {
        self.start(move |client| Answer::Probe {
            is_reached: admin::topics(client, &[topic], Duration::from_secs(3)).is_ok(),
        });
    }

    pub fn unheld(&self, group: String, partitions: BTreeSet<TopicPartition>) {
        self.start(move |client| {
            Answer::Unheld(groups::unheld(client, &group, partitions.clone(), COORDINATOR_LIMIT).ok())
        });
    }

    pub fn owners(&self, group: String) {
        self.start(move |client| {
            Answer::Owners(admin::owners(client, &group, COORDINATOR_LIMIT).unwrap_or_default())
        });
    }

    pub fn ends(&self, partitions: Vec<TopicPartition>) {
        self.start(move |client| {
            let wanted: Vec<_> = partitions.into_iter().map(|partition| (partition, LATEST)).collect();
            Answer::Ends(admin::ask_offsets(client, &wanted, true, LIMIT).answer().unwrap_or_default())
        });
    }

    pub fn cluster_id(&self) {
        self.start(|client| Answer::ClusterId(admin::cluster_id(client, LIMIT)));
    }

    fn start(&self, ask: impl FnOnce(&Arc<Consumer>) -> Answer + Send + 'static) {
        let (client, teller) = (Arc::clone(&self.client), self.teller.clone());
        let work = move || teller.tell(ClientEvent::Answer(ask(&client)));
        self.unanswered.start(Box::new(work), spawn);
    }
}

type Work = Box<dyn FnOnce() + Send>;

fn spawn(work: Work) -> io::Result<()> {
    std::thread::Builder::new().name("look-up".to_owned()).spawn(work).map(drop)
}

/// Work that waits for threads: each takes one piece and ends. What finds no thread stays.
#[derive(Clone, Default)]
struct Backlog {
    pieces: Arc<Mutex<VecDeque<Work>>>,
}

impl Backlog {
    /// Starts a thread with `spawn`; without one the work is kept for `start_all`.
    fn start(&self, work: Work, spawn: impl Fn(Work) -> io::Result<()>) {
        self.pieces().push_back(work);
        // Out of threads is told by nobody: it is tried again soon.
        drop(spawn(self.one()));
    }

    /// Starts a thread for each piece; those that find nothing left have come too late, and end.
    fn start_all(&self, spawn: impl Fn(Work) -> io::Result<()>) {
        let count = self.pieces().len();
        for _ in 0..count {
            if spawn(self.one()).is_err() {
                break;
            }
        }
    }

    /// Takes a piece and does it.
    fn one(&self) -> Work {
        let backlog = self.clone();
        Box::new(move || {
            let piece = backlog.pieces().pop_front();
            if let Some(piece) = piece {
                piece();
            }
        })
    }

    fn pieces(&self) -> MutexGuard<'_, VecDeque<Work>> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds out about partitions, all of them in one request per broker and question.
///
/// # Errors
/// Of the first question that has one.
pub fn ranges(client: &Arc<Consumer>, query: &RangeQuery) -> Result<Vec<Range>, Trouble> {
    let all = |wanted: i64| -> Vec<_> {
        query.partitions.iter().map(|partition| (partition.clone(), wanted)).collect()
    };
    let ask =
        |wanted: &[(TopicPartition, i64)]| admin::ask_offsets(client, wanted, query.read_uncommitted, LIMIT);
    // An offset asked for or committed may lie in an open transaction: it is inside the log all the same.
    let highs = (!query.read_uncommitted).then(|| admin::ask_offsets(client, &all(LATEST), true, LIMIT));
    let ask_times = |times: &[(TopicPartition, i64)]| (!times.is_empty()).then(|| ask(times));
    // All on their way before the first answer is waited for.
    let (begins, ends) = (ask(&all(EARLIEST)), ask(&all(LATEST)));
    let (from, to) = (ask_times(&query.from_times), ask_times(&query.to_times));
    let committed = if query.with_committed {
        admin::committed(client, &query.partitions, LIMIT)?
    } else {
        vec![None; query.partitions.len()]
    };
    let begins = sorted(begins.answer()?);
    let ends = sorted(ends.answer()?);
    let highs = highs.map(|request| request.answer().map(sorted)).transpose()?;
    let from = from.map(|request| request.answer().map(sorted)).transpose()?.unwrap_or_default();
    let to = to.map(|request| request.answer().map(sorted)).transpose()?.unwrap_or_default();
    let range = |(partition, committed): (&TopicPartition, &Option<i64>)| {
        let begin = find(&begins, partition)?;
        let end = find(&ends, partition)?;
        let or_end = |offset: i64| if offset < 0 { end } else { offset };
        Some(Range {
            partition: partition.clone(),
            begin,
            end,
            high: highs.as_ref().map_or(Some(end), |highs| find(highs, partition))?,
            committed: *committed,
            from: find(&from, partition).map(or_end),
            to: find(&to, partition).map(or_end),
        })
    };
    Ok(query.partitions.iter().zip(&committed).filter_map(range).collect())
}

fn sorted(mut offsets: Vec<(TopicPartition, i64)>) -> Vec<(TopicPartition, i64)> {
    offsets.sort();
    offsets
}

fn find(offsets: &[(TopicPartition, i64)], partition: &TopicPartition) -> Option<i64> {
    let index = offsets.binary_search_by(|(candidate, _)| candidate.cmp(partition)).ok()?;
    Some(offsets[index].1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn what_finds_no_thread_is_started_again_and_done_once() {
        let backlog = Backlog::default();
        let (sender, done) = mpsc::channel();
        let work = |number: u32| -> Work {
            let sender = sender.clone();
            Box::new(move || sender.send(number).expect("the test waits"))
        };
        let none = |_: Work| Err(io::ErrorKind::WouldBlock.into());
        let at_once = |work: Work| -> io::Result<()> {
            work();
            Ok(())
        };
        backlog.start(work(1), none);
        backlog.start(work(2), none);
        backlog.start_all(none);
        assert!(done.try_recv().is_err());
        backlog.start_all(at_once);
        backlog.start_all(at_once);
        backlog.start(work(3), at_once);
        assert_eq!(done.try_iter().collect::<Vec<_>>(), [1, 2, 3]);
    }
}
