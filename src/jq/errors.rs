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

/// Why a program does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramError {
    /// What is wrong and where, in one line.
    pub words: String,
    /// What was most likely meant.
    pub hint: Option<String>,
}

impl From<String> for ProgramError {
    fn from(words: String) -> ProgramError {
        ProgramError { words, hint: None }
    }
}

/// The first syntax error of a program.
pub fn of_text(text: &str, errors: load::Errors<&str, ()>) -> ProgramError {
    let first = errors.into_iter().next().map(|(_, error)| error);
    let error = match first {
        Some(Error::Io(found)) => {
            found.first().map(|(path, _)| format!("modules cannot be loaded: `{path}`").into())
        }
        Some(Error::Lex(found)) => {
            found.first().map(|(expected, part)| expectation(text, expected.as_str(), part))
        }
        Some(Error::Parse(found)) => {
            found.first().map(|(expected, part)| expectation(text, expected.as_str(), part))
        }
        None => None,
    };
    error.unwrap_or_else(|| "not a jq program".to_owned().into())
}

/// The first undefined name in a program.
pub fn of_names(text: &str, errors: Errors<&str, ()>) -> ProgramError {
    let first: Option<compile::Error<&str>> = errors.into_iter().flat_map(|(_, found)| found).next();
    let Some((name, kind)) = first else { return "not a jq program".to_owned().into() };
    let place = place(text, name);
    let is_field = matches!(kind, Undefined::Filter(0)) && FIELDS.contains(&name);
    let words = match kind {
        Undefined::Filter(0) => format!("no function `{name}` {place}"),
        Undefined::Filter(count) => format!("no function `{name}` with {count} arguments {place}")
            .replace("with 1 arguments", "with 1 argument"),
        kind => format!("no {} `{name}` {place}", kind.as_str()),
    };
    ProgramError { words, hint: is_field.then(|| format!("did you mean `.{name}`?")) }
}

/// The fields of each record.
const FIELDS: [&str; 7] = ["topic", "partition", "offset", "timestamp", "key", "value", "headers"];

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

fn expectation(text: &str, expected: &str, found: &str) -> ProgramError {
    let found_word: String = found.chars().take_while(|c| !c.is_whitespace()).take(20).collect();
    let place = place(text, found);
    let expected = match expected {
        "term" => "a value",
        "key" => "a key",
        other => other,
    };
    let words = match (expected, found_word.is_empty()) {
        ("a value" | "a key", true) => format!("it ends where {expected} is expected"),
        (_, true) => format!("expected {expected} {place}"),
        ("nothing" | "token", false) => format!("unexpected `{found_word}` {place}"),
        (_, false) => format!("expected {expected} {place}, not `{found_word}`"),
    };
    ProgramError { words, hint: meant(found) }
}

/// What other languages write, and what jq writes instead.
const SPELLINGS: [(&str, &str); 9] = [
    ("&&", "and"),
    ("&", "and"),
    ("AND", "and"),
    ("||", "or"),
    ("OR", "or"),
    ("===", "=="),
    ("!==", "!="),
    ("<>", "!="),
    ("!", "| not"),
];

/// Says what is meant by a part of a program that jq does not know.
fn meant(found: &str) -> Option<String> {
    const LONGEST: usize = 40;
    if let Some(quoted) = found.strip_prefix('\'') {
        let string = quoted.split_once('\'').map(|(string, _)| string);
        let plain = string.filter(|string| string.len() <= LONGEST && !string.contains(['"', '\\']));
        return Some(match plain {
            Some(string) => format!("a string has double quotes: `\"{string}\"`"),
            None => "a string has double quotes".to_owned(),
        });
    }
    let is_symbol = |c: char| "&|=!<>+*/%".contains(c);
    let symbol = found.trim_start_matches(is_symbol);
    let symbol = &found[..found.len() - symbol.len()];
    let word = if symbol.is_empty() { found.split_whitespace().next()? } else { symbol };
    let (_, spelling) = SPELLINGS.iter().find(|(other, _)| *other == word)?;
    Some(format!("jq writes `{spelling}`"))
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
