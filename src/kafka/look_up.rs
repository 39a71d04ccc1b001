//! Questions whose answers take time, asked on helper threads so that the poller goes on serving.

use super::admin::groups::{self, Unheld};
use super::admin::{self, Asked, COORDINATOR_LIMIT, Described, KnownTopic, LATEST, Leader, Topic};
use super::client::{ClientEvent, Consumer, EventSender};
use super::errors::Trouble;
use super::probe::{self, Finding};
use super::ranges::{self, Range, RangeQuery};
use crate::record::TopicPartition;
use crate::tokens::TokenSource;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long one question may take before it is asked again.
const LIMIT: Duration = Duration::from_secs(10);
const SHORT_LIMIT: Duration = Duration::from_secs(3);

/// A question whose answer takes time.
#[derive(Debug)]
pub enum Question {
    /// The names of all topics of the cluster.
    Names,
    Topics(Vec<String>),
    /// The ids of topics that are being read: a topic made again has another.
    Ids(Vec<String>),
    ClusterId,
    /// What our own group has committed.
    Committed(Vec<TopicPartition>),
    /// The logs of partitions. Each leader is asked for itself, so that one that is away does not hold the others up:
    /// as many answers come as there are leaders, and each partition is in one of them.
    Ranges {
        purpose: Purpose,
        query: RangeQuery,
    },
    /// The ends of partitions, with open transactions.
    Ends(Vec<TopicPartition>),
    /// What stands at an offset of a partition that gives nothing: a client of its own looks, for as long as `limit`.
    Look {
        partition: TopicPartition,
        offset: i64,
        limit: Duration,
    },
    /// Whether any broker answers; it is asked for this topic.
    Probe {
        topic: String,
    },
    /// Whether a group is one of consumers.
    GroupKind(String),
    /// Where a group has committed anything.
    CommittedByGroup(String),
    /// Which of these partitions no member of a group holds.
    Unheld {
        group: String,
        partitions: BTreeSet<TopicPartition>,
    },
    /// Who holds the partitions of a group.
    Owners(String),
}

/// What the logs of partitions are asked for; comes back with the answers. The numbers tell questions apart, so that a
/// late answer is not taken for one to a later question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Where to start reading.
    Start(u64),
    /// Where to go on after an offset that is not in the log.
    LostPosition(u64),
    /// Where to stop, once the time to stop at has come.
    EndAtTime(u64),
}

