//! Properties of librdkafka: where they come from, what they mean, and which of them may be set.

mod brokers;
pub mod connection;
mod file;
mod guarded;
mod jaas;
mod java;
pub mod known;
mod limits;
mod oauth;
pub mod origin;
pub mod print;
pub mod producer;
mod security;
mod source;
mod stores;
mod unknown;
mod unsupported_logins;
pub mod values;

use crate::cli;
use crate::error::Failure;
use crate::settings::Surroundings;
use origin::PropertyOrigin;
use producer::ProducerProperty;
use source::PropertySource;
use std::collections::BTreeMap;
use values::Value;

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyValue {
    pub value: Value,
    pub origin: PropertyOrigin,
}

impl PropertyValue {
    /// A value that stands where it was given.
    pub fn plain(value: impl Into<String>, origin: PropertyOrigin) -> PropertyValue {
        PropertyValue { value: Value::plain(value), origin }
    }

    /// Whether librdkafka takes it for true.
    pub fn is_true(&self) -> bool {
        self.value.is_true()
    }
}

/// What was given; where several sources had a property, the value of the first by precedence:
/// option, `-X`, file, environment, profile.
#[derive(Debug, Default)]
pub struct Properties {
    pub values: BTreeMap<String, PropertyValue>,
    /// What was typed for the producer of the run, if it has one.
    pub producer: Vec<ProducerProperty>,
    /// What a person should hear of values that were ignored.
    pub notes: Vec<String>,
    /// Variables of the environment that hold values.
    pub variables: Vec<String>,
    /// The profile and the options that it gave.
    profile: Option<(String, Vec<String>)>,
}

pub const BROKERS: &str = "bootstrap.servers";

impl Properties {
    /// Reads `-X`, the file, the environment and the profile; values `env:` and `file:` are looked up.
    ///
    /// # Errors
    /// Whatever librdkafka would not take, or would take without meaning it.
    pub fn read(
        arguments: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> Result<Properties, Failure> {
        let mut properties = Properties::default();
        let ambient = surroundings.environment.variable("KCONS_CONFIG");
        let table = arguments.profile_table.as_ref();
        // A profile that was typed goes before the environment, one that is named there behind it.
        let (before, behind) = match table {
            Some(table) if table.is_typed => (Some(table), None),
            Some(_) | None => (None, table),
        };
        if let Some(table) = behind {
            properties.read_profile(table, arguments.config.is_some() || ambient.is_some(), surroundings)?;
        }
        properties.read_environment(arguments, before, surroundings)?;
        if let Some(table) = before {
            properties.read_profile(table, arguments.config.is_some(), surroundings)?;
        }
        if let Some(path) = &arguments.config {
            let source = PropertySource::new(surroundings, PropertyOrigin::File(path.clone()));
            properties.overlay(source.read_file(path, "check `--config`")?, |_| true);
        }
        properties.overlay(
            PropertySource::new(surroundings, PropertyOrigin::Property).read_typed(&arguments.properties)?,
            |_| true,
        );
        if let Some(text) = &arguments.brokers {
            let brokers = brokers::read(&Value::plain(text), " for `--brokers`")?;
            properties.agree("--brokers", &brokers, BROKERS)?;
            properties.set(BROKERS, &brokers, PropertyOrigin::Option);
        }
        Ok(properties)
    }

    /// Of two variables the one that says less says it more exactly: the brokers of a file do not count beside their own.
    fn read_environment(
        &mut self,
        arguments: &cli::ConnectionOptions,
        typed: Option<&cli::ProfileTable>,
        surroundings: &Surroundings<'_>,
    ) -> Result<(), Failure> {
        let brokers = surroundings.environment.variable("KCONS_BROKERS");
        let is_file_replaced =
            arguments.config.is_some() || typed.is_some_and(|table| table.config.is_some());
        if let Some(path) = surroundings.environment.variable("KCONS_CONFIG").filter(|_| !is_file_replaced) {
            let source = PropertySource::new(surroundings, PropertyOrigin::File(path.clone()));
            let source = source.read_file(&path, "check the variable `KCONS_CONFIG`")?;
            self.overlay(source, |name| brokers.is_none() || name != BROKERS);
        }
        if let Some(text) = brokers {
            let brokers = brokers::read(&Value::plain(text), " in `KCONS_BROKERS`")?;
            self.set(BROKERS, &brokers, PropertyOrigin::Environment("KCONS_BROKERS".to_owned()));
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
            let source = PropertySource::new(surroundings, PropertyOrigin::File(path.clone()))
                .read_file(path, &hint)?;
            self.overlay(source, |_| true);
        }
        let origin = PropertyOrigin::Profile(table.name.clone());
        self.overlay(PropertySource::new(surroundings, origin).read_profile(table)?, |_| true);
        self.profile = Some((table.name.clone(), table.options.clone()));
        self.variables.extend(table.variables.iter().cloned());
        Ok(())
    }

    /// Where the value of an option comes from that is there: typed, or of the profile.
    pub fn origin_of(&self, option: &str) -> PropertyOrigin {
        match &self.profile {
            Some((name, options)) if options.iter().any(|given| given == option) => {
                PropertyOrigin::Profile(name.clone())
            }
            Some(_) | None => PropertyOrigin::Option,
        }
    }

    fn overlay(&mut self, source: PropertySource<'_>, is_wanted: impl Fn(&str) -> bool) {
        self.values.extend(source.values.into_iter().filter(|(name, _)| is_wanted(name)));
        self.producer.extend(source.producer);
        self.notes.extend(source.notes);
        self.variables.extend(source.variables);
    }

    pub fn get(&self, name: &str) -> Option<&PropertyValue> {
        self.values.get(name)
    }

    pub fn take(&mut self, name: &str) -> Option<PropertyValue> {
        self.values.remove(name)
    }

    pub fn set(&mut self, name: &str, value: &str, origin: PropertyOrigin) {
        self.values.insert(name.to_owned(), PropertyValue::plain(value, origin));
    }

    /// Whether it was typed as `-X`.
    pub fn is_typed(&self, name: &str) -> bool {
        self.get(name).is_some_and(|given| given.origin.is_typed())
    }

    /// Refuses an option and a `-X` that say two things.
    pub fn agree(&self, option: &str, value: &str, property: &str) -> Result<(), Failure> {
        match self.get(property) {
            Some(given) if given.origin == PropertyOrigin::Property && *given.value != *value => {
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
