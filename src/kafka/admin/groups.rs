//! Groups of any kind: which exist, what they are, and who is in them.

mod assignment;
mod descriptions;
mod list;
mod offsets;
mod raw;
mod wire;

use super::Described;
use crate::kafka::client::Consumer;
use crate::kafka::errors::{self, Trouble, TroubleKind};
use crate::kafka::metadata;
use crate::kafka::native::text;
use crate::record::TopicPartition;
pub use descriptions::DescriptionRequest;
pub use list::{ListedGroup, Listing, list, list_until};
pub use offsets::{CommittedRequest, alter, ask_committed, delete};
use raw::RawGroup;
use rdkafka::bindings as rd;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long all brokers may take to list their groups. A broker that is away delays the others.
const LIMIT: Duration = Duration::from_secs(2);

/// How long one look at all groups without an answer takes.
const TURN: Duration = Duration::from_millis(20);

/// Up to how many groups are asked for by name. For more, each broker is asked for all its groups.
const FEW: usize = 8;

/// The kind of a group: which protocol its members use, and what they share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// Consumers that assign partitions among themselves.
    Classic,
    /// Consumers whose coordinator assigns partitions (KIP-848).
    Consumer,
    Share,
    Streams,
    /// A share or a streams group; the broker could not be asked which of them.
    ShareOrStreams,
    /// A classic group of something else, such as `connect`, or a kind that is new.
    Other(String),
}

impl GroupKind {
    /// Reads the broker's words for the kind of a group and for what its members are.
    fn of(kind: &str, protocol_type: &str) -> GroupKind {
        match (kind, protocol_type) {
            ("consumer", _) => GroupKind::Consumer,
            ("share", _) => GroupKind::Share,
            ("streams", _) => GroupKind::Streams,
            ("classic", "" | "consumer") => GroupKind::Classic,
            ("classic", other) => GroupKind::Other(other.to_owned()),
            (other, _) => GroupKind::Other(other.to_owned()),
        }
    }

    /// Whether the members are consumers, which commit offsets and hold partitions.
    pub fn is_of_consumers(&self) -> bool {
        match self {
            GroupKind::Classic | GroupKind::Consumer => true,
            GroupKind::Share | GroupKind::Streams | GroupKind::ShareOrStreams | GroupKind::Other(_) => false,
        }
    }

    fn words(&self) -> String {
        match self {
            GroupKind::Classic | GroupKind::Consumer => "a consumer group".to_owned(),
            GroupKind::Share | GroupKind::Streams | GroupKind::ShareOrStreams => format!("a {self} group"),
            GroupKind::Other(kind) if kind == "connect" => "a Connect group".to_owned(),
            GroupKind::Other(kind) => format!("a group of type `{kind}`"),
        }
    }
}

impl fmt::Display for GroupKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            GroupKind::Classic => "classic",
            GroupKind::Consumer => "consumer",
            GroupKind::Share => "share",
            GroupKind::Streams => "streams",
            GroupKind::ShareOrStreams => "share or streams",
            GroupKind::Other(kind) => kind,
        })
    }
}

/// The trouble with a group that is not a group of consumers.
fn foreign(name: &str, kind: &GroupKind) -> Trouble {
    Trouble { kind: TroubleKind::ForeignGroup, reason: format!("`{name}` is {}", kind.words()) }
}

/// A group of consumers as its coordinator describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDescription {
    pub name: String,
    /// The state in Kafka's words, as in `Stable`; `Dead` if there is no such group.
    pub state: String,
    pub kind: GroupKind,
    /// The name of the assignor; empty without members.
    pub assignor: String,
    /// The coordinator as `HOST:PORT`, and its number.
    pub coordinator: Option<(String, i32)>,
    pub members: Vec<GroupMember>,
}

#[cfg(test)]
impl GroupDescription {
    /// A stable classic group `g` for tests, with these members.
    pub fn of(members: Vec<GroupMember>) -> GroupDescription {
        GroupDescription {
            name: "g".to_owned(),
            state: "Stable".to_owned(),
            kind: GroupKind::Classic,
            assignor: "range".to_owned(),
            coordinator: None,
            members,
        }
    }
}

/// A member of a group, in the broker's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMember {
    pub consumer_id: String,
    pub client_id: String,
    /// The host as the broker names it, as in `/127.0.0.1`.
    pub host: String,
    pub partitions: Vec<TopicPartition>,
    /// Whether the assignment is none that Kafka's clients would write, so that it is not known what the member
    /// holds.
    pub is_unreadable: bool,
}

/// The partitions that no member of a group holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unheld {
    pub partitions: BTreeSet<TopicPartition>,
    /// Whether the group has only one member.
    pub is_alone: bool,
}

