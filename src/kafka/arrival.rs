//! What comes from the partitions that are read.

use super::errors::Trouble;
use crate::record::Record;

/// What the shared queue delivers.
pub enum Arrival<'a> {
    Record {
        slot: usize,
        /// The record's place in the batch.
        index: usize,
        record: Record<'a>,
    },
    /// An error of one partition, whose position cannot be trusted from now on (librdkafka moves it past the offset
    /// of the error, `rd_kafka_q_serve_rkmessages`).
    Trouble { slot: usize, offset: i64, trouble: Trouble },
}
