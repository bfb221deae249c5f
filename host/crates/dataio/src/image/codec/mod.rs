//! The formats, one file each, and their list.

pub mod cbf;
pub mod dtrek;
pub mod edf;
pub mod mar345;
pub mod marccd;
pub mod pilatus;
pub mod tif;

use super::Codec;

/// All formats, in the order in which their magic is tested (fabio's).
pub const CODECS: &[&dyn Codec] = &[
    // bruker100, bruker
    &pilatus::Pilatus,
    &marccd::MarCcd,
    &tif::Tif,
    &dtrek::Dtrek,
    // ge: before edf, by the name
    &edf::Edf,
    // ge, oxd, hipic
    &mar345::Mar345,
    // fit2dmask, dm3, kcd, xsd, pixi
    // eiger, hdf5, lima, lambda, sparse
    // raxis, numpy, fit2d, jpeg, jpeg2k, esperanto
    &cbf::Cbf,
    // By name alone: mrc, pnm, fit2dspreadsheet, bin, mpa, spe
];
