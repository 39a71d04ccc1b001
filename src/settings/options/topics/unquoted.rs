//! Words that a shell took from a jq expression without quotes: they are where topics are named.

use crate::cli::ReadingOptions;
use crate::error::Failure;
use crate::jq::Program;
use crate::settings::options::filter;

/// The expressions of a run, and the words that stand where topics do.
pub struct Unquoted<'a> {
    /// Options with a jq expression.
    expressions: Vec<(&'static str, &'a str)>,
    words: &'a [String],
}

impl<'a> Unquoted<'a> {
    pub fn of(reading: &'a ReadingOptions, words: &'a [String]) -> Unquoted<'a> {
        let options = [
            ("--filter", &reading.selection.filter),
            ("--jq", &reading.results.jq),
            ("--dedup", &reading.handler.dedup),
        ];
        let expressions = options.into_iter().filter_map(|(option, text)| Some((option, text.as_deref()?)));
        Unquoted { expressions: expressions.collect(), words }
    }

    /// What to do about a word that is no topic, if it looks like a part of an expression.
    pub fn hint(&self, word: &str) -> Option<String> {
        if self.expressions.is_empty() || !is_part(word) {
            return None;
        }
        let whole = self.expressions.iter().find_map(|(option, text)| Some((option, self.whole(text)?)));
        Some(match (whole, self.expressions.as_slice()) {
            (Some((option, whole)), _) => format!("put the expression in quotes: `{option} '{whole}'`"),
            (None, [(option, _)]) => format!("put the expression of `{option}` in quotes"),
            (None, _) => "put each jq expression in quotes".to_owned(),
        })
    }

    /// Hints for topics of these names, should they not exist.
    pub fn hints(&self) -> Vec<(String, String)> {
        let hint = |word: &String| Some((word.clone(), self.hint(word)?));
        self.words.iter().filter_map(hint).collect()
    }

    /// The error about an expression of which the shell left only the beginning.
    ///
    /// # Errors
    /// There is one.
    pub fn check(&self) -> Result<(), Failure> {
        let Some(hint) = self.words.iter().find_map(|word| self.hint(word)) else { return Ok(()) };
        self.expressions.iter().try_for_each(|(option, text)| {
            let compiled = filter::compile(option, text).map(|_| ());
            compiled.map_err(|failure| failure.hint(&hint))
        })
    }

    /// An expression with the words that belong to it: as many as make it a program.
    fn whole(&self, text: &str) -> Option<String> {
        let first = self.words.iter().position(|word| is_part(word))?;
        // `.a .b` is a program, too, and another one than two paths with a comma between them.
        if self.words[first].starts_with('.') && Program::compile(text).is_ok() {
            return None;
        }
        let ends = (first + 1..=self.words.len()).rev();
        let whole = |end| format!("{text} {}", self.words[first..end].join(" "));
        ends.map(whole).find(|whole| !whole.contains('\'') && Program::compile(whole).is_ok())
    }
}

const OPERATORS: [&str; 19] =
    ["==", "!=", "<", ">", "<=", ">=", "=", "|=", "+=", "|", "//", "+", "-", "*", "/", "%", ",", "and", "or"];

/// Whether a word is more likely a part of an expression than a topic.
fn is_part(word: &str) -> bool {
    let is_path = word.strip_prefix('.').is_some_and(|rest| {
        rest.starts_with(|next: char| next.is_ascii_alphabetic() || ['_', '[', '"'].contains(&next))
    });
    is_path || OPERATORS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Consume;
    use crate::settings::testing::TestWorld;

    fn resolved(words: &str) -> Result<Consume, Failure> {
        TestWorld::new(&[]).consume(words)
    }

    #[test]
    fn an_expression_without_quotes_is_shown_with_them() {
        for (words, message, hint) in [
            (
                "orders --filter .value.id == 5 -e",
                "invalid topic name `==`",
                "put the expression in quotes: `--filter '.value.id == 5'`",
            ),
            (
                "--filter .value.id == 5 orders",
                "invalid topic name `==`",
                "put the expression in quotes: `--filter '.value.id == 5'`",
            ),
            (
                "orders --filter .value.amount > 50",
                "invalid topic name `>`",
                "put the expression in quotes: `--filter '.value.amount > 50'`",
            ),
            (
                "orders --jq {id: .value.id}",
                "invalid topic name `.value.id}`",
                "put the expression in quotes: `--jq '{id: .value.id}'`",
            ),
            (
                "orders --jq .value.id, .key -e",
                "invalid value `.value.id,` for `--jq`",
                "put the expression in quotes: `--jq '.value.id, .key'`",
            ),
            // The quotes of the string are lost, so the expression is not known.
            (
                "orders --filter .key == k1",
                "invalid topic name `==`",
                "put the expression of `--filter` in quotes",
            ),
            (
                "orders --filter .key == k1 --jq .key",
                "invalid topic name `==`",
                "put each jq expression in quotes",
            ),
            (
                "orders --exec a --dedup-store f --dedup .key + 1",
                "invalid topic name `+`",
                "put the expression in quotes: `--dedup '.key + 1'`",
            ),
        ] {
            let failure = resolved(words).expect_err(words);
            assert_eq!((failure.message.as_str(), failure.hint.as_deref()), (message, Some(hint)), "{words}");
        }
        let failure = resolved("orders == 5").expect_err("no expression is given");
        assert_eq!(failure.hint, None);
    }

    #[test]
    fn a_topic_may_be_called_like_a_path() {
        let hint = "put the expression of `--jq` in quotes".to_owned();
        let run = resolved("orders --jq .value.id .key -e").expect("names of topics");
        assert_eq!(run.topic_hints, [(".key".to_owned(), hint)]);
        assert_eq!(resolved("orders .key and").expect("names of topics").topic_hints, []);
    }
}
