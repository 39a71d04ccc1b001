//! Decimals: whole numbers of any length with a point somewhere.

use super::flaw::Damage;
use super::input::BinaryInput;
use crate::encode;

/// The most bytes of a number. Its digits take a time that grows with the square of its length.
const LONGEST: usize = 1024;

/// The furthest that zeros carry the point of a big decimal; beyond it an exponent says where it is.
const MOST_ZEROS: i32 = 4096;

/// Appends a number in two's complement, the highest byte first, with so many digits behind the point.
pub fn write(number: &[u8], scale: usize, out: &mut Vec<u8>) -> Result<(), Damage> {
    let digits = write_integer(number, out)?;
    let count = out.len() - digits;
    if count <= scale {
        let missing = scale + 1 - count;
        out.resize(out.len() + missing, b'0');
        out[digits..].rotate_right(missing);
    }
    if scale > 0 {
        out.insert(out.len() - scale, b'.');
    }
    Ok(())
}

/// Appends a decimal that brings its scale, as Java writes it: the number behind its length, then the scale.
pub fn write_big(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Damage> {
    let mut input = BinaryInput { rest: bytes };
    let parts = input.sized().and_then(|number| Ok((number, input.int()?)));
    let (Ok((number, scale)), []) = (parts, input.rest) else { return Err(Damage::NotBigDecimal) };
    if (0..=MOST_ZEROS).contains(&scale) {
        return write(number, scale as usize, out);
    }
    write_integer(number, out)?;
    if !(-MOST_ZEROS..0).contains(&scale) {
        out.push(b'E');
        encode::integer(-i64::from(scale), out);
    } else if number.iter().any(|&byte| byte != 0) {
        out.resize(out.len() + scale.unsigned_abs() as usize, b'0');
    }
    Ok(())
}

/// Appends a whole number; says where its digits start.
fn write_integer(number: &[u8], out: &mut Vec<u8>) -> Result<usize, Damage> {
    let is_negative = number.first().is_some_and(|&byte| byte >= 0x80);
    if is_negative {
        out.push(b'-');
    }
    let start = out.len();
    if number.len() <= 8 {
        let mut bytes = [if is_negative { 0xff } else { 0 }; 8];
        bytes[8 - number.len()..].copy_from_slice(number);
        write_small(i64::from_be_bytes(bytes).unsigned_abs(), out);
    } else if number.len() <= LONGEST {
        write_large(magnitude(number, is_negative), out);
    } else {
        return Err(Damage::DecimalTooLong(number.len()));
    }
    Ok(start)
}

fn write_small(number: u64, out: &mut Vec<u8>) {
    match i64::try_from(number) {
        Ok(number) => encode::integer(number, out),
        Err(_) => out.extend_from_slice(number.to_string().as_bytes()),
    }
}

/// The absolute value in pieces of 32 bits, the highest first.
fn magnitude(number: &[u8], is_negative: bool) -> Vec<u32> {
    let fill = if is_negative { 0xff } else { 0 };
    let mut pieces: Vec<u32> = number
        .rchunks(4)
        .map(|chunk| {
            let mut bytes = [fill; 4];
            bytes[4 - chunk.len()..].copy_from_slice(chunk);
            u32::from_be_bytes(bytes)
        })
        .collect();
    if is_negative {
        let mut carry = true;
        for piece in &mut pieces {
            (*piece, carry) = (!*piece).overflowing_add(u32::from(carry));
        }
    }
    pieces.reverse();
    pieces
}

/// Appends a number in pieces of 32 bits, the highest first: divided by the largest power of ten that has a piece, again
/// and again.
fn write_large(mut pieces: Vec<u32>, out: &mut Vec<u8>) {
    const POWER: u64 = 1_000_000_000;
    let mut groups: Vec<u32> = Vec::with_capacity(pieces.len() * 2);
    let mut first = 0;
    while first < pieces.len() {
        let mut rest = 0;
        for piece in &mut pieces[first..] {
            let part = rest << 32 | u64::from(*piece);
            *piece = (part / POWER) as u32;
            rest = part % POWER;
        }
        groups.push(rest as u32);
        first += pieces[first..].iter().take_while(|&&piece| piece == 0).count();
    }
    let highest = groups.iter().rposition(|&group| group > 0).unwrap_or(0);
    encode::integer(groups[highest].into(), out);
    for &group in groups[..highest].iter().rev() {
        let mut digits = [0; 9];
        let mut rest = group;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        out.extend_from_slice(&digits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(number: &[u8], scale: usize) -> String {
        let mut out = Vec::new();
        write(number, scale, &mut out).expect("not too long");
        String::from_utf8(out).expect("ASCII")
    }

    /// A whole number in two's complement from its digits, as short as it can be.
    fn bytes_of(text: &str) -> Vec<u8> {
        let mut bytes = vec![0_u8];
        for digit in text.trim_start_matches('-').bytes() {
            let mut carry = u32::from(digit - b'0');
            for byte in bytes.iter_mut().rev() {
                carry += u32::from(*byte) * 10;
                *byte = carry as u8;
                carry >>= 8;
            }
            if bytes[0] >= 0x19 {
                bytes.insert(0, 0);
            }
            if carry > 0 {
                panic!("there was room for another digit");
            }
        }
        if text.starts_with('-') {
            let mut carry = true;
            for byte in bytes.iter_mut().rev() {
                (*byte, carry) = (!*byte).overflowing_add(carry.into());
            }
        }
        shortest(&bytes)
    }

    fn shortest(bytes: &[u8]) -> Vec<u8> {
        let mut bytes = if bytes.is_empty() { &[0] } else { bytes };
        while let [first, second, ..] = *bytes {
            if !(first == 0 && second < 0x80 || first == 0xff && second >= 0x80) {
                break;
            }
            bytes = &bytes[1..];
        }
        bytes.to_vec()
    }

    proptest! {
        #[test]
        fn a_number_of_any_length_comes_back_from_its_digits(number in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(bytes_of(&text(&number, 0)), shortest(&number));
        }

        #[test]
        fn the_scale_says_where_the_point_is(number: i64, scale in 0..40_usize) {
            let text = text(&number.to_be_bytes(), scale);
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            prop_assert_eq!(fraction.len(), scale);
            prop_assert!(!whole.trim_start_matches('-').is_empty());
            prop_assert_eq!((whole.to_owned() + fraction).parse(), Ok(number));
        }
    }
}
