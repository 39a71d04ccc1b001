//! Regular expressions of `test` that mean the same to jq and to the engine that is used here.

use crate::jq::{Program, Watch};
use memchr::memmem::Finder;
use regex::bytes::Regex;
use std::iter::Peekable;
use std::str::Chars;

/// Finds out whether a text matches.
#[derive(Debug)]
pub enum Pattern {
    /// The text contains these bytes.
    Literal(Box<Finder<'static>>),
    Regex(Regex),
}

impl Pattern {
    /// Translates a regular expression; `None` if jq's engine may take it otherwise, or refuses it.
    pub fn translate(pattern: &str, flags: &str) -> Option<Pattern> {
        let ignores_case = match flags {
            "" => false,
            "i" => true,
            _ => return None,
        };
        let translation = Translation::of(pattern, ignores_case)?;
        if !is_taken_by_jq(pattern, flags) {
            return None;
        }
        match translation.literal {
            Some(literal) => Some(Pattern::Literal(Box::new(Finder::new(&literal).into_owned()))),
            None => Regex::new(&translation.regex).ok().map(Pattern::Regex),
        }
    }

    #[inline]
    pub fn matches(&self, text: &[u8]) -> bool {
        match self {
            Pattern::Literal(finder) => finder.find(text).is_some(),
            Pattern::Regex(regex) => regex.is_match(text),
        }
    }
}

/// Limits of its own may keep jq from taking an expression that is fine otherwise.
fn is_taken_by_jq(pattern: &str, flags: &str) -> bool {
    // A backslash is doubled, so that nothing is interpolated.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let program = Program::compile(&format!("test({}; {})", quoted(pattern), quoted(flags)));
    program.is_ok_and(|program| program.is_true(b"\"\"", &Watch::default()).is_ok())
}

/// A regular expression on its way from one engine's notation to the other's.
struct Translation {
    regex: String,
    /// What is searched for, as long as all of it is literal.
    literal: Option<String>,
    ignores_case: bool,
    depth: usize,
    /// Whether a quantifier may come next.
    has_atom: bool,
}

/// Groups in groups; more are left to jq.
const DEEPEST: usize = 20;

/// Repetitions; more make large programs of which the engines take different ones.
const MOST: u32 = 100;

impl Translation {
    fn of(pattern: &str, ignores_case: bool) -> Option<Translation> {
        let mut translation = Translation {
            regex: String::new(),
            literal: (!ignores_case).then(String::new),
            ignores_case,
            depth: 0,
            has_atom: false,
        };
        let mut rest = pattern.chars().peekable();
        while let Some(next) = rest.next() {
            translation.take(next, &mut rest)?;
        }
        (translation.depth == 0).then_some(translation)
    }

    fn take(&mut self, next: char, rest: &mut Peekable<Chars<'_>>) -> Option<()> {
        match next {
            '|' | '^' | '$' => self.special(next.encode_utf8(&mut [0; 4]), false),
            '.' => self.special(".", true),
            '(' => {
                if rest.next_if_eq(&'?').is_some() && rest.next() != Some(':') {
                    return None;
                }
                self.depth += 1;
                if self.depth > DEEPEST {
                    return None;
                }
                self.special("(?:", false);
            }
            ')' => {
                self.depth = self.depth.checked_sub(1)?;
                self.special(")", true);
            }
            '[' => self.class(rest)?,
            '*' | '+' | '?' => self.quantifier(&next.to_string(), rest)?,
            '{' => {
                let bounds = bounds(rest)?;
                self.quantifier(&bounds, rest)?;
            }
            ']' | '}' => return None,
            '\\' => self.escape(rest.next()?)?,
            _ => self.character(next),
        }
        Some(())
    }

    fn special(&mut self, text: &str, is_atom: bool) {
        self.literal = None;
        self.regex.push_str(text);
        self.has_atom = is_atom;
    }

