//! Parses the command line, and reports what is wrong with it in the form of all errors.

mod kcat;
mod no_text;
mod other_tools;
mod values;
mod words;

pub use words::OrderedWords;

use crate::cli::{self, Arguments, ColorChoice, LogFormat};
use crate::error::Failure;
use crate::near::is_near;
use crate::secrets;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{FromArgMatches, ValueEnum as _};
use std::error::Error as _;
use std::ffi::OsString;

/// What the command line asks for.
#[derive(Debug)]
pub enum Invocation {
    Run(Box<Arguments>),
    /// Prints help or the version.
    Print(StyledStr),
    /// Nothing is asked for: shows this short help, as an error.
    Nothing(StyledStr),
}

/// Parses the words of the command line, the first of which is the name of the program.
pub fn parse(words: &[OsString]) -> Result<Invocation, Failure> {
    if words.len() <= 1 {
        return Ok(Invocation::Nothing(cli::command().render_help()));
    }
    let OrderedWords { words, command, stray } = OrderedWords::of(words);
    if let Some(stray) = stray {
        return Err(Failure::usage(format!("unexpected argument `{}`", secrets::word(&stray))));
    }
    let matched = cli::command().try_get_matches_from(&words);
    match matched.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => Ok(Invocation::Run(Box::new(arguments))),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            Ok(Invocation::Print(error.render()))
        }
        Err(error) if error.kind() == ErrorKind::InvalidUtf8 => Err(no_text::failure(&words)),
        Err(error) => {
            let asks_for_help = words.iter().any(|word| word == "--help" || word == "-h");
            Err(ClapError { error: &error, command: &command, asks_for_help }.told())
        }
    }
}

/// How errors about a command line are printed, as far as the words say so themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorStyle {
    /// The value of the last `--color`.
    pub color: ColorChoice,
    /// The value of the last `--log`.
    pub log: LogFormat,
}

/// Reads how errors are to be printed, from words that need not be valid.
pub fn error_style(words: &[OsString]) -> ErrorStyle {
    let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    let words = words.split(|word| *word == "--").next().unwrap_or_default();
    let color = last(words, "--color").and_then(|value| ColorChoice::from_str(value, false).ok());
    let log = last(words, "--log").and_then(|value| LogFormat::from_str(value, false).ok());
    ErrorStyle { color: color.unwrap_or_default(), log: log.unwrap_or_default() }
}

/// The value of an option; the last one, if it is given several times.
fn last<'a>(words: &[&'a str], option: &str) -> Option<&'a str> {
    let value = |(index, word): (usize, &&'a str)| match word.strip_prefix(option)? {
        "" => words.get(index + 1).copied(),
        rest => rest.strip_prefix('='),
    };
    words.iter().enumerate().rev().find_map(value)
}

/// An error of clap, to be put in our own words.
struct ClapError<'a> {
    error: &'a clap::Error,
    /// The words of the command that the error is about.
    command: &'a [String],
    /// Whether help is asked for, of a command or of a word that is none.
    asks_for_help: bool,
}

