//! Groups of any kind: which there are, what they are, who is in them.

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
pub use list::{ListedGroup, Listing, list};
pub use offsets::{CommittedRequest, alter, ask_committed, delete};
use raw::RawGroup;
use rdkafka::bindings as rd;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long all brokers may take to list their groups. One that is away holds the others up.
const LIMIT: Duration = Duration::from_secs(2);

/// All groups without an answer are looked at once in that time.
const TURN: Duration = Duration::from_millis(20);

/// So many groups are asked for by name; more with all of the cluster in one request to each broker.
const FEW: usize = 8;

/// What a group is: by which protocol its members agree, and about what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// Consumers that assign partitions among themselves.
    Classic,
    /// Consumers whose coordinator assigns partitions (KIP-848).
    Consumer,
    Share,
    Streams,
    /// One of both; the broker was not asked on a connection that could tell.
    ShareOrStreams,
    /// A classic group of others, as in `connect`, or a kind that is new.
    Other(String),
}

impl GroupKind {
    /// Of the broker's words for the kind of a group, and for what its members are.
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

    fn words(&self) -> String {
        match self {
            GroupKind::Classic | GroupKind::Consumer => "a group of consumers".to_owned(),
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

/// The trouble with a group that is none of consumers.
fn foreign(name: &str, kind: &GroupKind) -> Trouble {
    Trouble { kind: TroubleKind::ForeignGroup, reason: format!("`{name}` is {}", kind.words()) }
}

/// A group of consumers as its coordinator describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDescription {
    pub name: String,
    /// In Kafka's words, as in `Stable`; `Dead` if there is no such group.
    pub state: String,
    pub kind: GroupKind,
    /// Empty without members.
    pub assignor: String,
    /// `HOST:PORT` and its number.
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
    /// As in `/127.0.0.1`.
    pub host: String,
    pub partitions: Vec<TopicPartition>,
    /// Its assignment is none that Kafka's clients would write: what it holds is not known.
    pub is_unreadable: bool,
}

/// What a group leaves to nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unheld {
    pub partitions: BTreeSet<TopicPartition>,
    /// The group has one member.
    pub is_alone: bool,
}

/// Questions for descriptions that have no answer yet, by group.
pub type Undescribed = HashMap<String, DescriptionRequest>;

/// Describes groups, in the order of their names; each may be missing, forbidden, of another kind or without an answer on
/// its own.
pub fn describe(
    client: &Arc<Consumer>,
    names: &[String],
    limit: Duration,
) -> Vec<Described<GroupDescription>> {
    describe_until(client, names, &mut Undescribed::new(), Instant::now() + limit)
}

/// The same up to a moment. A question that has no answer by then is kept, and not asked again next time: librdkafka has
/// it still on its way to the coordinator.
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
    // The coordinator's own protocol, another kind, or no group at all. Each alone, or one that is away would keep the
    // others'.
    let rest: Vec<&String> = names.iter().filter(|name| !described.contains_key(name)).collect();
    for name in &rest {
        let ask = || descriptions::ask(client, std::slice::from_ref(*name));
        undescribed.entry((*name).clone()).or_insert_with(ask);
    }
    let mut open = rest;
    loop {
        // One that never answers must not take the time that is left for what the others' answers ask for.
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

/// What a coordinator says of a group, or what the group is if it is none of consumers.
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

/// What brokers told of groups without being asked for each.
struct RawGroups {
    groups: Vec<RawGroup>,
    /// Brokers answered, though maybe not all of them.
    is_told: bool,
}

/// What the brokers that answer know of these groups. Those that do not answer are asked again in another way.
fn raw_groups(client: &Arc<Consumer>, names: &[String], limit: Duration) -> RawGroups {
    // A broker that refuses spoils what all others told if its word comes last (`rd_kafka_list_groups`), which is when it is
    // tried again: short questions are over before.
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

/// Why a group that is listed is none of consumers; nothing if it is gone since.
fn other_kind(client: &Consumer, name: &str, coordinator: &str) -> Option<Trouble> {
    let Some(listed) = wire::list(client, coordinator) else {
        return Some(foreign(name, &GroupKind::ShareOrStreams));
    };
    let (_, kind, _) = listed.into_iter().find(|(listed, _, _)| listed == name)?;
    Some(foreign(name, &kind))
}

/// The same of a group that no broker has listed, since one of them spoiled the lists of all: only a broker's own words
/// tell it then, or else nothing is known.
fn any_other_kind(client: &Consumer, name: &str) -> Option<Trouble> {
    let brokers = metadata::brokers(client, LIMIT).unwrap_or_default();
    let lists: Vec<_> = brokers.iter().filter_map(|broker| wire::list(client, &broker.address)).collect();
    if lists.is_empty() {
        return Some(Trouble::unanswered());
    }
    let (_, kind, _) = lists.iter().flatten().find(|(listed, _, _)| listed == name)?;
    Some(foreign(name, kind))
}

/// What a group is, if it is there and none of consumers.
pub fn foreign_kind(client: &Arc<Consumer>, name: &str, limit: Duration) -> Option<Trouble> {
    describe_one(client, name, limit).err().filter(|trouble| trouble.kind == TroubleKind::ForeignGroup)
}

/// Who holds the partitions of a group: `CLIENT-ID at HOST` of each member that has any.
///
/// # Errors
/// Of the request or of the group.
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

/// Which of these partitions no member of a group holds.
///
/// # Errors
/// Of the request or of the group; one that is being shared out anew, or a member that keeps what it holds to itself.
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
