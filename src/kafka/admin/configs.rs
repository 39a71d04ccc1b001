//! The configuration of topics.

use super::{AdminOptions, Described, wait_for_any};
use crate::kafka::client::Consumer;
use crate::kafka::errors::{self, Trouble};
use crate::kafka::native::{ClientQueue, c_string, native, text};
use rdkafka::bindings as rd;
use rdkafka::types::RDKafkaRespErr;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// The properties of a topic by name, defaults included.
pub type Config = HashMap<String, String>;

/// A `DescribeConfigs` request under way.
pub struct ConfigsRequest {
    answers: ClientQueue,
    limit: Duration,
}

/// Asks one broker for the configuration of topics, which any broker knows.
pub fn ask(client: &Arc<Consumer>, topics: &BTreeSet<&str>, broker: i32, limit: Duration) -> ConfigsRequest {
    let answers = ClientQueue::new(client);
    let options =
        AdminOptions::new(client, rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, limit);
    options.send_to(broker);
    let kind = rd::rd_kafka_ResourceType_t::RD_KAFKA_RESOURCE_TOPIC;
    // SAFETY: names, options and queue are alive over the calls, which copy them; the resources are ours, and freed
    // once.
    unsafe {
        let resource = |name: &&str| rd::rd_kafka_ConfigResource_new(kind, c_string(name).as_ptr());
        let mut resources: Vec<_> = topics.iter().map(resource).collect();
        let count = resources.len();
        let queue = answers.pointer();
        rd::rd_kafka_DescribeConfigs(native(client), resources.as_mut_ptr(), count, options.pointer(), queue);
        rd::rd_kafka_ConfigResource_destroy_array(resources.as_mut_ptr(), count);
    }
    ConfigsRequest { answers, limit }
}

impl ConfigsRequest {
    /// Waits for the answer. Each topic may be missing or forbidden on its own, and all are missing if the broker
    /// does not know the request, like the mock cluster.
    ///
    /// # Errors
    /// The broker refused the request or did not answer.
    pub fn answer(self) -> Result<Vec<Described<Config>>, Trouble> {
        let event = wait_for_any(&self.answers, self.limit)?;
        match event.error() {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => {}
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE => return Ok(Vec::new()),
            code => return Err(errors::trouble(code.into(), &event.error_text())),
        }
        // SAFETY: the event is alive; what it returns belongs to it and is copied.
        unsafe {
            let mut count = 0;
            let result = rd::rd_kafka_event_DescribeConfigs_result(event.pointer());
            let resources = rd::rd_kafka_DescribeConfigs_result_resources(result, &raw mut count);
            Ok((0..count).map(|index| described(*resources.add(index))).collect())
        }
    }
}

/// # Safety
/// The resource must be alive.
unsafe fn described(resource: *const rd::rd_kafka_ConfigResource_t) -> Described<Config> {
    // SAFETY: the caller vouches for the resource; all that hangs on it lives as long.
    unsafe {
        let name = text(rd::rd_kafka_ConfigResource_name(resource));
        let code = rd::rd_kafka_ConfigResource_error(resource);
        if code != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            let reason = text(rd::rd_kafka_ConfigResource_error_string(resource));
            return (name, Err(errors::trouble(code.into(), &reason)));
        }
        let mut count = 0;
        let entries = rd::rd_kafka_ConfigResource_configs(resource, &raw mut count);
        let entry = |index| {
            let entry = *entries.add(index);
            (text(rd::rd_kafka_ConfigEntry_name(entry)), text(rd::rd_kafka_ConfigEntry_value(entry)))
        };
        (name, Ok((0..count).map(entry).collect()))
    }
}
