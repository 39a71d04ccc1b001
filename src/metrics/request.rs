//! A request to the server, and the answer to it.

use super::MeterState;
use std::time::Instant;

/// The longest head of a request that is taken.
pub const LONGEST_HEAD: usize = 8 * 1024;

const MOST_HEADERS: usize = 64;

/// The content type of Prometheus' text format.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
const TEXT_TYPE: &str = "text/plain; charset=utf-8";

/// The answer to a request; none while its head is not complete.
pub fn answer(head: &[u8], shared: &MeterState) -> Option<Vec<u8>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) if head.len() < LONGEST_HEAD => return None,
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            return Some(text("431 Request Header Fields Too Large", "the head is too long").bytes(true));
        }
        Err(_) => return Some(text("400 Bad Request", "not HTTP").bytes(true)),
    }
    let method = request.method.unwrap_or_default();
    let path = request.path.unwrap_or_default().split('?').next().unwrap_or_default();
    let response = match (method, path) {
        ("GET" | "HEAD", "/metrics") => Response { kind: METRICS_TYPE, ..text("200 OK", &shared.scrape()) },
        ("GET" | "HEAD", "/live") => match shared.stalled(Instant::now()) {
            None => text("200 OK", "ok\n"),
            Some(time) => unavailable(&format!("the loop has not turned for {} s", time.as_secs())),
        },
        ("GET" | "HEAD", "/ready") => match shared.trouble() {
            None => text("200 OK", "ok\n"),
            Some(trouble) => unavailable(trouble),
        },
        (_, "/metrics" | "/live" | "/ready") => {
            Response { allows_get: true, ..text("405 Method Not Allowed", "only GET and HEAD\n") }
        }
        _ => text("404 Not Found", "there are /metrics, /live and /ready\n"),
    };
    Some(response.bytes(method != "HEAD"))
}

struct Response {
    status: &'static str,
    kind: &'static str,
    allows_get: bool,
    body: String,
}

fn text(status: &'static str, body: &str) -> Response {
    Response { status, kind: TEXT_TYPE, allows_get: false, body: body.to_owned() }
}

fn unavailable(trouble: &str) -> Response {
    text("503 Service Unavailable", &format!("{trouble}\n"))
}

impl Response {
    fn bytes(&self, has_body: bool) -> Vec<u8> {
        let Response { status, kind, allows_get, body } = self;
        let allow = if *allows_get { "Allow: GET, HEAD\r\n" } else { "" };
        let length = body.len();
        let body = if has_body { body } else { "" };
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{allow}Connection: close\r\n\r\n{body}"
        )
        .into_bytes()
    }
}
