//! What the bytes of a key or a value are: JSON, text, or bytes to be encoded.

pub mod json;

use crate::cli::DataFormat;
use crate::record::Record;
use json::{Json, Nesting};
use std::fmt;

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
    pub fn plain(bytes: &'a [u8]) -> Form<'a> {
        simdutf8::basic::from_utf8(bytes).map_or(Form::Base64(bytes), Form::Text)
    }
}

/// The form to show, and why it is not the one that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    pub form: Form<'a>,
    pub reason: Option<Reason>,
}

/// Decodes the keys and the values of a run.
#[derive(Debug)]
pub struct Decoders {
    keys: Decoder,
    values: Decoder,
}

impl Decoders {
    pub fn new(key_format: DataFormat, value_format: DataFormat) -> Decoders {
        Decoders { keys: Decoder::of_keys(key_format), values: Decoder::of_values(value_format) }
    }

    #[inline]
    pub fn decode<'a>(&mut self, record: &Record<'a>) -> Content<'a> {
        Content {
            key: record.key.map(|bytes| self.keys.decode(bytes)),
            value: record.value.map(|bytes| self.values.decode(bytes)),
        }
    }

    /// Only asks whether the record is in the formats asked for; costs nothing where any bytes are.
    ///
    /// # Errors
    /// It is not.
    #[inline]
    pub fn check(&mut self, record: &Record<'_>) -> Result<(), Undecodable> {
        let key = record.key.and_then(|bytes| self.keys.check(bytes));
        Undecodable::unless_fine(key, record.value.and_then(|bytes| self.values.check(bytes)))
    }
}

/// The key and the value of one record, decoded; `None` is Kafka's null.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    pub key: Option<Decoded<'a>>,
    pub value: Option<Decoded<'a>>,
}

impl Content<'_> {
    /// # Errors
    /// The key or the value is not in the format asked for and stands here in its raw form.
    #[inline]
    pub fn outcome(&self) -> Result<(), Undecodable> {
        let reason = |decoded: Decoded<'_>| decoded.reason;
        Undecodable::unless_fine(self.key.and_then(reason), self.value.and_then(reason))
    }
}

/// A record whose key or value is not in the format asked for; displays why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecodable {
    pub key: Option<Reason>,
    pub value: Option<Reason>,
}

impl Undecodable {
    fn unless_fine(key: Option<Reason>, value: Option<Reason>) -> Result<(), Undecodable> {
        if key.is_none() && value.is_none() { Ok(()) } else { Err(Undecodable { key, value }) }
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.key, self.value) {
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
    fn decode<'a>(&mut self, bytes: &'a [u8]) -> Decoded<'a> {
        let found = match self.format {
            DataFormat::Auto => Ok(self.raw_form(bytes)),
            DataFormat::Json => json_of(bytes, &mut self.nesting).map(Form::Json),
            DataFormat::Text => text_of(bytes).map(Form::Text),
            DataFormat::Base64 => Ok(Form::Base64(bytes)),
            DataFormat::Hex => Ok(Form::Hex(bytes)),
        };
        match found {
            Ok(form) => Decoded { form, reason: None },
            Err(reason) => Decoded { form: self.raw_form(bytes), reason: Some(reason) },
        }
    }

    /// Says why the bytes are not in the format asked for; costs nothing where all bytes are.
    fn check(&mut self, bytes: &[u8]) -> Option<Reason> {
        match self.format {
            DataFormat::Auto | DataFormat::Base64 | DataFormat::Hex => None,
            DataFormat::Json => json_of(bytes, &mut self.nesting).err(),
            DataFormat::Text => text_of(bytes).err(),
        }
    }

    /// The form that `auto` shows.
    fn raw_form<'a>(&mut self, bytes: &'a [u8]) -> Form<'a> {
        match (self.part, Form::plain(bytes)) {
            (Part::Value, Form::Text(text)) => {
                json::validate(text, &mut self.nesting).map_or(Form::Text(text), Form::Json)
            }
            (Part::Key | Part::Value, form) => form,
        }
    }
}

fn text_of(bytes: &[u8]) -> Result<&str, Reason> {
    // Only the slower check of the standard library knows where.
    let place = |_| std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    simdutf8::basic::from_utf8(bytes).map_err(|error| Reason::NotText { after: place(error) })
}

fn json_of<'a>(bytes: &'a [u8], nesting: &mut Nesting) -> Result<Json<'a>, Reason> {
    let text = text_of(bytes).map_err(|reason| match reason {
        Reason::NotText { after } => Reason::NotJson(json::Flaw::NotUtf8 { after }),
        Reason::NotJson(flaw) => Reason::NotJson(flaw),
    })?;
    json::validate(text, nesting).map_err(Reason::NotJson)
}

/// Why bytes are not what they were to be taken as; displays to follow `value is`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    NotJson(json::Flaw),
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
