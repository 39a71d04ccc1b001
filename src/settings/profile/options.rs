//! The options of a profile among those that were typed.

use super::table::{Entry, EntryValue, Table};
use super::typed::{Addition, TypedCommand, with};
use crate::cli::{self, Arguments, ProfileProperty, ProfileTable};
use crate::duration::parse_duration;
use crate::error::Failure;
use crate::settings::Environment;
use crate::settings::options::given::OptionName;
use crate::settings::properties::values;
use crate::usage::{self, Invocation};
use std::ffi::OsString;

/// Puts the options of the profile that this run has a use for behind those that were typed.
///
/// # Errors
/// A value that no command takes, by profile and key.
pub fn add(table: &Table, words: &[OsString], environment: Environment<'_>) -> Result<Arguments, Failure> {
    let typed = TypedCommand::new(words, environment, table.is_typed)?;
    let (mut resolved, additions) = sort(table, &typed, environment)?;
    let chosen = typed.choose(&additions);
    resolved.options = chosen.iter().map(|addition| addition.name.clone()).collect();
    let all = chosen.iter().rev().fold(words.to_vec(), |words, addition| with(&words, addition));
    let mut arguments = parse(&all).map_err(|failure| super::blame(failure, Some(&resolved)))?;
    arguments.connection.profile_table = Some(resolved);
    Ok(arguments)
}

fn parse(words: &[OsString]) -> Result<Arguments, Failure> {
    match usage::parse(words)? {
        Invocation::Run(arguments) => Ok(*arguments),
        Invocation::Print(_) => Err(Failure::usage("help cannot be asked for in a profile")),
    }
}

/// Properties and options apart, each value tried.
fn sort(
    table: &Table,
    typed: &TypedCommand<'_>,
    environment: Environment<'_>,
) -> Result<(ProfileTable, Vec<Addition>), Failure> {
    let mut resolved =
        ProfileTable { name: table.name.clone(), path: table.path.clone(), ..ProfileTable::default() };
    resolved.is_typed = table.is_typed;
    let mut additions = Vec::new();
    // A property under the name of an option is the more exact of the two.
    let mut renamed = Vec::new();
    let names = cli::profile_keys();
    for entry in &table.entries {
        let line = entry.line;
        let place = table.place(line);
        let key = entry.key.as_str();
        if cli::NOT_IN_A_PROFILE.contains(&key) {
            return Err(Failure::usage(format!("`{key}` cannot be set{place}"))
                .hint(format!("type `--{key}` where it is meant")));
        }
        if !names.iter().any(|name| name == key) {
            let value = property(&entry.value).ok_or_else(|| one_value(key, &place))?;
            resolved.properties.push(ProfileProperty { name: key.to_owned(), value, line });
            continue;
        }
        if key == "property" {
            resolved.properties.extend(pairs(entry, &place)?);
            continue;
        }
        let values = texts(entry, shape(key, typed), &place, environment)?;
        let written = written(entry);
        resolved
            .variables
            .extend(written.iter().filter_map(|text| values::variable(text)).map(str::to_owned));
        let elsewhere: Vec<_> = values
            .iter()
            .filter(|value| value.is_from_elsewhere())
            .map(|value| (value.to_string(), value.quoted("")))
            .collect();
        let texts: Vec<String> = values.into_iter().map(values::Value::into_text).collect();
        let words = words_of(entry, &texts);
        let is_taken = takes(typed, key, (&words, &elsewhere), &place)?;
        resolved.elsewhere.extend(elsewhere);
        let one = texts.into_iter().next().unwrap_or_default();
        // What is read from elsewhere is read again with the other properties, which know whence it came.
        let one = match key {
            "commit-interval" | "config" => one,
            _ => written.first().cloned().unwrap_or(one),
        };
        match property_of(key) {
            Some(name) => renamed.push(ProfileProperty {
                name: name.to_owned(),
                value: as_property(key, one, &entry.value),
                line,
            }),
            None if key == "config" => resolved.config = Some(one),
            None if is_taken && !words.is_empty() => {
                additions.push(Addition { name: key.to_owned(), words });
            }
            None => {}
        }
    }
    resolved.properties.extend(renamed);
    Ok((resolved, additions))
}

/// The property of librdkafka that an option sets and is taken as, so that `-X` and files go before it. How to commit
/// is more than such a property can say, and a member's id is for members alone: these two stay options.
fn property_of(key: &str) -> Option<&'static str> {
    let option = OptionName::find(key)?;
    option.property().filter(|_| ![OptionName::Commit, OptionName::InstanceId].contains(&option))
}

