//! librdkafka's mock cluster, reachable over TCP by the program under test.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::bindings::*;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::fixtures::{Place, Produced, Reports, client_config, produce_with};
use super::groups::Committed;
use super::process::not_starting;

/// A mock cluster; it ends when the value is dropped.
///
/// Groups rebalance at once, so that sessions of one second work.
pub struct Mock {
    // The cluster lives in this client.
    producer: BaseProducer<Reports>,
}

const LIMIT: Duration = Duration::from_secs(10);

impl Mock {
    /// Starts a cluster with this many brokers, numbered from 1.
    pub fn start(brokers: usize) -> Mock {
        let mut config = client_config("");
        config.set("test.mock.num.brokers", brokers.to_string()).set("linger.ms", "0");
        config.set("message.max.bytes", "100000000");
        let mock = Mock { producer: config.create_with_context(Reports).expect("the properties are valid") };
        // SAFETY: the cluster lives as long as the producer.
        unsafe { rd_kafka_mock_group_initial_rebalance_delay_ms(mock.pointer(), 0) };
        mock
    }

    /// The bootstrap servers.
    pub fn brokers(&self) -> String {
        self.cluster().bootstrap_servers()
    }

    /// Creates a topic.
    pub fn create_topic(&self, name: &str, partitions: i32) {
        self.cluster()
            .create_topic(name, partitions, 1)
            .unwrap_or_else(|error| panic!("cannot create {name}: {error}"));
    }

    /// Produces records and waits until all are acknowledged; gives their places in order.
    pub fn produce(&self, topic: &str, records: &[Produced]) -> Vec<Place> {
        produce_with(&self.producer, topic, records)
    }

    /// Answers the next requests of this kind with these errors, one each.
    pub fn push_errors(&self, api: RDKafkaApiKey, errors: &[RDKafkaRespErr]) {
        self.cluster().request_errors(api, errors);
    }

    /// Lets one broker answer its next requests of this kind with these errors (or none), each that much later.
    pub fn push_late_errors(&self, broker: i32, api: RDKafkaApiKey, errors: &[(RDKafkaRespErr, Duration)]) {
        for (error, delay) in errors {
            let delay = delay.as_millis() as i32;
            // SAFETY: the cluster lives as long as the producer; the call takes pairs of error and delay in ms.
            let result = unsafe {
                rd_kafka_mock_broker_push_request_error_rtts(
                    self.pointer(),
                    broker,
                    i16::from(api),
                    1,
                    *error,
                    delay,
                )
            };
            assert_eq!(result, RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR);
        }
    }

    /// Forgets the errors that have not been used.
    pub fn clear_errors(&self, api: RDKafkaApiKey) {
        self.cluster().clear_request_errors(api);
    }

    /// Closes a broker: connections are refused.
    pub fn take_down(&self, broker: i32) {
        // It binds its port again at once, and ends the whole process if that fails.
        let _not_starting = not_starting();
        self.cluster().broker_down(broker).expect("there is such a broker");
    }

    /// Opens a broker again.
    pub fn bring_up(&self, broker: i32) {
        self.cluster().broker_up(broker).expect("there is such a broker");
    }

    /// Lets a broker answer that much later.
    pub fn delay(&self, broker: i32, delay: Duration) {
        self.cluster().broker_round_trip_time(broker, delay).expect("there is such a broker");
    }

    /// The committed offsets of a group in these topics.
    pub fn committed(&self, group: &str, topics: &[&str]) -> Committed {
        let consumer: BaseConsumer =
            client_config(&self.brokers()).set("group.id", group).create().expect("the properties are valid");
        let mut list = TopicPartitionList::new();
        for topic in topics {
            list.add_partition_range(topic, 0, self.partition_count(topic) - 1);
        }
        let list = consumer
            .committed_offsets(list, LIMIT)
            .unwrap_or_else(|error| panic!("committed offsets: {error}"));
        let mut committed = Committed::new();
        for element in list.elements() {
            if let Offset::Offset(offset) = element.offset() {
                committed.insert((element.topic().to_owned(), element.partition()), offset);
            }
        }
        committed
    }

    /// The offsets after the last record of each partition.
    pub fn end_offsets(&self, topic: &str) -> BTreeMap<i32, i64> {
        let end = |partition| {
            self.producer.client().fetch_watermarks(topic, partition, LIMIT).expect("the mock answers").1
        };
        (0..self.partition_count(topic)).map(|partition| (partition, end(partition))).collect()
    }

    /// Starts to remember requests; see [`Mock::requests`].
    pub fn track_requests(&self) {
        // SAFETY: the cluster lives as long as the producer.
        unsafe { rd_kafka_mock_start_request_tracking(self.pointer()) };
    }

    /// Counts the requests of this kind since tracking began.
    pub fn requests(&self, api: RDKafkaApiKey) -> usize {
        let mut count = 0;
        // SAFETY: the array and its elements are ours until they are destroyed together.
        unsafe {
            let requests = rd_kafka_mock_get_requests(self.pointer(), &mut count);
            let is_asked =
                |number: &usize| rd_kafka_mock_request_api_key(*requests.add(*number)) == i16::from(api);
            let found = (0..count).filter(is_asked).count();
            rd_kafka_mock_request_destroy_array(requests, count);
            found
        }
    }

    fn partition_count(&self, topic: &str) -> i32 {
        let metadata = self.producer.client().fetch_metadata(Some(topic), LIMIT).expect("the mock answers");
        metadata.topics().iter().map(|topic| topic.partitions().len()).sum::<usize>() as i32
    }

    fn cluster(&self) -> MockCluster<'_, Reports> {
        self.producer.client().mock_cluster().expect("the client was made with a mock cluster")
    }

    fn pointer(&self) -> *mut rd_kafka_mock_cluster_t {
        // SAFETY: the client is alive.
        unsafe { rd_kafka_handle_mock_cluster(self.producer.client().native_ptr()) }
    }
}
