//! Confluent's wire format: how a record names the schema that it was written with.

use crate::record::Header;
use std::fmt;

/// What a schema registry calls a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SchemaId {
    Number(u32),
    /// A GUID, which is the same in every registry.
    Global([u8; 16]),
}

impl SchemaId {
    /// Whether a registry may have it: ids are positive and fit into Java's `int`.
    pub fn is_possible(self) -> bool {
        match self {
            SchemaId::Number(id) => (1..=i32::MAX.cast_unsigned()).contains(&id),
            SchemaId::Global(_) => true,
        }
    }
}

/// Displays as `7`, a GUID as `5ae09d05-…`.
impl fmt::Display for SchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SchemaId::Number(id) => id.fmt(f),
            SchemaId::Global(bytes) => {
                for (place, byte) in bytes.iter().enumerate() {
                    if matches!(place, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{byte:02x}")?;
                }
                Ok(())
            }
        }
    }
}

/// A key or value that names its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub schema: SchemaId,
    /// Where the index list of a Protobuf message is.
    pub list: IndexList<'a>,
    /// What was written with the schema; before the prefix is taken off, an index list stands in front of it.
    pub payload: &'a [u8],
}

/// Where the index list of a Protobuf message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexList<'a> {
    /// At the beginning of the payload.
    InPayload,
    /// In the header, behind the id. Some writers leave it out there.
    InHeader(&'a [u8]),
}

/// The first byte of a prefix, and of a header with a number.
const NUMBER: u8 = 0;
/// The first byte of a header with a GUID.
const GUID: u8 = 1;

/// The header with the id of the key's schema, and of the value's.
pub const KEY_HEADER: &[u8] = b"__key_schema_id";
pub const VALUE_HEADER: &[u8] = b"__value_schema_id";

impl<'a> Frame<'a> {
    /// Looks for the schema of a key or value: in the header of this name, then in the prefix. What has neither is no
    /// frame. A header in another form does not count.
    #[inline]
    pub fn of(bytes: &'a [u8], headers: &[Header<'a>], name: &[u8]) -> Option<Frame<'a>> {
        if !headers.is_empty()
            && let Some((schema, list)) = in_header(headers, name)
        {
            return Some(Frame { schema, list: IndexList::InHeader(list), payload: bytes });
        }
        let (schema, payload) = in_prefix(bytes)?;
        Some(Frame { schema, list: IndexList::InPayload, payload })
    }

    /// Whether this is an 8-byte number below 2^24, as keys often are, rather than a frame.
    #[inline]
    pub fn is_small_number(&self) -> bool {
        self.schema == SchemaId::Number(0) && self.may_be_number()
    }

    /// Whether these are the bytes of an 8-byte number, too.
    #[inline]
    pub fn may_be_number(&self) -> bool {
        self.list == IndexList::InPayload && self.payload.len() == 3
    }

    /// The indexes that select a Protobuf message, into `indexes`, and the message.
    ///
    /// # Errors
    /// The list ends too early, or is no list.
    pub fn message(&self, indexes: &mut Vec<usize>) -> Result<&'a [u8], BrokenList> {
        indexes.clear();
        match self.list {
            IndexList::InPayload => read_list(self.payload, indexes),
            IndexList::InHeader(list) if !list.is_empty() => {
                read_list(list, indexes)?;
                Ok(self.payload)
            }
            // No message begins with a byte below 8, which would be field 0; but a list does.
            IndexList::InHeader(_) if self.payload.first().is_some_and(|first| *first < 8) => {
                read_list(self.payload, indexes)
            }
            IndexList::InHeader(_) => {
                indexes.push(0);
                Ok(self.payload)
            }
        }
    }
}

/// The schema that the last header of this name holds, and what stands behind it.
fn in_header<'a>(headers: &[Header<'a>], name: &[u8]) -> Option<(SchemaId, &'a [u8])> {
    let value = headers.iter().rfind(|header| header.name == name)?.value?;
    match *value.first()? {
        NUMBER => in_prefix(value),
        GUID => {
            let (guid, rest) = value[1..].split_first_chunk::<16>()?;
            Some((SchemaId::Global(*guid), rest))
        }
        _ => None,
    }
}

