//! Reduction of gamma-ray events: agreement with the peer on real files.

mod digest;
mod geometry;
mod golden;
mod healpix;
mod horizon;
mod maps;
mod regions;
mod spectra;
mod stats;
mod stored;
mod variants;
