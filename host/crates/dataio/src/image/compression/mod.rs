//! Compressions of pixels that formats share.

pub mod agi;
pub mod bitshuffle;
pub mod byte_offset;
pub mod pck;
pub mod ty1;
