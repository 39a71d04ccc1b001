//! Results as JSON: compact, always valid, digits untouched.

use jaq_json::{Num, Val};
use std::fmt::Write as _;
use std::ops::Range;

/// Computed numbers between these are written without an exponent, whatever their digits.
const PLAIN: Range<f64> = 1e-4..1e15;

/// Zeros that jq puts behind the digits of a number rather than an exponent.
const MOST_ZEROS: i32 = 15;

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
    // Writing to a string does not fail.
    let _ = match number {
        Num::Float(float) if float.is_nan() => write!(text, "null"),
        Num::Float(float) if float.is_infinite() => {
            return write_number(text, &Num::Float(f64::MAX.copysign(*float)));
        }
        Num::Float(float) if *float == 0.0 || PLAIN.contains(&float.abs()) => write!(text, "{float}"),
        Num::Float(float) => {
            write_long(text, &format!("{float:e}"));
            Ok(())
        }
        other => write!(text, "{other}"),
    };
}

/// Writes a large or small number, which is given with its exponent, as jq does.
fn write_long(text: &mut String, number: &str) {
    let (mantissa, exponent) = number.split_once('e').unwrap_or((number, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let (count, before_point) = (digits.len() as i32, exponent + 1);
    let _ = if exponent < 0 || before_point > count + MOST_ZEROS {
        let direction = if exponent < 0 { '-' } else { '+' };
        write!(text, "{mantissa}e{direction}{:02}", exponent.unsigned_abs())
    } else if before_point >= count {
        write!(text, "{sign}{digits:0<width$}", width = before_point as usize)
    } else {
        let (whole, fraction) = digits.split_at(before_point as usize);
        write!(text, "{sign}{whole}.{fraction}")
    };
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
