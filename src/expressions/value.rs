//! Values that expressions work on: parts of the JSON text as they stand there, and what was made of them.

use super::number::Number;
use super::{LONGEST_NUMBER, Stop, Unsure};
use crate::decode::json::Json;
use crate::json_text;
use std::borrow::Cow;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub enum JsonValue<'a> {
    /// The whole record, as `-o json` prints it.
    Record,
    Null,
    Bool(bool),
    Number(Number<'a>),
    Text(Text<'a>),
    /// An array or an object of the record.
    Json(Json<'a>),
    Array(Rc<[JsonValue<'a>]>),
    /// Fields in order, each name once.
    Object(Rc<[(Text<'a>, JsonValue<'a>)]>),
}

/// A string, which is UTF-8.
#[derive(Clone, Debug)]
pub enum Text<'a> {
    Plain(&'a [u8]),
    /// A JSON string that has escapes in it, with its quotes.
    Escaped(Json<'a>),
    Made(Rc<[u8]>),
}

/// Kinds of values, in jq's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueKind {
    Null,
    Bool,
    Number,
    Text,
    Array,
    Object,
}

impl ValueKind {
    /// The name that `type` yields.
    pub fn name(self) -> &'static str {
        match self {
            ValueKind::Null => "null",
            ValueKind::Bool => "boolean",
            ValueKind::Number => "number",
            ValueKind::Text => "string",
            ValueKind::Array => "array",
            ValueKind::Object => "object",
        }
    }
}

impl<'a> Text<'a> {
    pub fn made(bytes: Vec<u8>) -> Text<'a> {
        Text::Made(bytes.into())
    }

    /// The characters in UTF-8.
    #[inline]
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Text::Plain(bytes) => Cow::Borrowed(bytes),
            Text::Made(bytes) => Cow::Borrowed(bytes),
            Text::Escaped(json) => match json.string() {
                Some(Cow::Owned(text)) => Cow::Owned(text.into_bytes()),
                Some(Cow::Borrowed(text)) => Cow::Borrowed(text.as_bytes()),
                None => Cow::Borrowed(b""),
            },
        }
    }

    /// How many characters it has.
    pub fn count(&self) -> usize {
        self.bytes().iter().filter(|byte| (**byte & 0xc0) != 0x80).count()
    }

    /// Appends it as a JSON string.
    #[inline]
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        json_text::characters(&self.bytes(), out);
        out.push(b'"');
    }
}

impl<'a> JsonValue<'a> {
    /// Takes a value of a JSON text.
    ///
    /// # Errors
    /// It is a number of very many digits.
    #[inline]
    pub fn of_json(json: Json<'a>) -> Result<JsonValue<'a>, Unsure> {
        let text = json.text();
        Ok(match text.first() {
            Some(b'"') if text.contains(&b'\\') => JsonValue::Text(Text::Escaped(json)),
            Some(b'"') => JsonValue::Text(Text::Plain(&text[1..text.len() - 1])),
            Some(b'{' | b'[') => JsonValue::Json(json),
            Some(b't') => JsonValue::Bool(true),
            Some(b'f') => JsonValue::Bool(false),
            Some(b'n') => JsonValue::Null,
            Some(_) if text.len() > LONGEST_NUMBER => return Err(Unsure),
            Some(_) => JsonValue::Number(Number::of_text(text)),
            None => return Err(Unsure),
        })
    }

    #[inline]
    pub fn kind(&self) -> ValueKind {
        match self {
            JsonValue::Null => ValueKind::Null,
            JsonValue::Bool(_) => ValueKind::Bool,
            JsonValue::Number(_) => ValueKind::Number,
            JsonValue::Text(_) => ValueKind::Text,
            JsonValue::Json(json) if json.is_array() => ValueKind::Array,
            JsonValue::Array(_) => ValueKind::Array,
            JsonValue::Json(_) | JsonValue::Object(_) | JsonValue::Record => ValueKind::Object,
        }
    }

    #[inline]
    pub fn is_true(&self) -> bool {
        !matches!(self, JsonValue::Null | JsonValue::Bool(false))
    }

    pub fn is_null(&self) -> bool {
        matches!(self, JsonValue::Null)
    }

    pub fn is_text(&self) -> bool {
        matches!(self, JsonValue::Text(_))
    }

    /// Whether an array or an object has nothing in it.
    pub fn is_empty(&self) -> bool {
        match self {
            JsonValue::Json(json) => json.is_empty(),
            JsonValue::Array(elements) => elements.is_empty(),
            JsonValue::Object(fields) => fields.is_empty(),
            JsonValue::Record
            | JsonValue::Null
            | JsonValue::Bool(_)
            | JsonValue::Number(_)
            | JsonValue::Text(_) => false,
        }
    }

    /// Elements of an array, fields of an object, characters, or the absolute value.
    pub(super) fn length(&self) -> Result<Number<'a>, Stop> {
        let of_count = |count: usize| i64::try_from(count).map(Number::Integer).map_err(|_| Stop::Unsure);
        match self {
            JsonValue::Null => Ok(Number::Integer(0)),
            JsonValue::Bool(_) => Err(Stop::Failed),
            JsonValue::Number(number) => Ok(number.length()?),
            JsonValue::Text(text) => of_count(text.count()),
            JsonValue::Json(json) if json.is_array() => of_count(json.elements().count()),
            JsonValue::Json(json) => of_count(json.unique_fields().ok_or(Unsure)?.len()),
            JsonValue::Array(elements) => of_count(elements.len()),
            JsonValue::Object(fields) => of_count(fields.len()),
            JsonValue::Record => Err(Stop::Unsure),
        }
    }

