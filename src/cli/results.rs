//! Options that print what a jq program makes of each record.

use clap::Args;

/// What is printed instead of the records themselves.
#[derive(Args, Debug, Default)]
pub struct ResultOptions {
    /// Print what this jq expression yields for each record
    ///
    /// The input is the record as `-o json` prints it. Each result is compact JSON on a line of its
    /// own, with numbers as they are in the record. A record that yields nothing is left out. For
    /// records on which the expression fails, or takes longer than 5 seconds, see --on-failure.
    ///
    /// Example: kcons consume task-created -e --jq '{id: .value.id, offset}'
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true, help_heading = "Output")]
    pub jq: Option<String>,
    /// Print strings that --jq yields bare, without quotes
    ///
    /// Example: kcons consume task-created -e --jq .value.title -r
    #[arg(short, long, help_heading = "Output")]
    pub raw_output: bool,
}
