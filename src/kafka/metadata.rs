//! The cluster's description of itself, read without trusting it: a pointer may be null, a count negative, a code
//! unknown. The binding trusts all three.

use super::client::Consumer;
use super::errors::{self, Trouble, TroubleKind};
use super::native::{c_string, milliseconds, native, text};
use rdkafka::bindings as rd;
use rdkafka::types::RDKafkaRespErr;
use std::ffi::c_int;
use std::ptr::{self, NonNull};
use std::time::Duration;

/// A broker and its address, as it advertises it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerAddress {
    pub id: i32,
    /// `HOST:PORT`.
    pub address: String,
}

/// What is known of something that was asked for by name.
pub type Described<T> = (String, Result<T, Trouble>);

/// A topic with its partitions, in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub name: String,
    pub partitions: Vec<Replicas>,
}

/// The brokers that have a partition, by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replicas {
    pub partition: i32,
    pub leader: Option<i32>,
    pub all: Vec<i32>,
    pub in_sync: Vec<i32>,
}

/// All brokers, and the topics that were asked for: each may be missing or forbidden on its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    pub brokers: Vec<BrokerAddress>,
    pub topics: Vec<Described<Layout>>,
}

/// Asks any broker about a topic, or about all topics.
///
/// # Errors
/// No broker answered in time.
pub fn fetch(client: &Consumer, topic: Option<&str>, limit: Duration) -> Result<Metadata, Trouble> {
    let handle = topic.map(|topic| Handle::new(client, topic)).transpose()?;
    ask(client, handle.as_ref(), topic.is_none(), limit)
}

/// Asks for the brokers, and for as few topics as possible.
///
/// # Errors
/// No broker answered in time.
pub fn brokers(client: &Consumer, limit: Duration) -> Result<Vec<BrokerAddress>, Trouble> {
    Ok(ask(client, None, false, limit)?.brokers)
}

fn ask(
    client: &Consumer,
    topic: Option<&Handle>,
    asks_all: bool,
    limit: Duration,
) -> Result<Metadata, Trouble> {
    let mut answer: *const rd::rd_kafka_metadata = ptr::null();
    // SAFETY: the client is alive, the handle is null or alive, and the answer is written to a pointer of ours.
    let code = unsafe {
        rd::rd_kafka_metadata(
            native(client),
            c_int::from(asks_all),
            topic.map_or(ptr::null_mut(), |topic| topic.0.as_ptr()),
            &raw mut answer,
            milliseconds(limit),
        )
    };
    if code != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Err(errors::trouble(code.into(), ""));
    }
    if answer.is_null() {
        return Ok(Metadata::default());
    }
    // SAFETY: the answer is alive until it is destroyed, once; what is read of it is copied.
    unsafe {
        let metadata = read(answer);
        rd::rd_kafka_metadata_destroy(answer);
        Ok(metadata)
    }
}

/// The handle of a topic, without which one cannot be asked about.
struct Handle(NonNull<rd::rd_kafka_topic_t>);

impl Handle {
    fn new(client: &Consumer, topic: &str) -> Result<Handle, Trouble> {
        let name = c_string(topic);
        // SAFETY: the client is alive, the name ends with NUL, and no properties are given.
        let handle = unsafe { rd::rd_kafka_topic_new(native(client), name.as_ptr(), ptr::null_mut()) };
        let unfit = || Trouble {
            kind: TroubleKind::UnknownTopic,
            reason: format!("no topic can be called `{topic}`"),
        };
        NonNull::new(handle).map(Handle).ok_or_else(unfit)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and destroyed once.
        unsafe { rd::rd_kafka_topic_destroy(self.0.as_ptr()) }
    }
}

/// # Safety
/// The answer must be alive, and its arrays as long as they say, or null.
unsafe fn read(answer: *const rd::rd_kafka_metadata) -> Metadata {
    // SAFETY: the caller vouches for the answer.
    unsafe {
        let brokers = elements((*answer).brokers, (*answer).broker_cnt);
        let broker = |broker: *const rd::rd_kafka_metadata_broker| BrokerAddress {
            id: (*broker).id,
            address: format!("{}:{}", text((*broker).host), (*broker).port),
        };
        let topics = elements((*answer).topics, (*answer).topic_cnt);
        Metadata {
            brokers: brokers.map(broker).collect(),
            topics: topics.filter(|topic| !(**topic).topic.is_null()).map(|one| topic(one)).collect(),
        }
    }
}

