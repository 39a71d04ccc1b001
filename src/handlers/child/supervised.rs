//! A process that may have to be ended: asked with SIGTERM first, and killed once its grace is over.

use super::Child;
use crate::handlers::Unrunnable;
use nix::sys::signal::Signal;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// The time between the signal that asks a process to end and the one that kills it.
pub const GRACE: Duration = Duration::from_secs(5);

/// How often to look at what no descriptor tells us about.
pub const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The most that is read from one pipe before anything else has its turn.
pub const TURN: usize = 1 << 20;

/// How long a handler may take.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimits {
    /// How long it may work on a record; no limit if there is none.
    pub timeout: Option<Duration>,
    /// The time between SIGTERM and SIGKILL.
    pub grace: Duration,
}

/// A child and what was decided about its end.
#[derive(Debug)]
pub struct Supervised {
    pub child: Child,
    grace: Duration,
    due: Option<NextSignal>,
    /// Why we stop the process, if we do.
    stopped: Option<String>,
    /// Whether the process is ended because the run ends.
    is_ended: bool,
}

/// What happens to the process unless it ends before.
#[derive(Clone, Copy, Debug)]
enum NextSignal {
    /// The process is stopped for this reason.
    Stop(Instant, &'static str),
    Kill(Instant),
}

impl Supervised {
    pub fn new(child: Child, grace: Duration) -> Supervised {
        Supervised { child, grace, due: None, stopped: None, is_ended: false }
    }

    /// Asks the process to end and kills it after the grace; only the first reason counts.
    pub fn stop(&mut self, reason: String) {
        if self.stopped.is_some() {
            return;
        }
        self.stopped = Some(reason);
        if !self.is_ended {
            self.child.signal(Signal::SIGTERM);
            self.due = Some(NextSignal::Kill(Instant::now() + self.grace));
        }
    }

    /// Stops a process that will be of no more use, for this reason, unless it exits within the grace.
    pub fn expect_exit(&mut self, reason: &'static str) {
        if self.due.is_none() && !self.is_ending() {
            self.due = Some(NextSignal::Stop(Instant::now() + self.grace, reason));
        }
    }

    /// Sends a signal with which the run ends; the first one starts the grace.
    pub fn end(&mut self, signal: Signal) {
        if !self.is_ended {
            self.is_ended = true;
            self.due = Some(NextSignal::Kill(Instant::now() + self.grace));
        }
        self.child.signal(signal);
    }

    /// Kills after the grace what is left of the process, which was signalled from elsewhere.
    pub fn kill_after_grace(&mut self) {
        if !matches!(self.due, Some(NextSignal::Kill(_))) {
            self.due = Some(NextSignal::Kill(Instant::now() + self.grace));
        }
    }

    /// Why the process was stopped, if it was.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Whether the run ends with `end`.
    pub fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Whether we have decided that the process ends.
    pub fn is_ending(&self) -> bool {
        self.stopped.is_some() || self.is_ended
    }

    /// When `signal_if_due` has something to do.
    pub fn next_signal(&self) -> Option<Instant> {
        match self.due {
            Some(NextSignal::Stop(at, _) | NextSignal::Kill(at)) => Some(at),
            None => None,
        }
    }

    /// Sends the signal whose time has come.
    pub fn signal_if_due(&mut self, now: Instant) {
        match self.due {
            Some(NextSignal::Stop(at, reason)) if now >= at => self.stop(reason.to_owned()),
            Some(NextSignal::Kill(at)) if now >= at => {
                self.child.signal(Signal::SIGKILL);
                self.due = None;
            }
            Some(NextSignal::Stop(..) | NextSignal::Kill(_)) | None => {}
        }
    }

    /// Whether something of the group is left, after the end of the process, that has time until it is killed.
    pub fn has_leftovers(&self) -> bool {
        self.due.is_some() && self.child.has_group()
    }
}

/// The words for a time-out.
pub fn timed_out(timeout: Duration) -> String {
    format!("timed out after {timeout:?}")
}

/// Whether a shell told by its exit status that it found no such program, or could not run it (POSIX, "Exit Status for
/// Commands").
pub fn unrunnable(status: ExitStatus) -> Option<Unrunnable> {
    match status.code() {
        Some(126) => Some(Unrunnable::NotExecutable),
        Some(127) => Some(Unrunnable::NotFound),
        Some(_) | None => None,
    }
}

/// How a process ended: `killed by SIGSEGV`, or `with_code` and the code.
pub fn exit_words(status: ExitStatus, with_code: &str) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("{with_code} {code}"),
        (None, Some(number)) => match Signal::try_from(number) {
            Ok(signal) => format!("killed by {signal}"),
            Err(_) => format!("killed by signal {number}"),
        },
        (None, None) => "ended in an unknown way".to_owned(),
    }
}
