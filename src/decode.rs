//! What the bytes of a key, a value or a header are: JSON, text, or bytes to be encoded.

pub mod avro;
mod by_file;
mod cbor;
mod decoder;
mod formats;
pub mod frame;
mod headers;
pub mod json;
mod msgpack;
mod numbers;
pub mod protobuf;
mod reason;
mod schemaless;
mod schemas;

use crate::escape;
use crate::record::{Header, Record};
use decoder::{Decoder, Part};
use headers::{HeaderDecoders, UndecodableHeader};
use json::Json;
use reason::{Reason, SchemaTrouble};
use std::fmt;

pub use avro::{Schema, UnionNames};
pub use formats::{DataFormats, FileSchemas};
pub use frame::SchemaId;
pub use protobuf::Messages;
pub use schemas::{RegisteredSchema, SchemaForm, SchemaSlot, SchemaSource, Schemas};

/// What bytes turned out to be, or were asked to be taken as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    Json(Json<'a>),
    Text(&'a str),
    Base64(&'a [u8]),
    Hex(&'a [u8]),
    Uuid(&'a [u8; 16]),
}

impl<'a> Form<'a> {
    /// Takes the bytes as text, else as bytes for base64: what `auto` makes of keys and headers.
    #[inline(always)]
    pub fn plain(bytes: &'a [u8]) -> Form<'a> {
        simdutf8::basic::from_utf8(bytes).map_or(Form::Base64(bytes), Form::Text)
    }
}

/// Fields of a value, each in the place of its name; `None` for those that it does not have.
pub type FoundFields<'a> = [Option<Json<'a>>; json::FIELDS_AT_ONCE];

/// The form to show, and why it is not the one that was asked for.
#[derive(Debug)]
pub struct Decoded<'a> {
    pub form: Form<'a>,
    /// The schema by which it was decoded.
    pub schema_id: Option<SchemaId>,
    /// In a box, because it is rare and every record carries the place for it.
    pub reason: Option<Box<Reason>>,
}

impl<'a> Decoded<'a> {
    #[inline(always)]
    fn new(form: Form<'a>) -> Decoded<'a> {
        Decoded { form, schema_id: None, reason: None }
    }

    /// Takes the bytes as text, else as bytes for base64.
    #[inline(always)]
    pub fn plain(bytes: &'a [u8]) -> Decoded<'a> {
        Decoded::new(Form::plain(bytes))
    }
}

/// Decodes the keys, the values and the headers of a run.
#[derive(Debug)]
pub struct Decoders {
    keys: Decoder,
    values: Decoder,
    headers: Option<Box<HeaderDecoders>>,
    schemas: Schemas,
}

impl Decoders {
    /// Decoders that share `schemas` with all others of the run.
    pub fn new(formats: &DataFormats, schemas: &Schemas) -> Decoders {
        Decoders {
            keys: Decoder::new(Part::Key, formats.key, &formats.schemas),
            values: Decoder::new(Part::Value, formats.value, &formats.schemas),
            headers: HeaderDecoders::new(formats),
            schemas: schemas.clone(),
        }
    }

    /// Whether a record can be decoded now; asks for what is missing.
    #[inline]
    pub fn can_decode(&self, record: &Record<'_>) -> bool {
        !self.schemas.are_asked_for() || self.awaited(record).is_none()
    }

    /// A schema that has not come yet and without which a record cannot be decoded; asks for what is missing.
    #[inline]
    pub fn awaited(&self, record: &Record<'_>) -> Option<SchemaId> {
        let awaited = |decoder: &Decoder, bytes: Option<&[u8]>| {
            bytes.and_then(|bytes| decoder.awaited(bytes, record.headers, &self.schemas))
        };
        // Both are asked for at once.
        let (key, value) = (awaited(&self.keys, record.key), awaited(&self.values, record.value));
        key.or(value)
    }

    /// Whether headers have to be in a format, or name schemas.
    pub fn read_headers(&self) -> bool {
        self.headers.is_some() || self.schemas.are_asked_for()
    }

    /// Decodes key and value, and headers once they are asked for. What is decoded stands in memory of the decoders
    /// until the next record.
    #[inline(always)]
    pub fn decode<'a>(&'a mut self, record: &Record<'a>) -> Content<'a> {
        let Decoders { keys, values, headers, schemas } = self;
        let headers = headers.as_deref_mut().map(HeaderDecoders::begin_record);
        if schemas.are_asked_for() {
            let key = record.key.map(|bytes| keys.decode_by_schema(bytes, record.headers, schemas));
            let value = record.value.map(|bytes| values.decode_by_schema(bytes, record.headers, schemas));
            return Content { key, value, headers };
        }
        Content {
            key: record.key.map(|bytes| keys.decode(bytes)),
            value: record.value.map(|bytes| values.decode(bytes)),
            headers,
        }
    }

    /// Decodes only the key or only the value, or none of them: what is left out is `None`.
    #[inline(always)]
    pub fn decode_some<'a>(&'a mut self, record: &Record<'a>, (key, value): (bool, bool)) -> Content<'a> {
        let (key, value) = (record.key.filter(|_| key), record.value.filter(|_| value));
        self.decode(&Record { key, value, ..*record })
    }

    /// As `decode_some`; of a value that is an object it finds the fields of these names on the way.
    #[inline(always)]
    pub fn decode_with_fields<'a>(
        &'a mut self,
        record: &Record<'a>,
        (key, value): (bool, bool),
        names: &[Box<str>],
    ) -> (Content<'a>, Option<FoundFields<'a>>) {
        let is_looked_at = value && !names.is_empty() && !self.schemas.are_asked_for();
        if let Some(bytes) = record.value.filter(|_| is_looked_at)
            && let Some((value, found)) = self.values.decode_with_fields(bytes, names)
        {
            let content = self.decode_some(record, (key, false));
            return (Content { value: Some(value), ..content }, Some(found));
        }
        (self.decode_some(record, (key, value)), None)
    }

    /// Only asks whether the record is in the formats asked for; costs nothing where any bytes are.
    ///
    /// # Errors
    /// The bytes are not in the format.
    #[inline]
    pub fn check(&mut self, record: &Record<'_>) -> Result<(), Undecodable> {
        if self.schemas.are_asked_for() {
            return self.decode(record).outcome(record);
        }
        if self.keys.takes_anything() && self.values.takes_anything() && self.headers.is_none() {
            return Ok(());
        }
        let key = record.key.and_then(|bytes| self.keys.check(bytes));
        let value = record.value.and_then(|bytes| self.values.check(bytes));
        let header =
            self.headers.as_deref_mut().and_then(|headers| headers.begin_record().undecodable(record));
        Undecodable { key, value, header }.unless_fine()
    }
}

/// One record, decoded; `None` is Kafka's null.
#[derive(Debug, Default)]
pub struct Content<'a> {
    pub key: Option<Decoded<'a>>,
    pub value: Option<Decoded<'a>>,
    /// `None` if headers are shown as their bytes look.
    headers: Option<&'a mut HeaderDecoders>,
}

impl Content<'_> {
    /// Decodes the value of the record's next header. They are asked for in their order, from the first one.
    #[inline]
    pub fn next_header<'b>(&'b mut self, header: &Header<'b>) -> Option<Decoded<'b>> {
        match &mut self.headers {
            None => header.value.map(Decoded::plain),
            Some(headers) => headers.next(header),
        }
    }

    /// Says whether the record was in the formats asked for.
    ///
    /// # Errors
    /// The key, the value or a header was not and stands here in its raw form.
    #[inline]
    pub fn outcome(self, record: &Record<'_>) -> Result<(), Undecodable> {
        let reason = |decoded: Decoded<'_>| decoded.reason;
        let header = self.headers.and_then(|headers| headers.undecodable(record));
        Undecodable { key: self.key.and_then(reason), value: self.value.and_then(reason), header }
            .unless_fine()
    }
}

/// A record whose key, value or a header is not in the format asked for; displays why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecodable {
    key: Option<Box<Reason>>,
    value: Option<Box<Reason>>,
    /// The first one.
    header: Option<Box<UndecodableHeader>>,
}

