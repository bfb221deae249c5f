//! Frames of one file, or of several with a frame each, as one sequence.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tierline_report::{LimitKind, Limits};
use tierline_table::DType;

use crate::image::{Codec, Frame, Header, Image, Pixels, Source, detect};
use crate::{Error, Place};

use super::metadata::promoted;

/// Frames with one shape and type to hold all of them.
pub struct Frames {
    path: PathBuf,
    codec: &'static dyn Codec,
    source: From,
    count: usize,
    dtype: DType,
    shape: Vec<usize>,
    warnings: Vec<String>,
    limits: Limits,
}

enum From {
    /// A file, open.
    File(Mutex<Box<dyn Image>>),
    /// Files of one frame each, opened when they are read.
    Series(Vec<PathBuf>),
}

impl Frames {
    /// The frames of a file. Their shapes may differ: the stack has the largest extents and the common type.
    pub fn file(path: &Path, limits: Limits) -> Result<Self, Error> {
        let source = Source::open(path, limits)?;
        let codec = detect(&source)?;
        let mut image = codec.open(source)?;
        let count = image.frames()?;
        let (mut dtype, mut shape) = image.layout(0)?;
        for index in 1..count {
            let (own, extents) = image.layout(index)?;
            dtype = promoted(dtype, own);
            shape.resize(shape.len().max(extents.len()), 0);
            shape.iter_mut().zip(extents).for_each(|(all, own)| *all = own.max(*all));
        }
        let warnings = image.warnings().to_vec();
        let source = From::File(Mutex::new(image));
        let path = path.to_path_buf();
        Ok(Frames { path, codec, source, count, dtype, shape, warnings, limits })
    }

    /// The frames of a series of files: shape and type are those of the first, and each file has one frame.
    pub fn series(paths: Vec<PathBuf>, limits: Limits) -> Result<Self, Error> {
        let [first, ..] = paths.as_slice() else {
            return Err(Error::missing(Path::new(""), "file in the series"));
        };
        let path = first.clone();
        let source = Source::open(first, limits)?;
        let codec = detect(&source)?;
        let mut image = codec.open(source)?;
        only_frame(image.as_mut(), first)?;
        let (dtype, shape) = image.layout(0)?;
        let (count, warnings) = (paths.len(), image.warnings().to_vec());
        let source = From::Series(paths);
        Ok(Frames { path, codec, source, count, dtype, shape, warnings, limits })
    }

    /// The file, or the first one.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The format.
    pub fn codec(&self) -> &'static dyn Codec {
        self.codec
    }

    /// Number of frames.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether they are of several files.
    pub fn is_series(&self) -> bool {
        matches!(self.source, From::Series(_))
    }

    /// Type of the elements of all frames together.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The largest extents.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// What was found wrong when the file was opened.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The header of a frame.
    pub fn header(&self, index: usize) -> Result<Header, Error> {
        self.with(index, |image, index| image.header(index))
    }

    /// A frame as it is in the file.
    pub fn frame(&self, index: usize) -> Result<Frame, Error> {
        self.with(index, |image, index| image.frame(index))
    }

    /// The pixels of a frame in the common type, with zeros behind extents that are smaller.
    pub fn pixels(&self, index: usize) -> Result<Pixels, Error> {
        let pixels = self.frame(index)?.pixels;
        if self.is_series() && pixels.shape != self.shape {
            let (have, want) = (&pixels.shape, &self.shape);
            let reason = format!("a frame of {have:?} in a series of frames of {want:?}");
            return Err(Error::malformed(self.path_of(index), Place::File, reason));
        }
        self.check(&self.shape)?;
        Ok(padded(pixels.cast(self.dtype), &self.shape))
    }

    /// Compares the size of an array of the common type with its limit.
    pub(super) fn check(&self, shape: &[usize]) -> Result<(), Error> {
        let item = self.dtype.size() as u64;
        let size = shape.iter().try_fold(item, |size, extent| size.checked_mul(*extent as u64));
        let what = format!("{}: pixels", self.path.display());
        Ok(self.limits.check(LimitKind::Allocation, &what, size.unwrap_or(u64::MAX))?)
    }

    /// The bounds on what is read.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The file that a frame is in.
    pub fn path_of(&self, index: usize) -> &Path {
        match &self.source {
            From::File(_) => &self.path,
            From::Series(paths) => paths.get(index).unwrap_or(&self.path),
        }
    }

    fn with<T>(
        &self,
        index: usize,
        read: impl FnOnce(&mut dyn Image, usize) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match &self.source {
            From::File(image) => {
                let mut image = image.lock().unwrap_or_else(PoisonError::into_inner);
                read(image.as_mut(), index)
            }
            From::Series(paths) => {
                let missing = || Error::missing(&self.path, format!("frame {index}"));
                let path = paths.get(index).ok_or_else(missing)?;
                let source = Source::open(path, self.limits)?;
                let mut image = detect(&source)?.open(source)?;
                only_frame(image.as_mut(), path)?;
                read(image.as_mut(), 0)
            }
        }
    }
}

