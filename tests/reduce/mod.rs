//! Reduction of gamma-ray events: agreement with the peer on real files.

mod commands;
mod damage;
mod digest;
mod files;
mod geometry;
mod golden;
mod healpix;
mod horizon;
mod irf;
mod maps;
mod ogip;
mod regions;
mod safe_mask;
mod spectra;
mod stats;
mod stored;
mod variants;
