//! What a signed token says about itself (RFC 7519). Whether that is true is for the broker to judge.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::{Duration, SystemTime};

/// The claims that a client needs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Claims {
    pub subject: Option<String>,
    pub expires: Option<SystemTime>,
}

/// Reads the claims of a JWT; an opaque token has none.
pub fn read(token: &str) -> Claims {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Claims::default();
    };
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).unwrap_or_default();
    let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
    Claims {
        subject: payload["sub"].as_str().map(str::to_owned),
        expires: payload["exp"].as_f64().and_then(at),
    }
}

/// The time of a `NumericDate`: seconds since 1970, with or without a fraction.
fn at(seconds: f64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

/// Encodes a part of a JWT.
pub fn encode(part: &serde_json::Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subject_and_expiry_are_read_of_a_signed_token() {
        let payload = encode(&serde_json::json!({"sub": "alice", "exp": 1_000.5}));
        let expected = Claims {
            subject: Some("alice".to_owned()),
            expires: Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_000_500)),
        };
        assert_eq!(read(&format!("e30.{payload}.c2ln")), expected);
        assert_eq!(read(&format!("e30.{payload}==.c2ln")), expected);
    }

    #[test]
    fn an_opaque_token_has_no_claims() {
        for token in ["", "opaque", "a.b.c", "a.b", "a.b.c.d", "e30.e30.e30"] {
            assert_eq!(read(token), Claims::default(), "{token}");
        }
    }
}
