//! How much is asked for at once: answers are counted packed, memory is what they unpack to.

use super::batch::Batch;
use super::client::Consumer;
use super::native;
use std::collections::VecDeque;
use std::sync::Arc;
use zstd_safe::CCtx;

const FETCH_MAX_BYTES: &str = "fetch.max.bytes";

/// What librdkafka has for it.
const MOST: i64 = 52_428_800;

/// What one answer may come to in memory. One batch of records always comes whole.
const ANSWER: f64 = 16.0 * 1024.0 * 1024.0;

/// What may wait in partitions that are held, all together.
const WAITING: f64 = 48.0 * 1024.0 * 1024.0;

/// An answer takes at most this part of what is left of it, so that many partitions cannot pass it by much.
const PART: f64 = 3.0;

/// Asked for at first, when nothing is known of the records.
const FIRST: f64 = 8.0 * 1024.0;

/// So much more than was seen so far is asked for at most: what comes may be packed better than what came.
const GROWTH: f64 = 4.0;

/// Below it an answer is a single batch anyway.
const LEAST: f64 = 512.0;

/// A record costs that much in librdkafka's queue beside its bytes.
const RECORD: f64 = 300.0;

/// Records are tried in pieces of this size; longer ones where a piece packs well, as that tells little then.
const PIECE: usize = 64 * 1024;
const LONG_PIECE: usize = 1024 * 1024;
const WELL_PACKED: f64 = 50.0;

/// At least and at most so much is read between two tries.
const SHORTEST_PAUSE: f64 = 16.0 * 1024.0;
const LONGEST_PAUSE: f64 = 16.0 * 1024.0 * 1024.0;

/// So many looks in a row that found little in memory allow twice as much, up to so many times.
const CALM: usize = 16;
const MOST_EASE: f64 = 8.0;

/// The tries that are remembered: partitions may differ, and the one that packs best counts.
const REMEMBERED: usize = 16;

/// Sets `fetch.max.bytes` of a running client.
pub struct FetchSize {
    client: Arc<Consumer>,
    limit: Limit,
    packer: Option<CCtx<'static>>,
    piece: Vec<u8>,
    packed: Vec<u8>,
    asked: i64,
}

impl FetchSize {
    /// What the properties of the client say is the largest answer that is asked for.
    pub fn new(client: &Arc<Consumer>, properties: &[(String, String)]) -> FetchSize {
        let most = properties.iter().find(|(name, _)| name == FETCH_MAX_BYTES);
        let most = most.and_then(|(_, value)| value.parse().ok()).unwrap_or(MOST);
        let mut size = FetchSize {
            client: Arc::clone(client),
            limit: Limit::new(most),
            packer: None,
            piece: Vec::new(),
            packed: Vec::new(),
            asked: most,
        };
        size.settle(0.0);
        size
    }

    /// Looks at records that came, with `queued` more behind them, and asks for as much as fits beside `waiting`
    /// bytes of partitions that are held.
    pub fn follow(&mut self, batch: &Batch, queued: usize, waiting: usize) {
        let (mut records, mut bytes) = (0, 0);
        for (_, size) in batch.sizes() {
            records += 1;
            bytes += size;
        }
        if records == 0 {
            return;
        }
        if self.limit.has_come(bytes)
            && let Some(density) = self.try_packing(batch)
        {
            self.limit.has_tried(density);
        }
        self.limit.has_piled_up((bytes + bytes / records * queued + waiting) as f64);
        self.settle(waiting as f64);
    }

    /// Asks for as much as fits beside what waits.
    pub fn settle(&mut self, waiting: f64) {
        let bytes = self.limit.bytes(waiting);
        // The call looks for the property by its name: not for a few bytes.
        if bytes == self.asked || (bytes - self.asked).abs() < self.asked / 8 {
            return;
        }
        self.asked = bytes;
        native::set_fetch_max_bytes(&self.client, bytes);
    }

    /// How many bytes of memory a byte of an answer may become: with a good packer, whoever wrote the records.
    fn try_packing(&mut self, batch: &Batch) -> Option<f64> {
        let mut length = PIECE;
        loop {
            self.piece.clear();
            let records = batch.copy_from_largest(length, &mut self.piece);
            if self.piece.is_empty() {
                return None;
            }
            self.packed.resize(PIECE, 0);
            let packer = self.packer.get_or_insert_with(CCtx::create);
            // What has no room in as little is not packed well.
            let packed = packer.compress(&mut self.packed[..], &self.piece, 1).unwrap_or(self.piece.len());
            let density = (self.piece.len() as f64 + RECORD * records as f64) / packed.max(1) as f64;
            let is_whole = self.piece.len() < length;
            if is_whole || length == LONG_PIECE || (self.piece.len() / packed.max(1)) as f64 <= WELL_PACKED {
                return Some(density);
            }
            length = LONG_PIECE;
        }
    }
}

