//! Images.

use crate::Header;

/// Pixels of an image after `BSCALE` and `BZERO`: integers where these only shift to unsigned ones.
#[derive(Debug, Clone, PartialEq)]
pub enum Pixels {
    /// `BITPIX` 8.
    U8(Vec<u8>),
    /// `BITPIX` 8 with a shift of -128.
    I8(Vec<i8>),
    /// `BITPIX` 16.
    I16(Vec<i16>),
    /// `BITPIX` 16 with a shift of 32768.
    U16(Vec<u16>),
    /// `BITPIX` 32.
    I32(Vec<i32>),
    /// `BITPIX` 32 with a shift of 2^31.
    U32(Vec<u32>),
    /// `BITPIX` 64.
    I64(Vec<i64>),
    /// `BITPIX` -32.
    F32(Vec<f32>),
    /// `BITPIX` -64, and integers with any other scale.
    F64(Vec<f64>),
}

/// An image of any number of dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// `EXTNAME`; empty for a primary image without a name.
    pub name: String,
    /// Other cards.
    pub header: Header,
    /// Pixels along each axis in C order: the last one, `NAXIS1`, varies fastest. Empty without data.
    pub shape: Vec<usize>,
    /// The pixels, in C order.
    pub pixels: Pixels,
}