/// # Safety
/// The topic must be alive, and its arrays as long as they say, or null.
unsafe fn topic(topic: *const rd::rd_kafka_metadata_topic) -> Described<Layout> {
    // SAFETY: the caller vouches for the topic. The code is read as a number: it comes from the wire.
    unsafe {
        let partitions = elements((*topic).partitions, (*topic).partition_cnt);
        let mut partitions: Vec<Replicas> = partitions.map(|one| replicas(one)).collect();
        partitions.sort_by_key(|replicas| replicas.partition);
        let (name, trouble) = (text((*topic).topic), trouble((&raw const (*topic).err).cast()));
        (name.clone(), trouble.map_or(Ok(Layout { name, partitions }), Err))
    }
}

/// # Safety
/// The partition must be alive, and its arrays as long as they say, or null.
unsafe fn replicas(partition: *const rd::rd_kafka_metadata_partition) -> Replicas {
    // SAFETY: the caller vouches for the partition.
    unsafe {
        let numbers = |pointer: *const i32, count| elements(pointer, count).map(|number| *number).collect();
        Replicas {
            partition: (*partition).id,
            leader: Some((*partition).leader).filter(|leader| *leader >= 0),
            all: numbers((*partition).replicas, (*partition).replica_cnt),
            in_sync: numbers((*partition).isrs, (*partition).isr_cnt),
        }
    }
}

/// The elements of an array that may be null and whose count may be nonsense. Yields pointers, since an element with
/// an unknown error code must not become a value.
pub(super) fn elements<T>(first: *const T, count: c_int) -> impl Iterator<Item = *const T> {
    let count = if first.is_null() { 0 } else { usize::try_from(count).unwrap_or(0) };
    (0..count).map(move |index| first.wrapping_add(index))
}

/// What an error code from the wire means; none where all is well.
///
/// # Safety
/// The pointer must be alive.
pub(super) unsafe fn trouble(code: *const i32) -> Option<Trouble> {
    // SAFETY: the caller vouches for the pointer.
    let code = unsafe { *code };
    match RDKafkaRespErr::try_from(code) {
        Ok(RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR) => None,
        Ok(code) => Some(errors::trouble(code.into(), "")),
        Err(_) => {
            let reason = format!("the broker answers with error {code}, which has no name here");
            Some(Trouble { kind: TroubleKind::Other, reason })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_not_believed() {
        let numbers = [1, 2, 3];
        let read = |pointer, count| -> Vec<i32> {
            // SAFETY: the array has three elements.
            elements::<i32>(pointer, count).map(|number| unsafe { *number }).collect()
        };
        assert_eq!(read(numbers.as_ptr(), 3), numbers);
        assert!(read(numbers.as_ptr(), -1).is_empty());
        assert!(read(ptr::null(), 3).is_empty());
    }

    #[test]
    fn nothing_is_made_of_nulls() {
        let answer = rd::rd_kafka_metadata {
            broker_cnt: -1,
            brokers: ptr::null_mut(),
            topic_cnt: 1,
            topics: &mut rd::rd_kafka_metadata_topic {
                topic: ptr::null_mut(),
                partition_cnt: 5,
                partitions: ptr::null_mut(),
                err: RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR,
            },
            orig_broker_id: -1,
            orig_broker_name: ptr::null_mut(),
        };
        // SAFETY: the answer is alive, its arrays are null or as long as they say.
        assert_eq!(unsafe { read(&raw const answer) }, Metadata::default());
    }

    #[test]
    fn a_code_that_nobody_knows_is_told_as_a_number() {
        // SAFETY: the pointers are alive.
        let reason = |code: i32| unsafe { trouble(&raw const code) }.map(|trouble| trouble.reason);
        assert_eq!(reason(0), None);
        assert_eq!(reason(3).as_deref(), Some("Broker: Unknown topic or partition"));
        let words = "the broker answers with error 9999, which has no name here";
        assert_eq!(reason(9999).as_deref(), Some(words));
    }
}
