//! A schema registry that answers from `tests/data/vectors/registry.json`, or badly.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fs, thread};

use openssl::ssl::{Ssl, SslAcceptor, SslFiletype, SslMethod, SslStream, SslVerifyMode};
use serde_json::{Value, json};

use super::vectors;

/// How a registry answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Behavior {
    #[default]
    Answers,
    /// It takes requests and never answers.
    IsSilent,
    Takes(Duration),
    /// So many requests fail with this status line, the others are answered.
    Fails(usize, &'static str),
    /// A page of a proxy in place of each answer.
    Page,
    /// Only requests with this `Authorization` are answered.
    Asks(&'static str),
}

/// A running registry on 127.0.0.1.
#[derive(Clone)]
pub struct StubRegistry {
    address: SocketAddr,
    scheme: &'static str,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Bodies by the path of a request, without its query.
    answers: BTreeMap<String, String>,
    behavior: Behavior,
    /// Paths with their queries, as they were asked for.
    asked: Vec<String>,
}

impl StubRegistry {
    /// Serves HTTP.
    pub fn start() -> StubRegistry {
        StubRegistry::serve(None)
    }

    /// Serves HTTPS with the certificate `localhost` of a folder that `certificates::make` has filled; `asks_client`
    /// says whether clients need a certificate of the authority `ca`.
    pub fn start_with_tls(tls: &Path, asks_client: bool) -> StubRegistry {
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).expect("OpenSSL works");
        let file = |name: &str| tls.join(name);
        acceptor.set_certificate_chain_file(file("localhost.pem")).expect("it was made");
        acceptor.set_private_key_file(file("localhost.key"), SslFiletype::PEM).expect("it was made");
        if asks_client {
            acceptor.set_ca_file(file("ca.pem")).expect("it was made");
            acceptor.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
        }
        StubRegistry::serve(Some(acceptor.build()))
    }

    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The URL with a login.
    pub fn url_with(&self, login: &str) -> String {
        format!("{}://{login}@{}", self.scheme, self.address)
    }

    pub fn behave(&self, behavior: Behavior) {
        self.state().behavior = behavior;
    }

    /// Adds an answer.
    pub fn add(&self, path: &str, answer: &Value) {
        self.state().answers.insert(path.to_owned(), answer.to_string());
    }

    /// What was asked for so far.
    pub fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    /// How often a path was asked for, with any query.
    pub fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.split('?').next() == Some(path)).count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(acceptor: Option<SslAcceptor>) -> StubRegistry {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let answers = vectors::registry().into_iter();
        let answers = answers.filter_map(|(request, answer)| {
            Some((request.strip_prefix("GET ")?.to_owned(), answer.to_string()))
        });
        let state = State { answers: answers.collect(), ..State::default() };
        let registry = StubRegistry { address, scheme, state: Arc::new(Mutex::new(state)) };
        let (serving, acceptor) = (registry.clone(), acceptor.map(Arc::new));
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (registry, acceptor) = (serving.clone(), acceptor.clone());
                thread::spawn(move || registry.meet(stream, acceptor.as_deref()));
            }
        });
        registry
    }

    /// Clients may go away at any time.
    fn meet(&self, stream: TcpStream, acceptor: Option<&SslAcceptor>) {
        match acceptor {
            None => drop(self.answer_all(stream)),
            Some(acceptor) => {
                let ssl = Ssl::new(acceptor.context()).expect("memory");
                let mut stream = SslStream::new(ssl, stream).expect("memory");
                if stream.accept().is_ok() {
                    drop(self.answer_all(stream));
                } else {
                    // What the client has sent meanwhile is read, or the system would drop the alert.
                    let stream = stream.get_mut();
                    let _ = stream.shutdown(Shutdown::Write);
                    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
                    let _ = std::io::copy(stream, &mut std::io::sink());
                }
            }
        }
    }

    fn answer_all(&self, stream: impl Read + Write) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let (mut path, mut authorization) = (String::new(), String::new());
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line)? == 0 {
                    return Ok(());
                }
                if let Some(rest) = line.strip_prefix("GET ") {
                    rest.split(' ').next().unwrap_or_default().clone_into(&mut path);
                }
                if line.to_ascii_lowercase().starts_with("authorization:") {
                    line["authorization:".len()..].trim().clone_into(&mut authorization);
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let Some((status, body)) = self.decide(&path, &authorization) else {
                // Nothing is said until the client has gone.
                let _ = stream.read_line(&mut String::new());
                return Ok(());
            };
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}");
            stream.get_mut().write_all(answer.as_bytes())?;
            stream.get_mut().flush()?;
        }
    }

    fn decide(&self, path: &str, authorization: &str) -> Option<(&'static str, String)> {
        let mut state = self.state();
        state.asked.push(path.to_owned());
        let behavior = state.behavior.clone();
        match behavior {
            Behavior::IsSilent => return None,
            Behavior::Page => return Some(("200 OK", "<html>Welcome</html>".to_owned())),
            Behavior::Fails(count, status) if count > 0 => {
                state.behavior = Behavior::Fails(count - 1, status);
                return Some((status, "<html>no</html>".to_owned()));
            }
            Behavior::Asks(expected) if authorization != expected => {
                let body = json!({ "error_code": 401, "message": "Unauthorized" });
                return Some(("401 Unauthorized", body.to_string()));
            }
            Behavior::Answers | Behavior::Takes(_) | Behavior::Fails(..) | Behavior::Asks(_) => {}
        }
        let bare = path.split('?').next().unwrap_or_default();
        let answer = state.answers.get(path).or_else(|| state.answers.get(bare)).cloned();
        drop(state);
        if let Behavior::Takes(time) = behavior {
            thread::sleep(time);
        }
        Some(match answer {
            Some(answer) => ("200 OK", answer),
            None if bare.starts_with("/subjects/") => ("404 Not Found", unknown(40401)),
            None => ("404 Not Found", unknown(40403)),
        })
    }
}

fn unknown(code: u16) -> String {
    json!({ "error_code": code, "message": "not found" }).to_string()
}

/// Makes certificates in a folder: `ca.pem`, `alice.pem`, `alice.key` and others.
pub fn make_certificates(folder: &Path) {
    super::certificates::make(folder);
    assert!(fs::exists(folder.join("ca.pem")).is_ok_and(|is_there| is_there));
}
