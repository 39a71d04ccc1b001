//! Questions to the cluster, each one request per broker however many partitions it is about.

pub mod configs;
pub mod groups;
mod offsets;
pub mod topics;

pub use super::metadata::Described;
pub use offsets::{Asked, EARLIEST, LATEST, OffsetsRequest, Unknown, answers_or_ask_again, ask_offsets};

use super::client::Consumer;
use super::errors::{self, Trouble};
use super::metadata::{self, Replicas};
use super::native::{Event, PartitionList, Queue, error_code, milliseconds, native, text};
use crate::record::TopicPartition;
use rdkafka::bindings as rd;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// librdkafka 2.12 aborts the process when a coordinator comes up whose question was given up
/// (`rd_kafka_admin_coord_request`): such a question is never given up while the outage may still end.
pub const COORDINATOR_LIMIT: Duration = Duration::from_secs(3600);

/// A topic as the cluster describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    pub name: String,
    pub partitions: Vec<i32>,
    /// Of the partitions that have one.
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

/// Describes topics by name; each may be missing or forbidden on its own.
///
/// By plain metadata requests: `DescribeTopics` needs the controller as well, which the mock cluster has not.
///
/// # Errors
/// Of a whole request: no broker, no answer.
pub fn topics(
    client: &Consumer,
    names: &[String],
    limit: Duration,
) -> Result<Vec<Described<Topic>>, Trouble> {
    let mut described = Vec::with_capacity(names.len());
    for name in names {
        let metadata = metadata::fetch(client, Some(name), limit)?;
        let layout = metadata.topics.into_iter().find(|(other, _)| other == name);
        // No answer to what was asked is none.
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

/// The id of the cluster, if a broker tells one in time.
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

/// The id of a topic (KIP-516): changes when it is deleted and made again.
pub type TopicId = (i64, i64);

/// What tells a topic from another one of its name, and how far it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownTopic {
    pub id: TopicId,
    pub partitions: Vec<i32>,
    /// Those that have no leader now.
    pub leaderless: Vec<i32>,
}

/// Asks for the ids of topics; each may be missing or forbidden on its own.
///
/// # Errors
/// Of the whole request: no controller, no answer.
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

/// The names of all topics that we may see.
///
/// # Errors
/// No broker answered in time.
pub fn topic_names(client: &Consumer, limit: Duration) -> Result<Vec<String>, Trouble> {
    Ok(metadata::fetch(client, None, limit)?.topics.into_iter().map(|(name, _)| name).collect())
}

/// The committed offsets of our own group; `None` where it has none.
///
/// # Errors
/// Of the request, or of its first partition that has one.
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

/// Waits for the one answer of an admin request; a little longer than the request itself.
fn wait(answers: &Queue, limit: Duration) -> Result<Event, Trouble> {
    checked(wait_for_any(answers, limit)?)
}

/// The same, with an answer that is an error.
fn wait_for_any(answers: &Queue, limit: Duration) -> Result<Event, Trouble> {
    let late = || errors::trouble(RDKafkaErrorCode::OperationTimedOut, "");
    answers.poll(limit + Duration::from_millis(500)).ok_or_else(late)
}

/// Waits for the one answer of an admin request that may take longer. Nothing: it is still on its way.
fn answer_until(answers: &Queue, deadline: Instant) -> Option<Result<Event, Trouble>> {
    answers.poll(deadline.saturating_duration_since(Instant::now())).map(checked)
}

fn checked(event: Event) -> Result<Event, Trouble> {
    match event.error() {
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(event),
        code => Err(errors::trouble(code.into(), &event.error_text())),
    }
}

struct Options(*mut rd::rd_kafka_AdminOptions_t);

impl Options {
    fn new(client: &Consumer, operation: rd::rd_kafka_admin_op_t, limit: Duration) -> Options {
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
        Options(options)
    }

    fn pointer(&self) -> *mut rd::rd_kafka_AdminOptions_t {
        self.0
    }

    /// Has one broker asked, whoever else could be.
    fn send_to(&self, broker: i32) {
        // SAFETY: the options are alive; no error buffer is handed over, a number out of range changes nothing.
        unsafe { rd::rd_kafka_AdminOptions_set_broker(self.0, broker, std::ptr::null_mut(), 0) };
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: the options are ours and dropped once.
        unsafe { rd::rd_kafka_AdminOptions_destroy(self.0) }
    }
}
