//! One output stream of a program, collected by a thread that can be told to wait or to go away.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::waiting::try_until;

/// For each read: the length of everything so far, and when it came.
pub type Arrivals = Vec<(usize, Instant)>;

/// A stream that is being collected.
pub struct Stream(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    gate: Gate,
    bytes: Vec<u8>,
    lines: usize,
    arrivals: Arrivals,
    is_done: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Gate {
    #[default]
    Open,
    Waiting,
    Closed,
}

impl Stream {
    /// Reads all the time.
    pub fn collect(from: OwnedFd) -> Stream {
        Stream::start(from, Gate::Open)
    }

    /// Reads nothing until told to.
    pub fn waiting(from: OwnedFd) -> Stream {
        Stream::start(from, Gate::Waiting)
    }

    /// A stream that nobody reads, or that is no pipe.
    pub fn absent() -> Stream {
        let stream = Stream(Arc::default());
        stream.state().is_done = true;
        stream
    }

    /// Everything so far, with U+FFFD for what is not UTF-8.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.state().bytes).into_owned()
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    pub fn line_count(&self) -> usize {
        self.state().lines
    }

    /// Whether nothing more will come.
    pub fn is_done(&self) -> bool {
        let state = self.state();
        state.is_done || state.gate == Gate::Waiting
    }

    /// Stops reading for now; what is being read at the moment still comes.
    pub fn wait(&self) {
        self.set(Gate::Waiting);
    }

    /// Reads again.
    pub fn go_on(&self) {
        self.set(Gate::Open);
    }

    /// Closes the reading end; when this returns it is closed.
    pub fn close(&self) {
        self.set(Gate::Closed);
        let mut state = self.state();
        while !state.is_done {
            state = self.0.changed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }

    /// Reads what is left after the program's end and gives everything.
    pub fn finish(&self) -> (Vec<u8>, Arrivals) {
        if self.state().gate == Gate::Waiting {
            self.go_on();
        }
        // A process that inherited the pipe may hold it open for ever: what it says is not the program's.
        try_until(Duration::from_secs(10), || self.state().is_done.then_some(()));
        let mut state = self.state();
        (std::mem::take(&mut state.bytes), std::mem::take(&mut state.arrivals))
    }

    fn start(from: OwnedFd, gate: Gate) -> Stream {
        let stream = Stream(Arc::default());
        stream.state().gate = gate;
        let shared = Arc::clone(&stream.0);
        thread::spawn(move || shared.read(from.into()));
        stream
    }

    fn set(&self, gate: Gate) {
        self.state().gate = gate;
        self.0.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.set(Gate::Closed);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn read(&self, mut from: File) {
        let mut buffer = vec![0; 64 * 1024];
        while self.is_open() {
            if !has_something(&from) {
                continue;
            }
            // A terminal whose other side is gone answers with an error (EIO) instead of an end.
            let count = from.read(&mut buffer).unwrap_or(0);
            if count == 0 {
                break;
            }
            let mut state = self.state();
            state.lines += memchr::memchr_iter(b'\n', &buffer[..count]).count();
            state.bytes.extend_from_slice(&buffer[..count]);
            let length = state.bytes.len();
            state.arrivals.push((length, Instant::now()));
        }
        drop(from);
        self.state().is_done = true;
        self.changed.notify_all();
    }

    /// Waits while the gate says so; whether to read on.
    fn is_open(&self) -> bool {
        let mut state = self.state();
        while state.gate == Gate::Waiting {
            state = self.changed.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        state.gate == Gate::Open
    }
}

/// Waits a little for bytes or the end, so that the gate is looked at in between.
fn has_something(from: &File) -> bool {
    let limit = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
    let mut waiting = [PollFd::new(from, PollFlags::IN)];
    poll(&mut waiting, Some(&limit)).is_ok_and(|ready| ready > 0)
}
