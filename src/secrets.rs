//! What is secret, and how values are shown that may be.

use crate::escape;

/// A value of a property or option fit to be shown: secrets hidden, on one line.
pub fn shown(name: &str, value: &str) -> String {
    match value {
        "" => "(none)".to_owned(),
        _ if is_secret(name) => "***".to_owned(),
        _ => escape::line(&without_password(value)).into_owned(),
    }
}

/// A word of the command line fit to be repeated: of `KEY=VALUE` no value that is secret, of a URL no password.
pub fn word(text: &str) -> String {
    match text.split_once('=') {
        Some((name, value)) if is_secret(name) && !value.is_empty() => format!("{name}=***"),
        Some(_) | None => without_password(text),
    }
}

/// `http://USER:***@HOST` of a URL with a password; any other text as it is.
pub fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return hidden(text).unwrap_or_else(|| text.to_owned());
    };
    match hidden(rest) {
        Some(rest) => format!("{scheme}://{rest}"),
        None => text.to_owned(),
    }
}

/// `USER:***@HOST` of what begins with `USER:PASSWORD@HOST`.
fn hidden(text: &str) -> Option<String> {
    // A password may hold what ends an address elsewhere: the last `@` counts.
    let (login, rest) = text.rsplit_once('@')?;
    let (user, _) = login.split_once(':')?;
    Some(format!("{user}:***@{rest}"))
}

/// A text of librdkafka without what is hidden: pairs of a text and what is shown in its place.
pub fn hide(text: String, hidden: &[(String, String)]) -> String {
    hidden.iter().fold(text, |text, (secret, shown)| match text.contains(secret) {
        true => text.replace(secret, shown),
        false => text,
    })
}

/// What librdkafka marks as sensitive and is one, and whatever sounds like it.
pub fn is_secret(name: &str) -> bool {
    const SECRET: [&str; 9] = [
        "basic.auth.user.info",
        "sasl.jaas.config",
        "sasl.oauthbearer.config",
        "sasl.oauthbearer.assertion.private.key.pem",
        "ssl.key.pem",
        "ssl.keystore.key",
        "registry-user",
        "registry.user",
        "user.info",
    ];
    const SOUNDS: [&str; 5] = ["password", "passphrase", "passwd", "secret", "credential"];
    let name = name.trim_start_matches(['-', '"', '\'']).to_ascii_lowercase();
    // `-Xsasl.password`, and `topic.` and `schema.registry.` before what is meant.
    let is_one = |known: &str| name.ends_with(known);
    // It says where a login comes from: `URL`, `USER_INFO`.
    if is_one("credentials.source") {
        return false;
    }
    SECRET.iter().any(|known| is_one(known))
        || SOUNDS.iter().any(|sound| name.contains(sound))
        || (name.contains("token") && !name.contains("token.endpoint"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_never_shown() {
        for name in [
            "ssl.key.password",
            "ssl.keystore.password",
            "sasl.oauthbearer.client.secret",
            "ssl.key.pem",
            "sasl.oauthbearer.config",
            "sasl.oauthbearer.assertion.private.key.passphrase",
            "schema.registry.basic.auth.user.info",
            "bearer.auth.token",
            "SASL.PASSWORD",
        ] {
            assert_eq!(shown(name, "x"), "***", "{name}");
            assert_eq!(word(&format!("-X{name}=x")), format!("-X{name}=***"));
            assert_eq!(word(&format!("{name}=x=y")), format!("{name}=***"));
        }
        assert_eq!(shown("sasl.username", "alice"), "alice");
        assert_eq!(shown("basic.auth.credentials.source", "USER_INFO"), "USER_INFO");
        assert_eq!(shown("sasl.oauthbearer.token.endpoint.url", "https://a"), "https://a");
        assert_eq!(word("client.id=x"), "client.id=x");
        assert_eq!(word("task-created"), "task-created");
    }

    #[test]
    fn a_value_of_several_lines_stays_on_one() {
        assert_eq!(shown("ssl.ca.pem", "a\nb\u{1b}"), "a\\nb\\x1b");
    }

    #[test]
    fn what_is_hidden_is_replaced() {
        let hidden = [("s3cret-and-more", "env:LONG"), ("s3cret", "***")].map(|(a, b)| (a.into(), b.into()));
        let text = "user s3cret-and-more, password s3cret";
        assert_eq!(hide(text.to_owned(), &hidden), "user env:LONG, password ***");
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (text, expected) in [
            ("https://u:s3cret@h/x", "https://u:***@h/x"),
            ("redis://:s3cret@h:1/0", "redis://:***@h:1/0"),
            ("https://u:s3/cr@et@h", "https://u:***@h"),
            ("u:s3cret@h:9092", "u:***@h:9092"),
            ("redis://u:p:@q@h/1", "redis://u:***@h/1"),
            ("https://u@h/x", "https://u@h/x"),
            ("https://h:1/x", "https://h:1/x"),
            ("alice@example.org", "alice@example.org"),
            ("localhost:9092", "localhost:9092"),
        ] {
            assert_eq!(without_password(text), expected);
            assert_eq!(shown("sasl.oauthbearer.token.endpoint.url", text), expected);
            assert_eq!(word(text), expected);
        }
    }
}
