//! Strings that are made of many parts: each part is written once, however many there are.

use super::errors::described;
use super::text;
use super::value::JqValue;
use jaq_core::ops::Math;
use jaq_core::{Error, ValR};
use jaq_json::{Num, Val};
use jaq_std::ValT as _;

/// An array as a row of CSV.
pub fn csv(row: &JqValue) -> ValR<JqValue> {
    rows(row, "csv", b",", |text, line| {
        line.push(b'"');
        for byte in text {
            match byte {
                b'"' => line.extend_from_slice(b"\"\""),
                b'\0' => line.extend_from_slice(b"\\0"),
                byte => line.push(*byte),
            }
        }
        line.push(b'"');
    })
}

/// An array as a row of values between tabs.
pub fn tsv(row: &JqValue) -> ValR<JqValue> {
    rows(row, "tsv", b"\t", |text, line| {
        for byte in text {
            match byte {
                b'\\' => line.extend_from_slice(b"\\\\"),
                b'\t' => line.extend_from_slice(b"\\t"),
                b'\n' => line.extend_from_slice(b"\\n"),
                b'\r' => line.extend_from_slice(b"\\r"),
                b'\0' => line.extend_from_slice(b"\\0"),
                byte => line.push(*byte),
            }
        }
    })
}

fn rows(row: &JqValue, format: &str, between: &[u8], write: fn(&[u8], &mut Vec<u8>)) -> ValR<JqValue> {
    let Val::Arr(items) = &row.0 else {
        return Err(Error::str(format_args!("{} cannot be {format}-formatted, only array", described(row))));
    };
    let mut line = Vec::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            line.extend_from_slice(between);
        }
        match item {
            Val::Null => {}
            Val::Num(Num::Float(number)) if number.is_nan() => {}
            Val::TStr(text) | Val::BStr(text) => write(text, &mut line),
            Val::Bool(_) | Val::Num(_) => line.extend_from_slice(text::json(item).as_bytes()),
            // jq says so of both formats.
            Val::Arr(_) | Val::Obj(_) => {
                let item = described(&JqValue(item.clone()));
                return Err(Error::str(format_args!("{item} is not valid in a csv row")));
            }
        }
    }
    Ok(JqValue::of_text(line))
}

/// A value, or the elements of an array, as words of a shell.
pub fn shell(value: &JqValue) -> ValR<JqValue> {
    let words = match &value.0 {
        Val::Arr(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    };
    let mut line = Vec::new();
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            line.push(b' ');
        }
        match word {
            Val::TStr(text) | Val::BStr(text) => {
                line.push(b'\'');
                for byte in text.iter() {
                    match byte {
                        b'\'' => line.extend_from_slice(b"'\\''"),
                        byte => line.push(*byte),
                    }
                }
                line.push(b'\'');
            }
            Val::Arr(_) | Val::Obj(_) => {
                let word = described(&JqValue(word.clone()));
                return Err(Error::str(format_args!("{word} can not be escaped for shell")));
            }
            other => line.extend_from_slice(text::json(other).as_bytes()),
        }
    }
    Ok(JqValue::of_text(line))
}

/// The elements of an array, or the values of an object, with a string between them.
pub fn join(value: JqValue, between: &JqValue) -> ValR<JqValue> {
    let items = jaq_core::ValT::values(value).collect::<Result<Vec<JqValue>, _>>()?;
    let mut joined = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            append(&mut joined, between)?;
        }
        match &item.0 {
            Val::Bool(_) | Val::Num(_) => joined.extend_from_slice(text::json(&item.0).as_bytes()),
            _ => append(&mut joined, &item)?,
        }
    }
    Ok(JqValue::of_text(joined))
}

/// What `+` does with a string, where null is nothing.
pub fn append(text: &mut Vec<u8>, part: &JqValue) -> ValR<(), JqValue> {
    match &part.0 {
        Val::Null => Ok(()),
        Val::TStr(bytes) | Val::BStr(bytes) => {
            text.extend_from_slice(bytes);
            Ok(())
        }
        _ => Err(Error::math(JqValue::of_text(text.as_slice()), Math::Add, part.clone())),
    }
}

/// The string of these numbers of characters; what is no character becomes U+FFFD.
pub fn implode(value: &JqValue) -> ValR<JqValue> {
    let Val::Arr(items) = &value.0 else { return Err(Error::str("implode input must be an array")) };
    let mut text = String::with_capacity(items.len());
    for item in items.iter() {
        let Some(number) = item.as_f64() else {
            let item = described(&JqValue(item.clone()));
            return Err(Error::str(format_args!(
                "{item} can't be imploded, unicode codepoint needs to be numeric"
            )));
        };
        let character = (number > -1.0).then(|| char::from_u32(number as u32)).flatten();
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Ok(JqValue::from(text))
}
