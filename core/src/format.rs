//! What a format is.

use crate::assemble::Assembler;
use crate::frame::{FrameLimits, Framer};

/// How sure a format is that bytes are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Sniff {
    /// They are not.
    No,
    /// They could be.
    Weak,
    /// They carry the format's mark.
    Magic,
}

/// What is known of a format without reading anything.
#[derive(Clone, Copy, Debug)]
pub struct FormatInfo {
    /// Short name, for people.
    pub name: &'static str,
    /// Name of the stream type, as the field's tools take it.
    pub stream_type: &'static str,
    /// Usual file name extensions, lower case, without the dot.
    pub extensions: &'static [&'static str],
    /// Looks at the first bytes of a stream (up to 4096).
    pub sniff: fn(&[u8]) -> Sniff,
    /// Name of a record tag: `unknown`, or empty where tags have no names.
    pub kind_name: fn(u32) -> &'static str,
    /// Name of a decoder by its number in [`crate::part::Part::decoder`]; empty where there is none.
    pub decoder_name: fn(u8) -> &'static str,
    /// A settings file may come with the recording.
    pub settings: bool,
    /// Bytes per length unit in the format's own terms (4: the format counts words).
    pub unit: u32,
}

/// A DAQ format: a framer and an assembler.
pub trait Format: 'static {
    /// What it is called and how it is recognised.
    const INFO: FormatInfo;
    /// Finds parts.
    type Framer: Framer;
    /// Turns parts into rows.
    type Assembler: Assembler;

    /// A framer at the start of a stream.
    fn framer(limits: FrameLimits) -> Self::Framer;

    /// An assembler of which nothing is known yet.
    fn assembler() -> Self::Assembler;
}
