//! Consumer groups: what they are, what they have committed, and what is changed about them.

use super::{Described, Options, wait};
use crate::kafka::client::{Consumer, topic_partition};
use crate::kafka::errors::{self, Trouble};
use crate::kafka::native::{PartitionList, Queue, c_string, list_elements, native, text};
use crate::record::TopicPartition;
use rdkafka::bindings as rd;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// A group in the list of all groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    /// In Kafka's words, as in `Stable`.
    pub state: String,
    /// `classic` or `consumer`.
    pub protocol: String,
}

/// A group as its coordinator describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    /// In Kafka's words, as in `Stable`; `Dead` if there is no such group.
    pub state: String,
    /// `classic` or `consumer`.
    pub protocol: String,
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
}

/// What a group leaves to nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unheld {
    pub partitions: BTreeSet<TopicPartition>,
    /// The group has one member.
    pub is_alone: bool,
}

/// A request about groups under way.
pub struct Request {
    answers: Queue,
    limit: Duration,
}

/// Lists all groups of consumers; each broker knows those that it coordinates.
///
/// # Errors
/// Of the first broker that has one: a list with gaps would look complete.
pub fn list(client: &Arc<Consumer>, limit: Duration) -> Result<Vec<Listed>, Trouble> {
    let answers = Queue::new(client);
    let options = Options::new(client, rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, limit);
    // SAFETY: client, options and queue are alive.
    unsafe { rd::rd_kafka_ListConsumerGroups(native(client), options.0, answers.pointer()) };
    let event = wait(&answers, limit)?;
    // SAFETY: the event is alive; what it returns belongs to it and is copied.
    unsafe {
        let result = rd::rd_kafka_event_ListConsumerGroups_result(event.pointer());
        let mut count = 0;
        let failed = rd::rd_kafka_ListConsumerGroups_result_errors(result, &raw mut count);
        if count > 0 {
            checked(*failed)?;
        }
        let valid = rd::rd_kafka_ListConsumerGroups_result_valid(result, &raw mut count);
        let mut groups: Vec<Listed> = (0..count).map(|index| listed(*valid.add(index))).collect();
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(groups)
    }
}

/// # Safety
/// The listing must be alive.
unsafe fn listed(group: *const rd::rd_kafka_ConsumerGroupListing_t) -> Listed {
    // SAFETY: the caller vouches for the listing; the names of states and types are constants.
    unsafe {
        Listed {
            name: text(rd::rd_kafka_ConsumerGroupListing_group_id(group)),
            state: text(rd::rd_kafka_consumer_group_state_name(rd::rd_kafka_ConsumerGroupListing_state(
                group,
            ))),
            protocol: protocol(rd::rd_kafka_ConsumerGroupListing_type(group)),
        }
    }
}

fn protocol(kind: rd::rd_kafka_consumer_group_type_t) -> String {
    // SAFETY: no precondition; the name is a constant.
    text(unsafe { rd::rd_kafka_consumer_group_type_name(kind) }).to_lowercase()
}

/// Asks the coordinators of groups to describe them, whatever their protocol.
pub fn ask_descriptions(client: &Arc<Consumer>, names: &[String], limit: Duration) -> Request {
    let c_names: Vec<_> = names.iter().map(|name| c_string(name)).collect();
    let mut pointers: Vec<_> = c_names.iter().map(|name| name.as_ptr()).collect();
    let answers = Queue::new(client);
    let options =
        Options::new(client, rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, limit);
    // SAFETY: names, options and queue are alive over the call, which copies them.
    unsafe {
        rd::rd_kafka_DescribeConsumerGroups(
            native(client),
            pointers.as_mut_ptr(),
            pointers.len(),
            options.0,
            answers.pointer(),
        );
    }
    Request { answers, limit }
}

/// Asks for all that a group has committed.
pub fn ask_committed(client: &Arc<Consumer>, group: &str, limit: Duration) -> Request {
    let name = c_string(group);
    let answers = Queue::new(client);
    let options =
        Options::new(client, rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, limit);
    // SAFETY: all handles are alive over the call, which copies the request; no list means all partitions.
    unsafe {
        let mut request = rd::rd_kafka_ListConsumerGroupOffsets_new(name.as_ptr(), std::ptr::null());
        rd::rd_kafka_ListConsumerGroupOffsets(
            native(client),
            &raw mut request,
            1,
            options.0,
            answers.pointer(),
        );
        rd::rd_kafka_ListConsumerGroupOffsets_destroy(request);
    }
    Request { answers, limit }
}

