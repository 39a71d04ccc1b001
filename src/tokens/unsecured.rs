//! Tokens without a signature, for brokers in development and tests that believe anything.

use super::Token;
use super::claims::encode;
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime};

/// What a token without a signature says, as in `sasl.oauthbearer.config` of librdkafka.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsecured {
    principal: String,
    principal_claim: String,
    scopes: Vec<String>,
    scope_claim: String,
    life: Duration,
    extensions: Vec<(String, String)>,
}

const FORM: &str = "expected the form principal=NAME lifeSeconds=N";

/// The names that are known besides extensions.
const NAMES: [&str; 5] = ["principal", "principalClaimName", "scope", "scopeClaimName", "lifeSeconds"];

impl Unsecured {
    /// Reads `principal=NAME lifeSeconds=N scope=A,B principalClaimName=NAME scopeClaimName=NAME extension_KEY=VALUE`.
    pub fn parse(text: &str) -> Result<Unsecured, String> {
        let mut unsecured = Unsecured {
            principal: String::new(),
            principal_claim: "sub".to_owned(),
            scopes: Vec::new(),
            scope_claim: "scope".to_owned(),
            life: Duration::from_secs(3600),
            extensions: Vec::new(),
        };
        for part in text.split(' ').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or(FORM)?;
            let extension = name.strip_prefix("extension_");
            // A part may be a secret that was meant for another property, which may have a `=` as well. Only known
            // names are repeated.
            if extension.is_none() && !NAMES.contains(&name) {
                return Err("a part of it is not known".to_owned());
            }
            if value.is_empty() {
                return Err(match extension {
                    Some(_) => "an extension is empty".to_owned(),
                    None => format!("`{name}` is empty"),
                });
            }
            match name {
                "principal" => value.clone_into(&mut unsecured.principal),
                "principalClaimName" => value.clone_into(&mut unsecured.principal_claim),
                "scope" => unsecured.scopes = value.split(',').map(str::to_owned).collect(),
                "scopeClaimName" => value.clone_into(&mut unsecured.scope_claim),
                "lifeSeconds" => {
                    let seconds = value.parse::<u32>().ok().filter(|seconds| *seconds > 0);
                    let seconds = seconds.ok_or("`lifeSeconds` is not a number of seconds")?;
                    unsecured.life = Duration::from_secs(seconds.into());
                }
                _ => {
                    let is_key =
                        |key: &&str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic());
                    let key = extension.filter(is_key).ok_or("the key of an extension is not of letters")?;
                    unsecured.extensions.push((key.to_owned(), value.to_owned()));
                }
            }
        }
        match unsecured.principal.is_empty() {
            true => Err("it has no `principal`".to_owned()),
            false => Ok(unsecured),
        }
    }

    pub fn principal(&self) -> &str {
        &self.principal
    }

    pub fn token(&self, now: SystemTime) -> Token {
        let expires = now + self.life;
        let seconds = |time: SystemTime| {
            time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
        };
        let mut claims = Map::new();
        claims.insert(self.principal_claim.clone(), json!(self.principal));
        claims.insert("iat".to_owned(), json!(seconds(now)));
        claims.insert("exp".to_owned(), json!(seconds(expires)));
        if !self.scopes.is_empty() {
            claims.insert(self.scope_claim.clone(), json!(self.scopes));
        }
        Token {
            text: format!("{}.{}.", encode(&json!({"alg": "none"})), encode(&Value::Object(claims))),
            principal: self.principal.clone(),
            expires,
            extensions: self.extensions.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::claims;
    use super::*;

    #[test]
    fn a_token_says_who_and_until_when() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let text = "principal=alice lifeSeconds=60 scope=a,b extension_traceId=1";
        let token = Unsecured::parse(text).unwrap().token(now);
        assert_eq!((token.principal.as_str(), token.expires), ("alice", now + Duration::from_secs(60)));
        assert_eq!(token.extensions, [("traceId".to_owned(), "1".to_owned())]);
        let claims = claims::read(&token.text);
        assert_eq!((claims.subject.as_deref(), claims.expires), (Some("alice"), Some(token.expires)));
        // This is what librdkafka writes, without fractions of seconds.
        let other = Unsecured::parse("principal=fubar scopeClaimName=whatever").unwrap();
        let expected =
            format!("eyJhbGciOiJub25lIn0.{}.", encode(&json!({"sub": "fubar", "iat": 1000, "exp": 4600})));
        assert_eq!(other.token(now).text, expected);
    }

    #[test]
    fn what_makes_no_token_is_refused() {
        for (text, why) in [
            ("", "it has no `principal`"),
            ("lifeSeconds=60", "it has no `principal`"),
            ("principal=", "`principal` is empty"),
            ("principal=a lifeSeconds=0", "`lifeSeconds` is not a number of seconds"),
            ("principal=a life=1", "a part of it is not known"),
            ("principal=a extension_pool_id=1", "the key of an extension is not of letters"),
            ("principal=a extension_s3cret=", "an extension is empty"),
            ("s3cret=", "a part of it is not known"),
            ("s3cret=x", "a part of it is not known"),
            ("s3cret==", "a part of it is not known"),
            ("principal=a s3cret=x", "a part of it is not known"),
            ("s3cret", "expected the form principal=NAME lifeSeconds=N"),
        ] {
            assert_eq!(Unsecured::parse(text), Err(why.to_owned()), "{text}");
        }
    }
}
