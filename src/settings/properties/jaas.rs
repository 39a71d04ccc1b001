//! Reads `sasl.jaas.config`, in which Java clients say who logs in.

use super::unsupported_logins;
use super::values::Value;
use crate::error::Failure;
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

/// What librdkafka needs of a login module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JaasLogin {
    /// The mechanism of SASL; `None` for the SCRAM module, which has two: the file names one of them elsewhere.
    pub mechanism: Option<&'static str>,
    /// The options of the module as properties of librdkafka.
    pub properties: Vec<(&'static str, String)>,
}

type LoginOptions = BTreeMap<String, String>;

/// Parses `MODULE required username="…" password="…";`. Errors repeat no value, which may be a secret.
pub fn parse(value: &Value) -> Result<JaasLogin, Failure> {
    let malformed = |reason: &str| {
        Failure::usage("`sasl.jaas.config` cannot be read").caused_by(reason.to_owned()).hint(HINT)
    };
    if value.starts_with(['"', '\'']) {
        return Err(malformed("it stands in quotes").hint("remove the quotes around the value"));
    }
    let tokens = tokens(value).map_err(malformed)?;
    let mut tokens = tokens.into_iter();
    let module = tokens.next().ok_or_else(|| malformed("it is empty"))?;
    let class = module.rsplit('.').next().unwrap_or_default();
    if let Some(failure) = unsupported_logins::refuse_class(class) {
        return Err(failure);
    }
    let mut options = LoginOptions::new();
    // The first word is the control flag, such as `required`. With one module it makes no difference.
    for token in tokens.skip(1) {
        let (name, value) = token.split_once('=').ok_or_else(|| malformed("an option has no value"))?;
        options.insert(name.to_owned(), value.to_owned());
    }
    let mechanism = match class {
        "PlainLoginModule" => Some("PLAIN"),
        "ScramLoginModule" => None,
        "OAuthBearerLoginModule" => {
            return Ok(JaasLogin { mechanism: Some("OAUTHBEARER"), properties: of_tokens(&mut options) });
        }
        _ => {
            // A word that is no class may be a secret in the wrong place.
            let is_class = class.ends_with("LoginModule") && class.chars().all(|c| c.is_ascii_alphanumeric());
            let message = match is_class {
                true => format!("`sasl.jaas.config` cannot be translated: `{}`", value.quoted(class)),
                false => "`sasl.jaas.config` names no login module".to_owned(),
            };
            return Err(Failure::usage(message)
                .caused_by("PlainLoginModule, ScramLoginModule and OAuthBearerLoginModule are known")
                .hint(HINT));
        }
    };
    if options.get("tokenauth").is_some_and(|value| value == "true") {
        return Err(Failure::usage("`sasl.jaas.config` cannot be translated: `tokenauth`")
            .caused_by("delegation tokens are not built in"));
    }
    let mut take = |name: &str| options.remove(name).ok_or_else(|| malformed(&format!("it has no `{name}`")));
    let properties = vec![("sasl.username", take("username")?), ("sasl.password", take("password")?)];
    Ok(JaasLogin { mechanism, properties })
}

/// Translates the options of the OAUTHBEARER module: a client of a token endpoint, or an unsecured token.
fn of_tokens(options: &mut LoginOptions) -> Vec<(&'static str, String)> {
    let mut properties = Vec::new();
    for (name, same) in [
        ("clientId", "sasl.oauthbearer.client.id"),
        ("clientSecret", "sasl.oauthbearer.client.secret"),
        ("scope", "sasl.oauthbearer.scope"),
    ] {
        properties.extend(options.remove(name).map(|value| (same, value)));
    }
    let mut unsecured = Vec::new();
    for (name, same) in
        [("unsecuredLoginStringClaim_sub", "principal"), ("unsecuredLoginLifetimeSeconds", "lifeSeconds")]
    {
        unsecured.extend(options.remove(name).map(|value| format!("{same}={value}")));
    }
    let mut extensions = Vec::new();
    for (name, value) in std::mem::take(options) {
        if let Some(key) = name.strip_prefix("extension_") {
            extensions.push(format!("{key}={value}"));
        } else if let Some(key) = name.strip_prefix("unsecuredLoginExtension_") {
            unsecured.push(format!("extension_{key}={value}"));
        }
    }
    if !extensions.is_empty() {
        properties.push(("sasl.oauthbearer.extensions", extensions.join(",")));
    }
    if !unsecured.is_empty() {
        properties.push(("sasl.oauthbearer.config", unsecured.join(" ")));
    }
    properties
}

const HINT: &str =
    "set `sasl.username` and `sasl.password`, or PlainLoginModule required username=\"…\" password=\"…\";";

