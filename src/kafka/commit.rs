//! A commit request that is sent without waiting; the loop asks for its answer.

use super::client::{Consumer, topic_partition};
use super::errors::{self, Trouble, TroubleKind};
use super::native::{ClientQueue, PartitionList, error_code, list_elements, native};
use crate::record::TopicPartition;
use rdkafka::bindings as rd;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

/// An OffsetCommit request. Its queue lives until the answer has come, since a time-out ends the waiting but not the
/// request, and the late answer decides whether the next commit may be sent.
pub struct CommitRequest {
    answers: ClientQueue,
}

/// Why a commit, or one partition of it, was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitRefusal {
    pub kind: TroubleKind,
    pub words: String,
}

impl CommitRefusal {
    pub fn trouble(&self) -> Trouble {
        Trouble { kind: self.kind, reason: self.words.clone() }
    }
}

/// The broker's answer to a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitAnswer {
    /// Why the whole commit was refused.
    pub refused: Option<CommitRefusal>,
    pub refused_partitions: Vec<(TopicPartition, CommitRefusal)>,
}

impl CommitRequest {
    /// Sends the position of each partition, which is the next offset to be read.
    pub fn send(
        client: &Arc<Consumer>,
        positions: &[(TopicPartition, i64)],
        descriptor: RawFd,
    ) -> Result<CommitRequest, CommitRefusal> {
        let list = PartitionList::of(positions.iter().map(|(partition, offset)| (partition, *offset)));
        let answers = ClientQueue::new(client);
        answers.ring(descriptor);
        // SAFETY: client, list and queue are alive; the list is copied, no callback is given.
        let code = unsafe {
            rd::rd_kafka_commit_queue(
                native(client),
                list.pointer(),
                answers.pointer(),
                None,
                std::ptr::null_mut(),
            )
        };
        refusal(code).map_or(Ok(CommitRequest { answers }), Err)
    }

    /// Returns the answer, if it has come.
    pub fn answer(&self) -> Option<CommitAnswer> {
        let event = self.answers.poll(Duration::ZERO)?;
        // SAFETY: the event is alive, and the list belongs to it.
        let list = unsafe { list_elements(rd::rd_kafka_event_topic_partition_list(event.pointer())) };
        let refused_partitions = list.iter().filter_map(|element| {
            let partition = topic_partition(&super::native::text(element.topic), element.partition);
            // SAFETY: the element is alive.
            let code = unsafe { error_code(&raw const element.err) };
            refusal(code).map(|refusal| (partition, refusal))
        });
        Some(CommitAnswer {
            refused: refusal(event.error()),
            refused_partitions: refused_partitions.collect(),
        })
    }
}

fn refusal(code: RDKafkaRespErr) -> Option<CommitRefusal> {
    match code {
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => None,
        code => {
            let code = RDKafkaErrorCode::from(code);
            Some(CommitRefusal { kind: errors::kind(code), words: super::words::told(&errors::name(code)) })
        }
    }
}
