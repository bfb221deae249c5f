//! A dataset of an HDF5 file, named behind two colons: `file.h5::/path`.
//!
//! A group stands for its dataset `data`. Three extents are frames, two are one frame. What Eiger, Lima and Lambda
//! files have in common is here as well: `Stack` reads datasets one behind another, by chunks where their
//! filter is bitshuffle or LZ4 ([`bitshuffle`](crate::image::compression::bitshuffle)), which the library does
//! not have. Chunks that were never written are zeros.

use tierline_h5::raw::{RawDataset, RawFilter, RawRows, RawWriter};
use tierline_h5::tree::Reader;
use tierline_table::DType;

use crate::image::compression::bitshuffle::{decode_bitshuffle, decode_lz4, encode_bitshuffle};
use crate::image::plain::{plane, within};
use crate::image::source::split;
use crate::image::{Codec, Frame, Frames, Header, Hint, Image, Pixels, Source, Target, swap_bytes};
use crate::{Error, Place};

pub(super) const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";
const BITSHUFFLE: i32 = 32_008;
const LZ4: i32 = 32_004;
const SHUFFLE: i32 = 2;
/// Filters up to this number are the library's own.
const OWN: i32 = 255;

/// A dataset of an HDF5 file.
pub struct Hdf5;

impl Codec for Hdf5 {
    fn name(&self) -> &'static str {
        "hdf5"
    }

    fn description(&self) -> &'static str {
        "HDF5 dataset, as file.h5::/path"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["h5"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.starts_with(MAGIC) && split(hint.path).1.is_some()
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let (_, path) = split(source.path());
        let path =
            path.ok_or_else(|| Error::missing(source.path(), "path behind :: in the name"))?;
        let path = path.to_owned();
        let mut stack = Stack::open(source, Header::new())?;
        let inside = format!("{}/data", path.trim_end_matches('/'));
        let path = if stack.reader.raw_dataset(&path).is_err() { inside } else { path };
        stack.add(&path)?;
        Ok(Box::new(stack))
    }
}

/// Opens the file of a hint, if it is HDF5.
pub(super) fn reader(hint: &Hint<'_>) -> Option<Reader> {
    if !hint.head.starts_with(MAGIC) {
        return None;
    }
    Reader::open(hint.path).ok()
}

struct Part {
    path: String,
    info: RawDataset,
    frames: usize,
}

/// Datasets of frames, one behind another.
pub(super) struct Stack {
    source: Source,
    pub(super) reader: Reader,
    parts: Vec<Part>,
    header: Header,
    pub(super) warnings: Vec<String>,
}

impl Stack {
    /// Opens the file without datasets yet.
    pub(super) fn open(source: Source, header: Header) -> Result<Stack, Error> {
        let mut reader = Reader::open(&split(source.path()).0)?;
        reader.max_allocation = source.limits().max_allocation;
        Ok(Stack { source, reader, parts: Vec::new(), header, warnings: Vec::new() })
    }

    /// Sets a value of the header of every frame.
    pub(super) fn set(&mut self, key: &str, value: &str) {
        self.header.set(key, value);
    }

    /// Adds the frames of a dataset.
    pub(super) fn add(&mut self, path: &str) -> Result<(), Error> {
        let info = self.reader.raw_dataset(path)?;
        let place = || Place::Object(path.to_owned());
        let refused = |reason: String| Error::unsupported(self.source.path(), place(), reason);
        if let DType::Text(_) = info.dtype {
            return Err(refused("the elements are text".into()));
        }
        let frames = match info.shape.as_slice() {
            [_, _] => 1,
            [frames, _, _] => *frames,
            shape => return Err(refused(format!("{} extents: frames have 2 or 3", shape.len()))),
        };
        let own = info.filters.iter().all(|filter| filter.id <= OWN);
        if let Some(filter) = info.filters.iter().find(|filter| !own && !is_known(filter)) {
            return Err(refused(format!("filter {} {:?}", filter.id, filter.parameters)));
        }
        self.parts.push(Part { path: path.to_owned(), info, frames });
        Ok(())
    }

    fn pixels(&self, index: usize) -> Result<Pixels, Error> {
        let mut index = index;
        for part in &self.parts {
            if index < part.frames {
                return self.read(part, index);
            }
            index -= part.frames;
        }
        Err(Error::missing(self.source.path(), "such frame"))
    }

    fn read(&self, part: &Part, index: usize) -> Result<Pixels, Error> {
        let RawDataset { dtype, shape, filters, .. } = &part.info;
        let (dtype, plane) = (*dtype, shape[shape.len() - 2..].to_vec());
        let size = self.source.size("frame", &plane, dtype.size())?;
        let data = if filters.iter().all(|filter| filter.id <= OWN) {
            let rows = if shape.len() == 3 { index..index + 1 } else { 0..shape[0] };
            self.reader.array(&part.path, rows)?.data
        } else {
            let mut data = vec![0; size];
            self.read_chunks(part, index, &mut data)?;
            if part.info.big_endian {
                swap_bytes(&mut data, dtype.size());
            }
            data
        };
        if data.len() != size {
            let reason = format!("expected {size} bytes of a frame, found {}", data.len());
            return Err(self.bad(part, reason));
        }
        Ok(Pixels { dtype, shape: plane, data })
    }

