//! Requests to a registry over HTTP(S).

use super::address::{RegistryLogin, RegistrySettings};
use super::answer;
use super::fetching::{Asker, FetchFault};
use crate::escape;
use crate::http::{self, Authorities, RequestFault};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::time::{Duration, Instant};
use ureq::config::RedirectAuthHeaders;
use ureq::http::{Response, StatusCode};
use ureq::tls::{TlsConfig, TlsProvider};
use ureq::{Agent, Body, Error};

/// The longest answer that is read. Real schemas have some kilobytes, generated ones a few megabytes.
const LONGEST_ANSWER: u64 = 16 << 20;

/// How long one request with its answer may take.
const LONGEST_REQUEST: Duration = Duration::from_secs(5);

/// How many characters of the registry's words are repeated.
const LONGEST_WORDS: usize = 200;

/// Asks a registry, at the address that answered last, over a connection that is kept.
pub struct RegistryClient {
    agent: Agent,
    targets: Vec<Target>,
    current: usize,
    /// What to do about a certificate that is not trusted, and about a refused login.
    advice: Advice,
}

struct Target {
    url: String,
    shown: String,
    authorization: Option<String>,
}

struct Advice {
    tls: &'static str,
    login: &'static str,
}

/// Why there is no client.
pub struct NoClient(pub String);

impl RegistryClient {
    /// Makes a client; nothing is connected.
    ///
    /// # Errors
    /// Certificates cannot be read.
    pub fn new(settings: &RegistrySettings) -> Result<RegistryClient, NoClient> {
        let identity = match &settings.identity {
            Some(identity) => {
                Some(identity.parse().map_err(|_| NoClient("no client certificate with a key".to_owned()))?)
            }
            None => None,
        };
        let tls = TlsConfig::builder()
            .provider(TlsProvider::NativeTls)
            .root_certs(settings.authorities.roots().map_err(NoClient)?)
            .client_cert(identity)
            .build();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // A registry may redirect to its leader. Nobody else is told the login.
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .user_agent(concat!("kcons/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build()
            .into();
        let target = |url: &super::RegistryUrl| Target {
            url: url.url.clone(),
            shown: url.shown.clone(),
            authorization: url.login.as_ref().or(settings.login.as_ref()).map(authorization),
        };
        Ok(RegistryClient {
            agent,
            targets: settings.urls.iter().map(target).collect(),
            current: 0,
            advice: Advice::of(settings),
        })
    }

    fn ask(&self, target: &Target, path: &str, limit: Duration) -> Result<Vec<u8>, FetchFault> {
        let mut request = self
            .agent
            .get(format!("{}{path}", target.url))
            .config()
            .timeout_global(Some(limit))
            .build()
            .header("Accept", "application/vnd.schemaregistry.v1+json, application/json");
        if let Some(authorization) = &target.authorization {
            request = request.header("Authorization", authorization);
        }
        let mut response = request.call().map_err(|error| self.unanswered(target, &error))?;
        let body = response.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec();
        let body = body.map_err(|error| match error {
            Error::BodyExceedsLimit(_) => {
                FetchFault::Lasting(told(target, "the answer is larger than 16 MiB"))
            }
            error => self.unanswered(target, &error),
        })?;
        self.judge(target, &response, body)
    }

    fn judge(
        &self,
        target: &Target,
        response: &Response<Body>,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, FetchFault> {
        let status = response.status();
        let words = match answer::message(&body) {
            // Many repeat the words of the status.
            Some(message) if !status.to_string().contains(&message) => format!("{status}: {message}"),
            Some(_) | None => status.to_string(),
        };
        match status {
            status if status.is_success() => Ok(body),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(FetchFault::Lasting(told(target, &words) + self.advice.login))
            }
            StatusCode::NOT_FOUND if answer::is_unknown(&body) => Err(FetchFault::Unknown),
            StatusCode::NOT_FOUND => Err(FetchFault::NoSuchPath(told(target, &words))),
            // The registry has no time for us, or its proxy does not reach it.
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => {
                Err(FetchFault::Away { words: told(target, &words), wait: wait(response) })
            }
            status if status.is_server_error() => {
                Err(FetchFault::Passing { words: told(target, &words), wait: wait(response) })
            }
            _ => Err(FetchFault::Lasting(told(target, &words))),
        }
    }

    fn unanswered(&self, target: &Target, error: &Error) -> FetchFault {
        match http::fault(error) {
            (RequestFault::Unreachable, words) => {
                FetchFault::Away { words: told(target, &words), wait: None }
            }
            (RequestFault::Tls, words) => FetchFault::Lasting(told(target, &words) + self.advice.tls),
            (RequestFault::Address, words) => FetchFault::Lasting(told(target, &words)),
        }
    }
}

impl Asker for RegistryClient {
    fn get(&mut self, path: &str, until: Instant) -> Result<Vec<u8>, FetchFault> {
        let count = self.targets.len();
        let (mut away, mut passing) = (None, None);
        for next in 0..count {
            let index = (self.current + next) % count;
            let limit = until.saturating_duration_since(self.now()).min(LONGEST_REQUEST);
            if limit.is_zero() {
                break;
            }
            match self.ask(&self.targets[index], path, limit) {
                Err(fault @ FetchFault::Passing { .. }) => passing = passing.or(Some(fault)),
                Err(fault @ FetchFault::Away { .. }) => away = away.or(Some(fault)),
                other => {
                    self.current = index;
                    return other;
                }
            }
        }
        // Only if all are away, the registry is.
        Err(passing.or(away).unwrap_or_else(|| {
            let words = told(&self.targets[self.current], "timed out");
            FetchFault::Away { words, wait: None }
        }))
    }

    fn now(&self) -> Instant {
        Instant::now()
    }
}

impl Advice {
    fn of(settings: &RegistrySettings) -> Advice {
        let login = settings.urls.iter().find_map(|url| url.login.as_ref()).or(settings.login.as_ref());
        Advice {
            tls: match settings.authorities {
                Authorities::System => "; `--registry-ca FILE` names the authority to trust",
                Authorities::Location(_) | Authorities::Pem(_) => "; check `--registry-ca`",
            },
            login: match login {
                None => "; log in with `--registry-user` or `--registry-token`",
                Some(RegistryLogin::User(_)) => "; check `--registry-user`",
                Some(RegistryLogin::Token(_)) => "; check `--registry-token`",
            },
        }
    }
}

fn authorization(login: &RegistryLogin) -> String {
    match login {
        RegistryLogin::User(user) => format!("Basic {}", STANDARD.encode(user)),
        RegistryLogin::Token(token) => format!("Bearer {token}"),
    }
}

/// How long the registry asks to be left alone.
fn wait(response: &Response<Body>) -> Option<Duration> {
    let seconds = response.headers().get("Retry-After")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn told(target: &Target, words: &str) -> String {
    // A registry may repeat the URL that it was asked by.
    let words = words.replace(&target.url, &target.shown);
    let words: String =
        words.chars().filter(|c| !escape::is_unsafe(*c) && !c.is_control()).take(LONGEST_WORDS).collect();
    format!("`{}`: {words}", target.shown)
}

#[cfg(test)]
mod tests;