/// What is known about the records, and the limit that follows from it. Pure.
#[derive(Debug)]
struct Limit {
    most: f64,
    seen: f64,
    next_try: f64,
    densities: VecDeque<f64>,
    /// How many times the careful guess is asked for.
    ease: f64,
    /// Looks since it changed that found little in memory.
    calm: usize,
}

impl Limit {
    fn new(most: i64) -> Limit {
        Limit { most: most as f64, seen: 0.0, next_try: 0.0, densities: VecDeque::new(), ease: 1.0, calm: 0 }
    }

    /// So many bytes have come. True if it is time to try how well they pack.
    fn has_come(&mut self, bytes: usize) -> bool {
        self.seen += bytes as f64;
        if bytes == 0 || self.seen < self.next_try {
            return false;
        }
        self.next_try = self.seen + (self.seen / 4.0).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        true
    }

    fn has_tried(&mut self, density: f64) {
        self.densities.push_back(density);
        if self.densities.len() > REMEMBERED {
            self.densities.pop_front();
        }
    }

    /// So much is in memory. The guess is careful: the records may be packed less well than they could be. Where all
    /// is taken as fast as it comes, more is asked for, so that a broker far away is not waited for.
    fn has_piled_up(&mut self, bytes: f64) {
        self.calm = if bytes > ANSWER / 4.0 { 0 } else { self.calm + 1 };
        if bytes > ANSWER {
            self.ease = 1.0;
        } else if self.calm == CALM {
            self.ease = (self.ease * 2.0).min(MOST_EASE);
            self.calm = 0;
        }
    }

    /// How much to ask for, with so much waiting in memory.
    fn bytes(&self, waiting: f64) -> i64 {
        let density = self.densities.iter().copied().fold(1.0, f64::max);
        let room = ((WAITING - waiting) / PART).clamp(0.0, ANSWER);
        let known = FIRST.max(self.seen * GROWTH);
        let ease = if waiting > 0.0 { 1.0 } else { self.ease };
        (room / density * ease).min(known).max(LEAST).min(self.most) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: i64 = 16 * 1024 * 1024;

    #[test]
    fn the_first_answer_is_small_and_the_next_ones_grow_with_what_came() {
        let mut limit = Limit::new(MOST);
        assert_eq!(limit.bytes(0.0), 8 * 1024);
        assert!(limit.has_come(8 * 1024));
        limit.has_tried(1.0);
        assert_eq!(limit.bytes(0.0), 32 * 1024);
        limit.has_come(100 * 1024 * 1024);
        assert_eq!(limit.bytes(0.0), MOST);
    }

    #[test]
    fn an_answer_unpacks_to_a_bounded_size() {
        for density in [1.0, 7.0, 180.0, 4000.0] {
            let mut limit = Limit::new(MOST);
            limit.has_come(1 << 30);
            limit.has_tried(density);
            let unpacked = limit.bytes(0.0) as f64 * density;
            assert!(unpacked <= ANSWER, "{density}: {unpacked}");
            assert!(unpacked > ANSWER * 0.9, "{density}: {unpacked}");
        }
    }

    #[test]
    fn the_partition_that_packs_best_counts() {
        let mut limit = Limit::new(MOST);
        limit.has_come(1 << 30);
        limit.has_tried(100.0);
        for _ in 1..REMEMBERED {
            limit.has_tried(2.0);
        }
        assert!(limit.bytes(0.0) < 200_000);
        limit.has_tried(2.0);
        assert!(limit.bytes(0.0) > 8_000_000);
    }

    #[test]
    fn what_waits_makes_answers_smaller_and_never_comes_to_much_more_than_its_limit() {
        let mut limit = Limit::new(MOST);
        limit.has_come(1 << 30);
        limit.has_tried(100.0);
        let mut waiting = 0.0;
        for _ in 0..1000 {
            waiting += limit.bytes(waiting) as f64 * 100.0;
        }
        assert!(waiting > WAITING * 0.9, "{waiting}");
        // Each of the last ones is a batch.
        assert!(waiting < WAITING + 1000.0 * LEAST * 100.0, "{waiting}");
    }

    #[test]
    fn more_is_asked_for_while_nothing_piles_up() {
        let mut limit = Limit::new(MOST);
        limit.has_come(1 << 30);
        limit.has_tried(1000.0);
        let careful = limit.bytes(0.0);
        for _ in 0..1000 {
            limit.has_piled_up(1_000_000.0);
        }
        assert_eq!(limit.bytes(0.0) / careful, 8);
        assert_eq!(limit.bytes(1.0), careful, "a partition is held");
        limit.has_piled_up(ANSWER + 1.0);
        assert_eq!(limit.bytes(0.0), careful);
    }

    #[test]
    fn tries_become_rare() {
        let mut limit = Limit::new(MOST);
        let tries = (0..10_000).filter(|_| limit.has_come(100_000)).count();
        assert!((60..200).contains(&tries), "{tries}");
        assert!(!limit.has_come(0));
    }

    #[test]
    fn the_settings_are_the_upper_bound() {
        let mut limit = Limit::new(5000);
        limit.has_come(1 << 30);
        assert_eq!(limit.bytes(0.0), 5000);
    }
}
