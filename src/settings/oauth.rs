//! Where tokens of SASL OAUTHBEARER come from: librdkafka is built without a client for token endpoints.

use super::gather::{Gathered, Given};
use super::values;
use crate::error::Failure;
use crate::tokens::{Authorities, Endpoint, TokenSource, Unsecured};
use std::time::Duration;

const METHOD: &str = "sasl.oauthbearer.method";
pub const CONFIG: &str = "sasl.oauthbearer.config";
const UNSECURED: &str = "enable.sasl.oauthbearer.unsecure.jwt";
const URL: &str = "sasl.oauthbearer.token.endpoint.url";
pub const CLIENT_ID: &str = "sasl.oauthbearer.client.id";
const CLIENT_SECRET: &str = "sasl.oauthbearer.client.secret";
const SCOPE: &str = "sasl.oauthbearer.scope";
const EXTENSIONS: &str = "sasl.oauthbearer.extensions";
const GRANT: &str = "sasl.oauthbearer.grant.type";
const METADATA: &str = "sasl.oauthbearer.metadata.authentication.type";
const AUTHORITY_FILE: &str = "https.ca.location";
const AUTHORITY_PEM: &str = "https.ca.pem";

/// What an endpoint is asked with.
const OF_ENDPOINTS: [&str; 8] =
    [URL, CLIENT_ID, CLIENT_SECRET, SCOPE, EXTENSIONS, GRANT, AUTHORITY_FILE, AUTHORITY_PEM];

/// One question to an endpoint takes no longer.
const LONGEST_QUESTION: Duration = Duration::from_secs(10);

/// Whether a property is for us, and librdkafka knows it by name alone.
pub fn is_ours(name: &str) -> bool {
    OF_ENDPOINTS.contains(&name) || [METHOD, CONFIG, UNSECURED, METADATA].contains(&name)
}

/// Refuses what Java's clients take for a token endpoint: a token that lies in a file. Read as ours it would be the
/// place of the address.
pub fn refuse_written(name: &str, written: &str, place: &str) -> Option<Failure> {
    let is_file = name == URL && written.to_ascii_lowercase().starts_with("file://");
    is_file.then(|| {
        Failure::usage(format!("`{name}={written}`{place}: a token from a file is not built in"))
            .hint(format!("set `{name}` to a token endpoint, `{CLIENT_ID}` and `{CLIENT_SECRET}`"))
    })
}

/// Says what a property of ours may be, where librdkafka does not know.
///
/// # Errors
/// What is valid.
pub fn check(name: &str, value: &str) -> Result<(), &'static str> {
    let is_valid = |valid: &[&str]| valid.iter().any(|one| value.eq_ignore_ascii_case(one));
    match name {
        METHOD if !is_valid(&["default", "oidc"]) => Err("default, oidc"),
        METADATA if !is_valid(&["none"]) => Err("none"),
        GRANT if !is_valid(&["client_credentials"]) => Err("client_credentials"),
        URL if !is_url(value) => Err("http://HOST/PATH or https://HOST/PATH, without user and password"),
        EXTENSIONS if extensions(value).is_none() => Err("KEY=VALUE,KEY=VALUE with keys of letters"),
        _ => Ok(()),
    }
}

