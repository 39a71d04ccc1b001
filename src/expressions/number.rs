//! Numbers as jq takes them: small integers, integers of any size, and text that becomes a float once it is computed with.

use super::Unsure;
use jaq_core::ops::Math;
use std::cmp::Ordering;

#[derive(Clone, Copy, Debug)]
pub enum Number<'a> {
    Integer(i64),
    /// A larger integer: digits, perhaps with a sign.
    Large(&'a [u8]),
    /// With a point or an exponent, as it stands in the text.
    Decimal(&'a [u8]),
    Float(f64),
}

impl<'a> Number<'a> {
    /// Takes a number of a valid JSON text, or of a program.
    #[inline]
    pub fn of_text(text: &'a [u8]) -> Number<'a> {
        let (is_negative, digits) = match text.split_first() {
            Some((b'-', digits)) => (true, digits),
            _ => (false, text),
        };
        let mut number = 0_i64;
        for (index, byte) in digits.iter().enumerate() {
            if !byte.is_ascii_digit() {
                return Number::Decimal(text);
            }
            // Whatever has so few digits fits.
            if index >= 18 {
                return Number::of_long_text(text);
            }
            number = number * 10 + i64::from(byte - b'0');
        }
        Number::Integer(if is_negative { -number } else { number })
    }

    #[cold]
    fn of_long_text(text: &'a [u8]) -> Number<'a> {
        if text.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
            return Number::Decimal(text);
        }
        str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse().ok())
            .map_or(Number::Large(text), Number::Integer)
    }

    /// The nearest float, as jq computes with it.
    fn float(self) -> Result<f64, Unsure> {
        match self {
            Number::Integer(number) => Ok(number as f64),
            Number::Float(number) => Ok(number),
            Number::Decimal(text) => {
                str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(Unsure)
            }
            Number::Large(_) => Err(Unsure),
        }
    }

    pub fn compare(self, other: Number<'_>) -> Result<Ordering, Unsure> {
        match (self, other) {
            (Number::Integer(left), Number::Integer(right)) => Ok(left.cmp(&right)),
            (Number::Large(left), Number::Large(right)) => Ok(compare_large(left, right)),
            (Number::Integer(_), Number::Large(right)) => Ok(compare_large(b"0", right)),
            (Number::Large(left), Number::Integer(_)) => Ok(compare_large(left, b"0")),
            (left, right) => {
                let (left, right) = (left.float()?, right.float()?);
                // jq orders what is no number before everything, itself included.
                if left.is_nan() || right.is_nan() {
                    return Err(Unsure);
                }
                Ok(left.partial_cmp(&right).unwrap_or(Ordering::Equal))
            }
        }
    }

    pub fn length(self) -> Result<Number<'a>, Unsure> {
        match self {
            Number::Integer(number) => number.checked_abs().map(Number::Integer).ok_or(Unsure),
            Number::Large(text) => Ok(Number::Large(text.strip_prefix(b"-").unwrap_or(text))),
            Number::Decimal(_) | Number::Float(_) => Ok(Number::Float(self.float()?.abs())),
        }
    }

    pub fn negate(self) -> Result<Number<'a>, Unsure> {
        match self {
            Number::Integer(number) => number.checked_neg().map(Number::Integer).ok_or(Unsure),
            Number::Float(number) => Ok(Number::Float(-number)),
            // The text changes.
            Number::Large(_) | Number::Decimal(_) => Err(Unsure),
        }
    }

    pub fn compute(self, operation: Math, other: Number<'_>) -> Result<Number<'static>, Unsure> {
        if let (Number::Integer(left), Number::Integer(right)) = (self, other) {
            let number = match operation {
                Math::Add => left.checked_add(right),
                Math::Sub => left.checked_sub(right),
                Math::Mul => left.checked_mul(right),
                Math::Rem => left.checked_rem(right),
                Math::Div if right == 0 => None,
                Math::Div => return Ok(Number::Float(left as f64 / right as f64)),
            };
            return number.map(Number::Integer).ok_or(Unsure);
        }
        let (left, right) = (self.float()?, other.float()?);
        Ok(Number::Float(match operation {
            Math::Add => left + right,
            Math::Sub => left - right,
            Math::Mul => left * right,
            Math::Div if right != 0.0 => left / right,
            // By zero it fails, and remainders are those of whole numbers.
            Math::Div | Math::Rem => return Err(Unsure),
        }))
    }

    pub fn write(self, out: &mut Vec<u8>) {
        match self {
            Number::Integer(number) => crate::encode::integer(number, out),
            Number::Large(text) | Number::Decimal(text) => out.extend_from_slice(text),
            Number::Float(number) => crate::jq::write_float(number, out),
        }
    }
}

/// Compares integers of any size that have no zeros in front.
fn compare_large(left: &[u8], right: &[u8]) -> Ordering {
    let magnitude = |text: &[u8], other: &[u8]| text.len().cmp(&other.len()).then_with(|| text.cmp(other));
    match (left.strip_prefix(b"-"), right.strip_prefix(b"-")) {
        (None, None) => magnitude(left, right),
        (Some(left), Some(right)) => magnitude(right, left),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
    }
}
