//! Options that say in which order records come, over all partitions.

use super::values::positive;
use clap::Args;

/// The order of records.
#[derive(Args, Debug, Default)]
pub struct OrderOptions {
    /// Print the newest N records, oldest first, then stop
    ///
    /// The newest by timestamp, over all partitions, of the records that --key, --grep and --filter
    /// keep. kcons reads backwards from the end until it has N of each partition; what lies before
    /// is not considered, even if its timestamp is newer. All N are held in memory. Not for groups.
    ///
    /// Example: kcons consume task-created --last 10
    #[arg(
        long,
        value_name = "N",
        value_parser = positive,
        allow_hyphen_values = true,
        help_heading = "Start and stop"
    )]
    pub last: Option<u64>,
    /// Print records of all partitions in the order of their timestamps
    ///
    /// By default records come as they are fetched. Those of one partition always keep their order.
    /// A record is printed once every partition has shown what it has next, so the slowest one sets
    /// the pace. Needs an end: --exit or --to; --last is in this order anyway. Not for groups.
    ///
    /// Example: kcons consume orders payments --from -1h --exit --merge
    #[arg(long, help_heading = "Output")]
    pub merge: bool,
}
