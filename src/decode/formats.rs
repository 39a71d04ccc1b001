//! The formats that a run decodes with.

use super::{avro, protobuf};
use crate::choices::{DataFormat, SchemaLanguage};
use std::sync::Arc;

/// The formats of keys, values and headers.
#[derive(Clone, Debug, Default)]
pub struct DataFormats {
    pub key: DataFormat,
    pub value: DataFormat,
    /// The format of each header that has none in `named_headers`.
    pub headers: DataFormat,
    /// The formats of headers with these names, each name once.
    pub named_headers: Vec<(String, DataFormat)>,
    pub schemas: FileSchemas,
}

/// Schemas that were read from files, for data that name none.
#[derive(Clone, Debug, Default)]
pub struct FileSchemas {
    pub avro: Option<Arc<avro::Schema>>,
    pub protobuf: Option<protobuf::Message>,
}

impl FileSchemas {
    /// Whether a file says how a format is decoded, whatever schema the bytes name.
    #[inline]
    pub fn decide(&self, format: DataFormat) -> bool {
        match format.schema_language() {
            Some(SchemaLanguage::Avro) => self.avro.is_some(),
            Some(SchemaLanguage::Protobuf) => self.protobuf.is_some(),
            None => false,
        }
    }
}

impl DataFormats {
    /// Whether a registry is of use: for keys or values that may name a schema.
    pub fn read_frames(&self) -> bool {
        [self.key, self.value].into_iter().any(|format| reads_frames(format) && !self.schemas.decide(format))
    }

    /// Whether decoding can fail: some formats are those of every record.
    pub fn can_fail(&self) -> bool {
        !takes_anything(self.key) || !takes_anything(self.value) || self.headers_can_fail()
    }

    /// Whether a header may not be in its format.
    pub fn headers_can_fail(&self) -> bool {
        !takes_anything(self.headers) || self.named_headers.iter().any(|(_, format)| !takes_anything(*format))
    }

    /// Whether headers are shown as their bytes look.
    pub fn headers_are_plain(&self) -> bool {
        self.headers == DataFormat::Auto && self.named_headers.is_empty()
    }
}

/// Whether a format looks for the schema that bytes name.
#[inline]
pub fn reads_frames(format: DataFormat) -> bool {
    format == DataFormat::Auto || format.schema_language().is_some()
}

/// Whether a format has a form for any bytes.
#[inline]
pub fn takes_anything(format: DataFormat) -> bool {
    match format {
        DataFormat::Auto | DataFormat::Base64 | DataFormat::Hex => true,
        DataFormat::Json
        | DataFormat::Text
        | DataFormat::Uuid
        | DataFormat::Number(_)
        | DataFormat::Avro
        | DataFormat::Protobuf
        | DataFormat::MessagePack
        | DataFormat::Cbor => false,
    }
}
