//! Numbers, texts and arrays of an object's content.
//!
//! Every read is checked against what remains, and memory is taken only for what is there.

use super::differential;
use super::error::ObjectError;
use super::header::{ByteOrder, ObjectHeader};

/// Reads an object's content from front to back.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    header: ObjectHeader,
    rest: &'a [u8],
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $one:ident, $(#[$docs:meta])* $many:ident: $type:ty, $size:literal;)*) => {$(
        $(#[$doc])*
        pub fn $one(&mut self) -> Result<$type, ObjectError> {
            let bytes = self.array::<$size>()?;
            Ok(match self.header.order {
                ByteOrder::Little => <$type>::from_le_bytes(bytes),
                ByteOrder::Big => <$type>::from_be_bytes(bytes),
            })
        }

        $(#[$docs])*
        pub fn $many(&mut self, n: usize) -> Result<Vec<$type>, ObjectError> {
            let bytes = self.bytes(self.sized(n, $size)?)?;
            let (chunks, _) = bytes.as_chunks::<$size>();
            Ok(match self.header.order {
                ByteOrder::Little => chunks.iter().map(|b| <$type>::from_le_bytes(*b)).collect(),
                ByteOrder::Big => chunks.iter().map(|b| <$type>::from_be_bytes(*b)).collect(),
            })
        }
    )*};
}

impl<'a> Cursor<'a> {
    /// Reads `payload` of the object of this header.
    pub fn new(header: ObjectHeader, payload: &'a [u8]) -> Self {
        Cursor { header, rest: payload }
    }

    /// The object's header.
    pub fn header(&self) -> &ObjectHeader {
        &self.header
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The content contradicts the format here.
    pub fn malformed(&self, reason: impl Into<String>) -> ObjectError {
        ObjectError::malformed(&self.header, reason)
    }

    /// The next bytes.
    pub fn bytes(&mut self, n: usize) -> Result<&'a [u8], ObjectError> {
        let (bytes, rest) = self.rest.split_at_checked(n).ok_or_else(|| self.short(n))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ObjectError> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.short(N))?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn short(&self, n: usize) -> ObjectError {
        let at = (self.header.length).saturating_sub(self.rest.len() as u64);
        let found = self.rest.len();
        let reason = format!("{n} bytes wanted at byte {at} of the content, {found} remain");
        ObjectError::truncated(&self.header, reason)
    }

    fn sized(&self, n: usize, size: usize) -> Result<usize, ObjectError> {
        n.checked_mul(size).ok_or_else(|| self.short(usize::MAX))
    }

    numbers! {
        /// An unsigned number of 1 byte.
        u8, /// Unsigned numbers of 1 byte.
        u8s: u8, 1;
        /// A number of 2 bytes.
        i16, /// Numbers of 2 bytes.
        i16s: i16, 2;
        /// An unsigned number of 2 bytes.
        u16, /// Unsigned numbers of 2 bytes.
        u16s: u16, 2;
        /// A number of 4 bytes.
        i32, /// Numbers of 4 bytes.
        i32s: i32, 4;
        /// An unsigned number of 4 bytes.
        u32, /// Unsigned numbers of 4 bytes.
        u32s: u32, 4;
        /// A floating-point number of 4 bytes.
        f32, /// Floating-point numbers of 4 bytes.
        f32s: f32, 4;
        /// A floating-point number of 8 bytes.
        f64, /// Floating-point numbers of 8 bytes.
        f64s: f64, 8;
    }

    /// A fixed number of floating-point numbers of 4 bytes.
    pub fn f32_array<const N: usize>(&mut self) -> Result<[f32; N], ObjectError> {
        let mut values = [0.0; N];
        for value in &mut values {
            *value = self.f32()?;
        }
        Ok(values)
    }

    /// Floating-point numbers of 2 bytes, widened, which is exact.
    pub fn f16s(&mut self, n: usize) -> Result<Vec<f32>, ObjectError> {
        Ok(self.u16s(n)?.into_iter().map(half).collect())
    }

    /// A number of 4 bytes that counts something.
    pub fn count(&mut self, what: &str) -> Result<usize, ObjectError> {
        let n = self.i32()?;
        self.natural(i64::from(n), what)
    }

    /// A number of 2 bytes that counts something.
    pub fn short_count(&mut self, what: &str) -> Result<usize, ObjectError> {
        let n = self.i16()?;
        self.natural(i64::from(n), what)
    }

    /// A signed number of variable length that counts something.
    pub fn varint_count(&mut self, what: &str) -> Result<usize, ObjectError> {
        let n = self.varint()?;
        self.natural(n, what)
    }