/// Which of these partitions no member of a group holds.
///
/// # Errors
/// Of the request or of the group, and one that is being shared out anew.
pub fn unheld(
    client: &Arc<Consumer>,
    group: &str,
    mut partitions: BTreeSet<TopicPartition>,
    limit: Duration,
) -> Result<Unheld, Trouble> {
    let described = ask_descriptions(client, &[group.to_owned()], limit).descriptions()?;
    let (_, group) =
        described.into_iter().next().ok_or_else(|| errors::trouble(RDKafkaErrorCode::Fail, ""))?;
    let group = group?;
    if group.state != "Stable" {
        return Err(errors::trouble(RDKafkaErrorCode::RebalanceInProgress, ""));
    }
    for partition in group.members.iter().flat_map(|member| &member.partitions) {
        partitions.remove(partition);
    }
    Ok(Unheld { partitions, is_alone: group.members.len() == 1 })
}

impl Request {
    /// Waits for descriptions; each group may be missing or forbidden on its own.
    ///
    /// # Errors
    /// Of the whole request.
    pub fn descriptions(self) -> Result<Vec<Described<Group>>, Trouble> {
        let event = wait(&self.answers, self.limit)?;
        // SAFETY: the event is alive; what it returns belongs to it and is copied.
        unsafe {
            let mut count = 0;
            let result = rd::rd_kafka_event_DescribeConsumerGroups_result(event.pointer());
            let groups = rd::rd_kafka_DescribeConsumerGroups_result_groups(result, &raw mut count);
            Ok((0..count).map(|index| described(*groups.add(index))).collect())
        }
    }

    /// Waits for committed offsets; only partitions that have one.
    ///
    /// # Errors
    /// Of the request, of the group, or of its first partition that has one.
    pub fn committed(self) -> Result<Vec<(TopicPartition, i64)>, Trouble> {
        let event = wait(&self.answers, self.limit)?;
        // SAFETY: the event is alive; what it returns belongs to it and is copied.
        unsafe {
            let mut count = 0;
            let result = rd::rd_kafka_event_ListConsumerGroupOffsets_result(event.pointer());
            let groups = rd::rd_kafka_ListConsumerGroupOffsets_result_groups(result, &raw mut count);
            let mut committed = Vec::new();
            for index in 0..count {
                for (partition, offset, code) in partitions_of(*groups.add(index))? {
                    if code != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
                        return Err(errors::trouble(code.into(), ""));
                    }
                    if offset >= 0 {
                        committed.push((partition, offset));
                    }
                }
            }
            Ok(committed)
        }
    }
}

/// Sets committed offsets of a group without members.
///
/// # Errors
/// Of the request, of the group, or of its first partition that has one.
pub fn alter(
    client: &Arc<Consumer>,
    group: &str,
    offsets: &[(TopicPartition, i64)],
    limit: Duration,
) -> Result<(), Trouble> {
    let name = c_string(group);
    let list = PartitionList::of(offsets.iter().map(|(partition, offset)| (partition, *offset)));
    let answers = Queue::new(client);
    let options =
        Options::new(client, rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, limit);
    // SAFETY: all handles are alive over the call, which copies the request.
    unsafe {
        let mut request = rd::rd_kafka_AlterConsumerGroupOffsets_new(name.as_ptr(), list.pointer());
        rd::rd_kafka_AlterConsumerGroupOffsets(
            native(client),
            &raw mut request,
            1,
            options.0,
            answers.pointer(),
        );
        rd::rd_kafka_AlterConsumerGroupOffsets_destroy(request);
    }
    let event = wait(&answers, limit)?;
    // SAFETY: the event is alive; what it returns belongs to it and is copied.
    unsafe {
        let mut count = 0;
        let result = rd::rd_kafka_event_AlterConsumerGroupOffsets_result(event.pointer());
        let groups = rd::rd_kafka_AlterConsumerGroupOffsets_result_groups(result, &raw mut count);
        for index in 0..count {
            // The group has no error where all its partitions have one.
            for (_, _, code) in partitions_of(*groups.add(index))? {
                if code != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
                    return Err(errors::trouble(code.into(), ""));
                }
            }
        }
    }
    Ok(())
}

