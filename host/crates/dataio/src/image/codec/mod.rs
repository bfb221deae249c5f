//! The formats, one file each, and their list.

pub mod binary;
pub mod bruker;
pub mod bruker100;
pub mod cbf;
pub mod dtrek;
pub mod edf;
pub mod eiger;
pub mod esperanto;
pub mod fit2d;
pub mod fit2dmask;
pub mod fit2dspreadsheet;
pub mod ge;
pub mod hdf5;
pub mod hipic;
pub mod jpeg;
pub mod jpeg2k;
pub mod kcd;
pub mod lambda;
pub mod lima;
pub mod mar345;
pub mod marccd;
pub mod mpa;
pub mod mrc;
pub mod numpy;
pub mod oxd;
pub mod pilatus;
pub mod pixi;
pub mod pnm;
pub mod raxis;
pub mod spe;
pub mod tif;
pub mod xsd;

use super::Codec;

/// All formats, in the order in which their magic is tested (fabio's).
pub const CODECS: &[&dyn Codec] = &[
    &bruker100::Bruker100,
    &bruker::Bruker,
    &pilatus::Pilatus,
    &marccd::MarCcd,
    &tif::Tif,
    &dtrek::Dtrek,
    // Before edf, by the name.
    &ge::Ge,
    &edf::Edf,
    &oxd::Oxd,
    &hipic::Hipic,
    &mar345::Mar345,
    &fit2dmask::Fit2dMask,
    &kcd::Kcd,
    &xsd::Xsd,
    &pixi::Pixi,
    &hdf5::Hdf5,
    &lima::Lima,
    &lambda::Lambda,
    &eiger::Eiger,
    &raxis::Raxis,
    &numpy::Numpy,
    &fit2d::Fit2d,
    &jpeg::Jpeg,
    &jpeg2k::Jpeg2k,
    &esperanto::Esperanto,
    &cbf::Cbf,
    // Not by fabio's magic, but by their first bytes or names.
    &mrc::Mrc,
    &pnm::Pnm,
    &fit2dspreadsheet::Fit2dSpreadsheet,
    &binary::Binary,
    &mpa::Mpa,
    &spe::Spe,
];