    /// An unsigned number of variable length that counts something.
    pub fn unsigned_varint_count(&mut self, what: &str) -> Result<usize, ObjectError> {
        let n = self.unsigned_varint()?;
        usize::try_from(n).map_err(|_| self.malformed(format!("{n} {what}")))
    }

    /// A count, if it is not negative.
    pub fn natural(&self, n: i64, what: &str) -> Result<usize, ObjectError> {
        usize::try_from(n).map_err(|_| self.malformed(format!("{n} {what}")))
    }

    /// A time: seconds and nanoseconds since 1970.
    pub fn time(&mut self) -> Result<[i32; 2], ObjectError> {
        Ok([self.i32()?, self.i32()?])
    }

    /// A text: its length as a number of 2 bytes, then its bytes. Bytes that are not UTF-8 are replaced.
    pub fn text(&mut self) -> Result<String, ObjectError> {
        let n = self.u16()?;
        Ok(String::from_utf8_lossy(self.bytes(usize::from(n))?).into_owned())
    }

    /// Bytes after their number, which has a variable length.
    pub fn varint_bytes(&mut self) -> Result<&'a [u8], ObjectError> {
        let n = self.unsigned_varint_count("bytes of text")?;
        self.bytes(n)
    }

    /// A text after the number of its bytes, which has a variable length.
    pub fn varint_text(&mut self) -> Result<String, ObjectError> {
        Ok(String::from_utf8_lossy(self.varint_bytes()?).into_owned())
    }

    /// An unsigned number of variable length.
    ///
    /// The number of leading ones of the first byte is the number of bytes that follow; the remaining bits,
    /// most significant first, are the value.
    pub fn unsigned_varint(&mut self) -> Result<u64, ObjectError> {
        let (value, used) = differential::unsigned_varint(self.rest).ok_or_else(|| {
            let wanted = self.rest.first().map_or(1, |first| 1 + first.leading_ones() as usize);
            self.short(wanted)
        })?;
        self.rest = &self.rest[used..];
        Ok(value)
    }

    /// A signed number of variable length: an unsigned one, the last bit of which is the sign.
    pub fn varint(&mut self) -> Result<i64, ObjectError> {
        Ok(differential::signed(self.unsigned_varint()?))
    }

    /// Signed numbers of variable length that fit into 4 bytes.
    pub fn varints(&mut self, n: usize) -> Result<Vec<i32>, ObjectError> {
        self.at_least(n)?;
        (0..n)
            .map(|_| {
                let value = self.varint()?;
                i32::try_from(value).map_err(|_| self.malformed(format!("{value} in a list")))
            })
            .collect()
    }

    /// Refuses counts of things of at least one byte each that can't be there.
    pub fn at_least(&self, n: usize) -> Result<(), ObjectError> {
        if n > self.rest.len() { Err(self.short(n)) } else { Ok(()) }
    }

    /// An array stored as differences.
    pub fn differential(&mut self, n: usize) -> Result<Vec<u32>, ObjectError> {
        self.at_least(n)?;
        let mut values = vec![0; n];
        self.differential_into(&mut values)?;
        Ok(values)
    }

    /// An array stored as differences, into memory that is there.
    pub fn differential_into(&mut self, values: &mut [u32]) -> Result<(), ObjectError> {
        let used = differential::decode_u32(self.rest, values).map_err(|at| self.ends(at))?;
        self.rest = &self.rest[used..];
        Ok(())
    }

    /// Arrays of `n` values each that are stored as differences, one after the other; the lower 16 bits.
    pub fn differential_u16_into(
        &mut self,
        values: &mut [u16],
        n: usize,
    ) -> Result<(), ObjectError> {
        let used = differential::decode_u16(self.rest, values, n).map_err(|at| self.ends(at))?;
        self.rest = &self.rest[used..];
        Ok(())
    }

    /// Passes over an array of `n` values that is stored as differences.
    pub fn skip_differential(&mut self, n: usize) -> Result<(), ObjectError> {
        let used = differential::skip_u16(self.rest, n).map_err(|at| self.ends(at))?;
        self.rest = &self.rest[used..];
        Ok(())
    }

    fn ends(&self, at: usize) -> ObjectError {
        let before = (self.header.length).saturating_sub(self.rest.len() as u64);
        let at = before.saturating_add(at as u64);
        let reason = format!("the list of differences ends early or is damaged at byte {at}");
        ObjectError::truncated(&self.header, reason)
    }
}

/// Widens an IEEE number of 2 bytes, which is exact.
pub fn half(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits & 0x3ff);
    match exponent {
        0 => {
            let size = fraction as f32 / (1 << 24) as f32;
            f32::from_bits(size.to_bits() | sign)
        }
        0x1f => f32::from_bits(sign | 0x7f80_0000 | (fraction << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (fraction << 13)),
    }
}
