//! A broker inside the process: librdkafka's mock cluster, reached over TCP like any other.

use super::native::{c_string, text};
use rdkafka::bindings as rd;
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::types::RDKafkaRespErr;
use std::time::Duration;

/// A mock cluster, and the producer that fills it.
pub struct MockBroker {
    producer: BaseProducer,
}

impl MockBroker {
    /// Starts one broker on a port of 127.0.0.1 that the system chooses.
    pub fn start() -> Result<MockBroker, String> {
        let producer: BaseProducer = ClientConfig::new()
            .set("test.mock.num.brokers", "1")
            .set("linger.ms", "0")
            .create()
            .map_err(|error| error.to_string())?;
        let broker = MockBroker { producer };
        // SAFETY: the cluster belongs to the client, which is alive. Without a delay a group forms at once.
        unsafe { rd::rd_kafka_mock_group_initial_rebalance_delay_ms(broker.cluster()?, 0) };
        Ok(broker)
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> String {
        // SAFETY: the cluster belongs to the client, which is alive; the text belongs to the cluster.
        self.cluster().map_or_else(
            |_| String::new(),
            |cluster| text(unsafe { rd::rd_kafka_mock_cluster_bootstraps(cluster) }),
        )
    }

    pub fn create_topic(&self, name: &str, partitions: i32) -> Result<(), String> {
        let cluster = self.cluster()?;
        let name = c_string(name);
        // SAFETY: the cluster belongs to the client, which is alive; the name ends with NUL.
        let code = unsafe { rd::rd_kafka_mock_topic_create(cluster, name.as_ptr(), partitions, 1) };
        match code {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
            code => Err(super::errors::name(code.into())),
        }
    }

    pub fn produce(&self, topic: &str, partition: i32, key: &[u8], value: &[u8]) -> Result<(), String> {
        let record = BaseRecord::to(topic).partition(partition).key(key).payload(value);
        self.producer.send(record).map_err(|(error, _)| error.to_string())
    }

    /// Waits until everything produced is in the log.
    ///
    /// # Errors
    /// Writing takes too long.
    pub fn flush(&self) -> Result<(), String> {
        self.producer.flush(Duration::from_secs(5)).map_err(|error| error.to_string())
    }

    /// Makes the broker answer the next produce request with an error.
    #[cfg(test)]
    pub fn refuse_produce(&self, code: RDKafkaRespErr) -> Result<(), String> {
        const PRODUCE: i16 = 0;
        let mut codes = [code];
        // SAFETY: the cluster belongs to the client, which is alive; the codes are copied.
        unsafe {
            rd::rd_kafka_mock_push_request_errors_array(
                self.cluster()?,
                PRODUCE,
                codes.len(),
                codes.as_mut_ptr(),
            );
        }
        Ok(())
    }

    /// Makes the broker describe a topic with an error. The topic is not created when somebody asks for it.
    #[cfg(test)]
    pub fn refuse_topic(&self, name: &str, code: RDKafkaRespErr) -> Result<(), String> {
        let name = c_string(name);
        // SAFETY: the cluster belongs to the client, which is alive; the name ends with NUL.
        unsafe { rd::rd_kafka_mock_topic_set_error(self.cluster()?, name.as_ptr(), code) };
        Ok(())
    }

    fn cluster(&self) -> Result<*mut rd::rd_kafka_mock_cluster_t, String> {
        // SAFETY: the client is alive.
        let cluster = unsafe { rd::rd_kafka_handle_mock_cluster(self.producer.client().native_ptr()) };
        if cluster.is_null() { Err("no mock cluster".to_owned()) } else { Ok(cluster) }
    }
}
