//! How far behind groups are: what they have committed beside the logs of their topics.

use super::admin::groups::{self, Group, Member};
use super::admin::{self, COORDINATOR_LIMIT, Described, EARLIEST, LATEST, Unknown, topics};
use super::client::Consumer;
use super::errors::{Trouble, TroubleKind};
use crate::record::TopicPartition;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// How long a question may take before it is asked again.
const LIMIT: Duration = Duration::from_secs(3);

/// A group with the partitions of all topics in which it has committed or is assigned something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub group: Group,
    /// By topic and partition.
    pub partitions: Vec<Progress>,
}

/// How far a group is in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    pub partition: TopicPartition,
    pub committed: Option<i64>,
    /// The first offset; nothing if the partition is gone, or if it is not known.
    pub begin: Option<i64>,
    /// With open transactions; nothing where there is no first offset.
    pub end: Option<i64>,
    /// Why nothing is known of a partition that exists.
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

/// What belongs to a partition on the way to its row.
#[derive(Default)]
struct Draft {
    committed: Option<i64>,
    owner: Option<Owner>,
    /// Whether it has a leader; nothing if it is gone.
    is_led: Option<bool>,
}

type Drafts = BTreeMap<TopicPartition, Draft>;

/// Asks how far groups are; each may be missing or forbidden on its own.
///
/// # Errors
/// Of a whole request.
pub fn standings(client: &Arc<Consumer>, names: &[String]) -> Result<Vec<Described<Standing>>, Trouble> {
    // All on their way before the first answer is waited for.
    let committed: Vec<_> =
        names.iter().map(|name| groups::ask_committed(client, name, COORDINATOR_LIMIT)).collect();
    let committed: Vec<_> = committed.into_iter().map(groups::Request::committed).collect();
    let logs = Logs::ask(client, &committed);
    // Meanwhile: a broker that is away holds this up as well.
    let mut described = groups::describe(client, names, COORDINATOR_LIMIT)?;
    let mut begun = Vec::with_capacity(names.len());
    for (name, committed) in names.iter().zip(committed) {
        let index = described.iter().position(|(other, _)| other == name);
        let Some((_, group)) = index.map(|index| described.swap_remove(index)) else { continue };
        let both = group.and_then(|group| Ok((drafts(&group, committed?), group)));
        if let Err(trouble) = &both
            && trouble.kind == TroubleKind::Transport
        {
            // It passes: all is asked again.
            return Err(trouble.clone());
        }
        begun.push((name.clone(), both));
    }
    logs.complete(client, begun)
}

/// Questions about the topics in which something is committed, sent while the groups are being described.
struct Logs {
    topics: BTreeSet<String>,
    layouts: Option<topics::Request>,
    begins: Option<admin::OffsetsRequest>,
    ends: Option<admin::OffsetsRequest>,
}

type Committed = Result<Vec<(TopicPartition, i64)>, Trouble>;
type Offsets = BTreeMap<TopicPartition, Result<i64, Unknown>>;

impl Logs {
    fn ask(client: &Arc<Consumer>, committed: &[Committed]) -> Logs {
        let partitions: BTreeSet<&TopicPartition> =
            committed.iter().flatten().flatten().map(|(partition, _)| partition).collect();
        let topics = partitions.iter().map(|partition| partition.topic.to_string()).collect();
        Logs {
            layouts: ask_descriptions(client, &topics),
            begins: ask_offsets(client, &partitions, EARLIEST),
            ends: ask_offsets(client, &partitions, LATEST),
            topics,
        }
    }

    fn complete(
        self,
        client: &Arc<Consumer>,
        mut begun: Vec<Begun>,
    ) -> Result<Vec<Described<Standing>>, Trouble> {
        let others: BTreeSet<String> = (begun.iter().filter_map(|(_, begun)| begun.as_ref().ok()))
            .flat_map(|(drafts, _)| drafts.keys().map(|partition| partition.topic.to_string()))
            .filter(|topic| !self.topics.contains(topic))
            .collect();
        let others = (ask_descriptions(client, &others), others);
        for (request, names) in [(self.layouts, self.topics), others] {
            let Some(request) = request else { continue };
            // The broker that is asked for descriptions may be the one that is away; any knows the layouts.
            let names: Vec<String> = names.into_iter().collect();
            let layouts = request.answer().or_else(|_| topics::layouts(client, Some(&names), LIMIT))?;
            for (drafts, _) in begun.iter_mut().filter_map(|(_, begun)| begun.as_mut().ok()) {
                add_partitions(drafts, &layouts);
            }
        }
        let known = admin::answers_or_ask_again(client, [self.begins, self.ends], true);
        Ok(with_logs(client, begun, known.map(|offsets| offsets.into_iter().collect())))
    }
}

