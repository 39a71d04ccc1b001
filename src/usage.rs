//! Parses the command line, and reports what is wrong with it in the form of all errors.

mod other_tools;

use crate::cli::{self, Arguments, ColorChoice, LogFormat};
use crate::error::Failure;
use crate::secrets;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{FromArgMatches, ValueEnum as _};
use std::error::Error as _;
use std::ffi::OsString;

/// What the command line asks for.
#[derive(Debug)]
pub enum Invocation {
    Run(Box<Arguments>),
    /// Prints help or the version.
    Print(String),
}

/// Parses the words of the command line, the first of which is the name of the program.
pub fn parse(words: &[OsString]) -> Result<Invocation, Failure> {
    let matched = cli::command().try_get_matches_from(words);
    match matched.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => Ok(Invocation::Run(Box::new(arguments))),
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            Ok(Invocation::Print(error.render().to_string()))
        }
        Err(error) => Err(ClapError { error: &error }.told()),
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
                Failure::usage(format!("{} is missing", quoted(&missing, " and ")))
                    .hint("`kcons COMMAND --help` says what a command takes")
            }
            ErrorKind::ArgumentConflict => self.conflict(),
            ErrorKind::TooManyValues => Failure::usage(format!("`{}` takes no value", self.option())),
            ErrorKind::NoEquals | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
                Failure::usage(format!("`{}` needs a value", self.option()))
            }
            ErrorKind::InvalidUtf8 => Failure::usage("an argument is not UTF-8 text"),
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
            return failure;
        }
        let list = format!("valid: {}", valid.join(", "));
        if option == "--output"
            && let Some(hint) = kcat_offset(value)
        {
            return failure.hint(hint);
        }
        match self.text(ContextKind::SuggestedValue).filter(|near| other_tools::is_near(value, near)) {
            Some(near) => failure.hint(format!("did you mean `{near}`? {list}")),
            None => failure.hint(list),
        }
    }

    /// The error about a value that its parser refused, with the parser's reason.
    fn refused_value(&self) -> Failure {
        let value = self.text(ContextKind::InvalidValue).unwrap_or_default();
        let why = self.error.source().map(ToString::to_string).unwrap_or_default();
        let (value, option) = (secrets::word(value), self.option());
        Failure::usage(format!("invalid value `{value}` for `{option}`")).caused_by(why)
    }

    fn unknown_argument(&self) -> Failure {
        let argument = &secrets::word(self.text(ContextKind::InvalidArg).unwrap_or_default());
        let failure = Failure::usage(format!("unexpected argument `{}`", bare(argument)));
        let command = self.command();
        let known = other_tools::find(other_tools::OPTIONS, &bare(argument), &command);
        if let Some(hint) = known.or_else(|| kcat_option(argument)) {
            return failure.hint(hint);
        }
        if !argument.starts_with('-') && self.is_of("demo") {
            return failure
                .hint(format!("the demo brings its own topic; to read one: kcons consume {argument}"));
        }
        if let Some(command) = command_of(argument).filter(|_| command.is_empty()) {
            return failure.hint(format!("it stands behind the command: kcons {command} {argument}"));
        }
        let near =
            self.text(ContextKind::SuggestedArg).filter(|near| other_tools::is_near(&bare(argument), near));
        match near {
            Some(near) => failure.hint(format!("did you mean `{}`?", bare(near))),
            None => failure.hint("`kcons COMMAND --help` lists all options"),
        }
    }

    fn unknown_command(&self) -> Failure {
        let word = self.text(ContextKind::InvalidSubcommand).unwrap_or_default();
        let word = &secrets::word(word);
        let failure = Failure::usage(format!("unknown command `{word}`"));
        if word == "help" {
            return failure.hint("`kcons --help` and `kcons COMMAND --help`");
        }
        let family = self.family();
        if family.is_none()
            && let Some(hint) = other_tools::find(other_tools::COMMANDS, word, "")
        {
            return failure.hint(hint);
        }
        let suggested = self.texts(ContextKind::SuggestedSubcommand);
        let near: Vec<String> =
            suggested.filter(|near| other_tools::is_near(word, near)).map(str::to_owned).collect();
        match near.is_empty() {
            true if family.is_some() => failure.hint(commands(family)),
            true => failure.hint(format!("to read the topic: kcons consume {word}; {}", commands(None))),
            false => failure.hint(format!("did you mean {}?", quoted(&near, " or "))),
        }
    }

    fn conflict(&self) -> Failure {
        let option = self.option();
        let others: Vec<String> = self.texts(ContextKind::PriorArg).map(bare).collect();
        match others.contains(&option) || others.is_empty() {
            true => Failure::usage(format!("`{option}` is given twice")),
            false => Failure::usage(format!("`{option}` cannot be used with {}", quoted(&others, " and "))),
        }
    }

    /// Whether the error is about words behind this command.
    fn is_of(&self, command: &str) -> bool {
        let usage = match self.error.get(ContextKind::Usage) {
            Some(ContextValue::StyledStr(usage)) => usage.to_string(),
            // Where a subcommand is missing, clap has the help in place of the usage.
            _ => self.error.render().to_string(),
        };
        usage.contains(&format!("kcons {command}"))
    }

    /// The command that the error is about, such as `group reset`; empty if there is none.
    fn command(&self) -> String {
        let mut commands = Vec::new();
        for command in cli::command().get_subcommands() {
            let name = command.get_name();
            commands.extend(command.get_subcommands().map(|inner| format!("{name} {}", inner.get_name())));
            commands.push(name.to_owned());
        }
        commands.into_iter().find(|command| self.is_of(command)).unwrap_or_default()
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

/// The first command that has an option, for an option that was typed in front of the command.
fn command_of(argument: &str) -> Option<String> {
    let command = cli::command();
    let has_it = |command: &&clap::Command| {
        command.get_arguments().any(|known| match argument.strip_prefix("--") {
            Some(long) => known.get_long() == Some(long),
            None => known.get_short().is_some_and(|short| argument == format!("-{short}")),
        })
    };
    command.get_subcommands().find(has_it).map(|command| command.get_name().to_owned())
}

/// The hint for an option of kcat. Of combined ones, as in `-Ct`, the first letter counts.
fn kcat_option(argument: &str) -> Option<&'static str> {
    let letters = argument.strip_prefix('-').filter(|letters| !letters.starts_with('-'))?;
    Some(match letters.chars().next()? {
        'C' => "to consume is a command: kcons consume TOPIC",
        'G' => "a consumer group is joined with `--group`: kcons consume TOPIC --group NAME",
        't' => "topics stand without an option: kcons consume TOPIC",
        'J' => "JSON is `--output json`, and what a pipe gets anyway",
        'c' => "to stop after N records: `--count N`",
        'u' => "leave it out: no record waits in a buffer",
        's' => "what values and keys are: `--value-format` and `--key-format`",
        'K' => "keys are printed by `--output json` and `--output pretty`",
        'f' => "for single fields: `--output json` and jq",
        'L' => "topics are listed by `kcons topic list` and described by `kcons topic describe TOPIC`",
        'P' => "kcons only consumes; Kafka's own tool produces: kafka-console-producer.sh",
        'Q' => "offsets of a time are found by `--from`, as in `--from 2026-11-23T09:00`",
        _ => return None,
    })
}

/// The hint for an offset that kcat accepts as `-o`.
fn kcat_offset(value: &str) -> Option<String> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // A position `@TIME` in milliseconds has 13 digits.
    let is_milliseconds = |text: &str| is_number(text) && text.len() == 13;
    let (option, position) = match value {
        "stored" => {
            return Some("with `--group NAME` a run starts where the group has committed".to_owned());
        }
        "beginning" | "end" | "earliest" | "latest" | "start" | "newest" => ("--from", value.to_owned()),
        _ if is_number(value.strip_prefix('-').unwrap_or(value)) => ("--from", value.to_owned()),
        _ => match value.split_once('@') {
            Some(("s", time)) if is_milliseconds(time) => ("--from", format!("@{time}")),
            Some(("e", time)) if is_milliseconds(time) => ("--to", format!("@{time}")),
            Some(_) | None => return None,
        },
    };
    Some(match option {
        "--from" => format!("where to start is `--from {position}`"),
        _ => format!("where to stop is `--to {position}`"),
    })
}

#[cfg(test)]
mod tests;