/// Deletes groups; each may be missing, in use or forbidden on its own.
///
/// # Errors
/// Of the whole request.
pub fn delete(
    client: &Arc<Consumer>,
    names: &[String],
    limit: Duration,
) -> Result<Vec<Described<()>>, Trouble> {
    let answers = Queue::new(client);
    let options = Options::new(client, rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DELETEGROUPS, limit);
    // SAFETY: all handles are alive over the call, which copies the request; each part is destroyed once.
    unsafe {
        let mut groups: Vec<_> =
            names.iter().map(|name| rd::rd_kafka_DeleteGroup_new(c_string(name).as_ptr())).collect();
        rd::rd_kafka_DeleteGroups(
            native(client),
            groups.as_mut_ptr(),
            groups.len(),
            options.0,
            answers.pointer(),
        );
        rd::rd_kafka_DeleteGroup_destroy_array(groups.as_mut_ptr(), groups.len());
    }
    let event = wait(&answers, limit)?;
    // SAFETY: the event is alive; what it returns belongs to it and is copied.
    unsafe {
        let mut count = 0;
        let result = rd::rd_kafka_event_DeleteGroups_result(event.pointer());
        let groups = rd::rd_kafka_DeleteGroups_result_groups(result, &raw mut count);
        let one = |group: *const rd::rd_kafka_group_result_t| {
            let error = checked(rd::rd_kafka_group_result_error(group));
            (text(rd::rd_kafka_group_result_name(group)), error)
        };
        Ok((0..count).map(|index| one(*groups.add(index))).collect())
    }
}

/// # Safety
/// The description must be alive.
unsafe fn described(group: *const rd::rd_kafka_ConsumerGroupDescription_t) -> Described<Group> {
    // SAFETY: the caller vouches for the description; all that hangs on it lives as long.
    unsafe {
        let name = text(rd::rd_kafka_ConsumerGroupDescription_group_id(group));
        if let Err(trouble) = checked(rd::rd_kafka_ConsumerGroupDescription_error(group)) {
            return (name, Err(trouble));
        }
        let state = rd::rd_kafka_ConsumerGroupDescription_state(group);
        let node = rd::rd_kafka_ConsumerGroupDescription_coordinator(group);
        let coordinator = (!node.is_null()).then(|| {
            let (host, port) = (text(rd::rd_kafka_Node_host(node)), rd::rd_kafka_Node_port(node));
            (format!("{host}:{port}"), rd::rd_kafka_Node_id(node))
        });
        let members = 0..rd::rd_kafka_ConsumerGroupDescription_member_count(group);
        let described = Group {
            name: name.clone(),
            state: text(rd::rd_kafka_consumer_group_state_name(state)),
            protocol: protocol(rd::rd_kafka_ConsumerGroupDescription_type(group)),
            assignor: text(rd::rd_kafka_ConsumerGroupDescription_partition_assignor(group)),
            coordinator,
            members: members
                .map(|index| member(rd::rd_kafka_ConsumerGroupDescription_member(group, index)))
                .collect(),
        };
        (name, Ok(described))
    }
}

/// # Safety
/// The member must be alive.
unsafe fn member(member: *const rd::rd_kafka_MemberDescription_t) -> Member {
    // SAFETY: the caller vouches for the member; all that hangs on it lives as long.
    unsafe {
        let assignment = rd::rd_kafka_MemberDescription_assignment(member);
        let held = list_elements(rd::rd_kafka_MemberAssignment_partitions(assignment));
        Member {
            consumer_id: text(rd::rd_kafka_MemberDescription_consumer_id(member)),
            client_id: text(rd::rd_kafka_MemberDescription_client_id(member)),
            host: text(rd::rd_kafka_MemberDescription_host(member)),
            partitions: held
                .iter()
                .map(|element| topic_partition(&text(element.topic), element.partition))
                .collect(),
        }
    }
}

type Outcome = (TopicPartition, i64, RDKafkaRespErr);

/// # Safety
/// The result must be alive.
unsafe fn partitions_of(group: *const rd::rd_kafka_group_result_t) -> Result<Vec<Outcome>, Trouble> {
    // SAFETY: the caller vouches for the result; all that hangs on it lives as long.
    unsafe {
        checked(rd::rd_kafka_group_result_error(group))?;
        let elements = list_elements(rd::rd_kafka_group_result_partitions(group));
        let one = |element: &rd::rd_kafka_topic_partition_t| {
            (topic_partition(&text(element.topic), element.partition), element.offset, element.err)
        };
        Ok(elements.iter().map(one).collect())
    }
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
