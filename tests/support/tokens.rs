//! A token endpoint: the client credentials grant of OAuth 2, with tokens that the secured broker checks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, thread};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use native_tls::{Identity, TlsAcceptor};
use serde_json::{Value, json};

/// A running endpoint on 127.0.0.1. The client NAME has the secret NAME-secret.
///
/// What it answers is in the path: `/token` a token, `/token/SECONDS` one that lives that long, `/forged` one that
/// another key signed, `/broken` 503, `/page` a page. The scope `nothing` is refused.
pub struct TokenEndpoint {
    address: SocketAddr,
    scheme: &'static str,
    given: Arc<AtomicUsize>,
}

impl TokenEndpoint {
    /// Serves HTTP; `tls` is the folder of the broker with the key that signs.
    pub fn start(tls: &Path) -> TokenEndpoint {
        TokenEndpoint::serve(tls, None)
    }

    /// Serves HTTPS with the broker's own certificate.
    pub fn start_with_tls(tls: &Path) -> TokenEndpoint {
        let read = |name: &str| fs::read(tls.join(name)).expect("it was made");
        let identity = Identity::from_pkcs8(&read("localhost.pem"), &read("localhost.key"));
        let acceptor = TlsAcceptor::new(identity.expect("a certificate and its key"));
        TokenEndpoint::serve(tls, Some(acceptor.expect("an identity is enough")))
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// `HOST:PORT`
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// How many tokens were given out.
    pub fn given(&self) -> usize {
        self.given.load(Ordering::SeqCst)
    }

    fn serve(tls: &Path, acceptor: Option<TlsAcceptor>) -> TokenEndpoint {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let (given, folder) = (Arc::new(AtomicUsize::new(0)), tls.to_owned());
        let desk = Desk { folder, given: Arc::clone(&given) };
        // It ends with the process, as the broker that all tests share.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                desk.meet(stream, acceptor.as_ref());
            }
        });
        TokenEndpoint { address, scheme, given }
    }
}

struct Desk {
    folder: PathBuf,
    given: Arc<AtomicUsize>,
}

impl Desk {
    /// Clients may go away at any time.
    fn meet(&self, stream: TcpStream, acceptor: Option<&TlsAcceptor>) {
        match acceptor {
            None => drop(self.answer(stream)),
            Some(acceptor) => {
                if let Ok(stream) = acceptor.accept(stream) {
                    drop(self.answer(stream));
                }
            }
        }
    }

    fn answer(&self, stream: impl Read + Write) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let (mut path, mut login, mut length) = (String::new(), String::new(), 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line)? == 0 || line.trim().is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("POST ") {
                rest.split(' ').next().unwrap_or_default().clone_into(&mut path);
            }
            let Some((name, value)) = line.split_once(": ") else { continue };
            match name.to_ascii_lowercase().as_str() {
                "authorization" => value.trim().trim_start_matches("Basic ").clone_into(&mut login),
                "content-length" => length = value.trim().parse().unwrap_or(0),
                _ => {}
            }
        }
        let mut form = vec![0; length];
        stream.read_exact(&mut form)?;
        let (status, body) = self.decide(&path, &login, &String::from_utf8_lossy(&form));
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        stream.get_mut().write_all((head + &body).as_bytes())?;
        stream.get_mut().flush()
    }

    fn decide(&self, path: &str, login: &str, form: &str) -> (&'static str, String) {
        let login = String::from_utf8(STANDARD.decode(login).unwrap_or_default()).unwrap_or_default();
        let (client, secret) = login.split_once(':').unwrap_or_default();
        let refused = |code: &str| json!({ "error": code }).to_string();
        if secret != format!("{client}-secret") {
            return ("401 Unauthorized", refused("invalid_client"));
        }
        if !form.contains("grant_type=client_credentials") {
            return ("400 Bad Request", refused("unsupported_grant_type"));
        }
        if form.contains("scope=nothing") {
            return ("400 Bad Request", refused("invalid_scope"));
        }
        let (key, life) = match path.strip_prefix("/token") {
            Some(life) => ("jwt.key", life.trim_start_matches('/').parse().unwrap_or(300)),
            None if path == "/forged" => ("other-jwt.key", 300),
            None if path == "/broken" => return ("503 Service Unavailable", String::new()),
            None if path == "/page" => return ("200 OK", "<html>".to_owned()),
            None => return ("404 Not Found", String::new()),
        };
        self.given.fetch_add(1, Ordering::SeqCst);
        let token = self.token(client, key, life);
        ("200 OK", json!({ "access_token": token, "token_type": "Bearer", "expires_in": life }).to_string())
    }

    fn token(&self, client: &str, key: &str, life: u64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
        let head = json!({ "alg": "RS256", "typ": "JWT", "kid": "test" });
        let claims = json!({ "iss": "kcons", "sub": client, "aud": "kafka", "iat": now, "exp": now + life });
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let text = format!("{}.{}", encode(&head), encode(&claims));
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature(&self.folder.join(key), &text)))
    }
}

fn signature(key: &Path, text: &str) -> Vec<u8> {
    let mut openssl = Command::new("openssl");
    openssl.args(["dgst", "-sha256", "-sign"]).arg(key).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut openssl = openssl.spawn().expect("openssl is there");
    openssl.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("openssl reads");
    openssl.wait_with_output().expect("openssl ends").stdout
}