/// The requests for descriptions that have no answer yet, by group.
pub type Undescribed = HashMap<String, DescriptionRequest>;

/// Describes groups, in the order of `names`. Each may be missing, forbidden, of another kind or without an answer
/// on its own.
pub fn describe(
    client: &Arc<Consumer>,
    names: &[String],
    limit: Duration,
) -> Vec<Described<GroupDescription>> {
    describe_until(client, names, &mut Undescribed::new(), Instant::now() + limit)
}

/// Describes groups up to a deadline, as `describe` does. A question that has no answer by then is kept and not
/// asked again next time, since librdkafka still has it on its way to the coordinator.
pub fn describe_until(
    client: &Arc<Consumer>,
    names: &[String],
    undescribed: &mut Undescribed,
    deadline: Instant,
) -> Vec<Described<GroupDescription>> {
    let raw = raw_groups(client, names, LIMIT.min(deadline.saturating_duration_since(Instant::now())));
    let mut found: HashMap<String, RawGroup> =
        raw.groups.into_iter().map(|group| (group.name.clone(), group)).collect();
    let mut described: HashMap<&String, Result<GroupDescription, Trouble>> = HashMap::new();
    let mut coordinators: HashMap<&String, String> = HashMap::new();
    for name in names {
        let Some(group) = found.remove(name) else { continue };
        let coordinator = group.coordinator.0.clone();
        match group.described() {
            Some(group) => drop(described.insert(name, group)),
            None => drop(coordinators.insert(name, coordinator)),
        }
    }
    // The rest are groups with the coordinator's own protocol, of another kind, or no groups. Each is asked for
    // alone, since a coordinator that is away would hold the others up.
    let rest: Vec<&String> = names.iter().filter(|name| !described.contains_key(name)).collect();
    for name in &rest {
        let ask = || descriptions::ask(client, std::slice::from_ref(*name));
        undescribed.entry((*name).clone()).or_insert_with(ask);
    }
    let mut open = rest;
    loop {
        // A coordinator that never answers must not take the time for the questions that follow from the others'
        // answers.
        let turn = TURN / u32::try_from(open.len()).unwrap_or(1).max(1);
        open.retain(|name| {
            let until = deadline.min(Instant::now() + turn);
            let answer = undescribed.get(*name).and_then(|request| request.answer_until(until));
            let Some(answer) = answer else { return true };
            undescribed.remove(*name);
            let coordinator = coordinators.get(name).map(String::as_str);
            let group = described_or_other(client, name, only(answer), coordinator, raw.is_told, deadline);
            described.insert(name, group);
            false
        });
        if open.is_empty() || Instant::now() >= deadline {
            break;
        }
    }
    described.extend(open.into_iter().map(|name| (name, Err(Trouble::unanswered()))));
    names.iter().filter_map(|name| Some((name.clone(), described.remove(name)?))).collect()
}

/// The description of a group by its coordinator, or what the group is if it is not a group of consumers.
fn described_or_other(
    client: &Arc<Consumer>,
    name: &String,
    mut group: Result<GroupDescription, Trouble>,
    coordinator: Option<&str>,
    is_listed: bool,
    deadline: Instant,
) -> Result<GroupDescription, Trouble> {
    if is_missing(&group) {
        let has_caught_up = offsets::catch_up(client, name, deadline);
        let again = || descriptions::ask(client, std::slice::from_ref(name)).answer_until(deadline);
        let again = has_caught_up.then(again).flatten();
        group = again.map_or_else(|| Err(Trouble::unanswered()), only);
    }
    let other = match coordinator {
        Some(coordinator) if is_missing(&group) => other_kind(client, name, coordinator),
        None if is_missing(&group) && !is_listed => any_other_kind(client, name),
        Some(_) | None => None,
    };
    other.map_or(group, Err)
}

/// The one group that was asked for.
fn only(answer: Result<Vec<Described<GroupDescription>>, Trouble>) -> Result<GroupDescription, Trouble> {
    let unknown = || Err(errors::trouble(RDKafkaErrorCode::GroupIdNotFound, ""));
    answer?.into_iter().next().map_or_else(unknown, |(_, group)| group)
}

/// The groups that brokers listed.
struct RawGroups {
    groups: Vec<RawGroup>,
    /// Whether brokers answered, even if not all of them.
    is_told: bool,
}

