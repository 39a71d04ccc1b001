//! The properties of a schema registry, which librdkafka does not know: from clients of Java, Python and Go.

mod login;
pub mod names;
mod tls;

use super::origin::PropertyOrigin;
use super::print::EffectiveProperty;
use super::values::Value;
use super::{Properties, PropertyValue};
use crate::decode::UnionNames;
use crate::error::Failure;
use crate::http::Authorities;
use crate::registry::{RegistryNames, RegistrySettings, RegistryUrl};
use std::collections::BTreeMap;

pub const URL: &str = "schema.registry.url";
pub const USER: &str = "basic.auth.user.info";
pub const TOKEN: &str = "bearer.auth.token";
pub const CA: &str = "schema.registry.ssl.ca.location";
pub const CERTIFICATE: &str = "schema.registry.ssl.certificate.location";
pub const KEY: &str = "schema.registry.ssl.key.location";

/// Where the login comes from: `USER_INFO`, `URL` or `SASL_INHERIT`.
const USER_SOURCE: &str = "basic.auth.credentials.source";
/// Where the token comes from: `STATIC_TOKEN`, or endpoints of which kcons knows none.
const TOKEN_SOURCE: &str = "bearer.auth.credentials.source";

/// Where a user and a password may come from.
const USER_SOURCES: [&str; 3] = ["URL", "USER_INFO", "SASL_INHERIT"];

const LOGINS: [&str; 4] = [USER, USER_SOURCE, TOKEN, TOKEN_SOURCE];

const PREFIX: &str = "schema.registry.";

/// The properties of a registry that are given, by their names here. Of several sources the first counts, as for all
/// properties.
#[derive(Debug, Default)]
pub struct RegistryProperties {
    values: BTreeMap<String, PropertyValue>,
}

impl RegistryProperties {
    /// The name here of a property that counts for a registry.
    pub fn name_of(name: &str) -> Option<&str> {
        names::canonical(name)
    }

    pub fn insert(&mut self, name: &str, given: PropertyValue) {
        self.values.insert(name.to_owned(), given);
    }

    /// Puts the properties of a source over those of the sources behind it. A login for one registry is not sent to
    /// another: it goes with the URL that it was given with. Returns messages about what is ignored.
    pub fn overlay(&mut self, source: RegistryProperties) -> Vec<String> {
        let mut notes = Vec::new();
        let (old, new) = (self.values.get(URL), source.values.get(URL));
        let is_other = old.zip(new).is_some_and(|(old, new)| *old.value != *new.value);
        if is_other {
            for name in LOGINS {
                if let Some(given) = self.values.remove(name) {
                    notes.push(format!(
                        "ignoring `{name}` in {}: it is for another registry",
                        given.origin.told()
                    ));
                }
            }
        }
        self.values.extend(source.values);
        notes
    }

    /// Refuses what was typed, for a command that decodes nothing.
    pub fn refuse_typed(&self) -> Result<(), Failure> {
        match self.values.iter().find(|(_, given)| given.origin == PropertyOrigin::Property) {
            Some((name, _)) => Err(Failure::usage(format!("property `{name}` has no use here"))
                .caused_by("it is about a schema registry, and nothing is decoded")),
            None => Ok(()),
        }
    }