impl Undecodable {
    /// Whether it could be decoded if a schema were here. An 8-byte number that looks like a frame could not.
    pub fn lacks_schema(&self) -> bool {
        self.reasons().any(|reason| {
            matches!(reason, Reason::Schema(SchemaTrouble::Lacking { may_be_number: false, .. }))
        })
    }

    /// Whether all records with these schemas have the same fault, which need not be told of each.
    pub fn is_common(&self) -> bool {
        let is_lack = |reason: &Reason| matches!(reason, Reason::Schema(SchemaTrouble::Lacking { .. }));
        self.header.is_none() && self.reasons().all(is_lack)
    }

    fn reasons(&self) -> impl Iterator<Item = &Reason> {
        self.key.iter().chain(&self.value).map(|reason| &**reason)
    }

    #[inline]
    fn unless_fine(self) -> Result<(), Undecodable> {
        let is_fine = self.key.is_none() && self.value.is_none() && self.header.is_none();
        if is_fine { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (part, reason) in [("key", &self.key), ("value", &self.value)] {
            if let Some(reason) = reason {
                write!(f, "{separator}{part} is {reason}")?;
                separator = "; ";
            }
        }
        match self.header.as_deref() {
            Some(UndecodableHeader { name, reason }) => {
                write!(f, "{separator}header `{}` is {reason}", escape::quoted(name))
            }
            None => Ok(()),
        }
    }
}

impl std::error::Error for Undecodable {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::DataFormat;

