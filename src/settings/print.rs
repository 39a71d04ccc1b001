//! `--print-config`: every property, its value and where it came from.

use super::origin::Origin;
use crate::escape;
use std::fmt::Write;

/// A property as the user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    pub name: String,
    /// Empty if it has none.
    pub value: String,
    pub origin: Origin,
}

/// One property a line: name, value, origin. Secrets show as `***`, no value as `(none)`.
pub fn table(properties: &[Resolved]) -> String {
    // A single long value should not push all origins off the screen.
    const WIDEST: usize = 32;
    let rows: Vec<(&str, String, String)> = properties
        .iter()
        .map(|property| {
            let value = shown(&property.name, &property.value);
            (property.name.as_str(), value, escape::line(&property.origin.to_string()).into_owned())
        })
        .collect();
    let names = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
    let values = rows.iter().map(|(_, value, _)| value.chars().count()).max().unwrap_or(0).min(WIDEST);
    let mut table = String::new();
    for (name, value, origin) in rows {
        writeln!(table, "{name:names$}  {value:values$}  {origin}").expect("a string takes every text");
    }
    table
}

/// A value fit to be shown: secrets hidden, on one line.
pub fn shown(name: &str, value: &str) -> String {
    match value {
        "" => "(none)".to_owned(),
        _ if is_secret(name) => "***".to_owned(),
        _ => escape::line(value).into_owned(),
    }
}

/// What librdkafka marks as sensitive and is one, and whatever sounds like it.
fn is_secret(name: &str) -> bool {
    const SECRET: [&str; 5] = [
        "sasl.jaas.config",
        "sasl.oauthbearer.config",
        "sasl.oauthbearer.assertion.private.key.pem",
        "ssl.key.pem",
        "ssl.keystore.key",
    ];
    let sounds = ["password", "passphrase", "secret"];
    SECRET.contains(&name)
        || sounds.iter().any(|sound| name.contains(sound))
        || (name.contains("token") && !name.contains("token.endpoint"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(name: &str, value: &str, origin: Origin) -> Resolved {
        Resolved { name: name.to_owned(), value: value.to_owned(), origin }
    }

    #[test]
    fn a_line_has_name_value_and_origin() {
        let properties = [
            resolved("client.id", "kcons", Origin::Kcons),
            resolved("client.rack", "", Origin::Default),
            resolved("sasl.password", "hunter2", Origin::File("a b.properties".to_owned())),
        ];
        let expected = "client.id      kcons   kcons\n\
                        client.rack    (none)  default\n\
                        sasl.password  ***     file a b.properties\n";
        assert_eq!(table(&properties), expected);
    }

    #[test]
    fn secrets_are_never_shown() {
        for name in [
            "ssl.key.password",
            "ssl.keystore.password",
            "sasl.oauthbearer.client.secret",
            "ssl.key.pem",
            "sasl.oauthbearer.config",
            "sasl.oauthbearer.assertion.private.key.passphrase",
        ] {
            assert_eq!(shown(name, "x"), "***", "{name}");
        }
        assert_eq!(shown("sasl.username", "alice"), "alice");
        assert_eq!(shown("sasl.oauthbearer.token.endpoint.url", "https://a"), "https://a");
    }

    #[test]
    fn a_value_of_several_lines_stays_on_one() {
        assert_eq!(shown("ssl.ca.pem", "a\nb\u{1b}"), "a\\nb\\x1b");
    }
}
