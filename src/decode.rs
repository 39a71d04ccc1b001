//! What the bytes of a key or a value are: JSON, text, or bytes to be encoded.

pub mod json;
mod schemas;

use crate::choices::DataFormat;
use crate::record::Record;
use json::{Flaw, Json, Nesting};
use std::fmt;

#[cfg(test)]
pub use schemas::SchemaSource;
pub use schemas::Schemas;

/// What bytes turned out to be, or were asked to be taken as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    Json(Json<'a>),
    Text(&'a str),
    Base64(&'a [u8]),
    Hex(&'a [u8]),
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
    /// In a box, because it is rare and every record carries the place for it.
    pub reason: Option<Box<Reason>>,
}

/// Decodes the keys and the values of a run.
#[derive(Debug)]
pub struct Decoders {
    keys: Decoder,
    values: Decoder,
    schemas: Schemas,
}

impl Decoders {
    /// Decoders that share `schemas` with all others of the run.
    pub fn new(key_format: DataFormat, value_format: DataFormat, schemas: &Schemas) -> Decoders {
        Decoders {
            keys: Decoder::of_keys(key_format),
            values: Decoder::of_values(value_format),
            schemas: schemas.clone(),
        }
    }

    /// Whether a record can be decoded now; asks for what is missing.
    #[inline]
    pub fn can_decode(&self, record: &Record<'_>) -> bool {
        self.schemas.are_here(record)
    }

    #[inline(always)]
    pub fn decode<'a>(&mut self, record: &Record<'a>) -> Content<'a> {
        Content {
            key: record.key.map(|bytes| self.keys.decode(bytes)),
            value: record.value.map(|bytes| self.values.decode(bytes)),
        }
    }

    /// Decodes only the key or only the value, or none of them: what is left out is `None`.
    #[inline(always)]
    pub fn decode_some<'a>(&mut self, record: &Record<'a>, (key, value): (bool, bool)) -> Content<'a> {
        Content {
            key: record.key.filter(|_| key).map(|bytes| self.keys.decode(bytes)),
            value: record.value.filter(|_| value).map(|bytes| self.values.decode(bytes)),
        }
    }

    /// As `decode_some`; of a value that is an object it finds the fields of these names on the way.
    #[inline(always)]
    pub fn decode_with_fields<'a>(
        &mut self,
        record: &Record<'a>,
        (key, value): (bool, bool),
        names: &[Box<str>],
    ) -> (Content<'a>, Option<FoundFields<'a>>) {
        let is_json = matches!(self.values.format, DataFormat::Auto | DataFormat::Json);
        if let (true, true, false, Some(bytes)) = (value, is_json, names.is_empty(), record.value)
            && let Some((json, found)) = json::check_fields(bytes, &mut self.values.nesting, names)
        {
            let value = Some(Decoded { form: Form::Json(json), reason: None });
            return (Content { value, ..self.decode_some(record, (key, false)) }, Some(found));
        }
        (self.decode_some(record, (key, value)), None)
    }

    /// Only asks whether the record is in the formats asked for; costs nothing where any bytes are.
    ///
    /// # Errors
    /// The bytes are not in the format.
    #[inline]
    pub fn check(&mut self, record: &Record<'_>) -> Result<(), Undecodable> {
        if self.keys.takes_anything() && self.values.takes_anything() {
            return Ok(());
        }
        let key = record.key.and_then(|bytes| self.keys.check(bytes));
        Undecodable::unless_fine(key, record.value.and_then(|bytes| self.values.check(bytes)))
    }
}

/// The key and the value of one record, decoded; `None` is Kafka's null.
#[derive(Debug)]
pub struct Content<'a> {
    pub key: Option<Decoded<'a>>,
    pub value: Option<Decoded<'a>>,
}

