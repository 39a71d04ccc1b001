//! What the leader of a classic group has assigned to a member, read byte by byte. Any client may write anything
//! there, and librdkafka ends the process over some of it.

use crate::record::TopicPartition;
use std::sync::Arc;

/// Reads an assignment (`ConsumerProtocolAssignment`); `None` if it is not one. A member that has nothing yet has an
/// empty one.
pub fn partitions(bytes: &[u8]) -> Option<Vec<TopicPartition>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    let mut rest = Bytes(bytes);
    // Later versions only add fields at the end.
    if rest.i16()? < 0 {
        return None;
    }
    let mut partitions = Vec::new();
    for _ in 0..rest.count()? {
        let topic: Arc<str> = Arc::from(rest.text()?);
        for _ in 0..rest.count()? {
            let number = rest.i32()?;
            if number < 0 {
                return None;
            }
            partitions.push(TopicPartition { topic: Arc::clone(&topic), partition: number });
        }
    }
    Some(partitions)
}

/// Bytes that are left to be read, with numbers and texts as Kafka's protocol writes them.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn i16(&mut self) -> Option<i16> {
        Some(i16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    pub fn i32(&mut self) -> Option<i32> {
        Some(i32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// Reads how many elements follow: no more than there are bytes, or reading them could take for ever.
    fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.i32()?).ok()?;
        (count <= self.0.len()).then_some(count)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.i16()?).ok()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    /// Reads a number with seven bits in each byte, as newer versions write lengths.
    pub fn varint(&mut self) -> Option<usize> {
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.take(1)?[0];
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// Reads a text whose length plus one precedes it as a varint; 0 is null, which is read as empty.
    pub fn compact_text(&mut self) -> Option<&'a str> {
        let length = self.varint()?.saturating_sub(1);
        std::str::from_utf8(self.take(length)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(version: i16, topics: &[(&str, &[i32])]) -> Vec<u8> {
        let mut bytes = version.to_be_bytes().to_vec();
        bytes.extend((topics.len() as i32).to_be_bytes());
        for (topic, numbers) in topics {
            bytes.extend((topic.len() as i16).to_be_bytes());
            bytes.extend(topic.as_bytes());
            bytes.extend((numbers.len() as i32).to_be_bytes());
            numbers.iter().for_each(|number| bytes.extend(number.to_be_bytes()));
        }
        bytes.extend((-1i32).to_be_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Vec<String>> {
        Some(partitions(bytes)?.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn an_assignment_is_read() {
        let expected = vec!["t [0]".to_owned(), "t [3]".to_owned(), "u [1]".to_owned()];
        let bytes = written(1, &[("t", &[0, 3]), ("u", &[1])]);
        assert_eq!(read(&bytes), Some(expected.clone()));
        assert_eq!(read(&bytes[..bytes.len() - 4]), Some(expected), "user data may be left out");
        assert_eq!(read(&written(0, &[])), Some(vec![]));
        assert_eq!(read(b""), Some(vec![]));
    }

    #[test]
    fn what_is_none_is_told_from_one() {
        for (bytes, what) in [
            (&b"\xff"[..], "a byte"),
            (b"\0\x01", "no topics"),
            (b"{\"version\":1}", "JSON"),
            (b"\xff\xff\0\0\0\0", "a version below zero"),
            (b"\0\x01\xff\xff\xff\xff", "null"),
            (b"\0\x01\x7f\xff\xff\xff", "a count above what follows"),
            (b"\0\x01\0\0\0\x01\xff\xff\0\0\0\0", "a topic without a name"),
            (b"\0\x01\0\0\0\x01\0\x01\xff\0\0\0\0", "a name that is no text"),
            (b"\0\x01\0\0\0\x01\0\x01t\xff\xff\xff\xff", "null partitions"),
            (b"\0\x01\0\0\0\x01\0\x01t\0\0\0\x01\x80\0\0\0", "a partition below zero"),
        ] {
            assert_eq!(read(bytes), None, "{what}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = partitions(&bytes);
            let _ = Bytes(&bytes).varint();
            let _ = Bytes(&bytes).compact_text();
        }
    }
}
