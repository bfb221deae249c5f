//! Reading files of processed events, of this crate's or the peers' making.

use std::path::Path;

use tierline_h5::tree;

use crate::Error;

mod cell;
pub mod ctaml;
pub mod ctapipe;

pub(crate) use cell::{Attributes, Cells};

/// Bytes that one table may hold in memory: several chunks of any that was ever written.
const MAX_ALLOCATION: u64 = 256 << 20;

pub(crate) fn open(path: &Path) -> Result<tree::Reader, Error> {
    let mut file = tree::Reader::open(path)?;
    file.max_allocation = MAX_ALLOCATION;
    Ok(file)
}
