//! What comes from the partitions that are read.

use super::errors::Trouble;
use crate::record::Record;

/// What the shared queue delivers.
pub enum Arrival<'a> {
    Record {
        slot: usize,
        record: Record<'a>,
    },
    /// An error of one partition, whose position cannot be trusted from now on (librdkafka moves it past the offset
    /// of the error, `rd_kafka_q_serve_rkmessages`).
    Trouble {
        slot: usize,
        offset: i64,
        trouble: Trouble,
    },
}

/// What is known about the next record without looking at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coming {
    /// The record's place in the batch.
    pub index: usize,
    pub slot: usize,
    pub offset: i64,
}
