//! Ends programs that run too long, take too much memory or call themselves too deeply: every step of a program asks.

use super::Bounded;
use crate::memory;
use jaq_core::Lut;
use jaq_core::data::HasLut;
use std::fmt;
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// How long a program may take for one record.
pub const TIME: Duration = Duration::from_secs(5);

/// Memory for a program, and for each byte of its record: values take far more than their text.
const MEMORY: usize = 128 << 20;
const MEMORY_PER_BYTE: usize = 64;

/// The stack of a thread that runs programs: the first of these that can be had. Only addresses are taken for it, but a
/// small machine may refuse so many.
///
/// Calls of a program take the least part of it. The rest is for what asks nobody: reading, comparing and dropping deep
/// values, which takes some hundred bytes for each level, where the value has about 64.
pub const STACKS: [usize; 2] = [1 << 30, 128 << 20];
const STACK_OF_CALLS: usize = 32 << 20;

/// What a thread that runs programs and whoever watches it share.
#[derive(Debug)]
pub struct Watch {
    /// The number of the record at work, from 1; 0 between records.
    running: AtomicU64,
    /// The record that is to be given up.
    stopped: AtomicU64,
    /// The address below which the stack is too deep.
    lowest: AtomicUsize,
    /// Set when the thread took so much memory that it stands still. It may do so after nobody cares any more.
    stands_still: &'static AtomicBool,
}

/// Why a program was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    Time,
    Memory,
    Depth,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Excess::Time => write!(f, "it took longer than {} s", TIME.as_secs()),
            Excess::Memory => write!(f, "it took more than {} MiB of memory", MEMORY >> 20),
            Excess::Depth => write!(f, "it recurses too deeply"),
        }
    }
}

impl Default for Watch {
    fn default() -> Watch {
        Watch {
            running: AtomicU64::new(0),
            stopped: AtomicU64::new(0),
            lowest: AtomicUsize::new(0),
            // A few bytes for each thread that is ever started.
            stands_still: Box::leak(Box::default()),
        }
    }
}

impl Watch {
    /// Called by a thread with one of the `STACKS` before it runs programs.
    pub fn enter(&self) {
        self.lowest.store(stack_address().saturating_sub(STACK_OF_CALLS), Ordering::Relaxed);
    }

    /// Runs programs for the record of this number; what they take of this thread's memory is bounded.
    pub fn run<T>(&self, number: u64, size: usize, work: impl FnOnce() -> T) -> T {
        memory::allow(MEMORY.saturating_add(size.saturating_mul(MEMORY_PER_BYTE)), self.stands_still);
        self.running.store(number, Ordering::Release);
        let result = work();
        self.running.store(0, Ordering::Release);
        memory::allow_all();
        result
    }

    /// The number of the record at work; 0 if there is none.
    pub fn running(&self) -> u64 {
        self.running.load(Ordering::Acquire)
    }

    /// Has the record given up, at the next step of the program.
    pub fn stop(&self, number: u64) {
        self.stopped.store(number, Ordering::Release);
    }

    /// The thread took so much memory that it will never go on.
    pub fn stands_still(&self) -> bool {
        self.stands_still.load(Ordering::Acquire)
    }

    /// Ends the program if it is to end: by unwinding, as nothing else gets out of it.
    #[inline]
    pub fn check(&self) {
        let running = self.running.load(Ordering::Relaxed);
        let is_stopped = running != 0 && self.stopped.load(Ordering::Relaxed) == running;
        if is_stopped || memory::is_spent() || stack_address() < self.lowest.load(Ordering::Relaxed) {
            end(is_stopped);
        }
    }
}

#[cold]
fn end(is_stopped: bool) -> ! {
    let excess = match is_stopped {
        true => Excess::Time,
        false if memory::is_spent() => Excess::Memory,
        false => Excess::Depth,
    };
    panic::resume_unwind(Box::new(excess))
}

/// About where the stack is now.
#[inline(always)]
fn stack_address() -> usize {
    let here = 0u8;
    std::hint::black_box(&raw const here).addr()
}

/// What a program is run with.
#[derive(Clone, Copy)]
pub struct Data<'a> {
    pub lut: &'a Lut<Bounded>,
    pub watch: &'a Watch,
}

/// Asked for by every step of a program.
impl<'a> HasLut<'a, Bounded> for Data<'a> {
    #[inline]
    fn lut(&self) -> &'a Lut<Bounded> {
        self.watch.check();
        self.lut
    }
}
