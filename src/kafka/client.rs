//! The consumer and its callbacks, which record what happened and return; the loop acts on it.

use super::certificate::{self, Verifier};
use super::errors::{self, Trouble};
use super::families;
use super::outage::Outage;
use crate::alarm::Bell;
use crate::record::TopicPartition;
use memchr::memmem;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext as _, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, TopicPartitionList};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

pub type Consumer = BaseConsumer<Callbacks>;

/// What the client has to tell, in the order it happened.
pub enum ClientEvent {
    Assigned(Vec<TopicPartition>),
    Revoked {
        partitions: Vec<TopicPartition>,
        is_lost: bool,
    },
    Trouble(Trouble),
    /// A line of librdkafka's own log.
    Log(String),
    /// A look-up on a helper thread is done: `Source::answer` has its answer. In line with the rest, since an answer
    /// may be about what the group has taken back since.
    Answered,
    /// How far fetching is in each partition; sent after `Source::ask_statistics`, and when a quota slows us down.
    Fetched(Vec<(TopicPartition, Fetched)>),
}

/// How far fetching is in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The offset that is fetched next. Unlike the application's position, it passes batches without records.
    pub next: i64,
    /// Whether the partition is being fetched; if not, `next` is out of date.
    pub is_active: bool,
    /// The longest time that its leader has made this client wait since the last statistics, because of a quota.
    pub throttle: Duration,
}

/// Sends events to the loop, from any thread.
#[derive(Clone)]
pub struct EventSender {
    events: Sender<ClientEvent>,
    bell: Bell,
}

impl EventSender {
    pub fn bell(&self) -> Bell {
        self.bell.clone()
    }

    pub fn send(&self, event: ClientEvent) {
        // The receiver goes away only when the run is over.
        let _ = self.events.send(event);
        self.bell.ring();
    }
}

/// What librdkafka calls back; every call becomes an event.
pub struct Callbacks {
    event_sender: EventSender,
    wants_statistics: Arc<AtomicBool>,
    verifier: Verifier,
    pub outage: Outage,
}

impl Callbacks {
    fn send(&self, event: ClientEvent) {
        self.event_sender.send(event);
    }
}

/// A client that connects in the background, and the events that it sends.
pub struct Opened {
    pub client: Arc<Consumer>,
    pub event_sender: EventSender,
    pub events: Receiver<ClientEvent>,
    /// Set to have the next statistics sent as an event.
    pub wants_statistics: Arc<AtomicBool>,
}

/// Makes a client, which waits for its first token if it needs any.
///
/// # Errors
/// The properties do not fit together, in librdkafka's words.
pub fn open(properties: &[(String, String)], is_verbose: bool, bell: Bell) -> Result<Opened, String> {
    let mut config = ClientConfig::new();
    for (name, value) in properties {
        config.set(name, value);
    }
    // The binding would ask the `log` crate; a disconnect while connecting is told at `Info` only.
    config.set_log_level(if is_verbose { RDKafkaLogLevel::Debug } else { RDKafkaLogLevel::Info });
    let (sender, events) = mpsc::channel();
    let event_sender = EventSender { events: sender, bell };
    let wants_statistics = Arc::new(AtomicBool::new(false));
    let context = Callbacks {
        event_sender: event_sender.clone(),
        wants_statistics: Arc::clone(&wants_statistics),
        verifier: Verifier::of(properties),
        outage: Outage::default(),
    };
    let client = Consumer::from_config_and_context(&config, context).map_err(|error| error.to_string())?;
    let client = Arc::new(client);
    Ok(Opened { client, event_sender, events, wants_statistics })
}

impl ClientContext for Callbacks {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, line: &str) {
        self.send(ClientEvent::Log(format!("{facility}: {line}")));
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let Some(code) = error.rdkafka_error_code() else { return };
        let trouble = errors::trouble(code, reason);
        if trouble.kind.is_absence() {
            self.outage.notice(Instant::now());
        }
        let (is_distrusted, is_strange) =
            (certificate::is_unexplained(&trouble), families::is_unexplained(&trouble));
        if !is_distrusted && !is_strange {
            return self.send(ClientEvent::Trouble(trouble));
        }
        let (event_sender, verifier) = (self.event_sender.clone(), self.verifier.clone());
        let explain = move || {
            let explained = if is_strange { families::explain(trouble) } else { verifier.explain(trouble) };
            event_sender.send(ClientEvent::Trouble(explained));
        };
        // If the system is out of threads, librdkafka tries again and reports it again.
        drop(std::thread::Builder::new().name("explain".to_owned()).spawn(explain));
    }

    fn stats_raw(&self, statistics: &[u8]) {
        // A new quota is reported once, without being asked for.
        if (self.wants_statistics.swap(false, Ordering::Relaxed) || tells_of_quota(statistics))
            && let Ok(statistics) = serde_json::from_slice::<serde_json::Value>(statistics)
        {
            self.send(ClientEvent::Fetched(fetched(&statistics)));
        }
    }
}

