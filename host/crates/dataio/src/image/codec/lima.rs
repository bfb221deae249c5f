//! What ESRF's LImA saves.
//!
//! HDF5 whose attribute `creator` begins with `LIMA`. The attribute `default` names the entry, the frames are its
//! `measurement/data`. The entry's `default` leads to `instrument/<detector>/plot`, from which the name of the
//! detector comes.

use tierline_table::Scalar;

use super::hdf5::{Stack, StackWriter, reader};
use crate::Error;
use crate::image::{Codec, Encoder, Frames, Header, Hint, Image, Source, Target};

const CREATOR: &str = "LIMA";
const ENTRY: &str = "/entry_0000";

/// What ESRF's LImA saves.
pub struct Lima;

impl Codec for Lima {
    fn name(&self) -> &'static str {
        "lima"
    }

    fn description(&self) -> &'static str {
        "HDF5 file produces by LImA"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["h5", "hdf5"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        let creator = reader(hint).and_then(|reader| reader.attribute("/", "creator"));
        creator.is_some_and(|creator| creator.starts_with(CREATOR))
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let path = source.path().to_path_buf();
        let mut stack = Stack::open(source, Header::new())?;
        let entry = stack.reader.attribute("/", "default");
        let entry =
            entry.ok_or_else(|| Error::missing(&path, "attribute 'default' of the file"))?;
        let plot = stack.reader.attribute(&entry, "default").unwrap_or_default();
        let detector =
            plot.rsplit('/').nth(1).filter(|name| !name.is_empty()).unwrap_or("detector");
        stack.set("detector", detector);
        stack.add(&format!("{}/measurement/data", entry.trim_end_matches('/')))?;
        Ok(Box::new(stack))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&Lima)
    }
}

/// Frames of one type and size, with the groups that LImA makes; no times.
impl Encoder for Lima {
    fn many(&self) -> bool {
        true
    }

    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let mut stack = StackWriter::create(frames, target)?;
        let name = stack.header.text("detector").unwrap_or("detector").replace('/', "_");
        let instrument = format!("{ENTRY}/instrument");
        let detector = format!("{instrument}/{name}");
        let plot = format!("{detector}/plot");
        let (rows, columns) = (stack.plane.0 as i32, stack.plane.1 as i32);
        let root = [("NX_class", "NXroot"), ("creator", "LIMA-1.9.7"), ("default", "entry_0000")];
        stack.file.attributes("/", &root)?;
        stack.file.group(ENTRY, &[("NX_class", "NXentry"), ("default", &plot)])?;
        stack.file.text(&format!("{ENTRY}/title"), "Lima 2D detector acquisition")?;
        stack.file.group(&instrument, &[("NX_class", "NXinstrument")])?;
        stack.file.group(&detector, &[("NX_class", "NXdetector")])?;
        let data = format!("{detector}/data");
        let count = stack.write(&data, frames, target)?;
        let bits = 8 * stack.dtype.size();
        for group in [
            "acquisition",
            "detector_information",
            "detector_information/max_image_size",
            "header",
            "image_operation",
            "image_operation/binning",
            "image_operation/dimension",
            "image_operation/flipping",
            "image_operation/region_of_interest",
        ] {
            stack.file.group(&format!("{detector}/{group}"), &[("NX_class", "NXcollection")])?;
        }
        for (path, text) in [
            ("detector_information/image_lima_type", format!("Bpp{bits}")),
            ("header/acq_nb_frames", count.to_string()),
            ("header/image_bin", "<1x1>".to_owned()),
            ("header/image_flip", "<flip x : False,flip y : False>".to_owned()),
            ("header/image_roi", format!("<0,0>-<{rows}x{columns}>")),
            ("header/image_rotation", "Rotation_0".to_owned()),
            ("image_operation/rotation", "Rotation_0".to_owned()),
        ] {
            stack.file.text(&format!("{detector}/{path}"), &text)?;
        }
        for (path, value) in [
            ("acquisition/nb_frames", Scalar::I32(i32::try_from(count).unwrap_or(i32::MAX))),
            ("detector_information/max_image_size/xsize", Scalar::I32(columns)),
            ("detector_information/max_image_size/ysize", Scalar::I32(rows)),
            ("image_operation/binning/x", Scalar::I32(1)),
            ("image_operation/binning/y", Scalar::I32(1)),
            ("image_operation/dimension/xsize", Scalar::I32(columns)),
            ("image_operation/dimension/ysize", Scalar::I32(rows)),
            ("image_operation/flipping/x", Scalar::U8(0)),
            ("image_operation/flipping/y", Scalar::U8(0)),
            ("image_operation/region_of_interest/xsize", Scalar::I32(columns)),
            ("image_operation/region_of_interest/ysize", Scalar::I32(rows)),
            ("image_operation/region_of_interest/xstart", Scalar::I32(0)),
            ("image_operation/region_of_interest/ystart", Scalar::I32(0)),
        ] {
            stack.file.scalar(&format!("{detector}/{path}"), value)?;
        }
        stack.file.group(&plot, &[("NX_class", "NXdata"), ("signal", "data")])?;
        stack.file.link(&data, &format!("{plot}/data"))?;
        stack.file.group(&format!("{ENTRY}/measurement"), &[("NX_class", "NXcollection")])?;
        stack.file.link(&data, &format!("{ENTRY}/measurement/data"))?;
        Ok(stack.file.finish()?)
    }
}
