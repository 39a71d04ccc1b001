//! `-o raw`: the value's bytes as they are, then the delimiter.

use crate::record::Record;

#[derive(Debug)]
pub struct Values {
    delimiter: Vec<u8>,
}

impl Values {
    pub fn new(delimiter: &[u8]) -> Values {
        Values { delimiter: delimiter.to_vec() }
    }

    /// Appends the value, whatever it is to be decoded as; a tombstone is an empty value.
    pub fn render(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(record.value.unwrap_or_default());
        out.extend_from_slice(&self.delimiter);
    }
}
