//! Whom a client of a registry trusts, and the certificate by which it says who it is. All files are read here, before
//! anything is connected.

use super::{CA, CERTIFICATE, KEY, PREFIX, RegistryProperties, spelled};
use crate::error::Failure;
use crate::files;
use crate::http::{Authorities, ClientIdentity, IdentityFault};
use crate::settings::properties::stores::Stores;
use crate::settings::properties::values::Value;
use std::collections::BTreeMap;
use std::path::Path;

const TRUST_STORE: &str = "schema.registry.ssl.truststore.location";
const TRUST_TEXT: &str = "schema.registry.ssl.truststore.certificates";
const KEY_STORE: &str = "schema.registry.ssl.keystore.location";
const KEY_STORE_CHAIN: &str = "schema.registry.ssl.keystore.certificate.chain";
const KEY_STORE_KEY: &str = "schema.registry.ssl.keystore.key";
const CA_TEXT: &str = "schema.registry.ssl.ca.pem";
const CERTIFICATE_TEXT: &str = "schema.registry.ssl.certificate.pem";
const KEY_TEXT: &str = "schema.registry.ssl.key.pem";

/// A certificate or a key, and the property that has it.
struct Part {
    name: &'static str,
    pem: Vec<u8>,
}

/// The authorities to trust, and what messages call them; `None` for those of the system.
///
/// # Errors
/// Their file cannot be read, or has none.
pub fn authorities(registry: &RegistryProperties) -> Result<Option<(Authorities, String)>, Failure> {
    let given = registry.given(CA).map(|given| (CA, given.value.clone()));
    let translated = if given.is_some() { BTreeMap::new() } else { translated(registry)? };
    let text = translated.get("ssl.ca.pem");
    let (name, value, authorities) = match (given, text, translated.get("ssl.ca.location")) {
        (Some((name, path)), _, _) => (name, path.clone(), Authorities::Location(path.into_text())),
        (None, Some(pem), _) => {
            let name = if registry.given(CA_TEXT).is_some() { CA_TEXT } else { TRUST_TEXT };
            (name, pem.clone(), Authorities::Pem(pem.to_string()))
        }
        (None, None, Some(path)) => (TRUST_STORE, path.clone(), Authorities::Location(path.to_string())),
        (None, None, None) => return Ok(None),
    };
    match (authorities.roots(), &authorities) {
        (Ok(_), _) => Ok(Some((authorities, format!("`{}`", spelled(registry, name))))),
        (Err(words), Authorities::Location(_) | Authorities::System) => {
            Err(unreadable(&value, words, registry, name))
        }
        (Err(words), Authorities::Pem(_)) => Err(unusable(&spelled(registry, name), &words)),
    }
}

/// The certificate of the client with its key, and what messages call them.
///
/// # Errors
/// A file cannot be read, one of the two is missing, or they do not belong together.
pub fn identity(registry: &RegistryProperties) -> Result<Option<(ClientIdentity, String)>, Failure> {
    let Some((certificate, key)) = parts(registry)? else { return Ok(None) };
    let identity = ClientIdentity { certificate: certificate.pem, key: key.pem };
    let (certificate, key) = (spelled(registry, certificate.name), spelled(registry, key.name));
    match identity.parse() {
        Ok(_) if certificate == key => Ok(Some((identity, format!("`{key}`")))),
        Ok(_) => Ok(Some((identity, format!("`{certificate}` and `{key}`")))),
        Err(fault) => Err(refuse(fault, &certificate, &key)),
    }
}

