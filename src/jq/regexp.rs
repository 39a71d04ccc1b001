//! Regular expressions of programs, in Unicode as jq has them.

use super::value::JqValue;
use super::value::access::text_length;
use jaq_core::val::ValT as _;
use jaq_core::{Error, ValR};
use jaq_json::Val;
use regex::bytes::{Captures, Regex, RegexBuilder};
use std::cell::RefCell;
use std::rc::Rc;

/// Compiled expressions that a thread keeps: those of a few programs.
const KEPT: usize = 16;

/// An expression with its flags.
#[derive(Debug)]
pub struct Regexp {
    pub regex: Regex,
    is_global: bool,
    ignores_empty: bool,
}

thread_local! {
    static EXPRESSIONS: RefCell<Vec<(String, String, Rc<Regexp>)>> = const { RefCell::new(Vec::new()) };
}

/// What is wanted of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Matches,
    /// What is between the matches.
    Rest,
    Both,
}

impl Regexp {
    /// Compiles an expression with jq's flags.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn compile(pattern: &str, flags: &str) -> Result<Regexp, String> {
        let mut builder = RegexBuilder::new(pattern);
        let (mut is_global, mut ignores_empty) = (false, false);
        for flag in flags.chars() {
            match flag {
                'g' => is_global = true,
                'n' => ignores_empty = true,
                'i' => drop(builder.case_insensitive(true)),
                'x' => drop(builder.ignore_whitespace(true)),
                // `^` and `$` are those of the whole text anyway.
                's' => {}
                'p' => drop(builder.dot_matches_new_line(true)),
                flag => return Err(format!("`{flag}` is no flag of regular expressions")),
            }
        }
        let regex = builder.build().map_err(|error| wrong(pattern, &error))?;
        Ok(Regexp { regex, is_global, ignores_empty })
    }

    /// The matches that count: the first one, or all.
    pub fn matches<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = Captures<'t>> {
        let counts = |captures: &Captures<'_>| {
            let Some(whole) = captures.get(0) else { return false };
            // Nothing is between the bytes of a character.
            let is_within = text.get(whole.start()).is_some_and(|byte| (byte & 0xc0) == 0x80);
            !(whole.is_empty() && (self.ignores_empty || is_within))
        };
        self.regex.captures_iter(text).filter(counts).take(if self.is_global { usize::MAX } else { 1 })
    }

    fn kept(pattern: &str, flags: &str) -> Result<Rc<Regexp>, String> {
        let found = EXPRESSIONS.with_borrow(|kept| {
            let is_it = |(of, with, _): &&(String, String, _)| of == pattern && with == flags;
            kept.iter().find(is_it).map(|(.., expression)| Rc::clone(expression))
        });
        if let Some(expression) = found {
            return Ok(expression);
        }
        let expression = Rc::new(Regexp::compile(pattern, flags)?);
        EXPRESSIONS.with_borrow_mut(|kept| {
            if kept.len() >= KEPT {
                kept.remove(0);
            }
            kept.push((pattern.to_owned(), flags.to_owned(), Rc::clone(&expression)));
        });
        Ok(expression)
    }
}

/// What is wrong with an expression: the reason stands in the last line of the message.
fn wrong(pattern: &str, error: &regex::Error) -> String {
    let reason = match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        other => {
            let words = other.to_string();
            let last = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it does not compile");
            last.trim().trim_start_matches("error: ").to_owned()
        }
    };
    format!("regular expression `{pattern}`: {reason}")
}

/// Applies an expression, given as a string, or as an array of it and flags.
///
/// # Errors
/// Something is no string, or the expression is wrong.
pub fn apply(input: &JqValue, expression: &JqValue, flags: &JqValue, wanted: Wanted) -> ValR<JqValue> {
    let (text, expression) = prepare(input, expression, flags)?;
    found(input, text, &expression, wanted)
}

