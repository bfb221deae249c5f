//! Compressions of pixels that formats share.

pub mod byte_offset;
pub mod pck;