    /// Reads all chunks that a frame touches.
    fn read_chunks(&self, part: &Part, index: usize, data: &mut [u8]) -> Result<(), Error> {
        let info = &part.info;
        let chunk = info.chunk.as_deref().unwrap_or_default();
        if chunk.len() != info.shape.len() || chunk.contains(&0) {
            return Err(self.bad(part, "it has filters but no chunks".into()));
        }
        let item = info.dtype.size();
        let size = self.source.size("chunk", chunk, item)?;
        let [rows, columns] = [info.shape[info.shape.len() - 2], info.shape[info.shape.len() - 1]];
        let [high, wide] = [chunk[chunk.len() - 2], chunk[chunk.len() - 1]];
        // Where there are three extents, the frame's place among those of the chunk.
        let (first, inside) = match chunk {
            [deep, _, _] => (Some(index / deep * deep), index % deep),
            _ => (None, 0),
        };
        for row in (0..rows).step_by(high) {
            for column in (0..columns).step_by(wide) {
                let offset: Vec<usize> = first.into_iter().chain([row, column]).collect();
                let Some(stored) = self.reader.raw_chunk(&part.path, &offset)? else { continue };
                let bytes = self.unfilter(part, stored.bytes, stored.skipped, size)?;
                let frame = &bytes[inside * high * wide * item..][..high * wide * item];
                let width = wide.min(columns - column) * item;
                for (y, from) in frame.chunks_exact(wide * item).take(rows - row).enumerate() {
                    let to = ((row + y) * columns + column) * item;
                    data[to..to + width].copy_from_slice(&from[..width]);
                }
            }
        }
        Ok(())
    }

    /// Undoes the filters of a chunk, the last first.
    fn unfilter(
        &self,
        part: &Part,
        bytes: Vec<u8>,
        skipped: u32,
        size: usize,
    ) -> Result<Vec<u8>, Error> {
        let item = part.info.dtype.size();
        let mut bytes = bytes;
        for (place, filter) in part.info.filters.iter().enumerate().rev() {
            if skipped >> place & 1 != 0 {
                continue;
            }
            let block = filter.parameters.get(3).map_or(0, |block| *block as usize);
            let decoded = match (filter.id, filter.parameters.get(4)) {
                (BITSHUFFLE, None | Some(0)) => decode_bitshuffle(&bytes, item, size, false, block),
                (BITSHUFFLE, _) => decode_bitshuffle(&bytes, item, size, true, block),
                (SHUFFLE, _) => Some(gather(&bytes, item)),
                _ => decode_lz4(&bytes, size),
            };
            bytes = decoded.ok_or_else(|| {
                self.bad(part, format!("a chunk of filter {} is damaged", filter.id))
            })?;
        }
        match bytes.len() == size {
            true => Ok(bytes),
            false => {
                Err(self
                    .bad(part, format!("expected {size} bytes of a chunk, found {}", bytes.len())))
            }
        }
    }

    fn bad(&self, part: &Part, reason: String) -> Error {
        self.source.malformed(Place::Object(part.path.clone()), reason)
    }
}

/// Undoes the shuffle of bytes: all first bytes of elements lie together, then all second ones.
fn gather(bytes: &[u8], item: usize) -> Vec<u8> {
    let count = bytes.len() / item;
    let mut out = bytes.to_vec();
    for (byte, plane) in bytes[..count * item].chunks_exact(count.max(1)).enumerate() {
        for (element, value) in plane.iter().enumerate() {
            out[element * item + byte] = *value;
        }
    }
    out
}

/// Whether a filter is undone here. Bitshuffle may have Zstandard inside, which is not.
fn is_known(filter: &RawFilter) -> bool {
    match filter.id {
        BITSHUFFLE => matches!(filter.parameters.get(4), None | Some(0 | 2)),
        id => id == SHUFFLE || id == LZ4,
    }
}

impl Image for Stack {
    fn frames(&mut self) -> Result<usize, Error> {
        Ok(self.parts.iter().map(|part| part.frames).fold(0, usize::saturating_add))
    }

    fn frame(&mut self, index: usize) -> Result<Frame, Error> {
        Ok(Frame { header: self.header(index)?, pixels: self.pixels(index)? })
    }

