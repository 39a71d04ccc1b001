//! Reads one source of properties: `-X`, a file or a profile.

use super::java::{self, Meaning};
use super::known::{self, FEATURES, Side, ValueError, ValueType, tokens};
use super::origin::PropertyOrigin;
use super::registry::{self, RegistryProperties};
use super::stores::Stores;
use super::values::{self, Value};
use super::{BROKERS, PropertyValue};
use super::{brokers, file, guarded, producer, unknown};
use crate::error::Failure;
use crate::settings::Surroundings;
use crate::{cli, files};
use std::collections::BTreeMap;
use std::path::Path;

/// The properties of one source, checked and translated into those of librdkafka.
pub struct PropertySource<'a> {
    surroundings: &'a Surroundings<'a>,
    origin: PropertyOrigin,
    pub values: BTreeMap<String, PropertyValue>,
    pub producer: Vec<producer::ProducerProperty>,
    pub registry: RegistryProperties,
    stores: Stores,
    pub notes: Vec<String>,
    /// Environment variables that hold values of properties.
    pub variables: Vec<String>,
}

impl<'a> PropertySource<'a> {
    pub fn new(surroundings: &'a Surroundings<'a>, origin: PropertyOrigin) -> PropertySource<'a> {
        let (values, stores, producer) = (BTreeMap::new(), Stores::default(), Vec::new());
        let (notes, variables, registry) = (Vec::new(), Vec::new(), RegistryProperties::default());
        PropertySource { surroundings, origin, values, producer, registry, stores, notes, variables }
    }

    /// Reads properties that were typed as `-X`.
    pub fn read_typed(mut self, typed: &[String]) -> Result<PropertySource<'a>, Failure> {
        for text in typed {
            let Some((name, value)) = text.split_once('=') else {
                // The text may be a secret in the wrong place, so only what looks like a name is repeated.
                let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c));
                let name = &text[..end.unwrap_or(text.len())];
                return Err(Failure::usage(match self.surroundings.known.get(name) {
                    Some(_) => format!("`-X {name}` has no value"),
                    None => "`-X` needs KEY=VALUE".to_owned(),
                })
                .hint("-X KEY=VALUE sets a property, `--print-config` lists all of them"));
            };
            self.add(name.trim(), value.to_owned(), "")?;
        }
        self.finish()
    }

    /// Reads a file of properties. If a property is in it several times, the last line counts.
    pub fn read_file(mut self, path: &str, hint: &str) -> Result<PropertySource<'a>, Failure> {
        let text = files::read_text(Path::new(path))
            .map_err(|words| Failure::usage(format!("cannot read `{path}`")).caused_by(words).hint(hint))?;
        let lines = file::parse(&text).map_err(|(number, cause)| {
            Failure::usage(format!("cannot read `{path}` line {number}")).caused_by(cause)
        })?;
        for line in file::last_of_each(lines) {
            let place = format!(" in `{path}` line {}", line.number);
            let quote = file::quote_around(&line.value);
            let (name, given) = (line.name.clone(), self.values.len());
            match self.add(&line.name, line.value, &place) {
                Ok(()) if quote.is_some() && self.values.len() > given => {
                    self.notes.push(format!("the quotes around `{name}`{place} are part of its value"));
                }
                Ok(()) => {}
                Err(failure) if quote.is_some() => {
                    return Err(failure.hint("remove the quotes around the value"));
                }
                Err(failure) if name == "export" => return Err(failure.hint("remove `export`")),
                Err(failure) => return Err(failure),
            }
        }
        self.finish()
    }

    /// Reads the properties of a profile.
    pub fn read_profile(mut self, table: &cli::ProfileTable) -> Result<PropertySource<'a>, Failure> {
        for property in &table.properties {
            self.add(&property.name, property.value.clone(), &table.place(property.line))?;
        }
        self.finish()
    }

    fn add(&mut self, name: &str, written: String, place: &str) -> Result<(), Failure> {
        // The prefix goes first, so that no check is bypassed with it.
        let name = self.without_prefix(name);
        if guarded::loads_code(name) && self.origin != PropertyOrigin::Property {
            return Err(guarded::refuse_code(name, place));
        }
        if let Some(failure) = tokens::refuse_written(name, &written, place) {
            return Err(failure);
        }
        self.variables.extend(values::variable(&written).map(str::to_owned));
        let value = Value::read(written, self.surroundings.environment.variables).map_err(|cause| {
            Failure::usage(format!("cannot read the value of property `{name}`{place}")).caused_by(cause)
        })?;
        if let Some(guarded) = guarded::find(name) {
            if self.origin.is_typed() {
                return Err(guarded.refuse());
            }
            self.notes.push(guarded.note(place));
            return Ok(());
        }
        if Stores::is_one(name) {
            self.stores.insert(name, value);
            return Ok(());
        }
        if let Some(name) = RegistryProperties::name_of(name) {
            registry::check(name, &value, place)?;
            self.registry.insert(name, PropertyValue { value, origin: self.origin.clone() });
            return Ok(());
        }
        let meaning = java::translate(name, &value).map_err(|mut failure| {
            failure.message.push_str(place);
            failure
        })?;
        match meaning {
            Meaning::Same => self.put(name, value, place),
            Meaning::These(properties) => {
                let mut properties = properties.into_iter();
                properties.try_for_each(|(name, text)| self.put(name, value.with(text), place))
            }
            Meaning::Login(login) => {
                for (name, text) in login.properties {
                    self.put(name, value.with(text), place)?;
                }
                let mechanism = login.mechanism.filter(|_| !self.values.contains_key("sasl.mechanisms"));
                mechanism
                    .map_or(Ok(()), |mechanism| self.put("sasl.mechanisms", Value::plain(mechanism), place))
            }
            Meaning::Nothing | Meaning::NothingBecause(_) if self.origin.is_typed() => {
                Err(Failure::usage(format!("property `{name}` has no use here"))
                    .caused_by("it controls what only Java clients have"))
            }
            Meaning::Nothing => Ok(()),
            Meaning::NothingBecause(reason) => {
                self.notes.push(format!("ignoring `{name}`{place}: {reason}"));
                Ok(())
            }
        }
    }

    /// The name of a property without the prefix `topic.`, which kcat accepts.
    fn without_prefix<'n>(&self, name: &'n str) -> &'n str {
        let known = self.surroundings.known;
        let bare = name.strip_prefix("topic.");
        bare.filter(|bare| known.get(name).is_none() && known.get(bare).is_some()).unwrap_or(name)
    }

    fn finish(mut self) -> Result<PropertySource<'a>, Failure> {
        for (name, value) in std::mem::take(&mut self.stores).translate()? {
            self.put(name, value, "")?;
        }
        Ok(self)
    }

    /// Checks the name and value of a property of librdkafka and keeps it.
    fn put(&mut self, name: &str, value: Value, place: &str) -> Result<(), Failure> {
        let known = self.surroundings.known;
        if unknown::had_an_effect(name) {
            self.notes.push(format!("`{name}`{place} no longer has any effect"));
            return Ok(());
        }
        let Some(property) = known.get(name).filter(|_| name != FEATURES) else {
            return Err(unknown::refuse(name, place, &self.origin, known));
        };
        if property.form == ValueType::Code {
            return Err(Failure::usage(format!("property `{name}` cannot be set{place}"))
                .caused_by("it is a function, not a text"));
        }
        if property.side == Side::Producer && !self.origin.is_typed() {
            // A file may be for a whole service, whose producers have properties too.
            return Ok(());
        }
        let value = match property.name.as_str() {
            BROKERS => value.with(brokers::read(&value, place)?),
            _ => value,
        };
        match known::check(self.surroundings, property, &value, place) {
            Ok(()) => {}
            Err(ValueError::NotBuiltIn(failure)) if !self.origin.is_typed() => {
                self.notes.push(format!("{}: it is ignored", failure.message));
                return Ok(());
            }
            Err(ValueError::NotBuiltIn(failure) | ValueError::BadValue(failure)) => return Err(failure),
        }
        if property.side == Side::Producer {
            let typed =
                producer::ProducerProperty { name: name.to_owned(), canonical: property.name.clone(), value };
            typed.join(&mut self.producer);
            return Ok(());
        }
        let given = PropertyValue { value, origin: self.origin.clone() };
        self.values.insert(property.name.clone(), given);
        Ok(())
    }
}
