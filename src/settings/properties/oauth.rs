//! Resolves where tokens for SASL OAUTHBEARER come from.

use super::known::tokens::{
    AUTHORITY_FILE, AUTHORITY_PEM, CLIENT_ID, CLIENT_SECRET, CONFIG, EXTENSIONS, METHOD, OF_ENDPOINTS, SCOPE,
    UNSECURED, URL, extensions,
};
use super::values;
use super::{Properties, PropertyValue};
use crate::error::Failure;
use crate::http::Authorities;
use crate::tokens::{Endpoint, TokenSource, Unsecured};
use std::time::Duration;

/// The longest time that a request to a token endpoint may take.
const LONGEST_REQUEST: Duration = Duration::from_secs(10);

/// Resolves the source of tokens; `limit` is the time for a first connection.
pub fn resolve(properties: &Properties, limit: Option<Duration>) -> Result<TokenSource, Failure> {
    let is_unsecured = properties.get(UNSECURED).is_some_and(PropertyValue::is_true);
    let method = properties.get(METHOD).map(|given| given.value.to_ascii_lowercase());
    let is_endpoint = match method.as_deref() {
        Some(method) => method == "oidc",
        None => properties.get(URL).is_some(),
    };
    if is_endpoint && is_unsecured {
        return Err(Failure::usage(format!("`{UNSECURED}` and `{URL}` cannot be used together"))
            .hint("give one of them"));
    }
    if is_endpoint {
        return endpoint(properties, limit).map(TokenSource::Endpoint);
    }
    if let Some(name) = OF_ENDPOINTS.into_iter().find(|name| properties.is_typed(name)) {
        return Err(Failure::usage(format!("`{name}` has no effect without a token endpoint"))
            .hint(format!("add -X {URL}=URL")));
    }
    let config = properties.get(CONFIG).map(|given| &*given.value);
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

fn endpoint(properties: &Properties, limit: Option<Duration>) -> Result<Endpoint, Failure> {
    let value = |name: &str| properties.get(name).map(|given| given.value.to_string());
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
        shown: properties.get(URL).map(|given| given.value.shown(URL)).unwrap_or_default(),
        client_id: needed(CLIENT_ID)?,
        client_secret: needed(CLIENT_SECRET)?,
        scope: value(SCOPE).filter(|scope| !scope.is_empty()),
        extensions: value(EXTENSIONS).and_then(|text| extensions(&text)).unwrap_or_default(),
        authorities,
        // The request has to fail before the time for a connection is over, or else its reason would never be
        // printed.
        limit: limit.map_or(LONGEST_REQUEST, |limit| (limit * 9 / 10).min(LONGEST_REQUEST)),
    })
}

/// The URL of the token endpoint, if it is not encrypted.
pub fn unencrypted(properties: &Properties) -> Option<String> {
    let given = properties.get(URL)?;
    let is_plain = given.value.to_ascii_lowercase().starts_with("http://");
    is_plain.then(|| given.value.shown(URL))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::properties::origin::PropertyOrigin;

    const OF_A_CLIENT: [(&str, &str); 3] =
        [(URL, "https://a/token"), (CLIENT_ID, "alice"), (CLIENT_SECRET, "s3cret")];

    fn resolved(given: &[(&str, &str)]) -> Result<TokenSource, Failure> {
        let mut properties = Properties::default();
        given.iter().for_each(|(name, value)| properties.set(name, value, PropertyOrigin::Property));
        resolve(&properties, Some(Duration::from_secs(2)))
    }

    #[test]
    fn an_endpoint_is_asked_with_what_was_given() {
        let more = [(SCOPE, "kafka"), (EXTENSIONS, "traceId=1, org=2"), (METHOD, "OIDC")];
        let Ok(TokenSource::Endpoint(endpoint)) = resolved(&[&OF_A_CLIENT[..], &more].concat()) else {
            panic!("an endpoint was given")
        };
        assert_eq!((endpoint.url.as_str(), endpoint.client_id.as_str()), ("https://a/token", "alice"));
        assert_eq!((endpoint.client_secret.as_str(), endpoint.scope.as_deref()), ("s3cret", Some("kafka")));
        assert_eq!(endpoint.extensions, [("traceId", "1"), ("org", "2")].map(|(k, v)| (k.into(), v.into())));
        assert_eq!(endpoint.authorities, Authorities::System);
        assert_eq!(endpoint.shown, "https://a/token");
        assert_eq!(endpoint.limit, Duration::from_millis(1_800));
        let authority = [(AUTHORITY_FILE, "ca.pem")];
        let with_authority = resolved(&[&OF_A_CLIENT[..], &authority].concat());
        assert!(matches!(with_authority, Ok(TokenSource::Endpoint(endpoint))
            if endpoint.authorities == Authorities::Location("ca.pem".to_owned())));
    }

    #[test]
    fn a_config_alone_makes_unsecured_tokens() {
        let source = resolved(&[(CONFIG, "principal=alice"), (METHOD, "default")]).expect("valid");
        assert!(matches!(source, TokenSource::Unsecured(unsecured) if unsecured.principal() == "alice"));
        assert!(resolved(&[(CONFIG, "principal=alice"), (UNSECURED, "true")]).is_ok());
        let failure = resolved(&[(CONFIG, "s3cret")]).expect_err("no principal");
        assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
        assert!(resolved(&[(UNSECURED, "true")]).is_err());
    }

    #[test]
    fn what_is_missing_or_idle_is_named() {
        for missing in [CLIENT_ID, CLIENT_SECRET] {
            let given: Vec<_> = OF_A_CLIENT.into_iter().filter(|(name, _)| *name != missing).collect();
            let failure = resolved(&given).expect_err(missing);
            assert_eq!(failure.message, format!("SASL mechanism `OAUTHBEARER` needs `{missing}`"));
        }
        assert_eq!(
            resolved(&[(METHOD, "oidc")]).map_err(|failure| failure.message),
            Err(format!("SASL mechanism `OAUTHBEARER` needs `{URL}`"))
        );
        let failure = resolved(&[(CONFIG, "principal=a"), (SCOPE, "kafka")]).expect_err("idle");
        assert_eq!(failure.message, format!("`{SCOPE}` has no effect without a token endpoint"));
        assert!(resolved(&[&OF_A_CLIENT[..], &[(UNSECURED, "true")]].concat()).is_err());
        assert!(resolved(&[]).is_err_and(|failure| failure.message.contains("no source of tokens")));
    }
}
