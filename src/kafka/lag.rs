//! How far behind groups are: what they have committed, next to the logs of their topics.

mod coordinators;

use super::admin::groups::{GroupDescription, GroupMember};
use super::admin::{self, Described, EARLIEST, LATEST, Unknown, topics};
use super::client::Consumer;
use super::errors::{self, Trouble, TroubleKind};
use crate::record::TopicPartition;
pub use coordinators::Questions;
use coordinators::{CoordinatorAnswer, is_passing};
use rdkafka::types::RDKafkaErrorCode;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// The least time for the question about topics, since a large cluster may describe all of them over a slow link.
const LEAST_FOR_TOPICS: Duration = Duration::from_secs(2);

/// How long the questions for a table of lags may take.
#[derive(Clone, Copy, Debug)]
pub struct LagLimits {
    /// The time for all coordinators together.
    coordinators: Duration,
    /// The time for one broker that is asked for topics, after which another one is asked.
    topics: Duration,
    /// The time for all leaders together, who are asked at most twice.
    leaders: Duration,
}

impl LagLimits {
    /// Divides this time among the questions, with a tenth left over.
    pub fn of(all: Duration) -> LagLimits {
        LagLimits {
            coordinators: all * 33 / 100,
            topics: (all * 7 / 100).max(LEAST_FOR_TOPICS),
            leaders: all * 18 / 100,
        }
    }
}

/// A group with the partitions of all topics in which it has committed or is assigned something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLag {
    pub group: GroupDescription,
    /// The partitions, sorted by topic and number.
    pub partitions: Vec<PartitionLag>,
}

/// How far a group is in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionLag {
    pub partition: TopicPartition,
    pub committed: Option<i64>,
    /// The first offset of the log; none if the partition is gone or the offset is not known.
    pub begin: Option<i64>,
    /// The end of the log, open transactions included; none where there is no first offset.
    pub end: Option<i64>,
    /// Why nothing is known about a partition that exists.
    pub unknown: Option<Unknown>,
    pub owner: Option<Owner>,
}

/// The member that holds a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub consumer_id: String,
    pub host: String,
    pub client_id: String,
}

/// What is known about a partition so far.
struct PartitionDraft {
    committed: Option<i64>,
    owner: Option<Owner>,
    log: Log,
}

impl Default for PartitionDraft {
    fn default() -> PartitionDraft {
        PartitionDraft { committed: None, owner: None, log: Log::Unknown(Unknown::Unanswered) }
    }
}

/// What is known about the log of a partition.
enum Log {
    /// The partition has a leader, which can be asked.
    Led,
    /// The partition does not exist any more.
    Gone,
    Unknown(Unknown),
}

type Drafts = BTreeMap<TopicPartition, PartitionDraft>;
type LogOffsets = BTreeMap<TopicPartition, Result<i64, Unknown>>;
type Begun = Described<(Drafts, GroupDescription)>;

/// Groups by name, and topics to which the question is restricted; without any, it is about all topics.
#[derive(Clone, Debug, Default)]
pub struct LagQuery {
    pub groups: Vec<String>,
    pub topics: Vec<String>,
}

impl LagQuery {
    fn is_about(&self, partition: &TopicPartition) -> bool {
        self.topics.is_empty() || self.topics.iter().any(|topic| **topic == *partition.topic)
    }
}

/// Asks whether groups have committed something in the topics, or hold a partition of them. Each group may be missing,
/// forbidden or without an answer on its own.
///
/// # Errors
/// No coordinator has answered.
pub fn readers(
    client: &Arc<Consumer>,
    query: &LagQuery,
    questions: &mut Questions,
    limits: LagLimits,
) -> Result<Vec<Described<bool>>, Trouble> {
    let told = ask_coordinators(client, query, questions, limits)?;
    let reads = |answer| Ok(!begin(answer, query)?.0.is_empty());
    Ok(told.into_iter().map(|(name, told)| (name, told.and_then(reads))).collect())
}

fn ask_coordinators(
    client: &Arc<Consumer>,
    query: &LagQuery,
    questions: &mut Questions,
    limits: LagLimits,
) -> Result<Vec<Described<CoordinatorAnswer>>, Trouble> {
    let told = questions.ask(client, &query.groups, limits.coordinators);
    match told.first() {
        Some((_, Err(trouble))) if told.iter().all(|(_, told)| is_passing(told)) => Err(trouble.clone()),
        Some(_) | None => Ok(told),
    }
}

