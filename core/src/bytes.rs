//! Checked reads from a slice, through `byteorder`. Nothing here can panic: running out of bytes is `None`.

use byteorder::{ByteOrder, LittleEndian as LE};

/// A little-endian reader that moves through a slice.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// Starts at the first byte of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `n` bytes.
    #[inline]
    pub fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(head)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(head)
    }

    /// Next byte.
    #[inline]
    pub fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|b| b[0])
    }

    /// Next 16-bit unsigned integer.
    #[inline]
    pub fn u16(&mut self) -> Option<u16> {
        self.array::<2>().map(|b| LE::read_u16(b))
    }

    /// Next 32-bit unsigned integer.
    #[inline]
    pub fn u32(&mut self) -> Option<u32> {
        self.array::<4>().map(|b| LE::read_u32(b))
    }

    /// Next 32-bit signed integer.
    #[inline]
    pub fn i32(&mut self) -> Option<i32> {
        self.array::<4>().map(|b| LE::read_i32(b))
    }

    /// Next 64-bit unsigned integer.
    #[inline]
    pub fn u64(&mut self) -> Option<u64> {
        self.array::<8>().map(|b| LE::read_u64(b))
    }

    /// Next 64-bit signed integer.
    #[inline]
    pub fn i64(&mut self) -> Option<i64> {
        self.array::<8>().map(|b| LE::read_i64(b))
    }

    /// Next 32-bit float.
    #[inline]
    pub fn f32(&mut self) -> Option<f32> {
        self.array::<4>().map(|b| LE::read_f32(b))
    }

    /// Next 64-bit float.
    #[inline]
    pub fn f64(&mut self) -> Option<f64> {
        self.array::<8>().map(|b| LE::read_f64(b))
    }
}

/// The little-endian `u16` at byte `at`, if it is there.
#[inline]
pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Cursor::new(bytes.get(at..)?).u16()
}

/// The little-endian `u32` at byte `at`, if it is there.
#[inline]
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Cursor::new(bytes.get(at..)?).u32()
}

/// The little-endian `i32` at byte `at`, if it is there.
#[inline]
pub fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    Cursor::new(bytes.get(at..)?).i32()
}

/// The bytes without those of an incomplete last element of `size` bytes.
#[inline]
pub fn whole(bytes: &[u8], size: usize) -> &[u8] {
    let odd = bytes.len().checked_rem(size).unwrap_or(0);
    bytes.get(..bytes.len().saturating_sub(odd)).unwrap_or(bytes)
}

/// Fills `out` with little-endian `i32`s; returns how many the bytes held.
pub fn fill_i32(bytes: &[u8], out: &mut [i32]) -> usize {
    let mut n = 0;
    for (slot, chunk) in out.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *slot = i32::from_le_bytes(*chunk);
        n += 1;
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_in_order_and_stops_at_the_end() {
        let bytes = [1, 2, 0, 3, 0, 0, 0, 0xff];
        let mut c = Cursor::new(&bytes);
        assert_eq!(c.u8(), Some(1));
        assert_eq!(c.u16(), Some(2));
        assert_eq!(c.u32(), Some(3));
        assert_eq!(c.u16(), None);
        assert_eq!(c.rest(), &[0xff]);
        assert_eq!(u16_at(&bytes, 7), None);
        assert_eq!(u32_at(&bytes, 99), None);
    }

    #[test]
    fn whole_elements_only() {
        assert_eq!(whole(&[1, 2, 3, 4, 5], 2), [1, 2, 3, 4]);
        assert_eq!(whole(&[1], 4), []);
        assert_eq!(whole(&[1], 0), [1]);
    }

    #[test]
    fn fills_as_far_as_the_bytes_reach() {
        let mut out = [9; 3];
        assert_eq!(fill_i32(&[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 7], &mut out), 2);
        assert_eq!(out, [1, -1, 9]);
    }
}
