//! A record on its way: borrowed from the client's memory, never copied on the fast path.

use std::fmt;
use std::sync::Arc;

/// One header; names repeat and keep their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    pub name: &'a [u8],
    pub value: Option<&'a [u8]>,
}

/// A record as the broker sent it. `None` is Kafka's null, which is not the same as empty.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub topic: &'a str,
    pub partition: i32,
    pub offset: i64,
    /// Milliseconds since 1970; `None` if the record has none.
    pub timestamp: Option<i64>,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
    pub headers: &'a [Header<'a>],
}

impl Record<'_> {
    /// How messages name this record.
    pub fn place(&self) -> Place<'_> {
        Place { topic: self.topic, partition: self.partition, offset: self.offset }
    }
}

/// Displays as `TOPIC [PARTITION] @ OFFSET`.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub topic: &'a str,
    pub partition: i32,
    pub offset: i64,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}] @ {}", self.topic, self.partition, self.offset)
    }
}

/// A partition of a topic. Cheap to clone; ordered by topic, then partition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    pub topic: Arc<str>,
    pub partition: i32,
}

/// Displays as `TOPIC [PARTITION]`.
impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.topic, self.partition)
    }
}
