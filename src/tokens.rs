//! Tokens of SASL OAUTHBEARER: made here without a signature, or fetched from a token endpoint.

mod claims;
mod endpoint;
mod unsecured;

pub use endpoint::Endpoint;
pub use unsecured::Unsecured;

use std::time::{Duration, SystemTime};

/// Where tokens come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    Unsecured(Unsecured),
    Endpoint(Endpoint),
}

/// A token, and what a client must know about it.
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
    /// Where the token was looked for and why there is none, as in `` `URL`: connection refused ``.
    pub words: String,
}

/// What has to be checked because of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFaultKind {
    /// Nobody answers, or the endpoint says that it cannot at the moment. It may pass by itself.
    Unreachable,
    /// The endpoint's certificate is not trusted.
    Tls,
    /// The address is wrong: something else answers, or the endpoint expects another request.
    Address,
    /// The client id or the secret is not accepted.
    Client,
    Scope,
    /// The token that came cannot be used.
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

/// The longest life of a token that counts, since clocks and endpoints change sooner.
const LONGEST_LIFE: Duration = Duration::from_secs(86_400);

/// The shortest pause between two questions, so that an endpoint is not flooded when tokens live very short.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

impl TokenSource {
    /// Gets a token, which may take time if an endpoint is asked.
    pub fn get(&self) -> Result<Token, TokenFault> {
        match self {
            TokenSource::Unsecured(unsecured) => Ok(unsecured.token(SystemTime::now())),
            TokenSource::Endpoint(endpoint) => endpoint.fetch(),
        }
    }
}

impl Token {
    /// When to get the next token: after four fifths of the life of this one, as Java clients do, but within a day
    /// and never at once.
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