impl Content<'_> {
    /// Says whether the record was in the formats asked for.
    ///
    /// # Errors
    /// The key or the value was not and stands here in its raw form.
    #[inline]
    pub fn outcome(self) -> Result<(), Undecodable> {
        let reason = |decoded: Decoded<'_>| decoded.reason;
        Undecodable::unless_fine(self.key.and_then(reason), self.value.and_then(reason))
    }
}

/// A record whose key or value is not in the format asked for; displays why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecodable {
    pub key: Option<Box<Reason>>,
    pub value: Option<Box<Reason>>,
}

impl Undecodable {
    #[inline]
    fn unless_fine(key: Option<Box<Reason>>, value: Option<Box<Reason>>) -> Result<(), Undecodable> {
        if key.is_none() && value.is_none() { Ok(()) } else { Err(Undecodable { key, value }) }
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.key, &self.value) {
            (Some(key), Some(value)) => write!(f, "key is {key}; value is {value}"),
            (Some(key), None) => write!(f, "key is {key}"),
            (None, Some(value)) => write!(f, "value is {value}"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for Undecodable {}

/// Decodes keys, or values.
#[derive(Debug)]
struct Decoder {
    part: Part,
    format: DataFormat,
    nesting: Nesting,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Key,
    Value,
}

impl Decoder {
    /// Decodes keys: `auto` never looks for JSON in them.
    fn of_keys(format: DataFormat) -> Decoder {
        Decoder { part: Part::Key, format, nesting: Nesting::default() }
    }

    /// Decodes values.
    fn of_values(format: DataFormat) -> Decoder {
        Decoder { part: Part::Value, format, nesting: Nesting::default() }
    }

    /// Decodes; what is not in the format asked for comes in its raw form, with the reason.
    #[inline(always)]
    fn decode<'a>(&mut self, bytes: &'a [u8]) -> Decoded<'a> {
        let found = match self.format {
            DataFormat::Auto => Some(self.raw_form(bytes)),
            DataFormat::Json => json::check(bytes, &mut self.nesting).map(Form::Json),
            DataFormat::Text => simdutf8::basic::from_utf8(bytes).ok().map(Form::Text),
            DataFormat::Base64 => Some(Form::Base64(bytes)),
            DataFormat::Hex => Some(Form::Hex(bytes)),
        };
        match found {
            Some(form) => Decoded { form, reason: None },
            None => Decoded { form: self.raw_form(bytes), reason: self.reason(bytes).map(Box::new) },
        }
    }

    /// Whether the format has a form for any bytes.
    #[inline]
    fn takes_anything(&self) -> bool {
        match self.format {
            DataFormat::Auto | DataFormat::Base64 | DataFormat::Hex => true,
            DataFormat::Json | DataFormat::Text => false,
        }
    }

    /// Says why the bytes are not in the format asked for.
    fn check(&mut self, bytes: &[u8]) -> Option<Box<Reason>> {
        let is_fine = match self.format {
            DataFormat::Auto | DataFormat::Base64 | DataFormat::Hex => true,
            DataFormat::Json => json::check(bytes, &mut self.nesting).is_some(),
            DataFormat::Text => simdutf8::basic::from_utf8(bytes).is_ok(),
        };
        if is_fine { None } else { self.reason(bytes).map(Box::new) }
    }

    /// The form that `auto` shows.
    #[inline(always)]
    fn raw_form<'a>(&mut self, bytes: &'a [u8]) -> Form<'a> {
        match self.part {
            Part::Key => Form::plain(bytes),
            Part::Value => {
                json::check(bytes, &mut self.nesting).map_or_else(|| Form::plain(bytes), Form::Json)
            }
        }
    }

    /// Looks for what is wrong; apart, because finding the place takes longer than seeing that there is one.
    #[cold]
    fn reason(&mut self, bytes: &[u8]) -> Option<Reason> {
        match self.format {
            DataFormat::Auto | DataFormat::Base64 | DataFormat::Hex => None,
            DataFormat::Json => Some(Reason::NotJson(json::flaw(bytes, &mut self.nesting))),
            DataFormat::Text => {
                let error = std::str::from_utf8(bytes).err()?;
                Some(Reason::NotText { after: error.valid_up_to() })
            }
        }
    }
}

