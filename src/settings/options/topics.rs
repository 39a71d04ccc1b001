//! Resolves names of topics and regular expressions for them.

use crate::error::Failure;
use crate::secrets;
use regex::Regex;

#[derive(Clone, Debug)]
pub enum TopicSelector {
    Name(String),
    /// A regular expression, typed with a leading `^`; it is not anchored at its end.
    Pattern(Regex),
}

/// Resolves the topics to read, as typed for TOPIC.
pub fn resolve(typed: &[String]) -> Result<Vec<TopicSelector>, Failure> {
    let mut selectors = Vec::new();
    for (index, text) in typed.iter().enumerate() {
        if typed[..index].contains(text) {
            return Err(Failure::usage(format!("topic `{text}` is given twice")));
        }
        selectors.push(match text.starts_with('^') {
            true => TopicSelector::Pattern(pattern(text)?),
            false => TopicSelector::Name(name(text)?),
        });
    }
    Ok(selectors)
}

/// Checks names of topics, of which none may be given twice.
pub fn names(typed: &[String]) -> Result<Vec<String>, Failure> {
    for (index, text) in typed.iter().enumerate() {
        name(text)?;
        if typed[..index].contains(text) {
            return Err(Failure::usage(format!("topic `{text}` is given twice")));
        }
    }
    Ok(typed.to_vec())
}

fn pattern(text: &str) -> Result<Regex, Failure> {
    Regex::new(text).map_err(|error| {
        // The last line says why, the ones before repeat the expression.
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default().trim();
        let why = why.strip_prefix("error: ").unwrap_or(why);
        Failure::usage(format!("invalid regular expression `{text}`")).caused_by(why)
    })
}

const SEVERAL: &str = "separate topics with spaces, as in `kcons consume a b`";
const LIST: &str = "`kcons topic list` lists all topics";

/// Checks a name of a topic by the rule of Kafka's class `org.apache.kafka.common.internals.Topic`.
pub fn name(text: &str) -> Result<String, Failure> {
    const LONGEST: usize = 249;
    let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let refuse = |cause: &str| {
        Err(Failure::usage(format!("invalid topic name `{}`", secrets::word(text))).caused_by(cause))
    };
    if text.is_empty() {
        return refuse("it is empty");
    }
    if text == "." || text == ".." {
        return refuse("Kafka does not allow it");
    }
    if text.len() > LONGEST {
        return refuse("it is longer than 249 characters");
    }
    match text.chars().all(is_legal) {
        true => Ok(text.to_owned()),
        false if text.contains('=') => refuse("names consist of letters, digits, `.`, `_` and `-`")
            .map_err(|failure: Failure| failure.hint("-X KEY=VALUE sets a property")),
        false if text.contains(',') => {
            refuse("commas do not separate topics").map_err(|failure: Failure| failure.hint(SEVERAL))
        }
        false if text.starts_with('^') => {
            refuse("it takes names, not expressions").map_err(|failure: Failure| failure.hint(LIST))
        }
        false => refuse("names consist of letters, digits, `.`, `_` and `-`")
            .map_err(|failure: Failure| failure.hint("a regular expression starts with `^`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(typed: &[&str]) -> Result<Vec<TopicSelector>, Failure> {
        resolve(&typed.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_leading_caret_makes_an_expression() {
        let selectors = resolved(&["task-created", "^task-.*", "__consumer_offsets"]).expect("valid");
        assert!(matches!(&selectors[0], TopicSelector::Name(name) if name == "task-created"));
        assert!(matches!(&selectors[1], TopicSelector::Pattern(regex) if regex.is_match("task-done.v2")));
        assert!(matches!(&selectors[2], TopicSelector::Name(_)));
    }

    #[test]
    fn a_bad_expression_is_refused_with_the_reason() {
        let failure = resolved(&["^task-("]).expect_err("unclosed");
        assert_eq!(failure.message, "invalid regular expression `^task-(`");
        assert_eq!(failure.causes, ["unclosed group"]);
    }

    #[test]
    fn names_follow_kafkas_rule() {
        let long = "x".repeat(250);
        for bad in ["", ".", "..", "a b", "a/b", "a,b", "é", "task-.*", long.as_str()] {
            let failure = resolved(&[bad]).expect_err(bad);
            assert_eq!(failure.message, format!("invalid topic name `{bad}`"));
        }
        assert!(resolved(&[&long[..249]]).is_ok());
    }

    #[test]
    fn the_hint_says_what_somebody_meant() {
        for (text, hint) in [
            ("a,b", SEVERAL),
            ("^task", LIST),
            ("task-.*", "a regular expression starts with `^`"),
            ("client.id=x", "-X KEY=VALUE sets a property"),
        ] {
            assert_eq!(name(text).expect_err(text).hint.as_deref(), Some(hint));
        }
    }

    #[test]
    fn the_same_topic_twice_is_refused() {
        assert_eq!(
            resolved(&["a", "b", "a"]).map(|_| ()).map_err(|f| f.message),
            Err("topic `a` is given twice".into())
        );
    }
}
