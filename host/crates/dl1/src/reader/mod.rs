//! Reading files of processed events, of this crate's or the peers' making.

mod cell;
pub mod ctaml;
pub mod ctapipe;

pub(crate) use cell::{Attributes, Cells};
