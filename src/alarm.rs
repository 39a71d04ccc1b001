//! A single place to sleep, from which librdkafka's queues, the writer, signals and a closed reader wake us.

use rustix::event::{PollFd, PollFlags, Timespec};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The side that sleeps; the poller owns it.
pub struct Alarm {
    receiver: UnixStream,
    bell: Bell,
}

/// The side that wakes; rings from any thread. Several rings between two sleeps count as one.
#[derive(Clone)]
pub struct Bell {
    sender: Arc<UnixStream>,
    is_rung: Arc<AtomicBool>,
}

/// What `wait` saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Woken {
    /// Whether the reader of stdout is gone, so that nothing written will be read.
    pub is_stdout_closed: bool,
}

impl Alarm {
    pub fn new() -> io::Result<Alarm> {
        let (sender, receiver) = UnixStream::pair()?;
        sender.set_nonblocking(true)?;
        receiver.set_nonblocking(true)?;
        let bell = Bell { sender: Arc::new(sender), is_rung: Arc::new(AtomicBool::new(false)) };
        Ok(Alarm { receiver, bell })
    }

    pub fn bell(&self) -> Bell {
        self.bell.clone()
    }

    /// The descriptor that librdkafka writes a byte to when a queue becomes non-empty.
    pub fn descriptor(&self) -> RawFd {
        self.bell.sender.as_raw_fd()
    }

    /// Sleeps until something rings, the reader of stdout goes away, or `limit` is over.
    ///
    /// Look at every source afterwards, since one ring may stand for several.
    pub fn wait(&mut self, limit: Duration, watch_stdout: bool) -> Woken {
        let stdout = rustix::stdio::stdout();
        let mut watched = [
            PollFd::new(&self.receiver, PollFlags::IN),
            // Without asking for events, errors and hang-ups are still reported.
            PollFd::new(&stdout, PollFlags::empty()),
        ];
        let count = if watch_stdout { 2 } else { 1 };
        let limit = Timespec::try_from(limit).ok();
        // An interrupted wait counts as a ring.
        let _ = rustix::event::poll(&mut watched[..count], limit.as_ref());
        let is_stdout_closed = count == 2 && !watched[1].revents().is_empty();
        self.hush();
        Woken { is_stdout_closed }
    }

    /// Forgets all rings, for whoever polls the alarm together with other descriptors.
    pub fn hush(&mut self) {
        let mut bytes = [0; 256];
        while matches!((&self.receiver).read(&mut bytes), Ok(count) if count == bytes.len()) {}
        // The flag is cleared after reading. The other way round, a ring in between would leave the flag set without
        // a byte.
        self.bell.is_rung.store(false, Ordering::SeqCst);
    }
}

/// The descriptor of an alarm is readable when something rings.
impl AsFd for Alarm {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.receiver.as_fd()
    }
}

impl Bell {
    pub fn ring(&self) {
        if !self.is_rung.swap(true, Ordering::SeqCst) {
            // If the socket is full, a ring is waiting anyway.
            let _ = (&*self.sender).write(&[1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_ring_ends_the_wait_and_is_heard_once() {
        let mut alarm = Alarm::new().unwrap();
        let bell = alarm.bell();
        bell.ring();
        bell.ring();
        let start = Instant::now();
        alarm.wait(Duration::from_secs(30), false);
        assert!(start.elapsed() < Duration::from_secs(20));
        // Both rings were heard: a wait without a new one takes its whole time.
        let (silence, quiet_since) = (Duration::from_millis(20), Instant::now());
        alarm.wait(silence, false);
        assert!(quiet_since.elapsed() >= silence);
        bell.ring();
        alarm.wait(Duration::from_secs(30), false);
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}
