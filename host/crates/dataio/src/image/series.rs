//! Files that follow each other, as one sequence of frames.

use std::path::{Path, PathBuf};

use tierline_report::Limits;

use super::filename::FileName;
use super::{Frame, Header, Image, Warnings, open_with};
use crate::Error;

/// How many frames the files of a series have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FramesPerFile {
    /// Any number: files are opened one after another to count.
    #[default]
    Any,
    /// As many as the first one has; the last one may have fewer.
    Same,
    /// This many; the last one may have fewer.
    Fixed(usize),
}

/// Where a frame of a series is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesPlace {
    /// The file.
    pub path: PathBuf,
    /// The file's number in the series.
    pub file: usize,
    /// The frame's number in the file.
    pub index: usize,
}

/// The frames of several files, numbered through. One file is open at a time.
pub struct Series {
    /// The files known so far, and where more come from.
    known: Vec<PathBuf>,
    more: Box<dyn Iterator<Item = PathBuf> + Send>,
    per_file: FramesPerFile,
    limits: Limits,
    /// Number of the first frame of each file counted, and of the first frame behind them.
    starts: Vec<usize>,
    current: Option<(usize, Box<dyn Image>)>,
    warnings: Warnings,
    incomplete: bool,
}

impl Series {
    /// The files of a list, in its order. They are asked for as they are needed.
    pub fn files<I>(files: I, per_file: FramesPerFile, limits: Limits) -> Self
    where
        I: IntoIterator<Item = PathBuf>,
        I::IntoIter: Send + 'static,
    {
        Series {
            known: Vec::new(),
            more: Box::new(files.into_iter()),
            per_file,
            limits,
            starts: vec![0],
            current: None,
            warnings: Warnings::default(),
            incomplete: false,
        }
    }

    /// A file and those with the next numbers, up to the first that is not there.
    pub fn from_first(first: &Path, per_file: FramesPerFile, limits: Limits) -> Self {
        let names = std::iter::successors(FileName::parse(first).next(), FileName::next);
        let next = names.map(|name| name.to_path()).take_while(|path| path.exists());
        Self::files(std::iter::once(first.to_path_buf()).chain(next), per_file, limits)
    }

    /// The files with the numbers of a range in the name's place, whether they are there or not.
    pub fn numbered(
        name: &FileName,
        numbers: impl IntoIterator<Item = i64, IntoIter: Send + 'static>,
        per_file: FramesPerFile,
        limits: Limits,
    ) -> Self {
        let name = name.clone();
        let files = numbers.into_iter().map(move |number| name.jump(number).to_path());
        Self::files(files, per_file, limits)
    }

    /// A file by its number.
    fn path(&mut self, file: usize) -> Option<&Path> {
        while self.known.len() <= file {
            self.known.push(self.more.next()?);
        }
        self.known.get(file).map(PathBuf::as_path)
    }

    /// Opens a file, if it is not the one that is open; `None` behind the last one.
    fn open(&mut self, file: usize) -> Result<Option<&mut Box<dyn Image>>, Error> {
        if self.current.as_ref().is_none_or(|(open, _)| *open != file) {
            self.close();
            let limits = self.limits;
            let Some(path) = self.path(file) else { return Ok(None) };
            let image = open_with(path, limits)?;
            self.current = Some((file, image));
        }
        Ok(self.current.as_mut().map(|(_, image)| image))
    }

    /// Closes the open file and keeps what it warns of.
    fn close(&mut self) {
        let Some((file, image)) = self.current.take() else { return };
        let path = &self.known[file];
        for warning in image.warnings() {
            self.warnings.add(format!("{}: {warning}", path.display()));
        }
        self.incomplete |= image.incomplete();
    }

    /// The frames of each file, where that is known; the first is opened for it if it must be.
    fn fixed(&mut self) -> Result<Option<usize>, Error> {
        if self.per_file == FramesPerFile::Same {
            let count = match self.open(0)? {
                Some(image) => image.frames()?,
                None => 0,
            };
            self.per_file = FramesPerFile::Fixed(count);
        }
        Ok(match self.per_file {
            FramesPerFile::Fixed(count) => Some(count.max(1)),
            FramesPerFile::Any | FramesPerFile::Same => None,
        })
    }

    /// Counts the frames of one more file; whether there is one.
    fn count_next(&mut self) -> Result<bool, Error> {
        let file = self.starts.len() - 1;
        let start = self.starts[file];
        let Some(image) = self.open(file)? else { return Ok(false) };
        let end = start + image.frames()?;
        self.starts.push(end);
        Ok(true)
    }

