//! A server process that does not outlive the tests, even if they are killed.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::waiting::try_until;

// A child has copies of all our descriptors until it runs its program: a listener that is closed meanwhile is still
// open there, and its port taken.
static STARTING: RwLock<()> = RwLock::new(());

/// Held while a program is started.
pub fn starting() -> RwLockReadGuard<'static, ()> {
    STARTING.read().unwrap_or_else(PoisonError::into_inner)
}

/// Held while no program may be started.
pub fn not_starting() -> RwLockWriteGuard<'static, ()> {
    STARTING.write().unwrap_or_else(PoisonError::into_inner)
}

/// A running server and the guard that ends it when this process is gone.
pub struct Process {
    server: Child,
    // Its standard input is a pipe from us: it reads nothing until we are gone, however that comes.
    guard: Child,
}

// `$0` is the process, `$1` the folder it writes to.
const GUARD: &str =
    r#"read -r line; kill -9 "$0"; rm -rf "$1" || { sleep 1; rm -rf "$1"; }; rmdir "${1%/*}""#;

impl Process {
    /// Starts a server; `folder` is removed if the tests end without ending the server.
    pub fn start(mut command: Command, folder: &Path) -> Process {
        let _starting = starting();
        // A process group of its own, so that Ctrl-C reaches the tests and not the server.
        let mut server = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", command.get_program().display()));
        let guard = Command::new("/bin/sh")
            .args(["-c", GUARD, &server.id().to_string()])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        match guard {
            Ok(guard) => Process { server, guard },
            Err(error) => {
                let _ = server.kill();
                let _ = server.wait();
                panic!("cannot start /bin/sh: {error}");
            }
        }
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.server.id()
    }

    /// Sends a signal to the server.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.server.id() as i32), signal).expect("the server is not waited for yet");
    }

    pub fn has_ended(&mut self) -> bool {
        !matches!(self.server.try_wait(), Ok(None))
    }

    /// Asks the server to end and waits for it; kills it when the limit is over.
    pub fn stop(mut self, limit: Duration) {
        if !self.has_ended() {
            self.signal(Signal::SIGTERM);
            try_until(limit, || self.has_ended().then_some(()));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The guard first: once the server is waited for, its number may belong to somebody else.
        let _ = self.guard.kill();
        let _ = self.guard.wait();
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
