//! Pixels with their header.

use tierline_table::DType;

use super::Header;

/// An array of numbers: C order, little-endian, the slowest extent first (`[rows, columns]` for an image).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Type of the elements: a number.
    pub dtype: DType,
    /// Extents, slowest first.
    pub shape: Vec<usize>,
    /// The elements, little-endian.
    pub data: Vec<u8>,
}

/// One image: pixels and header.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The pixels.
    pub pixels: Pixels,
    /// The header, in the file's order.
    pub header: Header,
}
