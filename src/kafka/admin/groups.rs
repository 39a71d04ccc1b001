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
use crate::kafka::native::text;
use crate::record::TopicPartition;
pub use list::{Listed, Listing, list};
pub use offsets::{Request, alter, ask_committed, delete};
use raw::RawGroup;
use rdkafka::bindings as rd;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long all brokers may take to list their groups. One that is away holds the others up.
const LIMIT: Duration = Duration::from_secs(2);

/// So many groups are asked for by name; more with all of the cluster in one request to each broker.
const FEW: usize = 8;

/// What a group is: by which protocol its members agree, and about what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
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

impl Kind {
    /// Of the broker's words for the kind of a group, and for what its members are.
    fn of(kind: &str, protocol_type: &str) -> Kind {
        match (kind, protocol_type) {
            ("consumer", _) => Kind::Consumer,
            ("share", _) => Kind::Share,
            ("streams", _) => Kind::Streams,
            ("classic", "" | "consumer") => Kind::Classic,
            ("classic", other) => Kind::Other(other.to_owned()),
            (other, _) => Kind::Other(other.to_owned()),
        }
    }

    fn words(&self) -> String {
        match self {
            Kind::Classic | Kind::Consumer => "a group of consumers".to_owned(),
            Kind::Share | Kind::Streams | Kind::ShareOrStreams => format!("a {self} group"),
            Kind::Other(kind) if kind == "connect" => "a Connect group".to_owned(),
            Kind::Other(kind) => format!("a group of type `{kind}`"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Kind::Classic => "classic",
            Kind::Consumer => "consumer",
            Kind::Share => "share",
            Kind::Streams => "streams",
            Kind::ShareOrStreams => "share or streams",
            Kind::Other(kind) => kind,
        })
    }
}

/// The trouble with a group that is none of consumers.
fn foreign(name: &str, kind: &Kind) -> Trouble {
    Trouble { kind: TroubleKind::ForeignGroup, reason: format!("`{name}` is {}", kind.words()) }
}

/// A group of consumers as its coordinator describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    /// In Kafka's words, as in `Stable`; `Dead` if there is no such group.
    pub state: String,
    pub kind: Kind,
    /// Empty without members.
    pub assignor: String,
    /// `HOST:PORT` and its number.
    pub coordinator: Option<(String, i32)>,
    pub members: Vec<Member>,
}

/// A member of a group, in the broker's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
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

/// Describes groups, in the order of their names; each may be missing, forbidden or of another kind on its own.
///
/// # Errors
/// No answer about one of them.
pub fn describe(
    client: &Arc<Consumer>,
    names: &[String],
    limit: Duration,
) -> Result<Vec<Described<Group>>, Trouble> {
    let mut found: HashMap<String, RawGroup> = HashMap::new();
    for group in raw_groups(client, names) {
        found.insert(group.name.clone(), group);
    }
    let mut described: HashMap<String, Result<Group, Trouble>> = HashMap::new();
    let mut coordinators: HashMap<String, String> = HashMap::new();
    for name in names {
        let Some(group) = found.remove(name) else { continue };
        let coordinator = group.coordinator.0.clone();
        match group.described() {
            Some(group) => drop(described.insert(name.clone(), group)),
            None => drop(coordinators.insert(name.clone(), coordinator)),
        }
    }
    // The coordinator's own protocol, another kind, or no group at all.
    let rest: Vec<String> = names.iter().filter(|name| !described.contains_key(*name)).cloned().collect();
    if !rest.is_empty() {
        for (name, group) in descriptions::ask(client, &rest, limit).answer(limit)? {
            let group = match coordinators.get(&name) {
                Some(coordinator) if is_missing(&group) => {
                    other_kind(client, &name, coordinator).map_or(group, Err)
                }
                Some(_) | None => group,
            };
            described.insert(name, group);
        }
    }
    Ok(names.iter().filter_map(|name| Some((name.clone(), described.remove(name)?))).collect())
}

/// What the brokers that answer know of these groups. Those that do not answer are asked again in another way.
fn raw_groups(client: &Arc<Consumer>, names: &[String]) -> Vec<RawGroup> {
    let ask = |name: Option<&str>| match raw::ask(client, name, LIMIT) {
        Ok(answer) => answer.groups,
        // A connection broke while it was asked for; the others have answered.
        Err(_) => raw::ask(client, name, LIMIT).map_or_else(|_| Vec::new(), |answer| answer.groups),
    };
    if names.len() > FEW {
        return ask(None);
    }
    std::thread::scope(|scope| {
        let asked: Vec<_> = names.iter().map(|name| scope.spawn(|| ask(Some(name)))).collect();
        asked.into_iter().flat_map(|asked| asked.join().unwrap_or_default()).collect()
    })
}

fn is_missing(group: &Result<Group, Trouble>) -> bool {
    match group {
        Ok(group) => group.state == "Dead",
        Err(trouble) => trouble.kind == TroubleKind::UnknownGroup,
    }
}

/// Why a group that is listed is none of consumers; nothing if it is gone since.
fn other_kind(client: &Consumer, name: &str, coordinator: &str) -> Option<Trouble> {
    let Some(listed) = wire::list(client, coordinator) else {
        return Some(foreign(name, &Kind::ShareOrStreams));
    };
    let (_, kind, _) = listed.into_iter().find(|(listed, _, _)| listed == name)?;
    Some(foreign(name, &kind))
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

fn describe_one(client: &Arc<Consumer>, name: &str, limit: Duration) -> Result<Group, Trouble> {
    let described = describe(client, &[name.to_owned()], limit)?.into_iter().next();
    described.map_or_else(|| Err(errors::trouble(RDKafkaErrorCode::GroupIdNotFound, "")), |(_, group)| group)
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
