//! The formats, one file each, and their list.

pub mod bruker;
pub mod bruker100;
pub mod cbf;
pub mod dtrek;
pub mod edf;
pub mod esperanto;
pub mod fit2dmask;
pub mod fit2dspreadsheet;
pub mod mar345;
pub mod marccd;
pub mod numpy;
pub mod oxd;
pub mod pilatus;
pub mod pnm;
pub mod tif;

use super::Codec;

/// All formats, in the order in which their magic is tested (fabio's).
pub const CODECS: &[&dyn Codec] = &[
    &bruker100::Bruker100,
    &bruker::Bruker,
    &pilatus::Pilatus,
    &marccd::MarCcd,
    &tif::Tif,
    &dtrek::Dtrek,
    &edf::Edf,
    &oxd::Oxd,
    &mar345::Mar345,
    &fit2dmask::Fit2dMask,
    &numpy::Numpy,
    &esperanto::Esperanto,
    &cbf::Cbf,
    &pnm::Pnm,
    &fit2dspreadsheet::Fit2dSpreadsheet,
];
