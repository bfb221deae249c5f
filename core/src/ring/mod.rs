//! The buffers of a front end: the window of its parser and the queue of its finished records.
//!
//! The ends of the queue agree by compare-and-swap. A Cortex-M0 has not got that: there the queue needs the feature
//! `critical-section`, and a program with an implementation of that crate.

#[cfg(any(target_has_atomic = "ptr", feature = "critical-section"))]
mod record;
mod slide;

pub use bbqueue::traits::coordination::Coord;
#[cfg(target_has_atomic = "ptr")]
pub use bbqueue::traits::coordination::cas::AtomicCoord;
#[cfg(feature = "critical-section")]
pub use bbqueue::traits::coordination::cs::CsCoord;
#[cfg(any(target_has_atomic = "ptr", feature = "critical-section"))]
pub use record::{Consumer, Counters, Finished, Grant, Producer, RecordRing, Refusal};
pub use slide::SlideBuffer;

/// How the ends of a ring agree where nothing else is said.
#[cfg(target_has_atomic = "ptr")]
pub type DefaultCoord = AtomicCoord;
/// How the ends of a ring agree where nothing else is said.
#[cfg(all(not(target_has_atomic = "ptr"), feature = "critical-section"))]
pub type DefaultCoord = CsCoord;
