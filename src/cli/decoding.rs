//! Options that say what the bytes of records are.

use super::values::header_format;
use crate::choices::{DataFormat, SchemaLanguage};
use clap::Args;
use std::path::PathBuf;

/// How values, keys and headers are decoded.
#[derive(Args, Debug, Default)]
pub struct DecodingOptions {
    /// Decode values as FORMAT [default: auto]
    ///
    /// auto: JSON, else text, else base64. json, text: what the values must be. base64, hex: how to
    /// show their bytes. uuid: 16 bytes. i8, i16, i32, i64, u8, u16, u32, u64, f32, f64: a number in
    /// big-endian; in little-endian with `le:`, as in le:i32. msgpack, cbor. avro, protobuf: by a schema,
    /// see --avro-schema and --proto. A value that cannot be decoded is shown as with auto, with a
    /// warning; see --strict.
    ///
    /// Example: kcons consume readings --value-format f64 --key-format uuid
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, help_heading = "Decoding")]
    pub value_format: Option<DataFormat>,
    /// Decode keys as FORMAT [default: auto]
    ///
    /// Formats are those of --value-format; auto: text, else base64.
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, help_heading = "Decoding")]
    pub key_format: Option<DataFormat>,
    /// Decode headers (called NAME) as FORMAT [default: auto]
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
    /// Decode values as Avro by the schema in FILE
    ///
    /// Where --key-format or --header-format is avro, these are decoded by it, and values only with
    /// --value-format avro. The prefix of a schema registry in front of the data is skipped.
    ///
    /// Example: kcons consume payments --avro-schema payment.avsc
    #[arg(long, value_name = "FILE", help_heading = "Decoding")]
    pub avro_schema: Option<PathBuf>,
    /// Show which type of a union an Avro value is
    ///
    /// As in {"com.acme.Card":{"number":"4711"}}, where a union holds several named types.
    #[arg(long, help_heading = "Decoding")]
    pub union_names: bool,
    /// Decode values as Protobuf messages of FILE
    ///
    /// FILE is the text of a schema, usually named .proto. Where --key-format or --header-format is
    /// protobuf, these are decoded by it, and values only with --value-format protobuf. The prefix of
    /// a schema registry in front of the message is skipped.
    ///
    /// Example: kcons consume tasks --proto task.proto --proto-message acme.Task
    #[arg(long, value_name = "FILE", help_heading = "Decoding")]
    pub proto: Option<PathBuf>,
    /// Take this message of --proto [default: the only one]
    ///
    /// Its full name, or the last part of it.
    #[arg(long, value_name = "NAME", help_heading = "Decoding")]
    pub proto_message: Option<String>,
    /// Look in DIR, too, for the file of --proto and what it imports
    ///
    /// Repeatable. The folder of the file and those around it come last; google/protobuf and google/type
    /// are built in.
    #[arg(long = "proto-path", value_name = "DIR", help_heading = "Decoding")]
    pub proto_paths: Vec<PathBuf>,
    /// Stop at a record that cannot be decoded (exit code 5)
    ///
    /// The record is not committed. By default kcons prints a warning, shows the record as with
    /// auto, and continues.
    #[arg(long, help_heading = "Decoding")]
    pub strict: bool,
}

impl DecodingOptions {
    /// The format of values: what an option says, else that of a file that is for no other part.
    pub fn format_of_values(&self) -> DataFormat {
        match self.value_format {
            Some(format) => format,
            None if self.avro_schema.is_some() && !self.names(DataFormat::Avro) => DataFormat::Avro,
            None if self.proto.is_some() && !self.names(DataFormat::Protobuf) => DataFormat::Protobuf,
            None => DataFormat::Auto,
        }
    }

    /// Whether the schema of keys or values may be in a registry.
    pub fn leaves_schemas_to_registry(&self) -> bool {
        let formats = [self.format_of_values(), self.key_format.unwrap_or_default()];
        formats.into_iter().any(|format| match format.schema_language() {
            Some(SchemaLanguage::Avro) => self.avro_schema.is_none(),
            Some(SchemaLanguage::Protobuf) => self.proto.is_none(),
            None => format == DataFormat::Auto,
        })
    }

    /// Whether an option says that values, keys or headers are in this format.
    pub fn names(&self, format: DataFormat) -> bool {
        self.value_format.into_iter().chain(self.key_format).any(|named| named == format)
            || self.names_for_headers(format)
    }

    /// Whether an option says that headers are in this format.
    pub fn names_for_headers(&self, format: DataFormat) -> bool {
        self.header_formats.iter().any(|header| header.format == format)
    }
}

/// The format of headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderFormat {
    /// `None` for all headers that have no format of their own.
    pub name: Option<String>,
    pub format: DataFormat,
}
