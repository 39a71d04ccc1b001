//! Regular expressions of `test`: those of jq, which take bytes here.

use crate::jq::Regexp;
use memchr::memmem::Finder;
use regex::bytes::Regex;

/// Characters that may not stand for themselves.
const SPECIAL: [char; 14] = ['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$'];

/// Finds out whether a text matches.
#[derive(Debug)]
pub enum Pattern {
    /// The text contains these bytes.
    Literal(Box<Finder<'static>>),
    Regex(Regex),
}

impl Pattern {
    /// Translates a regular expression; `None` if it is left to jq.
    pub fn translate(pattern: &str, flags: &str) -> Option<Pattern> {
        // With others, matches are not all that counts. What is no boundary may be found inside of a character.
        if [r"\B", r"\b{"].iter().any(|escape| pattern.contains(escape))
            || !flags.chars().all(|flag| matches!(flag, 'i' | 'x' | 's' | 'p'))
        {
            return None;
        }
        if flags.is_empty() && !pattern.contains(SPECIAL) {
            return Some(Pattern::Literal(Box::new(Finder::new(pattern).into_owned())));
        }
        Regexp::compile(pattern, flags).ok().map(|expression| Pattern::Regex(expression.regex))
    }

    #[inline]
    pub fn matches(&self, text: &[u8]) -> bool {
        match self {
            Pattern::Literal(finder) => finder.find(text).is_some(),
            Pattern::Regex(regex) => regex.is_match(text),
        }
    }
}