/// The source of tokens, of what was given; `limit` is the time for a first connection.
///
/// # Errors
/// What is missing, or fits no source.
pub fn settle(gathered: &Gathered, limit: Option<Duration>) -> Result<TokenSource, Failure> {
    let is_unsecured = gathered.get(UNSECURED).is_some_and(Given::is_true);
    let method = gathered.get(METHOD).map(|given| given.value.to_ascii_lowercase());
    let is_endpoint = match method.as_deref() {
        Some(method) => method == "oidc",
        None => gathered.get(URL).is_some(),
    };
    if is_endpoint && is_unsecured {
        return Err(Failure::usage(format!("`{UNSECURED}` and `{URL}` cannot be used together"))
            .hint("give one of them"));
    }
    if is_endpoint {
        return endpoint(gathered, limit).map(TokenSource::Endpoint);
    }
    if let Some(name) = OF_ENDPOINTS.into_iter().find(|name| gathered.is_typed(name)) {
        return Err(Failure::usage(format!("`{name}` has no effect without a token endpoint"))
            .hint(format!("add -X {URL}=URL")));
    }
    let config = gathered.get(CONFIG).map(|given| &*given.value);
    if config.is_none() && !is_unsecured {
        return Err(Failure::usage("SASL mechanism `OAUTHBEARER` has no source of tokens").hint(format!(
            "set `{URL}`, `{CLIENT_ID}` and `{CLIENT_SECRET}`, or for tests {CONFIG}=principal=NAME"
        )));
    }
    Unsecured::parse(config.unwrap_or_default()).map(TokenSource::Unsecured).map_err(|cause| {
        Failure::usage(format!("cannot make a token of `{CONFIG}`"))
            .caused_by(cause)
            .hint(format!("as in {CONFIG}=principal=NAME lifeSeconds=3600"))
    })
}

fn endpoint(gathered: &Gathered, limit: Option<Duration>) -> Result<Endpoint, Failure> {
    let value = |name: &str| gathered.get(name).map(|given| given.value.to_string());
    let needed = |name: &str| {
        value(name).filter(|value| !value.is_empty()).ok_or_else(|| {
            let failure = Failure::usage(format!("SASL mechanism `OAUTHBEARER` needs `{name}`"));
            match name {
                URL => failure.hint(format!("add -X {URL}=URL")),
                _ => failure.hint(values::how_to_give(name)),
            }
        })
    };
    let authorities = match (value(AUTHORITY_PEM), value(AUTHORITY_FILE)) {
        (Some(pem), _) => Authorities::Pem(pem),
        (None, Some(path)) if path != "probe" => Authorities::Location(path),
        (None, _) => Authorities::System,
    };
    Ok(Endpoint {
        url: needed(URL)?,
        shown: gathered.get(URL).map(|given| given.value.shown(URL)).unwrap_or_default(),
        client_id: needed(CLIENT_ID)?,
        client_secret: needed(CLIENT_SECRET)?,
        scope: value(SCOPE).filter(|scope| !scope.is_empty()),
        extensions: value(EXTENSIONS).and_then(|text| extensions(&text)).unwrap_or_default(),
        authorities,
        // A question that is still open when time is over would leave nothing to say.
        limit: limit.map_or(LONGEST_QUESTION, |limit| (limit * 9 / 10).min(LONGEST_QUESTION)),
    })
}

/// The endpoint, if what is sent there can be read on the way.
pub fn unencrypted(gathered: &Gathered) -> Option<String> {
    let given = gathered.get(URL)?;
    let is_plain = given.value.to_ascii_lowercase().starts_with("http://");
    is_plain.then(|| given.value.shown(URL))
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && !host.contains('@') && !text.contains(char::is_whitespace)
    })
}

