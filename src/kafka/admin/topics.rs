//! Topics and the replicas of their partitions.

use super::{AdminOptions, wait};
use crate::kafka::client::Consumer;
use crate::kafka::errors::{self, Trouble, TroubleKind};
use crate::kafka::metadata::{self, Described};
use crate::kafka::native::{ClientQueue, c_string, native, text};
use rdkafka::bindings as rd;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use std::sync::Arc;
use std::time::Duration;

pub use crate::kafka::metadata::{Layout, Replicas};

/// Up to how many topics are asked for one by one. For more, one request asks for all topics of the cluster.
const FEW: usize = 3;

/// Describes all topics, or these in the order asked for. Each may be missing or forbidden on its own.
///
/// # Errors
/// No broker answered one of the requests.
pub fn layouts(
    client: &Consumer,
    names: Option<&[String]>,
    limit: Duration,
) -> Result<Vec<Described<Layout>>, Trouble> {
    let Some(names) = names else {
        let mut all = metadata::fetch(client, None, limit)?.topics;
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        return Ok(all);
    };
    let mut all = match names.len() {
        0..=FEW => Vec::new(),
        _ => metadata::fetch(client, None, limit)?.topics,
    };
    let mut described = Vec::with_capacity(names.len());
    for name in names {
        let layout = match all.iter().position(|(other, _)| other == name) {
            Some(index) => all.swap_remove(index).1,
            // A list of all topics leaves out those that we may not see.
            None => by_name(client, name, limit)?,
        };
        described.push((name.clone(), layout));
    }
    Ok(described)
}

fn by_name(client: &Consumer, name: &str, limit: Duration) -> Result<Result<Layout, Trouble>, Trouble> {
    let found = match metadata::fetch(client, Some(name), limit) {
        // librdkafka refuses a name that no topic can have.
        Err(trouble) if trouble.kind == TroubleKind::UnknownTopic => return Ok(Err(trouble)),
        found => found?.topics.into_iter().find(|(other, _)| other == name),
    };
    let unknown = || Err(errors::trouble(RDKafkaErrorCode::UnknownTopicOrPartition, ""));
    Ok(found.map_or_else(unknown, |(_, layout)| layout))
}

/// A `DescribeTopics` request under way.
pub struct TopicsRequest {
    answers: ClientQueue,
    limit: Duration,
}

/// Asks for descriptions of topics in one request.
///
/// The request needs the controller, which the mock cluster does not have. `layouts` does not, but makes a handle for each
/// topic that it asks for by name, which takes 3 ms for a topic with 500 partitions.
pub(super) fn ask_descriptions(client: &Arc<Consumer>, names: &[String], limit: Duration) -> TopicsRequest {
    let c_names: Vec<_> = names.iter().map(|name| c_string(name)).collect();
    let mut pointers: Vec<_> = c_names.iter().map(|name| name.as_ptr()).collect();
    let answers = ClientQueue::new(client);
    let options = AdminOptions::new(client, rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, limit);
    // SAFETY: names, options and queue are alive over the call, which copies them.
    unsafe {
        let collection = rd::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len());
        rd::rd_kafka_DescribeTopics(native(client), collection, options.0, answers.pointer());
        rd::rd_kafka_TopicCollection_destroy(collection);
    }
    TopicsRequest { answers, limit }
}

impl TopicsRequest {
    /// Waits for the descriptions; returns what `read` finds in each. Each topic may be missing or forbidden on its
    /// own.
    pub(super) fn answer_with<T>(
        self,
        read: unsafe fn(*const rd::rd_kafka_TopicDescription_t) -> T,
    ) -> Result<Vec<Described<T>>, Trouble> {
        let event = wait(&self.answers, self.limit)?;
        // SAFETY: the event is alive; what it returns belongs to it and is copied.
        unsafe {
            let mut count = 0;
            let result = rd::rd_kafka_event_DescribeTopics_result(event.pointer());
            let topics = rd::rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
            Ok((0..count).map(|index| described(*topics.add(index), read)).collect())
        }
    }
}

/// # Safety
/// The description must be alive.
unsafe fn described<T>(
    topic: *const rd::rd_kafka_TopicDescription_t,
    read: unsafe fn(*const rd::rd_kafka_TopicDescription_t) -> T,
) -> Described<T> {
    // SAFETY: the caller vouches for the description, which is all that `read` asks for.
    unsafe {
        let name = text(rd::rd_kafka_TopicDescription_name(topic));
        let error = rd::rd_kafka_TopicDescription_error(topic);
        let code = rd::rd_kafka_error_code(error);
        if code != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            let reason = text(rd::rd_kafka_error_string(error));
            return (name, Err(errors::trouble(code.into(), &reason)));
        }
        (name, Ok(read(topic)))
    }
}
