//! Topics and records on a real Kafka, made through the rdkafka crate.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::ManuallyDrop;
use std::sync::OnceLock;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::{Client, DefaultClientContext};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, DefaultConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::{ClientContext, Offset};

use super::groups::group_client_config;
use super::kafka::Kafka;
use super::waiting::{block_on, wait_until};

/// Where a record went: partition and offset.
pub type Place = (i32, i64);

/// A record to be produced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Produced {
    /// Kafka's partitioner chooses if absent.
    pub partition: Option<i32>,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Milliseconds since 1970; now if absent.
    pub timestamp: Option<i64>,
}

impl Produced {
    /// A record with this value and nothing else.
    pub fn value(value: impl AsRef<[u8]>) -> Produced {
        Produced { value: Some(value.as_ref().to_vec()), ..Produced::default() }
    }

    /// A record with this key and a null value.
    pub fn tombstone(key: impl AsRef<[u8]>) -> Produced {
        Produced::default().key(key)
    }

    pub fn key(mut self, key: impl AsRef<[u8]>) -> Produced {
        self.key = Some(key.as_ref().to_vec());
        self
    }

    pub fn partition(mut self, partition: i32) -> Produced {
        self.partition = Some(partition);
        self
    }

    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Produced {
        self.headers.push((name.to_owned(), Some(value.as_ref().to_vec())));
        self
    }

    pub fn null_header(mut self, name: &str) -> Produced {
        self.headers.push((name.to_owned(), None));
        self
    }

    /// Sets the time in milliseconds since 1970.
    pub fn at(mut self, timestamp: i64) -> Produced {
        self.timestamp = Some(timestamp);
        self
    }
}

/// The clients that fixtures share, made when first used.
#[derive(Default)]
pub struct Clients {
    admin: OnceLock<AdminClient<DefaultClientContext>>,
    producer: OnceLock<BaseProducer<Reports>>,
    // Never destroyed: librdkafka aborts if a coordinator has not answered by then.
    groups: OnceLock<ManuallyDrop<BaseConsumer>>,
}

const LIMIT: Duration = Duration::from_secs(120);

/// Properties of every client of the tests: quick to find its way back to a broker.
pub fn client_config(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("log_level", "0");
    config.set("reconnect.backoff.ms", "20").set("reconnect.backoff.max.ms", "500");
    // A look at a topic that was deleted would make it again.
    config.set("allow.auto.create.topics", "false");
    config
}

/// Produces records with this producer and waits until all are acknowledged; gives their places in order.
pub fn produce_with(producer: &BaseProducer<Reports>, topic: &str, records: &[Produced]) -> Vec<Place> {
    let (sender, reports) = mpsc::channel();
    for (number, record) in records.iter().enumerate() {
        let mut pending = base_record(topic, record, Box::new((number, sender.clone())));
        while let Err((error, back)) = producer.send(pending) {
            let is_full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
            assert!(is_full, "cannot produce to {topic}: {error}");
            producer.poll(Duration::from_millis(10));
            pending = back;
        }
        producer.poll(Duration::ZERO);
    }
    drop(sender);
    let mut places = vec![None; records.len()];
    wait_until(&format!("records for {topic} to be acknowledged"), LIMIT, || {
        producer.poll(Duration::from_millis(1));
        for (number, result) in reports.try_iter() {
            let place: Place = result.unwrap_or_else(|error| panic!("cannot produce to {topic}: {error}"));
            places[number] = Some(place);
        }
        places.iter().all(Option::is_some).then_some(())
    });
    let places: Vec<Place> = places.into_iter().flatten().collect();
    let distinct: BTreeSet<Place> = places.iter().copied().collect();
    assert_eq!(
        distinct.len(),
        places.len(),
        "the broker has two records of {topic} in one place: {places:?}"
    );
    places
}

fn base_record<'a>(
    topic: &'a str,
    record: &'a Produced,
    report: Report,
) -> BaseRecord<'a, [u8], [u8], Report> {
    let mut base = BaseRecord::with_opaque_to(topic, report);
    base.partition = record.partition;
    base.key = record.key.as_deref();
    base.payload = record.value.as_deref();
    base.timestamp = record.timestamp;
    if !record.headers.is_empty() {
        let headers = record.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: value.as_deref() })
        });
        base.headers = Some(headers);
    }
    base
}

/// The number of a record in its call, and where its result goes.
pub type Report = Box<(usize, Sender<(usize, Result<Place, KafkaError>)>)>;

/// Sends each delivery report to the call it belongs to, whichever thread polls.
pub struct Reports;

impl ClientContext for Reports {}

impl ProducerContext for Reports {
    type DeliveryOpaque = Report;

