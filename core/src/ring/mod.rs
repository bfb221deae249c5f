//! The buffers of a front end: the window of its parser and the queue of its finished records.
//!
//! The queue needs compare-and-swap, which a Cortex-M0 has not: there it is absent.

#[cfg(target_has_atomic = "ptr")]
mod record;
mod slide;

#[cfg(target_has_atomic = "ptr")]
pub use record::{Consumer, Counters, Finished, Grant, Producer, RecordRing, Refusal};
pub use slide::SlideBuffer;
