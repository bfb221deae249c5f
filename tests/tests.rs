//! The integration tests of the workspace, one binary.
#![allow(clippy::unwrap_used, reason = "all of this is tests, helpers included")]

mod beamline;
mod board;
mod cli;
mod codec;
mod collect;
mod convert;
mod damaged;
mod dataio_damage;
mod dl1;
mod dump;
mod flatfield;
mod front_end;
mod golden;
mod host;
mod images;
mod index;
mod inputs;
mod interrupted;
mod lh5;
mod listings;
mod plot;
mod process;
mod records;
mod reduce;
mod rings;
mod spec;
mod spec_files;
mod split;
mod trees;
mod truncated;
mod urls;
mod waveforms;