/// The text and the expression that is looked for in it.
///
/// # Errors
/// Something is no string, or the expression is wrong.
pub fn prepare<'t>(
    input: &'t JqValue,
    expression: &JqValue,
    flags: &JqValue,
) -> ValR<(&'t [u8], Rc<Regexp>), JqValue> {
    let (expression, more) = match &expression.0 {
        Val::Arr(parts) => {
            let part = |at: usize| JqValue(parts.get(at).cloned().unwrap_or_default());
            (part(0), part(1))
        }
        _ => (expression.clone(), JqValue(Val::Null)),
    };
    let flags = text_of(&more, "")? + &text_of(flags, "")?;
    let Some(text) = input.as_text() else {
        return Err(Error::str(format!("{input} cannot be matched, as it is not a string")));
    };
    let pattern = match &expression.0 {
        Val::TStr(_) => text_of(&expression, "")?,
        _ => return Err(Error::str(format!("{expression} is no regular expression, as it is not a string"))),
    };
    Ok((text, Regexp::kept(&pattern, &flags).map_err(Error::str)?))
}

fn text_of(value: &JqValue, otherwise: &str) -> ValR<String, JqValue> {
    match &value.0 {
        Val::Null => Ok(otherwise.to_owned()),
        Val::TStr(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
        _ => Err(Error::typ(value.clone(), "string")),
    }
}

fn found(input: &JqValue, text: &[u8], expression: &Regexp, wanted: Wanted) -> ValR<JqValue> {
    let mut parts = Vec::new();
    let mut characters = Characters { text, byte: 0, count: 0 };
    let mut end = 0;
    for captures in expression.matches(text) {
        let Some(whole) = captures.get(0) else { continue };
        if wanted != Wanted::Matches {
            parts.push(part_of(input, &text[end..whole.start()]));
            end = whole.end();
        }
        if wanted != Wanted::Rest {
            let offset = characters.before(whole.start());
            parts.push(match_of(input, text, &expression.regex, &captures, offset)?);
        }
    }
    if wanted != Wanted::Matches {
        parts.push(part_of(input, &text[end..]));
    }
    Ok(parts.into_iter().collect())
}

fn part_of(input: &JqValue, part: &[u8]) -> JqValue {
    jaq_std::ValT::as_sub_str(input, part)
}

/// The match and its groups, each an object; `offset` is that of the match.
fn match_of(
    input: &JqValue,
    text: &[u8],
    regex: &Regex,
    captures: &Captures<'_>,
    offset: usize,
) -> ValR<JqValue> {
    let start = captures.get(0).map_or(0, |whole| whole.start());
    let field = |name: &str, value: JqValue| (JqValue::of_text(name), value);
    let groups = captures.iter().zip(regex.capture_names()).enumerate().map(|(index, (group, name))| {
        let (at, length, string) = match group {
            Some(group) => {
                // A group is normally behind the start of its match.
                let before = text.get(start..group.start()).map_or(0, text_length);
                (
                    JqValue::integer(offset + before),
                    text_length(group.as_bytes()),
                    part_of(input, group.as_bytes()),
                )
            }
            None => (JqValue::from(-1_isize), 0, JqValue(Val::Null)),
        };
        let mut fields =
            vec![field("offset", at), field("length", JqValue::integer(length)), field("string", string)];
        if index > 0 {
            fields.push(field("name", name.map_or(JqValue(Val::Null), JqValue::of_text)));
        }
        JqValue::from_map(fields)
    });
    groups.collect()
}

/// Counts the characters of a text as far as it is passed.
struct Characters<'t> {
    text: &'t [u8],
    byte: usize,
    count: usize,
}

impl Characters<'_> {
    /// How many characters are before a byte, which is not before the last one that was asked for.
    fn before(&mut self, byte: usize) -> usize {
        self.count += self.text.get(self.byte..byte).map_or(0, text_length);
        self.byte = byte;
        self.count
    }
}
