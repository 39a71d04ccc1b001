//! Options that keep some records and leave out the others.

use clap::Args;

/// Which records are printed or handled.
#[derive(Args, Debug, Default)]
pub struct SelectionOptions {
    /// Keep only records whose key is TEXT
    ///
    /// The whole key, byte for byte. Handlers get only the records that are kept; those left
    /// out count as processed.
    ///
    /// Example: kcons consume task-created -e --key task-123
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = "Output")]
    pub key: Option<String>,
    /// Keep only records that contain TEXT
    ///
    /// Looks at the key, the value and the values of headers, byte for byte as they are in the record.
    /// Much faster than --filter. Handlers get only the records that are kept; those left out count
    /// as processed.
    ///
    /// Example: kcons consume task-created -e --grep groceries
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = "Output")]
    pub grep: Option<String>,
    /// Keep only records for which this jq expression is true
    ///
    /// Anything but `false` and `null` is true. The input is the record as `-o json` prints it.
    /// Handlers get only the records that are kept; those left out count as processed. For records
    /// on which the expression fails, or takes longer than 5 seconds, see --on-failure.
    ///
    /// Example: kcons consume orders --filter '.value.amount > 100'
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true, help_heading = "Output")]
    pub filter: Option<String>,
}
