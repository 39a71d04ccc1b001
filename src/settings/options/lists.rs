//! Resolves the options of the commands that list groups or topics.

use super::{admin, topics};
use crate::choices::TableFormat;
use crate::cli;
use crate::error::Failure;
use crate::settings::Surroundings;
use crate::settings::properties::connection::Connection;

/// A run of `kcons topic list`.
#[derive(Debug)]
pub struct TopicList {
    pub connection: Connection,
    /// Whether Kafka's own topics are listed, too.
    pub has_internal: bool,
    pub format: TableFormat,
}

impl TopicList {
    pub fn resolve(
        arguments: &cli::TopicListOptions,
        connection: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> Result<TopicList, Failure> {
        Ok(TopicList {
            connection: admin::connection(connection, "topic list", surroundings)?,
            has_internal: arguments.all,
            format: arguments.rows.output.unwrap_or_default(),
        })
    }
}

/// A run of `kcons group list`.
#[derive(Debug)]
pub struct GroupList {
    pub connection: Connection,
    /// Only groups that read one of these topics are listed; without any, all groups.
    pub topics: Vec<String>,
    pub format: TableFormat,
}

impl GroupList {
    pub fn resolve(
        arguments: &cli::GroupListOptions,
        connection: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> Result<GroupList, Failure> {
        Ok(GroupList {
            topics: topics::names(&arguments.topics)?,
            connection: admin::connection(connection, "group list", surroundings)?,
            format: arguments.rows.output.unwrap_or_default(),
        })
    }
}
