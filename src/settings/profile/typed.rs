//! The typed command: decides which options of a profile the run takes.

use crate::cli::{self, Arguments};
use crate::error::Failure;
use crate::settings::Environment;
use crate::settings::options::given::{GivenOptions, OptionName};
use crate::settings::options::rules::{self, Beside};
use crate::usage::{self, OrderedWords};
use clap::FromArgMatches;
use clap::parser::ValueSource;
use std::ffi::OsString;

/// Options that a command does not take from a profile: what `group reset` moves, and whereto, is typed each time;
/// the demo reads all of its own records.
const TYPED_EACH_TIME: [(&[&str], &[&str]); 2] = [
    (&["group", "reset"], &["to", "shift", "topic", "all-topics"]),
    (&["demo"], &["from", "partitions", "to"]),
];

/// An option of a profile that does not stand for a property.
pub struct Addition {
    pub name: String,
    /// The option and its values as they would be typed.
    pub words: Vec<String>,
}

/// The command that was typed, with its options.
pub struct TypedCommand<'a> {
    /// The typed words, the command in front of all options.
    words: Vec<OsString>,
    environment: Environment<'a>,
    /// The declaration of all commands.
    root: clap::Command,
    /// The declarations of all commands, each with its words.
    pub commands: Vec<(Vec<String>, clap::Command)>,
    /// The declaration of the typed command.
    command: clap::Command,
    /// The words of the typed command: `group`, `reset`.
    path: Vec<String>,
    matches: clap::ArgMatches,
    /// Whether a variable of the environment decides about color, which goes before the profile.
    has_color_variable: bool,
}

