//! sim_telarray's files: its objects inside the container [`eventio`](crate::eventio), and the events they make.
//!
//! The layouts are those of hessio, the library that writes them. Each group of objects is a module; its structs
//! have a `parse` that takes an object in memory and refuses unknown versions.
//!
//! | types | are | module |
//! |---|---|---|
//! | 70–72, 75 | history, command line, settings, metaparameters | [`history`] |
//! | 2000, 2001, 2024, 2025 | headers and statistics of runs | [`run`] |
//! | 2002, 2003 | cameras | [`camera`] |
//! | 2004–2006 | pixels, electronics, software | [`pixels`] |
//! | 2007, 2008, 2100… | pointing | [`tracking`] |
//! | 2009 | the array's trigger | [`trigger`] |
//! | 2010, 2028, 2200… | events | [`array_event`] |
//! | 2011 | header of a telescope's event | [`telescope`] |
//! | 2012, 2013 | sums and waveforms | [`adc_sums`], [`adc_samples`] |
//! | 2014, 2015 | sim_telarray's own parameters | [`image`] |
//! | 2016 | times of pulses | [`pixel_timing`] |
//! | 2017, 2027, 2032 | lists of pixels | [`pixel_lists`] |
//! | 2020, 2021, 2026 | what was simulated | [`mc`] |
//! | 2022 | monitoring of cameras | [`camera_monitoring`] |
//! | 2023, 2033 | calibration, monitoring of pixels | [`calibration`] |
//! | 2029, 2030 | auxiliary traces | [`aux_traces`] |
//!
//! [`mod@file`] puts them together: a [`SimtelFile`] yields [`SimtelEvent`]s, the telescopes' part of which is decoded
//! later, by whoever has the time. [`source`] turns them into the types of this crate.

pub mod adc_samples;
pub mod adc_sums;
pub mod array_event;
pub mod aux_traces;
pub mod calibration;
pub mod camera;
pub mod camera_monitoring;
pub mod event;
pub mod file;
pub mod history;
pub mod image;
pub mod kind;
pub mod mc;
pub mod pixel_lists;
pub mod pixel_timing;
pub mod pixels;
pub mod run;
pub mod source;
pub mod telescope;
pub mod tracking;
pub mod trigger;
#[cfg(test)]
mod version_tests;

pub use event::{EventKind, SimtelEvent};
pub use file::{Options, SimtelFile};
pub use source::{SimtelEventSource, SourceOptions};
