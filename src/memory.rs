//! Counts the memory of threads that run what others wrote, so that one program cannot take all there is.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What a thread may take beyond its allowance before it is stopped where it stands: room for a thread that looks at
/// `is_spent` to be done with what it is at, and to clean up.
const BEYOND: isize = 128 << 20;

/// No thread has that much: what is taken here and given back there does not count.
const ENDLESS: isize = isize::MAX / 2;

/// An allocator that counts for each thread.
pub struct Counting<A>(pub A);

thread_local! {
    /// Bytes that this thread may still take.
    static LEFT: Cell<isize> = const { Cell::new(ENDLESS) };
    /// Set when the thread is stopped.
    static STOPPED: Cell<Option<&'static AtomicBool>> = const { Cell::new(None) };
}

/// Allows this thread that many bytes from now on. When they are spent `is_spent` says so; far beyond them the thread
/// stands still for ever, with `stopped` set: an allocation can neither fail nor be undone.
pub fn allow(bytes: usize, stopped: &'static AtomicBool) {
    STOPPED.set(Some(stopped));
    LEFT.set(isize::try_from(bytes).unwrap_or(ENDLESS).min(ENDLESS));
}

/// Takes the bound away again.
pub fn allow_all() {
    LEFT.set(ENDLESS);
}

/// More is taken than was allowed.
#[inline]
pub fn is_spent() -> bool {
    LEFT.get() < 0
}

/// How many allocations this thread has made.
#[cfg(test)]
pub fn allocations() -> usize {
    ALLOCATIONS.get()
}

#[cfg(test)]
thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

#[inline]
fn take(bytes: usize) {
    #[cfg(test)]
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
    let left = LEFT.get() - bytes.cast_signed();
    LEFT.set(left);
    if left < -BEYOND {
        stand_still();
    }
}

#[inline]
fn give_back(bytes: usize) {
    LEFT.set(LEFT.get() + bytes.cast_signed());
}

#[cold]
fn stand_still() {
    // Nobody but a thread that asked for it gets here.
    if let Some(stopped) = STOPPED.get() {
        stopped.store(true, Ordering::Release);
        loop {
            // It takes no memory.
            std::thread::sleep(Duration::MAX);
        }
    }
}

// SAFETY: every call goes to the inner allocator as it is; counting neither allocates nor unwinds.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counting<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: what holds for the call to us holds for this one, here and below.
        unsafe { self.0.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        // SAFETY: as above.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        give_back(layout.size());
        // SAFETY: as above.
        unsafe { self.0.dealloc(pointer, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        give_back(layout.size());
        take(size);
        // SAFETY: as above.
        unsafe { self.0.realloc(pointer, layout, size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Instant;

    #[test]
    fn a_thread_is_told_when_its_memory_is_spent() {
        static STOPPED: AtomicBool = AtomicBool::new(false);
        allow(1 << 20, &STOPPED);
        let first = vec![1u8; 1 << 19];
        assert!(!is_spent());
        let second = vec![1u8; 1 << 20];
        assert!(is_spent());
        drop(second);
        assert!(!is_spent(), "what is given back counts");
        allow_all();
        drop(first);
        assert!(!STOPPED.load(Ordering::Acquire));
    }

    #[test]
    fn a_thread_that_takes_far_more_stands_still() {
        static STOPPED: AtomicBool = AtomicBool::new(false);
        let (end, ended) = mpsc::channel();
        std::thread::spawn(move || {
            allow(1 << 20, &STOPPED);
            let taken = vec![1u8; 1 << 30];
            let _ = end.send(taken.len());
        });
        let deadline = Instant::now() + Duration::from_secs(30);
        while !STOPPED.load(Ordering::Acquire) {
            assert!(Instant::now() < deadline, "it is not stopped");
            std::thread::sleep(Duration::from_millis(1));
        }
        let ended = ended.recv_timeout(Duration::from_millis(500));
        assert_eq!(ended, Err(mpsc::RecvTimeoutError::Timeout));
    }
}
