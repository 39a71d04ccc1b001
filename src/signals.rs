//! Signals: the first asks the run to drain, a later one ends the process at once.

use crate::alarm::Bell;
use nix::sys::signal::Signal;
use signal_hook::iterator::Signals;
use std::io;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

/// `timeout`, shells and terminals send the same stop twice at once: that is one request.
const SAME_REQUEST: Duration = Duration::from_millis(500);

/// The signals that ask for the end.
const ASKING: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// The signal that asked the process to end; 0 if none did. It belongs to the process, as signals do.
static FIRST: AtomicI32 = AtomicI32::new(0);

/// The signal that asked the process to end.
pub fn first() -> Option<Signal> {
    Signal::try_from(FIRST.load(Ordering::SeqCst)).ok()
}

/// Whether a signal asked the run to end; there is one once signals are caught.
#[derive(Clone)]
pub struct Shutdown(());

impl Shutdown {
    /// Catches SIGINT, SIGTERM and SIGHUP for the rest of the process.
    ///
    /// `leave` ends the process from the signal thread, so that it works whatever the poller is doing; it is told the
    /// second signal. A SIGINT or SIGHUP that was ignored when we started (`nohup`, a background job) stays ignored.
    ///
    /// # Errors
    /// If the system refuses the handlers, or the thread.
    pub fn catch(bell: Bell, leave: fn(Signal) -> !) -> io::Result<Shutdown> {
        let ignored = ignored_signals();
        let caught = ASKING.iter().filter(|signal| !ignored.contains(signal));
        let mut signals = Signals::new(caught.map(|signal| *signal as i32))?;
        let work = move || {
            let mut first: Option<Instant> = None;
            for signal in signals.forever() {
                match first {
                    None => {
                        first = Some(Instant::now());
                        FIRST.store(signal, Ordering::SeqCst);
                        bell.ring();
                    }
                    Some(at) if at.elapsed() >= SAME_REQUEST => {
                        leave(Signal::try_from(signal).unwrap_or(Signal::SIGTERM))
                    }
                    Some(_) => {}
                }
            }
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(work)?;
        Ok(Shutdown(()))
    }

    pub fn is_requested(&self) -> bool {
        first().is_some()
    }
}

fn ignored_signals() -> Vec<Signal> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = ignored_mask(&status);
    let is_ignored = |signal: &Signal| mask >> (*signal as i32 - 1) & 1 == 1;
    [Signal::SIGINT, Signal::SIGHUP].into_iter().filter(is_ignored).collect()
}

/// The `SigIgn` mask of a `/proc/PID/status` text (`man 5 proc`); 0 where there is none.
fn ignored_mask(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals_is_read() {
        assert_eq!(ignored_mask("Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n"), 0x1001);
        assert_eq!(ignored_mask(""), 0);
    }
}