    fn header(&mut self, index: usize) -> Result<Header, Error> {
        let count = self.frames()?;
        within(self.source.path(), index, count)?;
        Ok(self.header.clone())
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// A file being written: a stack of frames of equal size in one dataset, a frame to the chunk, bitshuffle and LZ4.
pub(super) struct StackWriter {
    /// The file.
    pub(super) file: RawWriter,
    /// Type of the pixels.
    pub(super) dtype: DType,
    /// Rows and columns.
    pub(super) plane: (usize, usize),
    /// The header of the first frame.
    pub(super) header: Header,
    first: Pixels,
}

impl StackWriter {
    /// Takes the first frame and creates the file.
    pub(super) fn create(frames: Frames<'_>, target: Target<'_>) -> Result<StackWriter, Error> {
        if matches!(target.name.extension().and_then(|text| text.to_str()), Some("gz" | "bz2")) {
            return Err(Error::unsupported(target.name, Place::File, "HDF5 in a compressed file"));
        }
        let Some(first) = frames.next() else {
            return Err(Error::missing(target.name, "frame to be written"));
        };
        let Frame { pixels, header } = first?;
        let plane = plane(&pixels, target)?;
        let file = RawWriter::create(target.path)?;
        Ok(StackWriter { file, dtype: pixels.dtype, plane, header, first: pixels })
    }

    /// Writes all frames to a dataset; returns their number.
    pub(super) fn write(
        &mut self,
        path: &str,
        frames: Frames<'_>,
        target: Target<'_>,
    ) -> Result<usize, Error> {
        let item = self.dtype.size();
        let filter = RawFilter { id: BITSHUFFLE, parameters: vec![0, 4, item as u32, 0, 2] };
        let (height, width) = self.plane;
        let mut rows: RawRows = self.file.rows(path, self.dtype, &[height, width], &filter)?;
        self.file.append(&mut rows, &encode_bitshuffle(&self.first.data, item))?;
        let mut count = 1;
        for frame in frames {
            let pixels = frame?.pixels;
            if pixels.dtype != self.dtype || plane(&pixels, target)? != self.plane {
                let reason = "frames of different type or shape in one dataset";
                return Err(Error::unsupported(target.name, Place::Frame(count), reason));
            }
            self.file.append(&mut rows, &encode_bitshuffle(&pixels.data, item))?;
            count += 1;
        }
        self.file.close(rows)?;
        self.file.attributes(path, &[("interpretation", "image")])?;
        Ok(count)
    }
}

/// Tests of all formats of the family.
#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use tierline_report::Limits;

    use super::*;
    use crate::image::codec::{eiger::Eiger, lambda::Lambda, lima::Lima};
    use crate::image::testing::picture;
    use crate::image::{HEAD, open};

    fn head(path: &Path) -> Vec<u8> {
        let mut head = std::fs::read(path).unwrap();
        head.truncate(HEAD);
        head
    }

    #[test]
    fn stacks_return() {
        let dir = tempfile::tempdir().unwrap();
        let codecs: [&dyn Codec; 3] = [&Eiger, &Lima, &Lambda];
        for codec in codecs {
            for dtype in [DType::U8, DType::I16, DType::U32, DType::F64] {
                let path = dir.path().join(format!("{}.h5", codec.name()));
                let mut frames: Vec<Frame> =
                    (0..3).map(|seed| picture(dtype, 33, 29, seed)).collect();
                frames[0].header.set("detector", "merlin");
                let target = Target { path: &path, name: &path };
                let mut all = frames.iter().cloned().map(Ok);
                codec.encoder().unwrap().write(&mut all, target).unwrap();
                let sniffs =
                    |codec: &dyn Codec| codec.sniff(&Hint { path: &path, head: &head(&path) });
                assert!(sniffs(codec) && !sniffs(&Hdf5));
                let mut image =
                    codec.open(Source::open(&path, Limits::default()).unwrap()).unwrap();
                assert_eq!(image.frames().unwrap(), 3);
                for (index, frame) in frames.iter().enumerate() {
                    assert!(
                        image.frame(index).unwrap().pixels == frame.pixels,
                        "{} {dtype}",
                        codec.name()
                    );
                }
                assert!(image.frame(3).is_err());
                if codec.name() != "eiger" {
                    assert_eq!(image.header(1).unwrap().text("detector"), Some("merlin"));
                }
            }
        }
    }

    #[test]
    fn bytes_are_gathered() {
        assert_eq!(gather(&[1, 2, 3, 4, 5, 6, 9], 2), [1, 4, 2, 5, 3, 6, 9]);
        assert_eq!(gather(&[1], 2), [1]);
    }

    #[test]
    fn datasets_are_named_behind_two_colons() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.h5");
        let mut frames =
            [Ok(picture(DType::U16, 5, 6, 1)), Ok(picture(DType::U16, 5, 6, 2))].into_iter();
        Eiger.encoder().unwrap().write(&mut frames, Target { path: &path, name: &path }).unwrap();
        for inner in ["/entry/data/data", "entry/data", "/entry/data/"] {
            let name = PathBuf::from(format!("{}::{inner}", path.display()));
            let mut image = open(&name).unwrap();
            assert_eq!(image.frames().unwrap(), 2);
            assert!(image.frame(1).unwrap().pixels == picture(DType::U16, 5, 6, 2).pixels);
        }
        assert!(open(&PathBuf::from(format!("{}::/nothing", path.display()))).is_err());
        let bytes = std::fs::read(&path).unwrap();
        for length in (0..bytes.len()).step_by(61) {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let read = open(&path).and_then(|mut image| {
                (0..image.frames()?).try_for_each(|i| image.frame(i).map(drop))
            });
            assert!(read.is_err(), "{length} of {}", bytes.len());
        }
    }
}
