//! The process groups that are alive: for the last signal, and to tell orphans from children.

use super::system;
use nix::sys::signal::Signal;
use rustix::process::Pid;
use std::io;
use std::process::ExitStatus;
use std::sync::{Mutex, MutexGuard, PoisonError};

static GROUPS: Mutex<Groups> = Mutex::new(Groups { alive: Vec::new(), starting: 0, is_over: false });

struct Groups {
    alive: Vec<Pid>,
    /// Processes that may be there without being in `alive` yet.
    starting: usize,
    /// All were killed; nothing is started any more.
    is_over: bool,
}

/// Starts a process and takes note of it.
pub fn start(start: impl FnOnce() -> io::Result<Pid>) -> io::Result<Pid> {
    {
        let mut groups = groups();
        if groups.is_over {
            return Err(io::Error::from_raw_os_error(libc::ECANCELED));
        }
        groups.starting += 1;
    }
    let started = start();
    let mut groups = groups();
    groups.starting -= 1;
    let pid = started?;
    groups.alive.push(pid);
    if groups.is_over {
        kill(pid, Signal::SIGKILL);
    }
    Ok(pid)
}

/// Asks for the status of a process; with one it is forgotten at the same moment, as its number may be given anew.
pub fn forget_if(pid: Pid, ask: impl FnOnce() -> Option<ExitStatus>) -> Option<ExitStatus> {
    let mut groups = groups();
    let status = ask()?;
    groups.alive.retain(|alive| *alive != pid);
    Some(status)
}

/// Sends a signal to a group, unless it is forgotten and empty.
pub fn signal(pid: Pid, signal: Signal) {
    let _groups = groups();
    kill(pid, signal);
}

/// Kills every group; called from the signal thread, with nothing after it but the end of the process.
pub fn kill_all() {
    let mut groups = groups();
    groups.is_over = true;
    for pid in &groups.alive {
        kill(*pid, Signal::SIGKILL);
    }
}

/// Whether `kill_all` was called: then no end of a process says anything about its record.
pub fn are_all_killed() -> bool {
    groups().is_over
}

/// As PID 1 takes the status of processes whose parents are gone, so that they do not stay as zombies for ever.
///
/// Never waits; to be called now and then. Our own children are left to those who started them.
pub fn reap_orphans() {
    if system::adopts_orphans() {
        while let Some(pid) = system::ended_child() {
            let groups = groups();
            // One that is being started may have ended before it is known.
            if groups.starting > 0 || groups.alive.contains(&pid) {
                return;
            }
            let _ = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::NOHANG);
        }
    }
}

fn kill(group: Pid, signal: Signal) {
    // A group that is gone needs no signal.
    let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(group.as_raw_nonzero().get()), signal);
}

fn groups() -> MutexGuard<'static, Groups> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}
