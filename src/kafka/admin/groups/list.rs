//! The list of all groups. Each broker knows the groups that it coordinates, and a broker that is away leaves out
//! only those.

use super::raw::{RawFinding, RawGroup};
use super::{GroupKind, LIMIT, checked, descriptions, raw, wire};
use crate::kafka::admin::{AdminOptions, answer_until, wait};
use crate::kafka::client::Consumer;
use crate::kafka::errors::Trouble;
use crate::kafka::metadata::{self, BrokerAddress};
use crate::kafka::native::{ClientQueue, QueueEvent, native, text};
use rdkafka::bindings as rd;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

/// A group in the list; what is not known about it is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedGroup {
    pub name: String,
    /// The state in Kafka's words, as in `Stable`.
    pub state: Option<String>,
    pub kind: GroupKind,
    pub members: Option<usize>,
}

/// All groups that are known, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub groups: Vec<ListedGroup>,
    /// The brokers whose groups are missing, as `HOST:PORT`, and why; no trouble if they have not answered.
    pub away: Vec<(String, Option<Trouble>)>,
}

type GroupsByName = BTreeMap<String, ListedGroup>;

/// Lists the groups of all brokers.
///
/// # Errors
/// No broker answered in time, or all refused.
pub fn list(client: &Arc<Consumer>) -> Result<Listing, Trouble> {
    let brokers = metadata::brokers(client, LIMIT)?;
    // All requests are sent before the first answer is waited for.
    let asked: Vec<_> = brokers.iter().map(|broker| (broker, ask(client, broker))).collect();
    let raw = raw::ask(client, None, LIMIT).or_else(|_| raw::ask(client, None, LIMIT / 4));
    let (mut groups, mut away, mut last) = (GroupsByName::new(), Vec::new(), None);
    for (broker, answers) in asked {
        match answer(&answers) {
            Ok(listed) => groups.extend(listed.into_iter().map(|one| (one.name.clone(), one))),
            Err(trouble) => {
                last = Some(trouble.clone());
                away.push((
                    broker.address.clone(),
                    Some(trouble).filter(|trouble| !trouble.kind.is_absence()),
                ));
            }
        }
    }
    if let Some(trouble) = last.filter(|_| away.len() == brokers.len()) {
        return Err(trouble);
    }
    let is_complete = raw.as_ref().is_ok_and(|answer| answer.is_complete);
    let mut coordinators = add_raw(&mut groups, raw.map_or_else(|_| Vec::new(), |answer| answer.groups));
    if !is_complete {
        let others = brokers.iter().map(|broker| &broker.address);
        let is_away = |address: &&String| away.iter().any(|(other, _)| other == *address);
        coordinators.extend(others.filter(|address| !is_away(address)).cloned());
    }
    for coordinator in coordinators {
        add_kinds(&mut groups, wire::list(client, &coordinator).unwrap_or_default());
    }
    count_members(client, &mut groups);
    Ok(Listing { groups: groups.into_values().collect(), away })
}

/// Lists the groups of consumers that brokers name until `deadline`; whatever is late is left out.
///
/// # Errors
/// No broker answered in time.
pub fn list_until(client: &Arc<Consumer>, deadline: Instant) -> Result<Vec<ListedGroup>, Trouble> {
    let brokers = metadata::brokers(client, deadline.saturating_duration_since(Instant::now()))?;
    let asked: Vec<_> = brokers.iter().map(|broker| ask(client, broker)).collect();
    let answers = asked.iter().filter_map(|answers| answer_until(answers, deadline)?.ok());
    let listed = answers.filter_map(|event| listing(&event).ok()).flatten();
    Ok(listed.map(|group| (group.name.clone(), group)).collect::<GroupsByName>().into_values().collect())
}

/// Asks one broker for its groups of consumers. A request to all brokers would not tell which of them has not
/// answered.
fn ask(client: &Arc<Consumer>, broker: &BrokerAddress) -> ClientQueue {
    let answers = ClientQueue::new(client);
    let options =
        AdminOptions::new(client, rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, LIMIT);
    options.send_to(broker.id);
    // SAFETY: client, options and queue are alive.
    unsafe { rd::rd_kafka_ListConsumerGroups(native(client), options.pointer(), answers.pointer()) };
    answers
}

fn answer(answers: &ClientQueue) -> Result<Vec<ListedGroup>, Trouble> {
    listing(&wait(answers, LIMIT)?)
}

fn listing(event: &QueueEvent) -> Result<Vec<ListedGroup>, Trouble> {
    // SAFETY: the event is alive; what it returns belongs to it and is copied.
    unsafe {
        let result = rd::rd_kafka_event_ListConsumerGroups_result(event.pointer());
        let mut count = 0;
        let failed = rd::rd_kafka_ListConsumerGroups_result_errors(result, &raw mut count);
        if count > 0 {
            checked(*failed)?;
        }
        let valid = rd::rd_kafka_ListConsumerGroups_result_valid(result, &raw mut count);
        Ok((0..count).map(|index| listed(*valid.add(index))).collect())
    }
}

