//! Starts a process with the standard library: it outlives its parent, and there is no descriptor to wait for.

use super::StartParameters;
use rustix::process::Pid;
use std::ffi::{CStr, OsStr};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

pub fn start(start: &StartParameters<'_>) -> io::Result<Pid> {
    let text = |word: &CStr| OsStr::from_bytes(word.to_bytes()).to_owned();
    let mut command = Command::new(text(&start.command[0]));
    command.args(start.command[1..].iter().map(|word| text(word))).env_clear().process_group(0);
    for variable in start.environment {
        let variable = variable.to_bytes();
        if let Some(end) = memchr::memchr(b'=', variable) {
            command.env(OsStr::from_bytes(&variable[..end]), OsStr::from_bytes(&variable[end + 1..]));
        }
    }
    let [stdin, stdout, stderr] = start.pipes;
    command.stdin(Stdio::from(stdin.try_clone_to_owned()?));
    command.stdout(Stdio::from(stdout.try_clone_to_owned()?));
    command.stderr(Stdio::from(stderr.try_clone_to_owned()?));
    Ok(Pid::from_child(&command.spawn()?))
}

pub fn exit_descriptor(_pid: Pid) -> Option<OwnedFd> {
    None
}

/// Does nothing, since these systems run no containers.
pub fn reap_orphans() {}

/// Returns true, since there is no telling.
pub fn is_group_running(_group: Pid) -> bool {
    true
}
