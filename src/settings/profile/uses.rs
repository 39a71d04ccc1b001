//! Which options of a profile a run has a use for: it ignores the others, as it does properties of a file.

use super::Environment;
use crate::cli;
use crate::error::Failure;
use crate::usage;
use clap::parser::ValueSource;
use std::ffi::OsString;

/// Only where records are printed.
const PRINTED: [&str; 5] = ["output", "json", "delimiter", "label", "title-field"];

/// What is changed, and to what, is typed each time.
const OF_A_RESET: [&str; 4] = ["to", "shift", "topic", "all-topics"];

const HANDLERS: [&str; 3] = ["exec", "worker", "forward"];

/// Options of the profile by name, with their words.
type Given<'a> = &'a [(&'a str, &'a [String])];

/// What was typed, as far as it decides over the rest.
pub struct Run {
    /// All commands by their words.
    pub commands: Vec<(Vec<String>, clap::Command)>,
    command: clap::Command,
    matches: clap::ArgMatches,
    path: Vec<String>,
    is_terminal: bool,
    /// `NO_COLOR` or `CLICOLOR_FORCE` is there.
    has_color_variable: bool,
}

impl Run {
    /// # Errors
    /// None for words that were parsed before.
    pub fn new(words: &[OsString], environment: Environment<'_>, is_terminal: bool) -> Result<Run, Failure> {
        let is_set = |name: &str| environment(name).is_some_and(|value| !value.is_empty());
        let mut command = cli::command();
        let parsed = command.clone().try_get_matches_from(words);
        let mut matches = parsed.map_err(|error| Failure::usage(error.kind().to_string()))?;
        let mut path = Vec::new();
        while let Some((name, inner)) = matches.remove_subcommand() {
            command = command.find_subcommand(&name).cloned().unwrap_or(command);
            matches = inner;
            path.push(name);
        }
        let has_color_variable = is_set("NO_COLOR") || is_set("CLICOLOR_FORCE");
        Ok(Run { commands: cli::commands(), command, matches, path, is_terminal, has_color_variable })
    }

