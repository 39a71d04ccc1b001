//! Reads a profile, a table of the configuration file: its keys, their values as text, and their lines.

use crate::cli;
use crate::error::Failure;
use crate::near::did_you_mean;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The table `[profile.NAME]` of the configuration file.
pub struct Table {
    pub name: String,
    pub path: String,
    /// Whether the profile is named by `--profile`, not by `KCONS_PROFILE`.
    pub is_typed: bool,
    pub entries: Vec<Entry>,
}

/// The deepest nesting of tables: no property has a name with more parts.
const DEEPEST: usize = 16;

/// Where a table stands within the table of the profile.
struct TablePath {
    /// The names of the tables around it, each with a dot: `ssl.ca.`.
    prefix: String,
    depth: usize,
}

/// A key of a profile and its value.
pub struct Entry {
    /// The whole name, of dotted keys and nested tables: `ssl.ca.location`.
    pub key: String,
    pub value: EntryValue,
    /// Whether the value, or one of several, is written without quotes: a number, a time, `true` or `false`.
    pub is_bare: bool,
    /// The number of the line in the file, from 1.
    pub line: usize,
}

pub enum EntryValue {
    Switch(bool),
    /// A text, a number or a time, as text.
    One(String),
    Several(Vec<String>),
}

impl Table {
    /// Finds a profile in the text of the configuration file at `path`. `is_typed`: it is named by `--profile`, not by
    /// `KCONS_PROFILE`.
    pub fn parse(text: &str, path: &str, name: &str, is_typed: bool) -> Result<Table, Failure> {
        let lines = LineStarts::of(text);
        let file = file(text, path)?;
        let missing = |known: &[&str]| {
            let failure = Failure::usage(format!("profile `{name}` is not in `{path}`"));
            let known = known_profiles(name, known);
            // Nothing on the command line says where the name comes from.
            let variable = if is_typed { "" } else { "check the variable `KCONS_PROFILE`; " };
            failure.hint(format!("{variable}{known}"))
        };
        let Some(profiles) = profiles(&file) else { return Err(missing(&[])) };
        let known: Vec<&str> = profiles.keys().map(|name| name.get_ref().as_ref()).collect();
        let found = profiles.get(name).ok_or_else(|| missing(&known))?;
        let DeValue::Table(found) = found.get_ref() else {
            let (line, _) = lines.place(found.span().start);
            return Err(Failure::usage(format!("`profile.{name}` in `{path}` line {line} is not a table"))
                .hint(format!("it begins with a line [profile.{name}]")));
        };
        let (name, path) = (name.to_owned(), path.to_owned());
        let mut table = Table { name, path, is_typed, entries: Vec::new() };
        table.take(found, &TablePath { prefix: String::new(), depth: 0 }, &lines)?;
        Ok(table)
    }

    /// The place of a line as messages name it: ` in profile …`.
    pub fn place(&self, line: usize) -> String {
        cli::place(&self.name, &self.path, line)
    }

    fn take(&mut self, table: &DeTable<'_>, at: &TablePath, lines: &LineStarts<'_>) -> Result<(), Failure> {
        for (key, value) in table.iter() {
            let (line, _) = lines.place(key.span().start);
            let key = format!("{}{}", at.prefix, key.get_ref());
            if let DeValue::Table(inner) = value.get_ref() {
                if at.depth == DEEPEST {
                    return Err(Failure::usage(format!("tables are nested too deep{}", self.place(line))));
                }
                let inner_path = TablePath { prefix: format!("{key}."), depth: at.depth + 1 };
                self.take(inner, &inner_path, lines)?;
                continue;
            }
            let is_bare = is_bare(value.get_ref());
            let value = read(value.get_ref()).ok_or_else(|| {
                Failure::usage(format!("invalid value for `{key}`{}", self.place(line)))
                    .hint("an array holds texts and numbers")
            })?;
            self.entries.push(Entry { key, value, is_bare, line });
        }
        Ok(())
    }
}

/// The names of all profiles in the text of the configuration file at `path`.
pub fn names(text: &str, path: &str) -> Result<Vec<String>, Failure> {
    let file = file(text, path)?;
    let names = profiles(&file).into_iter().flat_map(|profiles| profiles.keys());
    Ok(names.map(|name| name.get_ref().to_string()).collect())
}

fn file<'a>(text: &'a str, path: &str) -> Result<Spanned<DeTable<'a>>, Failure> {
    DeTable::parse(text).map_err(|error| {
        let (line, column) = LineStarts::of(text).place(error.span().map_or(0, |span| span.start));
        let cause = error.message().replace('\n', ", ");
        Failure::usage(format!("cannot read `{path}` line {line} column {column}")).caused_by(cause)
    })
}

fn profiles<'a, 'b>(file: &'b Spanned<DeTable<'a>>) -> Option<&'b DeTable<'a>> {
    match file.get_ref().get("profile").map(Spanned::get_ref) {
        Some(DeValue::Table(profiles)) => Some(profiles),
        Some(_) | None => None,
    }
}

/// The profiles that there are, the ones with a near name first.
fn known_profiles(name: &str, known: &[&str]) -> String {
    const MOST: usize = 20;
    if known.is_empty() {
        return format!("the file has no profiles; one begins with a line [profile.{name}]");
    }
    let near = did_you_mean(name, known.iter().copied()).map_or_else(String::new, |near| format!("{near} "));
    let more = if known.len() > MOST { ", …" } else { "" };
    format!("{near}profiles: {}{more}", known[..known.len().min(MOST)].join(", "))
}

fn read(value: &DeValue<'_>) -> Option<EntryValue> {
    match value {
        DeValue::Boolean(is_on) => Some(EntryValue::Switch(*is_on)),
        DeValue::Array(values) => {
            let texts: Option<Vec<String>> = values.iter().map(|value| one(value.get_ref())).collect();
            texts.map(EntryValue::Several)
        }
        other => one(other).map(EntryValue::One),
    }
}

fn is_bare(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Array(values) => values.iter().any(|value| is_bare(value.get_ref())),
        DeValue::String(_) | DeValue::Table(_) => false,
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => true,
    }
}

fn one(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number.to_string())
        }
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Datetime(time) => Some(time.to_string()),
        DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// The positions at which the lines of a text begin. Counting lines for each key would take quadratic time.
struct LineStarts<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl LineStarts<'_> {
    fn of(text: &str) -> LineStarts<'_> {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(end, _)| end + 1));
        LineStarts { text, starts: starts.collect() }
    }

    /// The line and the column of a byte, both from 1.
    fn place(&self, byte: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= byte);
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        let column = self.text.get(start..byte).map_or(0, |before| before.chars().count()) + 1;
        (line, column)
    }
}
