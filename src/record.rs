//! A record on its way: borrowed from the client's memory, never copied on the fast path.

use std::fmt;
use std::ops::Range;
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
    /// Bytes of key and value.
    pub fn size(&self) -> u64 {
        (self.key.map_or(0, <[u8]>::len) + self.value.map_or(0, <[u8]>::len)) as u64
    }

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

/// A record that outlives the client's memory: for handlers, which take their time.
#[derive(Debug, PartialEq, Eq)]
pub struct OwnedRecord {
    pub partition: TopicPartition,
    pub offset: i64,
    /// Milliseconds since 1970; `None` if the record has none.
    pub timestamp: Option<i64>,
    /// Key, value and headers in one piece.
    bytes: Box<[u8]>,
    key: Option<Range<usize>>,
    value: Option<Range<usize>>,
    headers: Box<[HeaderPlace]>,
}

/// Where name and value of a header are.
type HeaderPlace = (Range<usize>, Option<Range<usize>>);

impl OwnedRecord {
    /// Copies a record of `partition`.
    pub fn copy(record: &Record<'_>, partition: TopicPartition) -> OwnedRecord {
        let length = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
        let in_headers = |header: &Header<'_>| header.name.len() + length(header.value);
        let size =
            length(record.key) + length(record.value) + record.headers.iter().map(in_headers).sum::<usize>();
        let mut bytes = Vec::with_capacity(size);
        let mut keep = |piece: &[u8]| {
            let start = bytes.len();
            bytes.extend_from_slice(piece);
            start..bytes.len()
        };
        let key = record.key.map(&mut keep);
        let value = record.value.map(&mut keep);
        let headers =
            record.headers.iter().map(|header| (keep(header.name), header.value.map(&mut keep))).collect();
        OwnedRecord {
            partition,
            offset: record.offset,
            timestamp: record.timestamp,
            bytes: bytes.into_boxed_slice(),
            key,
            value,
            headers,
        }
    }

    pub fn key(&self) -> Option<&[u8]> {
        self.key.clone().map(|range| &self.bytes[range])
    }

    pub fn value(&self) -> Option<&[u8]> {
        self.value.clone().map(|range| &self.bytes[range])
    }

    pub fn headers(&self) -> Vec<Header<'_>> {
        let header = |(name, value): &HeaderPlace| Header {
            name: &self.bytes[name.clone()],
            value: value.clone().map(|range| &self.bytes[range]),
        };
        self.headers.iter().map(header).collect()
    }

    /// Bytes of memory that it takes, about.
    pub fn size(&self) -> usize {
        size_of::<OwnedRecord>() + self.bytes.len() + size_of_val(&*self.headers)
    }

    /// Lends the record in the form that everything else works on.
    pub fn with<T>(&self, work: impl FnOnce(&Record<'_>) -> T) -> T {
        let headers = self.headers();
        work(&Record {
            topic: &self.partition.topic,
            partition: self.partition.partition,
            offset: self.offset,
            timestamp: self.timestamp,
            key: self.key(),
            value: self.value(),
            headers: &headers,
        })
    }

    /// How messages name this record.
    pub fn place(&self) -> Place<'_> {
        Place { topic: &self.partition.topic, partition: self.partition.partition, offset: self.offset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_all_that_the_record_had() {
        let headers = [
            Header { name: b"a", value: None },
            Header { name: b"", value: Some(b"") },
            Header { name: b"a", value: Some(b"x") },
        ];
        for (key, value) in [(None, None), (Some(&b""[..]), Some(&b"v"[..])), (Some(b"k"), Some(b""))] {
            let record = Record {
                topic: "t",
                partition: 1,
                offset: 7,
                timestamp: Some(3),
                key,
                value,
                headers: &headers,
            };
            let copy = OwnedRecord::copy(&record, TopicPartition { topic: "t".into(), partition: 1 });
            copy.with(|copied| {
                assert_eq!((copied.key, copied.value, copied.headers), (key, value, &headers[..]));
                assert_eq!(copied.place().to_string(), "t [1] @ 7");
                assert_eq!(copied.timestamp, Some(3));
            });
        }
    }
}
