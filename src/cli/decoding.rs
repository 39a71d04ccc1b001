//! Options that say what the bytes of records are.

use super::values::header_format;
use crate::choices::DataFormat;
use clap::Args;

/// How values, keys and headers are decoded.
#[derive(Args, Debug, Default)]
pub struct DecodingOptions {
    /// Decode values as FORMAT [default: auto]
    ///
    /// auto: JSON, else text, else base64. json, text: what the values must be. base64, hex: how to
    /// show their bytes. uuid: 16 bytes. i8, i16, i32, i64, u8, u16, u32, u64, f32, f64: a number in
    /// big-endian; in little-endian with `le:`, as in le:i32. A value that cannot be decoded is shown
    /// as with auto, with a warning; see --strict.
    ///
    /// Example: kcons consume readings --value-format f64 --key-format uuid
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, help_heading = "Decoding")]
    pub value_format: Option<DataFormat>,
    /// Decode keys as FORMAT [default: auto]
    ///
    /// Formats are those of --value-format; auto: text, else base64.
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, help_heading = "Decoding")]
    pub key_format: Option<DataFormat>,
    /// Decode headers as FORMAT, or those called NAME [default: auto]
    ///
    /// Formats are those of --value-format; auto: text, else base64. Repeatable; a FORMAT for NAME goes
    /// before one for all headers. A header that is not in its format counts as a record that cannot
    /// be decoded.
    ///
    /// Example: kcons consume task-created --header-format trace=uuid --header-format attempt=i32
    #[arg(
        long = "header-format",
        value_name = "[NAME=]FORMAT",
        value_parser = header_format,
        help_heading = "Decoding"
    )]
    pub header_formats: Vec<HeaderFormat>,
    /// Stop at a record that cannot be decoded (exit code 5)
    ///
    /// The record is not committed. By default kcons prints a warning, shows the record as with
    /// auto, and continues.
    #[arg(long, help_heading = "Decoding")]
    pub strict: bool,
}

/// The format of headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderFormat {
    /// `None` for all headers that have no format of their own.
    pub name: Option<String>,
    pub format: DataFormat,
}