/// Asks brokers to list these groups. Groups of brokers that do not answer are asked for again in another way.
fn raw_groups(client: &Arc<Consumer>, names: &[String], limit: Duration) -> RawGroups {
    // A broker that refuses spoils the answers of all others if its own comes last (`rd_kafka_list_groups`), after
    // it was tried again. Short questions are over before that.
    let shorter = |limit: &Duration| Some(*limit / 2).filter(|limit| *limit >= LIMIT / 8);
    let ask = |name: Option<&str>| {
        let mut limits = std::iter::successors(Some(limit), shorter);
        limits.find_map(|limit| raw::ask(client, name, limit).ok()).map(|answer| answer.groups)
    };
    let answers: Vec<Option<Vec<RawGroup>>> = match names.len() {
        0..=FEW => std::thread::scope(|scope| {
            let asked: Vec<_> = names.iter().map(|name| scope.spawn(|| ask(Some(name)))).collect();
            asked.into_iter().map(|asked| asked.join().unwrap_or_default()).collect()
        }),
        _ => vec![ask(None)],
    };
    let is_told = answers.iter().all(Option::is_some);
    RawGroups { groups: answers.into_iter().flatten().flatten().collect(), is_told }
}

fn is_missing(group: &Result<GroupDescription, Trouble>) -> bool {
    match group {
        Ok(group) => group.state == "Dead",
        Err(trouble) => trouble.kind == TroubleKind::UnknownGroup,
    }
}

/// What a listed group is that is not a group of consumers; none if it is gone by now.
fn other_kind(client: &Consumer, name: &str, coordinator: &str) -> Option<Trouble> {
    let Some(listed) = wire::list(client, coordinator) else {
        return Some(foreign(name, &GroupKind::ShareOrStreams));
    };
    let (_, kind, _) = listed.into_iter().find(|(listed, _, _)| listed == name)?;
    Some(foreign(name, &kind))
}

/// What a group is that no broker has listed, since one of them spoiled the lists of all. Only a broker's own words
/// tell then; without any, nothing is known.
fn any_other_kind(client: &Consumer, name: &str) -> Option<Trouble> {
    let brokers = metadata::brokers(client, LIMIT).unwrap_or_default();
    let lists: Vec<_> = brokers.iter().filter_map(|broker| wire::list(client, &broker.address)).collect();
    if lists.is_empty() {
        return Some(Trouble::unanswered());
    }
    let (_, kind, _) = lists.iter().flatten().find(|(listed, _, _)| listed == name)?;
    Some(foreign(name, kind))
}

/// What a group is, if it exists and is not a group of consumers.
pub fn foreign_kind(client: &Arc<Consumer>, name: &str, limit: Duration) -> Option<Trouble> {
    describe_one(client, name, limit).err().filter(|trouble| trouble.kind == TroubleKind::ForeignGroup)
}

/// Returns who holds the partitions of a group, as `CLIENT-ID at HOST` for each member that has any.
///
/// # Errors
/// The error of the request or of the group, or the group is rebalancing.
pub fn owners(client: &Arc<Consumer>, group: &str, limit: Duration) -> Result<Vec<String>, Trouble> {
    let group = describe_one(client, group, limit)?;
    if group.state != "Stable" {
        return Err(errors::trouble(RDKafkaErrorCode::RebalanceInProgress, ""));
    }
    let holders = group.members.into_iter().filter(|member| !member.partitions.is_empty());
    Ok(holders
        .map(|member| format!("{} at {}", member.client_id, member.host.trim_start_matches('/')))
        .collect())
}

/// Returns those of these partitions that no member of a group holds.
///
/// # Errors
/// The error of the request or of the group. The group is rebalancing, or the assignment of a member cannot be read.
pub fn unheld(
    client: &Arc<Consumer>,
    group: &str,
    mut partitions: BTreeSet<TopicPartition>,
    limit: Duration,
) -> Result<Unheld, Trouble> {
    let group = describe_one(client, group, limit)?;
    if group.state != "Stable" || group.members.iter().any(|member| member.is_unreadable) {
        return Err(errors::trouble(RDKafkaErrorCode::RebalanceInProgress, ""));
    }
    for partition in group.members.iter().flat_map(|member| &member.partitions) {
        partitions.remove(partition);
    }
    Ok(Unheld { partitions, is_alone: group.members.len() == 1 })
}

fn describe_one(client: &Arc<Consumer>, name: &str, limit: Duration) -> Result<GroupDescription, Trouble> {
    only(Ok(describe(client, &[name.to_owned()], limit)))
}

/// # Safety
/// The error must be null or alive; it stays its owner's.
unsafe fn checked(error: *const rd::rd_kafka_error_t) -> Result<(), Trouble> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: the caller vouches for the error.
    unsafe {
        match rd::rd_kafka_error_code(error) {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
            code => Err(errors::trouble(code.into(), &text(rd::rd_kafka_error_string(error)))),
        }
    }
}
