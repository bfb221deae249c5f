//! Decoders of DAQ packet formats that run anywhere: in readout firmware and on the host.
//!
//! `no_std`, no allocation, no unsafe code, no panic. A [`frame::Framer`] finds the [`part::Part`]s of a byte stream, an
//! [`assemble::Assembler`] turns them into rows of named fields and pushes these into a [`decoder::RowSink`].
//!
//! ```
//! use tierline_core::decoder::NullSink;
//! use tierline_core::{Assembler, Format, FrameLimits, Framer, Step, fcio::Fcio};
//!
//! let mut stream = Vec::from((-1_000_000_001i32).to_le_bytes());
//! stream.extend(*b"FlashCamV1");
//! stream.resize(68, 0);
//! let mut framer = Fcio::framer(FrameLimits::HOST);
//! let (mut rows, mut assembler) = (NullSink::default(), Box::new(Fcio::assembler()));
//! let mut window = &stream[..];
//! while let Step::Part { used, part } = framer.step(window, true)? {
//!     assembler.part(&part, &mut rows)?;
//!     window = &window[used..];
//! }
//! # Ok::<(), tierline_core::Error>(())
//! ```
//!
//! | format | module | records |
//! |--|--|--|
//! | FCIO | [`fcio`] | Config, Event, SparseEvent, EventHeader, Status, RecEvent, FSPConfig, FSPEvent, FSPStatus |
//! | ORCA | [`orca`] | header, run, FlashCam listener and waveforms, embedded FCIO, SIS3302, SIS3316 |
//! | LLAMA | [`llama`] | header, channel table, events with all accumulator groups, raw and averaged waveforms |
//! | CoMPASS | [`compass`] | events with and without file header, all optional fields; settings file |
//!
//! On a front end, a [`FrontEnd`] puts parts into [`record`]s (samples in a [`codec`]), a [`ring`] holds them, and
//! [`link`] frames them for the way to the host.
//!
//! | feature | |
//! |--|--|
//! | `defmt` | `defmt::Format` on the public values: errors, parts, records, accounts, settings |
//! | `critical-section` | the [`ring`] of records also where there is no compare-and-swap |
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod assemble;
pub mod bytes;
pub mod cells;
pub mod codec;
pub mod compass;
pub mod decoder;
pub mod error;
pub mod fcio;
pub mod field;
pub mod format;
pub mod formats;
pub mod frame;
pub mod front_end;
pub mod history;
pub mod link;
pub mod llama;
pub mod orca;
pub mod pack;
pub mod part;
pub mod record;
pub mod ring;
pub mod text;

pub use assemble::{Assembler, Fate, Source};
pub use codec::{Codec, Predictor};
pub use decoder::{Row, RowSink, TableDef, TableId};
pub use error::{Error, Kind, Result, Scope};
pub use field::{DType, Field, Shape, Value};
pub use format::{Format, FormatInfo, Sniff};
pub use formats::{FORMATS, WithFormat, with_format};
pub use frame::{FrameLimits, Framer, Step};
pub use front_end::FrontEnd;
pub use history::History;
pub use part::{Key, Part, Stage};
#[cfg(any(target_has_atomic = "ptr", feature = "critical-section"))]
pub use ring::RecordRing;
pub use ring::SlideBuffer;
pub use text::Node;
