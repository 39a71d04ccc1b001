//! Headers of records, each in its format.

use super::Decoded;
use super::decoder::{Decoder, Part};
use super::formats::DataFormats;
use super::reason::Reason;
use crate::record::{Header, Record};

/// Decodes headers that are not all shown as their bytes look: those of one record after the other, in their order.
#[derive(Debug)]
pub struct HeaderDecoders {
    named: Vec<(Vec<u8>, Decoder)>,
    others: Decoder,
    /// How many headers of the record are decoded already.
    decoded: usize,
    /// The first one that is not in its format.
    undecodable: Option<Box<UndecodableHeader>>,
}

/// A header that is not in its format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndecodableHeader {
    pub name: String,
    pub reason: Box<Reason>,
}

impl HeaderDecoders {
    /// `None` if all headers are shown as their bytes look.
    pub fn new(formats: &DataFormats) -> Option<Box<HeaderDecoders>> {
        if formats.headers_are_plain() {
            return None;
        }
        let decoder = |format| Decoder::new(Part::Header, format, &formats.schemas);
        let named = formats.named_headers.iter();
        Some(Box::new(HeaderDecoders {
            named: named.map(|(name, format)| (name.as_bytes().to_vec(), decoder(*format))).collect(),
            others: decoder(formats.headers),
            decoded: 0,
            undecodable: None,
        }))
    }

    /// Turns to the next record.
    pub fn begin_record(&mut self) -> &mut HeaderDecoders {
        self.decoded = 0;
        self.undecodable = None;
        self
    }

    /// Decodes the value of the record's next header; `None` if it is null.
    pub fn next<'a>(&'a mut self, header: &Header<'a>) -> Option<Decoded<'a>> {
        self.decoded += 1;
        let bytes = header.value?;
        let named = self.named.iter_mut().find(|(name, _)| name == header.name);
        let decoder = named.map_or(&mut self.others, |(_, decoder)| decoder);
        let decoded = decoder.decode(bytes);
        if let Some(reason) = &decoded.reason
            && self.undecodable.is_none()
        {
            let name = String::from_utf8_lossy(header.name).into_owned();
            self.undecodable = Some(Box::new(UndecodableHeader { name, reason: reason.clone() }));
        }
        Some(decoded)
    }

    /// The first header that is not in its format, if any; those that nobody has asked for are decoded for it.
    pub fn undecodable(&mut self, record: &Record<'_>) -> Option<Box<UndecodableHeader>> {
        for header in record.headers.iter().skip(self.decoded) {
            self.next(header);
        }
        self.undecodable.take()
    }
}
