//! What is said when a second signal ends the process at once. The thread that sees to signals says it, whatever the loop
//! is doing then, so the loop prepares it.

use super::bar::eraser;
use rustix::event::{PollFd, PollFlags, Timespec};
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

/// The line to write, with its line break; empty if there is nothing to say.
static LINE: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Sets what is said.
pub fn prepare_last_words(line: Vec<u8>) {
    *LINE.lock().unwrap_or_else(PoisonError::into_inner) = line;
}

/// Says it, if stderr takes it at once.
pub fn say_last_words() {
    let line = std::mem::take(&mut *LINE.lock().unwrap_or_else(PoisonError::into_inner));
    let stderr = rustix::stdio::stderr();
    let ready = rustix::event::poll(&mut [PollFd::new(&stderr, PollFlags::OUT)], Some(&Timespec::default()));
    if !line.is_empty() && ready.is_ok_and(|count| count > 0) {
        // There is nobody left to tell that stderr is gone.
        let _ = std::io::stderr().write_all(&[eraser(), &line].concat());
    }
}