/// Asks how far groups are. Each may be missing, forbidden or without an answer on its own.
///
/// # Errors
/// No coordinator has answered, or nobody says what partitions there are.
pub fn group_lags(
    client: &Arc<Consumer>,
    query: &LagQuery,
    questions: &mut Questions,
    limits: LagLimits,
) -> Result<Vec<Described<GroupLag>>, Trouble> {
    let told = ask_coordinators(client, query, questions, limits)?;
    let begin = |answer| begin(answer, query);
    let mut begun: Vec<Begun> = told.into_iter().map(|(name, told)| (name, told.and_then(begin))).collect();
    let topics: BTreeSet<&str> =
        drafts_of(&begun).flat_map(BTreeMap::keys).map(|partition| &*partition.topic).collect();
    let topics: Vec<String> = topics.into_iter().map(str::to_owned).collect();
    // Any broker knows the topics, and the one that is asked may be the one that is away.
    let layouts = || topics::layouts(client, Some(&topics), limits.topics);
    let layouts = layouts().or_else(|_| layouts()).or_else(|_| layouts())?;
    for (drafts, _) in begun.iter_mut().filter_map(|(_, begun)| begun.as_mut().ok()) {
        add_partitions(drafts, &layouts);
    }
    let is_led = |(_, draft): &(&TopicPartition, &PartitionDraft)| matches!(draft.log, Log::Led);
    let led: BTreeSet<&TopicPartition> =
        drafts_of(&begun).flatten().filter(is_led).map(|(partition, _)| partition).collect();
    // librdkafka has to know the leaders by now: it would look for them, and 2.12 crashes when it finds them for one
    // request while it takes the next (`rd_kafka_topic_partition_list_query_leaders_async_worker`).
    let requests = [EARLIEST, LATEST].map(|wanted| {
        let wanted: Vec<_> = led.iter().map(|partition| ((*partition).clone(), wanted)).collect();
        (!wanted.is_empty()).then(|| admin::ask_offsets(client, wanted, true, limits.leaders))
    });
    let logs = admin::answers_or_ask_again(client, requests, true, limits.leaders);
    Ok(with_logs(begun, &logs.map(|asked| asked.into_iter().collect())))
}

/// The partitions of the groups that coordinators have described.
fn drafts_of(begun: &[Begun]) -> impl Iterator<Item = &Drafts> {
    begun.iter().filter_map(|(_, begun)| begun.as_ref().ok()).map(|(drafts, _)| drafts)
}

/// Takes what a coordinator says of a group.
///
/// # Errors
/// There is no such group.
fn begin(
    (group, committed): CoordinatorAnswer,
    query: &LagQuery,
) -> Result<(Drafts, GroupDescription), Trouble> {
    let mut drafts = Drafts::new();
    for (partition, offset) in committed {
        drafts.entry(partition).or_default().committed = Some(offset);
    }
    for member in &group.members {
        for partition in &member.partitions {
            drafts.entry(partition.clone()).or_default().owner = Some(owner(member));
        }
    }
    if group.state == "Dead" && drafts.is_empty() {
        return Err(errors::trouble(RDKafkaErrorCode::GroupIdNotFound, ""));
    }
    drafts.retain(|partition, _| query.is_about(partition));
    Ok((drafts, group))
}

fn owner(member: &GroupMember) -> Owner {
    Owner {
        consumer_id: member.consumer_id.clone(),
        host: member.host.clone(),
        client_id: member.client_id.clone(),
    }
}

/// Adds the other partitions of the topics, and notes which ones can be asked for their offsets.
fn add_partitions(drafts: &mut Drafts, layouts: &[Described<topics::Layout>]) {
    for (name, layout) in layouts {
        let of_topic = drafts.iter_mut().filter(|(partition, _)| *partition.topic == **name);
        let mut topic = None;
        for (partition, draft) in of_topic {
            topic = Some(Arc::clone(&partition.topic));
            draft.log = match layout {
                Err(trouble) if trouble.kind != TroubleKind::UnknownTopic => {
                    Log::Unknown(Unknown::from(trouble.clone()))
                }
                Ok(_) | Err(_) => Log::Gone,
            };
        }
        let (Ok(layout), Some(topic)) = (layout, topic) else { continue };
        for replicas in &layout.partitions {
            let partition = TopicPartition { topic: Arc::clone(&topic), partition: replicas.partition };
            drafts.entry(partition).or_default().log = match replicas.leader {
                Some(_) => Log::Led,
                None => Log::Unknown(Unknown::NoLeader),
            };
        }
    }
}

