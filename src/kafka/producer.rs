//! A producer for dead letters and `--forward`: idempotent, acknowledged by all replicas, never waited for.

use super::client::ClientEvent;
use super::errors::{self, Trouble};
use super::native::{c_string, error_code, milliseconds, text};
use super::properties;
use super::tokens::{self, LeakedClient, TokenTarget};
use crate::settings::known::{KnownProperties, Side};
use crate::tokens::TokenSource;
use rdkafka::bindings as rd;
use rdkafka::config::ClientConfig;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::{c_char, c_void};
use std::os::fd::RawFd;
use std::time::Duration;

/// The properties that our producer needs, whatever the consumer's properties say.
///
/// The partition of a record follows from its key as with Java clients, and the broker decides which records are too
/// large. More requests in flight would be an error with idempotence.
const OWN: &[(&str, &str)] = &[
    ("enable.idempotence", "true"),
    ("acks", "all"),
    ("partitioner", "murmur2_random"),
    ("message.max.bytes", "1000000000"),
    ("allow.auto.create.topics", "false"),
    ("max.in.flight.requests.per.connection", "5"),
    ("statistics.interval.ms", "0"),
    ("log.queue", "true"),
];

/// Sends every record at once unless the user has set `linger.ms`, which arrives here by this name.
const AT_ONCE: (&str, &str) = ("queue.buffering.max.ms", "0");

/// How many events are taken from the client in one call.
const EVENTS_A_TURN: usize = 100;

/// A record to be produced, with the current time as its timestamp. `None` is Kafka's null, which differs from
/// empty.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    pub topic: &'a str,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
    /// The headers in their order; names may occur more than once.
    pub headers: &'a [(&'a [u8], Option<&'a [u8]>)],
}

/// Why a record was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendRefusal {
    /// Too many records are on their way; try again after a report.
    Full,
    Failed(Trouble),
}

/// What became of a record that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub ticket: u64,
    pub result: Result<(), Trouble>,
    /// Whether this record, or the batch that it was sent in, is larger than the topic allows.
    pub is_too_large: bool,
}

/// The producer, owned by the poller. No call waits for anything.
///
/// The client is never destroyed: with a silent broker that could take for ever, and the process ends anyway.
pub struct Producer {
    client: *mut rd::rd_kafka_t,
    queue: *mut rd::rd_kafka_queue_t,
    reports: RefCell<VecDeque<Report>>,
    events: RefCell<VecDeque<ClientEvent>>,
}

impl Producer {
    /// Makes the client from the consumer's properties. It connects in the background and rings the alarm with this
    /// descriptor.
    ///
    /// # Errors
    /// The properties do not fit together, in librdkafka's words.
    pub fn open(
        properties: &[(String, String)],
        tokens: Option<&TokenSource>,
        is_verbose: bool,
        alarm: RawFd,
    ) -> Result<Producer, String> {
        let known = properties::known().map_err(|error| error.to_string())?;
        let mut config = ClientConfig::new();
        config.set(AT_ONCE.0, AT_ONCE.1);
        for (name, value) in properties {
            if is_taken(&known, name) {
                config.set(name, value);
            }
        }
        for (name, value) in OWN {
            config.set(*name, *value);
        }
        config.set("log_level", if is_verbose { "7" } else { "6" });
        let config = config.create_native_config().map_err(|error| error.to_string())?;
        let events = rd::RD_KAFKA_EVENT_DR | rd::RD_KAFKA_EVENT_ERROR | rd::RD_KAFKA_EVENT_LOG;
        let mut words = [0u8; 512];
        // SAFETY: the configuration is alive; the client takes a copy of its own, the buffer has the length told.
        let client = unsafe {
            let config = rd::rd_kafka_conf_dup(config.ptr());
            rd::rd_kafka_conf_set_events(config, events);
            let kind = rd::rd_kafka_type_t::RD_KAFKA_PRODUCER;
            let client = rd::rd_kafka_new(kind, config, words.as_mut_ptr().cast::<c_char>(), words.len());
            if client.is_null() {
                // Only a client that was made owns its configuration.
                rd::rd_kafka_conf_destroy(config);
                return Err(text(words.as_ptr().cast::<c_char>()));
            }
            client
        };
        // SAFETY: the client is alive as long as the process, the alarm's descriptor too; the payload is copied.
        let queue = unsafe {
            rd::rd_kafka_set_log_queue(client, std::ptr::null_mut());
            let queue = rd::rd_kafka_queue_get_main(client);
            let payload = [1u8].as_ptr().cast::<c_void>();
            rd::rd_kafka_queue_io_event_enable(queue, alarm, payload, 1);
            queue
        };
        if let Some(source) = tokens {
            // The consumer asks the same endpoint and tells what goes wrong.
            tokens::supply(source, TokenTarget::Producer(LeakedClient(client)), |_| {});
        }
        Ok(Producer { client, queue, reports: RefCell::default(), events: RefCell::default() })
    }

