//! Reduction of gamma-ray events: agreement with the peer on real files.

mod background3d;
mod chain;
mod commands;
mod damage;
mod digest;
mod estimate;
mod files;
mod fits;
mod geometry;
mod golden;
mod healpix;
mod horizon;
mod intervals;
mod irf;
mod maps;
mod masks;
mod ogip;
mod plot;
mod regions;
mod safe_mask;
mod spectra;
mod stats;
mod stored;
mod variants;
