//! Topics with the replicas of their partitions.

use super::{Described, failed};
use crate::kafka::client::Consumer;
use crate::kafka::errors::{self, Trouble};
use rdkafka::consumer::Consumer as _;
use rdkafka::types::RDKafkaErrorCode;
use std::time::Duration;

/// Up to so many topics are asked for one by one; beyond it all of the cluster in one request.
const FEW: usize = 3;

/// A topic with its partitions, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub name: String,
    pub partitions: Vec<Replicas>,
}

/// Where a partition is: numbers of brokers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replicas {
    pub partition: i32,
    pub leader: Option<i32>,
    pub all: Vec<i32>,
    pub in_sync: Vec<i32>,
}

/// Describes all topics, or these, in the order asked for; each may be missing or forbidden on its own.
///
/// # Errors
/// Of a whole request: no broker, no answer.
pub fn layouts(
    client: &Consumer,
    names: Option<&[String]>,
    limit: Duration,
) -> Result<Vec<Described<Layout>>, Trouble> {
    let Some(names) = names else {
        let mut all = request(client, None, limit)?;
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        return Ok(all);
    };
    if names.len() <= FEW {
        let mut described = Vec::with_capacity(names.len());
        for name in names {
            described
                .extend(request(client, Some(name), limit)?.into_iter().filter(|(other, _)| other == name));
        }
        return Ok(described);
    }
    let mut all = request(client, None, limit)?;
    let unknown = || Err(errors::trouble(RDKafkaErrorCode::UnknownTopicOrPartition, ""));
    let find = |name: &String| {
        let index = all.iter().position(|(other, _)| other == name);
        (name.clone(), index.map_or_else(unknown, |index| all.swap_remove(index).1))
    };
    Ok(names.iter().map(find).collect())
}

fn request(
    client: &Consumer,
    name: Option<&str>,
    limit: Duration,
) -> Result<Vec<Described<Layout>>, Trouble> {
    let metadata = client.fetch_metadata(name, limit).map_err(|error| failed(&error))?;
    let mut described = Vec::with_capacity(metadata.topics().len());
    for topic in metadata.topics() {
        let name = topic.name().to_owned();
        if let Some(code) = topic.error() {
            described.push((name, Err(errors::trouble(code.into(), ""))));
            continue;
        }
        let mut partitions: Vec<Replicas> = topic
            .partitions()
            .iter()
            .map(|partition| Replicas {
                partition: partition.id(),
                leader: Some(partition.leader()).filter(|leader| *leader >= 0),
                all: partition.replicas().to_vec(),
                in_sync: partition.isr().to_vec(),
            })
            .collect();
        partitions.sort_by_key(|replicas| replicas.partition);
        described.push((name.clone(), Ok(Layout { name, partitions })));
    }
    Ok(described)
}
