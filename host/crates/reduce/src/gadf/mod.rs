//! Datasets as FITS files, as gammapy writes them ("gadf").
//!
//! | HDU | holds |
//! |--|--|
//! | primary | NAME, CREATOR |
//! | COUNTS, EXPOSURE, BACKGROUND, EDISP, EDISP_EXPOSURE, PSF, PSF_EXPOSURE, MASK_SAFE, MASK_FIT | an image per member: WCS, `WCSSHAPE`, `AXCOLSn` and `INTERPn` of its axes, `BANDSHDU`, `BUNIT`, `META` (JSON) |
//! | `<member>_BANDS` | a row per plane, the first axis fastest: CHANNEL, and centre, lower and upper edge on each axis |
//! | GTI | START and STOP in s since MJDREFI + MJDREFF of TIMESYS |
//! | META_TABLE | observations |
//! | COUNTS_OFF, ACCEPTANCE, ACCEPTANCE_OFF | instead of BACKGROUND, after all others |
//!
//! Masks are images of 0 and 1 in 8 bytes. A map of a region is a table instead of an image: CHANNEL and DATA, a row per bin of the
//! last axis and in each cell the others; masks are logicals; `<member>_REGION` has the region in pixels of its WCS. A map of HEALPix
//! pixels is a table, too, of a column per plane (see [`HpxConvention`]); its masks are 0 and 1 in one byte.

mod bands;
pub(crate) mod columns;
mod healpix;
mod maps;
mod read;
mod region;
#[cfg(test)]
mod tests;
mod write;

pub use healpix::{HpxConvention, HpxForm, is_healpix, write_healpix};
pub use maps::MapFile;
pub(crate) use read::{irf_of_hdu, map_of_hdu, read_dataset_of, read_image_map, reals};
pub use read::{read_dataset, read_map};
pub(crate) use region::{read_region, region_table};
pub(crate) use write::{complete_dataset, gti_table};
pub use write::{write_dataset, write_maps};

/// What files name as their creator.
pub(crate) const CREATOR: &str = concat!("tierline ", env!("CARGO_PKG_VERSION"));