/// Whether this run takes an option with these words, some of which stand elsewhere.
///
/// # Errors
/// No command takes it, by the name that it has in a profile.
fn takes(
    typed: &TypedCommand<'_>,
    key: &str,
    (words, elsewhere): (&[String], &[(String, String)]),
    place: &str,
) -> Result<bool, Failure> {
    typed.takes(key, words).map_err(|failure| {
        let failure = super::as_written(failure, elsewhere);
        let message = failure.message.replace(&format!("`--{key}`"), &format!("`{key}`")) + place;
        Failure { message, ..failure }
    })
}

/// The value of a property; `None`: it is none.
fn property(value: &EntryValue) -> Option<String> {
    match value {
        EntryValue::Switch(is_on) => Some(is_on.to_string()),
        EntryValue::One(text) => Some(text.clone()),
        EntryValue::Several(_) => None,
    }
}

fn as_property(option: &str, text: String, value: &EntryValue) -> String {
    match option {
        "read-uncommitted" => match value {
            EntryValue::Switch(false) => "read_committed".to_owned(),
            EntryValue::Switch(true) | EntryValue::One(_) | EntryValue::Several(_) => {
                "read_uncommitted".to_owned()
            }
        },
        "commit-interval" => parse_duration(&text).map_or(text, |interval| interval.as_millis().to_string()),
        _ => text,
    }
}

fn one_value(key: &str, place: &str) -> Failure {
    Failure::usage(format!("`{key}`{place} takes one value, not an array"))
}

/// `property = ["KEY=VALUE"]`, as `-X` takes it.
fn pairs(entry: &Entry, place: &str) -> Result<Vec<ProfileProperty>, Failure> {
    let texts = match &entry.value {
        EntryValue::Several(texts) => texts.clone(),
        EntryValue::One(text) => vec![text.clone()],
        EntryValue::Switch(_) => return Err(Failure::usage(format!("`property`{place} needs a text"))),
    };
    let pair = |text: String| match text.split_once('=') {
        Some((name, value)) => {
            Ok(ProfileProperty { name: name.trim().to_owned(), value: value.to_owned(), line: entry.line })
        }
        None => Err(Failure::usage(format!("`property`{place} is not of the form KEY=VALUE"))),
    };
    texts.into_iter().map(pair).collect()
}

/// The values of an option, those of variables and files read.
fn texts(
    entry: &Entry,
    (takes_none, takes_several): (bool, bool),
    place: &str,
    environment: Environment<'_>,
) -> Result<Vec<values::Value>, Failure> {
    let key = entry.key.as_str();
    let texts = match &entry.value {
        EntryValue::Switch(_) if takes_none => return Ok(Vec::new()),
        // `-v` twice is a number here.
        EntryValue::One(number)
            if takes_none && key == "verbose" && ["0", "1", "2"].contains(&number.as_str()) =>
        {
            return Ok(Vec::new());
        }
        EntryValue::One(_) | EntryValue::Several(_) if takes_none => {
            return Err(Failure::usage(format!("`{key}`{place} is not true or false")));
        }
        EntryValue::Switch(_) => return Err(Failure::usage(format!("`{key}`{place} needs a value"))),
        EntryValue::Several(_) if !takes_several => return Err(one_value(key, place)),
        EntryValue::One(text) => std::slice::from_ref(text),
        EntryValue::Several(texts) => texts,
    };
    let read = |text: &String| {
        if matches!(key, "config" | "dedup-store") {
            // The path of a file, as it is typed; and `file:PATH` that is the store itself, read with the other options.
            return Ok(values::Value::plain(text));
        }
        values::Value::read(text.clone(), environment.variables).map_err(|cause| {
            Failure::usage(format!("cannot read the value of `{key}`{place}")).caused_by(cause)
        })
    };
    texts.iter().map(read).collect()
}

/// The values of an option as they are written.
fn written(entry: &Entry) -> Vec<String> {
    match &entry.value {
        EntryValue::Switch(_) => Vec::new(),
        EntryValue::One(text) => vec![text.clone()],
        EntryValue::Several(texts) => texts.clone(),
    }
}

/// Whether an option is a switch, and whether it can be repeated.
fn shape(key: &str, typed: &TypedCommand<'_>) -> (bool, bool) {
    let mut arguments = typed.commands.iter().flat_map(|(_, command)| command.get_arguments());
    let found = arguments.find(|argument| argument.get_long() == Some(key)).map(clap::Arg::get_action);
    let takes_none = found.is_some_and(|action| !action.takes_values());
    (takes_none, matches!(found, Some(clap::ArgAction::Append)))
}

fn words_of(entry: &Entry, texts: &[String]) -> Vec<String> {
    let key = &entry.key;
    let times = match &entry.value {
        EntryValue::Switch(is_on) => usize::from(*is_on),
        EntryValue::One(number) if texts.is_empty() => number.parse().unwrap_or(0),
        EntryValue::One(_) | EntryValue::Several(_) => 0,
    };
    match texts.is_empty() {
        true => vec![format!("--{key}"); times],
        false => texts.iter().map(|text| format!("--{key}={text}")).collect(),
    }
}
