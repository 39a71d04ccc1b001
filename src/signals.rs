//! Signals: the first asks the run to drain, a later one ends the process at once.

use crate::alarm::Bell;
use nix::sys::signal::{SigSet, Signal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// `timeout`, shells and terminals send the same stop twice at once: that is one request.
const SAME_REQUEST: Duration = Duration::from_millis(500);

/// Exit code after a second signal.
const FORCED: u8 = 130;

/// Whether a signal asked the run to end.
#[derive(Clone, Default)]
pub struct Shutdown {
    is_requested: Arc<AtomicBool>,
}

impl Shutdown {
    /// Catches SIGINT, SIGTERM and SIGHUP for the rest of the process; call it before any thread starts.
    ///
    /// `leave` ends the process from the signal thread, so that it works whatever the poller is doing.
    /// A SIGINT or SIGHUP that was ignored when we started (`nohup`, a background job) stays ignored.
    ///
    /// # Errors
    /// If the system refuses the handlers.
    pub fn catch(bell: Bell, leave: fn(u8) -> !) -> anyhow::Result<Shutdown> {
        let shutdown = Shutdown::default();
        keep_ignored(&ignored_signals());
        let is_requested = Arc::clone(&shutdown.is_requested);
        let mut first: Option<Instant> = None;
        ctrlc::set_handler(move || match first {
            None => {
                first = Some(Instant::now());
                is_requested.store(true, Ordering::SeqCst);
                bell.ring();
            }
            Some(at) if at.elapsed() >= SAME_REQUEST => leave(FORCED),
            Some(_) => {}
        })?;
        Ok(shutdown)
    }

    pub fn is_requested(&self) -> bool {
        self.is_requested.load(Ordering::SeqCst)
    }
}

/// Blocks the signals in this thread and all that it starts: `ctrlc` takes over ignored ones too, but a
/// blocked signal never arrives.
fn keep_ignored(signals: &[Signal]) {
    let mut set = SigSet::empty();
    for signal in signals {
        set.add(*signal);
    }
    let _ = set.thread_block();
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
