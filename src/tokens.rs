//! Tokens of SASL OAUTHBEARER: made here without a signature, or fetched from a token endpoint.

mod claims;
mod endpoint;
mod unsecured;

pub use endpoint::{Authorities, Endpoint, untrusted};
pub use unsecured::Unsecured;

use std::time::{Duration, SystemTime};

/// Where tokens come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    Unsecured(Unsecured),
    Endpoint(Endpoint),
}

/// A token with what a client must know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub principal: String,
    pub expires: SystemTime,
    /// SASL extensions (RFC 7628, section 3.1).
    pub extensions: Vec<(String, String)>,
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFault {
    pub kind: TokenFaultKind,
    /// Where, and in a few words why: `` `URL`: connection refused ``.
    pub words: String,
}

/// What has to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFaultKind {
    /// Nobody answers, or only that it cannot answer now: it may pass by itself.
    Unreachable,
    /// The endpoint's certificate is not trusted.
    Tls,
    /// Somebody else answers, or another question was expected.
    Address,
    /// Client id and secret are not accepted.
    Client,
    Scope,
    /// A token came that cannot be used.
    Token,
}

impl TokenFaultKind {
    /// Whether asking again could help.
    pub fn is_passing(self) -> bool {
        match self {
            TokenFaultKind::Unreachable => true,
            TokenFaultKind::Tls
            | TokenFaultKind::Address
            | TokenFaultKind::Client
            | TokenFaultKind::Scope
            | TokenFaultKind::Token => false,
        }
    }
}

/// What a token says of its life beyond this is of no use: clocks and endpoints change sooner.
const LONGEST_LIFE: Duration = Duration::from_secs(86_400);

/// Between two questions, however short a token lives: an endpoint must not be flooded.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

impl TokenSource {
    /// Gets a token; an endpoint may take its time.
    ///
    /// # Errors
    /// Nothing usable came.
    pub fn get(&self) -> Result<Token, TokenFault> {
        match self {
            TokenSource::Unsecured(unsecured) => Ok(unsecured.token(SystemTime::now())),
            TokenSource::Endpoint(endpoint) => endpoint.fetch(),
        }
    }
}

impl Token {
    /// When the next one should be there: after four fifths of its life, as in Java clients, but after a day at the
    /// latest, and never at once.
    pub fn refresh_at(&self, now: SystemTime) -> SystemTime {
        let rest = self.expires.duration_since(now).unwrap_or(Duration::ZERO);
        now + (rest.min(LONGEST_LIFE) * 4 / 5).max(LEAST_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_before_it_expires() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let token = Token {
            text: String::new(),
            principal: String::new(),
            expires: now + Duration::from_secs(100),
            extensions: Vec::new(),
        };
        assert_eq!(token.refresh_at(now), now + Duration::from_secs(80));
        assert_eq!(token.refresh_at(now + Duration::from_secs(200)), now + Duration::from_secs(201));
        let lives = |life: u64| Token { expires: now + Duration::from_secs(life), ..token.clone() };
        assert_eq!(lives(u64::MAX >> 2).refresh_at(now), now + Duration::from_secs(69_120));
        assert_eq!(lives(0).refresh_at(now), now + Duration::from_secs(1));
    }
}
