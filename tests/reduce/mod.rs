//! Reduction of gamma-ray events: agreement with the peer on real files.

mod geometry;
mod horizon;
mod regions;
mod stored;
mod golden;
mod stats;
