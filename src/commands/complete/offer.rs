//! What is offered where the cursor is.

use super::line::{CursorPlace, UnfinishedLine, ValuePart, Walk};
use super::values::{self, OFFSETS, RESETS, TIMES, Values};
use super::{Candidate, Offer, OfferKind, live};
use crate::choices::DataFormat;
use crate::cli;
use crate::commands::demo::DEAD_LETTERS;
use crate::kafka;
use crate::settings::offered::{self, PropertyWords};
use crate::settings::{self, profile};
use clap::{Arg, Command, ValueEnum as _};
use std::time::Instant;

const HELP: (&str, &str) = ("help", "Explain all options of a command");

/// What fits at the cursor; nothing if the shell is to offer nothing.
pub fn of(line: &UnfinishedLine, deadline: Instant) -> Option<Offer> {
    let root = cli::command();
    let (walk, place) = line.walk(&root);
    let word = line.words.get(line.cursor)?.text.clone();
    let whole = |candidates| Some(Offer { start: word.clone(), candidates, ..Offer::default() });
    // `kcons help` is declared nowhere; the names of commands follow it.
    let is_help = line.cursor > 0 && line.words[0].text == HELP.0;
    match place {
        CursorPlace::Command => {
            let mut candidates = commands(walk.command);
            if line.cursor == 0 {
                candidates.push(Candidate::new(HELP.0, HELP.1));
            }
            whole(candidates)
        }
        CursorPlace::Option | CursorPlace::Value { .. } | CursorPlace::Program if is_help => None,
        CursorPlace::Option => whole(options(&walk, &word)),
        CursorPlace::Value { argument, part } => value(&walk, argument, part, deadline),
        CursorPlace::Program => Some(Offer { kind: OfferKind::Program, start: word, ..Offer::default() }),
        CursorPlace::Nowhere => None,
    }
}

fn commands(command: &Command) -> Vec<Candidate> {
    let shown = command.get_subcommands().filter(|inner| !inner.is_hide_set());
    let described = |inner: &Command| {
        let about = inner.get_about().map(ToString::to_string).unwrap_or_default();
        Candidate::new(inner.get_name(), about)
    };
    shown.map(described).collect()
}

/// The options that can still be typed; of a word of short ones, the word itself.
fn options(walk: &Walk<'_>, word: &str) -> Vec<Candidate> {
    if word != "-" && !word.starts_with("--") {
        let is_whole = walk.is_cluster(word);
        return if is_whole { vec![Candidate::new(word, String::new())] } else { Vec::new() };
    }
    let refused: Vec<String> = match is_demo(walk) {
        true => settings::refused_by_demo().map(|option| option.spelled()).collect(),
        false => Vec::new(),
    };
    let shown =
        walk.command.get_arguments().filter(|argument| !argument.is_hide_set() && !walk.is_done(argument));
    let described = |argument: &Arg| {
        let option = format!("--{}", argument.get_long()?);
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        (!refused.contains(&option)).then(|| Candidate::new(option, help))
    };
    shown.filter_map(described).collect()
}

/// What fits as a value.
fn value(walk: &Walk<'_>, argument: &Arg, part: ValuePart, deadline: Instant) -> Option<Offer> {
    let ValuePart { prefix, value } = part;
    let listed = argument.get_possible_values();
    let candidates = if listed.is_empty() {
        match values::of(argument) {
            Values::Words(words) => described(words),
            Values::Positions if is_demo(walk) => described(OFFSETS),
            Values::Positions => described(OFFSETS).into_iter().chain(described(TIMES)).collect(),
            Values::Resets if is_demo(walk) => described(RESETS),
            Values::Resets => described(RESETS).into_iter().chain(described(TIMES)).collect(),
            Values::Topics => topics(walk, &value, deadline)?,
            Values::OtherTopics => other_topics(walk, &value, deadline)?,
            Values::Groups if is_demo(walk) => return None,
            Values::Groups => live::groups(walk, deadline)?,
            Values::Profiles => profiles()?,
            Values::HeaderFormats => return Some(header_format(prefix, value)),
            Values::Properties => return property(walk, prefix, value),
            Values::Files => {
                return Some(Offer { kind: OfferKind::Files, prefix, start: value, ..Offer::default() });
            }
            Values::ShellCommand => {
                return Some(Offer {
                    kind: OfferKind::ShellCommand,
                    prefix,
                    start: value,
                    ..Offer::default()
                });
            }
            Values::Unknown => return None,
        }
    } else {
        let shown = listed.iter().filter(|value| !value.is_hide_set());
        let help = |value: &clap::builder::PossibleValue| {
            value.get_help().map(ToString::to_string).unwrap_or_default()
        };
        shown.map(|value| Candidate::new(value.get_name(), help(value))).collect()
    };
    // A list names each thing once. What stands behind a colon are partitions.
    let is_typed = |candidate: &Candidate| {
        let mut typed = walk.values(argument);
        typed.any(|word| word.text.split(':').next() == Some(&candidate.value))
    };
    let candidates = candidates.into_iter().filter(|candidate| !is_typed(candidate)).collect();
    Some(Offer { kind: OfferKind::Words, prefix, start: value, candidates })
}

