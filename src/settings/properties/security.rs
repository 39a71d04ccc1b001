//! Resolves the properties of TLS and SASL: what belongs together, and what is not built in.

use super::known::KnownProperties;
use super::origin::PropertyOrigin;
use super::values::Value;
use super::{Properties, PropertyValue};
use super::{oauth, unsupported_logins, values};
use crate::error::Failure;
use crate::files;
use crate::tokens::TokenSource;
use std::path::Path;
use std::time::Duration;

const PROTOCOL: &str = "security.protocol";
const MECHANISM: &str = "sasl.mechanisms";

const FILES: [&str; 5] = [
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.keystore.location",
    "https.ca.location",
];

/// Checks the properties of TLS and SASL before librdkafka or a broker refuses them later, or ignores them. By
/// default the certificates of the system are used. Returns the source of tokens, if some are needed; `limit` is the
/// time for a first connection.
pub fn resolve(
    properties: &mut Properties,
    known: &KnownProperties,
    limit: Option<Duration>,
) -> Result<Option<TokenSource>, Failure> {
    let protocol = protocol(properties);
    let (has_tls, has_sasl) = (has_tls(&protocol), protocol.starts_with("SASL_"));
    let without = format!("{PROTOCOL}={}", protocol.shown(PROTOCOL));
    if !has_sasl {
        let instead = format!("{PROTOCOL}=SASL_SSL or SASL_PLAINTEXT");
        for prefix in ["sasl.", "enable.sasl.", "https."] {
            refuse_unused(properties, prefix, &without, &instead)?;
        }
    }
    if !has_tls {
        let instead = format!("{PROTOCOL}={}", if has_sasl { "SASL_SSL" } else { "SSL" });
        refuse_unused(properties, "ssl.", &without, &instead)?;
    }
    let tokens = if has_sasl { check_mechanism(properties, known, limit)? } else { None };
    check_files(properties)?;
    if has_tls {
        let has_authority =
            ["ssl.ca.location", "ssl.ca.pem"].iter().any(|name| properties.get(name).is_some());
        if !has_authority {
            // The built-in OpenSSL does not know where this system keeps its certificates.
            properties.set("ssl.ca.location", "probe", PropertyOrigin::Kcons);
        }
    }
    Ok(tokens)
}

fn protocol(properties: &Properties) -> Value {
    let given = properties.get(PROTOCOL);
    given.map_or_else(|| Value::plain("PLAINTEXT"), |given| given.value.with(given.value.to_uppercase()))
}

fn has_tls(protocol: &str) -> bool {
    protocol == "SSL" || protocol == "SASL_SSL"
}

/// Warnings about properties that switch protection off.
pub fn warnings(properties: &Properties, tokens: Option<&TokenSource>) -> Vec<String> {
    const VERIFICATION: &str = "enable.ssl.certificate.verification";
    const NAMES: &str = "ssl.endpoint.identification.algorithm";
    let protocol = protocol(properties);
    let mut warnings = Vec::new();
    if has_tls(&protocol) {
        if properties.get(VERIFICATION).is_some_and(|given| !given.is_true()) {
            warnings.push(format!(
                "brokers' certificates are not verified (`{VERIFICATION}=false`): anyone could answer"
            ));
        }
        if properties.get(NAMES).is_some_and(|given| given.value.eq_ignore_ascii_case("none")) {
            warnings.push(format!("host names of brokers are not verified (`{NAMES}=none`): any holder of a trusted certificate could answer"));
        }
    }
    let endpoint =
        oauth::unencrypted(properties).filter(|_| matches!(tokens, Some(TokenSource::Endpoint(_))));
    warnings.extend(endpoint.map(|url| format!("the client secret is sent to `{url}` unencrypted")));
    warnings
}

