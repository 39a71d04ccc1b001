//! Writes the binary form.

/// A datum that is put together.
#[derive(Debug, Default)]
pub struct Datum(pub Vec<u8>);

impl Datum {
    pub fn long(mut self, number: i64) -> Datum {
        let mut bits = (number << 1 ^ number >> 63) as u64;
        while bits >= 0x80 {
            self.0.push(bits as u8 | 0x80);
            bits >>= 7;
        }
        self.0.push(bits as u8);
        self
    }

    pub fn string(self, text: &str) -> Datum {
        self.sized(text.as_bytes())
    }

    /// Appends bytes behind their length.
    pub fn sized(self, bytes: &[u8]) -> Datum {
        self.long(bytes.len() as i64).raw(bytes)
    }

    pub fn raw(mut self, bytes: &[u8]) -> Datum {
        self.0.extend_from_slice(bytes);
        self
    }
}

pub fn long(number: i64) -> Vec<u8> {
    Datum::default().long(number).0
}

pub fn string(text: &str) -> Vec<u8> {
    Datum::default().string(text).0
}

pub fn sized(bytes: &[u8]) -> Vec<u8> {
    Datum::default().sized(bytes).0
}
