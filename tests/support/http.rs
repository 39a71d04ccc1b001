//! Asks the program under test over HTTP, and reads Prometheus' text format.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::run::Running;

const LIMIT: Duration = Duration::from_secs(10);

/// Set where the test with Prometheus' own tool must run.
const REQUIRED: &str = "KCONS_REQUIRE_PROMTOOL";

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    pub body: String,
}

/// Where a program that was started with `--metrics` says that it listens.
#[track_caller]
pub fn listens_at(running: &mut Running) -> String {
    let said = running.wait_for_stderr("/metrics`");
    let address = said.split("`http://").nth(1).and_then(|rest| rest.split("/metrics`").next());
    address.expect("the line has an address").to_owned()
}

/// Sends these bytes and reads until the other side closes; nothing if it never answered.
pub fn exchange(address: &str, request: &[u8]) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(request)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Asks with this method.
#[track_caller]
pub fn ask(method: &str, address: &str, path: &str) -> Answer {
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: test\r\n\r\n");
    let said = exchange(address, request.as_bytes()).unwrap_or_else(|error| panic!("{path}: {error}"));
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{path}: not HTTP: {said}"));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

#[track_caller]
pub fn get(address: &str, path: &str) -> Answer {
    ask("GET", address, path)
}

/// The samples of `/metrics`, by name with labels as in the text.
#[track_caller]
pub fn figures(address: &str) -> BTreeMap<String, f64> {
    let answer = get(address, "/metrics");
    assert_eq!(answer.status, 200, "{answer:?}");
    let samples = answer.body.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("not a sample: {line}"));
        (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("not a number: {line}")))
    };
    samples.map(sample).collect()
}

/// The sum of all samples of a name, whatever their labels.
pub fn sum(figures: &BTreeMap<String, f64>, name: &str) -> f64 {
    let is_it =
        |sample: &str| sample.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('{'));
    figures.iter().filter(|(sample, _)| is_it(sample)).map(|(_, value)| value).sum()
}

/// What `promtool check metrics` complains about; nothing, and a line that says so, where it is not installed.
pub fn complaints(text: &str) -> String {
    let mut command = Command::new("promtool");
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        assert!(std::env::var_os(REQUIRED).is_none(), "promtool is missing");
        let _ = writeln!(io::stderr(), "left out, no promtool: a test of --metrics");
        return String::new();
    };
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it was started");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() { said } else { format!("{}: {said}", output.status) }
}