    /// An element of an array; a negative index counts from the end.
    pub(super) fn element(&self, index: isize) -> Result<JsonValue<'a>, Stop> {
        match self {
            JsonValue::Null => Ok(JsonValue::Null),
            JsonValue::Json(json) if json.is_array() => Ok(of_found(json.element(index))?),
            JsonValue::Array(elements) => {
                let at =
                    usize::try_from(index).ok().or_else(|| elements.len().checked_sub(index.unsigned_abs()));
                Ok(at.and_then(|at| elements.get(at)).cloned().unwrap_or(JsonValue::Null))
            }
            JsonValue::Json(_)
            | JsonValue::Object(_)
            | JsonValue::Bool(_)
            | JsonValue::Number(_)
            | JsonValue::Text(_) => Err(Stop::Failed),
            JsonValue::Record => Err(Stop::Unsure),
        }
    }

    /// A field of an object that is not the record.
    #[inline]
    pub(super) fn field(&self, name: &[u8]) -> Result<Option<JsonValue<'a>>, Stop> {
        match self {
            JsonValue::Null => Ok(None),
            JsonValue::Json(json) if !json.is_array() => {
                Ok(json.field(name).map(JsonValue::of_json).transpose()?)
            }
            JsonValue::Object(fields) => {
                Ok(fields.iter().find(|(other, _)| *other.bytes() == *name).map(|(_, value)| value.clone()))
            }
            JsonValue::Json(_)
            | JsonValue::Array(_)
            | JsonValue::Bool(_)
            | JsonValue::Number(_)
            | JsonValue::Text(_) => Err(Stop::Failed),
            JsonValue::Record => Err(Stop::Unsure),
        }
    }

    /// Appends it as compact JSON, or a string without quotes.
    ///
    /// # Errors
    /// Only jq can tell.
    pub fn write(&self, is_bare: bool, out: &mut Vec<u8>) -> Result<(), Unsure> {
        match self {
            JsonValue::Null => out.extend_from_slice(b"null"),
            JsonValue::Bool(is_true) => out.extend_from_slice(if *is_true { b"true" } else { b"false" }),
            JsonValue::Number(number) => number.write(out),
            JsonValue::Text(text) if is_bare => out.extend_from_slice(&text.bytes()),
            JsonValue::Text(text) => text.write(out),
            JsonValue::Json(json) => {
                return json.write_normal(LONGEST_NUMBER, write_escaped, out).ok_or(Unsure);
            }
            JsonValue::Array(elements) => {
                out.push(b'[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    element.write(false, out)?;
                }
                out.push(b']');
            }
            JsonValue::Object(fields) => {
                out.push(b'{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    name.write(out);
                    out.push(b':');
                    value.write(false, out)?;
                }
                out.push(b'}');
            }
            JsonValue::Record => return Err(Unsure),
        }
        Ok(())
    }
}

/// Appends a string with escapes as a JSON string with those that it needs.
fn write_escaped(json: Json<'_>, out: &mut Vec<u8>) {
    Text::Escaped(json).write(out);
}

/// What is found somewhere in a JSON text, or null.
pub fn of_found(found: Option<Json<'_>>) -> Result<JsonValue<'_>, Unsure> {
    found.map_or(Ok(JsonValue::Null), JsonValue::of_json)
}
