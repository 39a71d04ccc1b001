//! What the parts of a run ask for: only the loop calls the broker, says things and ends the run.

use crate::commits::{AssignmentId, CommitPositions, Commits};
use crate::delivery::Delivery;
use crate::error::Failure;
use crate::kafka::Trouble;
use crate::kafka::look_up::Question;
use crate::kafka::source::Assigned;
use crate::metrics::Read;
use crate::reachability::Reachability;
use crate::record::TopicPartition;
use crate::talk::Notice;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

/// What a part asks the loop to do.
#[derive(Debug)]
pub enum Action {
    Tell(Notice),
    /// Have what was taken written soon.
    Seal,
    Ask(Question),
    /// An answer told of something that went wrong: fail or warn, or wait until it has passed.
    Judge(Trouble),
    /// The brokers answer: these lead our partitions.
    Leaders(Vec<String>),
    /// Leaders or the coordinator answer, too.
    Established,

    /// Join the group for these topics, or read these as well.
    Subscribe {
        topics: Vec<String>,
        is_first: bool,
    },
    /// Leave the group and join it again for the same topics.
    JoinAnew,
    /// Read these partitions, which were found.
    Start(Vec<TopicPartition>),
    /// The group had nothing committed in the topics of these when the run started: there `latest` applies.
    NoteFresh(HashSet<TopicPartition>),
    /// Ask whether the topics are still the same.
    CheckTopics,
    OpenStore {
        cluster: String,
    },
    /// The start of every partition is known.
    AllStarted,
    /// A partition was read to the end of its log: told once the records before it are written.
    EndReached {
        partition: TopicPartition,
        /// Whether one line will stand for the ends of all partitions.
        is_folded: bool,
    },
    /// What was read of a topic and is not counted yet.
    CountRead {
        topic: Arc<str>,
        read: Read,
    },

    /// Deliver the newest records, which are in hand under these assignments.
    ShowNewest(Vec<AssignmentId>),
    /// Have the client read partitions, or no more.
    Read(ReadChange),

    /// Finish what is begun of these assignments and give the rest up.
    Revoke(Vec<AssignmentId>),
    /// What is in hand of these assignments is nobody's.
    Abandon(Vec<AssignmentId>),
    Commit(CommitPositions),
}

/// What the client is to read from now on.
#[derive(Debug)]
pub enum ReadChange {
    /// Start reading partitions; `others` are read already, with where each goes on.
    Assign {
        assigned: Vec<Assigned>,
        others: Vec<(TopicPartition, i64)>,
    },
    /// Answer an assignment without taking it: an empty one, or at the end of the run.
    AssignNothing,
    /// Stop reading partitions; those that were read have their slot.
    Unassign(Vec<(TopicPartition, Option<usize>)>),
    /// Go on in a partition that librdkafka has stopped; `all`: what is assigned, with where each goes on.
    StartOver {
        partition: TopicPartition,
        offset: i64,
        all: Vec<(TopicPartition, i64)>,
    },
    /// Read a partition a second time from this offset on.
    ReadAgain {
        partition: TopicPartition,
        offset: i64,
    },
    /// Go on in a partition from an offset before the one at which reading began.
    ReadBack {
        partition: TopicPartition,
        offset: i64,
    },
    /// Set a partition that delivers nothing to where it stands.
    Seek {
        partition: TopicPartition,
        offset: i64,
    },
    /// Fetch a finished partition no more.
    Pause(TopicPartition),
    /// Deliver a partition again that was held.
    Resume(AssignmentId),
    AskStatistics,
}

impl ReadChange {
    /// The partitions that are read from now on.
    pub fn taken_over(&self) -> Vec<TopicPartition> {
        if let ReadChange::Assign { assigned, .. } = self {
            return assigned.iter().map(|assigned| assigned.partition.clone()).collect();
        }
        Vec::new()
    }
}

/// How a run ends.
#[derive(Debug)]
pub enum RunEnd {
    /// All that was asked for is done.
    Done,
    Failed(Failure),
    /// Nothing may be committed any more: what is known of the group or the topic is not true.
    FailedWithoutCommit(Failure),
}

impl From<Failure> for Box<RunEnd> {
    fn from(failure: Failure) -> Box<RunEnd> {
        Box::new(RunEnd::Failed(failure))
    }
}

/// What a part returns whose step may end the run.
pub type Step = Result<(), Box<RunEnd>>;

/// Ends the run with a failure.
pub fn fail(failure: Failure) -> Step {
    Err(failure.into())
}

/// What the client tells of its group and of the partitions that it fetches; asks nobody.
pub trait Fetching {
    /// The coordinator counts us among the members of the group.
    fn is_in_group(&self) -> bool;
    /// All that was read was looked at: positions mean what they say.
    fn is_used_up(&self) -> bool;
    /// Nothing that was fetched of a partition waits to be looked at.
    fn is_drained(&self, slot: usize) -> bool;
    /// Records of a partition were fetched, and those of others come before them.
    fn has_waiting(&self, slot: usize) -> bool;
    /// The position after the last record or marker handed out; `None` before the first.
    fn positions(&self, partitions: &[TopicPartition]) -> Vec<Option<i64>>;
    /// The end of a log as the last fetch told it, open transactions included.
    fn known_end(&self, partition: &TopicPartition) -> Option<i64>;
    /// `HOST:PORT` of the leader of a partition, as far as it was ever told.
    fn leader(&self, partition: &TopicPartition) -> Option<String>;
}

/// What a part may look at, and where it puts what it asks for.
pub struct Context<'c, 'a> {
    pub commits: &'c mut Commits,
    pub delivery: &'c Delivery<'a>,
    pub reachability: &'c Reachability,
    pub client: &'c dyn Fetching,
    /// No record is started any more.
    pub is_closing: bool,
    pub now: Instant,
    pub actions: &'c mut Vec<Action>,
}

impl Context<'_, '_> {
    pub fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub fn warn(&mut self, message: impl Into<String>) {
        self.act(Action::Tell(Notice::Warning(message.into())));
    }

    pub fn info(&mut self, message: impl Into<String>) {
        self.act(Action::Tell(Notice::info(message)));
    }

    pub fn tell(&mut self, event: crate::talk::Event) {
        self.act(Action::Tell(Notice::Event(event)));
    }

    /// Tells an event once the records before it are written.
    pub fn tell_after_records(&mut self, event: crate::talk::Event) {
        self.act(Action::Tell(Notice::AfterRecords(event)));
    }
}