    /// Refuses an option and a `-X` that set a property to different values.
    pub fn agree(&self, option: &str, value: &Value, property: &str) -> Result<(), Failure> {
        match self.values.get(property) {
            Some(given) if given.origin == PropertyOrigin::Property && *given.value != **value => {
                Err(Failure::usage(format!("`{option}` and `-X {property}` contradict each other"))
                    .hint("give one of them"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What `--print-config` shows of a registry.
    pub fn effective(&self) -> Vec<EffectiveProperty> {
        let shown = |(name, given): (&String, &PropertyValue)| EffectiveProperty {
            name: name.clone(),
            value: given.value.clone(),
            origin: given.origin.clone(),
        };
        self.values.iter().map(shown).collect()
    }

    fn given(&self, name: &str) -> Option<&PropertyValue> {
        self.values.get(name).filter(|given| !given.value.is_empty())
    }

    fn is_typed(&self, name: &str) -> bool {
        self.given(name).is_some_and(|given| given.origin.is_typed())
    }
}

/// Refuses a value that means nothing; `place` says where it stands.
pub fn check(name: &str, value: &Value, place: &str) -> Result<(), Failure> {
    let is_known = USER_SOURCES.contains(&value.to_ascii_uppercase().as_str());
    if name != USER_SOURCE || value.is_empty() || is_known {
        return Ok(());
    }
    let shown = value.quoted(value);
    Err(Failure::usage(format!("invalid value `{shown}` for property `{name}`{place}"))
        .hint(format!("valid: {}", USER_SOURCES.join(", "))))
}

/// Resolves the registry to ask; `None` if there is none.
pub fn resolve(properties: &mut Properties, unions: UnionNames) -> Result<Option<RegistrySettings>, Failure> {
    let registry = &properties.registry;
    let Some(url) = registry.given(URL) else {
        let typed = [USER, TOKEN, CA, CERTIFICATE, KEY].into_iter().find(|name| registry.is_typed(name));
        return typed.map_or(Ok(None), |name| {
            Err(Failure::usage(format!("`{}` needs `--registry`", spelled(registry, name))))
        });
    };
    let mut urls = urls(url)?;
    let login = login::resolve(properties, &mut urls)?;
    let mut names = RegistryNames { url: place(url), login: None, authorities: None, identity: None };
    let login = login.map(|(login, name)| {
        names.login = Some(name);
        login
    });
    let mut settings =
        RegistrySettings { urls, login, authorities: Authorities::System, identity: None, unions, names };
    if settings.urls.iter().any(RegistryUrl::is_encrypted) {
        if let Some((authorities, name)) = tls::authorities(registry)? {
            settings.authorities = authorities;
            settings.names.authorities = Some(name);
        }
        if let Some((identity, name)) = tls::identity(registry)? {
            settings.identity = Some(identity);
            settings.names.identity = Some(name);
        }
    } else {
        let notes = without_encryption(registry)?;
        properties.notes.extend(notes);
    }
    Ok(Some(settings))
}

/// Refuses or notes what only matters to an encrypted connection.
fn without_encryption(registry: &RegistryProperties) -> Result<Option<String>, Failure> {
    const ENDS: [&str; 4] = [".location", ".certificates", ".certificate.chain", ".pem"];
    let is_material = |name: &&String| {
        name.starts_with("schema.registry.ssl.") && ENDS.iter().any(|end| name.ends_with(end))
    };
    let mut given = registry.values.keys().filter(is_material).filter(|name| registry.given(name).is_some());
    if let Some(name) = given.clone().find(|name| registry.is_typed(name)) {
        let option = spelled(registry, name);
        return Err(Failure::usage(format!("`{option}` has no effect with `http://`"))
            .hint("the URL of an encrypted registry starts with https://"));
    }
    Ok(given.next().map(|name| {
        let place = registry.values[name].origin.told();
        format!(
            "ignoring `{name}` in {place}: the registry's URL starts with http://, which is not encrypted"
        )
    }))
}

/// A property as it was given: as an option of its own, or by its name.
fn spelled(registry: &RegistryProperties, name: &str) -> String {
    let option = match name {
        URL => "--registry",
        USER => "--registry-user",
        TOKEN => "--registry-token",
        CA => "--registry-ca",
        CERTIFICATE => "--registry-cert",
        KEY => "--registry-key",
        other => other,
    };
    match registry.values.get(name).map(|given| &given.origin) {
        Some(PropertyOrigin::Option) | None => option.to_owned(),
        Some(PropertyOrigin::Property) => format!("-X {name}"),
        Some(
            PropertyOrigin::Default
            | PropertyOrigin::Kcons
            | PropertyOrigin::File(_)
            | PropertyOrigin::Environment(_)
            | PropertyOrigin::Profile(_),
        ) => name.to_owned(),
    }
}

/// What gives the URL.
fn place(given: &PropertyValue) -> String {
    match &given.origin {
        PropertyOrigin::Option | PropertyOrigin::Default | PropertyOrigin::Kcons => "`--registry`".to_owned(),
        PropertyOrigin::Property => format!("`-X {URL}`"),
        PropertyOrigin::Environment(name) => format!("the variable `{name}`"),
        PropertyOrigin::File(_) | PropertyOrigin::Profile(_) => format!("`{URL}` in {}", given.origin.told()),
    }
}

/// Reads one URL, or several with commas between them.
fn urls(given: &PropertyValue) -> Result<Vec<RegistryUrl>, Failure> {
    let place = place(given);
    let text: &str = &given.value;
    let pieces = text.split(',').map(str::trim).filter(|piece| !piece.is_empty());
    let read = pieces.map(|piece| match RegistryUrl::parse(piece) {
        Ok(mut url) => {
            if given.value.is_from_elsewhere() {
                url.shown = given.value.quoted(piece);
            }
            Ok(url)
        }
        Err(wrong) => {
            let shown = given.value.quoted(piece);
            let failure = Failure::usage(format!("invalid value `{shown}` for {place}")).caused_by(wrong.why);
            Err(match wrong.meant.filter(|_| !given.value.is_from_elsewhere()) {
                Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
                None => failure.hint("as in http://localhost:8081"),
            })
        }
    });
    let urls: Vec<RegistryUrl> = read.collect::<Result<_, _>>()?;
    match urls.is_empty() {
        true => Err(Failure::usage(format!("{place} names no URL")).hint("as in http://localhost:8081")),
        false => Ok(urls),
    }
}

#[cfg(test)]
mod tests;
