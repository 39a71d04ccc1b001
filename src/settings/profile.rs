//! `--profile NAME`: what a table of the file of settings adds to what was typed.

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

/// Adds to what was typed what its profile says; without a profile no file is read.
///
/// # Errors
/// A profile that is not there, or says what cannot be.
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
        Failure::usage(format!("cannot read `{path}`"))
            .caused_by(words)
            .hint(format!("`{spelled}` needs it: `[profile.{name}]` and lines as `brokers = \"HOST:PORT\"`"))
    })?;
    let mut table = Table::parse(&text, &path, &name)?;
    table.is_typed = typed.connection.profile.is_some();
    options::add(&table, words, environment)
}

/// The file of settings.
fn path(environment: Environment<'_>) -> Result<String, Failure> {
    // A relative path counts as none: https://specifications.freedesktop.org/basedir-spec.
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

/// Adds to a failure about an option that it was the profile who gave it.
pub fn blame(failure: Failure, table: Option<&ProfileTable>) -> Failure {
    let Some(table) = table.filter(|_| failure.kind == Kind::Usage) else { return failure };
    // Alone or with its value.
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

/// Puts `env:NAME` or `file:PATH` for what is read from there.
fn as_written(mut failure: Failure, elsewhere: &[(String, String)]) -> Failure {
    for (text, written) in elsewhere.iter().filter(|(text, _)| !text.is_empty()) {
        let told = std::iter::once(&mut failure.message).chain(&mut failure.causes).chain(&mut failure.hint);
        told.for_each(|told| *told = replaced(told, text, written));
    }
    failure
}

/// The same with other words for a value: what is short is a part of many words, and only a value between backticks.
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
