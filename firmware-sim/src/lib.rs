//! The front end on a host: deterministic emitters of DAQ streams for demos, fixtures and tests, and the front end itself, the
//! core that runs on a microcontroller, with threads in place of interrupts.
//!
//! A [`source`] of bytes goes through a [`simulator`] onto a [`link`]; a [`fault`] on the way does what links do.
//!
//! Every emitter is a plain struct of parameters; its stream writes the pieces of a file (header,
//! configuration, one record after the other) into a `Vec<u8>`, so that tests compose the streams
//! they need. The same seed gives the same bytes on every platform.
//!
//! ```
//! use tierline_firmware_sim::emit::EXAMPLES;
//!
//! for example in EXAMPLES {
//!     let bytes = (example.make)(1, 3);
//!     assert!(!bytes.is_empty(), "{}", example.name);
//! }
//! ```
#![forbid(unsafe_code)]

pub mod emit;
pub mod fault;
pub mod link;
pub mod simulator;
pub mod source;

pub use simulator::{Done, Full, Simulator};
