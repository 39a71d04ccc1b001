//! A token endpoint, asked for the client credentials grant of OAuth 2 (RFC 6749, section 4.4) over HTTP(S).

use super::{Token, TokenFault, TokenFaultKind, claims};
use crate::escape;
use crate::http::{self, Authorities, RequestFault};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::time::{Duration, SystemTime};
use ureq::http::StatusCode;
use ureq::tls::{TlsConfig, TlsProvider};
use ureq::{Agent, Error};

/// The longest answer that is read: an answer is a token and a few words.
const LONGEST_ANSWER: u64 = 1 << 20;

/// How many characters of the endpoint's words are repeated.
const LONGEST_WORDS: usize = 200;

/// The endpoint, and the credentials for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub url: String,
    /// What messages call the endpoint: its URL, or `env:NAME` or `file:PATH` if the URL comes from there.
    pub shown: String,
    pub client_id: String,
    pub client_secret: String,
    pub scope: Option<String>,
    pub extensions: Vec<(String, String)>,
    pub authorities: Authorities,
    /// How long a request with its answer may take.
    pub limit: Duration,
}

impl Endpoint {
    pub(super) fn fetch(&self) -> Result<Token, TokenFault> {
        let (status, body) = self.ask()?;
        let answer: Value = serde_json::from_str(&body).unwrap_or_default();
        if !status.is_success() {
            return Err(self.refusal(status, &answer));
        }
        let Some(text) = answer["access_token"].as_str().filter(|text| !text.is_empty()) else {
            return Err(self.fault(TokenFaultKind::Address, "the answer has no `access_token`"));
        };
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            // Some of them would end a header or a C string.
            return Err(self.fault(TokenFaultKind::Token, "the token has invalid characters"));
        }
        let now = SystemTime::now();
        let claims = claims::read(text);
        let life = answer["expires_in"].as_u64().map(Duration::from_secs);
        let expires = claims.expires.or_else(|| now.checked_add(life?));
        let Some(expires) = expires else {
            return Err(self.fault(TokenFaultKind::Token, "the token does not say when it expires"));
        };
        if expires <= now {
            return Err(self.fault(TokenFaultKind::Token, "the token has expired already"));
        }
        Ok(Token {
            text: text.to_owned(),
            principal: claims
                .subject
                .filter(|subject| !subject.contains(char::is_control))
                .unwrap_or_else(|| self.client_id.clone()),
            expires,
            extensions: self.extensions.clone(),
        })
    }

    fn ask(&self) -> Result<(StatusCode, String), TokenFault> {
        let roots = self.authorities.roots().map_err(|error| self.fault(TokenFaultKind::Tls, &error))?;
        let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(roots).build();
        let agent: Agent = Agent::config_builder()
            .timeout_global(Some(self.limit))
            .http_status_as_error(false)
            // The secret must not follow a redirect.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .tls_config(tls)
            .build()
            .into();
        // Like Java clients and librdkafka, this does not encode id and secret as for a form first.
        let login = STANDARD.encode(format!("{}:{}", self.client_id, self.client_secret));
        let scope = self.scope.as_deref().map(|scope| ("scope", scope));
        let form = [("grant_type", "client_credentials")].into_iter().chain(scope);
        let request = agent
            .post(&self.url)
            .header("Authorization", format!("Basic {login}"))
            .header("Accept", "application/json");
        let mut response = request.send_form(form).map_err(|error| self.unanswered(&error))?;
        let body = response.body_mut().with_config().limit(LONGEST_ANSWER).lossy_utf8(true).read_to_string();
        Ok((response.status(), body.map_err(|error| self.unanswered(&error))?))
    }

    /// The fault that an error code of RFC 6749, section 5.2, means, or else the status.
    fn refusal(&self, status: StatusCode, answer: &Value) -> TokenFault {
        let code = answer["error"].as_str().unwrap_or_default();
        let kind = match code {
            "invalid_client" | "unauthorized_client" => TokenFaultKind::Client,
            "invalid_scope" => TokenFaultKind::Scope,
            "temporarily_unavailable" => TokenFaultKind::Unreachable,
            _ => match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => TokenFaultKind::Client,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => TokenFaultKind::Unreachable,
                status if status.is_server_error() => TokenFaultKind::Unreachable,
                _ => TokenFaultKind::Address,
            },
        };
        let description = answer["error_description"].as_str().unwrap_or_default();
        let words = [status.to_string().as_str(), code, description]
            .into_iter()
            .filter(|words| !words.is_empty())
            .collect::<Vec<_>>()
            .join(": ");
        self.fault(kind, &words)
    }

    fn unanswered(&self, error: &Error) -> TokenFault {
        let (kind, words) = http::fault(error);
        let kind = match kind {
            RequestFault::Unreachable => TokenFaultKind::Unreachable,
            RequestFault::Tls(_) => TokenFaultKind::Tls,
            RequestFault::Address => TokenFaultKind::Address,
        };
        self.fault(kind, &words)
    }

    fn fault(&self, kind: TokenFaultKind, words: &str) -> TokenFault {
        // An endpoint may repeat the URL that it was asked by.
        let words = words.replace(&self.url, &self.shown);
        let words: String =
            words.chars().filter(|c| !escape::is_unsafe(*c) && !c.is_control()).take(LONGEST_WORDS).collect();
        TokenFault { kind, words: format!("`{}`: {words}", self.shown) }
    }
}

#[cfg(test)]
mod tests;
