//! Owned handles of librdkafka. Each is destroyed once, and before the client that it belongs to.

use super::client::Consumer;
use super::errors;
use crate::record::TopicPartition;
use rdkafka::bindings as rd;
use rdkafka::consumer::Consumer as _;
use rdkafka::types::RDKafkaRespErr;
use std::ffi::{CStr, CString, c_char, c_void};
use std::os::fd::RawFd;
use std::sync::Arc;
use std::time::Duration;

/// librdkafka's own version, as in `2.12.1`.
pub fn library_version() -> String {
    rdkafka::util::get_rdkafka_version().1
}

/// Whether the coordinator counts this client among the members of its group.
pub fn is_in_group(client: &Consumer) -> bool {
    // SAFETY: the client is alive; what the call returns is ours, destroyed once, and may be null.
    unsafe {
        let metadata = rd::rd_kafka_consumer_group_metadata(native(client));
        if metadata.is_null() {
            return false;
        }
        // Zero or less before it has joined, and after it was thrown out.
        let generation = rd::rd_kafka_consumer_group_metadata_generation_id(metadata);
        rd::rd_kafka_consumer_group_metadata_destroy(metadata);
        generation > 0
    }
}

/// A queue of a client. It holds the client, which therefore outlives it; otherwise `rd_kafka_destroy` would hang
/// for ever.
pub struct ClientQueue {
    pointer: *mut rd::rd_kafka_queue_t,
    client: Arc<Consumer>,
}

// SAFETY: librdkafka's queues are locked inside and may be used from any thread (rdkafka.h).
unsafe impl Send for ClientQueue {}

impl ClientQueue {
    pub fn new(client: &Arc<Consumer>) -> ClientQueue {
        // SAFETY: the client is alive; the new queue is ours.
        let pointer = unsafe { rd::rd_kafka_queue_new(native(client)) };
        ClientQueue { pointer, client: Arc::clone(client) }
    }

    /// The queue of rebalances, errors and log lines.
    pub fn of_consumer(client: &Arc<Consumer>) -> ClientQueue {
        // SAFETY: the client is alive and a consumer; the call returns a reference of our own.
        let pointer = unsafe { rd::rd_kafka_queue_get_consumer(native(client)) };
        ClientQueue { pointer, client: Arc::clone(client) }
    }

    /// The fetch queue of a partition.
    pub fn of_partition(client: &Arc<Consumer>, topic: &CStr, partition: i32) -> ClientQueue {
        // SAFETY: the client is alive, the name ends with NUL; the call returns a reference of our own.
        let pointer = unsafe { rd::rd_kafka_queue_get_partition(native(client), topic.as_ptr(), partition) };
        ClientQueue { pointer, client: Arc::clone(client) }
    }

    pub fn pointer(&self) -> *mut rd::rd_kafka_queue_t {
        self.pointer
    }

    /// Makes everything that arrives here go to `target`.
    pub fn forward_to(&self, target: &ClientQueue) {
        // SAFETY: both queues are alive; librdkafka keeps a reference of its own to the target.
        unsafe { rd::rd_kafka_queue_forward(self.pointer, target.pointer) }
    }

    /// Stops forwarding: what arrives stays here.
    pub fn keep(&self) {
        // SAFETY: the queue is alive; a null target ends the forward.
        unsafe { rd::rd_kafka_queue_forward(self.pointer, std::ptr::null_mut()) }
    }

    /// Writes a byte to `descriptor` whenever the queue becomes non-empty.
    pub fn ring(&self, descriptor: RawFd) {
        // SAFETY: the payload is copied; the descriptor stays open as long as the process (`Alarm`).
        unsafe {
            rd::rd_kafka_queue_io_event_enable(self.pointer, descriptor, [1u8].as_ptr().cast::<c_void>(), 1)
        }
    }

    pub fn is_empty(&self) -> bool {
        self.length() == 0
    }

    /// The number of messages and events that wait.
    pub fn length(&self) -> usize {
        // SAFETY: the queue is alive.
        unsafe { rd::rd_kafka_queue_length(self.pointer) }
    }

    /// Takes the next event, waiting at most `limit`.
    pub fn poll(&self, limit: Duration) -> Option<QueueEvent> {
        // SAFETY: the queue is alive; the event is ours.
        let pointer = unsafe { rd::rd_kafka_queue_poll(self.pointer, milliseconds(limit)) };
        (!pointer.is_null()).then(|| QueueEvent { pointer, _client: Arc::clone(&self.client) })
    }
}

