//! Sleeping until something happens that a worker's thread waits for.

use crate::alarm::Alarm;
use crate::handlers::Child;
use rustix::event::{PollFd, PollFlags, Timespec};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

/// What can be read without waiting.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ready {
    pub stdout: bool,
    pub stderr: bool,
    /// Whether the process has ended.
    pub exit: bool,
}

/// What to watch of a process.
#[derive(Clone, Copy)]
pub struct Watched<'a> {
    pub child: &'a Child,
    /// Whether something is left to write.
    pub has_input: bool,
    /// Whether its end was not seen yet.
    pub is_running: bool,
}

/// Sleeps until something happens to the process, the alarm rings, or `until` has come.
pub fn sleep(alarm: &mut Alarm, watched: Option<Watched<'_>>, until: Option<Instant>) -> Ready {
    let mut polled = Polled { descriptors: Vec::with_capacity(5) };
    polled.add(Some(alarm.as_fd()), PollFlags::IN);
    let mut places = [None; 3];
    if let Some(Watched { child, has_input, is_running }) = watched {
        places = [
            polled.add(child.stdout.as_ref().map(AsFd::as_fd), PollFlags::IN),
            polled.add(child.stderr.as_ref().map(AsFd::as_fd), PollFlags::IN),
            polled.add(child.exit_descriptor().filter(|_| is_running), PollFlags::IN),
        ];
        polled.add(child.stdin.as_ref().filter(|_| has_input).map(AsFd::as_fd), PollFlags::OUT);
    }
    let limit = until.map(|until| until.saturating_duration_since(Instant::now()));
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    // An interrupted wait is like one in which nothing happened.
    let count = rustix::event::poll(&mut polled.descriptors, limit.as_ref()).unwrap_or(0);
    let is_ready = |place: Option<usize>| {
        count > 0 && place.is_some_and(|place| !polled.descriptors[place].revents().is_empty())
    };
    let ready = Ready { stdout: is_ready(places[0]), stderr: is_ready(places[1]), exit: is_ready(places[2]) };
    if is_ready(Some(0)) {
        alarm.hush();
    }
    ready
}

struct Polled<'a> {
    descriptors: Vec<PollFd<'a>>,
}

impl<'a> Polled<'a> {
    /// Adds a descriptor if there is one; returns its place in the list.
    fn add(&mut self, descriptor: Option<BorrowedFd<'a>>, events: PollFlags) -> Option<usize> {
        self.descriptors.push(PollFd::from_borrowed_fd(descriptor?, events));
        Some(self.descriptors.len() - 1)
    }
}
