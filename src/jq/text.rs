//! Results as JSON: compact, always valid, digits untouched.

use jaq_json::{Num, Val};
use std::fmt::Write as _;

/// Whole numbers up to here are printed without a point, as jq does.
const WHOLE: f64 = 1e17;

/// A result as one line of JSON. What JSON cannot hold becomes what jq makes of it: `null` for no number, the largest
/// number for infinity; bytes that are no text become a string.
pub fn json(value: &Val) -> String {
    let mut text = String::new();
    write(&mut text, value);
    text
}

/// A string bare, anything else as JSON.
pub fn bare(value: &Val) -> String {
    match value {
        Val::TStr(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => json(other),
    }
}

fn write(text: &mut String, value: &Val) {
    match value {
        Val::Null => text.push_str("null"),
        Val::Bool(is_true) => text.push_str(if *is_true { "true" } else { "false" }),
        Val::Num(number) => write_number(text, number),
        Val::BStr(bytes) | Val::TStr(bytes) => write_string(text, &String::from_utf8_lossy(bytes)),
        Val::Arr(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(text, item);
            }
            text.push(']');
        }
        Val::Obj(fields) => {
            text.push('{');
            for (index, (name, field)) in fields.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                match name {
                    Val::TStr(bytes) | Val::BStr(bytes) => {
                        write_string(text, &String::from_utf8_lossy(bytes))
                    }
                    other => write_string(text, &json(other)),
                }
                text.push(':');
                write(text, field);
            }
            text.push('}');
        }
    }
}

fn write_number(text: &mut String, number: &Num) {
    match number {
        Num::Float(float) if float.is_nan() => text.push_str("null"),
        Num::Float(float) if float.is_infinite() => {
            text.push_str(if *float > 0.0 { "1.7976931348623157e308" } else { "-1.7976931348623157e308" });
        }
        Num::Float(float) if float.fract() == 0.0 && float.abs() < WHOLE => {
            // Writing to a string does not fail.
            let _ = write!(text, "{float:.0}");
        }
        other => {
            let _ = write!(text, "{other}");
        }
    }
}

/// Appends a number that was computed.
pub fn write_float(number: f64, out: &mut Vec<u8>) {
    let mut text = String::new();
    write_number(&mut text, &Num::Float(number));
    out.extend_from_slice(text.as_bytes());
}

fn write_string(text: &mut String, string: &str) {
    text.push_str(&serde_json::to_string(string).expect("a string is JSON"));
}
