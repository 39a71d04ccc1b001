//! The binary form: numbers and lengths, taken from the start of the bytes.

use super::flaw::Damage;

/// Bytes that are not read yet.
#[derive(Debug)]
pub struct BinaryInput<'a> {
    pub rest: &'a [u8],
}

impl<'a> BinaryInput<'a> {
    /// Takes so many bytes; a length that is a lie costs nothing.
    #[inline(always)]
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Damage> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Damage::EndsEarly)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline(always)]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Damage::EndsEarly)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// Takes what stands behind its length: bytes or a string.
    #[inline(always)]
    pub fn sized(&mut self) -> Result<&'a [u8], Damage> {
        let length = self.long()?;
        let length = usize::try_from(length).map_err(|_| Damage::Length(length))?;
        self.take(length)
    }

    /// Takes the bytes of a fixed of that size, or bytes that bring their length.
    #[inline(always)]
    pub fn bytes(&mut self, size: Option<usize>) -> Result<&'a [u8], Damage> {
        match size {
            Some(size) => self.take(size),
            None => self.sized(),
        }
    }

    #[inline(always)]
    pub fn int(&mut self) -> Result<i32, Damage> {
        let number = self.long()?;
        i32::try_from(number).map_err(|_| Damage::IntTooLarge(number))
    }

    /// Takes a number of variable length, zigzag-encoded.
    #[inline(always)]
    pub fn long(&mut self) -> Result<i64, Damage> {
        let bits = match *self.rest {
            [first, ref rest @ ..] if first < 0x80 => {
                self.rest = rest;
                u64::from(first)
            }
            _ => self.long_bits()?,
        };
        Ok((bits >> 1) as i64 ^ -((bits & 1) as i64))
    }

    fn long_bits(&mut self) -> Result<u64, Damage> {
        let mut bits = 0;
        let mut shift = 0;
        for (index, &byte) in self.rest.iter().enumerate() {
            // Of the tenth byte only one bit has a place.
            if shift == 63 && byte > 1 {
                return Err(Damage::LongTooLarge);
            }
            bits |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                return Ok(bits);
            }
            shift += 7;
        }
        Err(Damage::EndsEarly)
    }
}