    /// Gives records of one topic that many milliseconds to be acknowledged; 0 is no limit. Before the first of them.
    ///
    /// # Errors
    /// The limit does not fit the other properties, in librdkafka's words.
    pub fn limit_time(&self, topic: &str, milliseconds: u128) -> Result<(), String> {
        let (name, property, value) =
            (c_string(topic), c_string("message.timeout.ms"), c_string(&milliseconds.to_string()));
        let mut words = [0u8; 512];
        // SAFETY: the client and all texts are alive, the buffer has the length told; the configuration is the topic's from
        // then on, even if it is refused. The topic is never destroyed, so that the client goes on using it.
        let topic = unsafe {
            let config = rd::rd_kafka_default_topic_conf_dup(self.client);
            let (start, length) = (words.as_mut_ptr().cast::<c_char>(), words.len());
            rd::rd_kafka_topic_conf_set(config, property.as_ptr(), value.as_ptr(), start, length);
            rd::rd_kafka_topic_new(self.client, name.as_ptr(), config)
        };
        match topic.is_null() {
            false => Ok(()),
            true => Err("`message.timeout.ms` must be greater than `linger.ms`".to_owned()),
        }
    }

    /// Hands a record over; `ticket` comes back with its report.
    ///
    /// # Errors
    /// The record was not taken, and no report will come.
    pub fn send(&self, ticket: u64, outgoing: &Outgoing<'_>) -> Result<(), SendRefusal> {
        let topic = c_string(outgoing.topic);
        let headers = Headers::of(outgoing.headers).map_err(|code| SendRefusal::Failed(failed(code, "")))?;
        let parts = [
            part(rd::rd_kafka_vtype_t::RD_KAFKA_VTYPE_TOPIC, |u| u.cstr = topic.as_ptr()),
            part(rd::rd_kafka_vtype_t::RD_KAFKA_VTYPE_MSGFLAGS, |u| u.i = rd::RD_KAFKA_MSG_F_COPY),
            part(rd::rd_kafka_vtype_t::RD_KAFKA_VTYPE_KEY, |u| u.mem = memory(outgoing.key)),
            part(rd::rd_kafka_vtype_t::RD_KAFKA_VTYPE_VALUE, |u| u.mem = memory(outgoing.value)),
            part(rd::rd_kafka_vtype_t::RD_KAFKA_VTYPE_OPAQUE, |u| u.ptr = ticket as usize as *mut c_void),
            part(rd::rd_kafka_vtype_t::RD_KAFKA_VTYPE_HEADERS, |u| u.headers = headers.0),
        ];
        // SAFETY: all parts are alive over the call, which copies them; it takes the headers if it succeeds.
        let error = unsafe { rd::rd_kafka_produceva(self.client, parts.as_ptr(), parts.len()) };
        if error.is_null() {
            std::mem::forget(headers);
            return Ok(());
        }
        // SAFETY: the error is ours and destroyed once.
        let trouble = unsafe {
            let code = rd::rd_kafka_error_code(error);
            let words = text(rd::rd_kafka_error_string(error));
            rd::rd_kafka_error_destroy(error);
            if code == RDKafkaRespErr::RD_KAFKA_RESP_ERR__QUEUE_FULL {
                return Err(SendRefusal::Full);
            }
            failed(code, &words)
        };
        Err(SendRefusal::Failed(trouble))
    }

    /// Returns the next delivery report, if one has come.
    pub fn report(&self) -> Option<Report> {
        self.serve();
        self.reports.borrow_mut().pop_front()
    }

    /// Returns the next error or log line of the client.
    pub fn event(&self) -> Option<ClientEvent> {
        self.serve();
        self.events.borrow_mut().pop_front()
    }

    /// Returns the fatal error of the client after which nothing is delivered any more, if there is one.
    pub fn fatal_error(&self) -> Option<Trouble> {
        let mut words = [0u8; 512];
        // SAFETY: the client is alive; the buffer has the length told.
        let code = unsafe {
            rd::rd_kafka_fatal_error(self.client, words.as_mut_ptr().cast::<c_char>(), words.len())
        };
        let is_fatal = code != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR;
        is_fatal.then(|| failed(code, &text(words.as_ptr().cast::<c_char>())))
    }

    fn serve(&self) {
        for _ in 0..EVENTS_A_TURN {
            if !self.take(Duration::ZERO) {
                break;
            }
        }
    }

