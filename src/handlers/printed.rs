//! What handlers print, kept in memory until it is written, with one limit for all handlers together.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The limit for all handlers together.
const TOTAL: usize = 256 << 20;

/// How much each handler may always hold. Most print less and never wait for others.
const SHARE: usize = 256 << 10;

/// At most a quarter of the total is for the shares, and a sixteenth for what handlers hold beyond their shares at
/// the same time. One handler at a time may use all that the others leave. It can always go on, so that those that
/// wait for it do not wait for ever.
const SHARES: usize = 4;
const TOGETHER: usize = 16;

/// The size of the pieces in which output is kept: a piece of this size is never moved to grow.
const PIECE: usize = 1 << 20;

/// The memory that all outputs share.
#[derive(Debug)]
pub struct OutputMemory {
    total: usize,
    share: usize,
    /// The most that one handler may hold.
    most: usize,
    usage: Mutex<MemoryUsage>,
}

#[derive(Debug, Default)]
struct MemoryUsage {
    /// Bytes of handlers that are still at work.
    at_work: usize,
    /// Bytes of accepted records that are not written yet.
    accepted: usize,
    /// Bytes beyond the shares, without those of the favoured handler.
    beyond: usize,
    /// Whether there is a favoured handler, which may use all that is left.
    has_favourite: bool,
}

/// What one handler has printed. Its memory is free when this is dropped.
#[derive(Debug, Default)]
pub struct Printed {
    pieces: Vec<Vec<u8>>,
    size: usize,
    /// None for an output that will stay empty.
    reservation: Option<Reservation>,
}

#[derive(Debug)]
struct Reservation {
    memory: Arc<OutputMemory>,
    /// Bytes counted in the usage: those held and those about to be read.
    counted: usize,
    beyond: usize,
    is_favourite: bool,
    is_accepted: bool,
}

/// The answer to a handler's thread that wants to read more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// This many bytes may be read now.
    Bytes(usize),
    /// More may be read when others are done; ask again, since nothing tells when.
    Later,
    /// The handler prints more than can ever be held.
    TooMuch,
}

impl OutputMemory {
    /// The memory for `parallel` handlers at once.
    pub fn new(parallel: usize) -> OutputMemory {
        OutputMemory::of(TOTAL, parallel)
    }

    pub fn of(total: usize, parallel: usize) -> OutputMemory {
        let others = parallel.saturating_sub(1);
        let share = SHARE.min(total / SHARES / parallel.max(1));
        let together = if others > 0 { total / TOGETHER } else { 0 };
        OutputMemory { total, share, most: total - others * share - together, usage: Mutex::default() }
    }

    fn usage(&self) -> MutexGuard<'_, MemoryUsage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Printed {
    pub fn new(memory: &Arc<OutputMemory>) -> Printed {
        let memory = Arc::clone(memory);
        let reservation =
            Reservation { memory, counted: 0, beyond: 0, is_favourite: false, is_accepted: false };
        Printed { reservation: Some(reservation), ..Printed::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.size == 0
    }

    pub fn size(&self) -> usize {
        self.size
    }

    /// Asks for memory for `wanted` more bytes, at least 1. A grant that is not used up has to be asked for again.
    pub fn ask(&mut self, wanted: usize) -> Grant {
        let (size, Some(reservation)) = (self.size, &mut self.reservation) else { return Grant::TooMuch };
        reservation.ask(size, wanted)
    }

    /// Adds bytes that were granted and read.
    pub fn add(&mut self, mut bytes: &[u8]) {
        self.size += bytes.len();
        while !bytes.is_empty() {
            if self.pieces.last().is_none_or(|piece| piece.len() == PIECE) {
                // The first one grows as it comes: most outputs are small.
                self.pieces.push(Vec::with_capacity(if self.pieces.is_empty() { 0 } else { PIECE }));
            }
            let Some(piece) = self.pieces.last_mut() else { return };
            let (now, rest) = bytes.split_at(bytes.len().min(PIECE - piece.len()));
            piece.extend_from_slice(now);
            bytes = rest;
        }
    }

    /// Marks the output as complete: its handler has accepted the record, and it will be written.
    pub fn accept(&mut self) {
        if let Some(reservation) = &mut self.reservation {
            reservation.accept(self.size);
        }
    }

    /// The bytes, and a guard that frees their memory when it is dropped.
    pub fn into_parts(self) -> (Vec<Vec<u8>>, impl Send + 'static) {
        (self.pieces, self.reservation)
    }

    /// The whole output in one piece.
    #[cfg(test)]
    pub fn bytes(&self) -> Vec<u8> {
        self.pieces.concat()
    }
}

impl Reservation {
    fn ask(&mut self, size: usize, wanted: usize) -> Grant {
        let memory = Arc::clone(&self.memory);
        let mut usage = memory.usage();
        self.leave(&mut usage);
        let after = size + wanted;
        let beyond = after.saturating_sub(memory.share);
        let is_small = beyond == 0;
        let fits_beside = usage.beyond + beyond <= memory.total / TOGETHER;
        if !is_small && !self.is_favourite && !fits_beside && !usage.has_favourite {
            self.is_favourite = true;
        }
        let grant = if is_small || !self.is_favourite && fits_beside {
            Grant::Bytes(wanted)
        } else if !self.is_favourite {
            Grant::Later
        } else if after > memory.most {
            Grant::TooMuch
        } else if usage.at_work + usage.accepted + after > memory.total {
            // The writer will free some.
            Grant::Later
        } else {
            Grant::Bytes(wanted)
        };
        self.counted = if matches!(grant, Grant::Bytes(_)) { after } else { size };
        self.enter(&mut usage);
        grant
    }

