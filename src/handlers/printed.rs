//! What handlers print, held in memory until it is written: bounded over all of them together.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Over all handlers.
const TOTAL: usize = 256 << 20;

/// Most handlers print less, and never wait for others.
const SHARE: usize = 256 << 10;

/// Of the total at most a quarter is for shares, and a sixteenth for all that goes beyond them at the same time. One
/// handler at a time has what those of the others leave: it can always go on, so that those that wait for it never
/// wait for ever.
const SHARES: usize = 4;
const TOGETHER: usize = 16;

/// Pieces of this size are never moved to grow.
const PIECE: usize = 1 << 20;

/// The memory that all outputs share.
#[derive(Debug)]
pub struct Room {
    total: usize,
    share: usize,
    /// What one of them may have.
    most: usize,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    /// Of handlers at work.
    at_work: usize,
    /// Of records that are accepted, until it is written.
    accepted: usize,
    /// Beyond the shares, but for what the favoured one has.
    beyond: usize,
    /// One handler may take all that is left.
    has_favourite: bool,
}

/// What one handler has printed. Its room is free when this is dropped.
#[derive(Debug, Default)]
pub struct Printed {
    pieces: Vec<Vec<u8>>,
    size: usize,
    /// None if it has nothing.
    place: Option<Place>,
}

#[derive(Debug)]
struct Place {
    room: Arc<Room>,
    /// Counted in the books: what is held, and what is about to be read.
    counted: usize,
    beyond: usize,
    is_favourite: bool,
    is_accepted: bool,
}

/// The answer to somebody who wants to read more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// So many bytes may be read now.
    Bytes(usize),
    /// When others are done; nothing tells when.
    Later,
    /// It is more than can ever be held.
    TooMuch,
}

impl Room {
    /// For so many handlers at once.
    pub fn new(parallel: usize) -> Room {
        Room::of(TOTAL, parallel)
    }

