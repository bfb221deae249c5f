//! Dectris' Eiger.
//!
//! HDF5: the frames are the datasets of `/entry/data` whose names begin with `data`, in their order
//! (`data_000001` and so on, often links to other files), or `/entry/data` itself, or `/entry/data_...` in old files.
//! Written is one dataset `/entry/data/data`, compressed with bitshuffle and LZ4.

use super::hdf5::{Stack, StackWriter, reader};
use crate::Error;
use crate::image::{Codec, Encoder, Frames, Header, Hint, Image, Source, Target};

const ENTRY: &str = "/entry";
const DATA: &str = "/entry/data";

/// Dectris' Eiger.
pub struct Eiger;

impl Codec for Eiger {
    fn name(&self) -> &'static str {
        "eiger"
    }

    fn description(&self) -> &'static str {
        "Eiger data files based on HDF5"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["h5", "hdf5"]
    }

    /// Any HDF5 file that is no other format's.
    fn sniff(&self, hint: &Hint<'_>) -> bool {
        reader(hint).is_some()
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let path = source.path().to_path_buf();
        let mut stack = Stack::open(source, Header::new())?;
        let mut datasets = Vec::new();
        if stack.reader.raw_dataset(DATA).is_ok() {
            datasets.push(DATA.to_owned());
        }
        for group in [DATA, ENTRY] {
            if datasets.is_empty() {
                let names = stack.reader.names(group).into_iter();
                let names = names
                    .filter(|name| name.starts_with("data") && format!("{group}/{name}") != DATA);
                datasets.extend(names.map(|name| format!("{group}/{name}")));
            }
        }
        for (number, dataset) in datasets.iter().enumerate() {
            match stack.add(dataset) {
                Ok(()) => {}
                Err(error) if number == 0 => return Err(error),
                // What a link leads to may not be there yet.
                Err(error) => {
                    stack.warnings.push(format!("frames from {dataset} on are left out: {error}"));
                    break;
                }
            }
        }
        match datasets.is_empty() {
            true => Err(Error::missing(&path, "dataset of frames in /entry")),
            false => Ok(Box::new(stack)),
        }
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&Eiger)
    }
}

/// Frames of one type and size become one dataset.
impl Encoder for Eiger {
    fn many(&self) -> bool {
        true
    }

    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let mut stack = StackWriter::create(frames, target)?;
        stack.file.attributes("/", &[("NX_class", "NXroot"), ("default", "entry")])?;
        stack.file.group(ENTRY, &[("NX_class", "NXentry"), ("default", "data")])?;
        stack.file.group(DATA, &[("NX_class", "NXdata"), ("signal", "data")])?;
        stack.write("/entry/data/data", frames, target)?;
        Ok(stack.file.finish()?)
    }
}
