//! Single messages of librdkafka: what they tell, and those that are ours.

use super::merge::Timed;
use super::native::ClientQueue;
use super::recycler::destroy;
use rdkafka::bindings as rd;
use std::collections::VecDeque;
use std::ptr;

/// A message that is destroyed unless it is handed on.
pub struct OwnedMessage(*mut rd::rd_kafka_message_t);

impl OwnedMessage {
    /// Takes a message over; none if the pointer is a gap.
    ///
    /// # Safety
    /// The message must be ours, and no other pointer to it be used.
    pub unsafe fn of(pointer: *mut rd::rd_kafka_message_t) -> Option<OwnedMessage> {
        (!pointer.is_null()).then_some(OwnedMessage(pointer))
    }

    /// Takes up to `limit` messages out of a queue, without waiting, and adds them with their timestamps.
    pub fn take(queue: &ClientQueue, limit: usize, messages: &mut VecDeque<Timed<OwnedMessage>>) {
        let mut taken: Vec<*mut rd::rd_kafka_message_t> = Vec::with_capacity(limit);
        // SAFETY: the queue is alive and the buffer has room for `limit` pointers; the call writes the first `count` of
        // them, and the messages are ours.
        unsafe {
            let count = rd::rd_kafka_consume_batch_queue(queue.pointer(), 0, taken.as_mut_ptr(), limit);
            taken.set_len(usize::try_from(count).unwrap_or(0));
        }
        messages.extend(taken.into_iter().map(|pointer| {
            let message = OwnedMessage(pointer);
            (message.timestamp(), message)
        }));
    }

    /// Hands the message on; whoever gets the pointer destroys it.
    pub fn into_pointer(mut self) -> *mut rd::rd_kafka_message_t {
        std::mem::replace(&mut self.0, ptr::null_mut())
    }

    /// Whether it is a record and no error.
    pub fn is_record(&self) -> bool {
        is_record(self.message())
    }

    /// The timestamp of a record. An error has none, so that it is told at once.
    pub fn timestamp(&self) -> Option<i64> {
        timestamp(self.message()).filter(|_| self.is_record())
    }

    fn message(&self) -> &rd::rd_kafka_message_t {
        // SAFETY: the message is ours and alive until we destroy it or hand it on.
        unsafe { &*self.0 }
    }
}

impl Drop for OwnedMessage {
    fn drop(&mut self) {
        destroy(&mut self.0);
    }
}

/// Milliseconds since 1970; none if the message has no timestamp.
pub fn timestamp(message: &rd::rd_kafka_message_t) -> Option<i64> {
    let mut kind = rd::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    // SAFETY: the message is alive.
    let timestamp = unsafe { rd::rd_kafka_message_timestamp(message, &raw mut kind) };
    let has_timestamp = kind != rd::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    (has_timestamp && timestamp >= 0).then_some(timestamp)
}

/// Whether a message is no error; its code may be one that has no name here.
pub fn is_record(message: &rd::rd_kafka_message_t) -> bool {
    // SAFETY: the message is alive; an error code is an `int` in C.
    unsafe { *(&raw const message.err).cast::<i32>() == 0 }
}