    fn delivery(&self, result: &DeliveryResult<'_>, report: Report) {
        let place = match result {
            Ok(record) => Ok((record.partition(), record.offset())),
            Err((error, _)) => Err(error.clone()),
        };
        // A test that has failed does not wait for its reports any more.
        let _ = report.1.send((report.0, place));
    }
}

/// A transaction that is neither committed nor aborted; dropping it leaves it open in the log.
pub struct OpenTransaction {
    producer: BaseProducer<Reports>,
    topic: String,
    /// The last offset in each partition.
    last: BTreeMap<i32, i64>,
}

impl OpenTransaction {
    /// Commits it and waits for its markers.
    pub fn commit(self) {
        self.producer.commit_transaction(LIMIT).expect("the transaction can be committed");
        self.wait_for_markers();
    }

    /// Aborts it and waits for its markers.
    pub fn abort(self) {
        self.producer.abort_transaction(LIMIT).expect("the transaction can be aborted");
        self.wait_for_markers();
    }

    /// The coordinator answers as soon as it has decided, and writes the markers afterwards. Until then the
    /// transaction counts as open: the end for readers of committed records is at its first record.
    fn wait_for_markers(&self) {
        for (partition, last) in &self.last {
            wait_until(&format!("the marker in {} [{partition}]", self.topic), LIMIT, || {
                let watermarks = self.producer.client().fetch_watermarks(&self.topic, *partition, LIMIT);
                watermarks.is_ok_and(|(_, end)| end > last + 1).then_some(())
            });
        }
    }
}

