//! Groups as librdkafka describes them. librdkafka ends the process over some assignments that any client may write
//! to a classic group. So classic groups are described by `raw`, and asked for here only where that finds none.

use super::{GroupDescription, GroupKind, GroupMember, checked};
use crate::kafka::admin::{AdminOptions, COORDINATOR_LIMIT, Described, answer_until};
use crate::kafka::client::{Consumer, topic_partition};
use crate::kafka::errors::Trouble;
use crate::kafka::native::{ClientQueue, c_string, list_elements, native, text};
use rdkafka::bindings as rd;
use std::sync::Arc;
use std::time::Instant;

/// A `DescribeConsumerGroups` request under way.
pub struct DescriptionRequest {
    answers: ClientQueue,
}

/// Asks the coordinators of groups to describe them, whatever their protocol.
pub fn ask(client: &Arc<Consumer>, names: &[String]) -> DescriptionRequest {
    let c_names: Vec<_> = names.iter().map(|name| c_string(name)).collect();
    let mut pointers: Vec<_> = c_names.iter().map(|name| name.as_ptr()).collect();
    let answers = ClientQueue::new(client);
    let operation = rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS;
    let options = AdminOptions::new(client, operation, COORDINATOR_LIMIT);
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
    DescriptionRequest { answers }
}

impl DescriptionRequest {
    /// Waits for the descriptions until `deadline`; returns none while they are on their way. Each group may be
    /// missing or forbidden on its own.
    pub fn answer_until(
        &self,
        deadline: Instant,
    ) -> Option<Result<Vec<Described<GroupDescription>>, Trouble>> {
        let event = answer_until(&self.answers, deadline)?;
        let described = event.map(|event| {
            // SAFETY: the event is alive; what it returns belongs to it and is copied.
            unsafe {
                let mut count = 0;
                let result = rd::rd_kafka_event_DescribeConsumerGroups_result(event.pointer());
                let groups = rd::rd_kafka_DescribeConsumerGroups_result_groups(result, &raw mut count);
                (0..count).map(|index| described(*groups.add(index))).collect()
            }
        });
        Some(described)
    }
}

/// # Safety
/// The description must be alive.
unsafe fn described(group: *const rd::rd_kafka_ConsumerGroupDescription_t) -> Described<GroupDescription> {
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
        let described = GroupDescription {
            name: name.clone(),
            state: text(rd::rd_kafka_consumer_group_state_name(state)),
            kind: kind(rd::rd_kafka_ConsumerGroupDescription_type(group)),
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
unsafe fn member(member: *const rd::rd_kafka_MemberDescription_t) -> GroupMember {
    // SAFETY: the caller vouches for the member; all that hangs on it lives as long.
    unsafe {
        let assignment = rd::rd_kafka_MemberDescription_assignment(member);
        let held = list_elements(rd::rd_kafka_MemberAssignment_partitions(assignment));
        GroupMember {
            consumer_id: text(rd::rd_kafka_MemberDescription_consumer_id(member)),
            client_id: text(rd::rd_kafka_MemberDescription_client_id(member)),
            host: text(rd::rd_kafka_MemberDescription_host(member)),
            is_unreadable: false,
            partitions: held
                .iter()
                .map(|element| topic_partition(&text(element.topic), element.partition))
                .collect(),
        }
    }
}

pub fn kind(kind: rd::rd_kafka_consumer_group_type_t) -> GroupKind {
    // SAFETY: no precondition; the name is a constant.
    GroupKind::of(&text(unsafe { rd::rd_kafka_consumer_group_type_name(kind) }).to_lowercase(), "")
}