    fn character(&mut self, character: char) {
        if let Some(literal) = &mut self.literal {
            literal.push(character);
        }
        if self.ignores_case && character.is_ascii_alphabetic() {
            let (lower, upper) = (character.to_ascii_lowercase(), character.to_ascii_uppercase());
            self.regex.extend(['[', lower, upper, ']']);
        } else {
            self.regex.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
        }
        self.has_atom = true;
    }

    fn escape(&mut self, escaped: char) -> Option<()> {
        match escaped {
            'd' | 'w' | 's' => self.special(&format!("[{}]", perl(escaped)), true),
            'D' | 'W' | 'S' => self.special(&format!("[^{}]", perl(escaped.to_ascii_lowercase())), true),
            'b' => self.special("(?-u:\\b)", false),
            't' => self.character('\t'),
            'n' => self.character('\n'),
            'r' => self.character('\r'),
            _ if is_mark(escaped) => self.character(escaped),
            _ => return None,
        }
        Some(())
    }

    /// A set of characters in brackets, of which the first is passed.
    fn class(&mut self, rest: &mut Peekable<Chars<'_>>) -> Option<()> {
        if self.ignores_case {
            return None;
        }
        let mut class = String::from(if rest.next_if_eq(&'^').is_some() { "[^" } else { "[" });
        let mut is_empty = true;
        loop {
            let low = match rest.next()? {
                ']' if !is_empty => break,
                '\\' => match rest.next()? {
                    perl_class @ ('d' | 'w' | 's') => {
                        class.push_str(perl(perl_class));
                        is_empty = false;
                        continue;
                    }
                    mark if is_mark(mark) => mark,
                    _ => return None,
                },
                plain if plain.is_ascii_alphanumeric() || " _.,:;/@%+*!?=\"'".contains(plain) => plain,
                _ => return None,
            };
            is_empty = false;
            class.push_str(&escaped_in_class(low));
            if rest.next_if_eq(&'-').is_some() {
                let high = rest.next()?;
                let is_range = |is_kind: fn(&char) -> bool| is_kind(&low) && is_kind(&high) && low <= high;
                let is_known = is_range(char::is_ascii_digit)
                    || is_range(char::is_ascii_lowercase)
                    || is_range(char::is_ascii_uppercase);
                if !is_known {
                    return None;
                }
                class.extend(['-', high]);
            }
        }
        class.push(']');
        self.special(&class, true);
        Some(())
    }

    fn quantifier(&mut self, text: &str, rest: &mut Peekable<Chars<'_>>) -> Option<()> {
        if !std::mem::take(&mut self.has_atom) {
            return None;
        }
        self.special(text, false);
        // Whether it takes much or little decides where the match ends, not whether there is one.
        rest.next_if_eq(&'?');
        Some(())
    }
}

/// Bounds of a repetition in braces, of which the first is passed.
fn bounds(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let text: String = rest.by_ref().take_while(|character| *character != '}').take(10).collect();
    let is_bound = |bound: &str| {
        let digits = !bound.is_empty() && bound.bytes().all(|byte| byte.is_ascii_digit());
        digits && bound.parse::<u32>().is_ok_and(|bound| bound <= MOST)
    };
    let is_fine = match text.split_once(',') {
        None => is_bound(&text),
        Some((low, "")) => is_bound(low),
        Some((low, high)) => is_bound(low) && is_bound(high),
    };
    is_fine.then(|| format!("{{{text}}}"))
}

/// What is in a class of ASCII characters.
fn perl(class: char) -> &'static str {
    match class {
        'd' => "0-9",
        's' => r"\t\n\x0B\x0C\r ",
        _ => "0-9A-Za-z_",
    }
}

/// Characters that stand for themselves behind a backslash.
fn is_mark(character: char) -> bool {
    character.is_ascii_punctuation() && !matches!(character, '<' | '>')
}

fn escaped_in_class(character: char) -> String {
    if character.is_ascii_punctuation() { format!("\\{character}") } else { character.to_string() }
}