impl Kafka {
    /// Creates a topic with its configuration and waits until all its partitions have a leader.
    pub fn create_topic(&self, name: &str, partitions: i32, configs: &[(&str, &str)]) {
        let replicas = self.node_count() as i32;
        let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(replicas));
        for (name, value) in configs {
            topic = topic.set(name, value);
        }
        let results = block_on(self.admin().create_topics(&[topic], &options())).expect("the broker answers");
        all_fine(&format!("create topic {name}"), results);
        self.wait_for_partitions(name, partitions as usize);
    }

    /// Raises the number of partitions of a topic to `count`.
    pub fn add_partitions(&self, topic: &str, count: usize) {
        let request = NewPartitions::new(topic, count);
        let results =
            block_on(self.admin().create_partitions(&[request], &options())).expect("the broker answers");
        all_fine(&format!("add partitions to {topic}"), results);
        self.wait_for_partitions(topic, count);
    }

    /// Deletes a topic and waits until it is gone.
    pub fn delete_topic(&self, topic: &str) {
        let results = block_on(self.admin().delete_topics(&[topic], &options())).expect("the broker answers");
        all_fine(&format!("delete topic {topic}"), results);
        wait_until(&format!("topic {topic} to be gone"), LIMIT, || {
            (self.partition_count(topic) == 0).then_some(())
        });
    }

    /// Deletes the records of a partition below an offset.
    pub fn delete_records(&self, topic: &str, partition: i32, before: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(before)).expect("the offset is valid");
        let answer = block_on(self.admin().delete_records(&list, &options())).expect("the broker answers");
        for element in answer.elements() {
            element.error().unwrap_or_else(|error| panic!("cannot delete records of {topic}: {error}"));
        }
    }

    /// Replaces the configuration of a topic and waits until the broker has it: it answers before.
    pub fn alter_configs(&self, topic: &str, configs: &[(&str, &str)]) {
        let resource = ResourceSpecifier::Topic(topic);
        let change = AlterConfig::new(resource);
        let change = configs.iter().fold(change, |change, (name, value)| change.set(name, value));
        let results =
            block_on(self.admin().alter_configs([&change], &options())).expect("the broker answers");
        all_fine(&format!("alter {topic}"), results);
        wait_until(&format!("the configuration of {topic}"), LIMIT, || {
            let described = block_on(self.admin().describe_configs([&resource], &options())).ok()?;
            let entries = described.first()?.as_ref().ok()?;
            let value = |name| entries.get(name)?.value.as_deref();
            configs.iter().all(|(name, wanted)| value(name) == Some(*wanted)).then_some(())
        });
    }

    /// Produces records and waits until all are acknowledged; gives their places in order.
    pub fn produce(&self, topic: &str, records: &[Produced]) -> Vec<Place> {
        produce_with(self.producer(), topic, records)
    }

    /// Produces `count` records made from their number; gives their places in order.
    pub fn produce_many(&self, topic: &str, count: usize, record: impl Fn(usize) -> Produced) -> Vec<Place> {
        const AT_ONCE: usize = 10_000;
        let mut places = Vec::with_capacity(count);
        while places.len() < count {
            let first = places.len();
            let records: Vec<_> = (first..count.min(first + AT_ONCE)).map(&record).collect();
            places.extend(self.produce(topic, &records));
        }
        places
    }

    /// Writes records in a transaction that is committed, its markers included.
    pub fn produce_committed(&self, topic: &str, records: &[Produced]) -> Vec<Place> {
        let (transaction, places) = self.open_transaction(topic, records);
        transaction.commit();
        places
    }

    /// Writes records in a transaction that is aborted once they are in the log, its markers included.
    pub fn produce_aborted(&self, topic: &str, records: &[Produced]) -> Vec<Place> {
        let (transaction, places) = self.open_transaction(topic, records);
        transaction.abort();
        places
    }

    /// Writes records in a transaction that stays open.
    pub fn open_transaction(&self, topic: &str, records: &[Produced]) -> (OpenTransaction, Vec<Place>) {
        let mut config = client_config(&self.brokers());
        config.set("transactional.id", super::unique_name("transaction"));
        let producer: BaseProducer<Reports> =
            config.create_with_context(Reports).expect("the properties are valid");
        producer.init_transactions(LIMIT).expect("transactions can be used");
        producer.begin_transaction().expect("no transaction is open");
        let places = produce_with(&producer, topic, records);
        let last = places.iter().copied().collect();
        (OpenTransaction { producer, topic: topic.to_owned(), last }, places)
    }

    /// The offsets after the last record (or marker) of each partition.
    pub fn end_offsets(&self, topic: &str) -> BTreeMap<i32, i64> {
        self.watermarks(topic).into_iter().map(|(partition, (_, end))| (partition, end)).collect()
    }

    /// The first offset and the end of each partition.
    pub fn watermarks(&self, topic: &str) -> BTreeMap<i32, (i64, i64)> {
        let client = self.client();
        let one = |partition| {
            let watermarks = client.fetch_watermarks(topic, partition, LIMIT);
            watermarks.unwrap_or_else(|error| panic!("cannot ask for the ends of {topic}: {error}"))
        };
        (0..self.partition_count(topic) as i32).map(|partition| (partition, one(partition))).collect()
    }

    /// The number of partitions of a topic; 0 if there is no such topic.
    pub fn partition_count(&self, topic: &str) -> usize {
        self.leaders(topic).len()
    }

    /// The node that leads each partition; -1 without one.
    pub fn leaders(&self, topic: &str) -> Vec<i32> {
        let Ok(metadata) = self.client().fetch_metadata(Some(topic), LIMIT) else { return Vec::new() };
        metadata
            .topics()
            .iter()
            .flat_map(|topic| topic.partitions())
            .map(|partition| partition.leader())
            .collect()
    }

    /// The names of all topics.
    pub fn topics(&self) -> Vec<String> {
        let metadata = self.client().fetch_metadata(None, LIMIT).expect("the broker answers");
        metadata.topics().iter().map(|topic| topic.name().to_owned()).collect()
    }

    /// Uses what a test uses once, so that its classes are in the archive.
    pub(super) fn exercise(&self) {
        self.create_topic("exercise", 1, &[]);
        self.produce_committed("exercise", &[Produced::value("v").key("k")]);
        self.consume_one("exercise", "exercise");
        self.committed("exercise");
    }

    pub(super) fn admin(&self) -> &AdminClient<DefaultClientContext> {
        self.clients
            .admin
            .get_or_init(|| client_config(&self.brokers()).create().expect("the properties are valid"))
    }

    pub(super) fn client(&self) -> &Client<DefaultClientContext> {
        self.admin().inner()
    }

    pub(super) fn group_client(&self) -> &Client<DefaultConsumerContext> {
        let client = || group_client_config(&self.brokers()).create().expect("the properties are valid");
        self.clients.groups.get_or_init(|| ManuallyDrop::new(client())).client()
    }

    fn producer(&self) -> &BaseProducer<Reports> {
        self.clients.producer.get_or_init(|| {
            let mut config = client_config(&self.brokers());
            // A record that is sent twice because an acknowledgement got lost would look like one that was read twice.
            config.set("enable.idempotence", "true").set("linger.ms", "1");
            config.create_with_context(Reports).expect("the properties are valid")
        })
    }

    fn wait_for_partitions(&self, topic: &str, count: usize) {
        wait_until(&format!("{count} partitions of {topic} with leaders"), LIMIT, || {
            let leaders = self.leaders(topic);
            (leaders.len() == count && leaders.iter().all(|leader| *leader > 0)).then_some(())
        });
        // That metadata names a leader does not mean that it has taken over.
        for partition in 0..count as i32 {
            wait_until(&format!("the leader of {topic} [{partition}] to answer"), LIMIT, || {
                self.client().fetch_watermarks(topic, partition, LIMIT).ok()
            });
        }
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(LIMIT)).request_timeout(Some(LIMIT))
}

fn all_fine<T>(what: &str, results: Vec<Result<T, (T, RDKafkaErrorCode)>>) {
    for result in results {
        result.unwrap_or_else(|(_, error)| panic!("cannot {what}: {error}"));
    }
}
