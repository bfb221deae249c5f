//! Raw numbers without a header: what they are must be told with [`Layout`].

use tierline_table::DType;

use crate::image::plain::RawFrames;
use crate::image::{Codec, Encoder, Endian, Frames, Header, Hint, Image, Output, Source, Target};
use crate::{Error, Place};

/// Raw numbers.
pub struct Binary;

/// What a file without a header holds: frames of equal size that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Pixels in a row.
    pub columns: usize,
    /// Rows of a frame.
    pub rows: usize,
    /// Bytes before the first frame; `None`: there is one frame, at the end of the file.
    pub offset: Option<u64>,
    /// Type of the pixels: a number.
    pub dtype: DType,
    /// Their byte order.
    pub endian: Endian,
}

impl Layout {
    /// Opens a file; what is left behind the last whole frame is not looked at.
    pub fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        if let DType::Text(_) = self.dtype {
            return Err(Error::unsupported(source.path(), Place::File, "pixels of text"));
        }
        let shape = vec![self.rows, self.columns];
        let size = source.size("frame", &shape, self.dtype.size())? as u64;
        let bytes = source.len();
        let (offset, count) = match self.offset {
            Some(offset) => (offset, bytes.saturating_sub(offset).checked_div(size).unwrap_or(0)),
            None => (bytes.saturating_sub(size), u64::from(bytes >= size && size > 0)),
        };
        if count == 0 {
            let reason =
                format!("a frame needs {size} bytes from byte {offset} on, the file has {bytes}");
            return Err(source.malformed(Place::File, reason));
        }
        Ok(Box::new(RawFrames {
            source,
            header: Header::new(),
            dtype: self.dtype,
            endian: self.endian,
            shape,
            offset,
            stride: size,
            count: usize::try_from(count).unwrap_or(usize::MAX),
            warnings: Vec::new(),
        }))
    }
}

impl Codec for Binary {
    fn name(&self) -> &'static str {
        "binary"
    }

    fn description(&self) -> &'static str {
        "Binary format (none-compressed 2D images)"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["bin"]
    }

    fn sniff(&self, _: &Hint<'_>) -> bool {
        false
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let reason = "raw binary: size, offset, type and byte order must be given";
        Err(Error::unsupported(source.path(), Place::File, reason))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&Binary)
    }
}

/// Writes the pixels of all frames, little-endian.
impl Encoder for Binary {
    fn many(&self) -> bool {
        true
    }

    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let mut output = Output::create(target)?;
        for frame in frames {
            output.put(&frame?.pixels.data)?;
        }
        output.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{open_bytes, picture, write_frames};
    use std::path::Path;
    use tierline_report::Limits;

    #[test]
    fn a_layout_makes_sense_of_bytes() {
        let open = |offset, endian, columns| {
            let layout = Layout { columns, rows: 1, offset, dtype: DType::U16, endian };
            layout.open(Source::memory(Path::new("x.bin"), (1..=9).collect(), Limits::default()))
        };
        let mut image = open(Some(1), Endian::Big, 2).unwrap();
        assert_eq!(image.frames().unwrap(), 2);
        assert_eq!(image.frame(1).unwrap().pixels.data, [7, 6, 9, 8]);
        let mut image = open(None, Endian::Little, 2).unwrap();
        assert_eq!((image.frames().unwrap(), image.frame(0).unwrap().pixels.data[0]), (1, 6));
        assert!(
            open(Some(8), Endian::Little, 2).is_err() && open(None, Endian::Little, 5).is_err()
        );
        assert!(open_bytes(&Binary, vec![0; 4]).is_err());
        let frames = [picture(DType::I16, 2, 3, 1), picture(DType::I16, 2, 3, 2)];
        assert_eq!(write_frames(&Binary, &frames).unwrap().len(), 24);
    }
}
