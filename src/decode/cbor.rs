//! CBOR: from bytes to JSON text.
//!
//! Integers keep their digits, those of any length (tags 2 and 3) too; byte strings are base64, undefined is null, NaN
//! and infinities are the strings `"NaN"`, `"Infinity"`, `"-Infinity"`, other simple values their numbers. Times (tags 0
//! and 1) are text in ISO 8601 (`"2026-11-23T09:00:00.5Z"`). Of any other tag, and of one that is not in front of what
//! belongs to it, the value alone is shown.

use super::avro::decimal;
use super::schemaless::{Depth, SchemalessFlaw, Transcoded, Transcoder};
use crate::{date_time, encode, json_text};
use std::borrow::Cow;

/// Appends a value as one JSON text on one line. On an error `out` is as it was before.
///
/// # Errors
/// The bytes are not one whole value.
pub fn write_json(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), SchemalessFlaw> {
    Transcoder::run(bytes, out, |transcoder| value(transcoder, Depth::default()))
}

/// Kinds of values: the highest three bits of their first byte.
const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const OTHER: u8 = 7;

/// The lower five bits where a value has no length of its own.
const INDEFINITE: u8 = 31;

/// What ends a value without a length.
const BREAK: u8 = 0xff;

const EPOCH_TIME: u64 = 1;
const POSITIVE_BIG: u64 = 2;
const NEGATIVE_BIG: u64 = 3;

fn value(transcoder: &mut Transcoder<'_>, depth: Depth) -> Transcoded<()> {
    let first = transcoder.byte()?;
    let (kind, low) = (first >> 5, first & 31);
    match kind {
        UNSIGNED => {
            let number = argument(transcoder, first)?;
            transcoder.integer(number.into());
        }
        NEGATIVE => {
            let number = argument(transcoder, first)?;
            transcoder.integer(-1 - i128::from(number));
        }
        BYTES => {
            let bytes = byte_string(transcoder, first)?;
            transcoder.base64(&bytes);
        }
        TEXT if low == INDEFINITE => return text_in_chunks(transcoder),
        TEXT => {
            let length = argument(transcoder, first)?;
            return transcoder.text(length);
        }
        ARRAY => return array(transcoder, first, depth),
        MAP => return map(transcoder, first, depth),
        TAG => return tagged(transcoder, first, depth),
        _ => return other(transcoder, first),
    }
    Ok(())
}

/// The number in the lower bits of a first byte, or in the bytes that they announce.
fn argument(transcoder: &mut Transcoder<'_>, first: u8) -> Transcoded<u64> {
    Ok(match first & 31 {
        low @ 0..24 => low.into(),
        24 => transcoder.byte()?.into(),
        25 => u16::from_be_bytes(transcoder.array()?).into(),
        26 => u32::from_be_bytes(transcoder.array()?).into(),
        27 => u64::from_be_bytes(transcoder.array()?),
        _ => return Err(transcoder.unexpected(first)),
    })
}

/// How many elements follow; `None` if a break says so.
fn count(transcoder: &mut Transcoder<'_>, first: u8) -> Transcoded<Option<u64>> {
    if first & 31 == INDEFINITE { Ok(None) } else { argument(transcoder, first).map(Some) }
}

/// Whether another element follows, behind so many.
fn has_next(transcoder: &mut Transcoder<'_>, index: u64, count: Option<u64>) -> Transcoded<bool> {
    match count {
        Some(count) => Ok(index < count),
        None if transcoder.peek() == Some(BREAK) => transcoder.byte().map(|_| false),
        None => Ok(true),
    }
}

fn array(transcoder: &mut Transcoder<'_>, first: u8, depth: Depth) -> Transcoded<()> {
    let depth = transcoder.inside(depth)?;
    let count = count(transcoder, first)?;
    transcoder.elements(
        |transcoder, index| has_next(transcoder, index, count),
        |transcoder| value(transcoder, depth),
    )
}

fn map(transcoder: &mut Transcoder<'_>, first: u8, depth: Depth) -> Transcoded<()> {
    let depth = transcoder.inside(depth)?;
    let count = count(transcoder, first)?;
    transcoder.entries(|transcoder, index| has_next(transcoder, index, count), value, depth)
}

/// A string in pieces, each with a length, up to a break.
fn text_in_chunks(transcoder: &mut Transcoder<'_>) -> Transcoded<()> {
    transcoder.out.push(b'"');
    while let Some(length) = next_chunk(transcoder, TEXT)? {
        transcoder.characters(length)?;
    }
    transcoder.out.push(b'"');
    Ok(())
}

fn byte_string<'a>(transcoder: &mut Transcoder<'a>, first: u8) -> Transcoded<Cow<'a, [u8]>> {
    if first & 31 != INDEFINITE {
        let length = argument(transcoder, first)?;
        return transcoder.take(length).map(Cow::Borrowed);
    }
    let mut bytes = Vec::new();
    while let Some(length) = next_chunk(transcoder, BYTES)? {
        bytes.extend_from_slice(transcoder.take(length)?);
    }
    Ok(Cow::Owned(bytes))
}

