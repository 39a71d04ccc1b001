//! Options of `kcons lag`.

use super::RowOptions;
use super::values::{positive_duration, whole_long};
use clap::Args;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  kcons lag mailer                       a row for each partition, the sum at the end
  kcons lag mailer --watch               again and again, with the rate and the time to catch up
  kcons lag mailer audit --max-lag 1000  exit code 6 if they are further behind
  kcons lag mailer -o json | jq .behind  a JSON object for each partition";

// GROUP is optional here, because --print-config does without it; `settings` asks for it otherwise.
#[derive(Debug, Default, Args)]
#[command(override_usage = "kcons lag [OPTIONS] GROUP...", after_help = EXAMPLES)]
pub struct LagOptions {
    /// Groups to look at
    ///
    /// Shown are all partitions of the topics in which the group has committed something or holds a
    /// partition. Where nothing is committed stands `-`; such a partition counts in full in the sum.
    ///
    /// Example: kcons lag mailer
    #[arg(value_name = "GROUP", help_heading = "Input")]
    pub groups: Vec<String>,
    /// Look again every DURATION until Ctrl-C [default: 2s]
    ///
    /// On a terminal the table is redrawn. The sum has the rate at which the group reads and the time
    /// until it has caught up.
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
    /// End with exit code 6 if the sum is above N
    ///
    /// The rows are printed all the same. With --watch the run ends there.
    ///
    /// Example: kcons lag mailer --max-lag 1000
    #[arg(long, value_name = "N", value_parser = whole_long, allow_hyphen_values = true, help_heading = "Watching")]
    pub max_lag: Option<u64>,
    #[command(flatten)]
    pub rows: RowOptions,
}