/// # Safety
/// The listing must be alive.
unsafe fn listed(group: *const rd::rd_kafka_ConsumerGroupListing_t) -> ListedGroup {
    // SAFETY: the caller vouches for the listing; the names of states and types are constants.
    unsafe {
        let state = rd::rd_kafka_ConsumerGroupListing_state(group);
        ListedGroup {
            name: text(rd::rd_kafka_ConsumerGroupListing_group_id(group)),
            state: Some(text(rd::rd_kafka_consumer_group_state_name(state))),
            kind: descriptions::kind(rd::rd_kafka_ConsumerGroupListing_type(group)),
            members: None,
        }
    }
}

/// Adds groups of other kinds than consumers, and counts the members of classic ones. Returns the coordinators of
/// groups whose kind is still unknown.
fn add_raw(groups: &mut GroupsByName, found: Vec<RawGroup>) -> BTreeSet<String> {
    let mut coordinators = BTreeSet::new();
    for RawGroup { name, coordinator, found } in found {
        let listed = match found {
            RawFinding::Consumers(group) => {
                let members = Some(group.members.len());
                ListedGroup { name: name.clone(), state: Some(group.state), kind: group.kind, members }
            }
            RawFinding::Others { kind, state, members } => {
                ListedGroup { name: name.clone(), state: Some(state), kind, members: Some(members) }
            }
            RawFinding::NotClassic => {
                if !groups.contains_key(&name) {
                    coordinators.insert(coordinator.0);
                    let kind = GroupKind::ShareOrStreams;
                    groups.insert(name.clone(), ListedGroup { name, state: None, kind, members: None });
                }
                continue;
            }
            RawFinding::Forbidden(_) => continue,
        };
        groups.insert(name, listed);
    }
    coordinators
}

/// Adds kinds and states that only the coordinator's own words tell.
fn add_kinds(groups: &mut GroupsByName, told: Vec<wire::ToldGroup>) {
    for (name, kind, state) in told {
        let is_known = groups.get(&name).is_some_and(|listed| listed.kind != GroupKind::ShareOrStreams);
        if !is_known {
            groups.insert(name.clone(), ListedGroup { name, state: Some(state), kind, members: None });
        }
    }
}

/// Counts the members of groups whose coordinator assigns partitions.
fn count_members(client: &Arc<Consumer>, groups: &mut GroupsByName) {
    let is_uncounted = |listed: &&ListedGroup| listed.kind == GroupKind::Consumer && listed.members.is_none();
    let names: Vec<String> = groups.values().filter(is_uncounted).map(|listed| listed.name.clone()).collect();
    if names.is_empty() {
        return;
    }
    // Each group is asked for alone, so that a coordinator that is away leaves out only its own.
    let asked: Vec<_> =
        names.iter().map(|name| descriptions::ask(client, std::slice::from_ref(name))).collect();
    let deadline = Instant::now() + LIMIT;
    let answers = asked.iter().filter_map(|request| request.answer_until(deadline));
    for (name, group) in answers.filter_map(Result::ok).flatten() {
        if let (Some(listed), Ok(group)) = (groups.get_mut(&name), group) {
            listed.members = Some(group.members.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_else_tells_comes_from_the_coordinator() {
        let mut groups = GroupsByName::new();
        let raw =
            |name: &str, found| RawGroup { name: name.to_owned(), coordinator: ("b:1".to_owned(), 1), found };
        let connect = GroupKind::Other("connect".to_owned());
        let others = RawFinding::Others { kind: connect.clone(), state: "Stable".to_owned(), members: 2 };
        let coordinators = add_raw(&mut groups, vec![raw("s", RawFinding::NotClassic), raw("c", others)]);
        assert_eq!(coordinators.into_iter().collect::<Vec<_>>(), ["b:1"]);
        let row = |name: &str| {
            let listed = &groups[name];
            (listed.kind.to_string(), listed.state.clone(), listed.members)
        };
        assert_eq!(row("s"), ("share or streams".to_owned(), None, None));
        assert_eq!(row("c"), ("connect".to_owned(), Some("Stable".to_owned()), Some(2)));
        let told = |name: &str, kind| (name.to_owned(), kind, "Empty".to_owned());
        add_kinds(
            &mut groups,
            vec![told("s", GroupKind::Share), told("c", GroupKind::Classic), told("new", GroupKind::Streams)],
        );
        let kinds: Vec<_> = groups.values().map(|listed| listed.kind.to_string()).collect();
        assert_eq!(kinds, ["connect", "streams", "share"]);
        assert_eq!(groups["s"].state.as_deref(), Some("Empty"));
    }
}
