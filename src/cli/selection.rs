//! Options that keep some records and leave out the others.

use clap::Args;

/// Which records are printed or handled.
#[derive(Args, Debug, Default)]
pub struct SelectionOptions {
    /// Keep only records with this key
    ///
    /// The whole key, byte for byte, as it is in the record. Records left out count as processed.
    /// Also in front of handlers.
    ///
    /// Example: kcons consume task-created -e --key task-123
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = "Output")]
    pub key: Option<String>,
    /// Keep only records that contain this text
    ///
    /// In the key, the value or the value of a header, byte for byte, before anything is decoded.
    /// Much faster than --filter. Records left out count as processed. Also in front of handlers.
    ///
    /// Example: kcons consume task-created -e --grep groceries
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = "Output")]
    pub grep: Option<String>,
    /// Keep only records for which this jq expression is true
    ///
    /// True is all but `false` and `null`; its input is the record as `-o json` prints it. Records
    /// left out count as processed. Also in front of handlers. If it fails on a record: see
    /// --on-failure; it also fails if it takes longer than 5 seconds.
    ///
    /// Example: kcons consume orders --filter '.value.amount > 100'
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true, help_heading = "Output")]
    pub filter: Option<String>,
}
