//! The plain parts of strings, found many bytes at a time: the inner loop of reading and writing JSON.

/// How many bytes from the start are plain, and whether all that was looked at is ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain {
    pub length: usize,
    /// May be false for what stands behind the plain part.
    pub is_ascii: bool,
}

/// Measures what needs no escape in a JSON string: up to a quote, backslash or control character.
#[inline(always)]
pub fn prefix(bytes: &[u8]) -> Plain {
    let mut length = 0;
    let mut union = 0;
    while let Some(chunk) = bytes[length..].first_chunk::<8>() {
        let chunk = u64::from_le_bytes(*chunk);
        union |= chunk;
        let marks = special_marks(chunk);
        if marks != 0 {
            length += marks.trailing_zeros() as usize / 8;
            return Plain { length, is_ascii: union & HIGHEST == 0 };
        }
        length += 8;
    }
    for &byte in &bytes[length..] {
        if matches!(byte, 0..0x20 | b'"' | b'\\') {
            break;
        }
        union |= u64::from(byte);
        length += 1;
    }
    Plain { length, is_ascii: union & HIGHEST == 0 }
}

/// A one in every byte, and the highest bit of every byte.
const ONES: u64 = u64::MAX / 255;
const HIGHEST: u64 = ONES << 7;

/// Marks special bytes of eight with their highest bit. Only the lowest mark is exact: a byte that is
/// zero, or below 0x20, borrows from the one above it.
#[inline(always)]
fn special_marks(chunk: u64) -> u64 {
    let quote = (chunk ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (chunk ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    let control = chunk.wrapping_sub(ONES * 0x20);
    (quote | backslash | control) & !chunk & HIGHEST
}
