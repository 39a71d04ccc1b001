//! Groups for tests of what is shown of them.

use crate::kafka::admin::groups::GroupDescription;
use crate::kafka::lag::{GroupLag, Owner, PartitionLag};
use crate::record::TopicPartition;

/// A group with these partitions.
pub fn group_lag(name: &str, partitions: Vec<PartitionLag>) -> GroupLag {
    let group = GroupDescription { name: name.to_owned(), ..GroupDescription::of(Vec::new()) };
    GroupLag { group, partitions }
}

/// A partition that nobody holds, of a log that begins at 0.
pub fn partition_lag(topic: &str, partition: i32, committed: Option<i64>, end: i64) -> PartitionLag {
    let partition = TopicPartition { topic: topic.into(), partition };
    PartitionLag { partition, committed, begin: Some(0), end: Some(end), unknown: None, owner: None }
}

/// The same partition, held by a member.
pub fn held(progress: PartitionLag) -> PartitionLag {
    let owner = Owner {
        consumer_id: "kcons-70914810-4a44-4741-8767-f985f1140a37".to_owned(),
        host: "/127.0.0.1".to_owned(),
        client_id: "kcons".to_owned(),
    };
    PartitionLag { owner: Some(owner), ..progress }
}