impl ConsumerContext for Callbacks {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, kind: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let partitions = partitions(list);
        self.send(if kind == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            ClientEvent::Assigned(partitions)
        } else {
            ClientEvent::Revoked { partitions, is_lost: consumer.assignment_lost() }
        });
    }
}

pub fn topic_partition(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition { topic: Arc::from(topic), partition }
}

fn partitions(list: &TopicPartitionList) -> Vec<TopicPartition> {
    list.elements().iter().map(|element| topic_partition(element.topic(), element.partition())).collect()
}

/// Whether statistics show a broker that makes us wait. Looking costs next to nothing, so that each can be looked
/// at.
fn tells_of_quota(mut statistics: &[u8]) -> bool {
    const THROTTLE: &[u8] = b"\"throttle\"";
    const MOST: &[u8] = b"\"max\":";
    while let Some(at) = memmem::find(statistics, THROTTLE) {
        statistics = &statistics[at + THROTTLE.len()..];
        let most = memmem::find(statistics, MOST).map(|at| statistics[at + MOST.len()..].trim_ascii_start());
        if most.and_then(<[u8]>::first).is_some_and(|digit| matches!(digit, b'1'..=b'9')) {
            return true;
        }
    }
    false
}

/// Reads `next_offset` of every partition, and how long its leader makes us wait (STATISTICS.md of librdkafka).
fn fetched(statistics: &serde_json::Value) -> Vec<(TopicPartition, Fetched)> {
    let brokers = statistics["brokers"].as_object();
    let throttle = |leader: &serde_json::Value| {
        let broker = brokers.into_iter().flatten().find(|(_, broker)| broker["nodeid"] == *leader);
        Duration::from_millis(broker.and_then(|(_, broker)| broker["throttle"]["max"].as_u64()).unwrap_or(0))
    };
    let mut positions = Vec::new();
    for (topic, facts) in statistics["topics"].as_object().into_iter().flatten() {
        for (partition, facts) in facts["partitions"].as_object().into_iter().flatten() {
            if let (Ok(partition), Some(next)) = (partition.parse(), facts["next_offset"].as_i64()) {
                let is_active = facts["fetch_state"] == "active";
                let fetched = Fetched { next, is_active, throttle: throttle(&facts["leader"]) };
                positions.push((topic_partition(topic, partition), fetched));
            }
        }
    }
    positions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_seen_without_reading_all_of_the_statistics() {
        for (statistics, expected) in [
            (&br#"{"rtt": { "min":1, "max":7 }, "throttle": { "min":0, "max":0, "avg":0 }}"#[..], false),
            (br#"{"a": {"throttle": {"min":0, "max":0}}, "b": {"throttle": { "min":3, "max":1200}}}"#, true),
            (br#"{"throttle": {"min":0,"max": 5"#, true),
            (br#"{"throttle""#, false),
            (b"{}", false),
        ] {
            assert_eq!(tells_of_quota(statistics), expected, "{:?}", String::from_utf8_lossy(statistics));
        }
    }

    #[test]
    fn statistics_tell_how_far_fetching_is_and_whether_the_leader_makes_us_wait() {
        let statistics = serde_json::json!({
            "brokers": {
                "b:1/7": {"nodeid": 7, "throttle": {"max": 1200}},
                "b:2/8": {"nodeid": 8, "throttle": {"max": 0}},
                "b:1/bootstrap": {"nodeid": -1},
            },
            "topics": {"t": {"partitions": {
                "-1": {"leader": -1},
                "0": {"leader": 7, "next_offset": 5, "fetch_state": "active"},
                "1": {"leader": 8, "next_offset": 6, "fetch_state": "stopped"},
            }}},
        });
        let expected = [
            (
                topic_partition("t", 0),
                Fetched { next: 5, is_active: true, throttle: Duration::from_millis(1200) },
            ),
            (topic_partition("t", 1), Fetched { next: 6, is_active: false, throttle: Duration::ZERO }),
        ];
        assert_eq!(fetched(&statistics), expected);
    }
}
