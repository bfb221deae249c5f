//! The front end on a host: deterministic emitters of DAQ streams for demos, fixtures and tests.
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
