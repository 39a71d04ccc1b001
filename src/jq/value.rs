//! Values of programs: those of jaq, which do what jq does where jaq has its own mind.

pub mod access;
mod calculation;

use jaq_core::{Error, val::Range};
use jaq_json::{Num, Val};
use std::fmt;

/// A value of a program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JqValue(pub Val);

impl JqValue {
    pub fn of_text(text: impl Into<Vec<u8>>) -> JqValue {
        JqValue(Val::utf8_str(text.into()))
    }

    pub fn integer(number: usize) -> JqValue {
        JqValue(Val::from(number))
    }

    /// The bytes of a string.
    pub fn as_text(&self) -> Option<&[u8]> {
        match &self.0 {
            Val::TStr(bytes) | Val::BStr(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// An error of jaq's own values, with the same words.
fn of_jaq(error: Error<Val>) -> Error<JqValue> {
    Error::new(JqValue(error.into_val()))
}

/// The whole number at or below a number, or at or above it; `None` if it is too large, or no number.
fn whole(number: &Num, round: fn(f64) -> f64) -> Option<isize> {
    match number {
        Num::Int(number) => Some(*number),
        Num::BigInt(_) => None,
        Num::Float(number) => in_range(round(*number)),
        Num::Dec(text) => in_range(round(text.parse().ok()?)),
    }
}

fn in_range(number: f64) -> Option<isize> {
    (number.abs() < 1e15).then_some(number as isize)
}

impl fmt::Display for JqValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<bool> for JqValue {
    fn from(is_true: bool) -> JqValue {
        JqValue(Val::Bool(is_true))
    }
}

impl From<isize> for JqValue {
    fn from(number: isize) -> JqValue {
        JqValue(Val::from(number))
    }
}

impl From<usize> for JqValue {
    fn from(number: usize) -> JqValue {
        JqValue(Val::from(number))
    }
}

impl From<f64> for JqValue {
    fn from(number: f64) -> JqValue {
        JqValue(Val::from(number))
    }
}

impl From<String> for JqValue {
    fn from(text: String) -> JqValue {
        JqValue(Val::from(text))
    }
}

impl From<Range<JqValue>> for JqValue {
    fn from(range: Range<JqValue>) -> JqValue {
        // Both names are there, as in the paths of jq.
        let bound = |bound: Option<JqValue>| bound.map_or(Val::Null, |bound| bound.0);
        let fields = [("start", bound(range.start)), ("end", bound(range.end))];
        JqValue(Val::obj(
            fields.into_iter().map(|(name, bound)| (Val::from(name.to_owned()), bound)).collect(),
        ))
    }
}

impl FromIterator<JqValue> for JqValue {
    fn from_iter<T: IntoIterator<Item = JqValue>>(values: T) -> JqValue {
        JqValue(values.into_iter().map(|value| value.0).collect())
    }
}
