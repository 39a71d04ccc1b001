//! Envelopes on their way to a worker.

/// A buffer that a large record has made larger than this shrinks to it.
const KEPT: usize = 1 << 20;

/// Unwritten bytes move to the front of the buffer once at least as many, and no fewer than this, were written.
const MOVED: usize = 64 << 10;

/// The envelopes that were rendered for a process, as one stream of bytes.
#[derive(Default)]
pub struct Input {
    /// The bytes that were written lately, followed by those that are not written yet.
    pub bytes: Vec<u8>,
    /// How many of `bytes` are written already.
    written: usize,
    pub written_in_all: u64,
}

impl Input {
    /// The bytes that are not written yet.
    pub fn left(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    /// Where the next envelope will start, counted from the first byte ever written.
    pub fn end(&self) -> u64 {
        self.written_in_all + self.left().len() as u64
    }

    /// Notes how many bytes the pipe has taken.
    pub fn has_written(&mut self, count: usize) {
        self.written += count;
        self.written_in_all += count as u64;
        if self.left().is_empty() {
            self.forget();
        } else if self.written >= MOVED.max(self.left().len()) {
            // A pipe that is never empty would make us keep all that was ever written.
            self.bytes.drain(..self.written);
            self.written = 0;
        }
    }

    /// Forgets all bytes, written or not.
    pub fn forget(&mut self) {
        self.written = 0;
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_not_kept() {
        let mut input = Input::default();
        let envelope: Vec<u8> = (0..=255).cycle().take(10_007).collect();
        let (mut written, mut expected) = (0, envelope.iter().cycle());
        for _ in 0..10_000 {
            input.bytes.extend_from_slice(&envelope);
            // It is never empty.
            let count = envelope.len().min(input.left().len() - 1);
            assert!(input.left()[..count].iter().eq(expected.by_ref().take(count)));
            input.has_written(count);
            written += count as u64;
            assert_eq!(input.written_in_all, written);
            assert!(input.bytes.len() < 3 * MOVED, "{}", input.bytes.len());
        }
        input.has_written(input.left().len());
        assert_eq!(input.end(), 10_000 * envelope.len() as u64);
        assert!(input.bytes.is_empty());
    }
}