fn described(words: &[values::DescribedWord]) -> Vec<Candidate> {
    words.iter().map(|(value, help)| Candidate::new(*value, *help)).collect()
}

/// The topics of the cluster; Kafka's own ones only once their underscores are typed.
fn topics(walk: &Walk<'_>, start: &str, deadline: Instant) -> Option<Vec<Candidate>> {
    const OF_KAFKA: &str = "__";
    let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !start.chars().all(is_legal) {
        // An expression, or partitions.
        return None;
    }
    let mut topics = live::topics(walk, deadline)?;
    topics.retain(|topic| start.starts_with(OF_KAFKA) || !topic.value.starts_with(OF_KAFKA));
    Some(topics)
}

/// The topics that are not read by the run.
fn other_topics(walk: &Walk<'_>, start: &str, deadline: Instant) -> Option<Vec<Candidate>> {
    if is_demo(walk) {
        return Some(vec![Candidate::new(DEAD_LETTERS, "")]);
    }
    let mut topics = topics(walk, start, deadline)?;
    let read = walk.given.iter().filter(|given| given.argument.is_positional());
    let read: Vec<&str> = read.map(|given| given.value.text.as_str()).collect();
    topics.retain(|topic| !read.contains(&topic.value.as_str()));
    Some(topics)
}

fn profiles() -> Option<Vec<Candidate>> {
    let names = profile::names(crate::commands::environment()).ok()?;
    Some(names.into_iter().map(|name| Candidate::new(name, "")).collect())
}

/// `NAME=` of the properties that the command takes, and behind it the values that are known.
fn property(walk: &Walk<'_>, prefix: String, typed: String) -> Option<Offer> {
    let known = kafka::properties::known().ok()?;
    let Some((name, value)) = typed.split_once('=') else {
        let is_refused = |name: &str| match walk.path[..] {
            ["consume"] => false,
            ["demo"] => settings::unsupported_by_demo(name).is_some(),
            _ => settings::is_for_members(name),
        };
        let names = offered::names(&known, &kafka::properties::check, &is_refused).into_iter();
        let candidates = names.map(|(name, help)| Candidate::new(format!("{name}="), help)).collect();
        return Some(Offer { kind: OfferKind::Words, prefix, start: typed, candidates });
    };
    let (prefix, start) = (format!("{prefix}{name}="), value.to_owned());
    match offered::values(&known, name) {
        PropertyWords::One(words) => {
            let candidates = words.into_iter().map(|word| Candidate::new(word, "")).collect();
            Some(Offer { kind: OfferKind::Words, prefix, start, candidates })
        }
        PropertyWords::File => Some(Offer { kind: OfferKind::Files, prefix, start, ..Offer::default() }),
        PropertyWords::Other => None,
    }
}

/// The formats, also behind the name of a header.
fn header_format(prefix: String, typed: String) -> Offer {
    let (name, start) = typed.rfind('=').map_or(("", &*typed), |sign| typed.split_at(sign + 1));
    let formats = DataFormat::value_variants().iter().filter_map(DataFormat::to_possible_value);
    let candidates = formats.map(|format| {
        let help = format.get_help().map(ToString::to_string).unwrap_or_default();
        Candidate::new(format.get_name(), help)
    });
    let candidates = candidates.collect();
    Offer { kind: OfferKind::Words, prefix: prefix + name, start: start.to_owned(), candidates }
}

fn is_demo(walk: &Walk<'_>) -> bool {
    walk.path == ["demo"]
}
