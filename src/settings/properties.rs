//! The properties of librdkafka: where their values come from, what they mean, and which of them may be set.

mod brokers;
pub mod connection;
mod file;
pub mod guarded;
mod jaas;
mod java;
pub mod known;
mod limits;
mod oauth;
pub mod offered;
pub mod origin;
pub mod print;
pub mod producer;
pub mod registry;
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
use registry::RegistryProperties;
use source::PropertySource;
use std::collections::BTreeMap;
use values::Value;

/// The value of a property, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyValue {
    pub value: Value,
    pub origin: PropertyOrigin,
}

impl PropertyValue {
    /// A value that is given directly, not through a variable or a file.
    pub fn plain(value: impl Into<String>, origin: PropertyOrigin) -> PropertyValue {
        PropertyValue { value: Value::plain(value), origin }
    }

    /// Whether librdkafka takes the value for true.
    pub fn is_true(&self) -> bool {
        self.value.is_true()
    }
}

/// All properties that are given. If several sources give one, the first of these counts: option, `-X`, file of
/// `--config`, profile of `--profile`, environment, profile of the environment.
#[derive(Debug, Default)]
pub struct Properties {
    pub values: BTreeMap<String, PropertyValue>,
    /// Properties that were typed for the producer of the run.
    pub producer: Vec<ProducerProperty>,
    /// Properties of a schema registry.
    pub registry: RegistryProperties,
    /// Messages about values that are ignored.
    pub notes: Vec<String>,
    /// Environment variables that hold values of properties, which handlers do not inherit.
    pub variables: Vec<String>,
    profile: Option<UsedProfile>,
}

/// What is kept of the profile of a run.
#[derive(Debug)]
struct UsedProfile {
    name: String,
    /// The options that were taken from it.
    options: Vec<String>,
    /// The properties that it sets under the name of an option, by their own names.
    renamed: BTreeMap<String, String>,
}

pub const BROKERS: &str = "bootstrap.servers";

const DEFAULT_BROKERS: &str = "localhost:9092";

const REGISTRY_VARIABLE: &str = "KCONS_REGISTRY";

impl Properties {
    /// Reads `-X`, files, the environment and the profile. Values `env:NAME` and `file:PATH` are looked up.
    pub fn read(
        arguments: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> Result<Properties, Failure> {
        let mut properties = Properties::default();
        let ambient = surroundings.environment.variable("KCONS_CONFIG");
        let table = arguments.profile_table.as_ref();
        // A profile named by `--profile` goes before the environment; one named by `KCONS_PROFILE` goes behind it.
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

    /// Reads `KCONS_CONFIG`, `KCONS_BROKERS` and `KCONS_REGISTRY`. The second is more specific: with it, the brokers of the file do
    /// not count.
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
        if let Some(url) = surroundings.environment.variable(REGISTRY_VARIABLE) {
            self.variables.extend(values::variable(&url).map(str::to_owned));
            // Handlers do not inherit a login.
            self.variables.extend(url.contains('@').then(|| REGISTRY_VARIABLE.to_owned()));
            let value = Value::read(url, surroundings.environment.variables).map_err(|cause| {
                Failure::usage(format!("cannot read the value of the variable `{REGISTRY_VARIABLE}`"))
                    .caused_by(cause)
            })?;
            let mut registry = RegistryProperties::default();
            let origin = PropertyOrigin::Environment(REGISTRY_VARIABLE.to_owned());
            registry.insert(registry::URL, PropertyValue { value, origin });
            self.notes.extend(self.registry.overlay(registry));
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
        let renamed = table.properties.iter().filter(|property| property.key != property.name);
        self.profile = Some(UsedProfile {
            name: table.name.clone(),
            options: table.options.clone(),
            renamed: renamed.map(|property| (property.name.clone(), property.key.clone())).collect(),
        });
        self.variables.extend(table.variables.iter().cloned());
        Ok(())
    }

    /// Where the value of a given option comes from: from the command line or from the profile.
    pub fn origin_of(&self, option: &str) -> PropertyOrigin {
        match &self.profile {
            Some(profile) if profile.options.iter().any(|given| given == option) => {
                PropertyOrigin::Profile(profile.name.clone())
            }
            Some(_) | None => PropertyOrigin::Option,
        }
    }

    /// The name under which a given property is written where it comes from: `group` in a profile.
    pub fn written<'a>(&'a self, name: &'a str, origin: &PropertyOrigin) -> &'a str {
        let profile = self.profile.as_ref().filter(|_| matches!(origin, PropertyOrigin::Profile(_)));
        profile.and_then(|profile| profile.renamed.get(name)).map_or(name, String::as_str)
    }

    fn overlay(&mut self, source: PropertySource<'_>, is_wanted: impl Fn(&str) -> bool) {
        self.values.extend(source.values.into_iter().filter(|(name, _)| is_wanted(name)));
        self.producer.extend(source.producer);
        self.notes.extend(self.registry.overlay(source.registry));
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

    /// Sets a default of kcons, unless the property is given.
    pub fn set_default(&mut self, name: &str, value: &str) {
        if self.get(name).is_none() {
            self.set(name, value, PropertyOrigin::Kcons);
        }
    }

    /// Sets the default brokers, unless some are given.
    pub fn default_brokers(&mut self) {
        self.set_default(BROKERS, DEFAULT_BROKERS);
    }

    /// Whether a property was typed as `-X`, or as an option of its own.
    pub fn is_typed(&self, name: &str) -> bool {
        self.get(name).is_some_and(|given| given.origin.is_typed())
    }

    /// Refuses an option and a `-X` that set a property to different values.
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
