//! Adds the options of a profile to those that were typed.

use super::table::{Entry, EntryValue, Table};
use super::typed::{Addition, TypedCommand, with};
use crate::cli::{self, Arguments, ProfileProperty, ProfileTable};
use crate::duration::parse_duration;
use crate::error::Failure;
use crate::settings::Environment;
use crate::settings::options::given::OptionName;
use crate::settings::options::group::start;
use crate::settings::properties::values::{self, Value};
use crate::usage::{self, Invocation};
use std::any::TypeId;
use std::ffi::OsString;
use std::path::PathBuf;

/// Parses the typed words again, with the options of the profile that have an effect in this run behind them.
pub fn add(table: &Table, words: &[OsString], environment: Environment<'_>) -> Result<Arguments, Failure> {
    let typed = TypedCommand::new(words, environment, table.is_typed)?;
    let mut reader = ProfileReader::new(table, &typed, environment);
    table.entries.iter().try_for_each(|entry| reader.read(entry))?;
    let (mut resolved, additions) = reader.finish();
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
        Invocation::Print(_) | Invocation::Nothing(_) => Err(Failure::usage("a profile cannot ask for help")),
    }
}

/// Reads the entries of a profile, separates properties from options, and checks every value.
struct ProfileReader<'a> {
    table: &'a Table,
    typed: &'a TypedCommand<'a>,
    environment: Environment<'a>,
    /// The names of the options that a profile can set.
    keys: Vec<String>,
    profile: ProfileTable,
    /// Properties that are given under the names of options.
    renamed: Vec<ProfileProperty>,
    additions: Vec<Addition>,
}

impl<'a> ProfileReader<'a> {
    fn new(table: &'a Table, typed: &'a TypedCommand<'a>, environment: Environment<'a>) -> ProfileReader<'a> {
        let profile = ProfileTable {
            name: table.name.clone(),
            path: table.path.clone(),
            is_typed: table.is_typed,
            ..ProfileTable::default()
        };
        let keys = cli::profile_keys();
        ProfileReader { table, typed, environment, keys, profile, renamed: Vec::new(), additions: Vec::new() }
    }

    fn read(&mut self, entry: &Entry) -> Result<(), Failure> {
        let place = self.table.place(entry.line);
        let key = entry.key.as_str();
        if cli::NOT_IN_A_PROFILE.contains(&key) {
            return Err(Failure::usage(format!("`{key}` cannot be set{place}"))
                .hint(format!("give `--{key}` on the command line")));
        }
        if !self.keys.iter().any(|name| name == key) {
            if let Some(option) = OptionName::of_property(key).map(OptionName::spelled) {
                let shape = OptionShape::of(option.trim_start_matches('-'), self.typed);
                shape.text.map_or(Ok(()), |value_name| check_text(entry, &value_name, &place))?;
            }
            let value = property(&entry.value).ok_or_else(|| one_value(key, &place))?;
            self.profile.properties.push(ProfileProperty {
                name: key.to_owned(),
                key: key.to_owned(),
                value,
                line: entry.line,
            });
            return Ok(());
        }
        if key == "property" {
            self.profile.properties.extend(pairs(entry, &place)?);
            return Ok(());
        }
        self.read_option(entry, &place)
    }

    fn read_option(&mut self, entry: &Entry, place: &str) -> Result<(), Failure> {
        let key = entry.key.as_str();
        let texts = texts(entry, &OptionShape::of(key, self.typed), place)?;
        let values = values_of(key, texts, place, self.environment)?;
        let variables = texts.iter().filter_map(|text| values::variable(text)).map(str::to_owned);
        self.profile.variables.extend(variables);
        let elsewhere = values.iter().filter(|value| value.is_from_elsewhere());
        let elsewhere: Vec<_> = elsewhere.map(|value| (value.to_string(), value.quoted(""))).collect();
        let addition = Addition { name: key.to_owned(), words: words_of(entry, &values) };
        let is_taken = takes(self.typed, &addition, &elsewhere, place)?;
        self.profile.elsewhere.extend(elsewhere);
        // A value that is read from elsewhere is read again with the other properties, which keep its origin.
        let first = match key {
            "commit-interval" | "config" => values.into_iter().next().map(Value::into_text),
            _ => texts.first().cloned(),
        };
        let first = first.unwrap_or_default();
        if let Some(name) = property_of(key, &first) {
            let value = as_property(key, first, &entry.value);
            let (name, key) = (name.to_owned(), key.to_owned());
            self.renamed.push(ProfileProperty { name, key, value, line: entry.line });
        } else if key == "config" {
            self.profile.config = Some(first);
        } else if is_taken && !addition.words.is_empty() {
            self.additions.push(addition);
        }
        Ok(())
    }

    fn finish(mut self) -> (ProfileTable, Vec<Addition>) {
        // These come last, so that a property under the name of an option wins over the same one under its own name.
        self.profile.properties.extend(self.renamed);
        (self.profile, self.additions)
    }
}

