//! Properties of SASL OAUTHBEARER that kcons acts on itself. librdkafka knows their names, but is built without a
//! client for token endpoints.

use crate::error::Failure;

pub const METHOD: &str = "sasl.oauthbearer.method";
pub const CONFIG: &str = "sasl.oauthbearer.config";
pub const UNSECURED: &str = "enable.sasl.oauthbearer.unsecure.jwt";
pub const URL: &str = "sasl.oauthbearer.token.endpoint.url";
pub const CLIENT_ID: &str = "sasl.oauthbearer.client.id";
pub const CLIENT_SECRET: &str = "sasl.oauthbearer.client.secret";
pub const SCOPE: &str = "sasl.oauthbearer.scope";
pub const EXTENSIONS: &str = "sasl.oauthbearer.extensions";
const GRANT: &str = "sasl.oauthbearer.grant.type";
const METADATA: &str = "sasl.oauthbearer.metadata.authentication.type";
pub const AUTHORITY_FILE: &str = "https.ca.location";
pub const AUTHORITY_PEM: &str = "https.ca.pem";

/// Properties of requests to a token endpoint.
pub const OF_ENDPOINTS: [&str; 8] =
    [URL, CLIENT_ID, CLIENT_SECRET, SCOPE, EXTENSIONS, GRANT, AUTHORITY_FILE, AUTHORITY_PEM];

/// Whether kcons acts on a property in place of librdkafka.
pub fn is_ours(name: &str) -> bool {
    OF_ENDPOINTS.contains(&name) || [METHOD, CONFIG, UNSECURED, METADATA].contains(&name)
}

/// Refuses `file://…` as the URL of a token endpoint. To Java clients it names a file with a token; here `file:`
/// would name a file with the URL.
pub fn refuse_written(name: &str, written: &str, place: &str) -> Option<Failure> {
    let is_file = name == URL && written.to_ascii_lowercase().starts_with("file://");
    is_file.then(|| {
        Failure::usage(format!("`{name}={written}`{place}: a token from a file is not built in"))
            .hint(format!("set `{name}` to a token endpoint, `{CLIENT_ID}` and `{CLIENT_SECRET}`"))
    })
}

/// Checks the value of one of these properties, which librdkafka does not check.
///
/// # Errors
/// The valid values, for a hint.
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

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && !host.contains('@') && !text.contains(char::is_whitespace)
    })
}

/// Parses SASL extensions, `KEY=VALUE,KEY=VALUE`; keys consist of letters (RFC 7628, section 3.1).
pub fn extensions(text: &str) -> Option<Vec<(String, String)>> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=')?;
            let is_key =
                !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic()) && key != "auth";
            // Java accepts what RFC 7628 allows: printable ASCII and blanks.
            let is_value = value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n'));
            (is_key && is_value).then(|| (key.to_owned(), value.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
