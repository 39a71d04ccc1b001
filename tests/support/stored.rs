//! What is in a topic, byte for byte, read without the program under test.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::fixtures::{Produced, client_config};
use super::kafka::Kafka;
use super::waiting::wait_until;

const LIMIT: Duration = Duration::from_secs(30);

impl Kafka {
    /// All records of a topic as one would produce them, by partition and offset.
    pub fn stored(&self, topic: &str) -> Vec<Produced> {
        let mut config = client_config(&self.brokers());
        config.set("group.id", "reads-alone").set("enable.auto.commit", "false");
        let consumer: BaseConsumer = config.create().expect("the properties are valid");
        let watermarks = self.watermarks(topic);
        let mut list = TopicPartitionList::new();
        for (partition, (start, _)) in &watermarks {
            list.add_partition_offset(topic, *partition, Offset::Offset(*start))
                .expect("the offset is valid");
        }
        consumer.assign(&list).expect("the partitions are there");
        let expected: i64 = watermarks.values().map(|(start, end)| end - start).sum();
        let mut found = Vec::new();
        wait_until(&format!("{expected} records of {topic}"), LIMIT, || {
            if let Some(Ok(record)) = consumer.poll(Duration::from_millis(10)) {
                found.push(((record.partition(), record.offset()), copy(&record)));
            }
            (found.len() as i64 >= expected).then_some(())
        });
        found.sort_by_key(|(place, _)| *place);
        found.into_iter().map(|(_, record)| record).collect()
    }
}

fn copy(record: &impl Message) -> Produced {
    let headers = record.headers().into_iter().flat_map(|headers| headers.iter());
    Produced {
        partition: Some(record.partition()),
        key: record.key().map(<[u8]>::to_vec),
        value: record.payload().map(<[u8]>::to_vec),
        headers: headers.map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect(),
        timestamp: record.timestamp().to_millis(),
    }
}