    fn accept(&mut self, size: usize) {
        let memory = Arc::clone(&self.memory);
        let mut usage = memory.usage();
        self.leave(&mut usage);
        (self.counted, self.is_favourite, self.is_accepted) = (size, false, true);
        self.enter(&mut usage);
    }

    /// Takes the bytes of this output out of the usage.
    fn leave(&self, usage: &mut MemoryUsage) {
        if self.is_accepted {
            usage.accepted -= self.counted;
        } else {
            usage.at_work -= self.counted;
            usage.beyond -= self.beyond;
        }
        if self.is_favourite {
            usage.has_favourite = false;
        }
    }

    fn enter(&mut self, usage: &mut MemoryUsage) {
        self.beyond = 0;
        if self.is_accepted {
            usage.accepted += self.counted;
        } else {
            usage.at_work += self.counted;
            if !self.is_favourite {
                self.beyond = self.counted.saturating_sub(self.memory.share);
                usage.beyond += self.beyond;
            }
        }
        if self.is_favourite {
            usage.has_favourite = true;
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let memory = Arc::clone(&self.memory);
        self.leave(&mut memory.usage());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    fn take(printed: &mut Printed, bytes: usize) -> Grant {
        let grant = printed.ask(bytes);
        if let Grant::Bytes(count) = grant {
            printed.add(&vec![b'x'; count]);
        }
        grant
    }

    #[test]
    fn one_alone_may_have_all() {
        let memory = Arc::new(OutputMemory::of(16 * MIB, 1));
        let mut printed = Printed::new(&memory);
        for _ in 0..16 {
            assert_eq!(take(&mut printed, MIB), Grant::Bytes(MIB));
        }
        assert_eq!(take(&mut printed, 1), Grant::TooMuch);
        assert_eq!(printed.bytes().len(), 16 * MIB);
        assert!(printed.pieces.iter().all(|piece| piece.capacity() <= 2 * MIB));
        drop(printed);
        assert_eq!(memory.usage().at_work, 0);
    }

    #[test]
    fn many_at_once_wait_for_one_that_always_goes_on() {
        let memory = Arc::new(OutputMemory::of(16 * MIB, 4));
        let mut all: Vec<Printed> = (0..4).map(|_| Printed::new(&memory)).collect();
        let mut done = 0;
        // Each wants 10 MiB: together far more than there is.
        while let Some(index) = (0..all.len()).find(|index| {
            let printed = &mut all[*index];
            printed.size < 10 * MIB && take(printed, 64 << 10) == Grant::Bytes(64 << 10)
        }) {
            let held = {
                let usage = memory.usage();
                usage.at_work + usage.accepted
            };
            assert!(held <= 16 * MIB, "{held}");
            if all[index].size == 10 * MIB {
                all[index].accept();
                drop(all.remove(index).into_parts());
                done += 1;
            }
        }
        assert_eq!(done, 4);
        let usage = memory.usage();
        assert_eq!((usage.at_work, usage.accepted, usage.beyond, usage.has_favourite), (0, 0, 0, false));
    }

    #[test]
    fn one_of_several_leaves_room_for_what_the_others_print() {
        let memory = Arc::new(OutputMemory::of(16 * MIB, 2));
        let (mut one, mut other) = (Printed::new(&memory), Printed::new(&memory));
        let most = 16 * MIB - MIB - SHARE;
        assert_eq!(take(&mut one, most), Grant::Bytes(most));
        assert_eq!(take(&mut other, MIB + SHARE), Grant::Bytes(MIB + SHARE));
        assert_eq!(memory.usage().at_work, 16 * MIB);
        assert_eq!(take(&mut one, 1), Grant::TooMuch);
    }

    #[test]
    fn what_waits_to_be_written_is_waited_for_and_what_others_print_a_little_of_is_not() {
        let memory = Arc::new(OutputMemory::of(16 * MIB, 2));
        let (mut one, mut other) = (Printed::new(&memory), Printed::new(&memory));
        assert_eq!(take(&mut one, 12 * MIB), Grant::Bytes(12 * MIB));
        one.accept();
        assert_eq!(take(&mut other, 6 * MIB), Grant::Later);
        let mut small = Printed::new(&memory);
        assert_eq!(take(&mut small, 1000), Grant::Bytes(1000));
        drop(one);
        assert_eq!(take(&mut other, 6 * MIB), Grant::Bytes(6 * MIB));
        assert_eq!(take(&mut other, 9 * MIB), Grant::TooMuch);
    }
}