fn ask_descriptions(client: &Arc<Consumer>, topics: &BTreeSet<String>) -> Option<topics::Request> {
    let names: Vec<String> = topics.iter().cloned().collect();
    (!names.is_empty()).then(|| topics::ask_descriptions(client, &names, LIMIT))
}

fn ask_offsets(
    client: &Arc<Consumer>,
    partitions: &BTreeSet<&TopicPartition>,
    wanted: i64,
) -> Option<admin::OffsetsRequest> {
    let wanted: Vec<_> = partitions.iter().map(|partition| ((*partition).clone(), wanted)).collect();
    (!wanted.is_empty()).then(|| admin::ask_offsets(client, wanted, true, LIMIT))
}

fn drafts(group: &Group, committed: Vec<(TopicPartition, i64)>) -> Drafts {
    let mut drafts = Drafts::new();
    for (partition, offset) in committed {
        drafts.entry(partition).or_default().committed = Some(offset);
    }
    for member in &group.members {
        for partition in &member.partitions {
            drafts.entry(partition.clone()).or_default().owner = Some(owner(member));
        }
    }
    drafts
}

fn owner(member: &Member) -> Owner {
    Owner {
        consumer_id: member.consumer_id.clone(),
        host: member.host.clone(),
        client_id: member.client_id.clone(),
    }
}

/// Adds what else the topics have, and notes which partitions can be asked for their offsets.
fn add_partitions(drafts: &mut Drafts, layouts: &[Described<topics::Layout>]) {
    for (name, layout) in layouts {
        let Ok(layout) = layout else { continue };
        let topic = drafts.keys().find(|partition| *partition.topic == **name);
        let Some(topic) = topic.map(|partition| Arc::clone(&partition.topic)) else { continue };
        for replicas in &layout.partitions {
            let partition = TopicPartition { topic: Arc::clone(&topic), partition: replicas.partition };
            drafts.entry(partition).or_default().is_led = Some(replicas.leader.is_some());
        }
    }
}

type Begun = Described<(Drafts, Group)>;

/// Asks for what is still missing of the logs, of all groups at once: first offsets and ends.
fn with_logs(client: &Arc<Consumer>, begun: Vec<Begun>, known: [Offsets; 2]) -> Vec<Described<Standing>> {
    let [mut begins, mut ends] = known;
    let drafts = begun.iter().filter_map(|(_, begun)| begun.as_ref().ok()).flat_map(|(drafts, _)| drafts);
    let is_missing = |partition: &TopicPartition, draft: &Draft| {
        draft.is_led == Some(true) && !ends.contains_key(partition)
    };
    let missing = drafts.filter(|(partition, draft)| is_missing(partition, draft));
    let missing: BTreeSet<&TopicPartition> = missing.map(|(partition, _)| partition).collect();
    let rest = [EARLIEST, LATEST].map(|wanted| ask_offsets(client, &missing, wanted));
    let [more_begins, more_ends] = admin::answers_or_ask_again(client, rest, true);
    begins.extend(more_begins);
    ends.extend(more_ends);
    let standing = |(drafts, group): (Drafts, Group)| {
        let progress = |(partition, draft)| progress(partition, draft, &begins, &ends);
        Standing { group, partitions: drafts.into_iter().map(progress).collect() }
    };
    begun.into_iter().map(|(name, begun)| (name, begun.map(standing))).collect()
}

fn progress(partition: TopicPartition, draft: Draft, begins: &Offsets, ends: &Offsets) -> Progress {
    let of = |offsets: &Offsets| offsets.get(&partition).cloned().unwrap_or(Err(Unknown::Unanswered));
    let log = match draft.is_led {
        // The log may have been cut between the two answers.
        Some(true) => of(begins).and_then(|begin| Ok(Some((begin, of(ends)?.max(begin))))),
        Some(false) => Err(Unknown::NoLeader),
        None => Ok(None),
    };
    let (log, unknown) = match log {
        Ok(log) => (log, None),
        Err(unknown) => (None, Some(unknown)),
    };
    let (begin, end) = log.unzip();
    Progress { committed: draft.committed, begin, end, unknown, owner: draft.owner, partition }
}

impl Standing {
    /// The partitions of which nothing is known, and why.
    pub fn unknown(&self) -> impl Iterator<Item = (TopicPartition, Unknown)> {
        self.partitions.iter().filter_map(|progress| {
            let unknown = progress.unknown.clone()?;
            Some((progress.partition.clone(), unknown))
        })
    }

    /// There is no such group.
    pub fn is_missing(&self) -> bool {
        self.group.state == "Dead" && self.partitions.is_empty()
    }
}