    /// Where a frame is.
    pub fn place(&mut self, index: usize) -> Result<SeriesPlace, Error> {
        let (file, own) = if let Some(count) = self.fixed()? {
            (index / count, index % count)
        } else {
            while self.starts.last().is_some_and(|end| *end <= index) && self.count_next()? {}
            let file = self.starts.partition_point(|start| *start <= index) - 1;
            if file + 1 == self.starts.len() {
                return Err(self.missing(index));
            }
            (file, index - self.starts[file])
        };
        match self.path(file) {
            Some(path) => Ok(SeriesPlace { path: path.to_path_buf(), file, index: own }),
            None => Err(self.missing(index)),
        }
    }

    fn missing(&self, index: usize) -> Error {
        let path = self.known.first().cloned().unwrap_or_default();
        let files = self.known.len();
        Error::missing(&path, format!("frame {index} in the series of {files} files from here"))
    }

    /// Goes to a frame: its number in the open file.
    fn go(&mut self, index: usize) -> Result<(usize, &mut Box<dyn Image>), Error> {
        let place = self.place(index)?;
        let missing = self.missing(index);
        match self.open(place.file)? {
            Some(image) => Ok((place.index, image)),
            None => Err(missing),
        }
    }
}

impl Image for Series {
    /// Opens every file, but where the number of frames is known: then the last one.
    fn frames(&mut self) -> Result<usize, Error> {
        if let Some(count) = self.fixed()? {
            while self.path(self.known.len()).is_some() {}
            let Some(last) = self.known.len().checked_sub(1) else { return Ok(0) };
            let there = match self.open(last)? {
                Some(image) => image.frames()?.min(count),
                None => 0,
            };
            return Ok(last * count + there);
        }
        while self.count_next()? {}
        Ok(self.starts.last().copied().unwrap_or(0))
    }

    fn frame(&mut self, index: usize) -> Result<Frame, Error> {
        let (own, image) = self.go(index)?;
        image.frame(own)
    }

    fn header(&mut self, index: usize) -> Result<Header, Error> {
        let (own, image) = self.go(index)?;
        image.header(own)
    }

    /// Those of the files that are closed again.
    fn warnings(&self) -> &[String] {
        self.warnings.list()
    }

    fn incomplete(&self) -> bool {
        self.incomplete || self.current.as_ref().is_some_and(|(_, image)| image.incomplete())
    }
}

#[cfg(test)]
mod tests {
    use super::super::codec::edf::EDF_WRITER;
    use super::super::{DType, Encoder, Pixels, Target};
    use super::*;

    /// Files `a8.edf`, `a9.edf`, `a10.edf` with as many frames as told; each pixel is its frame's number.
    fn folder(counts: [u8; 3]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut number = 0;
        for (name, count) in ["a8.edf", "a9.edf", "a10.edf"].iter().zip(counts) {
            let path = folder.path().join(name);
            let mut frames = (number..number + count).map(|data| {
                let pixels = Pixels { dtype: DType::U8, shape: vec![1, 1], data: vec![data] };
                Ok(Frame { pixels, header: Header::new() })
            });
            EDF_WRITER.write(&mut frames, Target { path: &path, name: &path }).unwrap();
            number += count;
        }
        folder
    }

    #[test]
    fn frames_are_numbered_through() {
        for (counts, per_file) in [
            ([2, 1, 3], FramesPerFile::Any),
            ([2, 2, 1], FramesPerFile::Same),
            ([2, 2, 2], FramesPerFile::Fixed(2)),
        ] {
            let folder = folder(counts);
            let first = folder.path().join("a8.edf");
            let total = counts.iter().map(|count| usize::from(*count)).sum();
            let open = || Series::from_first(&first, per_file, Limits::default());
            assert_eq!(open().frames().unwrap(), total);
            let mut series = open();
            for i in (0..total).rev().chain(0..total) {
                assert_eq!(series.frame(i).unwrap().pixels.data, [i as u8], "{per_file:?}");
            }
            assert!(series.frame(total).is_err() && series.frame(100).is_err());
            assert_eq!(series.frames().unwrap(), total);
            assert_eq!(
                series.place(3).unwrap().path.file_name().unwrap(),
                if counts[1] == 2 { "a9.edf" } else { "a10.edf" }
            );
        }
    }

    #[test]
    fn lists_and_numbers_may_lack_files() {
        let folder = folder([1, 1, 1]);
        let name = FileName::parse(&folder.path().join("a8.edf"));
        let numbered = |numbers: Vec<i64>| {
            Series::numbered(&name, numbers, FramesPerFile::Any, Limits::default())
        };
        let mut series = numbered(vec![10, 8, 11]);
        assert_eq!(series.frame(0).unwrap().pixels.data, [2]);
        assert_eq!(series.frame(1).unwrap().pixels.data, [0]);
        assert!(matches!(series.frame(2), Err(Error::Io { .. })));
        assert_eq!(numbered(Vec::new()).frames().unwrap(), 0);
        let mut one =
            Series::from_first(&folder.path().join("x.edf"), FramesPerFile::Any, Limits::default());
        assert!(one.frames().is_err());
    }
}