    #[test]
    fn the_outcome_names_key_and_value() {
        let record = Record {
            topic: "t",
            partition: 0,
            offset: 0,
            timestamp: None,
            key: Some(b"k"),
            value: Some(b"\xff"),
            headers: &[],
        };
        let outcome = |key, value, record: &Record<'_>| {
            let formats = DataFormats { key, value, ..DataFormats::default() };
            let mut decoders = Decoders::new(&formats, &Schemas::default());
            let outcome = decoders.decode(record).outcome(record);
            assert_eq!(decoders.check(record), outcome);
            outcome.map_err(|error| error.to_string())
        };
        let key = "key is not JSON: unexpected `k` at byte 1";
        let value = "value is not text: invalid UTF-8 at byte 1";
        assert_eq!(outcome(DataFormat::Json, DataFormat::Auto, &record), Err(key.to_owned()));
        assert_eq!(outcome(DataFormat::Auto, DataFormat::Text, &record), Err(value.to_owned()));
        assert_eq!(outcome(DataFormat::Json, DataFormat::Text, &record), Err(format!("{key}; {value}")));
        assert_eq!(outcome(DataFormat::Text, DataFormat::Hex, &record), Ok(()));
        let null = Record { key: None, value: None, ..record };
        assert_eq!(outcome(DataFormat::Json, DataFormat::Json, &null), Ok(()));
    }

    #[test]
    fn the_first_header_that_is_not_in_its_format_is_named() {
        let headers = [
            Header { name: b"fine", value: Some(b"text") },
            Header { name: b"id", value: None },
            Header { name: b"id", value: Some(b"abc") },
            Header { name: b"id", value: Some(b"defg") },
        ];
        let record = Record {
            topic: "t",
            partition: 0,
            offset: 0,
            timestamp: None,
            key: None,
            value: None,
            headers: &headers,
        };
        let formats = DataFormats {
            named_headers: vec![("id".to_owned(), DataFormat::Uuid)],
            value: DataFormat::Json,
            ..DataFormats::default()
        };
        let mut decoders = Decoders::new(&formats, &Schemas::default());
        let told = |outcome: Result<(), Undecodable>| outcome.map_err(|error| error.to_string());
        let expected = Err("header `id` is not a UUID: 3 bytes instead of 16".to_owned());
        assert_eq!(told(decoders.check(&record)), expected);
        for shown in 0..=headers.len() {
            let mut content = decoders.decode(&record);
            for header in &headers[..shown] {
                content.next_header(header);
            }
            assert_eq!(told(content.outcome(&record)), expected, "{shown} headers were shown");
        }
        let both = decoders.check(&Record { value: Some(b"x"), ..record });
        assert!(
            told(both)
                .expect_err("undecodable")
                .starts_with("value is not JSON: unexpected `x` at byte 1; header")
        );
        assert_eq!(decoders.check(&Record { headers: &headers[..2], ..record }), Ok(()));
    }
}
