//! Looks at one partition with a separate client: what comes next in its log, or why nothing does.
//!
//! A consumer cannot tell the end of what it may read from a leader that refuses, throttles or sends what cannot be
//! parsed, since librdkafka handles all of these by itself and goes on trying. Another client that reads only this
//! partition, uncommitted records included, gets the next record or the end, and every error that it gets is about
//! this partition.

use super::client::{self, ClientEvent, Opened};
use super::errors::{self, TroubleKind};
use super::native::{ClientQueue, PartitionList, bytes, c_string, error_code, native};
use super::tokens::supply_consumer;
use super::words;
use crate::alarm::Bell;
use crate::record::TopicPartition;
use crate::tokens::TokenSource;
use rdkafka::bindings as rd;
use rdkafka::types::RDKafkaRespErr;
use std::time::{Duration, Instant};

/// What was found at an offset of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The next record has this offset: there is none before it, committed or not.
    NothingBefore(i64),
    /// The log ends at this offset: there is no record before or after it.
    EndsAt(i64),
    /// The records there cannot be read, for this reason.
    Unreadable(String),
    /// Nobody answered; has the last error, if there was one.
    Unknown(Option<String>),
}

/// How often the same answer has to be unreadable, since one may have been cut short.
const UNREADABLE_ANSWERS: usize = 3;

/// How long one wait for something may take.
const TURN: Duration = Duration::from_millis(20);

/// The probe's own properties, whatever the user has set for the run.
const PROPERTIES: [(&str, &str); 8] = [
    ("group.id", "kcons-probe"),
    ("isolation.level", "read_uncommitted"),
    ("enable.partition.eof", "true"),
    ("enable.auto.commit", "false"),
    ("auto.offset.reset", "error"),
    // One batch is enough.
    ("fetch.message.max.bytes", "1"),
    ("queued.min.messages", "1"),
    // Only this log tells why fetching fails and which answers cannot be parsed.
    ("debug", "fetch,protocol"),
];

/// Properties that make no sense for the probe, which is in no group and commits nothing.
const LEFT_OUT: [&str; 9] = [
    "group.instance.id",
    "group.protocol",
    "group.remote.assignor",
    "partition.assignment.strategy",
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "statistics.interval.ms",
    "max.partition.fetch.bytes",
    "client.rack",
];

