//! Options of `kcons topic`.

use super::Rows;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum Topic {
    /// List all topics
    List(TopicList),
    /// Show the partitions of topics: replicas, offsets, retention
    Describe(TopicDescribe),
}

#[derive(Debug, Default, Args)]
pub struct TopicList {
    #[command(flatten)]
    pub rows: Rows,
}

// TOPIC is asked for by `settings`: --print-config does without.
#[derive(Debug, Default, Args)]
#[command(override_usage = "kcons topic describe [OPTIONS] TOPIC...")]
pub struct TopicDescribe {
    /// Topics to describe
    ///
    /// Brokers are shown by their numbers. OFFSETS counts all between the first offset and the end:
    /// those of compacted records and of markers of transactions count, too.
    ///
    /// Example: kcons topic describe task-created
    #[arg(value_name = "TOPIC", help_heading = "Input")]
    pub topics: Vec<String>,
    #[command(flatten)]
    pub rows: Rows,
}
