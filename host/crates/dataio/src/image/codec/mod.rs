//! The formats, one file each, and their list.

use super::Codec;

/// All formats, in the order in which their magic is tested (fabio's).
pub const CODECS: &[&dyn Codec] = &[];
