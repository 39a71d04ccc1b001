//! Questions to the cluster. Each is one request per broker, however many partitions it is about.

pub mod configs;
pub mod groups;
mod offsets;
pub mod topics;

pub use super::metadata::Described;
pub use offsets::{Asked, EARLIEST, LATEST, OffsetsRequest, Unknown, answers_or_ask_again, ask_offsets};

use super::client::Consumer;
use super::errors::{self, Trouble};
use super::metadata::{self, Replicas};
use super::native::{ClientQueue, PartitionList, QueueEvent, error_code, milliseconds, native, text};
use crate::record::TopicPartition;
use rdkafka::bindings as rd;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a coordinator may take to answer. librdkafka 2.12 aborts the process when a coordinator comes back whose
/// question was given up (`rd_kafka_admin_coord_request`), so no such question is given up while the outage may
/// still end.
pub const COORDINATOR_LIMIT: Duration = Duration::from_secs(3600);

/// A topic as the cluster describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    pub name: String,
    pub partitions: Vec<i32>,
    /// The leaders of the partitions that have one.
    pub leaders: Vec<Leader>,
}

/// The broker that leads a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leader {
    pub partition: i32,
    pub node: i32,
    /// `HOST:PORT`
    pub address: String,
}

/// Describes topics by their names. Each may be missing or forbidden on its own.
///
/// Asks by plain metadata requests, since `DescribeTopics` needs a controller, which the mock cluster does not have.
///
/// # Errors
/// No broker answered one of the requests.
pub fn topics(
    client: &Consumer,
    names: &[String],
    limit: Duration,
) -> Result<Vec<Described<Topic>>, Trouble> {
    let mut described = Vec::with_capacity(names.len());
    for name in names {
        let metadata = metadata::fetch(client, Some(name), limit)?;
        let layout = metadata.topics.into_iter().find(|(other, _)| other == name);
        // An answer that is not about the topic is no answer.
        let (_, layout) = layout.ok_or_else(Trouble::unanswered)?;
        let address = |node: i32| {
            let broker = metadata.brokers.iter().find(|broker| broker.id == node)?;
            Some(broker.address.clone())
        };
        let leader = |replicas: &Replicas| {
            let node = replicas.leader?;
            Some(Leader { partition: replicas.partition, node, address: address(node)? })
        };
        let topic = layout.map(|layout| Topic {
            name: layout.name,
            partitions: layout.partitions.iter().map(|replicas| replicas.partition).collect(),
            leaders: layout.partitions.iter().filter_map(leader).collect(),
        });
        described.push((name.clone(), topic));
    }
    Ok(described)
}

/// Returns the id of the cluster, if a broker tells one in time.
pub fn cluster_id(client: &Consumer, limit: Duration) -> Option<String> {
    // SAFETY: the client is alive; the text is ours, copied and freed once.
    unsafe {
        let id = rd::rd_kafka_clusterid(native(client), milliseconds(limit));
        let copy = text(id);
        if !id.is_null() {
            rd::rd_kafka_mem_free(native(client), id.cast());
        }
        (!copy.is_empty()).then_some(copy)
    }
}

/// The id of a topic (KIP-516), which changes when the topic is deleted and created again.
pub type TopicId = (i64, i64);

/// What tells a topic from an earlier one of the same name, and the partitions it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownTopic {
    pub id: TopicId,
    pub partitions: Vec<i32>,
    /// The partitions that have no leader now.
    pub leaderless: Vec<i32>,
}

/// Asks for the ids of topics. Each may be missing or forbidden on its own.
///
/// # Errors
/// No controller answered.
pub fn topic_ids(
    client: &Arc<Consumer>,
    names: &[String],
    limit: Duration,
) -> Result<Vec<Described<KnownTopic>>, Trouble> {
    topics::ask_descriptions(client, names, limit).answer_with(known_topic)
}

