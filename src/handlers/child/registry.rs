//! The process groups whose numbers are ours, which are the only ones that are signalled.

use nix::sys::signal::Signal;
use rustix::process::Pid;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

static GROUPS: Mutex<ProcessGroups> = Mutex::new(ProcessGroups { ours: Vec::new(), is_over: false });

struct ProcessGroups {
    /// The groups that were started and whose status was not taken yet.
    ours: Vec<Pid>,
    /// Whether all were killed; nothing is started any more.
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

/// Takes the status of a process that has ended, after which the system may reuse its number.
pub fn reap(pid: Pid) {
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

/// Kills every group. Called from the signal thread right before our process ends.
pub fn kill_all() {
    let mut groups = groups();
    groups.is_over = true;
    for pid in &groups.ours {
        kill(*pid, Signal::SIGKILL);
    }
}

/// Whether `kill_all` was called, so that the end of a process says nothing about its record.
pub fn are_all_killed() -> bool {
    groups().is_over
}

fn kill(group: Pid, signal: Signal) {
    // A group that is gone needs no signal.
    let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(group.as_raw_nonzero().get()), signal);
}

fn groups() -> MutexGuard<'static, ProcessGroups> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}
