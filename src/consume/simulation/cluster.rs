//! A cluster in memory with one topic. The test is the coordinator of the group: it gives partitions and takes them
//! back.

use crate::kafka::admin::{KnownTopic, Leader, Topic, Unknown};
use crate::kafka::commit::{CommitAnswer, CommitRefusal};
use crate::kafka::look_up::{Answer, Question};
use crate::kafka::probe::Finding;
use crate::kafka::ranges::Range;
use crate::kafka::{ClientEvent, Trouble, TroubleKind};
use crate::record::TopicPartition;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Instant;

pub type Offsets = BTreeMap<TopicPartition, i64>;
pub type SharedCluster = Rc<RefCell<Cluster>>;

/// A record of a log. Its value names it: `PARTITION OFFSET`.
#[derive(Clone, Debug)]
pub struct Stored {
    pub offset: i64,
    pub timestamp: Option<i64>,
    pub key: Option<String>,
    pub value: String,
}

#[derive(Debug, Default)]
pub struct Log {
    pub records: Vec<Stored>,
    /// Where it begins: records before it are deleted.
    pub begin: i64,
    /// Behind the last record or marker.
    pub end: i64,
}

/// How the coordinator answers commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommitFate {
    #[default]
    Taken,
    Refused(TroubleKind),
    /// Not answered while it is so.
    Held,
}

#[derive(Default)]
pub struct Cluster {
    pub logs: BTreeMap<TopicPartition, Log>,
    pub committed: Offsets,
    /// What was committed, each time that it changed.
    pub samples: Vec<(Instant, Offsets)>,
    /// What the member under test holds, as the coordinator sees it.
    pub owned: BTreeSet<TopicPartition>,
    pub commit_fate: CommitFate,
    /// Partitions whose logs nobody can tell, since they have no leader.
    pub leaderless: BTreeSet<i32>,
    /// Questions are not answered while it is so.
    pub is_silent: bool,
    events: VecDeque<ClientEvent>,
    questions: VecDeque<Question>,
    /// Of the group: a commit of an older one is refused.
    generation: u64,
    commit: Option<SentCommit>,
}

/// A commit that is not answered.
struct SentCommit {
    generation: u64,
    positions: Vec<(TopicPartition, i64)>,
}

impl Cluster {
    pub fn new(partitions: i32) -> SharedCluster {
        let logs = (0..partitions).map(|number| (super::partition(number), Log::default())).collect();
        Rc::new(RefCell::new(Cluster { logs, ..Cluster::default() }))
    }

    /// Adds a partition to the topic; returns its number.
    pub fn add_partition(&mut self) -> i32 {
        let number = self.logs.len() as i32;
        self.logs.insert(super::partition(number), Log::default());
        number
    }

    /// Writes records with these keys.
    pub fn produce(&mut self, number: i32, keys: &[Option<&str>]) {
        for key in keys {
            self.produce_with(number, None, *key);
        }
    }

    /// Writes records of these times.
    pub fn produce_at(&mut self, number: i32, times: &[i64]) {
        for time in times {
            self.produce_with(number, Some(*time), None);
        }
    }

    /// Writes a record.
    pub fn produce_with(&mut self, number: i32, timestamp: Option<i64>, key: Option<&str>) {
        let log = self.log_mut(number);
        let offset = log.end;
        let (key, value) = (key.map(str::to_owned), format!("{number} {offset}"));
        log.records.push(Stored { offset, timestamp, key, value });
        log.end += 1;
    }

    /// Deletes what lies before an offset.
    pub fn delete_records(&mut self, number: i32, before: i64) {
        let log = self.log_mut(number);
        log.records.retain(|record| record.offset >= before);
        log.begin = before;
    }

    /// The end of a log.
    pub fn end(&self, number: i32) -> i64 {
        self.logs[&super::partition(number)].end
    }

    fn log_mut(&mut self, number: i32) -> &mut Log {
        self.logs.get_mut(&super::partition(number)).expect("there is such a partition")
    }

    /// Writes a transaction marker: an offset without a record.
    pub fn mark(&mut self, number: i32) {
        self.log_mut(number).end += 1;
    }

    /// Gives partitions to the member under test.
    pub fn give(&mut self, numbers: &[i32]) {
        let partitions: Vec<TopicPartition> =
            numbers.iter().map(|number| super::partition(*number)).collect();
        self.owned.extend(partitions.iter().cloned());
        self.events.push_back(ClientEvent::Assigned(partitions));
    }

    /// Wants partitions back; they are held until the member gives them.
    pub fn take_back(&mut self, numbers: &[i32]) {
        let partitions = numbers.iter().map(|number| super::partition(*number)).collect();
        self.events.push_back(ClientEvent::Revoked { partitions, is_lost: false });
    }

    /// Gives partitions to somebody else at once: the member was not heard of for too long.
    pub fn lose(&mut self, numbers: &[i32]) {
        let partitions: Vec<TopicPartition> =
            numbers.iter().map(|number| super::partition(*number)).collect();
        self.owned.retain(|partition| !partitions.contains(partition));
        self.generation += 1;
        self.events.push_back(ClientEvent::Revoked { partitions, is_lost: true });
    }

    /// Commits for another member.
    pub fn commit_for_another(&mut self, number: i32, offset: i64, now: Instant) {
        self.committed.insert(super::partition(number), offset);
        self.samples.push((now, self.committed.clone()));
    }