    pub fn of(total: usize, parallel: usize) -> Room {
        let others = parallel.saturating_sub(1);
        let share = SHARE.min(total / SHARES / parallel.max(1));
        let together = if others > 0 { total / TOGETHER } else { 0 };
        Room { total, share, most: total - others * share - together, books: Mutex::default() }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Printed {
    pub fn new(room: &Arc<Room>) -> Printed {
        let room = Arc::clone(room);
        let place = Place { room, counted: 0, beyond: 0, is_favourite: false, is_accepted: false };
        Printed { place: Some(place), ..Printed::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.size == 0
    }

    pub fn size(&self) -> usize {
        self.size
    }

    /// Asks for room for `wanted` more bytes, at least 1. What is granted and not used is asked for anew.
    pub fn ask(&mut self, wanted: usize) -> Grant {
        let (size, Some(place)) = (self.size, &mut self.place) else { return Grant::TooMuch };
        place.ask(size, wanted)
    }

    /// Adds what was read, which was granted.
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

    /// Its handler has ended and it is to be written: nothing more comes.
    pub fn accept(&mut self) {
        if let Some(place) = &mut self.place {
            place.accept(self.size);
        }
    }

    /// The bytes, and what is to be dropped when they are.
    pub fn into_parts(self) -> (Vec<Vec<u8>>, impl Send + 'static) {
        (self.pieces, self.place)
    }

    /// All of it in one piece.
    #[cfg(test)]
    pub fn bytes(&self) -> Vec<u8> {
        self.pieces.concat()
    }
}

impl Place {
    fn ask(&mut self, size: usize, wanted: usize) -> Grant {
        let room = Arc::clone(&self.room);
        let mut books = room.books();
        self.leave(&mut books);
        let after = size + wanted;
        let beyond = after.saturating_sub(room.share);
        let is_small = beyond == 0;
        let fits_beside = books.beyond + beyond <= room.total / TOGETHER;
        if !is_small && !self.is_favourite && !fits_beside && !books.has_favourite {
            self.is_favourite = true;
        }
        let grant = if is_small || !self.is_favourite && fits_beside {
            Grant::Bytes(wanted)
        } else if !self.is_favourite {
            Grant::Later
        } else if after > room.most {
            Grant::TooMuch
        } else if books.at_work + books.accepted + after > room.total {
            // The writer makes room.
            Grant::Later
        } else {
            Grant::Bytes(wanted)
        };
        self.counted = if matches!(grant, Grant::Bytes(_)) { after } else { size };
        self.enter(&mut books);
        grant
    }

    fn accept(&mut self, size: usize) {
        let room = Arc::clone(&self.room);
        let mut books = room.books();
        self.leave(&mut books);
        (self.counted, self.is_favourite, self.is_accepted) = (size, false, true);
        self.enter(&mut books);
    }

    /// Takes what is counted out of the books.
    fn leave(&self, books: &mut Books) {
        if self.is_accepted {
            books.accepted -= self.counted;
        } else {
            books.at_work -= self.counted;
            books.beyond -= self.beyond;
        }
        if self.is_favourite {
            books.has_favourite = false;
        }
    }

    fn enter(&mut self, books: &mut Books) {
        self.beyond = 0;
        if self.is_accepted {
            books.accepted += self.counted;
        } else {
            books.at_work += self.counted;
            if !self.is_favourite {
                self.beyond = self.counted.saturating_sub(self.room.share);
                books.beyond += self.beyond;
            }
        }
        if self.is_favourite {
            books.has_favourite = true;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let room = Arc::clone(&self.room);
        self.leave(&mut room.books());
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
        let room = Arc::new(Room::of(16 * MIB, 1));
        let mut printed = Printed::new(&room);
        for _ in 0..16 {
            assert_eq!(take(&mut printed, MIB), Grant::Bytes(MIB));
        }
        assert_eq!(take(&mut printed, 1), Grant::TooMuch);
        assert_eq!(printed.bytes().len(), 16 * MIB);
        assert!(printed.pieces.iter().all(|piece| piece.capacity() <= 2 * MIB));
        drop(printed);
        assert_eq!(room.books().at_work, 0);
    }

    #[test]
    fn many_at_once_wait_for_one_that_always_goes_on() {
        let room = Arc::new(Room::of(16 * MIB, 4));
        let mut all: Vec<Printed> = (0..4).map(|_| Printed::new(&room)).collect();
        let mut done = 0;
        // Each wants 10 MiB: together far more than there is.
        while let Some(index) = (0..all.len()).find(|index| {
            let printed = &mut all[*index];
            printed.size < 10 * MIB && take(printed, 64 << 10) == Grant::Bytes(64 << 10)
        }) {
            let held = {
                let books = room.books();
                books.at_work + books.accepted
            };
            assert!(held <= 16 * MIB, "{held}");
            if all[index].size == 10 * MIB {
                all[index].accept();
                drop(all.remove(index).into_parts());
                done += 1;
            }
        }
        assert_eq!(done, 4);
        let books = room.books();
        assert_eq!((books.at_work, books.accepted, books.beyond, books.has_favourite), (0, 0, 0, false));
    }

    #[test]
    fn one_of_several_leaves_room_for_what_the_others_print() {
        let room = Arc::new(Room::of(16 * MIB, 2));
        let (mut one, mut other) = (Printed::new(&room), Printed::new(&room));
        let most = 16 * MIB - MIB - SHARE;
        assert_eq!(take(&mut one, most), Grant::Bytes(most));
        assert_eq!(take(&mut other, MIB + SHARE), Grant::Bytes(MIB + SHARE));
        assert_eq!(room.books().at_work, 16 * MIB);
        assert_eq!(take(&mut one, 1), Grant::TooMuch);
    }

    #[test]
    fn what_waits_to_be_written_is_waited_for_and_what_others_print_a_little_of_is_not() {
        let room = Arc::new(Room::of(16 * MIB, 2));
        let (mut one, mut other) = (Printed::new(&room), Printed::new(&room));
        assert_eq!(take(&mut one, 12 * MIB), Grant::Bytes(12 * MIB));
        one.accept();
        assert_eq!(take(&mut other, 6 * MIB), Grant::Later);
        let mut small = Printed::new(&room);
        assert_eq!(take(&mut small, 1000), Grant::Bytes(1000));
        drop(one);
        assert_eq!(take(&mut other, 6 * MIB), Grant::Bytes(6 * MIB));
        assert_eq!(take(&mut other, 9 * MIB), Grant::TooMuch);
    }
}
