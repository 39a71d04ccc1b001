//! Why bytes are not in the format asked for.

use super::avro::AvroFlaw;
use super::json;
use super::protobuf::ProtobufFlaw;
use super::schemaless::SchemalessFlaw;
use crate::choices::NumberType;
use crate::plural::counted;
use std::fmt;
use std::sync::Arc;

/// Why bytes are not what they were to be taken as; displays to follow `value is`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Not JSON.
    Json(json::Flaw),
    /// Not UTF-8 after that many bytes.
    Text {
        after: usize,
    },
    /// That many bytes, which are not those of a UUID.
    Uuid {
        bytes: usize,
    },
    /// That many bytes, which are not those of such a number.
    Number {
        kind: NumberType,
        bytes: usize,
    },
    /// Not of the schema of a file.
    Avro(AvroFlaw),
    /// Not of the message of a file.
    Protobuf {
        message: String,
        flaw: Box<ProtobufFlaw>,
    },
    /// Not MessagePack.
    MessagePack(SchemalessFlaw),
    /// Not CBOR.
    Cbor(SchemalessFlaw),
    /// It names no schema, and none was given.
    NoSchema,
    Schema(SchemaTrouble),
}

/// Why bytes that name a schema are not decoded by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaTrouble {
    /// The schema is not here, or of no use, and why.
    Lacking {
        why: Arc<str>,
        /// Whether the bytes may name no schema at all: they are those of an 8-byte number, too.
        may_be_number: bool,
    },
    /// What was written is not what the schema says: in words that follow `value is`.
    Data(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = |count: &usize| counted(*count as u64, "byte", "bytes");
        match self {
            Reason::Schema(SchemaTrouble::Lacking { why, .. }) => write!(f, "not decoded: {why}"),
            Reason::Schema(SchemaTrouble::Data(words)) => f.write_str(words),
            Reason::Json(flaw) => write!(f, "not JSON: {flaw}"),
            Reason::Text { after } => write!(f, "not text: invalid UTF-8 at byte {}", after + 1),
            Reason::Uuid { bytes: count } => write!(f, "not a UUID: {} instead of 16", bytes(count)),
            Reason::Number { kind, bytes: count } => {
                let (name, size) = (kind.name(), kind.size());
                let article = if name.starts_with('u') { "a" } else { "an" };
                write!(f, "not {article} {name}: {} instead of {size}", bytes(count))
            }
            Reason::Avro(flaw) => write!(f, "not Avro: {flaw}"),
            Reason::Protobuf { message, flaw } => write!(f, "not Protobuf of `{message}`: {flaw}"),
            Reason::MessagePack(flaw) => write!(f, "not MessagePack: {flaw}"),
            Reason::Cbor(flaw) => write!(f, "not CBOR: {flaw}"),
            Reason::NoSchema => f.write_str("without the id of a schema"),
        }
    }
}
