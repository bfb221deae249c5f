//! Cherenkov-telescope events, from waveforms to DL1: images of charge and time, and their parameters.
//!
//! The words are those of ctapipe: an event source yields [`ArrayEvent`](event::ArrayEvent)s seen by the
//! telescopes of a [`Subarray`](instrument::Subarray); waveforms are calibrated, extracted to
//! [`Image`](event::Image)s, cleaned, and described by [`ImageParameters`](parameters::ImageParameters).
#![forbid(unsafe_code)]

mod build_dl1;
pub mod calib;
pub mod camera_file;
pub mod clean;
pub mod configuration;
pub mod cuts;
mod duplicates;
mod error;
pub mod event;
pub mod eventio;
pub mod extract;
pub mod images;
pub mod instrument;
pub mod mapping;
pub mod merge;
pub mod observation;
pub mod parameters;
pub mod pipeline;
pub mod random;
pub mod raw_tables;
pub mod reader;
pub mod runlist;
pub mod settings;
pub mod simtel;
mod sources;
pub mod summary;
mod time;
pub mod write_data;
pub mod writer;

pub use build_dl1::{BuildDl1, Built, Format};
pub use error::{Error, Place};
pub use sources::{OpenRecording, Recordings};
