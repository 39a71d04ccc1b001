//! Requests to a registry over HTTP(S).

use super::address::RegistrySettings;
use super::advice::Advice;
use super::answer;
use super::fetching::{Asker, FetchFault};
use super::place::{RequestPlace, Target};
use crate::http::{self, RequestFault};
use std::time::{Duration, Instant};
use ureq::http::{Response, StatusCode};
use ureq::tls::{TlsConfig, TlsProvider};
use ureq::{Agent, Body, Error};

/// The longest answer that is read. Real schemas have some kilobytes, generated ones a few megabytes.
const LONGEST_ANSWER: u64 = 16 << 20;

/// How long one request with its answer may take.
const LONGEST_REQUEST: Duration = Duration::from_secs(5);

/// How often a registry may send us on: to its leader, or from http to https.
const MOST_REDIRECTS: usize = 5;

/// Asks a registry, at the address that answered last, over a connection that is kept.
pub struct RegistryClient {
    agent: Agent,
    targets: Vec<Target>,
    current: usize,
    advice: Advice,
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
            // A place knows where it may send us, and who is told the login.
            .max_redirects(0)
            .user_agent(concat!("kcons/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build()
            .into();
        let target = |url| Target::new(url, settings.login.as_ref());
        Ok(RegistryClient {
            agent,
            targets: settings.urls.iter().map(target).collect(),
            current: 0,
            advice: Advice::of(settings),
        })
    }

    fn ask(&self, target: &Target, path: &str, limit: Duration) -> Result<Vec<u8>, FetchFault> {
        let until = self.now() + limit;
        let mut place = RequestPlace::new(target, path);
        for _ in 0..=MOST_REDIRECTS {
            let mut response = self.request(&place, until)?;
            let body = response.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec();
            let body = body.map_err(|error| match error {
                Error::BodyExceedsLimit(_) => {
                    FetchFault::Lasting(place.told("the answer is larger than 16 MiB"))
                }
                error => self.unanswered(&place, &error),
            })?;
            match place.next(&response) {
                Some(next) => place = next,
                None => return self.judge(&place, &response, body),
            }
        }
        Err(FetchFault::Lasting(place.told("it sends us on without end")))
    }

    fn request(&self, place: &RequestPlace<'_>, until: Instant) -> Result<Response<Body>, FetchFault> {
        let mut request = self
            .agent
            .get(&place.url)
            .config()
            .timeout_global(Some(until.saturating_duration_since(self.now())))
            .build()
            .header("Accept", "application/vnd.schemaregistry.v1+json, application/json");
        if let Some(authorization) = place.authorization() {
            request = request.header("Authorization", authorization);
        }
        request.call().map_err(|error| self.unanswered(place, &error))
    }

    fn judge(
        &self,
        place: &RequestPlace<'_>,
        response: &Response<Body>,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, FetchFault> {
        let status = response.status();
        let words = match answer::message(&body).map(|message| place.target.masked(&message)) {
            // Many repeat the words of the status.
            Some(message) if !status.to_string().contains(&message) => format!("{status}: {message}"),
            Some(_) | None => status.to_string(),
        };
        let words = place.told(&words);
        match status {
            status if status.is_success() && answer::is_object(&body) => Ok(body),
            // A page, of a proxy that asks for a login perhaps.
            status if status.is_success() => {
                let words = place.told("the answer is no JSON") + &self.advice.path();
                Err(FetchFault::Passing { words, wait: None })
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(FetchFault::Lasting(words + &self.advice.login(place)))
            }
            StatusCode::NOT_FOUND if answer::is_unknown(&body) => Err(FetchFault::Unknown),
            StatusCode::NOT_FOUND => Err(FetchFault::NoSuchPath(words + &self.advice.path())),
            // The registry has no time for us, or its proxy does not reach it.
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Err(FetchFault::Away { words, wait: wait(response) }),
            status if status.is_server_error() => Err(FetchFault::Passing { words, wait: wait(response) }),
            // Many servers answer in clear to those who forget TLS.
            StatusCode::BAD_REQUEST if !place.is_encrypted() && answer::wants_tls(&body) => {
                Err(FetchFault::Lasting(words + "; it wants https://"))
            }
            _ => Err(FetchFault::Lasting(words)),
        }
    }

    fn unanswered(&self, place: &RequestPlace<'_>, error: &Error) -> FetchFault {
        match http::fault(error) {
            (RequestFault::Unreachable, words) => {
                let advice = self.advice.connection(place, &words);
                FetchFault::Away { words: place.told(&words) + &advice, wait: None }
            }
            (RequestFault::Tls(fault), words) => {
                FetchFault::Lasting(place.told(&words) + &self.advice.tls(fault, &words))
            }
            (RequestFault::Address, words) => FetchFault::Lasting(place.told(&words)),
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
            let words = RequestPlace::new(&self.targets[self.current], path).told("timed out");
            FetchFault::Away { words, wait: None }
        }))
    }

    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// How long the registry asks to be left alone.
fn wait(response: &Response<Body>) -> Option<Duration> {
    let seconds = response.headers().get("Retry-After")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests;
