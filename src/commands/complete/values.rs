//! What fits as the value of each option and argument.

use clap::Arg;

/// A word that is offered, and what it means.
pub type DescribedWord = (&'static str, &'static str);

/// What fits as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    Words(&'static [DescribedWord]),
    /// Where to read from or to.
    Positions,
    /// Where a group starts that has committed nothing.
    Resets,
    /// Topics of the cluster.
    Topics,
    /// Topics that records are written to: not those that are read.
    OtherTopics,
    /// Groups of the cluster.
    Groups,
    /// Names of profiles.
    Profiles,
    /// A format, or one behind `NAME=`.
    HeaderFormats,
    /// `NAME=VALUE` of librdkafka.
    Properties,
    Files,
    /// A shell command.
    ShellCommand,
    /// Nobody but the user knows.
    Unknown,
}

use Values::{
    Files, Groups, HeaderFormats, OtherTopics, Positions, Profiles, Properties, Resets, ShellCommand, Topics,
    Unknown, Words,
};

const COMMIT: &[DescribedWord] = &[
    ("auto", "every --commit-interval"),
    ("manual", "after every record"),
    ("batch=", "after every N records"),
    ("never", "use the group's offsets, commit nothing"),
];

/// Positions that need no look-up by time.
pub const OFFSETS: &[DescribedWord] = &[
    ("beginning", "the first record"),
    ("end", "the end as it is now"),
    ("-10", "10 before the end of each partition"),
];

/// Positions that are times.
pub const TIMES: &[DescribedWord] = &[
    ("-1h", "an hour ago"),
    ("-1d", "a day ago"),
    ("now", "this moment"),
    ("today", "since midnight"),
    ("yesterday", "since midnight a day ago"),
];

/// Where a group starts that has committed nothing, beside `TIMES`.
pub const RESETS: &[DescribedWord] =
    &[("earliest", "the first record"), ("latest", "the end as it is now"), ("none", "fail instead")];

/// By the name of an option, or the value name of a positional argument. Options whose values the declaration lists
/// are not here.
const VALUES: &[(&str, Values)] = &[
    ("avro-schema", Files),
    ("backoff", Unknown),
    ("brokers", Unknown),
    ("CMD", ShellCommand),
    ("commit", Words(COMMIT)),
    ("commit-interval", Unknown),
    ("config", Files),
    ("connect-timeout", Unknown),
    ("count", Unknown),
    ("dead-letter", OtherTopics),
    ("dedup", Unknown),
    ("dedup-store", Files),
    ("dedup-ttl", Unknown),
    ("delimiter", Unknown),
    ("duration", Unknown),
    ("exec", ShellCommand),
    ("expect", Unknown),
    ("failure-limit", Unknown),
    ("filter", Unknown),
    ("grep", Unknown),
    ("key", Unknown),
    ("format", Unknown),
    ("forward", OtherTopics),
    ("from", Positions),
    ("group", Groups),
    ("header-format", HeaderFormats),
    ("GROUP", Groups),
    ("idle-timeout", Unknown),
    ("in-flight", Unknown),
    ("instance-id", Unknown),
    ("jq", Unknown),
    ("label", Unknown),
    ("last", Unknown),
    ("max-lag", Unknown),
    ("metrics", Unknown),
    ("null", Unknown),
    ("offset-reset", Resets),
    ("parallel", Unknown),
    ("partitions", Unknown),
    ("profile", Profiles),
    ("property", Properties),
    ("proto", Files),
    ("proto-message", Unknown),
    ("proto-path", Files),
    ("rate", Unknown),
    ("registry", Unknown),
    ("registry-ca", Files),
    ("registry-cert", Files),
    ("registry-key", Files),
    ("registry-token", Unknown),
    ("registry-user", Unknown),
    ("retries", Unknown),
    ("shift", Unknown),
    ("shutdown-timeout", Unknown),
    ("timeout", Unknown),
    ("title-field", Unknown),
    ("to", Positions),
    ("topic", Topics),
    ("TOPIC", Topics),
    ("wait-for-topic", Unknown),
    ("watch", Unknown),
    ("worker", ShellCommand),
];

/// What fits as the value of an argument whose values the declaration does not list.
pub fn of(argument: &Arg) -> Values {
    name(argument).and_then(find).unwrap_or(Unknown)
}

fn find(name: &str) -> Option<Values> {
    VALUES.iter().find(|(other, _)| *other == name).map(|(_, values)| *values)
}

fn name(argument: &Arg) -> Option<&str> {
    let value_name = || argument.get_value_names().and_then(|names| names.first()).map(|name| name.as_str());
    argument.get_long().or_else(value_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;
    use std::collections::BTreeSet;

    #[test]
    fn what_fits_is_decided_for_each_argument_that_takes_a_value() {
        let commands = cli::commands();
        let arguments = commands.iter().flat_map(|(_, command)| command.get_arguments());
        let open = arguments.filter(|argument| {
            argument.get_action().takes_values() && argument.get_possible_values().is_empty()
        });
        let names: BTreeSet<&str> = open.filter_map(name).collect();
        let decided: BTreeSet<&str> = VALUES.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, decided, "`VALUES` says what fits as a value");
    }

    #[test]
    fn the_words_that_are_offered_are_taken() {
        let takes = |words: &[&str]| {
            let words = [&["kcons", "consume", "t"], words].concat();
            assert!(cli::command().try_get_matches_from(&words).is_ok(), "{words:?}");
        };
        for (word, _) in COMMIT {
            let word = if word.ends_with('=') { format!("{word}10") } else { (*word).to_owned() };
            takes(&["-g", "g", "--commit", &word]);
        }
        let clock = crate::settings::testing::TestWorld::new(&[]).surroundings().clock;
        for (word, _) in OFFSETS.iter().chain(TIMES) {
            takes(&["--from", word]);
            let parsed = crate::position::Positions::parse(word, crate::position::Role::From, &clock);
            assert!(parsed.is_ok(), "{word}");
        }
        for (word, _) in RESETS.iter().chain(TIMES) {
            takes(&["-g", "g", "--offset-reset", word]);
            assert!(crate::settings::start::typed(word, &clock).is_ok(), "{word}");
        }
    }
}
