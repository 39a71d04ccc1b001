//! What a profile can say: options of all commands, and properties.

use super::command;

/// What a profile says beside the options that were added to the typed ones; read by `settings`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileTable {
    pub name: String,
    /// Of the file that it stands in.
    pub path: String,
    /// A file of properties.
    pub config: Option<String>,
    pub properties: Vec<ProfileProperty>,
    /// The options that were added, without dashes.
    pub options: Vec<String>,
    /// It was named by `--profile`, not in the environment.
    pub is_typed: bool,
    /// Variables of the environment that hold values.
    pub variables: Vec<String>,
    /// Values of options that stand in a variable or file, and how they are written.
    pub elsewhere: Vec<(String, String)>,
}

/// A property of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileProperty {
    pub name: String,
    pub value: String,
    /// Where it stands, from 1.
    pub line: usize,
}

impl ProfileTable {
    /// Where a line of the profile stands, for messages: ` in profile …`.
    pub fn place(&self, line: usize) -> String {
        place(&self.name, &self.path, line)
    }
}

/// Where a line of a profile stands, for messages: ` in profile …`.
pub fn place(name: &str, path: &str, line: usize) -> String {
    format!(" in profile `{name}`, `{path}` line {line}")
}

/// Options that a profile cannot set: they are decided anew each time, or are not about a run.
pub const NOT_IN_A_PROFILE: [&str; 6] = ["execute", "help", "print-config", "profile", "version", "yes"];

/// The long options that a profile can set, of all commands, without dashes.
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

/// Every command by its words, with its declaration.
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
