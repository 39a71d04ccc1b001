//! Options of `kcons lag`.

use super::values::{positive_duration, whole_long};
use crate::choices::LagFormat;
use clap::Args;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  show one row per partition, then the total:
    kcons lag mailer
  show all groups:
    kcons lag
  refresh every 2 seconds, with rates and the time to catch up:
    kcons lag mailer --watch
  exit with code 6 if the groups are further behind:
    kcons lag mailer audit --max-lag 1000
  print one JSON object per partition:
    kcons lag mailer -o json | jq .behind";

#[derive(Debug, Default, Args)]
#[command(override_usage = "kcons lag [OPTIONS] [GROUP...]", after_help = EXAMPLES)]
pub struct LagOptions {
    /// Groups to look at [default: all]
    ///
    /// The table has all partitions of the topics in which the group has committed offsets or holds
    /// a partition. `-` means nothing is committed; the total counts all records of that partition.
    ///
    /// Example: kcons lag mailer
    #[arg(value_name = "GROUP", help_heading = "Input", display_order = 0)]
    pub groups: Vec<String>,
    /// Show only the partitions of TOPIC; repeatable
    ///
    /// The totals and --max-lag count only these.
    ///
    /// Example: kcons lag mailer --topic task-created
    #[arg(long = "topic", value_name = "TOPIC", help_heading = "Input", display_order = 1)]
    pub topics: Vec<String>,
    /// Refresh every DURATION until Ctrl-C [default: 2s]
    ///
    /// The first line shows how fast the group reads, how fast others write, and when the group
    /// will have caught up. On a terminal the partitions with the most lag follow, as many as fit.
    ///
    /// Example: kcons lag mailer --watch 10s
    #[arg(
        long,
        value_name = "DURATION",
        value_parser = positive_duration,
        num_args = 0..=1,
        default_missing_value = "2s",
        help_heading = "Watching"
    )]
    pub watch: Option<Duration>,
    /// Exit with code 6 if the total is above N
    ///
    /// The rows are printed anyway. With --watch, kcons exits as soon as that happens.
    ///
    /// Example: kcons lag mailer --max-lag 1000
    #[arg(long, value_name = "N", value_parser = whole_long, allow_hyphen_values = true, help_heading = "Watching")]
    pub max_lag: Option<u64>,
    /// Print a table, wide or json [default: table]
    ///
    /// On a narrow terminal the table leaves columns out; wide prints all of them, with --watch one
    /// table after the other. json: one object per line, one for each row.
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub output: Option<LagFormat>,
}
