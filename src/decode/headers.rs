//! Headers of records, each in its format.

use super::Decoded;
use super::decoder::{Decoder, Part};
use super::formats::DataFormats;
use super::reason::Reason;
use crate::record::{Header, Record};

/// Decodes headers that are not shown as their bytes look.
#[derive(Debug)]
pub struct HeaderDecoders {
    named: Vec<(Vec<u8>, Decoder)>,
    others: Decoder,
}

impl HeaderDecoders {
    /// `None` if all headers are shown as their bytes look.
    pub fn new(formats: &DataFormats) -> Option<Box<HeaderDecoders>> {
        if formats.headers_are_plain() {
            return None;
        }
        let named = formats.named_headers.iter();
        Some(Box::new(HeaderDecoders {
            named: named
                .map(|(name, format)| (name.as_bytes().to_vec(), Decoder::new(Part::Header, *format)))
                .collect(),
            others: Decoder::new(Part::Header, formats.headers),
        }))
    }

    fn of(&mut self, name: &[u8]) -> &mut Decoder {
        let named = self.named.iter_mut().find(|(other, _)| other == name);
        named.map_or(&mut self.others, |(_, decoder)| decoder)
    }
}

/// A header that is not in its format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndecodableHeader {
    pub name: String,
    pub reason: Box<Reason>,
}

/// The headers of one record, which are decoded one after the other.
#[derive(Debug, Default)]
pub struct Headers<'a> {
    decoders: Option<&'a mut HeaderDecoders>,
    /// How many headers of the record are decoded already.
    decoded: usize,
    /// The first one that is not in its format.
    undecodable: Option<Box<UndecodableHeader>>,
}

impl<'a> Headers<'a> {
    #[inline(always)]
    pub fn new(decoders: Option<&'a mut HeaderDecoders>) -> Headers<'a> {
        Headers { decoders, decoded: 0, undecodable: None }
    }

    /// Decodes the value of the record's next header; `None` if it is null.
    #[inline]
    pub fn next<'b>(&'b mut self, header: &Header<'b>) -> Option<Decoded<'b>> {
        self.decoded += 1;
        let bytes = header.value?;
        let Some(decoders) = &mut self.decoders else { return Some(Decoded::plain(bytes)) };
        let decoded = decoders.of(header.name).decode(bytes);
        if let Some(reason) = &decoded.reason
            && self.undecodable.is_none()
        {
            let name = String::from_utf8_lossy(header.name).into_owned();
            self.undecodable = Some(Box::new(UndecodableHeader { name, reason: reason.clone() }));
        }
        Some(decoded)
    }

    /// The first header that is not in its format, if any; those that nobody has asked for are decoded for it.
    #[inline(always)]
    pub fn undecodable(mut self, record: &Record<'_>) -> Option<Box<UndecodableHeader>> {
        if self.decoders.is_some() {
            for header in record.headers.iter().skip(self.decoded) {
                self.next(header);
            }
        }
        self.undecodable
    }
}