/// `KEY=VALUE,KEY=VALUE`; keys are letters (RFC 7628, section 3.1).
fn extensions(text: &str) -> Option<Vec<(String, String)>> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=')?;
            let is_key =
                !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic()) && key != "auth";
            // Java takes what RFC 7628 does: printable ASCII and blanks.
            let is_value = value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n'));
            (is_key && is_value).then(|| (key.to_owned(), value.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::origin::Origin;

    const OF_A_CLIENT: [(&str, &str); 3] =
        [(URL, "https://a/token"), (CLIENT_ID, "alice"), (CLIENT_SECRET, "s3cret")];

    fn settled(given: &[(&str, &str)]) -> Result<TokenSource, Failure> {
        let mut gathered = Gathered::default();
        given.iter().for_each(|(name, value)| gathered.set(name, value, Origin::Property));
        settle(&gathered, Some(Duration::from_secs(2)))
    }

    #[test]
    fn an_endpoint_is_asked_with_what_was_given() {
        let more = [(SCOPE, "kafka"), (EXTENSIONS, "traceId=1, org=2"), (METHOD, "OIDC")];
        let Ok(TokenSource::Endpoint(endpoint)) = settled(&[&OF_A_CLIENT[..], &more].concat()) else {
            panic!("an endpoint was given")
        };
        assert_eq!((endpoint.url.as_str(), endpoint.client_id.as_str()), ("https://a/token", "alice"));
        assert_eq!((endpoint.client_secret.as_str(), endpoint.scope.as_deref()), ("s3cret", Some("kafka")));
        assert_eq!(endpoint.extensions, [("traceId", "1"), ("org", "2")].map(|(k, v)| (k.into(), v.into())));
        assert_eq!(endpoint.authorities, Authorities::System);
        assert_eq!(endpoint.shown, "https://a/token");
        assert_eq!(endpoint.limit, Duration::from_millis(1_800));
        let authority = [(AUTHORITY_FILE, "ca.pem")];
        let with_authority = settled(&[&OF_A_CLIENT[..], &authority].concat());
        assert!(matches!(with_authority, Ok(TokenSource::Endpoint(endpoint))
            if endpoint.authorities == Authorities::Location("ca.pem".to_owned())));
    }

    #[test]
    fn a_config_alone_makes_unsecured_tokens() {
        let source = settled(&[(CONFIG, "principal=alice"), (METHOD, "default")]).expect("valid");
        assert!(matches!(source, TokenSource::Unsecured(unsecured) if unsecured.principal() == "alice"));
        assert!(settled(&[(CONFIG, "principal=alice"), (UNSECURED, "true")]).is_ok());
        let failure = settled(&[(CONFIG, "s3cret")]).expect_err("no principal");
        assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
        assert!(settled(&[(UNSECURED, "true")]).is_err());
    }

    #[test]
    fn what_is_missing_or_idle_is_named() {
        for missing in [CLIENT_ID, CLIENT_SECRET] {
            let given: Vec<_> = OF_A_CLIENT.into_iter().filter(|(name, _)| *name != missing).collect();
            let failure = settled(&given).expect_err(missing);
            assert_eq!(failure.message, format!("SASL mechanism `OAUTHBEARER` needs `{missing}`"));
        }
        assert_eq!(
            settled(&[(METHOD, "oidc")]).map_err(|failure| failure.message),
            Err(format!("SASL mechanism `OAUTHBEARER` needs `{URL}`"))
        );
        let failure = settled(&[(CONFIG, "principal=a"), (SCOPE, "kafka")]).expect_err("idle");
        assert_eq!(failure.message, format!("`{SCOPE}` has no effect without a token endpoint"));
        assert!(settled(&[&OF_A_CLIENT[..], &[(UNSECURED, "true")]].concat()).is_err());
        assert!(settled(&[]).is_err_and(|failure| failure.message.contains("no source of tokens")));
    }

    #[test]
    fn values_are_judged_here() {
        for (name, good, bad) in [
            (METHOD, "OIDC", "azure"),
            (GRANT, "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            (URL, "http://localhost:8080/token", "localhost:8080/token"),
            (URL, "https://a", "https://alice:s3cret@a/token"),
            (METADATA, "none", "azure_imds"),
            (EXTENSIONS, "a=1,b=", "auth=x"),
            (EXTENSIONS, "", "trace-id=x"),
            (EXTENSIONS, "identityPoolId=pool-1,logicalCluster=lkc-1", "identity_pool_id=pool-1"),
            (EXTENSIONS, "a=b c", "a=b\u{1}c"),
        ] {
            assert_eq!(check(name, good), Ok(()), "{name}={good}");
            assert!(check(name, bad).is_err(), "{name}={bad}");
        }
    }
}
