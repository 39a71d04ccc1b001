//! What the process was started with: whether stdout takes anything, a signal that must not be ignored, and what
//! signals do by default.

use nix::sys::signal::Signal;
use rustix::fs::OFlags;
use std::sync::atomic::{AtomicU8, Ordering};

/// Stdout as the process got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdout {
    Open,
    Closed,
    /// Open, but for reading alone: every write would fail.
    ReadOnly,
}

static STDOUT: AtomicU8 = AtomicU8::new(Stdout::Open as u8);

/// The standard library opens `/dev/null` for each of the three descriptors that is closed, before `main`: what is
/// written then goes nowhere without an error. So this runs earlier, with the constructors of C (`.init_array`).
/// A `/dev/null` that somebody else opened is theirs, and fine.
#[used]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    let stdout = match rustix::fs::fcntl_getfl(rustix::stdio::stdout()) {
        Ok(flags) if flags & OFlags::RWMODE == OFlags::RDONLY => Stdout::ReadOnly,
        Ok(_) => Stdout::Open,
        Err(_) => Stdout::Closed,
    };
    STDOUT.store(stdout as u8, Ordering::Relaxed);
}

pub fn stdout() -> Stdout {
    let all = [Stdout::Open, Stdout::Closed, Stdout::ReadOnly];
    let stored = STDOUT.load(Ordering::Relaxed);
    all.into_iter().find(|stdout| *stdout as u8 == stored).unwrap_or(Stdout::Open)
}

/// Some supervisors ignore SIGCHLD and their children inherit that; the system then keeps no exit status for us.
pub fn listen_to_children() {
    // SAFETY: no handler is installed, and no other thread is there yet.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
}

/// Ends the process by a signal, as if nothing had caught it, so that whoever waits for us sees what happened: a shell
/// leaves its loop only if the program died of SIGINT. Returns if the signal does not end it: the first process of a
/// container has no default actions.
pub fn die_of(signal: Signal) {
    // SAFETY: the default action runs no code of ours.
    unsafe { libc::signal(signal as libc::c_int, libc::SIG_DFL) };
    let _ = nix::sys::signal::raise(signal);
}
