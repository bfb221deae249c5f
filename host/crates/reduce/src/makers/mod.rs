//! Makers: from an observation to a dataset, or from a dataset to one with a mask or a background.

mod chain;
mod fov;
mod from_maps;
mod map;
mod phase;
mod reflected;
mod ring;
mod rotation;
mod safe_mask;
mod spectrum;

pub(crate) use chain::in_order;
pub use chain::{DatasetsMaker, Made, Maker, Open};
pub use fov::{FovBackgroundMaker, FovMethod, project_mask};
pub use map::{MapMaker, Selection};
pub use phase::PhaseBackgroundMaker;
pub use reflected::{ReflectedRegionsBackgroundMaker, RegionsFinder};
pub use ring::{AdaptiveRingBackgroundMaker, RingBackgroundMaker};
pub use safe_mask::{SAFE_METHODS, SafeIrfs, SafeMaskMaker, SafeMethod};
pub use spectrum::SpectrumMaker;
