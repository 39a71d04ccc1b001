//! A Redis of the test's own, where one is installed.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;

use super::folder::own_folder;
use super::ports::{free_port, local};
use super::process::Process;
use super::waiting::wait_until;

/// Set where these tests must run.
const REQUIRED: &str = "KCONS_REQUIRE_REDIS";

/// A server that keeps what it has acknowledged; ended when the value is dropped.
pub struct Redis {
    port: u16,
    process: Option<Process>,
    folder: tempfile::TempDir,
}

impl Redis {
    /// None, and a line that says so, where no Redis is installed.
    pub fn start() -> Option<Redis> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            assert!(std::env::var_os(REQUIRED).is_none(), "redis-server is missing");
            let _ = writeln!(io::stderr(), "left out, no redis-server: a test of --dedup-store redis://");
            return None;
        }
        let mut redis = Redis { port: free_port(), process: None, folder: own_folder() };
        redis.start_again();
        Some(redis)
    }

    /// What `--dedup-store` takes.
    pub fn url(&self) -> String {
        format!("redis://{}/0", local(self.port))
    }

    /// Ends it; connections are refused.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it where it was, with what it knew.
    pub fn start_again(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.args(["--appendonly", "yes", "--appendfsync", "always", "--dir"]).arg(self.folder.path());
        command.stdout(Stdio::null());
        self.process = Some(Process::start(command, self.folder.path()));
        let address = local(self.port);
        wait_until("redis-server to listen", Duration::from_secs(20), || TcpStream::connect(address).ok());
    }

    /// Lets it answer nothing until `go_on`.
    pub fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it answer again.
    pub fn go_on(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// The keys that match, in no order.
    pub fn keys(&self, pattern: &str) -> Vec<String> {
        let lines = self.ask(&format!("KEYS {pattern}"));
        // `*COUNT`, and each as `$LENGTH` and itself.
        lines.iter().skip(2).step_by(2).cloned().collect()
    }

    /// Removes all keys.
    pub fn forget(&self) {
        self.ask("FLUSHALL");
    }

    /// The lines of the answer to a command.
    fn ask(&self, command: &str) -> Vec<String> {
        let mut stream = TcpStream::connect(local(self.port)).expect("it runs");
        write!(stream, "{command}\r\nQUIT\r\n").expect("it reads");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it answers and closes");
        let lines = text.strip_suffix("+OK\r\n").unwrap_or(&text).lines();
        lines.map(str::to_owned).collect()
    }

    fn signal(&self, signal: Signal) {
        self.process.as_ref().expect("it runs").signal(signal);
    }
}
