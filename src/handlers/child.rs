//! The process of a handler: leads its own group, ends with us, and inherits nothing but three pipes.

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
pub use supervised::{GRACE, LOOK_AGAIN, Supervised, TURN, TimeLimits, exit_words, timed_out, unrunnable};
pub use system::reap_orphans;

/// A process that was started and whose end is ours to see.
///
/// The number of the process stays ours until this is dropped, since the system keeps the zombie. If the end of the
/// process was not seen by then, its group is killed.
#[derive(Debug)]
pub struct Child {
    /// The number of the process and of its group.
    pid: Pid,
    /// A descriptor that is readable once the process has ended.
    exit: Option<OwnedFd>,
    status: Option<ExitStatus>,
    /// Our end of the pipe, which does not block. Set to none it is closed, as `stdout` and `stderr` are.
    pub stdin: Option<OwnedFd>,
    pub stdout: Option<OwnedFd>,
    pub stderr: Option<OwnedFd>,
}

/// The group of a child, for sending signals from another thread.
#[derive(Clone, Copy, Debug)]
pub struct ProcessGroup(Pid);

/// What a process is started with.
struct StartParameters<'a> {
    command: &'a [CString],
    /// The whole environment, as `NAME=value`.
    environment: &'a [&'a CString],
    /// The process's stdin, stdout and stderr.
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
        let start = StartParameters {
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

    /// A descriptor that becomes readable when the process ends. Where there is none, ask `try_wait` every 10 ms.
    pub fn exit_descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.exit.as_ref().map(AsFd::as_fd)
    }

    /// Returns how the process ended, once it has.
    pub fn try_wait(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.look(WaitIdOptions::NOHANG);
        }
        self.status
    }

    pub fn group(&self) -> ProcessGroup {
        ProcessGroup(self.pid)
    }

    /// Sends a signal to the whole group, or to what is left of it after the end of the process.
    pub fn signal(&self, signal: Signal) {
        self.group().signal(signal);
    }

    /// Whether something of the group runs: the process or what it left behind.
    pub fn has_group(&self) -> bool {
        // Zombies count here, and some systems reap them late or never, so this takes a closer look.
        rustix::process::test_kill_process_group(self.pid).is_ok() && system::is_group_running(self.pid)
    }

    /// Looks how the process ended, without taking its status.
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

impl ProcessGroup {
    /// Sends a signal to the whole group; to nobody once its `Child` is dropped, since the number may be another's
    /// then.
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
        registry::reap(self.pid);
    }
}

/// The status as `waitpid` would return it.
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

/// Makes a pipe: the end to read from and the end to write to, both closed on exec.
fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    Ok((reader.into(), writer.into()))
}

/// Variables of our environment that are meant for us alone.
static WITHHELD: OnceLock<Vec<String>> = OnceLock::new();

/// Keeps variables from processes that are started. Call it before the first one is.
pub fn withhold(variables: Vec<String>) {
    // Each run of the program has one set of them.
    let _ = WITHHELD.set(variables);
}

/// Our own environment, without what is withheld and without what describes a record of a kcons that runs us.
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