    pub fn has_events(&self) -> bool {
        let is_commit_answered = self.commit.is_some() && self.commit_fate != CommitFate::Held;
        !self.events.is_empty() || !self.is_silent && !self.questions.is_empty() || is_commit_answered
    }

    /// Notes what is committed at this time, if that is new.
    pub fn sample(&mut self, now: Instant) {
        if self.samples.last().is_none_or(|(_, last)| *last != self.committed) {
            self.samples.push((now, self.committed.clone()));
        }
    }

    /// The offset from which a member reads a partition.
    pub fn start(&self, number: i32) -> i64 {
        self.committed.get(&super::partition(number)).copied().unwrap_or(0)
    }

    /// What the client is told next.
    pub fn event(&mut self) -> Option<ClientEvent> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        (!self.is_silent && !self.questions.is_empty()).then_some(ClientEvent::Answered)
    }

    /// The answer to the oldest question.
    pub fn next_answer(&mut self) -> Option<Answer> {
        let question = self.questions.pop_front()?;
        Some(self.answer(question))
    }

    pub fn ask(&mut self, question: Question) {
        self.questions.push_back(question);
    }

    /// The member gives a partition back.
    pub fn release(&mut self, partition: &TopicPartition) {
        self.generation += 1;
        self.owned.remove(partition);
    }

    /// Takes a commit, which is answered later.
    pub fn take_commit(&mut self, positions: &[(TopicPartition, i64)]) {
        let (generation, positions) = (self.generation, positions.to_vec());
        self.commit = Some(SentCommit { generation, positions });
    }

    /// The answer to the commit, unless that is held.
    pub fn commit_answer(&mut self) -> Option<CommitAnswer> {
        let refused = |kind| CommitAnswer {
            refused: Some(CommitRefusal { kind, words: "no".to_owned() }),
            ..CommitAnswer::default()
        };
        match self.commit_fate {
            CommitFate::Held => None,
            CommitFate::Refused(kind) => self.commit.take().map(|_| refused(kind)),
            CommitFate::Taken => {
                let SentCommit { generation, positions } = self.commit.take()?;
                let is_held = |(partition, _): &(TopicPartition, i64)| self.owned.contains(partition);
                if generation != self.generation || !positions.iter().all(is_held) {
                    return Some(refused(TroubleKind::Rebalancing));
                }
                self.committed.extend(positions);
                Some(CommitAnswer::default())
            }
        }
    }

    fn answer(&self, question: Question) -> Answer {
        match question {
            Question::Names => Answer::Names(Ok(vec!["t".to_owned()])),
            Question::Topics(names) => {
                Answer::Topics(Ok(names.into_iter().map(|name| self.topic(name)).collect()))
            }
            Question::Ids(names) => {
                let partitions = self.logs.keys().map(|partition| partition.partition).collect();
                let known = KnownTopic { id: (1, 1), partitions, leaderless: Vec::new() };
                Answer::Ids(names.into_iter().map(|name| (name, Ok(known.clone()))).collect())
            }
            Question::ClusterId => Answer::ClusterId(Some("simulated".to_owned())),
            Question::Committed(partitions) => {
                let committed = |partition: TopicPartition| {
                    let offset = self.committed.get(&partition).copied();
                    (partition, offset)
                };
                Answer::Committed(Ok(partitions.into_iter().map(committed).collect()))
            }
            Question::Ranges { purpose, query } => {
                let ranges = query.partitions.into_iter().map(|partition| {
                    let is_led = !self.leaderless.contains(&partition.partition);
                    let range = if is_led { Ok(self.range(&partition)) } else { Err(Unknown::NoLeader) };
                    (partition, range)
                });
                Answer::Ranges { purpose, ranges: ranges.collect(), trouble: None }
            }
            Question::Ends(partitions) => {
                let end = |partition: TopicPartition| {
                    let end = self.logs[&partition].end;
                    (partition, end)
                };
                Answer::Ends(partitions.into_iter().map(end).collect())
            }
            Question::Look { partition, offset, .. } => {
                let log = &self.logs[&partition];
                let next = log.records.iter().find(|record| record.offset >= offset);
                let finding =
                    next.map_or(Finding::EndsAt(log.end), |next| Finding::NothingBefore(next.offset));
                Answer::Looked { partition, offset, finding }
            }
            Question::Probe { .. } => Answer::Probe { is_reached: true },
            Question::GroupKind(_) => Answer::Foreign(None),
            Question::CommittedByGroup(_) => Answer::CommittedByGroup(Vec::new()),
            Question::Unheld { .. } => Answer::Unheld(None),
            Question::Owners(_) => Answer::Owners(Some(vec!["another member".to_owned()])),
        }
    }

    fn topic(&self, name: String) -> (String, Result<Topic, Trouble>) {
        let partitions: Vec<i32> = self.logs.keys().map(|partition| partition.partition).collect();
        let leader = |number: &i32| Leader { partition: *number, node: 1, address: "b:9092".to_owned() };
        let leaders = partitions.iter().map(leader).collect();
        (name.clone(), Ok(Topic { name, partitions, leaders }))
    }

    fn range(&self, partition: &TopicPartition) -> Range {
        let Log { begin, end, .. } = self.logs[partition];
        let committed = self.committed.get(partition).copied();
        Range { partition: partition.clone(), begin, end, high: end, committed, from: None, to: None }
    }
}