impl<'a> TypedCommand<'a> {
    /// Finds the command in words that were parsed before. A profile that is named on the command line goes before
    /// the environment.
    pub fn new(
        words: &[OsString],
        environment: Environment<'a>,
        is_profile_typed: bool,
    ) -> Result<TypedCommand<'a>, Failure> {
        let root = cli::command();
        let OrderedWords { words, .. } = OrderedWords::of(words);
        let parsed = root.clone().try_get_matches_from(&words);
        let mut matches = parsed.map_err(|error| Failure::usage(error.kind().to_string()))?;
        let mut command = root.clone();
        let mut path = Vec::new();
        while let Some((name, inner)) = matches.remove_subcommand() {
            command = command.find_subcommand(&name).cloned().unwrap_or(command);
            matches = inner;
            path.push(name);
        }
        let is_set = |name: &str| environment.variable(name).is_some();
        let has_color_variable = !is_profile_typed && (is_set("NO_COLOR") || is_set("CLICOLOR_FORCE"));
        Ok(TypedCommand {
            words,
            environment,
            root,
            commands: cli::commands(),
            command,
            path,
            matches,
            has_color_variable,
        })
    }

    /// Whether this command has an option and accepts its value. A value that no command accepts is an error.
    pub fn takes(&self, name: &str, words: &[String]) -> Result<bool, Failure> {
        let tried = |path: &[String]| {
            let words = [&["kcons".to_owned()], path, words].concat();
            usage::parse(&words.into_iter().map(OsString::from).collect::<Vec<_>>()).map(|_| ())
        };
        let is_own = self.argument(name).is_some();
        let first = if is_own { tried(&self.path) } else { Ok(()) };
        if is_own && first.is_ok() {
            return Ok(true);
        }
        let has_it =
            |command: &clap::Command| command.get_arguments().any(|other| other.get_long() == Some(name));
        let mut failure = first.err();
        for (path, command) in &self.commands {
            if *path == self.path || !has_it(command) || ["completions", "man"].contains(&path[0].as_str()) {
                continue;
            }
            match tried(path) {
                Ok(()) => return Ok(false),
                Err(other) => failure = failure.or(Some(other)),
            }
        }
        failure.map_or(Ok(false), Err)
    }

    /// Chooses the options of a profile that have an effect, in the order of the profile: those that are not typed
    /// and that no rule leaves out.
    pub fn choose<'b>(&self, additions: &'b [Addition]) -> Vec<&'b Addition> {
        let mut candidates: Vec<&Addition> =
            additions.iter().filter(|addition| !self.is_decided(&addition.name)).collect();
        candidates.sort_by_key(|addition| OptionName::find(&addition.name));
        let (mut words, mut before) = (self.words.clone(), self.parse(&self.words));
        let mut chosen = Vec::new();
        for addition in candidates {
            let more = with(&words, addition);
            let after = self.parse(&more);
            if !self.leaves_out(addition, before.as_ref(), after.as_ref()) {
                (words, before) = (more, after);
                chosen.push(addition.name.as_str());
            }
        }
        additions.iter().filter(|addition| chosen.contains(&addition.name.as_str())).collect()
    }

    /// Whether the typed words or the environment decide about an option, whatever the profile says.
    fn is_decided(&self, name: &str) -> bool {
        let Some(argument) = self.argument(name) else { return true };
        let mut others = self.command.get_arguments();
        let has_rival = others.any(|other| self.are_rivals(argument, other) && self.is_there(other));
        let is_typed_each_time =
            TYPED_EACH_TIME.iter().any(|(command, options)| self.path == *command && options.contains(&name));
        let property = OptionName::find(name).and_then(OptionName::property);
        self.is_there(argument)
            || has_rival
            || is_typed_each_time
            || property.is_some_and(|property| self.is_property_typed(property))
            || name == "color" && self.has_color_variable
    }

    /// Whether the rules leave an option out, given all options `before` and `after` it is added.
    fn leaves_out(&self, addition: &Addition, before: Option<&Arguments>, after: Option<&Arguments>) -> bool {
        let Some(option) = OptionName::find(&addition.name) else { return false };
        let typed = self.parse(&with(&self.words, addition));
        let given = |arguments| GivenOptions::of(arguments, self.environment);
        // If options of the profile exclude each other, they cannot be parsed here; the final parsing reports that.
        let given = (before.and_then(given), after.and_then(given), typed.as_ref().and_then(given));
        let (Some(before), Some(after), Some(typed)) = given else { return false };
        rules::leaves_out(option, &Beside { before: &before, after: &after, typed: &typed })
    }

    fn parse(&self, words: &[OsString]) -> Option<Arguments> {
        let matches = self.root.clone().try_get_matches_from(words).ok()?;
        Arguments::from_arg_matches(&matches).ok()
    }

    fn argument(&self, name: &str) -> Option<&clap::Arg> {
        self.command.get_arguments().find(|argument| argument.get_long() == Some(name))
    }

    fn are_rivals(&self, one: &clap::Arg, other: &clap::Arg) -> bool {
        let excludes = |one: &clap::Arg, other: &clap::Arg| {
            let rivals = self.command.get_arg_conflicts_with(one);
            rivals.iter().any(|rival| rival.get_id() == other.get_id())
                || cli::RIVALS.iter().any(|pair| {
                    let names = [one.get_long(), other.get_long()];
                    pair.iter().all(|name| names.contains(&Some(*name)))
                })
        };
        one.get_id() != other.get_id() && (excludes(one, other) || excludes(other, one))
    }

    fn is_there(&self, argument: &clap::Arg) -> bool {
        self.matches.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine)
    }

    fn is_property_typed(&self, name: &str) -> bool {
        let Some(argument) = self.argument("property").filter(|argument| self.is_there(argument)) else {
            return false;
        };
        let mut values = self.matches.get_raw(argument.get_id().as_str()).into_iter().flatten();
        values.any(|value| {
            value.to_str().and_then(|text| text.split_once('=')).is_some_and(|(key, _)| key == name)
        })
    }
}

/// Adds an option to words, in front of the program of a handler.
pub fn with(words: &[OsString], addition: &Addition) -> Vec<OsString> {
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let mut all = words.to_vec();
    all.splice(end..end, addition.words.iter().map(OsString::from));
    all
}
