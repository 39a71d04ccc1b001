//! Where a request goes: to a registry, or on to where that sends us.

use super::address::{RegistryLogin, RegistryUrl};
use crate::escape;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::Body;
use ureq::http::{Response, Uri};

/// How many characters of the registry's words are repeated.
const LONGEST_WORDS: usize = 200;

/// A registry, and what it is sent.
pub struct Target {
    pub url: String,
    shown: String,
    pub authorization: Option<String>,
    /// Whether its URL has the login.
    pub has_login_in_url: bool,
    /// What no message repeats, the longest first.
    secrets: Vec<String>,
}

impl Target {
    pub fn new(url: &RegistryUrl, login: Option<&RegistryLogin>) -> Target {
        let login = url.login.as_ref().or(login);
        let mut secrets = login.map(secrets).unwrap_or_default();
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Target {
            url: url.url.clone(),
            shown: url.shown.clone(),
            authorization: login.map(authorization),
            has_login_in_url: url.login.is_some(),
            secrets,
        }
    }

    /// The registry's own words, without what we sent it.
    pub fn masked(&self, words: &str) -> String {
        self.secrets.iter().fold(words.to_owned(), |words, secret| words.replace(secret, "***"))
    }
}

/// The address of one request to a target.
pub struct RequestPlace<'a> {
    pub target: &'a Target,
    pub url: String,
}

impl<'a> RequestPlace<'a> {
    pub fn new(target: &'a Target, path: &str) -> RequestPlace<'a> {
        RequestPlace { target, url: format!("{}{path}", target.url) }
    }

    /// Where a response sends us; `None` if it does not, or to no address.
    pub fn next(&self, response: &Response<Body>) -> Option<RequestPlace<'a>> {
        if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let location = response.headers().get("Location")?.to_str().ok()?;
        let (scheme, rest) = self.url.split_once("://")?;
        let host = rest.split('/').next()?;
        let url = match location {
            absolute if absolute.starts_with("http://") || absolute.starts_with("https://") => {
                absolute.to_owned()
            }
            other if other.starts_with("//") => format!("{scheme}:{other}"),
            path if path.starts_with('/') => format!("{scheme}://{host}{path}"),
            beside => format!("{}/{beside}", self.url.rsplit_once('/')?.0),
        };
        let has_host = url.parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty()));
        has_host.then_some(RequestPlace { target: self.target, url })
    }

    /// What proves who we are. Nobody but the host of the target is told, and never in clear what was encrypted.
    pub fn authorization(&self) -> Option<&str> {
        let (uri, target) = (self.url.parse::<Uri>().ok()?, self.target.url.parse::<Uri>().ok()?);
        let is_as_safe = uri.scheme() == target.scheme() || self.is_encrypted();
        let may_know = uri.host() == target.host() && is_as_safe;
        self.target.authorization.as_deref().filter(|_| may_know)
    }

    pub fn is_encrypted(&self) -> bool {
        self.url.starts_with("https://")
    }

    /// A message about this place.
    pub fn told(&self, words: &str) -> String {
        // A registry may repeat the URL that it was asked by.
        let words = words.replace(&self.target.url, &self.target.shown);
        let words: String =
            words.chars().filter(|c| !escape::is_unsafe(*c) && !c.is_control()).take(LONGEST_WORDS).collect();
        match self.elsewhere() {
            Some(other) => format!("`{}` sends us to `{other}`: {words}", self.target.shown),
            None => format!("`{}`: {words}", self.target.shown),
        }
    }

    /// Scheme, host and port of a place that is not the target's.
    fn elsewhere(&self) -> Option<String> {
        let uri = self.url.parse::<Uri>().ok()?;
        let authority = uri.authority()?.as_str();
        // A login in it is none of ours, and nobody's to read.
        let host = authority.rsplit('@').next().unwrap_or_default();
        let other = format!("{}://{host}", uri.scheme_str().unwrap_or_default());
        let rest = self.target.url.strip_prefix(&other);
        let is_target = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        (!is_target).then(|| self.target.masked(&other))
    }
}

fn authorization(login: &RegistryLogin) -> String {
    match login {
        RegistryLogin::User(user) => format!("Basic {}", STANDARD.encode(user)),
        RegistryLogin::Token(token) => format!("Bearer {token}"),
    }
}

/// A login in all forms in which it can be repeated.
fn secrets(login: &RegistryLogin) -> Vec<String> {
    match login {
        RegistryLogin::User(user) => {
            let password = user.split_once(':').map_or("", |(_, password)| password);
            let encoded = STANDARD.encode(user);
            vec![user.clone(), password.to_owned(), encoded.trim_end_matches('=').to_owned(), encoded]
        }
        RegistryLogin::Token(token) => vec![token.clone()],
    }
}