impl ClapError<'_> {
    fn told(&self) -> Failure {
        match self.error.kind() {
            ErrorKind::InvalidValue => self.invalid_value(),
            ErrorKind::ValueValidation => self.refused_value(),
            ErrorKind::UnknownArgument => self.unknown_argument(),
            ErrorKind::InvalidSubcommand => self.unknown_command(),
            ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                Failure::usage("a command is missing").hint(commands(self.family()))
            }
            ErrorKind::MissingRequiredArgument => {
                let missing: Vec<String> = self.texts(ContextKind::InvalidArg).map(bare).collect();
                let failure = Failure::usage(format!("{} is missing", quoted(&missing, " and ")));
                match self.values_of(&missing) {
                    Some(values) => failure.hint(format!("valid: {values}")),
                    None => failure.hint(format!("{} says what it takes", self.help())),
                }
            }
            ErrorKind::ArgumentConflict => {
                let others: Vec<String> = self.texts(ContextKind::PriorArg).map(bare).collect();
                let (option, others) = (self.option(), quoted(&others, " and "));
                Failure::usage(format!("`{option}` cannot be used with {others}"))
            }
            ErrorKind::TooManyValues => Failure::usage(format!("`{}` takes no value", self.option())),
            ErrorKind::NoEquals | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
                Failure::usage(format!("`{}` needs a value", self.option()))
            }
            // Parsing does not yield other kinds, but later versions of clap may add some.
            _ => Failure::usage(self.error.kind().as_str().unwrap_or("invalid arguments").to_lowercase()),
        }
    }

    fn invalid_value(&self) -> Failure {
        let option = self.option();
        let valid: Vec<&str> = self.texts(ContextKind::ValidValue).collect();
        let value = self.text(ContextKind::InvalidValue).unwrap_or_default();
        let message = match value {
            "" => format!("`{option}` needs a value"),
            _ => format!("invalid value `{}` for `{option}`", secrets::word(value)),
        };
        let failure = Failure::usage(message);
        if valid.is_empty() {
            let hint = match value {
                "" => other_tools::without_value(&option, &self.command.join(" ")),
                _ => None,
            };
            return Failure { hint: hint.map(str::to_owned), ..failure };
        }
        let list = format!("valid: {}", valid.join(", "));
        if option == "--output"
            && let Some(hint) = kcat::offset(value)
        {
            return failure.hint(hint);
        }
        match values::meant(&option, value, &valid) {
            Some(meant) => failure.hint(format!("{meant} {list}")),
            None => failure.hint(list),
        }
    }

    /// The error about a value that its parser refused, with the parser's reason.
    fn refused_value(&self) -> Failure {
        let value = self.text(ContextKind::InvalidValue).unwrap_or_default();
        let why = self.error.source().map(ToString::to_string).unwrap_or_default();
        let option = self.option();
        let failure = Failure::usage(format!("invalid value `{}` for `{option}`", secrets::word(value)));
        let failure = failure.caused_by(why);
        let meant = if option == "--header-format" { values::meant_for_headers(value) } else { None };
        match meant {
            Some(meant) => failure.hint(meant),
            None => failure,
        }
    }

    fn unknown_argument(&self) -> Failure {
        let argument = &secrets::word(self.text(ContextKind::InvalidArg).unwrap_or_default());
        let name = bare(argument);
        let failure = Failure::usage(format!("unexpected argument `{name}`"));
        if let Some(hint) = other_tools::find(&name, &self.command.join(" ")) {
            return failure.hint(hint);
        }
        if !argument.starts_with('-')
            && let Some(hint) = self.hint_for_name(argument)
        {
            return failure.hint(hint);
        }
        let owners = if self.command.is_empty() { owners(&name) } else { Vec::new() };
        if !owners.is_empty() {
            return failure.hint(format!("it is an option of {}", quoted(&owners, " and ")));
        }
        let near = self.text(ContextKind::SuggestedArg).filter(|near| is_near(&name, near));
        match near {
            Some(near) => failure.hint(format!("did you mean `{}`?", bare(near))),
            None if self.command.is_empty() => failure.hint(commands(None)),
            None => failure.hint(format!("{} lists all options", self.help())),
        }
    }

    fn unknown_command(&self) -> Failure {
        let word = self.text(ContextKind::InvalidSubcommand).unwrap_or_default();
        let word = &secrets::word(word);
        let failure = Failure::usage(format!("unknown command `{word}`"));
        let family = self.family();
        if let Some(hint) = other_tools::find(word, family.unwrap_or_default()) {
            return failure.hint(hint);
        }
        let suggested = self.texts(ContextKind::SuggestedSubcommand);
        let near: Vec<String> = suggested.filter(|near| is_near(word, near)).map(str::to_owned).collect();
        match near.is_empty() {
            // Who asks for help has not named a topic.
            true if family.is_some() || self.asks_for_help => failure.hint(commands(family)),
            true if !is_topic(word) => failure.hint(commands(None)),
            true => failure.hint(format!("to read the topic: kcons consume {word}; {}", commands(None))),
            false => failure.hint(format!("did you mean {}?", quoted(&near, " or "))),
        }
    }

    /// What to do with a name behind a command that takes none.
    fn hint_for_name(&self, name: &str) -> Option<String> {
        match self.command.join(" ").as_str() {
            "demo" | "topic list" | "group reset" if !is_topic(name) => None,
            "demo" => Some(format!("the demo brings its own topic; to read one: kcons consume {name}")),
            "group list" => Some(format!("to see one group: kcons group describe {name}")),
            "group describe" => Some(format!("one group at a time: kcons group describe {name}")),
            "group reset" => Some(format!("a topic goes behind its option: `--topic {name}`")),
            "topic list" => Some(format!("to see one topic: kcons topic describe {name}")),
            _ => None,
        }
    }

    /// The words that show the help of the command.
    fn help(&self) -> String {
        format!("`kcons {} --help`", self.command.join(" "))
    }

    /// The valid values of the one argument that is missing, if it takes only some.
    fn values_of(&self, missing: &[String]) -> Option<String> {
        let [missing] = missing else { return None };
        let (_, command) = cli::commands().into_iter().find(|(words, _)| words == self.command)?;
        let is_it = |argument: &&clap::Arg| {
            argument.get_value_names().is_some_and(|names| names.iter().any(|name| **name == **missing))
        };
        let values = command.get_arguments().find(is_it)?.get_possible_values();
        let values: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Whether the error is about words behind this command.
    fn is_of(&self, command: &str) -> bool {
        self.command.first().is_some_and(|first| first == command)
    }

    /// `group` or `topic`, if the error is about the commands of one of them.
    fn family(&self) -> Option<&'static str> {
        ["group", "topic"].into_iter().find(|family| self.is_of(family))
    }

    fn option(&self) -> String {
        bare(self.text(ContextKind::InvalidArg).unwrap_or_default())
    }

    fn text(&self, kind: ContextKind) -> Option<&str> {
        self.texts(kind).next()
    }

    fn texts(&self, kind: ContextKind) -> impl Iterator<Item = &str> {
        let (one, many) = match self.error.get(kind) {
            Some(ContextValue::String(text)) => (Some(text.as_str()), [].as_slice()),
            Some(ContextValue::Strings(texts)) => (None, texts.as_slice()),
            _ => (None, [].as_slice()),
        };
        one.into_iter().chain(many.iter().map(String::as_str))
    }
}

