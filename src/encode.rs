//! Numbers and bytes as ASCII characters.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Appends a whole number in decimal.
pub fn integer(number: i64, out: &mut Vec<u8>) {
    let mut tail = Tail::default();
    tail.integer(number);
    out.extend_from_slice(tail.bytes());
}

/// A few characters that are written from the last to the first, as digits come, and appended at once.
pub struct Tail {
    bytes: [u8; Tail::SIZE],
    start: usize,
}

impl Default for Tail {
    fn default() -> Tail {
        Tail { bytes: [0; Tail::SIZE], start: Tail::SIZE }
    }
}

impl Tail {
    /// How many characters it takes.
    pub const SIZE: usize = 64;

    /// Puts characters in front.
    #[inline(always)]
    pub fn text<const N: usize>(&mut self, text: &[u8; N]) {
        self.start -= N;
        self.bytes[self.start..self.start + N].copy_from_slice(text);
    }

    /// Puts characters in front of which only the program knows how many there are.
    #[inline(always)]
    pub fn slice(&mut self, text: &[u8]) {
        let end = self.start;
        self.start -= text.len();
        self.bytes[self.start..end].copy_from_slice(text);
    }

    /// Puts a whole number in decimal in front.
    #[inline(always)]
    pub fn integer(&mut self, number: i64) {
        const PAIRS: [[u8; 2]; 100] = pairs();
        let mut rest = number.unsigned_abs();
        // Each division gives two pairs of digits, since it has to wait for the one before.
        while rest >= 1000 {
            let four = (rest % 10_000) as usize;
            rest /= 10_000;
            self.text(&PAIRS[four % 100]);
            self.text(&PAIRS[four / 100]);
        }
        while rest >= 10 {
            self.text(&PAIRS[(rest % 100) as usize]);
            rest /= 100;
        }
        if rest > 0 || number == 0 {
            self.text(&[b'0' + rest as u8]);
        }
        if number < 0 {
            self.text(b"-");
        }
    }

    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// The pairs of digits from `00` to `99`.
const fn pairs() -> [[u8; 2]; 100] {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
}

/// Appends bytes in base64, with the standard alphabet and padding.
pub fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    STANDARD.encode_slice(bytes, &mut out[start..]).expect("four characters stand for three bytes");
}

/// Appends bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    out.extend(bytes.iter().flat_map(digits));
}

/// Appends the text form of a UUID.
pub fn uuid(bytes: &[u8; 16], out: &mut Vec<u8>) {
    let (mut from, groups) = (0, [4, 2, 2, 2, 6]);
    for (index, length) in groups.into_iter().enumerate() {
        if index > 0 {
            out.push(b'-');
        }
        hex(&bytes[from..from + length], out);
        from += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = b"before ".to_vec();
        write(&mut out);
        String::from_utf8(out).expect("ASCII").split_off(7)
    }

    #[test]
    fn numbers_are_written_up_to_both_ends() {
        for number in [0, 7, 10, 42, 99, 100, 101, 1_763_888_400_000, -1, -10, i64::MAX, i64::MIN] {
            assert_eq!(written(|out| integer(number, out)), number.to_string());
        }
    }

    #[test]
    fn bytes_are_written_in_base64_and_hex() {
        for (bytes, base64_text, hex_text) in
            [(&b""[..], "", ""), (b"\xff", "/w==", "ff"), (b"\xff\xfe\x00A", "//4AQQ==", "fffe0041")]
        {
            assert_eq!(written(|out| base64(bytes, out)), base64_text);
            assert_eq!(written(|out| hex(bytes, out)), hex_text);
        }
    }

    #[test]
    fn a_uuid_is_written_in_groups() {
        let bytes = *b"\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x14\x17\x40\x00";
        assert_eq!(written(|out| uuid(&bytes, out)), "123e4567-e89b-12d3-a456-426614174000");
    }

    proptest! {
        #[test]
        fn any_number_is_written_as_the_standard_library_does(number: i64) {
            prop_assert_eq!(written(|out| integer(number, out)), number.to_string());
        }
    }
}