#[inline]
fn in_prefix(bytes: &[u8]) -> Option<(SchemaId, &[u8])> {
    let [NUMBER, a, b, c, d, rest @ ..] = bytes else { return None };
    Some((SchemaId::Number(u32::from_be_bytes([*a, *b, *c, *d])), rest))
}

/// An index list that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenList;

/// Messages are not nested deeper than this: protoc's own limit is 32.
const DEEPEST: i64 = 100;

/// Reads a list: how many indexes there are, and the indexes; a zero alone stands for `[0]`.
fn read_list<'a>(bytes: &'a [u8], indexes: &mut Vec<usize>) -> Result<&'a [u8], BrokenList> {
    let (count, mut rest) = varint(bytes)?;
    if count == 0 {
        indexes.push(0);
        return Ok(rest);
    }
    if !(1..=DEEPEST).contains(&count) {
        return Err(BrokenList);
    }
    for _ in 0..count {
        let (index, behind) = varint(rest)?;
        indexes.push(usize::try_from(index).map_err(|_| BrokenList)?);
        rest = behind;
    }
    Ok(rest)
}

/// Reads a number in zigzag form of at most 32 bits, as Java's `ByteUtils.readVarint` does.
fn varint(bytes: &[u8]) -> Result<(i64, &[u8]), BrokenList> {
    let mut number: u64 = 0;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let zigzag = (number >> 1).cast_signed() ^ -((number & 1).cast_signed());
            return Ok((zigzag, &bytes[place + 1..]));
        }
    }
    Err(BrokenList)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame<'a>(bytes: &'a [u8], headers: &[Header<'a>]) -> Option<(SchemaId, &'a [u8])> {
        Frame::of(bytes, headers, VALUE_HEADER).map(|frame| (frame.schema, frame.payload))
    }

    fn header<'a>(name: &'a [u8], value: Option<&'a [u8]>) -> Header<'a> {
        Header { name, value }
    }

    const GUID_BYTES: [u8; 16] = [0x5a, 0xe0, 0x9d, 5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

    #[test]
    fn a_prefix_is_a_zero_and_four_bytes() {
        assert_eq!(frame(b"\0\0\0\0\x07abc", &[]), Some((SchemaId::Number(7), &b"abc"[..])));
        assert_eq!(frame(b"\0\x01\x02\x03\x04", &[]), Some((SchemaId::Number(0x0102_0304), &b""[..])));
        for bytes in [&b""[..], b"\0", b"\0\0\0\0", b"\x01\0\0\0\x07abc", b"00\n", b"{\"a\":1}"] {
            assert_eq!(frame(bytes, &[]), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_header_goes_before_the_prefix_and_the_last_one_counts() {
        let guid = [&[1][..], &GUID_BYTES].concat();
        let with_guid = header(VALUE_HEADER, Some(&guid));
        let with_number = header(VALUE_HEADER, Some(b"\0\0\0\0\x09"));
        let prefixed = b"\0\0\0\0\x07abc";
        assert_eq!(frame(b"\x0e", &[with_guid]), Some((SchemaId::Global(GUID_BYTES), &b"\x0e"[..])));
        assert_eq!(frame(b"\x0e", &[with_guid, with_number]), Some((SchemaId::Number(9), &b"\x0e"[..])));
        assert_eq!(frame(prefixed, &[with_number]), Some((SchemaId::Number(9), &prefixed[..])));
        assert_eq!(frame(b"\x0e", &[header(KEY_HEADER, Some(b"\0\0\0\0\x09"))]), None);
    }

    #[test]
    fn a_header_in_another_form_does_not_count() {
        for value in
            [None, Some(&b""[..]), Some(b"\0\0\x07"), Some(b"\x01abc"), Some(b"7"), Some(b"\x02abcd")]
        {
            let headers = [header(VALUE_HEADER, value)];
            assert_eq!(frame(b"\x0e", &headers), None, "{value:?}");
            let prefixed = frame(b"\0\0\0\0\x07abc", &headers);
            assert_eq!(prefixed, Some((SchemaId::Number(7), &b"abc"[..])));
        }
    }

    #[test]
    fn a_guid_is_written_with_dashes_and_an_id_as_a_number() {
        assert_eq!(SchemaId::Global(GUID_BYTES).to_string(), "5ae09d05-0102-0304-0506-0708090a0b0c");
        assert_eq!(SchemaId::Number(7).to_string(), "7");
    }

    #[test]
    fn an_id_is_positive_and_fits_into_31_bits() {
        for (id, is_possible) in [(0, false), (1, true), (0x7fff_ffff, true), (0x8000_0000, false)] {
            assert_eq!(SchemaId::Number(id).is_possible(), is_possible, "{id}");
        }
    }

    #[test]
    fn a_small_number_of_8_bytes_is_told_from_a_frame() {
        let is_number =
            |bytes: &[u8]| Frame::of(bytes, &[], KEY_HEADER).is_some_and(|frame| frame.is_small_number());
        assert!(is_number(&7_u64.to_be_bytes()) && is_number(&0x00ff_ffff_u64.to_be_bytes()));
        for bytes in [&0x0100_0000_u64.to_be_bytes()[..], b"\0\0\0\0\0", b"\0\0\0\0\0abcd"] {
            assert!(!is_number(bytes), "{bytes:?}");
        }
    }

    fn message(frame: &Frame<'_>) -> Result<(Vec<usize>, Vec<u8>), BrokenList> {
        let mut indexes = vec![99];
        let payload = frame.message(&mut indexes)?.to_vec();
        Ok((indexes, payload))
    }

    #[test]
    fn an_index_list_is_a_count_and_that_many_indexes() {
        let read =
            |payload| message(&Frame { schema: SchemaId::Number(1), list: IndexList::InPayload, payload });
        for (payload, indexes, rest) in [
            (&b"\0abc"[..], &[0][..], &b"abc"[..]),
            (b"\0", &[0], b""),
            (b"\x02\x02abc", &[1], b"abc"),
            (b"\x04\x02\0abc", &[1, 0], b"abc"),
            (b"\x06\x02\x02\0abc", &[1, 1, 0], b"abc"),
            (b"\x02\x80\x01", &[64], b""),
        ] {
            assert_eq!(read(payload), Ok((indexes.to_vec(), rest.to_vec())), "{payload:?}");
        }
    }

    #[test]
    fn a_broken_list_is_told_and_takes_no_memory() {
        let read =
            |payload| message(&Frame { schema: SchemaId::Number(1), list: IndexList::InPayload, payload });
        let many = [0xfe, 0xff, 0xff, 0xff, 0x0f];
        for payload in [
            &b""[..],
            b"\x80",
            b"\x06\x02",
            b"\x01",
            b"\x02\x01",
            &many,
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert_eq!(read(payload), Err(BrokenList), "{payload:?}");
        }
    }

    #[test]
    fn the_list_of_a_header_stands_in_the_header_or_in_the_payload_or_is_left_out() {
        let read = |list, payload| {
            message(&Frame { schema: SchemaId::Number(1), list: IndexList::InHeader(list), payload })
        };
        assert_eq!(read(b"\x02\x02", b"\x0a\x01a"), Ok((vec![1], b"\x0a\x01a".to_vec())));
        assert_eq!(read(b"\0", b"\x0a\x01a"), Ok((vec![0], b"\x0a\x01a".to_vec())));
        assert_eq!(read(b"", b"\x02\x02\x0a\x01a"), Ok((vec![1], b"\x0a\x01a".to_vec())));
        assert_eq!(read(b"", b"\x0a\x01a"), Ok((vec![0], b"\x0a\x01a".to_vec())));
        assert_eq!(read(b"", b""), Ok((vec![0], Vec::new())));
        assert_eq!(read(b"\x80", b"\x0a\x01a"), Err(BrokenList));
    }
}
