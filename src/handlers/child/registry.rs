//! The process groups whose numbers are ours: the only ones that are signalled.

use nix::sys::signal::Signal;
use rustix::process::Pid;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

static GROUPS: Mutex<Groups> = Mutex::new(Groups { ours: Vec::new(), is_over: false });

struct Groups {
    /// Started, and not buried yet.
    ours: Vec<Pid>,
    /// All were killed; nothing is started any more.
    is_over: bool,
}

/// Starts a process and takes note of it.
pub fn start(start: impl FnOnce() -> io::Result<Pid>) -> io::Result<Pid> {
    if are_all_killed() {
        return Err(io::Error::from_raw_os_error(libc::ECANCELED));
    }
    let pid = start()?;
    let mut groups = groups();
    groups.ours.push(pid);
    if groups.is_over {
        kill(pid, Signal::SIGKILL);
    }
    Ok(pid)
}

/// Takes the status of a process that has ended: from now on its number may be given anew.
pub fn bury(pid: Pid) {
    let mut groups = groups();
    let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::NOHANG);
    groups.ours.retain(|other| *other != pid);
}

/// Sends a signal to a group, if its number is still ours.
pub fn signal(pid: Pid, signal: Signal) {
    let groups = groups();
    if groups.ours.contains(&pid) {
        kill(pid, signal);
    }
}

/// Kills every group; called from the signal thread, with nothing after it but the end of the process.
pub fn kill_all() {
    let mut groups = groups();
    groups.is_over = true;
    for pid in &groups.ours {
        kill(*pid, Signal::SIGKILL);
    }
}

/// Whether `kill_all` was called: then no end of a process says anything about its record.
pub fn are_all_killed() -> bool {
    groups().is_over
}

fn kill(group: Pid, signal: Signal) {
    // A group that is gone needs no signal.
    let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(group.as_raw_nonzero().get()), signal);
}

fn groups() -> MutexGuard<'static, Groups> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}
