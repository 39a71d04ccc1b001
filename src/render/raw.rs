//! `-o raw`: the bytes of the value as they are, and the delimiter. On a terminal, what would act on it is escaped.

use crate::escape;
use crate::record::Record;

#[derive(Debug)]
pub struct RawRenderer {
    delimiter: Vec<u8>,
    is_terminal: bool,
}

impl RawRenderer {
    pub fn new(delimiter: &[u8], is_terminal: bool) -> RawRenderer {
        RawRenderer { delimiter: delimiter.to_vec(), is_terminal }
    }

    /// Appends the value, whatever its format; a tombstone has an empty value.
    pub fn render(&self, record: &Record<'_>, out: &mut Vec<u8>) {
        let value = record.value.unwrap_or_default();
        if self.is_terminal {
            out.extend_from_slice(escape::screen(value).as_bytes());
        } else {
            out.extend_from_slice(value);
        }
        out.extend_from_slice(&self.delimiter);
    }
}
