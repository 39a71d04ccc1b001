//! TLS and SASL: what belongs together, and what is not built in.

use super::gather::{Gathered, Given};
use super::known::KnownProperties;
use super::origin::Origin;
use crate::error::{Failure, reason};
use std::fs::File;

const PROTOCOL: &str = "security.protocol";
const MECHANISM: &str = "sasl.mechanisms";

/// Checks the properties of TLS and SASL, and looks for the system's certificates by default.
///
/// # Errors
/// What the broker or librdkafka would only refuse later, or take without meaning it.
pub fn settle(gathered: &mut Gathered, known: &KnownProperties) -> Result<(), Failure> {
    let protocol = gathered.get(PROTOCOL).map_or("PLAINTEXT".to_owned(), |given| given.value.to_uppercase());
    let has_tls = protocol == "SSL" || protocol == "SASL_SSL";
    let has_sasl = protocol == "SASL_PLAINTEXT" || protocol == "SASL_SSL";
    if !has_sasl {
        refuse_idle(gathered, "sasl.", (&protocol, "SASL_SSL or SASL_PLAINTEXT"))?;
    }
    if !has_tls {
        refuse_idle(gathered, "ssl.", (&protocol, if has_sasl { "SASL_SSL" } else { "SSL" }))?;
    }
    if has_sasl {
        check_mechanism(gathered, known)?;
    }
    if has_tls {
        check_files(gathered)?;
        let has_authority = ["ssl.ca.location", "ssl.ca.pem"].iter().any(|name| gathered.get(name).is_some());
        if !has_authority {
            // OpenSSL is built in and does not know where this system keeps its certificates.
            gathered.set("ssl.ca.location", "probe", Origin::Kcons);
        }
    }
    Ok(())
}

/// Properties that have no effect under the protocol: librdkafka would connect without them.
fn refuse_idle(gathered: &mut Gathered, prefix: &str, protocols: (&str, &str)) -> Result<(), Failure> {
    let (protocol, needed) = protocols;
    let mut idle = gathered.given.iter().filter(|(name, _)| name.starts_with(prefix));
    let Some((name, given)) = idle.clone().find(|(_, given)| given.origin.is_typed()).or_else(|| idle.next())
    else {
        return Ok(());
    };
    let text = format!("`{name}` has no effect with `{PROTOCOL}={protocol}`");
    if given.origin.is_typed() {
        return Err(Failure::usage(text).hint(format!("add -X {PROTOCOL}={needed}")));
    }
    gathered.notes.push(text);
    Ok(())
}

fn check_mechanism(gathered: &mut Gathered, known: &KnownProperties) -> Result<(), Failure> {
    let named = gathered.get(MECHANISM).cloned();
    let mechanism = named.as_ref().map_or("GSSAPI".to_owned(), |given| given.value.to_uppercase());
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
    if !built_in.contains(&mechanism.as_str()) {
        let message = match named {
            Some(_) => format!("SASL mechanism `{mechanism}` is not built in"),
            None => "no SASL mechanism is set, and Kafka's default `GSSAPI` is not built in".to_owned(),
        };
        return Err(Failure::usage(message).hint(format!("set `sasl.mechanism` to {}", built_in.join(", "))));
    }
    if let Some(Given { origin, .. }) = named {
        gathered.set(MECHANISM, &mechanism, origin);
    }
    let has_tokens = gathered.get("enable.sasl.oauthbearer.unsecure.jwt").is_some_and(Given::is_true)
        || gathered
            .get("sasl.oauthbearer.method")
            .is_some_and(|given| given.value.eq_ignore_ascii_case("oidc"));
    match mechanism.as_str() {
        "OAUTHBEARER" if !has_tokens => {
            Err(Failure::usage("SASL mechanism `OAUTHBEARER` has no source of tokens")
                .caused_by("fetching tokens is not built in")
                .hint("for tests there is -X enable.sasl.oauthbearer.unsecure.jwt=true"))
        }
        "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" => {
            let missing =
                ["sasl.username", "sasl.password"].into_iter().find(|name| gathered.get(name).is_none());
            missing.map_or(Ok(()), |name| {
                Err(Failure::usage(format!("SASL mechanism `{mechanism}` needs `{name}`")).hint(format!(
                    "-X {name}=env:NAME reads it from a variable, -X {name}=file:PATH from a file"
                )))
            })
        }
        _ => Ok(()),
    }
}

fn check_files(gathered: &Gathered) -> Result<(), Failure> {
    let names = ["ssl.ca.location", "ssl.certificate.location", "ssl.key.location", "ssl.keystore.location"];
    for name in names {
        let Some(given) = gathered.get(name).filter(|given| given.value != "probe") else { continue };
        let path = &given.value;
        if let Err(error) = File::open(path) {
            return Err(Failure::usage(format!("cannot read `{path}`"))
                .caused_by(reason(&error))
                .hint(format!("check `{name}`")));
        }
    }
    if gathered.get("ssl.keystore.location").is_some() && gathered.get("ssl.keystore.password").is_none() {
        return Err(Failure::usage("`ssl.keystore.location` needs `ssl.keystore.password`"));
    }
    Ok(())
}