impl Drop for ClientQueue {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and dropped once; the wake-up descriptor is taken off first.
        unsafe {
            rd::rd_kafka_queue_io_event_enable(self.pointer, -1, std::ptr::null(), 0);
            rd::rd_kafka_queue_destroy(self.pointer);
        }
    }
}

/// An event taken from a queue; what it owns lives as long as it does.
pub struct QueueEvent {
    pointer: *mut rd::rd_kafka_event_t,
    _client: Arc<Consumer>,
}

impl QueueEvent {
    pub fn pointer(&self) -> *mut rd::rd_kafka_event_t {
        self.pointer
    }

    pub fn error(&self) -> RDKafkaRespErr {
        // SAFETY: the event is alive.
        unsafe { rd::rd_kafka_event_error(self.pointer) }
    }

    pub fn error_text(&self) -> String {
        // SAFETY: the event is alive and owns the text.
        text(unsafe { rd::rd_kafka_event_error_string(self.pointer) })
    }
}

impl Drop for QueueEvent {
    fn drop(&mut self) {
        // SAFETY: the event is ours and dropped once.
        unsafe { rd::rd_kafka_event_destroy(self.pointer) }
    }
}

/// The offset in a list for calls that ask for none or fill one in: `RD_KAFKA_OFFSET_INVALID` (rdkafka.h).
pub const NO_OFFSET: i64 = -1001;

/// An owned list of partitions, each with a number.
pub struct PartitionList(*mut rd::rd_kafka_topic_partition_list_t);

impl PartitionList {
    /// Makes a list; what the numbers mean depends on the call that takes it.
    pub fn of<'a>(elements: impl ExactSizeIterator<Item = (&'a TopicPartition, i64)>) -> PartitionList {
        let count = i32::try_from(elements.len()).unwrap_or(i32::MAX);
        // SAFETY: no precondition; the list is ours.
        let mut list = PartitionList(unsafe { rd::rd_kafka_topic_partition_list_new(count) });
        for (partition, offset) in elements {
            list.add(&partition.topic, partition.partition, offset);
        }
        list
    }

    /// Makes a list for a call that takes no offsets, or fills them in.
    pub fn without_offsets(partitions: &[TopicPartition]) -> PartitionList {
        PartitionList::of(partitions.iter().map(|partition| (partition, NO_OFFSET)))
    }

    fn add(&mut self, topic: &str, partition: i32, offset: i64) {
        let topic = c_string(topic);
        // SAFETY: the list is alive, the name ends with NUL; the new element belongs to the list.
        unsafe {
            let element = rd::rd_kafka_topic_partition_list_add(self.0, topic.as_ptr(), partition);
            (*element).offset = offset;
        }
    }

    pub fn pointer(&self) -> *mut rd::rd_kafka_topic_partition_list_t {
        self.0
    }

    pub fn elements(&self) -> &[rd::rd_kafka_topic_partition_t] {
        // SAFETY: the list is alive and lent with us.
        unsafe { list_elements(self.0) }
    }
}

impl Drop for PartitionList {
    fn drop(&mut self) {
        // SAFETY: the list is ours and dropped once.
        unsafe { rd::rd_kafka_topic_partition_list_destroy(self.0) }
    }
}

/// # Safety
/// The list must be null or alive for `'a`.
pub unsafe fn list_elements<'a>(
    list: *const rd::rd_kafka_topic_partition_list_t,
) -> &'a [rd::rd_kafka_topic_partition_t] {
    if list.is_null() {
        return &[];
    }
    // SAFETY: the caller vouches for the list; `elems` has `cnt` elements, or is null with none.
    unsafe {
        let count = usize::try_from((*list).cnt).unwrap_or(0);
        if count == 0 { &[] } else { std::slice::from_raw_parts((*list).elems, count) }
    }
}

pub fn native(client: &Consumer) -> *mut rd::rd_kafka_t {
    client.client().native_ptr()
}

/// Changes `fetch.max.bytes` of a running client, beginning with its next fetch.
pub fn set_fetch_max_bytes(client: &Consumer, bytes: i64) {
    set_while_running(client, c"fetch.max.bytes", &bytes.to_string());
}

/// Changes `queued.min.messages` of a running client: how many messages wait in the queue of a partition before nothing
/// more of it is fetched.
pub fn set_queued_min_messages(client: &Consumer, messages: usize) {
    set_while_running(client, c"queued.min.messages", &messages.to_string());
}