/// The property that stands for an option of a profile, so that `-X` and files go before it. `commit`,
/// `instance-id` and a time to start at stay options: `enable.auto.commit` cannot express all modes, an id is for
/// members of a group only, and librdkafka knows no times.
fn property_of(key: &str, value: &str) -> Option<&'static str> {
    let option = OptionName::find(key)?;
    let is_expressible = match option {
        OptionName::Commit | OptionName::InstanceId => false,
        OptionName::OffsetReset => start::property(value).is_some(),
        _ => true,
    };
    option.property().filter(|_| is_expressible)
}

/// Whether this command has an option; a value that no command accepts is an error. `elsewhere` holds values that
/// are read from a variable or a file, and how they are written.
fn takes(
    typed: &TypedCommand<'_>,
    option: &Addition,
    elsewhere: &[(String, String)],
    place: &str,
) -> Result<bool, Failure> {
    let key = &option.name;
    typed.takes(key, &option.words).map_err(|failure| {
        let failure = super::as_written(failure, elsewhere);
        let message = failure.message.replace(&format!("`--{key}`"), &format!("`{key}`")) + place;
        Failure { message, ..failure }
    })
}

/// The value of a property; `None` for an array.
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
        "offset-reset" => start::property(&text).map(str::to_owned).unwrap_or(text),
        "commit-interval" => parse_duration(&text).map_or(text, |interval| interval.as_millis().to_string()),
        _ => text,
    }
}

fn one_value(key: &str, place: &str) -> Failure {
    Failure::usage(format!("`{key}`{place} takes one value, not an array"))
}

/// The properties in `property = ["KEY=VALUE"]`, which are written as for `-X`.
fn pairs(entry: &Entry, place: &str) -> Result<Vec<ProfileProperty>, Failure> {
    let texts = match &entry.value {
        EntryValue::Several(texts) => texts.clone(),
        EntryValue::One(text) => vec![text.clone()],
        EntryValue::Switch(_) => return Err(Failure::usage(format!("`property`{place} needs a text"))),
    };
    let pair = |text: String| match text.split_once('=') {
        Some((name, value)) => {
            let name = name.trim().to_owned();
            Ok(ProfileProperty { key: name.clone(), name, value: value.to_owned(), line: entry.line })
        }
        None => Err(Failure::usage(format!("`property`{place} is not of the form KEY=VALUE"))),
    };
    texts.into_iter().map(pair).collect()
}

/// Whether an option takes values, and how many.
struct OptionShape {
    is_switch: bool,
    is_repeatable: bool,
    /// For an option that takes any text, what stands for its value in `--help`: `HOST:PORT`.
    text: Option<String>,
}

/// What stands in `--help` for the values of options that take any text, and which a number can be, too.
const NUMBERS_AMONG_OTHERS: [&str; 3] = ["LIST", "POS", "WHERE"];

