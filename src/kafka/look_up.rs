//! Questions whose answers take time, asked on helper threads so that the poller goes on serving.

use super::admin::groups::{self, Unheld};
use super::admin::{self, Asked, COORDINATOR_LIMIT, Described, KnownTopic, LATEST, Leader, Topic};
use super::client::{ClientEvent, Consumer, Teller};
use super::errors::Trouble;
use super::probe::{self, Finding};
use super::ranges::{self, Range, RangeQuery};
use crate::record::TopicPartition;
use crate::tokens::TokenSource;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long one question may take before it is asked again.
const LIMIT: Duration = Duration::from_secs(10);
const SHORT_LIMIT: Duration = Duration::from_secs(3);

/// What came of a look-up.
pub enum Answer {
    Topics(Result<Vec<Described<Topic>>, Trouble>),
    /// Of topics that are being read; nothing if the cluster did not say.
    Ids(Vec<Described<KnownTopic>>),
    /// The names of all topics of the cluster.
    Names(Result<Vec<String>, Trouble>),
    /// Of some of the partitions of one question, each with what is known of it.
    Ranges {
        ticket: u64,
        ranges: Vec<Asked<Range>>,
        /// Why the committed offsets could not be had.
        trouble: Option<Trouble>,
    },
    /// The committed offsets of our own group, in the order asked for.
    Committed(Result<Vec<(TopicPartition, Option<i64>)>, Trouble>),
    /// Whether a broker answers.
    Probe {
        is_reached: bool,
    },
    /// What the group is, if it is none of consumers.
    Foreign(Option<Trouble>),
    /// Partitions that no member of the group holds; nothing if the group did not say.
    Unheld(Option<Unheld>),
    /// Who holds the partitions of the group.
    Owners(Option<Vec<String>>),
    /// The ends of some partitions, with open transactions; those that are not known are left out.
    Ends(Vec<(TopicPartition, i64)>),
    /// What stands at an offset of a partition that gives nothing.
    Looked {
        partition: TopicPartition,
        offset: i64,
        finding: Finding,
    },
    /// The id of the cluster; brokers older than 0.10.1 have none.
    ClusterId(Option<String>),
}

/// Starts look-ups and has their answers sent as events.
#[derive(Clone)]
pub struct LookUps {
    pub client: Arc<Consumer>,
    teller: Teller,
    unanswered: Backlog,
    leaders: Leaders,
    own: Arc<Own>,
}

/// What another client like this one is made of.
struct Own {
    properties: Vec<(String, String)>,
    tokens: Option<TokenSource>,
}

impl LookUps {
    pub fn new(
        client: Arc<Consumer>,
        teller: Teller,
        properties: &[(String, String)],
        tokens: Option<&TokenSource>,
    ) -> LookUps {
        let own = Arc::new(Own { properties: properties.to_vec(), tokens: tokens.cloned() });
        LookUps { client, teller, unanswered: Backlog::default(), leaders: Leaders::default(), own }
    }

    /// Starts what could not be started when it was asked: whoever waits for the answer does not ask again.
    pub fn start_again(&self) {
        self.unanswered.start_all(spawn);
    }

    /// `HOST:PORT` of the leader of a partition, as far as it was ever told.
    pub fn leader(&self, partition: &TopicPartition) -> Option<String> {
        self.leaders.of(partition).map(|leader| leader.address)
    }

    pub fn topics(&self, names: Vec<String>) {
        let leaders = self.leaders.clone();
        self.start(move |client| {
            // librdkafka drops the bootstrap connection once it knows the brokers' names, and then makes a new
            // one at most every 11 ms, unless a broker is needed: with this question the leader is.
            let first =
                names.first().map(|name| TopicPartition { topic: name.as_str().into(), partition: 0 });
            let nudge = first.map(|first| admin::ask_offsets(client, vec![(first, LATEST)], true, LIMIT));
            let topics = admin::topics(client, &names, LIMIT);
            drop(nudge);
            leaders.note(topics.iter().flatten());
            Answer::Topics(topics)
        });
    }

