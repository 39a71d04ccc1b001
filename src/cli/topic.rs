//! Options of `kcons topic`.

use super::TableFormat;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum Topic {
    /// List all topics
    List(TopicList),
    /// Show the partitions of topics: replicas, offsets, records
    Describe(TopicDescribe),
}

#[derive(Debug, Default, Args)]
pub struct TopicList {
    /// Print a table or json [default: table]
    ///
    /// json: one object a line, a row each.
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub output: Option<TableFormat>,
}

// TOPIC is asked for by `settings`: --print-config does without.
#[derive(Debug, Default, Args)]
#[command(override_usage = "kcons topic describe [OPTIONS] TOPIC...")]
pub struct TopicDescribe {
    /// Topics to describe
    ///
    /// Brokers are shown by their numbers. Records are counted by offsets: those that were compacted
    /// and the markers of transactions count, too.
    ///
    /// Example: kcons topic describe task-created
    #[arg(value_name = "TOPIC", help_heading = "Input")]
    pub topics: Vec<String>,
    /// Print a table or json [default: table]
    ///
    /// json: one object a line, a row each.
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub output: Option<TableFormat>,
}