impl OptionShape {
    fn of(key: &str, typed: &TypedCommand<'_>) -> OptionShape {
        let mut arguments = typed.commands.iter().flat_map(|(_, command)| command.get_arguments());
        let argument = arguments.find(|argument| argument.get_long() == Some(key));
        let found = argument.map(clap::Arg::get_action);
        OptionShape {
            is_switch: found.is_some_and(|action| !action.takes_values()),
            is_repeatable: matches!(found, Some(clap::ArgAction::Append)),
            text: argument.and_then(text_of),
        }
    }
}

/// What stands for the value of an option that takes any text and of which no number makes sense.
fn text_of(argument: &clap::Arg) -> Option<String> {
    let value_type = argument.get_value_parser().type_id();
    let is_text = value_type == TypeId::of::<String>() || value_type == TypeId::of::<PathBuf>();
    let name = argument.get_value_names()?.first()?.as_str();
    (is_text && !NUMBERS_AMONG_OTHERS.contains(&name)).then(|| name.to_owned())
}

/// A number would be taken as a name: `brokers = 5` as a host.
fn check_text(entry: &Entry, value_name: &str, place: &str) -> Result<(), Failure> {
    let key = &entry.key;
    if !entry.is_bare {
        return Ok(());
    }
    Err(Failure::usage(format!("`{key}`{place} needs a text in quotes"))
        .hint(format!("as in {key} = \"{value_name}\"")))
}

/// The values of an option as they are written; none for a switch.
fn texts<'a>(entry: &'a Entry, shape: &OptionShape, place: &str) -> Result<&'a [String], Failure> {
    let key = entry.key.as_str();
    if let Some(value_name) = &shape.text {
        check_text(entry, value_name, place)?;
    }
    match &entry.value {
        EntryValue::Switch(_) if shape.is_switch => Ok(&[]),
        // A profile writes `-vv` as a number.
        EntryValue::One(number)
            if shape.is_switch && key == "verbose" && ["0", "1", "2"].contains(&number.as_str()) =>
        {
            Ok(&[])
        }
        EntryValue::One(_) | EntryValue::Several(_) if shape.is_switch => {
            Err(Failure::usage(format!("`{key}`{place} is not true or false")))
        }
        EntryValue::Switch(_) => Err(Failure::usage(format!("`{key}`{place} needs a value"))),
        EntryValue::Several(_) if !shape.is_repeatable => Err(one_value(key, place)),
        EntryValue::One(text) => Ok(std::slice::from_ref(text)),
        EntryValue::Several(texts) => Ok(texts),
    }
}

/// Reads the values of an option that are written as `env:NAME` or `file:PATH`.
fn values_of(
    key: &str,
    texts: &[String],
    place: &str,
    environment: Environment<'_>,
) -> Result<Vec<Value>, Failure> {
    let read = |text: &String| {
        if matches!(key, "config" | "dedup-store") {
            // For these, `file:PATH` is the file itself. `env:NAME` is looked up when the option is resolved.
            return Ok(Value::plain(text));
        }
        Value::read(text.clone(), environment.variables).map_err(|cause| {
            Failure::usage(format!("cannot read the value of `{key}`{place}")).caused_by(cause)
        })
    };
    texts.iter().map(read).collect()
}

/// The words that would be typed for an option.
fn words_of(entry: &Entry, values: &[Value]) -> Vec<String> {
    let key = &entry.key;
    let times = match &entry.value {
        EntryValue::Switch(is_on) => usize::from(*is_on),
        EntryValue::One(number) if values.is_empty() => number.parse().unwrap_or(0),
        EntryValue::One(_) | EntryValue::Several(_) => 0,
    };
    match values.is_empty() {
        true => vec![format!("--{key}"); times],
        false => values.iter().map(|value| format!("--{key}={}", &**value)).collect(),
    }
}
