//! Strings made into other values.

use super::value::JqValue;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use jaq_core::val::ValT as _;
use jaq_core::{Error, ValR};
use jaq_json::{Val, read};
use serde_json::value::RawValue;
use std::fmt::Display;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The one value of a JSON text in a string, within the bounds of a record.
pub fn from_json(value: &JqValue) -> ValR<JqValue> {
    let Val::TStr(bytes) = &value.0 else { return Err(Error::typ(value.clone(), "string")) };
    let failed = |what: &dyn Display| Error::str(format_args!("cannot parse {value} as JSON: {what}"));
    super::check(bytes).map_err(|what| failed(&format_args!("it {what}")))?;
    // jaq reads more than JSON: comments, several values, and so on.
    serde_json::from_slice::<&RawValue>(bytes).map_err(|error| failed(&error))?;
    read::parse_single(bytes).map(JqValue).map_err(|error| failed(&error))
}

/// A number as it is, or the one in a string.
pub fn to_number(value: JqValue) -> ValR<JqValue> {
    let failed =
        |value: &JqValue, what: &str| Error::str(format_args!("cannot parse {value} as a number{what}"));
    let bytes = match &value.0 {
        Val::Num(_) => return Ok(value),
        Val::TStr(bytes) => bytes,
        _ => return Err(failed(&value, "")),
    };
    if let Err(what) = super::check(bytes) {
        return Err(failed(&value, &format!(": it {what}")));
    }
    let text = str::from_utf8(bytes).unwrap_or_default().trim_matches([' ', '\t', '\r', '\n']);
    match normal_number(text) {
        Some(text) => JqValue::from_num(&text),
        None => Err(failed(&value, "")),
    }
}

/// A number as JSON writes it; jq also takes a plus and zeros in front, and a point at either end.
fn normal_number(text: &str) -> Option<String> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let end = rest.find(['e', 'E']).unwrap_or(rest.len());
    let (digits, exponent) = rest.split_at(end);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(power) = exponent.get(1..) {
        let power = power.strip_prefix(['+', '-']).unwrap_or(power);
        if power.is_empty() || !is_digits(power) {
            return None;
        }
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && fraction.is_empty()) || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}{exponent}"))
}

pub fn to_boolean(value: JqValue) -> ValR<JqValue> {
    match (&value.0, value.as_text()) {
        (Val::Bool(_), _) => Ok(value),
        (_, Some(b"true")) => Ok(JqValue::from(true)),
        (_, Some(b"false")) => Ok(JqValue::from(false)),
        _ => Err(Error::str(format_args!("cannot parse {value} as a boolean"))),
    }
}

/// The bytes that a string stands for, with padding or without.
pub fn decode_base64(value: &JqValue) -> ValR<JqValue> {
    let Some(text) = value.as_text() else { return Err(Error::typ(value.clone(), "string")) };
    let bytes = BASE64.decode(text);
    bytes.map(JqValue::of_text).map_err(|_| Error::str(format_args!("{value} is not valid base64 data")))
}

/// The character of ASCII with this number.
pub fn character(value: &JqValue) -> ValR<JqValue> {
    let number = jaq_std::ValT::as_isize(value).and_then(|number| u8::try_from(number).ok());
    match number.filter(u8::is_ascii) {
        Some(byte) => Ok(JqValue::of_text(vec![byte])),
        None => Err(Error::str(format_args!("{value} is no character of ASCII"))),
    }
}