/// The bare name of an argument: `--count` for clap's `--count <N>`, `TOPIC` for its `<TOPIC>...`.
fn bare(argument: &str) -> String {
    let word = argument.split([' ', '=']).next().unwrap_or_default();
    word.trim_end_matches('.').trim_matches(['<', '>', '[', ']']).to_owned()
}

/// Whether a word may be meant as a topic: a name, or an expression for names.
fn is_topic(word: &str) -> bool {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    word.starts_with('^') || word.chars().all(is_legal)
}

fn quoted(words: &[String], between: &str) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(between)
}

/// Lists the commands for a hint: all of them, or those of `group` or `topic`.
fn commands(family: Option<&str>) -> String {
    let command = cli::command();
    let (start, command) = match family.and_then(|name| Some((name, command.find_subcommand(name)?))) {
        Some((name, family)) => (format!("{name} "), family),
        None => (String::new(), &command),
    };
    let names = command.get_subcommands().map(|command| format!("{start}{}", command.get_name()));
    format!("commands: {}", names.collect::<Vec<_>>().join(", "))
}

/// The commands that have an option, for one that was typed in front of the command.
fn owners(option: &str) -> Vec<String> {
    let has_it = |command: &clap::Command| {
        command.get_arguments().any(|known| match option.strip_prefix("--") {
            Some(long) => known.get_long() == Some(long),
            None => known.get_short().is_some_and(|short| option == format!("-{short}")),
        })
    };
    let commands = cli::commands().into_iter().filter(|(_, command)| has_it(command));
    let mut owners: Vec<String> = commands.map(|(words, _)| format!("kcons {}", words.join(" "))).collect();
    owners.sort();
    owners
}

#[cfg(test)]
mod tests;
