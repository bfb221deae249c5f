//! Objects of CORSIKA's output for arrays of Cherenkov telescopes (types 1200 to 1216).
//!
//! Lengths are in cm and times in ns, as in CORSIKA; x is to the north, y to the west.

mod atmosphere;
mod blocks;
mod photo_electrons;
mod photons;
mod setup;

pub use atmosphere::{Atmosphere, ExtraParameters};
pub use blocks::{Block, InputCard, Longitudinal};
pub use photo_electrons::PhotoElectrons;
pub use photons::{Bunch, Emitter, Particle, Photons};
pub use setup::{ArrayOffsets, TelescopeDefinition};

/// Header of a run: a [`Block`].
pub const RUN_HEADER: u16 = 1200;
/// Places of the telescopes: [`TelescopeDefinition`].
pub const TELESCOPE_DEFINITION: u16 = 1201;
/// Header of a shower: a [`Block`].
pub const EVENT_HEADER: u16 = 1202;
/// Places of the array for each use of a shower: [`ArrayOffsets`].
pub const ARRAY_OFFSETS: u16 = 1203;
/// Photons or photo-electrons of one use: objects inside.
pub const TELESCOPE_DATA: u16 = 1204;
/// Photons at a telescope: [`Photons`].
pub const PHOTONS: u16 = 1205;
/// Layout of a camera; not read.
pub const CAMERA_LAYOUT: u16 = 1206;
/// Times of triggers; not read.
pub const TRIGGER_TIME: u16 = 1207;
/// Photo-electrons of a camera: [`PhotoElectrons`].
pub const PHOTO_ELECTRONS: u16 = 1208;
/// End of a shower: a [`Block`].
pub const EVENT_END: u16 = 1209;
/// End of a run: a [`Block`].
pub const RUN_END: u16 = 1210;
/// Development of a shower: [`Longitudinal`].
pub const LONGITUDINAL: u16 = 1211;
/// Input of CORSIKA: [`InputCard`].
pub const INPUT_CARD: u16 = 1212;
/// Begin of telescope data that are not in one object; no content.
pub const MARKER_BEGIN: u16 = 1213;
/// End of telescope data that are not in one object; no content.
pub const MARKER_END: u16 = 1214;
/// More parameters of a shower: [`ExtraParameters`].
pub const EXTRA_PARAMETERS: u16 = 1215;
/// Profile of the atmosphere: [`Atmosphere`].
pub const ATMOSPHERE: u16 = 1216;

/// Cameras of more pixels don't exist: a larger number is damage.
pub const MAX_PIXELS: usize = 1 << 20;
