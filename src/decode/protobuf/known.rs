//! Well-known types that have a JSON form of their own.
//!
//! What has no such form, as a time in the year 10000, is shown with its fields: a record is not lost to a strange
//! value in it.

use super::flaw::ProtobufFlaw;
use super::wire::{Reader, WireValue};
use crate::date_time;
use crate::encode;

/// Seconds from the year 1 to the end of 9999.
const TIMES: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// Seconds of ten thousand years.
const LONGEST: u64 = 315_576_000_000;

const NANOS_OF_A_SECOND: u32 = 1_000_000_000;

/// Appends a time, whose bytes may come in several pieces.
pub(super) fn timestamp(pieces: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Box<ProtobufFlaw>> {
    let (seconds, nanos) = seconds_and_nanos(pieces)?;
    let is_time = TIMES.contains(&seconds) && (0..NANOS_OF_A_SECOND as i32).contains(&nanos);
    match date_time::date_and_time(seconds, 0).filter(|_| is_time) {
        Some(time) => {
            out.push(b'"');
            out.extend_from_slice(time.bytes());
            fraction(nanos.unsigned_abs(), out);
            out.extend_from_slice(b"Z\"");
        }
        None => fields(seconds, nanos, out),
    }
    Ok(())
}

/// Appends a duration, whose bytes may come in several pieces.
pub(super) fn duration(pieces: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Box<ProtobufFlaw>> {
    let (seconds, nanos) = seconds_and_nanos(pieces)?;
    let is_one_direction = seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0);
    if !is_one_direction || seconds.unsigned_abs() > LONGEST || nanos.unsigned_abs() >= NANOS_OF_A_SECOND {
        fields(seconds, nanos, out);
        return Ok(());
    }
    out.push(b'"');
    if seconds == 0 && nanos < 0 {
        out.push(b'-');
    }
    encode::integer(seconds, out);
    fraction(nanos.unsigned_abs(), out);
    out.extend_from_slice(b"s\"");
    Ok(())
}

/// Appends the paths of a field mask, in lowerCamelCase.
pub(super) fn field_mask(pieces: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Box<ProtobufFlaw>> {
    out.push(b'"');
    let mut is_first = true;
    for piece in pieces {
        let mut reader = Reader::new(piece);
        while !reader.is_empty() {
            let tag = reader.tag()?;
            let WireValue::Bytes(path) = reader.value(tag)? else { continue };
            if tag.number != 1 {
                continue;
            }
            let path = std::str::from_utf8(path).map_err(|_| super::flaw::Problem::NotUtf8.into_flaw())?;
            if !is_first {
                out.push(b',');
            }
            is_first = false;
            let mut camel = String::with_capacity(path.len());
            let mut is_after_underscore = false;
            for character in path.chars() {
                if character == '_' && !is_after_underscore {
                    is_after_underscore = true;
                    continue;
                }
                camel.push(if is_after_underscore { character.to_ascii_uppercase() } else { character });
                is_after_underscore = false;
            }
            crate::json_text::characters(&camel, out);
        }
    }
    out.push(b'"');
    Ok(())
}

/// The type's address and the bytes of an `Any`.
pub(super) fn any<'a>(pieces: &[&'a [u8]]) -> Result<(&'a [u8], &'a [u8]), Box<ProtobufFlaw>> {
    let (mut address, mut value): (&[u8], &[u8]) = (b"", b"");
    for piece in pieces {
        let mut reader = Reader::new(piece);
        while !reader.is_empty() {
            let tag = reader.tag()?;
            match (tag.number, reader.value(tag)?) {
                (1, WireValue::Bytes(bytes)) => address = bytes,
                (2, WireValue::Bytes(bytes)) => value = bytes,
                _ => {}
            }
        }
    }
    Ok((address, value))
}

fn seconds_and_nanos(pieces: &[&[u8]]) -> Result<(i64, i32), Box<ProtobufFlaw>> {
    let (mut seconds, mut nanos) = (0, 0);
    for piece in pieces {
        let mut reader = Reader::new(piece);
        while !reader.is_empty() {
            let tag = reader.tag()?;
            match (tag.number, reader.value(tag)?) {
                (1, WireValue::Number(bits)) => seconds = bits as i64,
                (2, WireValue::Number(bits)) => nanos = bits as i32,
                _ => {}
            }
        }
    }
    Ok((seconds, nanos))
}

/// Appends a fraction of a second, in three, six or nine digits.
fn fraction(nanos: u32, out: &mut Vec<u8>) {
    if nanos == 0 {
        return;
    }
    let (number, digits) = match nanos {
        _ if nanos.is_multiple_of(1_000_000) => (nanos / 1_000_000, 3),
        _ if nanos.is_multiple_of(1000) => (nanos / 1000, 6),
        _ => (nanos, 9),
    };
    out.push(b'.');
    date_time::digits(number, digits, out);
}

fn fields(seconds: i64, nanos: i32, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"seconds\":\"");
    encode::integer(seconds, out);
    out.extend_from_slice(b"\",\"nanos\":");
    encode::integer(i64::from(nanos), out);
    out.push(b'}');
}
