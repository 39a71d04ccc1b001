//! Records taken from the shared queue in one call, lent out one by one.

use super::message::{OwnedMessage, is_record, timestamp};
use super::native::{ClientQueue, bytes, error_code, topic_name};
use super::recycler::{Recycler, destroy};
use crate::record::{Header, Record, TopicPartition};
use rdkafka::bindings as rd;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use std::ffi::CStr;

/// More in one call makes nothing faster.
pub const SIZE: usize = 1000;

/// Owns the messages of one batch until all of them are looked at.
pub struct Batch {
    messages: Vec<*mut rd::rd_kafka_message_t>,
    /// The message looked at last.
    current: Option<usize>,
    recycler: Recycler,
    headers: Vec<Header<'static>>,
}

/// What identifies the partition of a message: librdkafka's topic handle and the number.
pub type Origin = (usize, i32);

impl Batch {
    pub fn new() -> Batch {
        Batch {
            messages: Vec::with_capacity(SIZE),
            current: None,
            recycler: Recycler::start(),
            headers: Vec::new(),
        }
    }

    /// Takes what is in the queue, without waiting: with a time-out the call would wait until the batch is
    /// full. Only when the last batch is used up.
    pub fn fill(&mut self, queue: &ClientQueue) {
        self.clear();
        // SAFETY: the queue is alive and the buffer has room for SIZE pointers; the call writes the first
        // `count` of them, and the messages are ours.
        unsafe {
            let count =
                rd::rd_kafka_consume_batch_queue(queue.pointer(), 0, self.messages.as_mut_ptr(), SIZE);
            self.messages.set_len(usize::try_from(count).unwrap_or(0));
        }
    }

    /// Takes messages from elsewhere, in their order. Only when the last batch is used up.
    pub fn fill_with(&mut self, messages: impl Iterator<Item = OwnedMessage>) {
        self.clear();
        self.messages.extend(messages.map(OwnedMessage::into_pointer));
    }

    /// Takes the message at a place out of the batch, which leaves a gap there.
    pub fn take_out(&mut self, place: usize) -> Option<OwnedMessage> {
        let pointer = std::mem::replace(self.messages.get_mut(place)?, std::ptr::null_mut());
        // SAFETY: the message is ours, and there is no pointer to it any more.
        unsafe { OwnedMessage::of(pointer) }
    }

    /// Nothing is left to look at.
    pub fn is_used_up(&self) -> bool {
        self.current.map_or(0, |current| current + 1) >= self.messages.len()
    }

    /// Goes on to the next message and tells where it comes from.
    pub fn advance(&mut self) -> Option<Origin> {
        let origin = self.step();
        if origin.is_none() {
            self.clear();
        }
        origin
    }

    /// As `advance`, but behind the last message all of them are still there.
    pub fn step(&mut self) -> Option<Origin> {
        let start = self.current.map_or(0, |current| current + 1);
        // A purged message leaves a hole.
        let next = (start..self.messages.len()).find(|index| !self.messages[*index].is_null())?;
        self.current = Some(next);
        self.message().map(|message| (message.rkt as usize, message.partition))
    }

    /// The place of the message looked at last.
    pub fn place(&self) -> Option<usize> {
        self.current
    }

    /// Goes back to a place.
    pub fn go_back(&mut self, place: Option<usize>) {
        self.current = place;
    }

    /// The current message is an error.
    pub fn is_error(&self) -> bool {
        self.message().is_some_and(|message| !is_record(message))
    }

    /// Drops what is left of one partition: its assignment ended.
    pub fn purge(&mut self, partition: &TopicPartition) {
        self.drop_those(partition, |_| true);
    }

    /// Drops the records that are left of one partition, which are read again. Its errors are told once only.
    pub fn purge_records(&mut self, partition: &TopicPartition) {
        self.drop_those(partition, is_record);
    }

    fn drop_those(&mut self, partition: &TopicPartition, is_wrong: impl Fn(&rd::rd_kafka_message_t) -> bool) {
        let start = self.current.map_or(0, |current| current + 1);
        for pointer in self.messages.iter_mut().skip(start) {
            // SAFETY: a message that is not null is alive until we destroy it.
            let Some(message) = (unsafe { pointer.as_ref() }) else { continue };
            // One that was never looked at may have no origin noted yet: compare by name.
            if message.partition == partition.partition
                && *topic_name(message.rkt as usize) == *partition.topic
                && is_wrong(message)
            {
                destroy(pointer);
            }
        }
    }