/// Why bytes are not what they were to be taken as; displays to follow `value is`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    NotJson(Flaw),
    /// Not UTF-8 after that many bytes.
    NotText {
        after: usize,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NotJson(flaw) => write!(f, "not JSON: {flaw}"),
            Reason::NotText { after } => write!(f, "not text: invalid UTF-8 at byte {}", after + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form_of_value(format: DataFormat, bytes: &[u8]) -> (Form<'_>, Option<String>) {
        let decoded = Decoder::of_values(format).decode(bytes);
        (decoded.form, decoded.reason.map(|reason| reason.to_string()))
    }

    #[test]
    fn a_value_is_json_else_text_else_bytes() {
        let form = |bytes| form_of_value(DataFormat::Auto, bytes);
        assert!(matches!(form(b" {\"a\":1}\n"), (Form::Json(_), None)));
        for text in ["", " ", "Buy milk", "{\"a\":1} x", "{'a':1}", "01", "\u{feff}{}", "\"a\0\"", "NaN"] {
            assert_eq!(form(text.as_bytes()), (Form::Text(text), None));
        }
        for bytes in [&b"\xff\xfe"[..], b"\"\xff\"", b"{\"a\":\"\xc3\"}"] {
            assert_eq!(form(bytes), (Form::Base64(bytes), None));
        }
    }

    #[test]
    fn a_key_is_never_json_by_itself() {
        let mut decoder = Decoder::of_keys(DataFormat::Auto);
        assert_eq!(decoder.decode(b"17").form, Form::Text("17"));
        assert_eq!(decoder.decode(b"\xff").form, Form::Base64(b"\xff"));
        assert!(matches!(Decoder::of_keys(DataFormat::Json).decode(b"17").form, Form::Json(_)));
    }

    #[test]
    fn what_is_not_in_the_format_asked_for_comes_raw_with_the_reason() {
        for (format, bytes, form, reason) in [
            (DataFormat::Json, &b""[..], Form::Text(""), "not JSON: empty"),
            (DataFormat::Json, b"[1,", Form::Text("[1,"), "not JSON: ends too early"),
            (DataFormat::Json, b"Buy", Form::Text("Buy"), "not JSON: unexpected `B` at byte 1"),
            (DataFormat::Json, b"1\x002", Form::Text("1\x002"), "not JSON: unexpected `\\0` at byte 2"),
            (DataFormat::Json, b"{}\xff", Form::Base64(b"{}\xff"), "not JSON: invalid UTF-8 at byte 3"),
            (DataFormat::Text, b"ab\xff", Form::Base64(b"ab\xff"), "not text: invalid UTF-8 at byte 3"),
        ] {
            assert_eq!(form_of_value(format, bytes), (form, Some(reason.to_owned())));
        }
        let bom = "\u{feff}{}";
        let reason = "not JSON: starts with a byte order mark".to_owned();
        assert_eq!(form_of_value(DataFormat::Json, bom.as_bytes()), (Form::Text(bom), Some(reason)));
    }

    #[test]
    fn any_bytes_can_be_encoded() {
        for bytes in [&b"\xff"[..], b"{}", b""] {
            assert_eq!(form_of_value(DataFormat::Base64, bytes), (Form::Base64(bytes), None));
            assert_eq!(form_of_value(DataFormat::Hex, bytes), (Form::Hex(bytes), None));
        }
        assert_eq!(form_of_value(DataFormat::Text, b"{}"), (Form::Text("{}"), None));
    }

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
            let mut decoders = Decoders::new(key, value, &Schemas::default());
            let outcome = decoders.decode(record).outcome();
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
}
