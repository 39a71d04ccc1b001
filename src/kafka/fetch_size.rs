//! How much to fetch at once. Answers are limited by their packed size, memory by what they unpack to.

use super::batch::Batch;
use super::client::Consumer;
use super::native;
use std::collections::VecDeque;
use std::sync::Arc;
use zstd_safe::CCtx;

const FETCH_MAX_BYTES: &str = "fetch.max.bytes";

/// librdkafka's default.
const MOST: i64 = 52_428_800;

/// How much memory one answer may take. A single batch of records always comes whole.
const ANSWER: f64 = 16.0 * 1024.0 * 1024.0;

/// How much memory may wait in all partitions that are held, together.
const WAITING: f64 = 48.0 * 1024.0 * 1024.0;

/// An answer may take this fraction of what is left of `WAITING`, so that many partitions cannot exceed it by much.
const PART: f64 = 3.0;

/// How many bytes are fetched at first, while nothing is known about the records.
const FIRST: f64 = 8.0 * 1024.0;

/// By how much a fetch may grow beyond what was seen so far, since records to come may be packed better.
const GROWTH: f64 = 4.0;

/// The least that is worth asking for: below it an answer is a single batch anyway.
const LEAST: f64 = 512.0;

/// What a record costs in librdkafka's queue besides its bytes.
const RECORD: f64 = 300.0;

/// How much of the records is packed to see how well they pack; more where a piece packs well, since a short piece
/// tells little then.
const PIECE: usize = 64 * 1024;
const LONG_PIECE: usize = 1024 * 1024;
const WELL_PACKED: f64 = 50.0;

/// The least and the most that is read between two tries at packing.
const SHORTEST_PAUSE: f64 = 16.0 * 1024.0;
const LONGEST_PAUSE: f64 = 16.0 * 1024.0 * 1024.0;

/// After how many looks in a row that found little in memory twice as much is fetched, and how much that can become.
const CALM: usize = 16;
const MOST_EASE: f64 = 8.0;

/// How many tries are remembered. Partitions may differ, and the one that packs best counts.
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
    /// Never fetches more at once than the properties of the client say.
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

    /// Looks at records that came, with `queued` more behind them, and sets what is fetched to as much as fits
    /// besides the `waiting` bytes of partitions that are held.
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

    /// Fetches as much as fits besides what waits.
    pub fn settle(&mut self, waiting: f64) {
        let bytes = self.limit.bytes(waiting);
        // The call looks the property up by its name, which a few bytes are not worth.
        if bytes == self.asked || (bytes - self.asked).abs() < self.asked / 8 {
            return;
        }
        self.asked = bytes;
        native::set_fetch_max_bytes(&self.client, bytes);
    }

    /// Returns how many bytes of memory a byte of an answer may become, if whoever wrote the records packed them
    /// well.
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
            // Output that does not fit into so little is not packed well.
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

/// What is known about the records, and the limit that follows from it.
#[derive(Debug)]
struct Limit {
    most: f64,
    seen: f64,
    next_try: f64,
    densities: VecDeque<f64>,
    /// The factor by which the careful guess is exceeded.
    ease: f64,
    /// How many looks in a row have found little in memory.
    calm: usize,
}

impl Limit {
    fn new(most: i64) -> Limit {
        Limit { most: most as f64, seen: 0.0, next_try: 0.0, densities: VecDeque::new(), ease: 1.0, calm: 0 }
    }

    /// Counts bytes that have come; returns whether it is time to try how well they pack.
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

    /// Notes how many bytes are in memory. The guess is careful, since records may be packed less well than they
    /// could be. Where everything is taken as fast as it comes, more is fetched, so that a distant broker does not
    /// slow us down.
    fn has_piled_up(&mut self, bytes: f64) {
        self.calm = if bytes > ANSWER / 4.0 { 0 } else { self.calm + 1 };
        if bytes > ANSWER {
            self.ease = 1.0;
        } else if self.calm == CALM {
            self.ease = (self.ease * 2.0).min(MOST_EASE);
            self.calm = 0;
        }
    }

    /// How much to fetch while `waiting` bytes are in memory.
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
        // The last answers are single batches.
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
