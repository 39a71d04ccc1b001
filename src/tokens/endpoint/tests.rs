//! What an endpoint is asked, and what comes of its answers, over plain HTTP.

use super::super::claims::encode;
use super::*;
use crate::http::NO_URL;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

/// Answers one request with a status line and a body; gives what it was asked.
fn answering(status: &str, body: &str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let url = format!("http://{}/token", listener.local_addr().expect("it is bound"));
    (url, serve(listener, status, body))
}

fn serve(listener: TcpListener, status: &str, body: &str) -> JoinHandle<String> {
    let answer =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client comes");
        let mut reader = BufReader::new(&stream);
        let (mut asked, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a request comes");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
            let is_last = line.trim().is_empty();
            asked += &line;
            if is_last {
                break;
            }
        }
        let mut form = vec![0; length];
        reader.read_exact(&mut form).expect("the form comes");
        (&stream).write_all(answer.as_bytes()).expect("the client waits");
        asked + &String::from_utf8_lossy(&form)
    })
}

fn endpoint(url: &str) -> Endpoint {
    Endpoint {
        url: url.to_owned(),
        shown: url.to_owned(),
        client_id: "alice".to_owned(),
        client_secret: "s3cret".to_owned(),
        scope: None,
        extensions: Vec::new(),
        authorities: Authorities::System,
        limit: Duration::from_secs(10),
    }
}

fn jwt(expires: u64) -> String {
    format!("e30.{}.c2ln", encode(&serde_json::json!({"sub": "service", "exp": expires})))
}

fn seconds_from_now(seconds: u64) -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
    now.as_secs() + seconds
}

#[test]
fn a_client_asks_as_java_clients_do_and_gets_a_token() {
    let expires = seconds_from_now(60);
    let token = jwt(expires);
    let (url, serving) = answering("200 OK", &serde_json::json!({"access_token": token}).to_string());
    let with_scope = Endpoint { scope: Some("kafka read".to_owned()), ..endpoint(&url) };
    let got = with_scope.fetch().expect("a token came");
    assert_eq!((got.text, got.principal.as_str()), (token, "service"));
    assert_eq!(got.expires, SystemTime::UNIX_EPOCH + Duration::from_secs(expires));
    let asked = serving.join().expect("it answered").to_ascii_lowercase();
    assert!(asked.starts_with("post /token http/1.1\r\n"), "{asked}");
    let login = format!("authorization: basic {}", STANDARD.encode("alice:s3cret")).to_ascii_lowercase();
    assert!(asked.contains(&login), "{asked}");
    assert!(asked.contains("content-type: application/x-www-form-urlencoded\r\n"), "{asked}");
    assert!(asked.ends_with("\r\n\r\ngrant_type=client_credentials&scope=kafka+read"), "{asked}");
}

#[test]
fn an_opaque_token_lives_as_long_as_the_answer_says() {
    let (url, _serving) = answering("200 OK", r#"{"access_token": "opaque", "expires_in": 60}"#);
    let got = endpoint(&url).fetch().expect("a token came");
    assert_eq!(got.principal, "alice");
    let rest = got.expires.duration_since(SystemTime::now()).expect("it lives");
    assert!(rest > Duration::from_secs(50) && rest <= Duration::from_secs(60), "{rest:?}");
}

#[test]
fn each_refusal_says_what_to_look_at() {
    let expired = serde_json::json!({"access_token": jwt(1_000)}).to_string();
    for (status, body, kind, words) in [
        (
            "401 Unauthorized",
            r#"{"error":"invalid_client"}"#,
            TokenFaultKind::Client,
            "401 Unauthorized: invalid_client",
        ),
        (
            "400 Bad Request",
            r#"{"error":"invalid_scope","error_description":"no kafka"}"#,
            TokenFaultKind::Scope,
            "400 Bad Request: invalid_scope: no kafka",
        ),
        ("403 Forbidden", "<html>", TokenFaultKind::Client, "403 Forbidden"),
        ("404 Not Found", "", TokenFaultKind::Address, "404 Not Found"),
        ("302 Found", "", TokenFaultKind::Address, "302 Found"),
        ("503 Service Unavailable", "", TokenFaultKind::Unreachable, "503 Service Unavailable"),
        ("200 OK", "<html>", TokenFaultKind::Address, "the answer has no `access_token`"),
        (
            "200 OK",
            r#"{"access_token":"x"}"#,
            TokenFaultKind::Token,
            "the token does not say when it expires",
        ),
        ("200 OK", &expired, TokenFaultKind::Token, "the token has expired already"),
    ] {
        let (url, _serving) = answering(status, body);
        let words = format!("`{url}`: {words}");
        assert_eq!(endpoint(&url).fetch(), Err(TokenFault { kind, words }), "{status} {body}");
    }
}

#[test]
fn who_does_not_answer_may_do_so_later() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    let silent = Endpoint { limit: Duration::from_millis(300), ..endpoint(&url) };
    let fault = |words: &str, url: &str| {
        Err(TokenFault { kind: TokenFaultKind::Unreachable, words: format!("`{url}`: {words}") })
    };
    assert_eq!(silent.fetch(), fault("timed out", &url));
    let closed = "http://127.0.0.1:1/";
    assert_eq!(endpoint(closed).fetch(), fault("connection refused", closed));
    let nowhere = "http://no-such-host.invalid/";
    assert_eq!(endpoint(nowhere).fetch(), fault("cannot resolve the host", nowhere));
}

#[test]
fn a_url_that_stands_elsewhere_is_named_by_its_place() {
    let (answering, _serving) = answering("404 Not Found", "");
    let (echoing, _echoing) = echoing();
    for (url, words) in [
        ("http://127.0.0.1:1/token?code=s3cret", "connection refused"),
        ("http://no-such-host.invalid/s3cret", "cannot resolve the host"),
        ("http://[s3cret/token", NO_URL),
        (&answering.replace("/token", "/s3cret"), "404 Not Found"),
        (&echoing, "400 Bad Request: env:URL is unknown"),
    ] {
        let fault = Endpoint { shown: "env:URL".to_owned(), ..endpoint(url) }.fetch().expect_err(url);
        assert_eq!(fault.words, format!("`env:URL`: {words}"), "{url}");
    }
}

/// An endpoint whose words repeat its own URL.
fn echoing() -> (String, JoinHandle<String>) {
    let place = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let url = format!("http://{}/token?code=s3cret", place.local_addr().expect("it is bound"));
    let body = serde_json::json!({"error_description": format!("{url} is unknown")}).to_string();
    (url, serve(place, "400 Bad Request", &body))
}

#[test]
fn a_file_without_certificates_trusts_nobody() {
    let with = |authorities| Endpoint { authorities, ..endpoint("https://127.0.0.1:1/") }.fetch();
    for authorities in
        [Authorities::Pem("no PEM".to_owned()), Authorities::Location("/no/such/file".to_owned())]
    {
        assert!(with(authorities).is_err_and(|fault| fault.kind == TokenFaultKind::Tls));
    }
}
