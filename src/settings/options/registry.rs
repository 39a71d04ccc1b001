//! Resolves the options of a schema registry.

use super::given::{GivenOptions, OptionName};
use super::output::OutputSettings;
use crate::choices::SchemaLanguage;
use crate::cli::RegistryOptions;
use crate::decode::{DataFormats, UnionNames};
use crate::error::Failure;
use crate::registry::RegistrySettings;
use crate::settings::Surroundings;
use crate::settings::properties::registry::{
    self, CA, CERTIFICATE, KEY, RegistryProperties, TOKEN, URL, USER,
};
use crate::settings::properties::values::{self, Value};
use crate::settings::properties::{Properties, PropertyValue};

/// Resolves the registry that decoders ask; `None` if there is none, or nothing is decoded by schemas.
pub fn resolve(
    given: &GivenOptions<'_>,
    output: &OutputSettings,
    properties: &mut Properties,
    surroundings: &Surroundings<'_>,
) -> Result<Option<RegistrySettings>, Failure> {
    add_options(&given.reading.registry, properties, surroundings)?;
    let formats = &output.formats;
    let unions = if given.has(OptionName::UnionNames) { UnionNames::Shown } else { UnionNames::Hidden };
    let is_asked = given.decodes() && formats.read_frames();
    let registry = if is_asked { registry::resolve(properties, unions)? } else { None };
    match registry.is_none().then(|| without_schema(given, formats)).flatten() {
        Some(needs) => Err(Failure::usage(format!("{needs} or `--registry`"))),
        None => Ok(registry),
    }
}

/// What is of no use without a schema, and which file could have it.
fn without_schema(given: &GivenOptions<'_>, formats: &DataFormats) -> Option<String> {
    for (option, format) in [("--value-format", formats.value), ("--key-format", formats.key)] {
        match format.schema_language().filter(|_| !formats.schemas.decide(format)) {
            Some(SchemaLanguage::Avro) => return Some(format!("`{option} avro` needs `--avro-schema`")),
            Some(SchemaLanguage::Protobuf) => return Some(format!("`{option} protobuf` needs `--proto`")),
            None => {}
        }
    }
    let is_idle = given.has(OptionName::UnionNames) && formats.schemas.avro.is_none();
    is_idle.then(|| "`--union-names` needs `--avro-schema`".to_owned())
}

/// Puts the options over the properties of the same meaning.
fn add_options(
    typed: &RegistryOptions,
    properties: &mut Properties,
    surroundings: &Surroundings<'_>,
) -> Result<(), Failure> {
    let mut options = RegistryProperties::default();
    for (option, name, written) in [
        ("--registry", URL, &typed.registry),
        ("--registry-user", USER, &typed.registry_user),
        ("--registry-token", TOKEN, &typed.registry_token),
        ("--registry-ca", CA, &typed.registry_ca),
        ("--registry-cert", CERTIFICATE, &typed.registry_cert),
        ("--registry-key", KEY, &typed.registry_key),
    ] {
        let Some(written) = written else { continue };
        properties.variables.extend(values::variable(written).map(str::to_owned));
        let names_file = [CA, CERTIFICATE, KEY].contains(&name);
        let value = match written.strip_prefix("file:").filter(|_| names_file) {
            // For these it is the file itself.
            Some(path) => Value::plain(path),
            None => Value::read(written.clone(), surroundings.environment.variables).map_err(|cause| {
                Failure::usage(format!("cannot read the value of `{option}`")).caused_by(cause)
            })?,
        };
        properties.registry.agree(option, &value, name)?;
        let origin = properties.origin_of(option.trim_start_matches("--"));
        options.insert(name, PropertyValue { value, origin });
    }
    let notes = properties.registry.overlay(options);
    properties.notes.extend(notes);
    Ok(())
}

#[cfg(test)]
mod tests;
