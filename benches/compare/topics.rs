//! The topics that are read: JSON of some 125 bytes with a key, uncompressed.

use crate::encoded;
use crate::support::kafka::Kafka;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::time::Duration;

/// Their names.
pub struct Topics {
    pub one_partition: String,
    pub four_partitions: String,
    pub one_record: String,
    /// For records that are produced while somebody reads.
    pub live: String,
    /// In each of the two large ones.
    pub records: usize,
    /// For handlers: many keys, and many records with each.
    pub keyed: String,
    pub keyed_records: usize,
}

/// Keys of the topic for handlers.
const KEYS: usize = 10_000;

/// Makes and fills them.
pub fn fill(kafka: &Kafka, records: usize) -> Topics {
    let topics = Topics {
        one_partition: "tasks".to_owned(),
        four_partitions: "tasks-4".to_owned(),
        one_record: "one".to_owned(),
        live: "live".to_owned(),
        records,
        keyed: "keyed".to_owned(),
        keyed_records: records / 2,
    };
    let producer = producer(kafka, 50);
    for (name, partitions, count) in [
        (&topics.one_partition, 1, records),
        (&topics.four_partitions, 4, records),
        (&topics.one_record, 1, 1),
        (&topics.live, 1, 1),
    ] {
        kafka.create_topic(name, partitions, &[]);
        (0..count).for_each(|number| send(&producer, name, number, &value(number)));
        producer.flush(Duration::from_secs(120)).expect("the broker takes them");
    }
    kafka.create_topic(&topics.keyed, 1, &[]);
    (0..topics.keyed_records)
        .for_each(|number| send(&producer, &topics.keyed, number % KEYS, &value(number)));
    for format in encoded::ALL {
        kafka.create_topic(format.topic, 1, &[]);
        (0..records).for_each(|number| send(&producer, format.topic, number, &(format.value)(number)));
    }
    producer.flush(Duration::from_secs(120)).expect("the broker takes them");
    topics
}

/// A producer that lets records wait that long for others.
pub fn producer(kafka: &Kafka, linger: u32) -> BaseProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka.brokers()).set("linger.ms", linger.to_string());
    // In order and each once: an end is compared with the number of records.
    config.set("enable.idempotence", "true");
    config.create().expect("the properties are valid")
}

fn value(number: usize) -> Vec<u8> {
    let value = format!(
        r#"{{"id":"task-{number:07}","title":"Buy groceries {number:07}","owner":"user{}","priority":{},"created_at":"2026-11-23T09:{:02}:{:02}Z","done":false}}"#,
        number % 100,
        number % 5,
        number / 60 % 60,
        number % 60,
    );
    value.into_bytes()
}

fn send(producer: &BaseProducer, topic: &str, key: usize, value: &[u8]) {
    let key = format!("task-{key:07}");
    let mut record = BaseRecord::to(topic).key(&key).payload(value);
    while let Err((error, back)) = producer.send(record) {
        let is_full = matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
        assert!(is_full, "cannot produce to {topic}: {error}");
        producer.poll(Duration::from_millis(10));
        record = back;
    }
}