fn only_frame(image: &mut dyn Image, path: &Path) -> Result<(), Error> {
    match image.frames()? {
        1 => Ok(()),
        count => {
            let reason = format!("files of a series have one frame each, this one has {count}");
            Err(Error::malformed(path, Place::File, reason))
        }
    }
}

/// The same pixels at the start of larger extents.
fn padded(pixels: Pixels, shape: &[usize]) -> Pixels {
    if pixels.shape == shape {
        return pixels;
    }
    let item = pixels.dtype.size();
    let mut own = pixels.shape.clone();
    // Extents that are missing: the first place of those at the end, as in an assignment by numpy.
    own.resize(shape.len(), 1);
    let count: usize = shape.iter().product();
    let mut data = vec![0; count * item];
    let row = own.last().copied().unwrap_or(1);
    let (mut strides, mut place) = (vec![1; shape.len()], vec![0; shape.len()]);
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    for line in pixels.data.chunks_exact((row * item).max(1)) {
        let at: usize = place.iter().zip(&strides).map(|(i, stride)| i * stride).sum();
        data[at * item..][..line.len()].copy_from_slice(line);
        for axis in (0..shape.len().saturating_sub(1)).rev() {
            place[axis] += 1;
            if place[axis] < own[axis] {
                break;
            }
            place[axis] = 0;
        }
    }
    Pixels { dtype: pixels.dtype, shape: shape.to_vec(), data }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_are_large_together_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.edf");
        let block = |columns: &str, rows: &str| {
            format!("{{\nDataType=UnsignedByte;Dim_1={columns};Dim_2={rows};Size=9;\n}}\n123456789")
        };
        for sides in [("200", "1"), ("1", "99999999999"), ("9999999999999", "9999999999999")] {
            std::fs::write(&path, block("1", "9") + &block(sides.0, sides.1)).unwrap();
            let limits = Limits { max_allocation: 1000, ..Limits::default() };
            let frames = Frames::file(&path, limits).unwrap();
            assert_eq!(frames.count(), 2);
            let error = frames.pixels(0).unwrap_err().to_string();
            assert!(error.contains("above the limit"), "{error}");
        }
    }

    #[test]
    fn smaller_frames_are_padded_at_their_ends() {
        let data = vec![1, 2, 3, 4];
        let pixels = Pixels { dtype: DType::U8, shape: vec![2, 2], data };
        assert_eq!(padded(pixels.clone(), &[3, 3]).data, [1, 2, 0, 3, 4, 0, 0, 0, 0]);
        assert_eq!(padded(pixels, &[2, 2]).data, [1, 2, 3, 4]);
        let line = Pixels { dtype: DType::U8, shape: vec![2], data: vec![5, 6] };
        assert_eq!(padded(line, &[2, 2]).data, [5, 0, 6, 0]);
    }
}
