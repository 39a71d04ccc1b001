//! MessagePack: from bytes to JSON text.
//!
//! Integers keep their digits, binary is base64, NaN and infinities are the strings `"NaN"`, `"Infinity"`, `"-Infinity"`.
//! A timestamp is text in ISO 8601 (`"2026-11-23T09:00:00.5Z"`), any other extension `{"type":5,"data":"base64"}`, as
//! is a timestamp that no calendar has.

use super::schemaless::{Depth, SchemalessFlaw, Transcoded, Transcoder};
use crate::{date_time, encode, json_text};

/// Appends a value as one JSON text on one line. On an error `out` is as it was before.
///
/// # Errors
/// The bytes are not one whole value.
pub fn write_json(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), SchemalessFlaw> {
    Transcoder::run(bytes, out, |transcoder| value(transcoder, Depth::default()))
}

/// The first bytes of values that are not told by ranges.
const NIL: u8 = 0xc0;
const FALSE: u8 = 0xc2;
const TRUE: u8 = 0xc3;
const TIMESTAMP: i8 = -1;

fn value(transcoder: &mut Transcoder<'_>, depth: Depth) -> Transcoded<()> {
    let first = transcoder.byte()?;
    match first {
        0..=0x7f => encode::integer(first.into(), transcoder.out),
        0x80..=0x8f => return map(transcoder, u32::from(first & 0x0f), depth),
        0x90..=0x9f => return array(transcoder, u32::from(first & 0x0f), depth),
        0xa0..=0xbf => return transcoder.text(u64::from(first & 0x1f)),
        NIL => transcoder.out.extend_from_slice(b"null"),
        FALSE => transcoder.out.extend_from_slice(b"false"),
        TRUE => transcoder.out.extend_from_slice(b"true"),
        0xc4..=0xc6 => {
            let length = length(transcoder, first - 0xc4)?;
            let bytes = transcoder.take(length.into())?;
            transcoder.base64(bytes);
        }
        0xc7..=0xc9 => {
            let length = length(transcoder, first - 0xc7)?;
            return extension(transcoder, length);
        }
        0xca => {
            let bits = transcoder.array()?;
            json_text::float(f32::from_be_bytes(bits), transcoder.out);
        }
        0xcb => {
            let bits = transcoder.array()?;
            json_text::double(f64::from_be_bytes(bits), transcoder.out);
        }
        0xcc..=0xd3 => {
            let number = number(transcoder, first)?;
            transcoder.integer(number);
        }
        0xd4..=0xd8 => return extension(transcoder, 1 << (first - 0xd4)),
        0xd9..=0xdb => {
            let length = length(transcoder, first - 0xd9)?;
            return transcoder.text(length.into());
        }
        0xdc | 0xdd => {
            let count = length(transcoder, first - 0xdc + 1)?;
            return array(transcoder, count, depth);
        }
        0xde | 0xdf => {
            let count = length(transcoder, first - 0xde + 1)?;
            return map(transcoder, count, depth);
        }
        0xe0..=0xff => encode::integer(i64::from(first as i8), transcoder.out),
        // The one byte that is never used.
        0xc1 => return Err(transcoder.unexpected(first)),
    }
    Ok(())
}

/// A length in one, two or four bytes.
fn length(transcoder: &mut Transcoder<'_>, size: u8) -> Transcoded<u32> {
    Ok(match size {
        0 => transcoder.byte()?.into(),
        1 => u16::from_be_bytes(transcoder.array()?).into(),
        _ => u32::from_be_bytes(transcoder.array()?),
    })
}

fn number(transcoder: &mut Transcoder<'_>, first: u8) -> Transcoded<i128> {
    Ok(match first {
        0xcc => transcoder.byte()?.into(),
        0xcd => u16::from_be_bytes(transcoder.array()?).into(),
        0xce => u32::from_be_bytes(transcoder.array()?).into(),
        0xcf => u64::from_be_bytes(transcoder.array()?).into(),
        0xd0 => i8::from_be_bytes(transcoder.array()?).into(),
        0xd1 => i16::from_be_bytes(transcoder.array()?).into(),
        0xd2 => i32::from_be_bytes(transcoder.array()?).into(),
        _ => i64::from_be_bytes(transcoder.array()?).into(),
    })
}

fn array(transcoder: &mut Transcoder<'_>, count: u32, depth: Depth) -> Transcoded<()> {
    let depth = transcoder.inside(depth)?;
    transcoder.elements(|_, index| Ok(index < count.into()), |transcoder| value(transcoder, depth))
}

fn map(transcoder: &mut Transcoder<'_>, count: u32, depth: Depth) -> Transcoded<()> {
    let depth = transcoder.inside(depth)?;
    transcoder.entries(|_, index| Ok(index < count.into()), value, depth)
}

fn extension(transcoder: &mut Transcoder<'_>, length: u32) -> Transcoded<()> {
    let kind = transcoder.byte()? as i8;
    let bytes = transcoder.take(length.into())?;
    if kind == TIMESTAMP && timestamp(bytes, transcoder.out) {
        return Ok(());
    }
    transcoder.out.extend_from_slice(b"{\"type\":");
    encode::integer(kind.into(), transcoder.out);
    transcoder.out.extend_from_slice(b",\"data\":");
    transcoder.base64(bytes);
    transcoder.out.push(b'}');
    Ok(())
}

/// Appends a timestamp, in one of its three forms; says whether it is one.
fn timestamp(bytes: &[u8], out: &mut Vec<u8>) -> bool {
    let (nanos, seconds) = if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        (0, i64::from(u32::from_be_bytes(bytes)))
    } else if let Ok(bytes) = <[u8; 8]>::try_from(bytes) {
        let both = u64::from_be_bytes(bytes);
        ((both >> 34) as u32, (both & 0x3_ffff_ffff) as i64)
    } else if let Some((nanos, seconds)) = bytes.split_first_chunk::<4>()
        && let Ok(seconds) = <[u8; 8]>::try_from(seconds)
    {
        (u32::from_be_bytes(*nanos), i64::from_be_bytes(seconds))
    } else {
        return false;
    };
    date_time::timestamp(seconds, nanos, out)
}

#[cfg(test)]
mod tests;