/// Looks for the first record at or after `offset`, for no longer than `limit`.
pub fn look(
    properties: &[(String, String)],
    tokens: Option<&TokenSource>,
    bell: Bell,
    (partition, offset): (&TopicPartition, i64),
    limit: Duration,
) -> Finding {
    let is_ours = |name: &str| LEFT_OUT.contains(&name) || PROPERTIES.iter().any(|(own, _)| *own == name);
    let mut own: Vec<(String, String)> =
        properties.iter().filter(|(name, _)| !is_ours(name)).cloned().collect();
    own.extend(PROPERTIES.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let Ok(Opened { client, event_sender, events, .. }) = client::open(&own, true, bell) else {
        return Finding::Unknown(None);
    };
    if let Some(source) = tokens {
        supply_consumer(source, &client, event_sender);
    }
    let messages = ClientQueue::new(&client);
    let own = ClientQueue::of_partition(&client, &c_string(&partition.topic), partition.partition);
    own.forward_to(&messages);
    let list = PartitionList::of([(partition, offset)].into_iter());
    // SAFETY: client and list are alive; the call copies the list.
    unsafe { rd::rd_kafka_assign(native(&client), list.pointer()) };
    let deadline = Instant::now() + limit;
    let mut heard = Heard::default();
    while Instant::now() < deadline {
        // Serves log lines and errors, which become events.
        drop(client.poll(TURN));
        if let Some(finding) = next(&messages) {
            return finding;
        }
        while let Ok(event) = events.try_recv() {
            heard.hear(&event);
        }
        if let Some(why) = heard.unreadable() {
            return Finding::Unreadable(why);
        }
    }
    Finding::Unknown(heard.reason)
}

/// Takes one message; returns none if none came, or if it tells nothing for sure.
fn next(messages: &ClientQueue) -> Option<Finding> {
    let mut message = std::ptr::null_mut();
    // SAFETY: the queue is alive, and there is room for one message, which is ours and destroyed below.
    unsafe { rd::rd_kafka_consume_batch_queue(messages.pointer(), 0, &raw mut message, 1) };
    // SAFETY: null or alive until it is destroyed.
    let borrowed = unsafe { message.as_ref() }?;
    // SAFETY: the message is alive.
    let finding = match unsafe { error_code(&raw const borrowed.err) } {
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Some(Finding::NothingBefore(borrowed.offset)),
        RDKafkaRespErr::RD_KAFKA_RESP_ERR__PARTITION_EOF => Some(Finding::EndsAt(borrowed.offset)),
        code => {
            let reason = bytes(borrowed.payload, borrowed.len).map(String::from_utf8_lossy);
            let trouble = errors::trouble(code.into(), &reason.unwrap_or_default());
            let is_unreadable = trouble.kind == TroubleKind::BadRecord
                || code == RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
            is_unreadable.then_some(Finding::Unreadable(trouble.reason))
        }
    };
    // SAFETY: the message is ours and not used any more.
    unsafe { rd::rd_kafka_message_destroy(message) };
    finding
}

/// What the client reported while nothing came.
#[derive(Default)]
struct Heard {
    unparsed: usize,
    too_large: Option<i32>,
    reason: Option<String>,
}

impl Heard {
    fn hear(&mut self, event: &ClientEvent) {
        match event {
            ClientEvent::Log(line) => self.hear_line(line),
            ClientEvent::Trouble(trouble) => {
                if let Some(size) = words::oversize(&trouble.reason) {
                    self.too_large = Some(size);
                }
                // The probe is in no group, so what a coordinator says is of no interest.
                let is_about_fetching = matches!(
                    trouble.kind,
                    TroubleKind::Transport
                        | TroubleKind::Authentication
                        | TroubleKind::Tls
                        | TroubleKind::TopicAuthorization
                );
                if !is_about_fetching {
                    return;
                }
                let cause = errors::cause(&trouble.reason);
                self.reason = Some(match cause.broker {
                    Some(broker) => format!("`{broker}`: {}", cause.words),
                    None => cause.words,
                });
            }
            ClientEvent::Assigned(_)
            | ClientEvent::Revoked { .. }
            | ClientEvent::Answered
            | ClientEvent::Fetched(_) => {}
        }
    }

    /// `PROTOERR` and `PROTOUFLOW`: an answer that could not be parsed (`rdkafka_buf.h`); `FETCHERR`: the error
    /// that the leader answered with (`rd_kafka_fetch_reply_handle_partition_error`).
    fn hear_line(&mut self, line: &str) {
        let is_unparsed = line.starts_with("PROTOERR: ") || line.starts_with("PROTOUFLOW: ");
        if is_unparsed && line.contains(" for Fetch ") {
            self.unparsed += 1;
        }
        if line.starts_with("FETCHERR: ")
            && let Some((_, code)) = line.rsplit_once(": ")
        {
            self.reason = Some(format!("its leader answers {code}"));
        }
    }

    fn unreadable(&self) -> Option<String> {
        match &self.too_large {
            Some(size) => Some(format!("an answer of {size} bytes is above `receive.message.max.bytes`")),
            None => (self.unparsed >= UNREADABLE_ANSWERS).then(|| "its records are malformed".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::errors::Trouble;

    #[test]
    fn an_answer_that_cannot_be_parsed_counts_when_it_comes_again() {
        let mut heard = Heard::default();
        let line = "PROTOUFLOW: [thrd:b:1/1]: b:1/1: Protocol read buffer underflow for Fetch v16 at 1/2";
        for _ in 1..UNREADABLE_ANSWERS {
            heard.hear_line(line);
            heard.hear_line("PROTOERR: [thrd:b:1/1]: b:1/1: the details of it");
            assert_eq!(heard.unreadable(), None);
        }
        heard.hear_line(line);
        assert_eq!(heard.unreadable().as_deref(), Some("its records are malformed"));
    }

    #[test]
    fn an_answer_of_another_protocol_is_not_too_large() {
        for (size, is_too_large) in [(120_000_149, true), (i32::from_be_bytes(*b"HTTP"), false)] {
            let reason = format!(
                "b:1/1: Receive failed: Invalid response size {size} (0..100000000): increase receive.message.max.bytes"
            );
            let mut heard = Heard::default();
            heard.hear(&ClientEvent::Trouble(Trouble { kind: TroubleKind::Other, reason }));
            assert_eq!(heard.unreadable().is_some(), is_too_large, "{size}");
        }
    }

    #[test]
    fn what_the_leader_answers_is_a_reason() {
        let mut heard = Heard::default();
        heard.hear_line(
            "FETCHERR: [thrd:b:1/1]: b:1/1: t [0]: Fetch failed at offset 5 (leader epoch 0): NOT_LEADER_OR_FOLLOWER",
        );
        assert_eq!(heard.reason.as_deref(), Some("its leader answers NOT_LEADER_OR_FOLLOWER"));
    }
}
