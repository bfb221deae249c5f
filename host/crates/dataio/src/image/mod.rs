//! Detector images: one file to the format behind [`Codec`], one list [`CODECS`].

mod cast;
pub mod codec;
pub mod compression;
mod filename;
mod frame;
#[cfg(test)]
mod garbage;
mod header;
mod inflate;
mod open;
mod output;
mod plain;
mod series;
mod source;
#[cfg(test)]
mod testing;
mod transform;
mod warnings;

pub use codec::CODECS;
pub use filename::FileName;
pub use frame::{Frame, Pixels, Statistics, swap_bytes};
pub use header::{Header, Value};
pub use open::{detect, open, open_with};
pub use output::Output;
pub use plain::Endian;
pub use series::{FramesPerFile, Series, SeriesPlace};
pub use source::Source;
pub use tierline_report::Limits;
pub use tierline_table::DType;
pub use transform::{Transform, output_names, writable};
pub use warnings::Warnings;

use std::path::Path;

use crate::{Error, Place};

/// First bytes of a file's content that a codec may judge by.
pub const HEAD: usize = 4096;

/// What is known of a file before it is opened.
#[derive(Debug, Clone, Copy)]
pub struct Hint<'a> {
    /// The file's name.
    pub path: &'a Path,
    /// Up to [`HEAD`] first bytes of its content, decompressed.
    pub head: &'a [u8],
}

impl Hint<'_> {
    /// The name's extension in lower case, without its dot, below `.gz` and `.bz2`; empty if it has none.
    pub fn extension(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".bz2")).unwrap_or(&name);
        name.rsplit_once('.').map_or_else(String::new, |(_, extension)| extension.to_owned())
    }
}

/// One image format.
pub trait Codec: Sync {
    /// Its name, as fabio's without `image`: `edf`, `cbf`, `fit2dmask`.
    fn name(&self) -> &'static str;

    /// One line for people.
    fn description(&self) -> &'static str;

    /// Extensions in lower case without the dot, the usual one first; empty if it has none of its own.
    fn extensions(&self) -> &'static [&'static str];

    /// Whether the first bytes are this format's. Codecs are asked in the order of [`CODECS`].
    fn sniff(&self, hint: &Hint<'_>) -> bool;

    /// Opens a file: reads headers, no pixels where it can be helped.
    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error>;

    /// Keys of its headers, in lower case, that only say how the pixels are stored.
    fn reserved_keys(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether `motor_mne` and `motor_pos` (`counter_…`, `UB_…`, `sample_…`) are lists of names and their values.
    fn has_mnemonics(&self) -> bool {
        false
    }

    /// How it is written, if it can be.
    fn encoder(&self) -> Option<&'static dyn Encoder> {
        None
    }
}

/// An open file of frames.
pub trait Image: Send {
    /// Frames in the file. Counting them may read every header.
    fn frames(&mut self) -> Result<usize, Error>;

    /// A frame, decoded, with its header.
    fn frame(&mut self, index: usize) -> Result<Frame, Error>;

    /// The header of a frame; pixels are not decoded where the format allows.
    fn header(&mut self, index: usize) -> Result<Header, Error> {
        Ok(self.frame(index)?.header)
    }

    /// Type and shape of a frame's pixels, which are not decoded where the format allows.
    fn layout(&mut self, index: usize) -> Result<(DType, Vec<usize>), Error> {
        let pixels = self.frame(index)?.pixels;
        Ok((pixels.dtype, pixels.shape))
    }

    /// What was found wrong so far and could be lived with, each as one sentence.
    fn warnings(&self) -> &[String] {
        &[]
    }

    /// Whether the file ends early or in garbage (as far as it was read).
    fn incomplete(&self) -> bool {
        false
    }
}

/// Frames to be written, one after another.
pub type Frames<'a> = &'a mut dyn Iterator<Item = Result<Frame, Error>>;

/// Where frames are written to.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The file to create the content in: exists, is empty, and will be renamed.
    pub path: &'a Path,
    /// The name it will have.
    pub name: &'a Path,
}

impl Target<'_> {
    /// The only frame there must be, for formats of one frame.
    pub fn only_frame(&self, frames: Frames<'_>) -> Result<Frame, Error> {
        let refused = |reason: &str| Error::unsupported(self.name, Place::File, reason);
        let frame = frames.next().ok_or_else(|| refused("a file without a frame"))??;
        match frames.next() {
            None => Ok(frame),
            Some(_) => Err(refused("more than one frame in a file of this format")),
        }
    }
}

/// Writes a format.
pub trait Encoder: Sync {
    /// Whether a file holds more than one frame.
    fn many(&self) -> bool {
        false
    }

    /// Writes frames to a file, keeping no more than a few of them. What the format cannot hold is cast as
    /// fabio casts it, or refused by name. A codec of one frame fails at the second.
    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error>;
}
