//! X-Spectrum's Lambda.
//!
//! HDF5 whose `/entry/instrument/detector/description` is `Lambda`; the frames are `data` beside it, the name of the
//! detector is `local_name`.

use tierline_table::Scalar;

use super::hdf5::{Stack, StackWriter, reader};
use crate::Error;
use crate::image::{Codec, Encoder, Frames, Header, Hint, Image, Source, Target};

const ENTRY: &str = "/entry";
const INSTRUMENT: &str = "/entry/instrument";
const DETECTOR: &str = "/entry/instrument/detector";
const DATA: &str = "/entry/instrument/detector/data";
const DESCRIPTION: &str = "/entry/instrument/detector/description";
const NAME: &str = "/entry/instrument/detector/local_name";

/// X-Spectrum's Lambda.
pub struct Lambda;

impl Codec for Lambda {
    fn name(&self) -> &'static str {
        "lambda"
    }

    fn description(&self) -> &'static str {
        "HDF5 file produces by Lambda"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["h5", "hdf5", "nxs"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        let description = reader(hint).and_then(|reader| reader.text(DESCRIPTION).ok());
        description.is_some_and(|text| text == "Lambda")
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let mut stack = Stack::open(source, Header::new())?;
        let name = stack.reader.text(NAME).unwrap_or_else(|_| "detector".to_owned());
        stack.set("detector", &name);
        stack.add(DATA)?;
        Ok(Box::new(stack))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&Lambda)
    }
}

/// Frames of one type and size; no times.
impl Encoder for Lambda {
    fn many(&self) -> bool {
        true
    }

    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let mut stack = StackWriter::create(frames, target)?;
        stack.file.attributes("/", &[("NX_class", "NXroot"), ("default", "entry")])?;
        stack.file.group(ENTRY, &[("NX_class", "NXentry")])?;
        stack.file.group(INSTRUMENT, &[("NX_class", "NXinstrument")])?;
        stack.file.group(DETECTOR, &[("NX_class", "NXdetector")])?;
        stack.file.text(DESCRIPTION, "Lambda")?;
        let name = stack.header.text("detector").unwrap_or("detector").replace('\0', "");
        stack.file.text(NAME, &name)?;
        let (rows, columns) = stack.plane;
        stack.file.text(&format!("{DETECTOR}/layout"), &format!("{columns}X{rows}"))?;
        stack.file.group(&format!("{DETECTOR}/collection"), &[("NX_class", "NXcollection")])?;
        stack.file.group(&format!("{DETECTOR}/acquisition"), &[("NX_class", "NXcollection")])?;
        let count = stack.write(DATA, frames, target)?;
        let count = Scalar::I32(i32::try_from(count).unwrap_or(i32::MAX));
        stack.file.scalar(&format!("{DETECTOR}/acquisition/frame_numbers"), count)?;
        Ok(stack.file.finish()?)
    }
}
