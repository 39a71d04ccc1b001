//! Options of `kcons topic`.

use super::RowOptions;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum TopicCommand {
    /// List the topics of the cluster
    List(TopicListOptions),
    /// Show the partitions of topics: replicas, offsets, retention
    Describe(TopicDescribeOptions),
}

#[derive(Debug, Default, Args)]
pub struct TopicListOptions {
    /// Also list Kafka's own topics
    ///
    /// Their names start with `__`, as in __consumer_offsets.
    #[arg(long, help_heading = "Input")]
    pub all: bool,
    #[command(flatten)]
    pub rows: RowOptions,
}

// TOPIC is optional here, because --print-config does without it; `settings` asks for it otherwise.
#[derive(Debug, Default, Args)]
#[command(override_usage = "kcons topic describe [OPTIONS] TOPIC...")]
pub struct TopicDescribeOptions {
    /// Topics to describe
    ///
    /// Brokers are shown by their ids. OFFSETS is the number of offsets between the first one and
    /// the end, including those of compacted records and transaction markers.
    ///
    /// Example: kcons topic describe task-created
    #[arg(value_name = "TOPIC", help_heading = "Input", display_order = 0)]
    pub topics: Vec<String>,
    #[command(flatten)]
    pub rows: RowOptions,
}
