//! What was typed, as far as it decides which options of a profile the run takes.

use crate::cli::{self, Arguments};
use crate::error::Failure;
use crate::settings::Environment;
use crate::settings::options::given::{GivenOptions, OptionName};
use crate::settings::options::rules::{self, Beside};
use crate::usage;
use clap::FromArgMatches;
use clap::parser::ValueSource;
use std::ffi::OsString;

/// Options that a command does not take from a profile: what is moved, and whereto, is typed each time, and a demo
/// reads all there is.
const TYPED_EACH_TIME: [(&[&str], &[&str]); 2] = [
    (&["group", "reset"], &["to", "shift", "topic", "all-topics"]),
    (&["demo"], &["from", "partitions", "to"]),
];

/// An option of a profile that is not a property.
pub struct Addition {
    pub name: String,
    /// The option and its values as they would be typed.
    pub words: Vec<String>,
}

/// The command that was typed, with its options.
pub struct TypedCommand<'a> {
    words: &'a [OsString],
    environment: Environment<'a>,
    /// The declaration of all commands.
    root: clap::Command,
    /// Every command by its words.
    pub commands: Vec<(Vec<String>, clap::Command)>,
    /// The declaration of the typed command.
    command: clap::Command,
    /// The words of the typed command: `group`, `reset`.
    path: Vec<String>,
    matches: clap::ArgMatches,
    /// The environment says something about color that goes before the profile.
    has_color_variable: bool,
}

impl<'a> TypedCommand<'a> {
    /// Reads words that were parsed before. A profile that was named on the command line goes before the environment.
    pub fn new(
        words: &'a [OsString],
        environment: Environment<'a>,
        is_profile_typed: bool,
    ) -> Result<TypedCommand<'a>, Failure> {
        let root = cli::command();
        let parsed = root.clone().try_get_matches_from(words);
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

    /// Whether this command takes an option with its value.
    ///
    /// # Errors
    /// No command takes it.
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

    /// The options of a profile that the run has a use for, in the order of the profile: not typed, and not against a
    /// rule beside what was typed.
    pub fn choose<'b>(&self, additions: &'b [Addition]) -> Vec<&'b Addition> {
        let mut candidates: Vec<&Addition> =
            additions.iter().filter(|addition| !self.is_decided(&addition.name)).collect();
        candidates.sort_by_key(|addition| OptionName::find(&addition.name));
        let (mut words, mut before) = (self.words.to_vec(), self.parse(self.words));
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

    /// Whether the typed words or the environment decide over an option, whatever the profile says.
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

    /// Whether the run does without an option by the rules, with the options `before` it was added and `after` that.
    fn leaves_out(&self, addition: &Addition, before: Option<&Arguments>, after: Option<&Arguments>) -> bool {
        let Some(option) = OptionName::find(&addition.name) else { return false };
        let typed = self.parse(&with(self.words, addition));
        let given = |arguments| GivenOptions::of(arguments, self.environment);
        // Options of the profile that exclude each other are not parsed here; they are refused with all others.
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

/// Words with an option more, in front of the arguments of a handler.
pub fn with(words: &[OsString], addition: &Addition) -> Vec<OsString> {
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let mut all = words.to_vec();
    all.splice(end..end, addition.words.iter().map(OsString::from));
    all
}
