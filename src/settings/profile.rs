//! Applies `--profile NAME`: a table of the configuration file adds options and properties to those that were typed.

mod options;
mod table;
mod typed;

use crate::cli::{Arguments, Command, ProfileTable};
use crate::error::{Failure, Kind};
use crate::files;
use crate::settings::Environment;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use table::Table;

/// Adds the options and properties of the profile to those that were typed. Without a profile, no file is read.
pub fn apply(
    typed: Arguments,
    words: &[OsString],
    environment: Environment<'_>,
) -> Result<Arguments, Failure> {
    if matches!(typed.command, Command::Completions(_) | Command::Man) {
        return Ok(typed);
    }
    let (name, spelled) = match (&typed.connection.profile, environment.variable("KCONS_PROFILE")) {
        (Some(name), _) => (name.clone(), "--profile"),
        (None, Some(name)) => (name, "KCONS_PROFILE"),
        (None, None) => return Ok(typed),
    };
    let path = path(environment)?;
    let text = files::read_text(Path::new(&path)).map_err(|words| {
        Failure::usage(format!("cannot read `{path}`")).caused_by(words).hint(format!(
            "`{spelled}` needs it: `[profile.{name}]` and lines like `brokers = \"HOST:PORT\"`"
        ))
    })?;
    let is_typed = typed.connection.profile.is_some();
    let table = Table::parse(&text, &path, &name, is_typed)?;
    options::add(&table, words, environment)
}

/// The names of all profiles.
///
/// # Errors
/// The configuration file cannot be read.
pub fn names(environment: Environment<'_>) -> Result<Vec<String>, Failure> {
    let path = path(environment)?;
    let text = files::read_text(Path::new(&path))
        .map_err(|words| Failure::usage(format!("cannot read `{path}`")).caused_by(words))?;
    table::names(&text, &path)
}

/// The path of the configuration file.
fn path(environment: Environment<'_>) -> Result<String, Failure> {
    // The specification has relative paths ignored: https://specifications.freedesktop.org/basedir-spec.
    let folder =
        environment.variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder =
        folder.or_else(|| environment.variable("HOME").map(|home| PathBuf::from(home).join(".config")));
    match folder {
        Some(folder) => Ok(folder.join("kcons/config.toml").display().to_string()),
        None => {
            Err(Failure::usage("no folder for `kcons/config.toml`").hint("set `XDG_CONFIG_HOME` or `HOME`"))
        }
    }
}

/// Adds to an error about an option that the option comes from the profile.
pub fn blame(failure: Failure, table: Option<&ProfileTable>) -> Failure {
    let Some(table) = table.filter(|_| failure.kind == Kind::Usage) else { return failure };
    // Messages name an option alone or with its value.
    let is_named = |option: &&String| {
        [format!("`--{option}`"), format!("`--{option} ")].iter().any(|text| failure.message.contains(text))
    };
    match table.options.iter().find(is_named) {
        Some(option) => {
            let cause = format!("`{option}` is set in profile `{}`, `{}`", table.name, table.path);
            as_written(failure, &table.elsewhere).caused_by(cause)
        }
        None => failure,
    }
}

/// Replaces values that are read from a variable or a file by `env:NAME` or `file:PATH` in an error.
fn as_written(mut failure: Failure, elsewhere: &[(String, String)]) -> Failure {
    for (text, written) in elsewhere.iter().filter(|(text, _)| !text.is_empty()) {
        let told = std::iter::once(&mut failure.message).chain(&mut failure.causes).chain(&mut failure.hint);
        told.for_each(|told| *told = replaced(told, text, written));
    }
    failure
}

/// Replaces a value in a message by the way it is written. A short value may be a part of any word, so it is only
/// replaced between backticks.
fn replaced(told: &str, value: &str, written: &str) -> String {
    const SHORTEST: usize = 4;
    if value.len() >= SHORTEST || value.contains('`') {
        return told.replace(value, written);
    }
    let part = |(index, part): (usize, &str)| match index % 2 {
        0 => part.to_owned(),
        _ => part.replace(value, written),
    };
    told.split('`').enumerate().map(part).collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests;
