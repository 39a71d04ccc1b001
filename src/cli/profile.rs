//! What a profile can hold: options of all commands, and properties.

use super::command;

/// The profile of a run, as far as it is not options that were added to the typed ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileTable {
    pub name: String,
    /// The path of the configuration file.
    pub path: String,
    /// The path of a file of properties that the profile names.
    pub config: Option<String>,
    pub properties: Vec<ProfileProperty>,
    /// The names of the options that were added to the typed ones.
    pub options: Vec<String>,
    /// Whether the profile is named by `--profile`, not by `KCONS_PROFILE`.
    pub is_typed: bool,
    /// Environment variables that hold values of options.
    pub variables: Vec<String>,
    /// Values of options that are read from a variable or a file, each with how it is written.
    pub elsewhere: Vec<(String, String)>,
}

/// A property of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileProperty {
    pub name: String,
    /// The key under which it is written: its name, or an option that sets it.
    pub key: String,
    pub value: String,
    /// The number of the line in the configuration file, from 1.
    pub line: usize,
}

impl ProfileTable {
    /// The place of a line as messages name it: ` in profile …`.
    pub fn place(&self, line: usize) -> String {
        place(&self.name, &self.path, line)
    }
}

/// The place of a line of a profile as messages name it: ` in profile …`.
pub fn place(name: &str, path: &str, line: usize) -> String {
    format!(" in profile `{name}`, `{path}` line {line}")
}

/// Options that a profile cannot set: they have to be decided each time, or are not about a run.
pub const NOT_IN_A_PROFILE: [&str; 6] = ["execute", "help", "print-config", "profile", "version", "yes"];

/// Options that answer the same question and can both be typed; a typed one goes before the other one of a profile.
pub const RIVALS: [[&str; 2]; 3] = [["quiet", "verbose"], ["output", "json"], ["exit", "to"]];

/// The names of the options that a profile can set, of all commands.
pub fn profile_keys() -> Vec<String> {
    let mut names: Vec<String> = commands()
        .iter()
        .flat_map(|(_, command)| command.get_arguments().filter_map(|argument| argument.get_long()))
        .filter(|name| !NOT_IN_A_PROFILE.contains(name))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

/// All commands: the words of each, and its declaration.
pub fn commands() -> Vec<(Vec<String>, clap::Command)> {
    let mut found = Vec::new();
    let mut rest = vec![(Vec::new(), command())];
    while let Some((path, command)) = rest.pop() {
        for inner in command.get_subcommands() {
            let path = [path.clone(), vec![inner.get_name().to_owned()]].concat();
            rest.push((path, inner.clone()));
        }
        if !command.has_subcommands() {
            found.push((path, command));
        }
    }
    found
}