    pub fn ids(&self, names: Vec<String>) {
        self.start(move |client| Answer::Ids(admin::topic_ids(client, &names, LIMIT).unwrap_or_default()));
    }

    pub fn names(&self) {
        self.start(|client| Answer::Names(admin::topic_names(client, LIMIT)));
    }

    /// Asks each leader for itself, so that one that is away does not hold the others up: as many answers
    /// come as there are leaders, and each partition is in one of them.
    pub fn ranges(&self, ticket: u64, query: RangeQuery) {
        let node = |partition: &TopicPartition| self.leaders.of(partition).map(|leader| leader.node);
        for query in query.by_leader(node) {
            let leaders = self.leaders.clone();
            self.start(move |client| {
                let (ranges, trouble) = match ranges::ranges(client, &query) {
                    Ok(ranges) => (ranges, None),
                    Err(trouble) => (query.unanswered(), Some(trouble)),
                };
                if ranges.iter().any(|(_, range)| range.is_err()) {
                    // It may have moved meanwhile.
                    let topics = admin::topics(client, &query.topics(), SHORT_LIMIT);
                    leaders.note(topics.iter().flatten());
                }
                Answer::Ranges { ticket, ranges, trouble }
            });
        }
    }

    pub fn committed(&self, partitions: Vec<TopicPartition>) {
        self.start(move |client| {
            let committed = admin::committed(client, &partitions, LIMIT);
            Answer::Committed(committed.map(|committed| partitions.into_iter().zip(committed).collect()))
        });
    }

    /// Asks any broker anything.
    pub fn probe(&self, topic: String) {
        self.start(move |client| Answer::Probe {
            is_reached: admin::topics(client, &[topic], SHORT_LIMIT).is_ok(),
        });
    }

    /// Looks at a partition with a client of its own, for as long as `limit`.
    pub fn look(&self, partition: TopicPartition, offset: i64, limit: Duration) {
        let (own, bell) = (Arc::clone(&self.own), self.teller.bell());
        self.start(move |_| {
            let finding =
                probe::look(&own.properties, own.tokens.as_ref(), bell, (&partition, offset), limit);
            Answer::Looked { partition, offset, finding }
        });
    }

    pub fn foreign(&self, group: String) {
        self.start(move |client| Answer::Foreign(groups::foreign_kind(client, &group, COORDINATOR_LIMIT)));
    }

    pub fn unheld(&self, group: String, partitions: BTreeSet<TopicPartition>) {
        self.start(move |client| {
            Answer::Unheld(groups::unheld(client, &group, partitions.clone(), COORDINATOR_LIMIT).ok())
        });
    }

    pub fn owners(&self, group: String) {
        self.start(move |client| Answer::Owners(groups::owners(client, &group, COORDINATOR_LIMIT).ok()));
    }

    pub fn ends(&self, partitions: Vec<TopicPartition>) {
        self.start(move |client| {
            let wanted: Vec<_> = partitions.into_iter().map(|partition| (partition, LATEST)).collect();
            let ends = admin::ask_offsets(client, wanted, true, LIMIT).answer();
            let known = ends.into_iter().filter_map(|(partition, end)| Some((partition, end.ok()?)));
            Answer::Ends(known.collect())
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

/// Who leads which partition, as the brokers told it last.
#[derive(Clone, Default)]
struct Leaders {
    leaders: Arc<Mutex<HashMap<TopicPartition, Leader>>>,
}

impl Leaders {
    fn note<'a>(&self, topics: impl Iterator<Item = &'a Described<Topic>>) {
        let mut leaders = self.leaders.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, topic) in topics {
            let Ok(topic) = topic else { continue };
            let name: Arc<str> = Arc::from(name.as_str());
            for number in &topic.partitions {
                let partition = TopicPartition { topic: Arc::clone(&name), partition: *number };
                match topic.leaders.iter().find(|leader| leader.partition == *number) {
                    Some(leader) => leaders.insert(partition, leader.clone()),
                    None => leaders.remove(&partition),
                };
            }
        }
    }

    fn of(&self, partition: &TopicPartition) -> Option<Leader> {
        self.leaders.lock().unwrap_or_else(PoisonError::into_inner).get(partition).cloned()
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
