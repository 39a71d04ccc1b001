//! Where a registry is, and how a client proves who it is.

use crate::decode::UnionNames;
use crate::http::{Authorities, ClientIdentity};

/// Where schemas are asked for, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrySettings {
    /// At least one; if one does not answer, the next is asked.
    pub urls: Vec<RegistryUrl>,
    /// For the URLs without a login of their own.
    pub login: Option<RegistryLogin>,
    pub authorities: Authorities,
    pub identity: Option<ClientIdentity>,
    /// How unions of Avro are shown.
    pub unions: UnionNames,
    pub names: RegistryNames,
}

/// What messages call that by which the settings were given, each in backticks; `None` for what was not given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryNames {
    pub url: String,
    pub login: Option<String>,
    pub authorities: Option<String>,
    /// Certificate and key.
    pub identity: Option<String>,
}

/// A registry behind one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryUrl {
    /// Without a login and without a slash at the end.
    pub url: String,
    /// What messages call it: its URL, or `env:NAME` or `file:PATH` if it comes from there.
    pub shown: String,
    pub login: Option<RegistryLogin>,
}

/// What a client sends so that a registry answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryLogin {
    /// `USER:PASSWORD`
    User(String),
    Token(String),
}

impl RegistryUrl {
    /// Reads a URL, with or without `USER:PASSWORD@`.
    ///
    /// # Errors
    /// Why it is no URL of a registry, and a URL that may be meant.
    pub fn parse(text: &str) -> Result<RegistryUrl, WrongUrl> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(WrongUrl {
                why: "it has no scheme",
                meant: is_address(text).then(|| format!("http://{text}")),
            });
        };
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "http" && scheme != "https" {
            return Err(WrongUrl { why: "its scheme is neither http nor https", meant: None });
        }
        if rest.contains(['?', '#']) {
            return Err(WrongUrl { why: "it has a query", meant: None });
        }
        // A password may hold what ends an address elsewhere: the last `@` counts.
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, rest),
        };
        let place = place.trim_end_matches('/');
        let url = format!("{scheme}://{place}");
        if !has_valid_host(&url) {
            return Err(WrongUrl { why: "it has no valid host and port", meant: None });
        }
        let login =
            login.filter(|login| !login.is_empty()).map(|login| RegistryLogin::User(unescaped(login)));
        Ok(RegistryUrl { shown: url.clone(), url, login })
    }

    pub fn is_encrypted(&self) -> bool {
        self.url.starts_with("https://")
    }
}

/// Why a text is no URL of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongUrl {
    pub why: &'static str,
    /// A URL that may be meant.
    pub meant: Option<String>,
}

fn has_valid_host(url: &str) -> bool {
    let Ok(uri) = url.parse::<ureq::http::Uri>() else { return false };
    let authority = uri.authority().map(ureq::http::uri::Authority::as_str).unwrap_or_default();
    // Colons of an IPv6 address stand in brackets.
    let behind_host = authority.rsplit(']').next().unwrap_or_default();
    let port = behind_host.rsplit_once(':').map(|(_, port)| port);
    uri.host().is_some_and(|host| !host.is_empty()) && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// Whether this may be `HOST:PORT` or a host, with a path or without.
fn is_address(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]/".contains(&byte))
}

/// `%40` in a login stands for `@`.
fn unescaped(login: &str) -> String {
    let mut bytes = Vec::with_capacity(login.len());
    let mut rest = login.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(String, Option<RegistryLogin>), WrongUrl> {
        RegistryUrl::parse(text).map(|url| (url.url, url.login))
    }

    #[test]
    fn a_login_is_taken_out_of_a_url() {
        let user = |login: &str| Some(RegistryLogin::User(login.to_owned()));
        for (text, url, login) in [
            ("http://localhost:8081", "http://localhost:8081", None),
            ("HTTPS://registry.example/apis/v7/", "https://registry.example/apis/v7", None),
            ("http://alice:s3cret@h:1/x", "http://h:1/x", user("alice:s3cret")),
            ("http://alice:s%40c%3Ar%@h", "http://h", user("alice:s@c:r%")),
            ("http://alice:p@ss@[::1]:8081", "http://[::1]:8081", user("alice:p@ss")),
            ("http://@h:1", "http://h:1", None),
        ] {
            assert_eq!(parsed(text), Ok((url.to_owned(), login)), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused_with_what_may_be_meant() {
        for (text, why, meant) in [
            ("localhost:8081", "it has no scheme", Some("http://localhost:8081")),
            ("registry", "it has no scheme", Some("http://registry")),
            ("u:p@h:8081", "it has no scheme", None),
            ("", "it has no scheme", None),
            ("ftp://h", "its scheme is neither http nor https", None),
            ("http://", "it has no valid host and port", None),
            ("http://h:port", "it has no valid host and port", None),
            ("http://h:", "it has no valid host and port", None),
            ("http://a b", "it has no valid host and port", None),
            ("http://h/?a=b", "it has a query", None),
        ] {
            assert_eq!(parsed(text), Err(WrongUrl { why, meant: meant.map(str::to_owned) }), "{text}");
        }
    }
}
