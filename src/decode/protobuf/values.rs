//! Single values as JSON.

use super::flaw::{Problem, ProtobufFlaw};
use super::types::{NumberKind, Types};
use crate::json_text::plain;
use crate::{encode, json_text};

/// Appends a number, given as the bits of its wire form.
#[inline(always)]
pub(super) fn number(types: &Types, kind: NumberKind, bits: u64, out: &mut Vec<u8>) {
    match kind {
        NumberKind::Double => json_text::double(f64::from_bits(bits), out),
        NumberKind::Float => json_text::float(f32::from_bits(bits as u32), out),
        NumberKind::Int32 | NumberKind::Sfixed32 => encode::integer(i64::from(bits as i32), out),
        NumberKind::Uint32 | NumberKind::Fixed32 => encode::integer(i64::from(bits as u32), out),
        NumberKind::Sint32 => encode::integer(i64::from(zigzag(u64::from(bits as u32)) as i32), out),
        NumberKind::Int64 | NumberKind::Sfixed64 => quoted(bits as i64, out),
        NumberKind::Sint64 => quoted(zigzag(bits), out),
        NumberKind::Uint64 | NumberKind::Fixed64 => match i64::try_from(bits) {
            Ok(number) => quoted(number, out),
            // Beyond what a whole number with a sign can be.
            Err(_) => out.extend_from_slice(format!("\"{bits}\"").as_bytes()),
        },
        NumberKind::Bool => out.extend_from_slice(if bits == 0 { b"false" } else { b"true" }),
        NumberKind::Enum(index) => enumerated(types, index, bits as i32, out),
    }
}

fn zigzag(bits: u64) -> i64 {
    (bits >> 1) as i64 ^ -((bits & 1) as i64)
}

/// 64 bits are more than JSON's numbers hold everywhere, so they are strings.
fn quoted(number: i64, out: &mut Vec<u8>) {
    out.push(b'"');
    encode::integer(number, out);
    out.push(b'"');
}

fn enumerated(types: &Types, index: usize, number: i32, out: &mut Vec<u8>) {
    let declared = &types.enums[index];
    if declared.is_null {
        out.extend_from_slice(b"null");
    } else if let Some(name) = declared.name(number) {
        out.extend_from_slice(name);
    } else {
        encode::integer(i64::from(number), out);
    }
}

/// Appends a string with its quotes.
#[inline(always)]
pub(super) fn text(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Box<ProtobufFlaw>> {
    out.push(b'"');
    let prefix = plain::prefix(bytes);
    if prefix.is_ascii && prefix.length == bytes.len() {
        out.extend_from_slice(bytes);
    } else {
        let text = simdutf8::basic::from_utf8(bytes).map_err(|_| Problem::NotUtf8.into_flaw())?;
        json_text::characters(text, out);
    }
    out.push(b'"');
    Ok(())
}

/// Appends bytes in base64, with quotes.
pub(super) fn bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    encode::base64(bytes, out);
    out.push(b'"');
}
