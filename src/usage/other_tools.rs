//! Words of other tools, and what replaces them in kcons: by meaning, before names that only look alike.

pub mod table;

use table::{Replacement, TABLE, WITHOUT_VALUES};

/// The hint for a word behind a command.
pub fn find(typed: &str, command: &str) -> Option<&'static str> {
    find_in(TABLE, typed, command)
}

/// The hint for an option behind a command that has no value.
pub fn without_value(option: &str, command: &str) -> Option<&'static str> {
    find_in(WITHOUT_VALUES, option, command)
}

fn find_in(table: &[Replacement], typed: &str, command: &str) -> Option<&'static str> {
    let fits = |meant: &&Replacement| {
        meant.typed.contains(&typed) && (meant.behind.is_empty() || meant.behind.contains(&command))
    };
    table.iter().find(fits).map(|meant| meant.hint)
}

#[cfg(test)]
mod tests {
    use crate::usage::parse;
    use std::ffi::OsString;

    #[test]
    fn an_option_without_its_value_is_told_what_it_takes() {
        for (words, option, part) in [
            ("consume t -f", "--format", "a run follows the topic without any option"),
            ("consume t --format", "--format", "a run follows the topic without any option"),
            ("demo -f", "--format", "`--follow` goes on until Ctrl-C"),
        ] {
            let words: Vec<OsString> =
                std::iter::once("kcons").chain(words.split(' ')).map(OsString::from).collect();
            let failure = parse(&words).expect_err("no value");
            assert_eq!(failure.message, format!("`{option}` needs a value"));
            assert!(failure.hint.is_some_and(|hint| hint.contains(part)), "{words:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_topic_is_not_offered_as_one() {
        for (words, hint) in [
            ("demo --filter .value.id == 5", "`kcons COMMAND --help` lists all options"),
            ("topic list localhost:9092", "`kcons COMMAND --help` lists all options"),
            ("localhost:9092", "commands: consume, lag, group, topic, demo, completions, man"),
        ] {
            let words: Vec<OsString> =
                std::iter::once("kcons").chain(words.split(' ')).map(OsString::from).collect();
            let failure = parse(&words).expect_err("no topic");
            assert_eq!(failure.hint.as_deref(), Some(hint), "{words:?}");
        }
    }
}
