//! The committed offsets of groups: asks for them, sets them, and deletes them with their group.

use super::checked;
use crate::kafka::admin::{AdminOptions, COORDINATOR_LIMIT, Described, answer_until, wait};
use crate::kafka::client::{Consumer, topic_partition};
use crate::kafka::errors::{self, Trouble};
use crate::kafka::native::{ClientQueue, PartitionList, QueueEvent, c_string, list_elements, native, text};
use crate::record::TopicPartition;
use rdkafka::bindings as rd;
use rdkafka::types::RDKafkaRespErr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a coordinator may take to catch up.
const CATCH_UP_LIMIT: Duration = Duration::from_secs(3);

/// A question for the offsets that a group has committed.
pub struct CommittedRequest {
    answers: ClientQueue,
}

type CommittedOffsets = Result<Vec<(TopicPartition, i64)>, Trouble>;

/// Asks for all offsets that a group has committed.
pub fn ask_committed(client: &Arc<Consumer>, group: &str) -> CommittedRequest {
    ask(client, group, false)
}

/// Makes the coordinator of a group read what was decided last; returns false if that takes too long. A coordinator
/// that has just taken over has read up to its high watermark, which lags behind, and answers without an error from
/// what it knows, such as that a group does not exist. A question for stable offsets is answered only once it has
/// caught up (KAFKA-14499, part 4).
pub fn catch_up(client: &Arc<Consumer>, group: &str, deadline: Instant) -> bool {
    let deadline = deadline.min(Instant::now() + CATCH_UP_LIMIT);
    ask(client, group, true).answer_until(deadline).is_some()
}

fn ask(client: &Arc<Consumer>, group: &str, is_stable: bool) -> CommittedRequest {
    let name = c_string(group);
    let answers = ClientQueue::new(client);
    let operation = rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS;
    let options = AdminOptions::new(client, operation, COORDINATOR_LIMIT);
    if is_stable {
        // SAFETY: the options are alive, and of an operation that has this one, so that there is no error to free.
        unsafe { rd::rd_kafka_AdminOptions_set_require_stable_offsets(options.pointer(), 1) };
    }
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
    CommittedRequest { answers }
}

impl CommittedRequest {
    /// Waits for the committed offsets of the partitions that have one.
    ///
    /// # Errors
    /// The error of the request, of the group, or of the first partition that has one.
    pub fn answer(self) -> CommittedOffsets {
        committed(&wait(&self.answers, COORDINATOR_LIMIT)?)
    }

    /// Waits for the committed offsets until `deadline`, as `answer` does; returns none while they are on their way.
    pub fn answer_until(&self, deadline: Instant) -> Option<CommittedOffsets> {
        let event = answer_until(&self.answers, deadline)?;
        Some(event.and_then(|event| committed(&event)))
    }
}

fn committed(event: &QueueEvent) -> CommittedOffsets {
    // SAFETY: the event is alive, and of a ListConsumerGroupOffsets request; what it returns belongs to it and is
    // copied.
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

/// The outcome for one of several partitions.
pub type Altered = (TopicPartition, Result<(), Trouble>);

/// Sets committed offsets of a group without members. Each partition may be refused on its own.
///
/// # Errors
/// The error of the request, or of the group.
pub fn alter(
    client: &Arc<Consumer>,
    group: &str,
    offsets: &[(TopicPartition, i64)],
    limit: Duration,
) -> Result<Vec<Altered>, Trouble> {
    let name = c_string(group);
    let list = PartitionList::of(offsets.iter().map(|(partition, offset)| (partition, *offset)));
    let answers = ClientQueue::new(client);
    let options = AdminOptions::new(
        client,
        rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS,
        limit,
    );
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
        let mut altered = Vec::with_capacity(offsets.len());
        for index in 0..count {
            // The group itself has no error even if all its partitions have one.
            altered.extend(partitions_of(*groups.add(index))?.into_iter().map(outcome));
        }
        Ok(altered)
    }
}

fn outcome((partition, _, code): PartitionOutcome) -> Altered {
    match code {
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => (partition, Ok(())),
        code => (partition, Err(errors::trouble(code.into(), ""))),
    }
}

/// Deletes groups. Each may be missing, in use or forbidden on its own.
///
/// # Errors
/// The request failed for all groups.
pub fn delete(
    client: &Arc<Consumer>,
    names: &[String],
    limit: Duration,
) -> Result<Vec<Described<()>>, Trouble> {
    let answers = ClientQueue::new(client);
    let options = AdminOptions::new(client, rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DELETEGROUPS, limit);
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

type PartitionOutcome = (TopicPartition, i64, RDKafkaRespErr);

/// # Safety
/// The result must be alive.
unsafe fn partitions_of(group: *const rd::rd_kafka_group_result_t) -> Result<Vec<PartitionOutcome>, Trouble> {
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
