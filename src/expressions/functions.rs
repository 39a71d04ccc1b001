//! Functions of values.

use super::number::Number;
use super::value::{JsonValue, Text, ValueKind};
use super::{Stop, Unsure};

/// Functions of a value.
#[derive(Clone, Copy, Debug)]
pub enum Function {
    Not,
    Length,
    Type,
    ToString,
    ToNumber,
    LowerCase,
    UpperCase,
    /// Whether it is of this kind.
    Is(ValueKind),
}

/// Functions of two values.
#[derive(Clone, Copy, Debug)]
pub enum Relation {
    Has,
    Contains,
    StartsWith,
    EndsWith,
    TrimStart,
    TrimEnd,
}

impl Function {
    #[inline]
    pub fn apply<'a>(self, input: &JsonValue<'a>) -> Result<JsonValue<'a>, Stop> {
        let changed = |change: fn(&[u8]) -> Vec<u8>| match input {
            JsonValue::Text(text) => Ok(JsonValue::Text(Text::made(change(&text.bytes())))),
            _ => Err(Stop::Failed),
        };
        match self {
            Function::Not => Ok(JsonValue::Bool(!input.is_true())),
            Function::Length => input.length().map(JsonValue::Number),
            Function::Type => Ok(JsonValue::Text(Text::Plain(input.kind().name().as_bytes()))),
            Function::Is(kind) => Ok(JsonValue::Bool(input.kind() == kind)),
            Function::ToString => to_string(input),
            Function::ToNumber => match input {
                JsonValue::Number(_) => Ok(input.clone()),
                _ => Err(Stop::Unsure),
            },
            Function::LowerCase => changed(<[u8]>::to_ascii_lowercase),
            Function::UpperCase => changed(<[u8]>::to_ascii_uppercase),
        }
    }
}

/// Floats and what is made of other values look different as strings and as results: those are left to jq.
pub fn to_string<'a>(input: &JsonValue<'a>) -> Result<JsonValue<'a>, Stop> {
    match input {
        JsonValue::Text(_) => Ok(input.clone()),
        JsonValue::Null | JsonValue::Bool(_) | JsonValue::Number(Number::Integer(_) | Number::Decimal(_)) => {
            let mut text = Vec::new();
            input.write(false, &mut text)?;
            Ok(JsonValue::Text(Text::made(text)))
        }
        JsonValue::Number(_)
        | JsonValue::Json(_)
        | JsonValue::Array(_)
        | JsonValue::Object(_)
        | JsonValue::Record => Err(Stop::Unsure),
    }
}

impl Relation {
    #[inline]
    pub fn apply<'a>(self, input: &JsonValue<'a>, argument: &JsonValue<'a>) -> Result<JsonValue<'a>, Stop> {
        match self {
            Relation::Has => has(input, argument).map(JsonValue::Bool),
            Relation::Contains => contains(input, argument).map(JsonValue::Bool),
            Relation::StartsWith => {
                with_texts(input, argument, |text, part| Ok(JsonValue::Bool(text.starts_with(part))))
            }
            Relation::EndsWith => {
                with_texts(input, argument, |text, part| Ok(JsonValue::Bool(text.ends_with(part))))
            }
            Relation::TrimStart => trimmed(input, argument, |text, part| text.strip_prefix(part)),
            Relation::TrimEnd => trimmed(input, argument, |text, part| text.strip_suffix(part)),
        }
    }
}

/// A string without a part at one end; anything else as it is.
fn trimmed<'a>(
    input: &JsonValue<'a>,
    argument: &JsonValue<'_>,
    strip: for<'t> fn(&'t [u8], &[u8]) -> Option<&'t [u8]>,
) -> Result<JsonValue<'a>, Stop> {
    Ok(match (input, argument) {
        // Not all of it may be there.
        (JsonValue::Record, _) => return Err(Stop::Unsure),
        (JsonValue::Text(text), JsonValue::Text(part)) => match strip(&text.bytes(), &part.bytes()) {
            Some(rest) => JsonValue::Text(Text::made(rest.to_vec())),
            None => input.clone(),
        },
        _ => input.clone(),
    })
}

#[inline]
fn with_texts<'a>(
    input: &JsonValue<'a>,
    argument: &JsonValue<'a>,
    work: impl FnOnce(&[u8], &[u8]) -> Result<JsonValue<'a>, Stop>,
) -> Result<JsonValue<'a>, Stop> {
    match (input, argument) {
        (JsonValue::Text(text), JsonValue::Text(part)) => work(&text.bytes(), &part.bytes()),
        _ => Err(Stop::Failed),
    }
}

/// Whether an object has a field, or an array an element.
fn has(input: &JsonValue<'_>, argument: &JsonValue<'_>) -> Result<bool, Stop> {
    let is_array = match input {
        JsonValue::Record => return Err(Stop::Unsure),
        JsonValue::Null => return Ok(false),
        JsonValue::Json(json) => json.is_array(),
        JsonValue::Array(_) => true,
        JsonValue::Object(_) => false,
        JsonValue::Bool(_) | JsonValue::Number(_) | JsonValue::Text(_) => return Err(Stop::Failed),
    };
    match argument {
        JsonValue::Text(name) if !is_array => Ok(input.field(&name.bytes())?.is_some()),
        JsonValue::Number(Number::Integer(index)) if is_array => {
            let Number::Integer(length) = input.length()? else { return Err(Stop::Unsure) };
            Ok((0..length).contains(index))
        }
        _ => Err(Stop::Unsure),
    }
}

/// Whether a string is in another one, or values that are neither arrays nor objects are equal. Values of different kinds
/// cannot be asked, and `true` and `false` are two kinds.
fn contains(input: &JsonValue<'_>, argument: &JsonValue<'_>) -> Result<bool, Stop> {
    match (input, argument) {
        (JsonValue::Text(text), JsonValue::Text(part)) => {
            Ok(memchr::memmem::find(&text.bytes(), &part.bytes()).is_some())
        }
        (JsonValue::Number(left), JsonValue::Number(right)) => Ok(left.compare(*right)?.is_eq()),
        (JsonValue::Bool(left), JsonValue::Bool(right)) if left == right => Ok(true),
        (JsonValue::Bool(_), JsonValue::Bool(_)) => Err(Stop::Failed),
        (JsonValue::Null, JsonValue::Null) => Ok(true),
        (JsonValue::Record, _) | (_, JsonValue::Record) => Err(Stop::Unsure),
        (left, right) if left.kind() != right.kind() => Err(Stop::Failed),
        _ => Err(Unsure.into()),
    }
}