/// # Safety
/// The description must be alive.
unsafe fn known_topic(topic: *const rd::rd_kafka_TopicDescription_t) -> KnownTopic {
    // SAFETY: the caller vouches for the description; the id and the partitions live as long.
    unsafe {
        let id = rd::rd_kafka_TopicDescription_topic_id(topic);
        let id = if id.is_null() {
            (0, 0)
        } else {
            (rd::rd_kafka_Uuid_most_significant_bits(id), rd::rd_kafka_Uuid_least_significant_bits(id))
        };
        let mut count = 0;
        let partitions = rd::rd_kafka_TopicDescription_partitions(topic, &raw mut count);
        let number = |index| rd::rd_kafka_TopicPartitionInfo_partition(*partitions.add(index));
        let is_led = |index| {
            let leader = rd::rd_kafka_TopicPartitionInfo_leader(*partitions.add(index));
            !leader.is_null() && rd::rd_kafka_Node_id(leader) >= 0
        };
        let leaderless = (0..count).filter(|index| !is_led(*index)).map(number).collect();
        KnownTopic { id, partitions: (0..count).map(number).collect(), leaderless }
    }
}

/// Returns the names of all topics that we may see.
///
/// # Errors
/// No broker answered in time.
pub fn topic_names(client: &Consumer, limit: Duration) -> Result<Vec<String>, Trouble> {
    Ok(metadata::fetch(client, None, limit)?.topics.into_iter().map(|(name, _)| name).collect())
}

/// Returns the offsets that our own group has committed; `None` where it has committed none.
///
/// # Errors
/// The error of the request, or of the first partition that has one.
pub fn committed(
    client: &Consumer,
    partitions: &[TopicPartition],
    limit: Duration,
) -> Result<Vec<Option<i64>>, Trouble> {
    let list = PartitionList::without_offsets(partitions);
    // SAFETY: client and list are alive; the list is filled in place, in its order.
    let code = unsafe { rd::rd_kafka_committed(native(client), list.pointer(), milliseconds(limit)) };
    if code != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Err(errors::trouble(code.into(), ""));
    }
    let mut offsets = Vec::with_capacity(partitions.len());
    for element in list.elements() {
        // SAFETY: the element is alive.
        let code = unsafe { error_code(&raw const element.err) };
        if code != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Err(errors::trouble(code.into(), ""));
        }
        offsets.push(Some(element.offset).filter(|offset| *offset >= 0));
    }
    Ok(offsets)
}

/// Waits for the one answer to an admin request, a little longer than the request itself does.
fn wait(answers: &ClientQueue, limit: Duration) -> Result<QueueEvent, Trouble> {
    checked(wait_for_any(answers, limit)?)
}

/// Waits for the one answer to an admin request, which may be an error.
fn wait_for_any(answers: &ClientQueue, limit: Duration) -> Result<QueueEvent, Trouble> {
    let late = || errors::trouble(RDKafkaErrorCode::OperationTimedOut, "");
    answers.poll(limit + Duration::from_millis(500)).ok_or_else(late)
}

/// Waits until `deadline` for the one answer to an admin request; returns none while it is on its way.
fn answer_until(answers: &ClientQueue, deadline: Instant) -> Option<Result<QueueEvent, Trouble>> {
    answers.poll(deadline.saturating_duration_since(Instant::now())).map(checked)
}

fn checked(event: QueueEvent) -> Result<QueueEvent, Trouble> {
    match event.error() {
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(event),
        code => Err(errors::trouble(code.into(), &event.error_text())),
    }
}

struct AdminOptions(*mut rd::rd_kafka_AdminOptions_t);

impl AdminOptions {
    fn new(client: &Consumer, operation: rd::rd_kafka_admin_op_t, limit: Duration) -> AdminOptions {
        // SAFETY: the client is alive; the options are ours.
        let options = unsafe { rd::rd_kafka_AdminOptions_new(native(client), operation) };
        // SAFETY: no error buffer is handed over; a time-out out of range leaves the default.
        unsafe {
            rd::rd_kafka_AdminOptions_set_request_timeout(
                options,
                milliseconds(limit),
                std::ptr::null_mut(),
                0,
            );
        }
        AdminOptions(options)
    }

    fn pointer(&self) -> *mut rd::rd_kafka_AdminOptions_t {
        self.0
    }

    /// Sends the request to this broker instead of any other.
    fn send_to(&self, broker: i32) {
        // SAFETY: the options are alive; no error buffer is handed over, a number out of range changes nothing.
        unsafe { rd::rd_kafka_AdminOptions_set_broker(self.0, broker, std::ptr::null_mut(), 0) };
    }
}

impl Drop for AdminOptions {
    fn drop(&mut self) {
        // SAFETY: the options are ours and dropped once.
        unsafe { rd::rd_kafka_AdminOptions_destroy(self.0) }
    }
}
