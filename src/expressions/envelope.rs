//! The record as expressions see it: the parts of what `-o json` prints.

use super::node::RecordField;
use super::number::Number;
use super::value::{JsonValue, Text};
use super::{Stop, Unsure};
use crate::decode::{Form, FoundFields};
use crate::encode;
use crate::record::{Header, Record};

/// A record and its decoded parts. Those that the expression does not look at may be missing.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    pub record: &'a Record<'a>,
    pub key: Option<Form<'a>>,
    pub value: Option<Form<'a>>,
    /// The fields of the value that the expressions of the run name.
    pub names: &'a [Box<str>],
    /// Those fields, if they are found already.
    pub found: Option<&'a FoundFields<'a>>,
}

impl<'a> Envelope<'a> {
    #[inline]
    pub(super) fn field(&self, field: RecordField) -> Result<JsonValue<'a>, Stop> {
        let integer = |number: i64| JsonValue::Number(Number::Integer(number));
        Ok(match field {
            RecordField::Topic => JsonValue::Text(Text::Plain(self.record.topic.as_bytes())),
            RecordField::Partition => integer(self.record.partition.into()),
            RecordField::Offset => integer(self.record.offset),
            RecordField::Timestamp => self.record.timestamp.map_or(JsonValue::Null, integer),
            RecordField::Key => of_form(self.key)?,
            RecordField::Value => of_form(self.value)?,
            RecordField::Headers => JsonValue::Array(self.record.headers.iter().map(header).collect()),
        })
    }
}

#[inline]
fn of_form(form: Option<Form<'_>>) -> Result<JsonValue<'_>, Unsure> {
    let Some(form) = form else { return Ok(JsonValue::Null) };
    match form {
        Form::Json(json) => JsonValue::of_json(json),
        Form::Text(text) => Ok(JsonValue::Text(Text::Plain(text.as_bytes()))),
        Form::Base64(bytes) => Ok(encoded(bytes, encode::base64)),
        Form::Hex(bytes) => Ok(encoded(bytes, encode::hex)),
        Form::Uuid(bytes) => Ok(encoded(bytes, encode::uuid)),
    }
}

fn encoded<'a, B: ?Sized>(bytes: &B, encode: fn(&B, &mut Vec<u8>)) -> JsonValue<'a> {
    let mut text = Vec::new();
    encode(bytes, &mut text);
    JsonValue::Text(Text::made(text))
}

/// A header as an object.
fn header<'a>(header: &Header<'a>) -> JsonValue<'a> {
    let mut fields = Vec::with_capacity(4);
    let mut add = |name: &'static [u8], encoding: &'static [u8], bytes: Option<&'a [u8]>| {
        let (value, is_encoded) = match bytes.map(Form::plain) {
            None => (JsonValue::Null, false),
            Some(Form::Text(text)) => (JsonValue::Text(Text::Plain(text.as_bytes())), false),
            Some(_) => (encoded(bytes.unwrap_or_default(), encode::base64), true),
        };
        fields.push((Text::Plain(name), value));
        if is_encoded {
            fields.push((Text::Plain(encoding), JsonValue::Text(Text::Plain(b"base64"))));
        }
    };
    add(b"key", b"key_encoding", Some(header.name));
    add(b"value", b"value_encoding", header.value);
    JsonValue::Object(fields.into())
}
