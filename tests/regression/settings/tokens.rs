//! What token endpoints answer.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::run::Kcons;
use crate::support::wait_until;

/// An endpoint that gives the same answer to everybody, and how often it was asked.
fn endpoint(status: &'static str, body: String) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().expect("a connection can be shared"));
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
                line.clear();
            }
            let _ = reader.read_exact(&mut vec![0; length]);
            count.fetch_add(1, Ordering::SeqCst);
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes());
        }
    });
    (address, asked)
}

fn kcons(address: SocketAddr, arguments: &[&str]) -> Kcons {
    with_url(&format!("http://{address}/t"), arguments)
}

fn with_url(url: &str, arguments: &[&str]) -> Kcons {
    // Nobody listens at the broker's port: only the endpoint answers.
    Kcons::new(arguments)
        .args([
            "-b",
            "127.0.0.1:1",
            "-X",
            "security.protocol=SASL_PLAINTEXT",
            "-X",
            "sasl.mechanism=OAUTHBEARER",
        ])
        .args(["-X", "sasl.oauthbearer.client.id=a", "-X", "sasl.oauthbearer.client.secret=b"])
        .args(["-X", &format!("sasl.oauthbearer.token.endpoint.url={url}")])
}

fn answer(token: &str, life: &str) -> String {
    format!(r#"{{"access_token":{token},"expires_in":{life}}}"#)
}

/// `expires_in` of 5e18 s: a panic with a stack trace in the thread that fetches tokens, and no token ever again.
pub fn a_life_without_end_is_no_panic() {
    for life in ["5000000000000000000", "18446744073709551615", "9000000000000000", "31536000000"] {
        let (address, _) = endpoint("200 OK", answer("\"t\"", life));
        let outcome = kcons(address, &["topic", "list", "--connect-timeout", "1s"]).run();
        outcome.has_code(3).stderr_lacks("panicked").stderr_lacks("overflow");
    }
}

/// A token that was good for 20 ms was asked for 205 times in 5 s.
pub fn a_short_life_floods_no_endpoint() {
    let (address, asked) = endpoint("200 OK", answer("\"t\"", "1"));
    let running = kcons(address, &["consume", "t", "--connect-timeout", "0s"]).spawn();
    wait_until("three tokens", Duration::from_secs(20), || (asked.load(Ordering::SeqCst) >= 3).then_some(()));
    assert!(running.elapsed() >= Duration::from_millis(1_900), "{:?}", running.elapsed());
    running.kill();
}

/// A line break in a token was reported as a matter of clocks, a NUL cut it silently; words of an endpoint turned the
/// direction of writing.
pub fn a_token_or_a_word_of_an_endpoint_has_no_control_characters() {
    for token in [r#""a\nb""#, r#""a\u0000b""#, r#""a b""#, r#""\u202ea""#] {
        let (address, _) = endpoint("200 OK", answer(token, "60"));
        let outcome = kcons(address, &["topic", "list", "--connect-timeout", "4s"]).run();
        outcome.has_code(3).stderr_contains("the token has invalid characters");
    }
    let words = r#"{"error":"invalid_client","error_description":"\u202eevil\u001b[31m\u0000 words"}"#;
    let (address, _) = endpoint("401 Unauthorized", words.to_owned());
    let outcome = kcons(address, &["topic", "list", "--connect-timeout", "4s"]).run();
    outcome.has_code(3).stderr_contains("invalid_client: evil[31m words\n");
}

/// An underscore in the name of an extension is only refused by the broker, in words that say nothing.
pub fn extensions_are_checked_before_a_connection_is_made() {
    let (address, asked) = endpoint("200 OK", answer("\"t\"", "60"));
    for extensions in ["identity_pool_id=pool-1", "a=1,logical-cluster=lkc-1", "auth=x", "a=b\u{1}c"] {
        let property = format!("sasl.oauthbearer.extensions={extensions}");
        let outcome = kcons(address, &["topic", "list", "-X", &property]).run();
        outcome.has_code(2).stderr_contains("hint: valid: KEY=VALUE,KEY=VALUE with keys of letters\n");
    }
    let module = "sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \
                  clientId=\"a\" clientSecret=\"b\" extension_identity_pool_id=\"pool-1\";";
    let outcome = Kcons::new(["topic", "list", "-X", "security.protocol=SASL_PLAINTEXT", "-X", module]).run();
    outcome.has_code(2).stderr_contains("identity_pool_id").stderr_contains("keys of letters");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

/// The address of an endpoint may hold a code, as those of clouds do: read from a variable or a file it was said in every
/// error and warning.
pub fn an_address_that_stands_elsewhere_is_not_shown() {
    for address in ["http://127.0.0.1:1/t?code=s3cret", "http://[s3cret/t"] {
        for source in ["env:URL", "file:url"] {
            let run = with_url(source, &["topic", "list", "--connect-timeout", "3s"]).env("URL", address);
            std::fs::write(run.home().join("url"), address).expect("written");
            run.run().has_code(3).stderr_lacks("s3cret").stderr_contains(&format!("`{source}`: "));
        }
    }
}