/// Splits a text up to the `;` into words and `name=value` pairs, without their quotes and escapes.
fn tokens(text: &str) -> Result<Vec<String>, &'static str> {
    let mut rest = text.chars().peekable();
    let mut tokens = Vec::new();
    let mut token: Option<String> = None;
    while let Some(character) = rest.next() {
        match character {
            ';' => {
                tokens.extend(token);
                return Ok(tokens);
            }
            blank if blank.is_whitespace() => tokens.extend(token.take()),
            quote @ ('"' | '\'') => quoted(quote, &mut rest, token.get_or_insert_default())?,
            other => token.get_or_insert_default().push(other),
        }
    }
    Err("it does not end with `;`")
}

fn quoted(quote: char, rest: &mut Peekable<Chars<'_>>, token: &mut String) -> Result<(), &'static str> {
    while let Some(character) = rest.next() {
        match character {
            '\\' => token.push(match rest.next().ok_or("a quote is not closed")? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            }),
            end if end == quote => return Ok(()),
            other => token.push(other),
        }
    }
    Err("a quote is not closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<JaasLogin, Failure> {
        super::parse(&Value::plain(text))
    }

    const PLAIN: &str = "org.apache.kafka.common.security.plain.PlainLoginModule required";
    const SCRAM: &str = "org.apache.kafka.common.security.scram.ScramLoginModule required";

    #[test]
    fn plain_and_scram_give_user_and_password() {
        let login = parse(&format!(r#"{PLAIN} username="alice" password="a \"b\\c;=";"#)).expect("valid");
        assert_eq!(login.mechanism, Some("PLAIN"));
        assert_eq!(login.properties, user("alice", r#"a "b\c;="#));
        let login = parse(&format!("{SCRAM}\n  username='bob'\n  password=secret ;")).expect("valid");
        assert_eq!(login.mechanism, None);
        assert_eq!(login.properties, user("bob", "secret"));
    }

    fn user(name: &str, password: &str) -> Vec<(&'static str, String)> {
        vec![("sasl.username", name.to_owned()), ("sasl.password", password.to_owned())]
    }

    #[test]
    fn the_module_of_tokens_gives_a_client_or_an_unsecured_token() {
        let module = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required";
        let client =
            format!(r#"{module} clientId="alice" clientSecret="s" scope="kafka" extension_traceId="1";"#);
        let login = parse(&client).expect("valid");
        assert_eq!(login.mechanism, Some("OAUTHBEARER"));
        let expected = [
            ("sasl.oauthbearer.client.id", "alice"),
            ("sasl.oauthbearer.client.secret", "s"),
            ("sasl.oauthbearer.scope", "kafka"),
            ("sasl.oauthbearer.extensions", "traceId=1"),
        ];
        assert_eq!(login.properties, expected.map(|(name, value)| (name, value.to_owned())));
        let unsecured = format!(
            r#"{module} unsecuredLoginStringClaim_sub="bob" unsecuredLoginLifetimeSeconds="60" unsecuredLoginExtension_a="b";"#
        );
        let expected = "principal=bob lifeSeconds=60 extension_a=b".to_owned();
        assert_eq!(
            parse(&unsecured).map(|login| login.properties),
            Ok(vec![("sasl.oauthbearer.config", expected)])
        );
        assert_eq!(parse(&format!("{module};")).map(|login| login.properties), Ok(Vec::new()));
    }

    #[test]
    fn other_modules_are_refused_by_name() {
        let failure = parse("com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true;");
        assert!(failure.is_err_and(|failure| failure.message.contains("with Kerberos")));
        let failure = parse("com.acme.VaultLoginModule required;");
        assert!(failure.is_err_and(|failure| failure.message.contains("`VaultLoginModule`")));
        assert!(parse(&format!(r#"{SCRAM} username="a" password="b" tokenauth="true";"#)).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_repeating_a_secret() {
        for bad in [
            "",
            ";",
            PLAIN,
            &format!("{PLAIN};"),
            &format!("{PLAIN} username=\"a\" password=\"s3cret\""),
            &format!("{PLAIN} username=\"a\" password=\"s3cret;"),
            &format!("{PLAIN} username=\"a\" s3cret;"),
            &format!("{PLAIN} password=\"s3cret\";"),
            &format!("'{PLAIN} username=\"a\" password=\"s3cret\";'"),
            &format!("\"\"\"{PLAIN} username=\"a\" password=\"s3cret\";"),
            "s3cret;",
            "a.s3cret required;",
        ] {
            let failure = parse(bad).expect_err(bad);
            assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
        }
    }
}
