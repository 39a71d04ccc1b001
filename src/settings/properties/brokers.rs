//! Lists of brokers: checks what is given, and shows which addresses are tried.

use super::values::Value;
use crate::error::Failure;
use std::net::Ipv6Addr;

/// The schemes that librdkafka accepts in front of an address.
const SCHEMES: [&str; 4] = ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"];

const DEFAULT_PORT: &str = "9092";

/// Checks a list `HOST:PORT,HOST:PORT`, in which ports are optional; drops blanks and empty parts.
pub fn read(value: &Value, place: &str) -> Result<String, Failure> {
    let parts: Vec<&str> = value.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    let bad = match parts.is_empty() {
        true => Some(&**value),
        false => parts.iter().find(|part| !is_broker(part)).copied(),
    };
    let Some(bad) = bad else { return Ok(parts.join(",")) };
    let failure = Failure::usage(format!("invalid broker `{}`{place}", value.quoted(bad)));
    let scheme = bad.split_once("://").map(|(scheme, _)| scheme).filter(|_| !value.is_from_elsewhere());
    Err(match scheme {
        Some(scheme) if ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) => failure
            .hint(format!("brokers are HOST:PORT without `{scheme}://`, as in `localhost:{DEFAULT_PORT}`")),
        Some(_) | None => {
            failure.hint(format!("brokers are HOST:PORT,HOST:PORT, as in `localhost:{DEFAULT_PORT}`"))
        }
    })
}

/// The addresses that are tried: those without a port get the default one.
pub fn addresses(brokers: &str) -> String {
    let address = |broker: &str| {
        let bare = broker.split_once("://").map_or(broker, |(_, address)| address);
        let has_port = match bare.strip_prefix('[') {
            Some(rest) => !rest.ends_with(']'),
            None => bare.contains(':'),
        };
        if has_port { broker.to_owned() } else { format!("{broker}:{DEFAULT_PORT}") }
    };
    brokers.split(',').filter(|broker| !broker.is_empty()).map(address).collect::<Vec<_>>().join(",")
}

fn is_broker(text: &str) -> bool {
    let address = match text.split_once("://") {
        Some((scheme, address)) if SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) => address,
        Some(_) => return false,
        None => text,
    };
    let is_port =
        |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0);
    if let Some(rest) = address.strip_prefix('[') {
        let Some((host, port)) = rest.split_once(']') else { return false };
        return host.parse::<Ipv6Addr>().is_ok()
            && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let is_name =
        |host: &str| !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || "/@".contains(c));
    match address.split_once(':') {
        None => is_name(address),
        Some((host, port)) => (is_name(host) && is_port(port)) || address.parse::<Ipv6Addr>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Failure {
        read(&Value::plain(text), " for `--brokers`").expect_err(text)
    }

    #[test]
    fn an_address_of_the_web_is_none_of_a_broker() {
        let failure = refused("http://localhost:9092");
        assert_eq!(failure.message, "invalid broker `http://localhost:9092` for `--brokers`");
        assert!(failure.hint.is_some_and(|hint| hint.contains("without `http://`")));
        assert!(refused("a:1,HTTPS://b:1").hint.is_some_and(|hint| hint.contains("without `HTTPS://`")));
        assert!(refused("redis://b:1").hint.is_some_and(|hint| !hint.contains("without")));
        for scheme in SCHEMES {
            assert!(read(&Value::plain(format!("{}://b:1", scheme.to_uppercase())), "").is_ok(), "{scheme}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        let failure = refused("sasl_ssl://alice:s3cret@h:9092");
        assert_eq!(failure.message, "invalid broker `sasl_ssl://alice:***@h:9092` for `--brokers`");
    }

    #[test]
    fn the_port_that_is_tried_is_shown() {
        for (typed, shown) in [
            ("localhost", "localhost:9092"),
            ("a,b:1,SSL://c", "a:9092,b:1,SSL://c:9092"),
            ("[::1],[::1]:1,::1", "[::1]:9092,[::1]:1,::1"),
            ("", ""),
        ] {
            assert_eq!(addresses(typed), shown);
        }
    }
}
