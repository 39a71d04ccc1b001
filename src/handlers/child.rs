//! A handler's process: a group of its own that ends with us and inherits nothing but its three pipes.

#[cfg(target_os = "linux")]
#[path = "child/linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "child/portable.rs"]
mod system;

mod registry;
mod supervised;

use super::environment;
use nix::sys::signal::Signal;
use rustix::process::{Pid, WaitId, WaitIdOptions, WaitIdStatus};
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::OnceLock;

pub use registry::{are_all_killed, kill_all};
pub use supervised::{GRACE, LOOK_AGAIN, Supervised, TURN, TimeLimits, exit_words, timed_out};
pub use system::reap_orphans;

/// A process that was started and whose end is ours to see.
///
/// Its number is nobody else's until this is dropped: the system keeps what is left of it so long. Dropped before its
/// end was seen, its group is killed.
#[derive(Debug)]
pub struct Child {
    /// Of the process and of its group.
    pid: Pid,
    /// Readable once the process has ended.
    exit: Option<OwnedFd>,
    status: Option<ExitStatus>,
    /// Our ends of the pipes: not blocking. Taken away they are closed.
    pub stdin: Option<OwnedFd>,
    pub stdout: Option<OwnedFd>,
    pub stderr: Option<OwnedFd>,
}

/// The group of a child, for signals from elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Group(Pid);

/// What a process is started with.
struct Start<'a> {
    command: &'a [CString],
    /// `NAME=value`, all of it.
    environment: &'a [&'a CString],
    /// Its stdin, stdout and stderr.
    pipes: [BorrowedFd<'a>; 3],
}

impl Child {
    /// Starts `command`, a program (looked for in `PATH`) and its arguments, with `added` to our environment.
    ///
    /// The process is killed when the *thread* that calls this ends: call it from one that lives as long as the run,
    /// but not from the main thread, whose children are taken for orphans (`reap_orphans`).
    ///
    /// # Errors
    /// The program cannot be run, or the system is out of processes, descriptors or memory.
    pub fn start(command: &[OsString], added: &[(OsString, OsString)]) -> io::Result<Child> {
        let command: Vec<CString> =
            command.iter().map(|word| CString::new(word.as_bytes())).collect::<Result<_, _>>()?;
        if command.is_empty() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let added: Vec<CString> =
            added.iter().map(|(name, value)| variable(name, value)).collect::<Result<_, _>>()?;
        let environment: Vec<&CString> = inherited().iter().chain(&added).collect();
        let (its_stdin, our_stdin) = pipe()?;
        let (our_stdout, its_stdout) = pipe()?;
        let (our_stderr, its_stderr) = pipe()?;
        for ours in [&our_stdin, &our_stdout, &our_stderr] {
            rustix::io::ioctl_fionbio(ours, true)?;
        }
        let start = Start {
            command: &command,
            environment: &environment,
            pipes: [its_stdin.as_fd(), its_stdout.as_fd(), its_stderr.as_fd()],
        };
        let pid = registry::start(|| system::start(&start))?;
        Ok(Child {
            pid,
            exit: system::exit_descriptor(pid),
            status: None,
            stdin: Some(our_stdin),
            stdout: Some(our_stdout),
            stderr: Some(our_stderr),
        })
    }

    /// Becomes readable when the process ends. Where there is none, ask `try_wait` every 10 ms.
    pub fn exit_descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.exit.as_ref().map(AsFd::as_fd)
    }

    /// How the process ended, once it has.
    pub fn try_wait(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.look(WaitIdOptions::NOHANG);
        }
        self.status
    }

    pub fn group(&self) -> Group {
        Group(self.pid)
    }

    /// Sends a signal to the whole group; after the end of the process to what is left of it.
    pub fn signal(&self, signal: Signal) {
        self.group().signal(signal);
    }

    /// Whether something of the group runs: the process or what it left behind.
    pub fn has_group(&self) -> bool {
        // Zombies count here, and some systems bury them late or never: hence the closer look.
        rustix::process::test_kill_process_group(self.pid).is_ok() && system::is_group_running(self.pid)
    }

    /// How it ended, without taking its status.
    fn look(&self, options: WaitIdOptions) -> Option<ExitStatus> {
        let options = options | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        match rustix::process::waitid(WaitId::Pid(self.pid), options) {
            Ok(status) => status.map(|status| exit_status(&status)),
            Err(rustix::io::Errno::INTR) => None,
            // Somebody else took its status: all we can tell is that it ended, not how.
            Err(_) => Some(ExitStatus::from_raw(libc::SIGKILL)),
        }
    }
}

impl Group {
    /// Sends a signal to the whole group; to nobody once its `Child` is dropped, as the number may be another's.
    pub fn signal(self, signal: Signal) {
        registry::signal(self.0, signal);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.try_wait().is_none() {
            self.signal(Signal::SIGKILL);
            while self.status.is_none() {
                self.status = self.look(WaitIdOptions::empty());
            }
        }
        registry::bury(self.pid);
    }
}

/// As `waitpid` would have it.
fn exit_status(status: &WaitIdStatus) -> ExitStatus {
    let core = if status.dumped() { 0x80 } else { 0 };
    let raw = match status.exit_status() {
        Some(code) => (code & 0xff) << 8,
        None => status.terminating_signal().unwrap_or(libc::SIGKILL) | core,
    };
    ExitStatus::from_raw(raw)
}

/// Whether a process was not started because the system is out of processes, memory or descriptors.
pub fn is_scarcity(error: &io::Error) -> bool {
    let scarce = [libc::EAGAIN, libc::ENOMEM, libc::EMFILE, libc::ENFILE];
    error.raw_os_error().is_some_and(|code| scarce.contains(&code))
}

/// The end to read from and the end to write to, both closed on exec.
fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    Ok((reader.into(), writer.into()))
}

/// Variables of our environment that hold values for us.
static WITHHELD: OnceLock<Vec<String>> = OnceLock::new();

/// Keeps variables from processes that are started: to be called before the first one is.
pub fn withhold(variables: Vec<String>) {
    // Each run of the program has one set of them.
    let _ = WITHHELD.set(variables);
}

/// Our own environment without what names a record of a kcons around us, and without what is withheld.
fn inherited() -> &'static [CString] {
    static INHERITED: OnceLock<Vec<CString>> = OnceLock::new();
    INHERITED.get_or_init(|| {
        let withheld = WITHHELD.get().map_or(&[][..], Vec::as_slice);
        let is_withheld = |name: &OsStr| withheld.iter().any(|other| name == OsStr::new(other));
        let kept =
            std::env::vars_os().filter(|(name, _)| !environment::is_of_a_record(name) && !is_withheld(name));
        kept.filter_map(|(name, value)| variable(&name, &value).ok()).collect()
    })
}

fn variable(name: &OsStr, value: &OsStr) -> io::Result<CString> {
    let mut text = OsString::with_capacity(name.len() + value.len() + 2);
    text.push(name);
    text.push("=");
    text.push(value);
    Ok(CString::new(text.into_vec())?)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