/// Adds the first and last offsets.
fn with_logs(begun: Vec<Begun>, logs: &[LogOffsets; 2]) -> Vec<Described<GroupLag>> {
    let group_lag = |(drafts, group): (Drafts, GroupDescription)| {
        let progress = |(partition, draft)| progress(partition, draft, logs);
        GroupLag { group, partitions: drafts.into_iter().map(progress).collect() }
    };
    begun.into_iter().map(|(name, begun)| (name, begun.map(group_lag))).collect()
}

fn progress(
    partition: TopicPartition,
    draft: PartitionDraft,
    [begins, ends]: &[LogOffsets; 2],
) -> PartitionLag {
    let of = |offsets: &LogOffsets| offsets.get(&partition).cloned().unwrap_or(Err(Unknown::Unanswered));
    let log = match draft.log {
        // The log may have been cut between the two answers.
        Log::Led => of(begins).and_then(|begin| Ok(Some((begin, of(ends)?.max(begin))))),
        Log::Gone => Ok(None),
        Log::Unknown(unknown) => Err(unknown),
    };
    let (log, unknown) = match log {
        Ok(log) => (log, None),
        Err(unknown) => (None, Some(unknown)),
    };
    let (begin, end) = log.unzip();
    PartitionLag { committed: draft.committed, begin, end, unknown, owner: draft.owner, partition }
}

impl GroupLag {
    /// The partitions about which nothing is known, and why.
    pub fn unknown(&self) -> impl Iterator<Item = (TopicPartition, Unknown)> {
        self.partitions.iter().filter_map(|progress| {
            let unknown = progress.unknown.clone()?;
            Some((progress.partition.clone(), unknown))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::types::RDKafkaErrorCode as Code;

    #[test]
    fn only_a_topic_that_is_not_there_is_gone() {
        let unknown = |code| Err(errors::trouble(code, ""));
        let refusal = errors::trouble(Code::TopicAuthorizationFailed, "");
        let replicas =
            |partition, leader| topics::Replicas { partition, leader, all: Vec::new(), in_sync: Vec::new() };
        let layout = topics::Layout {
            name: "there".to_owned(),
            partitions: vec![replicas(0, Some(1)), replicas(1, None)],
        };
        let layouts = [
            ("there".to_owned(), Ok(layout)),
            ("gone".to_owned(), unknown(Code::UnknownTopicOrPartition)),
            ("forbidden".to_owned(), unknown(Code::TopicAuthorizationFailed)),
            ("late".to_owned(), unknown(Code::LeaderNotAvailable)),
        ];
        let mut drafts = Drafts::new();
        for (topic, partition) in
            [("there", 0), ("there", 7), ("gone", 0), ("forbidden", 0), ("late", 0), ("untold", 0)]
        {
            drafts.insert(TopicPartition { topic: topic.into(), partition }, PartitionDraft::default());
        }
        add_partitions(&mut drafts, &layouts);
        let offsets = |offset: i64| -> LogOffsets {
            [(TopicPartition { topic: "there".into(), partition: 0 }, Ok(offset))].into()
        };
        let logs = [offsets(3), offsets(9)];
        let told: Vec<_> = drafts
            .into_iter()
            .map(|(partition, draft)| {
                let progress = progress(partition, draft, &logs);
                (progress.partition.to_string(), progress.end, progress.unknown)
            })
            .collect();
        let row = |name: &str, end, unknown| (name.to_owned(), end, unknown);
        let expected = [
            row("forbidden [0]", None, Some(Unknown::Refused(refusal))),
            row("gone [0]", None, None),
            row("late [0]", None, Some(Unknown::Unanswered)),
            row("there [0]", Some(9), None),
            row("there [1]", None, Some(Unknown::NoLeader)),
            row("there [7]", None, None),
            row("untold [0]", None, Some(Unknown::Unanswered)),
        ];
        assert_eq!(told, expected);
    }
}
