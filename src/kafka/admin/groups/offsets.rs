//! What groups have committed: asked for, set, and deleted with its group.

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

/// A question for what a group has committed.
pub struct CommittedRequest {
    answers: ClientQueue,
}

type CommittedOffsets = Result<Vec<(TopicPartition, i64)>, Trouble>;

/// Asks for all that a group has committed.
pub fn ask_committed(client: &Arc<Consumer>, group: &str) -> CommittedRequest {
    ask(client, group, false)
}

/// Has the coordinator of a group find out what was decided last. One that has just taken over tells, without an error,
/// what it knew a moment before, and so that a group does not exist: it reads up to its high watermark, which comes
/// behind. A question for stable offsets is answered when that is done (KAFKA-14499, part 4).
///
/// False if it takes too long.
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
    /// Waits for committed offsets; only partitions that have one.
    ///
    /// # Errors
    /// Of the request, of the group, or of its first partition that has one.
    pub fn answer(self) -> CommittedOffsets {
        committed(&wait(&self.answers, COORDINATOR_LIMIT)?)
    }

    /// The same for somebody who does not wait any longer. Nothing: it is still on its way.
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

/// What became of one of several partitions.
pub type Altered = (TopicPartition, Result<(), Trouble>);

/// Sets committed offsets of a group without members; each partition may be refused on its own.
///
/// # Errors
/// Of the request, or of the group.
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
            // The group has no error where all its partitions have one.
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

/// Deletes groups; each may be missing, in use or forbidden on its own.
///
/// # Errors
/// Of the whole request.
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
