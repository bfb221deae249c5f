//! Files of images with their labels.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tierline_h5::Filters;
use tierline_h5::pytables::{FileWriter, TableId, Value};
use tierline_report::{AtomicOutput, commit_all};

use super::MakeImages;
use super::labels::Labels;
use crate::Error;

/// Bytes of the description at the start of an array: the number of images is known at the end.
const HEAD: usize = 192;

/// Where images and labels go.
pub(super) enum Output {
    /// A NumPy array and a table as text.
    Numpy {
        parts: [AtomicOutput; 2],
        images: BufWriter<File>,
        labels: BufWriter<File>,
        shape: [usize; 3],
        bytes: Vec<u8>,
    },
    /// Both in one file.
    Hdf5 {
        part: AtomicOutput,
        file: Box<FileWriter>,
        images: TableId,
        labels: TableId,
        bytes: Vec<u8>,
    },
}

fn open(part: &AtomicOutput) -> Result<BufWriter<File>, Error> {
    let file = File::options().write(true).open(part.path());
    Ok(BufWriter::new(file.map_err(|error| Error::io(part.path(), "write", error))?))
}

impl Output {
    /// Creates the files; the extension tells which. `texts` are told as attributes.
    pub(super) fn create(
        path: &Path,
        make: &MakeImages,
        shape: [usize; 3],
        labels: &Labels,
        texts: &[(&str, String)],
    ) -> Result<Self, Error> {
        let extension = path.extension().map(|text| text.to_string_lossy().to_ascii_lowercase());
        match extension.as_deref() {
            Some("npy") => Self::numpy(path, make, shape, labels),
            Some("h5" | "hdf5") => Self::hdf5(path, make, shape, labels, texts),
            _ => {
                let reason = "name it .npy, with labels in a CSV file beside it, or .h5";
                Err(Error::parameter(path.display().to_string(), reason))
            }
        }
    }

    fn numpy(
        path: &Path,
        make: &MakeImages,
        shape: [usize; 3],
        head: &Labels,
    ) -> Result<Self, Error> {
        let beside = path.with_extension("labels.csv");
        let parts = [
            AtomicOutput::create(path, make.overwrite)?,
            AtomicOutput::create(&beside, make.overwrite)?,
        ];
        let (mut images, mut labels) = (open(&parts[0])?, open(&parts[1])?);
        let failed = |error| Error::io(path, "write", error);
        images.write_all(&description(shape, 0)).map_err(failed)?;
        labels.write_all(head.head().as_bytes()).map_err(failed)?;
        Ok(Output::Numpy { parts, images, labels, shape, bytes: Vec::new() })
    }

    fn hdf5(
        path: &Path,
        make: &MakeImages,
        shape: [usize; 3],
        labels: &Labels,
        texts: &[(&str, String)],
    ) -> Result<Self, Error> {
        let part = AtomicOutput::create(path, make.overwrite)?;
        let filters =
            Filters { shuffle: true, deflate: Some(1), fletcher32: false, store_noise: true };
        let mut file = FileWriter::create(part.path(), make.file, filters, true)?;
        let images = file.array(
            "images",
            "Images, by row, column and channel",
            tierline_table::DType::F32,
            &shape,
        )?;
        let texts =
            texts.iter().map(|(name, text)| ((*name).to_owned(), Value::from(text.as_str())));
        file.attributes("images", texts.collect())?;
        let labels = file.table("labels", "Labels of the images", &labels.schema(), Vec::new())?;
        Ok(Output::Hdf5 { part, file: Box::new(file), images, labels, bytes: Vec::new() })
    }

    /// Writes an image.
    pub(super) fn image(&mut self, grid: &[f32]) -> Result<(), Error> {
        let (Output::Numpy { bytes, .. } | Output::Hdf5 { bytes, .. }) = self;
        bytes.clear();
        grid.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
        match self {
            Output::Numpy { images, bytes, parts, .. } => {
                images.write_all(bytes).map_err(|error| Error::io(parts[0].path(), "write", error))
            }
            Output::Hdf5 { file, images, bytes, .. } => Ok(file.append(*images, bytes)?),
        }
    }

    /// Writes the labels that were made last.
    pub(super) fn label(&mut self, own: &mut Labels) -> Result<(), Error> {
        match self {
            Output::Numpy { labels, parts, .. } => labels
                .write_all(own.line.as_bytes())
                .map_err(|error| Error::io(parts[1].path(), "write", error)),
            Output::Hdf5 { file, labels, .. } => Ok(file.append(*labels, &own.row.0)?),
        }
    }

    /// Puts the files in their places.
    pub(super) fn commit(self, count: usize) -> Result<Vec<PathBuf>, Error> {
        match self {
            Output::Numpy { parts, mut images, mut labels, shape, .. } => {
                let path = parts[0].path().to_path_buf();
                let failed = |error| Error::io(&path, "write", error);
                images.seek(SeekFrom::Start(0)).map_err(failed)?;
                images.write_all(&description(shape, count)).map_err(failed)?;
                images.flush().map_err(failed)?;
                labels.flush().map_err(failed)?;
                drop((images, labels));
                let files = parts.iter().map(|part| part.target().to_path_buf()).collect();
                commit_all(parts.into())?;
                Ok(files)
            }
            Output::Hdf5 { part, file, .. } => {
                file.finish()?;
                let files = vec![part.target().to_path_buf()];
                part.commit()?;
                Ok(files)
            }
        }
    }
}

/// The start of a NumPy array of format 1.0.
fn description([rows, columns, channels]: [usize; 3], count: usize) -> Vec<u8> {
    let shape = format!("({count}, {rows}, {columns}, {channels})");
    let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    let mut head = b"\x93NUMPY\x01\x00".to_vec();
    head.extend(((HEAD - 10) as u16).to_le_bytes());
    head.extend(text.bytes());
    head.resize(HEAD - 1, b' ');
    head.push(b'\n');
    head
}