/// What came of a question.
#[derive(Debug)]
pub enum Answer {
    Topics(Result<Vec<Described<Topic>>, Trouble>),
    /// The ids of topics that are being read; empty if the cluster did not say.
    Ids(Vec<Described<KnownTopic>>),
    /// The names of all topics of the cluster.
    Names(Result<Vec<String>, Trouble>),
    /// The logs of some of the partitions of one question, each with what is known of it.
    Ranges {
        purpose: Purpose,
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
    /// The partitions in which the group has committed something; none if it did not say.
    CommittedByGroup(Vec<TopicPartition>),
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

/// Starts look-ups; an event tells of each answer.
#[derive(Clone)]
pub struct LookUps {
    client: Arc<Consumer>,
    event_sender: EventSender,
    answers: Sender<Answer>,
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
    /// Look-ups that ask `client`, and where their answers come.
    pub fn new(
        client: Arc<Consumer>,
        event_sender: EventSender,
        properties: &[(String, String)],
        tokens: Option<&TokenSource>,
    ) -> (LookUps, Receiver<Answer>) {
        let (answers, receiver) = mpsc::channel();
        let (unanswered, leaders) = (Backlog::default(), Leaders::default());
        let own = Arc::new(Own { properties: properties.to_vec(), tokens: tokens.cloned() });
        (LookUps { client, event_sender, answers, unanswered, leaders, own }, receiver)
    }

    /// The client that is asked.
    pub fn client(&self) -> &Arc<Consumer> {
        &self.client
    }

    /// Starts what could not be started when it was asked: whoever waits for the answer does not ask again.
    pub fn start_again(&self) {
        self.unanswered.start_all(spawn);
    }

    /// `HOST:PORT` of the leader of a partition, as far as it was ever told.
    pub fn leader(&self, partition: &TopicPartition) -> Option<String> {
        self.leaders.of(partition).map(|leader| leader.address)
    }

    /// Asks a question; the answer comes as an event.
    pub fn ask(&self, question: Question) {
        match question {
            Question::Names => self.start(|client| Answer::Names(admin::topic_names(client, LIMIT))),
            Question::Topics(names) => self.topics(names),
            Question::Ids(names) => self.start(move |client| {
                Answer::Ids(admin::topic_ids(client, &names, LIMIT).unwrap_or_default())
            }),
            Question::ClusterId => self.start(|client| Answer::ClusterId(admin::cluster_id(client, LIMIT))),
            Question::Committed(partitions) => self.start(move |client| {
                let committed = admin::committed(client, &partitions, LIMIT);
                Answer::Committed(committed.map(|committed| partitions.into_iter().zip(committed).collect()))
            }),
            Question::Ranges { purpose, query } => self.ranges(purpose, query),
            Question::Ends(partitions) => self.ends(partitions),
            Question::Look { partition, offset, limit } => self.look(partition, offset, limit),
            Question::Probe { topic } => self.start(move |client| Answer::Probe {
                is_reached: admin::topics(client, &[topic], SHORT_LIMIT).is_ok(),
            }),
            Question::GroupKind(group) => self.start(move |client| {
                Answer::Foreign(groups::foreign_kind(client, &group, COORDINATOR_LIMIT))
            }),
            Question::CommittedByGroup(group) => self.start(move |client| {
                let committed = groups::ask_committed(client, &group).answer().unwrap_or_default();
                Answer::CommittedByGroup(committed.into_iter().map(|(partition, _)| partition).collect())
            }),
            Question::Unheld { group, partitions } => self.start(move |client| {
                Answer::Unheld(groups::unheld(client, &group, partitions.clone(), COORDINATOR_LIMIT).ok())
            }),
            Question::Owners(group) => self
                .start(move |client| Answer::Owners(groups::owners(client, &group, COORDINATOR_LIMIT).ok())),
        }
    }

    /// Asks something on a helper thread; the answer is put into the channel, and a ring tells that it is there.
    pub fn ask_with<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Arc<Consumer>) -> T + Send + 'static,
    ) -> Receiver<T> {
        let (sender, answer) = mpsc::channel();
        let (client, bell) = (Arc::clone(&self.client), self.event_sender.bell());
        let work = move || {
            // Whoever asked may have given up.
            let _ = sender.send(question(&client));
            bell.ring();
        };
        self.unanswered.start(Box::new(work), spawn);
        answer
    }

    fn topics(&self, names: Vec<String>) {
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

    fn ranges(&self, purpose: Purpose, query: RangeQuery) {
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
                Answer::Ranges { purpose, ranges, trouble }
            });
        }
    }

    fn look(&self, partition: TopicPartition, offset: i64, limit: Duration) {
        let (own, bell) = (Arc::clone(&self.own), self.event_sender.bell());
        self.start(move |_| {
            let finding =
                probe::look(&own.properties, own.tokens.as_ref(), bell, (&partition, offset), limit);
            Answer::Looked { partition, offset, finding }
        });
    }

    fn ends(&self, partitions: Vec<TopicPartition>) {
        self.start(move |client| {
            let wanted: Vec<_> = partitions.into_iter().map(|partition| (partition, LATEST)).collect();
            let ends = admin::ask_offsets(client, wanted, true, LIMIT).answer();
            let known = ends.into_iter().filter_map(|(partition, end)| Some((partition, end.ok()?)));
            Answer::Ends(known.collect())
        });
    }

    fn start(&self, ask: impl FnOnce(&Arc<Consumer>) -> Answer + Send + 'static) {
        let (client, answers) = (Arc::clone(&self.client), self.answers.clone());
        let event_sender = self.event_sender.clone();
        let work = move || {
            // The receiver goes away only when the run is over.
            let _ = answers.send(ask(&client));
            event_sender.send(ClientEvent::Answered);
        };
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