fn parts(registry: &RegistryProperties) -> Result<Option<(Part, Part)>, Failure> {
    let read = |name: &'static str, value: &Value| {
        let pem = files::read(Path::new(&**value));
        pem.map(|pem| Part { name, pem }).map_err(|words| unreadable(value, words, registry, name))
    };
    let needs = |name: &str, other: &str| {
        let names = [name, other].map(|name| spelled(registry, name));
        Failure::usage(format!("`{}` needs `{}`", names[0], names[1]))
    };
    match (registry.given(CERTIFICATE), registry.given(KEY)) {
        (Some(certificate), key) => {
            let certificate = read(CERTIFICATE, &certificate.value)?;
            // One file may hold both.
            let key = match key {
                Some(key) => read(KEY, &key.value)?,
                None => Part { name: CERTIFICATE, pem: certificate.pem.clone() },
            };
            return Ok(Some((certificate, key)));
        }
        (None, Some(_)) => return Err(needs(KEY, CERTIFICATE)),
        (None, None) => {}
    }
    let translated = translated(registry)?;
    if translated.contains_key("ssl.keystore.location") {
        return Err(Failure::usage(format!("`{KEY_STORE}` cannot be translated"))
            .caused_by("it is a PKCS12 store")
            .hint("openssl pkcs12 -in FILE -nodes -out client.pem, then `--registry-cert client.pem`"));
    }
    let part = |kind: &str, own: &'static str, store: &'static str| {
        let name = if registry.given(own).is_some() { own } else { store };
        match (translated.get(&format!("ssl.{kind}.pem")), translated.get(&format!("ssl.{kind}.location"))) {
            (Some(pem), _) => Ok(Some(Part { name, pem: pem.as_bytes().to_vec() })),
            (None, Some(path)) => read(KEY_STORE, path).map(Some),
            (None, None) => Ok(None),
        }
    };
    let certificate = part("certificate", CERTIFICATE_TEXT, KEY_STORE_CHAIN)?;
    let key = part("key", KEY_TEXT, KEY_STORE_KEY)?;
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        (Some(certificate), None) => Err(needs(certificate.name, KEY_STORE_KEY)),
        (None, Some(key)) => Err(needs(key.name, KEY_STORE_CHAIN)),
        (None, None) => Ok(None),
    }
}

/// Translates Java's stores into files and texts in PEM; names are without the prefix.
fn translated(registry: &RegistryProperties) -> Result<BTreeMap<String, Value>, Failure> {
    let mut stores = Stores::default();
    let mut all = BTreeMap::new();
    for (name, given) in &registry.values {
        let Some(bare) = name.strip_prefix(PREFIX).filter(|_| !given.value.is_empty()) else { continue };
        match Stores::is_one(bare) {
            true => stores.insert(bare, given.value.clone()),
            false => drop(all.insert(bare.to_owned(), given.value.clone())),
        }
    }
    let with_prefix = |text: String| text.replace("`ssl.", &format!("`{PREFIX}ssl."));
    let translated = stores.translate().map_err(|failure| Failure {
        message: with_prefix(failure.message),
        hint: failure.hint.map(with_prefix),
        ..failure
    })?;
    for (name, value) in translated {
        // What is given in PEM goes before a store.
        all.entry(name.to_owned()).or_insert(value);
    }
    Ok(all)
}

fn unreadable(value: &Value, words: String, registry: &RegistryProperties, name: &str) -> Failure {
    Failure::usage(format!("cannot read `{}`", value.quoted(value)))
        .caused_by(words)
        .hint(format!("check `{}`", spelled(registry, name)))
}

fn unusable(name: &str, cause: &str) -> Failure {
    Failure::usage(format!("cannot use `{name}`")).caused_by(cause)
}

/// The failure for a certificate and a key, which may stand in one file.
fn refuse(fault: IdentityFault, certificate: &str, key: &str) -> Failure {
    let decrypt = "openssl pkcs8 -topk8 -nocrypt -in KEY -out key.pem";
    match fault {
        IdentityFault::NoCertificate => unusable(certificate, "there is no certificate in it"),
        IdentityFault::NoKey => {
            unusable(key, "there is no key in it").hint("`--registry-key FILE` names the key")
        }
        IdentityFault::EncryptedKey => unusable(key, "the key is encrypted").hint(decrypt),
        IdentityFault::OldKey => unusable(key, "the key is not in PKCS #8").hint(decrypt),
        IdentityFault::Damaged if certificate == key => {
            unusable(key, "the certificate or its key is damaged")
        }
        IdentityFault::Damaged => Failure::usage(format!("cannot use `{certificate}` and `{key}`"))
            .caused_by("one of them is damaged"),
        IdentityFault::OtherKey if certificate == key => {
            unusable(key, "the key in it does not belong to the first certificate in it")
        }
        IdentityFault::OtherKey => Failure::usage(format!("cannot use `{certificate}` with `{key}`"))
            .caused_by("the key does not belong to the certificate"),
    }
}