/// Refuses properties that have no effect under a protocol or mechanism: librdkafka would connect without the
/// protection that they ask for. `without` is that protocol or mechanism, `instead` the one that is needed.
fn refuse_unused(
    properties: &mut Properties,
    prefix: &str,
    without: &str,
    instead: &str,
) -> Result<(), Failure> {
    let mut idle = properties.values.iter().filter(|(name, _)| name.starts_with(prefix));
    let Some((name, given)) = idle.clone().find(|(_, given)| given.origin.is_typed()).or_else(|| idle.next())
    else {
        return Ok(());
    };
    let text = format!("`{name}` has no effect with `{without}`");
    if given.origin.is_typed() {
        return Err(Failure::usage(text).hint(format!("add -X {instead}")));
    }
    properties.notes.push(text);
    Ok(())
}

fn check_mechanism(
    properties: &mut Properties,
    known: &KnownProperties,
    limit: Option<Duration>,
) -> Result<Option<TokenSource>, Failure> {
    let named = properties.get(MECHANISM).cloned();
    let default = || Value::plain("GSSAPI");
    let mechanism = named.as_ref().map_or_else(default, |given| given.value.with(given.value.to_uppercase()));
    let built_in: Vec<&str> = [
        ("PLAIN", "sasl_plain"),
        ("SCRAM-SHA-256", "sasl_scram"),
        ("SCRAM-SHA-512", "sasl_scram"),
        ("OAUTHBEARER", "sasl_oauthbearer"),
        ("GSSAPI", "sasl_gssapi"),
    ]
    .into_iter()
    .filter(|(_, feature)| known.has_feature(feature))
    .map(|(mechanism, _)| mechanism)
    .collect();
    if !built_in.contains(&&*mechanism) {
        if let Some(failure) = unsupported_logins::refuse_mechanism(&mechanism).filter(|_| named.is_some()) {
            return Err(failure);
        }
        let shown = mechanism.shown(MECHANISM);
        let message = match named {
            Some(_) => format!("SASL mechanism `{shown}` is not built in"),
            None => "no SASL mechanism is set, and Kafka's default `GSSAPI` is not built in".to_owned(),
        };
        return Err(Failure::usage(message).hint(format!("set `sasl.mechanism` to {}", built_in.join(", "))));
    }
    if let Some(PropertyValue { origin, .. }) = named {
        properties.values.insert(MECHANISM.to_owned(), PropertyValue { value: mechanism.clone(), origin });
    }
    if *mechanism == *"OAUTHBEARER" {
        for name in ["sasl.username", "sasl.password"] {
            refuse_unused(properties, name, "sasl.mechanism=OAUTHBEARER", "sasl.mechanism=PLAIN")?;
        }
        return oauth::resolve(properties, limit).map(Some);
    }
    let shown = mechanism.shown(MECHANISM);
    let without = format!("sasl.mechanism={shown}");
    for prefix in ["sasl.oauthbearer.", "enable.sasl.oauthbearer.", "https."] {
        refuse_unused(properties, prefix, &without, "sasl.mechanism=OAUTHBEARER")?;
    }
    let missing = ["sasl.username", "sasl.password"].into_iter().find(|name| properties.get(name).is_none());
    match missing {
        Some(name) if *mechanism != *"GSSAPI" => {
            Err(Failure::usage(format!("SASL mechanism `{shown}` needs `{name}`"))
                .hint(values::how_to_give(name)))
        }
        Some(_) | None => Ok(None),
    }
}

fn check_files(properties: &Properties) -> Result<(), Failure> {
    for name in FILES {
        let Some(given) = properties.get(name).filter(|given| *given.value != *"probe") else { continue };
        if let Err(words) = files::check(Path::new(&*given.value)) {
            return Err(Failure::usage(format!("cannot read `{}`", given.value.quoted(&given.value)))
                .caused_by(words)
                .hint(format!("check `{name}`")));
        }
    }
    if properties.get("ssl.keystore.location").is_some() && properties.get("ssl.keystore.password").is_none()
    {
        return Err(Failure::usage("`ssl.keystore.location` needs `ssl.keystore.password`"));
    }
    Ok(())
}