    /// A profile that was typed goes before what is in the environment.
    pub fn before_environment(mut self, is_typed: bool) -> Run {
        self.has_color_variable &= !is_typed;
        self
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

    /// Whether an option of the profile changes something beside what was typed.
    pub fn has_use(&self, name: &str, given: Given<'_>) -> bool {
        let Some(argument) = self.argument(name) else { return false };
        let others = self.command.get_arguments();
        let mut rivals = others.filter(|other| self.are_rivals(argument, other));
        if self.is_typed(name) || rivals.any(|rival| self.is_there(rival)) {
            return false;
        }
        if self.path == ["group", "reset"] && OF_A_RESET.contains(&name) {
            return false;
        }
        if name == "color" {
            return !self.has_color_variable;
        }
        if self.is_demo() && self.is_typed("serve") {
            return argument.is_global_set();
        }
        let is_reading = self.is_demo() || self.path == ["consume"];
        !is_reading || self.is_of_use(name, given)
    }

    fn is_of_use(&self, name: &str, given: Given<'_>) -> bool {
        let handler = self.handler(given);
        let has = |name: &str| self.is_typed(name) || given.iter().any(|(other, _)| *other == name);
        let form = self.form(given);
        match name {
            "from" | "partitions" => !self.in_group() && !self.is_demo(),
            "to" => !self.is_demo(),
            "exit" => !self.is_typed("follow"),
            "commit" => self.in_group() && !self.is_property_typed("enable.auto.commit"),
            "async-commit" => self.in_group() && self.waits_for_commits(given),
            "instance-id" => {
                self.in_group() && !self.is_demo() && !self.is_property_typed("group.instance.id")
            }
            "exec" | "worker" | "forward" => handler == Some(name),
            "output" | "json" => handler.is_none(),
            "delimiter" => handler.is_none() && form == "raw",
            "label" | "title-field" => handler.is_none() && form == "pretty",
            "value-format" | "key-format" | "strict" => match handler {
                None => form != "raw" || has("filter"),
                Some("worker") => true,
                Some(_) => {
                    has("filter") || has("dedup") || self.value("stdin", given).as_deref() == Some("json")
                }
            },
            "stdin" => matches!(handler, Some("exec" | "command")),
            "in-flight" => match handler {
                Some("worker") => true,
                Some("forward") => !has("parallel"),
                Some(_) | None => false,
            },
            "parallel" => handler.is_some() && !(handler == Some("forward") && self.is_typed("in-flight")),
            "on-failure" => match (handler, self.value("on-failure", given).as_deref()) {
                (Some(_), Some("dead-letter")) => true,
                (Some(_), _) => !self.is_typed("dead-letter"),
                (None, policy) => has("filter") && policy != Some("dead-letter"),
            },
            "dead-letter" => {
                handler.is_some() && self.typed("on-failure").is_none_or(|it| it == "dead-letter")
            }
            "order" | "rate" | "timeout" | "retries" | "backoff" | "failure-limit" | "dedup" => {
                handler.is_some()
            }
            "dedup-store" | "dedup-ttl" => handler.is_some() && has("dedup"),
            _ => true,
        }
    }

    /// The handler of the run: the typed one, else that of the profile where nothing typed is about printing.
    fn handler<'a>(&self, given: Given<'a>) -> Option<&'a str> {
        let typed = HANDLERS.into_iter().chain(["command"]).find(|name| match *name {
            "command" => self.has_positional("command"),
            name => self.is_typed(name),
        });
        if typed.is_some() || PRINTED.iter().any(|name| self.is_typed(name)) {
            return typed;
        }
        given.iter().map(|(name, _)| *name).find(|name| HANDLERS.contains(name))
    }

    fn form(&self, given: Given<'_>) -> String {
        let typed = self.typed("output").or_else(|| self.is_typed("json").then(|| "json".to_owned()));
        let of_profile = || match given.iter().any(|(name, _)| *name == "json") {
            true => Some("json".to_owned()),
            false => self.value("output", given),
        };
        match typed.or_else(of_profile).as_deref() {
            None | Some("auto") if self.is_terminal => "pretty".to_owned(),
            None | Some("auto") => "json".to_owned(),
            Some(form) => form.to_owned(),
        }
    }

    fn waits_for_commits(&self, given: Given<'_>) -> bool {
        let commit = self.value("commit", given).unwrap_or_default();
        commit == "manual" || commit.starts_with("batch")
    }

    /// A profile never chooses the mode; the demo is a group's unless told otherwise.
    fn in_group(&self) -> bool {
        let is_alone = self.is_typed("from") || self.is_typed("partitions");
        self.is_typed("group") || self.is_property_typed("group.id") || (self.is_demo() && !is_alone)
    }

    fn is_demo(&self) -> bool {
        self.path == ["demo"]
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

    fn is_typed(&self, name: &str) -> bool {
        self.argument(name).is_some_and(|argument| self.is_there(argument))
    }

    fn has_positional(&self, id: &str) -> bool {
        let mut positionals = self.command.get_positionals();
        positionals.any(|argument| argument.get_id() == id && self.is_there(argument))
    }

    /// The value that was typed for an option.
    fn typed(&self, name: &str) -> Option<String> {
        let argument = self.argument(name).filter(|argument| self.is_there(argument))?;
        let mut values = self.matches.get_raw(argument.get_id().as_str())?;
        values.next().and_then(|value| value.to_str()).map(str::to_owned)
    }

    fn value(&self, name: &str, given: Given<'_>) -> Option<String> {
        let of_profile = || {
            let (_, words) = given.iter().find(|(other, _)| *other == name)?;
            words.first()?.split_once('=').map(|(_, value)| value.to_owned())
        };
        self.typed(name).or_else(of_profile)
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
