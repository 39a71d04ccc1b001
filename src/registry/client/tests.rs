//! What a registry is asked, and what comes of its answers, over plain HTTP.

use super::super::{RegistryLogin, RegistryNames, RegistryUrl};
use super::*;
use crate::decode::UnionNames;
use crate::http::Authorities;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Nobody listens there.
const CLOSED: &str = "http://127.0.0.1:1";

/// A registry that gives these answers, one a request, and then the last one for ever.
struct Stub {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl Stub {
    fn start(answers: &[(&str, &str)]) -> Stub {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (asked, connections) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let stub = Stub { url, asked: Arc::clone(&asked), connections: Arc::clone(&connections) };
        let answers: Vec<String> = answers.iter().map(|(head, body)| response(head, body)).collect();
        let next = Arc::new(Mutex::new(0));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                *connections.lock().expect("no panic") += 1;
                let (answers, asked, next) = (answers.clone(), Arc::clone(&asked), Arc::clone(&next));
                std::thread::spawn(move || serve(&stream, &answers, &asked, &next));
            }
        });
        stub
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("no panic"))
    }
}

fn response(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn serve(stream: &TcpStream, answers: &[String], asked: &Mutex<Vec<String>>, next: &Mutex<usize>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut request = String::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).is_ok_and(|length| length > 0) {
                request += &line;
            } else {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        asked.lock().expect("no panic").push(request);
        let mut next = next.lock().expect("no panic");
        let answer = &answers[(*next).min(answers.len() - 1)];
        *next += 1;
        drop(next);
        let mut stream: &TcpStream = stream;
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn settings(urls: &[&str]) -> RegistrySettings {
    let urls = urls.iter().map(|url| RegistryUrl::parse(url).expect("a URL")).collect();
    RegistrySettings {
        urls,
        login: None,
        authorities: Authorities::System,
        identity: None,
        unions: UnionNames::Hidden,
        names: RegistryNames {
            url: "`--registry`".to_owned(),
            login: None,
            authorities: None,
            identity: None,
        },
    }
}

fn client(settings: &RegistrySettings) -> RegistryClient {
    RegistryClient::new(settings).unwrap_or_else(|NoClient(words)| panic!("{words}"))
}

fn get(client: &mut RegistryClient, path: &str) -> Result<String, FetchFault> {
    let until = Instant::now() + Duration::from_secs(10);
    client.get(path, until).map(|body| String::from_utf8_lossy(&body).into_owned())
}

#[test]
fn the_connection_is_kept() {
    let stub = Stub::start(&[("200 OK", "{}")]);
    let mut client = client(&settings(&[&format!("{}/apis/v7/", stub.url)]));
    for _ in 0..3 {
        assert_eq!(get(&mut client, "/schemas/ids/7"), Ok("{}".to_owned()));
    }
    let asked = stub.asked();
    assert_eq!((asked.len(), *stub.connections.lock().expect("no panic")), (3, 1));
    assert!(asked[0].starts_with("GET /apis/v7/schemas/ids/7 HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(!asked[0].to_ascii_lowercase().contains("authorization"), "{}", asked[0]);
}

#[test]
fn a_login_is_sent_as_it_was_given() {
    let stub = Stub::start(&[("200 OK", "{}")]);
    let user = RegistryLogin::User("alice:s3cret".to_owned());
    let token = RegistryLogin::Token("t0ken".to_owned());
    let basic = format!("authorization: Basic {}\r\n", STANDARD.encode("alice:s3cret"));
    let with_user = stub.url.replace("http://", "http://bob:b%40b@");
    let of_bob = format!("authorization: Basic {}\r\n", STANDARD.encode("bob:b@b"));
    for (url, login, expected) in [
        (&stub.url, Some(user.clone()), basic.as_str()),
        (&stub.url, Some(token), "authorization: Bearer t0ken\r\n"),
        (&with_user, None, &of_bob),
        (&with_user, Some(user), &of_bob),
    ] {
        let settings = RegistrySettings { login, ..settings(&[url]) };
        get(&mut client(&settings), "/x").expect("an answer");
        let asked = stub.asked().remove(0).replace("Authorization", "authorization");
        assert!(asked.contains(expected), "{asked}");
    }
}

#[test]
fn each_refusal_says_what_to_look_at() {
    let lasting = |words: &str| FetchFault::Lasting(words.to_owned());
    let passing = |words: &str, wait: Option<u64>| FetchFault::Passing {
        words: words.to_owned(),
        wait: wait.map(Duration::from_secs),
    };
    let away = |words: &str, wait: Option<u64>| FetchFault::Away {
        words: words.to_owned(),
        wait: wait.map(Duration::from_secs),
    };
    for (head, body, fault) in [
        ("404 Not Found", r#"{"error_code":40403,"message":"Schema not found"}"#, FetchFault::Unknown),
        (
            "404 Not Found",
            "<html>",
            FetchFault::NoSuchPath("`URL`: 404 Not Found; check the path of `--registry`".to_owned()),
        ),
        (
            "401 Unauthorized",
            r#"{"error_code":401,"message":"no"}"#,
            lasting("`URL`: 401 Unauthorized: no; log in with `--registry-user` or `--registry-token`"),
        ),
        (
            "403 Forbidden",
            "<html>",
            lasting("`URL`: 403 Forbidden; log in with `--registry-user` or `--registry-token`"),
        ),
        ("500 Broken", "", passing("`URL`: 500 Internal Server Error", None)),
        ("503 Service Unavailable", "", away("`URL`: 503 Service Unavailable", None)),
        ("429 Too Many Requests\r\nRetry-After: 7", "", away("`URL`: 429 Too Many Requests", Some(7))),
        ("400 Bad Request", "{}", lasting("`URL`: 400 Bad Request")),
    ] {
        let stub = Stub::start(&[(head, body)]);
        let got = get(&mut client(&settings(&[&stub.url])), "/x").expect_err(head);
        let named = |words: &String| words.replace(&stub.url, "URL");
        let got = match got {
            FetchFault::Unknown => FetchFault::Unknown,
            FetchFault::NoSuchPath(words) => FetchFault::NoSuchPath(named(&words)),
            FetchFault::Away { words, wait } => FetchFault::Away { words: named(&words), wait },
            FetchFault::Passing { words, wait } => FetchFault::Passing { words: named(&words), wait },
            FetchFault::Lasting(words) => FetchFault::Lasting(named(&words)),
        };
        assert_eq!(got, fault, "{head}");
    }
}

#[test]
fn the_next_address_is_asked_when_one_does_not_answer() {
    let (broken, right) = (Stub::start(&[("503 No", "")]), Stub::start(&[("200 OK", "{}")]));
    let mut client = client(&settings(&[CLOSED, &broken.url, &right.url]));
    assert_eq!(get(&mut client, "/x"), Ok("{}".to_owned()));
    assert_eq!(get(&mut client, "/x"), Ok("{}".to_owned()));
    assert_eq!((broken.asked().len(), right.asked().len()), (1, 2));
}

#[test]
fn an_address_that_stands_elsewhere_and_a_login_are_never_told() {
    let stub = Stub::start(&[("500 Broken", r#"{"message":"URL\u001b[31m is broken"}"#)]);
    let mut settings = settings(&[&stub.url.replace("http://", "http://u:s3cret@")]);
    settings.urls[0].shown = "env:REGISTRY".to_owned();
    let fault = get(&mut client(&settings), "/x");
    let words = "`env:REGISTRY`: 500 Internal Server Error: URL[31m is broken".to_owned();
    assert_eq!(fault, Err(FetchFault::Passing { words, wait: None }));
}

#[test]
fn a_silent_registry_is_left_after_the_time_and_a_torn_answer_may_pass() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let until = Instant::now() + Duration::from_millis(300);
    let words = format!("`{url}`: timed out");
    assert_eq!(client(&settings(&[&url])).get("/x", until), Err(FetchFault::Away { words, wait: None }));

    let torn = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let url = format!("http://{}", torn.local_addr().expect("it is bound"));
    std::thread::spawn(move || {
        let (mut stream, _) = torn.accept().expect("a client comes");
        let mut request = BufReader::new(stream.try_clone().expect("a socket"));
        let mut line = String::new();
        while request.read_line(&mut line).is_ok() && !line.ends_with("\r\n\r\n") {}
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"schema\":").expect("it reads");
    });
    let fault = get(&mut client(&settings(&[&url])), "/x");
    assert!(matches!(fault, Err(FetchFault::Away { .. })), "{fault:?}");
}

/// A port that answers everything with these bytes and closes the connection.
fn foreign(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
            let _ = stream.write_all(answer);
        }
    });
    address
}

#[test]
fn a_port_of_the_other_scheme_is_told_in_words() {
    for (scheme, answer, expected) in [
        (
            "https",
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            "it answers, but not in TLS; the URL may have to start with http://",
        ),
        (
            "https",
            b"",
            "the connection was closed; it may speak http:// only, or want `--registry-cert` and `--registry-key`",
        ),
        ("http", b"", "the connection was closed; it may want https://"),
        // An alert of TLS.
        ("http", b"\x15\x03\x03\x00\x02\x02\x50", "the answer is not HTTP; it may want https://"),
        (
            "http",
            b"HTTP/1.1 400 Bad Request\r\nContent-Length: 46\r\n\r\nClient sent an HTTP request to an HTTPS server",
            "400 Bad Request; it wants https://",
        ),
    ] {
        let url = format!("{scheme}://{}", foreign(answer));
        let (FetchFault::Away { words, .. } | FetchFault::Lasting(words)) =
            get(&mut client(&settings(&[&url])), "/x").expect_err("nothing of use")
        else {
            panic!("{expected}")
        };
        assert_eq!(words, format!("`{url}`: {expected}"));
    }
}

#[test]
fn what_we_sent_is_masked_when_it_is_repeated() {
    let user = RegistryLogin::User("alice:s3cret".to_owned());
    let token = RegistryLogin::Token("t0ken".to_owned());
    for (login, told) in
        [(user, "Basic ***, ***, ***"), (token, "Basic YWxpY2U6czNjcmV0, alice:s3cret, s3cret")]
    {
        let body = r#"{"message":"Basic YWxpY2U6czNjcmV0, alice:s3cret, s3cret and t0ken"}"#;
        let stub = Stub::start(&[("401 Unauthorized", body)]);
        let is_token = matches!(login, RegistryLogin::Token(_));
        let mut settings = RegistrySettings { login: Some(login), ..settings(&[&stub.url]) };
        settings.names.login = Some("`--registry-x`".to_owned());
        let fault = get(&mut client(&settings), "/x");
        let behind = if is_token { "***" } else { "t0ken" };
        let words = format!("`{}`: 401 Unauthorized: {told} and {behind}; check `--registry-x`", stub.url);
        assert_eq!(fault, Err(FetchFault::Lasting(words)));
    }
}

#[test]
fn a_refused_login_of_a_url_is_named_as_that() {
    let stub = Stub::start(&[("401 Unauthorized", "")]);
    let mut settings = settings(&[&stub.url.replace("http://", "http://u:p@")]);
    settings.names.url = "`KCONS_REGISTRY`".to_owned();
    let words = format!("`{}`: 401 Unauthorized; check the login in the URL of `KCONS_REGISTRY`", stub.url);
    assert_eq!(get(&mut client(&settings), "/x"), Err(FetchFault::Lasting(words)));
}

#[test]
fn a_place_that_a_registry_sends_us_to_is_named() {
    let asking = Stub::start(&[("401 Unauthorized", "")]);
    let by_name = asking.url.replace("127.0.0.1", "localhost");
    for (other, expected) in [
        (CLOSED, "connection refused"),
        (
            by_name.as_str(),
            "401 Unauthorized; the login is not sent to another host: name that one in `--registry`",
        ),
    ] {
        let stub = Stub::start(&[(&format!("307 Moved\r\nLocation: {other}/there?a=b"), "")]);
        let login = Some(RegistryLogin::Token("t0ken".to_owned()));
        let settings = RegistrySettings { login, ..settings(&[&stub.url]) };
        let (FetchFault::Away { words, .. } | FetchFault::Lasting(words)) =
            get(&mut client(&settings), "/x").expect_err("nobody answers")
        else {
            panic!("{expected}")
        };
        assert_eq!(words, format!("`{}` sends us to `{other}`: {expected}", stub.url));
    }
    assert!(asking.asked().iter().all(|asked| !asked.contains("t0ken")));
}

#[test]
fn redirects_end_and_may_be_relative() {
    let moved = |to: &str| (format!("302 Found\r\nLocation: {to}"), "");
    for to in ["/there", "there"] {
        let first = moved(to);
        let stub = Stub::start(&[(&first.0, first.1), ("200 OK", "{}")]);
        let mut client = client(&settings(&[&stub.url]));
        assert_eq!(get(&mut client, "/schemas/ids/7"), Ok("{}".to_owned()));
        let path = if to.starts_with('/') { "/there" } else { "/schemas/ids/there" };
        assert!(stub.asked()[1].starts_with(&format!("GET {path} ")), "{to}");
    }
    let circle = moved("/x");
    let stub = Stub::start(&[(&circle.0, circle.1)]);
    let words = format!("`{}`: it sends us on without end", stub.url);
    assert_eq!(get(&mut client(&settings(&[&stub.url])), "/x"), Err(FetchFault::Lasting(words)));
}

#[test]
fn a_huge_answer_is_not_read() {
    let body = "x".repeat(17 << 20);
    let stub = Stub::start(&[("200 OK", &body)]);
    let fault = get(&mut client(&settings(&[&stub.url])), "/x");
    let words = format!("`{}`: the answer is larger than 16 MiB", stub.url);
    assert_eq!(fault, Err(FetchFault::Lasting(words)));
}

#[test]
fn a_redirect_is_followed() {
    let right = Stub::start(&[("200 OK", "{}")]);
    let stub = Stub::start(&[(&format!("307 Moved\r\nLocation: {}/there", right.url), "")]);
    let login = Some(RegistryLogin::Token("t0ken".to_owned()));
    let settings = RegistrySettings { login, ..settings(&[&stub.url]) };
    assert_eq!(get(&mut client(&settings), "/x"), Ok("{}".to_owned()));
    let asked = right.asked().remove(0);
    assert!(asked.starts_with("GET /there"), "{asked}");
    assert!(stub.asked()[0].contains("t0ken"));
}