    /// The topic of the current message.
    pub fn topic(&self) -> String {
        self.message().map_or_else(String::new, |message| topic_name(message.rkt as usize))
    }

    /// The error that the current message stands for, its offset and its text.
    pub fn error(&self) -> Option<(RDKafkaErrorCode, i64, String)> {
        let message = self.message()?;
        if is_record(message) {
            return None;
        }
        let reason = bytes(message.payload, message.len).map(String::from_utf8_lossy);
        // SAFETY: the message is alive.
        let code = unsafe { error_code(&raw const message.err) };
        Some((code.into(), message.offset, reason.unwrap_or_default().into_owned()))
    }

    /// The current message as a record of `topic`; it lends the message's memory. librdkafka parses headers when they are
    /// asked for, which costs more than all else that is done for a record, even where there are none.
    pub fn record<'a>(&'a mut self, topic: &'a str, with_headers: bool) -> Option<Record<'a>> {
        let mut headers = std::mem::take(&mut self.headers);
        let message = self.message()?;
        headers.clear();
        if with_headers {
            read_headers(message, &mut headers);
        }
        // SAFETY: the names and values live as long as the message, which is destroyed by `clear` at the
        // earliest; the record borrows `self` until then, and `headers` is cleared before it is filled again.
        self.headers = unsafe { std::mem::transmute::<Vec<Header<'_>>, Vec<Header<'static>>>(headers) };
        let message = self.message()?;
        Some(Record {
            topic,
            partition: message.partition,
            offset: message.offset,
            timestamp: timestamp(message),
            key: bytes(message.key, message.key_len),
            value: bytes(message.payload, message.len),
            headers: &self.headers,
        })
    }

    /// Records that are not looked at yet: where each stands, and the bytes of its key and value.
    pub fn sizes(&self) -> impl Iterator<Item = (usize, usize)> {
        let start = self.current.map_or(0, |current| current + 1);
        self.messages.iter().enumerate().skip(start).filter_map(|(index, message)| {
            // SAFETY: a message that is not null is alive until we destroy it.
            let message = unsafe { message.as_ref() }?;
            is_record(message).then(|| (index, message.len + message.key_len))
        })
    }

    /// Copies keys and values to the end of `target`, at most `limit` bytes: from the largest record on, then
    /// those before it. Returns how many records it touched.
    pub fn copy_from_largest(&self, limit: usize, target: &mut Vec<u8>) -> usize {
        let Some((largest, _)) = self.sizes().max_by_key(|(_, size)| *size) else { return 0 };
        let end = target.len() + limit;
        let (before, from): (Vec<_>, Vec<_>) = self.sizes().partition(|(index, _)| *index < largest);
        let mut records = 0;
        for (index, _) in from.into_iter().chain(before) {
            if target.len() >= end {
                break;
            }
            records += 1;
            // SAFETY: a message that is not null is alive until we destroy it.
            let Some(message) = (unsafe { self.messages[index].as_ref() }) else { continue };
            for part in [bytes(message.key, message.key_len), bytes(message.payload, message.len)] {
                let part = part.unwrap_or_default();
                target.extend_from_slice(&part[..part.len().min(end - target.len())]);
            }
        }
        records
    }

    fn message(&self) -> Option<&rd::rd_kafka_message_t> {
        let message = *self.messages.get(self.current?)?;
        // SAFETY: a message that is not null is alive until we destroy it.
        unsafe { message.as_ref() }
    }

    fn clear(&mut self) {
        self.current = None;
        self.recycler.take(&mut self.messages);
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.clear();
    }
}

fn read_headers<'a>(message: &'a rd::rd_kafka_message_t, headers: &mut Vec<Header<'a>>) {
    let mut list = std::ptr::null_mut();
    // SAFETY: the message is alive; the list belongs to it.
    let code = unsafe { rd::rd_kafka_message_headers(message, &raw mut list) };
    if code != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
        return;
    }
    for index in 0.. {
        let (mut name, mut value, mut size) = (std::ptr::null(), std::ptr::null(), 0);
        // SAFETY: the list is alive; name and value belong to it.
        let code =
            unsafe { rd::rd_kafka_header_get_all(list, index, &raw mut name, &raw mut value, &raw mut size) };
        if code != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return;
        }
        // SAFETY: header names end with NUL.
        let name = unsafe { CStr::from_ptr(name) }.to_bytes();
        headers.push(Header { name, value: bytes(value, size) });
    }
}
