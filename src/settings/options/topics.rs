//! Resolves names of topics and regular expressions for them.

mod unquoted;

pub use unquoted::Unquoted;

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
pub fn resolve(typed: &[String], unquoted: &Unquoted<'_>) -> Result<Vec<TopicSelector>, Failure> {
    let mut selectors = Vec::new();
    for (index, text) in typed.iter().enumerate() {
        if typed[..index].contains(text) {
            return Err(Failure::usage(format!("topic `{text}` is given twice")));
        }
        selectors.push(match text.starts_with('^') {
            true => TopicSelector::Pattern(pattern(text)?),
            false => TopicSelector::Name(name(text).map_err(|failure| match unquoted.hint(text) {
                Some(hint) => failure.hint(hint),
                None => failure,
            })?),
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
    let refuse = |cause: &str| {
        Err(Failure::usage(format!("invalid topic name `{}`", secrets::word(text))).caused_by(cause))
    };
    match text {
        "" => refuse("it is empty"),
        "." | ".." => refuse("Kafka does not allow it"),
        _ if text.len() > LONGEST => refuse("it is longer than 249 characters"),
        _ if text.chars().all(is_legal) => Ok(text.to_owned()),
        _ => {
            let (cause, hint) = misplaced(text);
            refuse(cause).map_err(|failure: Failure| Failure { hint, ..failure })
        }
    }
}

fn is_legal(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// Why a text is no name, and what is done instead with what it looks like.
fn misplaced(text: &str) -> (&'static str, Option<String>) {
    const NAMES: &str = "names consist of letters, digits, `.`, `_` and `-`";
    let is_property =
        text.split_once('=').is_some_and(|(key, _)| !key.is_empty() && key.chars().all(is_legal));
    let is_expression = text.contains(['*', '+', '?', '[', '(', '{', '|', '\\', '$']);
    match text {
        _ if text.split(',').all(is_broker) => {
            (NAMES, Some(format!("brokers are given with `--brokers {text}`")))
        }
        _ if is_property => (NAMES, Some("-X KEY=VALUE sets a property".to_owned())),
        _ if text.starts_with('^') => ("it takes names, not expressions", Some(LIST.to_owned())),
        _ if text.contains(',') => ("commas do not separate topics", Some(SEVERAL.to_owned())),
        _ if is_expression => (NAMES, Some("a regular expression starts with `^`".to_owned())),
        _ => (NAMES, None),
    }
}

/// Whether a text is `HOST:PORT`. A small number is more likely a partition.
fn is_broker(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let is_port = port.parse::<u16>().is_ok_and(|port| port >= 1000);
        is_port && !host.is_empty() && host.chars().all(is_legal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ReadingOptions;

    fn resolved(typed: &[&str]) -> Result<Vec<TopicSelector>, Failure> {
        let words = typed.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        resolve(&words, &Unquoted::of(&ReadingOptions::default(), &words))
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
            ("a,b", Some(SEVERAL)),
            ("^task", Some(LIST)),
            ("^a,b", Some(LIST)),
            ("task-.*", Some("a regular expression starts with `^`")),
            ("client.id=x", Some("-X KEY=VALUE sets a property")),
            ("localhost:19192", Some("brokers are given with `--brokers localhost:19192`")),
            ("a:9092,b:9092", Some("brokers are given with `--brokers a:9092,b:9092`")),
            ("orders:0", None),
            ("orders:0-2", None),
            ("u:s3cret@h:9092", None),
            ("==", None),
            (">", None),
            ("a/b", None),
        ] {
            assert_eq!(name(text).expect_err(text).hint.as_deref(), hint, "{text}");
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
