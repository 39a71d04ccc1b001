//! Errors of jq programs, each in one line.

use super::text;
use super::value::JqValue;
use crate::escape;
use jaq_core::compile::{self, Undefined};
use jaq_core::load::{self, Error};
use jaq_core::{Exn, compile::Errors};
use jaq_json::Val;

/// Bytes of a value that stand in an error.
const LONGEST_VALUE: usize = 14;

/// The first syntax error of a program.
pub fn of_text(text: &str, errors: load::Errors<&str, ()>) -> String {
    let first = errors.into_iter().next().map(|(_, error)| error);
    let words = match first {
        Some(Error::Io(found)) => {
            found.first().map(|(path, _)| format!("modules cannot be loaded: `{path}`"))
        }
        Some(Error::Lex(found)) => {
            found.first().map(|(expected, part)| expectation(text, expected.as_str(), part))
        }
        Some(Error::Parse(found)) => {
            found.first().map(|(expected, part)| expectation(text, expected.as_str(), part))
        }
        None => None,
    };
    words.unwrap_or_else(|| "not a jq program".to_owned())
}

/// The first undefined name in a program.
pub fn of_names(text: &str, errors: Errors<&str, ()>) -> String {
    let first: Option<compile::Error<&str>> = errors.into_iter().flat_map(|(_, found)| found).next();
    let Some((name, kind)) = first else { return "not a jq program".to_owned() };
    let place = place(text, name);
    match kind {
        Undefined::Filter(0) => format!("no function `{name}` {place}"),
        Undefined::Filter(count) => format!("no function `{name}` with {count} arguments {place}")
            .replace("with 1 arguments", "with 1 argument"),
        kind => format!("no {} `{name}` {place}", kind.as_str()),
    }
}

/// A value with its kind in front, shortened as jq does it: `string ("abcdefghij...)`.
pub fn described(value: &JqValue) -> String {
    let kind = match &value.0 {
        Val::Null => "null",
        Val::Bool(_) => "boolean",
        Val::Num(_) => "number",
        Val::TStr(_) | Val::BStr(_) => "string",
        Val::Arr(_) => "array",
        Val::Obj(_) => "object",
    };
    let mut json = text::json(&value.0);
    if json.len() > LONGEST_VALUE {
        let end = (0..=LONGEST_VALUE - 3).rev().find(|end| json.is_char_boundary(*end));
        json.truncate(end.unwrap_or(0));
        json.push_str("...");
    }
    format!("{kind} ({json})")
}

/// The error that ended a program, or how it ended otherwise.
pub fn while_running(exception: Exn<'_, JqValue>) -> String {
    match exception.get_err() {
        // The message may contain a whole record, so it is shortened.
        Ok(error) => escape::line(&escape::quoted(&text::bare(&error.into_val().0))).into_owned(),
        Err(exception) => exception.get_halt().map_or_else(
            |_| "the program left its own loop".to_owned(),
            |code| format!("the program halted with {code}"),
        ),
    }
}

fn expectation(text: &str, expected: &str, found: &str) -> String {
    let found_word: String = found.chars().take_while(|c| !c.is_whitespace()).take(20).collect();
    let place = place(text, found);
    if found_word.is_empty() {
        format!("expected {expected} {place}")
    } else {
        format!("expected {expected} {place}, not `{found_word}`")
    }
}

/// The place of a part of the text, for messages: characters are counted from 1.
fn place(text: &str, part: &str) -> String {
    // A part is normally a slice of the text; a name from elsewhere has no place in it.
    let start = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    match text.get(..start) {
        Some(before) if start < text.len() => format!("at character {}", before.chars().count() + 1),
        Some(_) | None => "at the end".to_owned(),
    }
}