/// Changes whether a running client connects only to brokers that something waits for.
pub fn set_sparse_connections(client: &Consumer, is_sparse: bool) {
    set_while_running(client, c"enable.sparse.connections", &is_sparse.to_string());
}

/// Changes one of the few properties that librdkafka reads anew each time; a value out of range is ignored.
fn set_while_running(client: &Consumer, name: &CStr, value: &str) {
    let value = c_string(value);
    // SAFETY: the client is alive, and the object is its own, not a copy (`rd_kafka_conf` of rdkafka.c). That is called
    // read-only, since most properties are used up when a client is made; the callers name those that are an aligned
    // `int` which librdkafka's threads read again and again without a lock: they see the old value or the new one.
    // Nothing else that they read is written.
    unsafe {
        let running = rd::rd_kafka_conf(native(client)).cast_mut();
        rd::rd_kafka_conf_set(running, name.as_ptr(), value.as_ptr(), std::ptr::null_mut(), 0);
    }
}

/// The text behind a C string; empty for null.
pub fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: librdkafka's texts end with NUL.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}

/// The name behind a topic handle of a message that is alive.
pub fn topic_name(handle: usize) -> String {
    // SAFETY: the handle comes from a message in the batch, which keeps its topic alive.
    text(unsafe { rd::rd_kafka_topic_name(handle as *const rd::rd_kafka_topic_t) })
}

/// The bytes behind a pointer; none for null, which differs from an empty value.
pub fn bytes<'a>(pointer: *const c_void, length: usize) -> Option<&'a [u8]> {
    // SAFETY: librdkafka gives `length` bytes behind the pointer, alive as long as the message; the callers
    // tie the result to it.
    (!pointer.is_null()).then(|| unsafe { std::slice::from_raw_parts(pointer.cast(), length) })
}

/// The end of a log as the last fetch reported it, if there was one.
pub fn known_end(client: &Consumer, partition: &TopicPartition) -> Option<i64> {
    let topic = c_string(&partition.topic);
    let (mut low, mut high) = (-1, -1);
    // SAFETY: the client is alive, the name ends with NUL, and both numbers are ours.
    let error = unsafe {
        rd::rd_kafka_get_watermark_offsets(
            native(client),
            topic.as_ptr(),
            partition.partition,
            &raw mut low,
            &raw mut high,
        )
    };
    (error == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0).then_some(high)
}

/// Reads the error code in a structure. librdkafka puts there what the broker has answered, which the binding may
/// have no name for. An enum must not hold such a code, so it becomes `UNKNOWN`.
///
/// # Safety
/// The pointer must be alive.
pub unsafe fn error_code(at: *const RDKafkaRespErr) -> RDKafkaRespErr {
    // SAFETY: the caller vouches for the pointer; an error code is an `int` in C.
    let number = unsafe { *at.cast::<i32>() };
    RDKafkaRespErr::try_from(number).unwrap_or(RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN)
}

/// A name for C. No topic or group that exists has a NUL in its name; a NUL ends the name.
pub fn c_string(name: &str) -> CString {
    let end = name.find('\0').unwrap_or(name.len());
    CString::new(&name[..end]).expect("the name is cut before its first NUL")
}

pub fn milliseconds(limit: Duration) -> i32 {
    i32::try_from(limit.as_millis()).unwrap_or(i32::MAX)
}

/// librdkafka's words for a code; none where all is well.
pub fn code_words(code: RDKafkaRespErr) -> Option<String> {
    (code != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR).then(|| errors::name(code.into()))
}

/// librdkafka's words for an error; none if there is no error.
///
/// # Safety
/// The error must be null or ours; it is destroyed.
pub unsafe fn error_words(error: *mut rd::rd_kafka_error_t) -> Option<String> {
    if error.is_null() {
        return None;
    }
    // SAFETY: the caller vouches for the error.
    unsafe {
        let words = text(rd::rd_kafka_error_string(error));
        rd::rd_kafka_error_destroy(error);
        Some(words)
    }
}

/// Ends the process without running exit handlers: librdkafka's threads may still be at work, and OpenSSL's
/// handler would free what they use.
pub fn leave_process(code: u8) -> ! {
    // SAFETY: no precondition; nothing of ours is to be cleaned up.
    unsafe { libc::_exit(i32::from(code)) }
}
