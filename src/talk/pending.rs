//! Lines on their way to stderr, for whoever writes there past them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many bytes of lines are said and not written yet.
#[derive(Clone)]
pub struct PendingLines(Arc<AtomicUsize>);

impl PendingLines {
    pub(super) fn counted_by(bytes: Arc<AtomicUsize>) -> PendingLines {
        PendingLines(bytes)
    }

    /// Waits until all lines said so far are written, but not for a reader that takes nothing.
    pub fn wait(&self) {
        const LIMIT: Duration = Duration::from_millis(50);
        let deadline = Instant::now() + LIMIT;
        while self.0.load(Ordering::Acquire) > 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_micros(50));
        }
    }
}
