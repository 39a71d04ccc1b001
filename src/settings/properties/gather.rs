//! Properties as they were given, from every source, by the name librdkafka knows.

use super::digest::Digest;
use super::origin::Origin;
use super::values::Value;
use super::{brokers, producer};
use crate::cli;
use crate::error::Failure;
use crate::settings::Surroundings;
use std::collections::BTreeMap;

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub value: Value,
    pub origin: Origin,
}

impl Given {
    /// A value that stands where it was given.
    pub fn plain(value: impl Into<String>, origin: Origin) -> Given {
        Given { value: Value::plain(value), origin }
    }

    /// Whether librdkafka takes it for true.
    pub fn is_true(&self) -> bool {
        self.value.is_true()
    }
}

/// What was given; where several sources had a property, the value of the first by precedence:
/// option, `-X`, file, environment, profile.
#[derive(Debug, Default)]
pub struct Gathered {
    pub given: BTreeMap<String, Given>,
    /// What was typed for the producer of the run, if it has one.
    pub producer: Vec<producer::Typed>,
    /// What a person should hear of values that were ignored.
    pub notes: Vec<String>,
    /// Variables of the environment that hold values.
    pub variables: Vec<String>,
    /// The profile and the options that it gave.
    profile: Option<(String, Vec<String>)>,
}

pub const BROKERS: &str = "bootstrap.servers";

impl Gathered {
    /// Reads `-X`, the file, the environment and the profile; values `env:` and `file:` are looked up.
    ///
    /// # Errors
    /// Whatever librdkafka would not take, or would take without meaning it.
    pub fn read(
        arguments: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> Result<Gathered, Failure> {
        let mut gathered = Gathered::default();
        let ambient = surroundings.variable("KCONS_CONFIG");
        let table = arguments.profile_table.as_ref();
        // A profile that was typed goes before the environment, one that is named there behind it.
        let (before, behind) = match table {
            Some(table) if table.is_typed => (Some(table), None),
            Some(_) | None => (None, table),
        };
        if let Some(table) = behind {
            gathered.read_profile(table, arguments.config.is_some() || ambient.is_some(), surroundings)?;
        }
        gathered.read_environment(arguments, before, surroundings)?;
        if let Some(table) = before {
            gathered.read_profile(table, arguments.config.is_some(), surroundings)?;
        }
        if let Some(path) = &arguments.config {
            let digest = Digest::new(surroundings, Origin::File(path.clone()));
            gathered.overlay(digest.read_file(path, "check `--config`")?, |_| true);
        }
        gathered
            .overlay(Digest::new(surroundings, Origin::Property).read_typed(&arguments.properties)?, |_| {
                true
            });
        if let Some(text) = &arguments.brokers {
            let brokers = brokers::read(&Value::plain(text), " for `--brokers`")?;
            gathered.agree("--brokers", &brokers, BROKERS)?;
            gathered.set(BROKERS, &brokers, Origin::Option);
        }
        Ok(gathered)
    }

    /// Of two variables the one that says less says it more exactly: the brokers of a file do not count beside their own.
    fn read_environment(
        &mut self,
        arguments: &cli::ConnectionOptions,
        typed: Option<&cli::ProfileTable>,
        surroundings: &Surroundings<'_>,
    ) -> Result<(), Failure> {
        let brokers = surroundings.variable("KCONS_BROKERS");
        let is_file_replaced =
            arguments.config.is_some() || typed.is_some_and(|table| table.config.is_some());
        if let Some(path) = surroundings.variable("KCONS_CONFIG").filter(|_| !is_file_replaced) {
            let digest = Digest::new(surroundings, Origin::File(path.clone()));
            let digest = digest.read_file(&path, "check the variable `KCONS_CONFIG`")?;
            self.overlay(digest, |name| brokers.is_none() || name != BROKERS);
        }
        if let Some(text) = brokers {
            let brokers = brokers::read(&Value::plain(text), " in `KCONS_BROKERS`")?;
            self.set(BROKERS, &brokers, Origin::Environment("KCONS_BROKERS".to_owned()));
        }
        Ok(())
    }

    fn read_profile(
        &mut self,
        table: &cli::ProfileTable,
        is_file_named: bool,
        surroundings: &Surroundings<'_>,
    ) -> Result<(), Failure> {
        if let Some(path) = table.config.as_ref().filter(|_| !is_file_named) {
            let hint = format!("check `config` of profile `{}` in `{}`", table.name, table.path);
            let digest = Digest::new(surroundings, Origin::File(path.clone())).read_file(path, &hint)?;
            self.overlay(digest, |_| true);
        }
        let origin = Origin::Profile(table.name.clone());
        self.overlay(Digest::new(surroundings, origin).read_profile(table)?, |_| true);
        self.profile = Some((table.name.clone(), table.options.clone()));
        self.variables.extend(table.variables.iter().cloned());
        Ok(())
    }

    /// Where the value of an option comes from that is there: typed, or of the profile.
    pub fn origin_of(&self, option: &str) -> Origin {
        match &self.profile {
            Some((name, options)) if options.iter().any(|given| given == option) => {
                Origin::Profile(name.clone())
            }
            Some(_) | None => Origin::Option,
        }
    }

    fn overlay(&mut self, digest: Digest<'_>, is_wanted: impl Fn(&str) -> bool) {
        self.given.extend(digest.given.into_iter().filter(|(name, _)| is_wanted(name)));
        self.producer.extend(digest.producer);
        self.notes.extend(digest.notes);
        self.variables.extend(digest.variables);
    }

    pub fn get(&self, name: &str) -> Option<&Given> {
        self.given.get(name)
    }

    pub fn take(&mut self, name: &str) -> Option<Given> {
        self.given.remove(name)
    }

    pub fn set(&mut self, name: &str, value: &str, origin: Origin) {
        self.given.insert(name.to_owned(), Given::plain(value, origin));
    }

    /// Whether it was typed as `-X`.
    pub fn is_typed(&self, name: &str) -> bool {
        self.get(name).is_some_and(|given| given.origin.is_typed())
    }

    /// Refuses an option and a `-X` that say two things.
    pub fn agree(&self, option: &str, value: &str, property: &str) -> Result<(), Failure> {
        match self.get(property) {
            Some(given) if given.origin == Origin::Property && *given.value != *value => {
                let other = given.value.shown(property);
                Err(Failure::usage(format!(
                    "`{option} {value}` and `-X {property}={other}` contradict each other"
                ))
                .hint("give one of them"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