/// The length of the next piece of a string; `None` behind the last one.
fn next_chunk(transcoder: &mut Transcoder<'_>, kind: u8) -> Transcoded<Option<u64>> {
    let first = transcoder.byte()?;
    if first == BREAK {
        return Ok(None);
    }
    if first >> 5 != kind || first & 31 == INDEFINITE {
        return Err(transcoder.unexpected(first));
    }
    argument(transcoder, first).map(Some)
}

/// Writes what a tag stands in front of; it counts as a level, so that tags of tags are bounded too.
fn tagged(transcoder: &mut Transcoder<'_>, first: u8, depth: Depth) -> Transcoded<()> {
    let depth = transcoder.inside(depth)?;
    let tag = argument(transcoder, first)?;
    let kind = transcoder.peek().map(|first| first >> 5);
    match tag {
        EPOCH_TIME => epoch_time(transcoder, depth),
        POSITIVE_BIG | NEGATIVE_BIG if kind == Some(BYTES) => big_integer(transcoder, tag == NEGATIVE_BIG),
        _ => value(transcoder, depth),
    }
}

/// Writes a number of seconds since 1970 as a time, and what is none as it is.
fn epoch_time(transcoder: &mut Transcoder<'_>, depth: Depth) -> Transcoded<()> {
    let start = transcoder.position();
    let time = seconds(transcoder)?;
    if time.is_some_and(|(seconds, nanos)| date_time::timestamp(seconds, nanos, transcoder.out)) {
        return Ok(());
    }
    transcoder.go_back(start);
    value(transcoder, depth)
}

/// Whole seconds and nanoseconds of a number; `None` of what is none, or too large.
fn seconds(transcoder: &mut Transcoder<'_>) -> Transcoded<Option<(i64, u32)>> {
    let first = transcoder.byte()?;
    let number = match (first >> 5, first & 31) {
        (UNSIGNED, _) => return Ok(i64::try_from(argument(transcoder, first)?).ok().map(|whole| (whole, 0))),
        (NEGATIVE, _) => {
            return Ok(i64::try_from(argument(transcoder, first)?).ok().map(|whole| (-1 - whole, 0)));
        }
        (OTHER, 25) => half(transcoder.array()?).into(),
        (OTHER, 26) => f32::from_be_bytes(transcoder.array()?).into(),
        (OTHER, 27) => f64::from_be_bytes(transcoder.array()?),
        _ => return Ok(None),
    };
    // More digits than these a time of our days does not have in 64 bits.
    let micros = (number * 1e6).round();
    let is_whole = micros.abs() < 9e18;
    let micros = micros as i64;
    let nanos = micros.rem_euclid(1_000_000) as u32 * 1000;
    Ok(is_whole.then_some((micros.div_euclid(1_000_000), nanos)))
}

/// Writes a whole number of any length, or its bytes where it is so long that its digits would take too much time.
fn big_integer(transcoder: &mut Transcoder<'_>, is_negative: bool) -> Transcoded<()> {
    let first = transcoder.byte()?;
    let bytes = byte_string(transcoder, first)?;
    // In two's complement: a negative one is -1 minus the bytes, so all bits of it are the other way round.
    let flip = if is_negative { 0xff } else { 0 };
    let number: Vec<u8> = [0].iter().chain(&*bytes).map(|byte| byte ^ flip).collect();
    let start = transcoder.out.len();
    if decimal::write(&number, 0, transcoder.out).is_err() {
        transcoder.out.truncate(start);
        transcoder.base64(&bytes);
    }
    Ok(())
}

/// Writes a float, or one of the values that are a number of their own.
fn other(transcoder: &mut Transcoder<'_>, first: u8) -> Transcoded<()> {
    match first & 31 {
        number @ 0..20 => encode::integer(number.into(), transcoder.out),
        20 => transcoder.out.extend_from_slice(b"false"),
        21 => transcoder.out.extend_from_slice(b"true"),
        // Null and undefined.
        22 | 23 => transcoder.out.extend_from_slice(b"null"),
        24 => match transcoder.byte()? {
            number @ 32.. => encode::integer(number.into(), transcoder.out),
            low => return Err(transcoder.unexpected(low)),
        },
        25 => {
            let bits = transcoder.array()?;
            json_text::float(half(bits), transcoder.out);
        }
        26 => {
            let bits = transcoder.array()?;
            json_text::float(f32::from_be_bytes(bits), transcoder.out);
        }
        27 => {
            let bits = transcoder.array()?;
            json_text::double(f64::from_be_bytes(bits), transcoder.out);
        }
        _ => return Err(transcoder.unexpected(first)),
    }
    Ok(())
}

/// A float in 16 bits: a sign, five bits of exponent, ten of fraction.
fn half(bytes: [u8; 2]) -> f32 {
    let bits = u16::from_be_bytes(bytes);
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (fraction + 1024.0) * 2_f32.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests;
