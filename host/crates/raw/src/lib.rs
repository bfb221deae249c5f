//! The raw tier: DAQ recordings to LH5 tables.
//!
//! A [`window::Window`] slides over an [`input::Input`]; [`stream::run`] lets the format's framer and assembler (from
//! `tierline-core`) work on it and accounts for every byte; rows gather in the [`library::RawBufferLibrary`] and are
//! written in chunks. [`BuildRaw`] is all of this in one call, from any number of [`Source`]s: files, growing files, links.
//!
//! Where rows go is said by an output specification ([`out_spec`]); what is done to them before, by the steps of its `proc_spec`
//! ([`buffer_processor`]), a processing chain ([`dsp`]) among them. [`Process`] does the same with tables that are in a file already.
//! [`collect`] makes the tables from the records of front ends, [`info`] says what a recording holds, and [`skim`](skim()) makes a
//! short one of a long one.
//!
//! ```no_run
//! use std::path::Path;
//! let done = tierline_raw::BuildRaw::default().run(Path::new("run.fcio"), Path::new("run.lh5"))?;
//! println!("{:?}", done.rows);
//! # Ok::<(), tierline_raw::Error>(())
//! ```
#![forbid(unsafe_code)]

mod assembly;
pub mod buffer_processor;
mod build_raw;
pub mod collect;
mod conversion;
pub mod document;
pub mod dsp;
mod error;
mod garbage;
pub mod headers;
pub mod index;
pub mod info;
pub mod input;
pub mod library;
mod out_files;
mod out_links;
pub mod out_spec;
mod process;
pub mod raw_buffer;
mod routes;
mod skim;
mod sniff;
mod start_time;
pub mod stream;
mod table_sink;
mod tables;
pub mod window;

pub use build_raw::{BuildRaw, Destination, GarbageTo, Source, default_output, identify};
pub use collect::{Collect, Collected};
pub use conversion::Converted;
pub use error::{Error, Result};
pub use out_files::OutFile;
pub use out_links::{Connect, OutLink};
pub use process::{Process, Processed, processed_output};
pub use routes::Spec;
pub use skim::{Skimmed, skim};
pub use sniff::{LOOK, by_extension, by_name, sniff};
pub use start_time::{start_time, utc};
pub use table_sink::TableSink;
pub use tierline_h5::Compression;