    /// Takes one event of the client, waiting at most `limit`; returns whether there was one.
    fn take(&self, limit: Duration) -> bool {
        // SAFETY: the queue is alive; the event is ours, all it lends is copied before it is destroyed, once.
        unsafe {
            let event = rd::rd_kafka_queue_poll(self.queue, milliseconds(limit));
            if event.is_null() {
                return false;
            }
            match rd::rd_kafka_event_type(event) {
                rd::RD_KAFKA_EVENT_DR => self.take_reports(event),
                rd::RD_KAFKA_EVENT_LOG => self.take_line(event),
                rd::RD_KAFKA_EVENT_ERROR => {
                    let code = rd::rd_kafka_event_error(event);
                    let trouble = failed(code, &text(rd::rd_kafka_event_error_string(event)));
                    self.events.borrow_mut().push_back(ClientEvent::Trouble(trouble));
                }
                // Nothing else was asked for.
                _ => {}
            }
            rd::rd_kafka_event_destroy(event);
            true
        }
    }

    /// # Safety
    /// The event must be alive and carry delivery reports.
    unsafe fn take_reports(&self, event: *mut rd::rd_kafka_event_t) {
        // SAFETY: the caller vouches for the event, which owns its messages.
        while let Some(message) = unsafe { rd::rd_kafka_event_message_next(event).as_ref() } {
            // SAFETY: the message is alive.
            let code = unsafe { error_code(&raw const message.err) };
            let result = match code {
                RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
                code => Err(failed(code, "")),
            };
            let ticket = message._private as usize as u64;
            let is_too_large = matches!(
                code,
                RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE
                    | RDKafkaRespErr::RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE
            );
            self.reports.borrow_mut().push_back(Report { ticket, result, is_too_large });
        }
    }

    /// # Safety
    /// The event must be alive and carry a log line.
    unsafe fn take_line(&self, event: *mut rd::rd_kafka_event_t) {
        let (mut facility, mut line, mut level) = (std::ptr::null(), std::ptr::null(), 0);
        // SAFETY: the caller vouches for the event, which owns the texts.
        if unsafe { rd::rd_kafka_event_log(event, &raw mut facility, &raw mut line, &raw mut level) } == 0 {
            let line = format!("{}: {}", text(facility), text(line));
            self.events.borrow_mut().push_back(ClientEvent::Log(line));
        }
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        // SAFETY: the queue is ours and dropped once; the descriptor is taken off first. The client stays.
        unsafe {
            rd::rd_kafka_queue_io_event_enable(self.queue, -1, std::ptr::null(), 0);
            rd::rd_kafka_queue_destroy(self.queue);
        }
    }
}

/// The headers of a record until they are handed over with it.
struct Headers(*mut rd::rd_kafka_headers_t);

impl Headers {
    fn of(headers: &[(&[u8], Option<&[u8]>)]) -> Result<Headers, RDKafkaRespErr> {
        // SAFETY: no precondition; the list is ours.
        let list = Headers(unsafe { rd::rd_kafka_headers_new(headers.len()) });
        for (name, value) in headers {
            let memory = memory(*value);
            let length = |size: usize| isize::try_from(size).unwrap_or(isize::MAX);
            // SAFETY: list, name and value are alive over the call, which copies the two.
            let code = unsafe {
                let name_start = name.as_ptr().cast::<c_char>();
                rd::rd_kafka_header_add(
                    list.0,
                    name_start,
                    length(name.len()),
                    memory.ptr,
                    length(memory.size),
                )
            };
            if code != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
                return Err(code);
            }
        }
        Ok(list)
    }
}

impl Drop for Headers {
    fn drop(&mut self) {
        // SAFETY: the list is ours and dropped once.
        unsafe { rd::rd_kafka_headers_destroy(self.0) }
    }
}

type Union = rd::rd_kafka_vu_s__bindgen_ty_1;
type Memory = rd::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1;

fn part(vtype: rd::rd_kafka_vtype_t, fill: impl FnOnce(&mut Union)) -> rd::rd_kafka_vu_t {
    let mut u = Union { _pad: [0; 64] };
    fill(&mut u);
    rd::rd_kafka_vu_t { vtype, u }
}

/// Null has no pointer, while empty bytes have one.
fn memory(bytes: Option<&[u8]>) -> Memory {
    match bytes {
        None => Memory { ptr: std::ptr::null_mut(), size: 0 },
        Some(bytes) => Memory { ptr: bytes.as_ptr().cast_mut().cast::<c_void>(), size: bytes.len() },
    }
}

/// Whether a property of the consumer applies to a producer, too.
fn is_taken(known: &KnownProperties, name: &str) -> bool {
    known.get(name).is_some_and(|property| match property.side {
        Side::Both | Side::Producer => !name.starts_with("test.mock."),
        Side::Consumer => false,
    })
}

fn failed(code: RDKafkaRespErr, words: &str) -> Trouble {
    let code: RDKafkaErrorCode = code.into();
    errors::trouble(code, words)
}

#[cfg(test)]
mod tests;
