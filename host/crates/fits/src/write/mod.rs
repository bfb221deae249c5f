//! Writing.

mod cards;
mod table;

use std::fs;
use std::path::Path;

use libdeflater::{CompressionLvl, Compressor};
use tierline_report::{AtomicOutput, Limits};

use crate::card::CARD;
use crate::error::Place;
use crate::ffi::{self, MemoryFile, Packing};
use crate::{Error, FitsFile, Header, Image, Pixels, Table};

/// Cards of the sums before they are known, and where their values begin.
const CHECKSUM: &str = "CHECKSUM= '0000000000000000'   / HDU checksum";
const DATASUM: &str = "DATASUM = '0         '         / data unit checksum";
const VALUE: usize = 11;

/// How the pixels of an image are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compression {
    /// As they are.
    #[default]
    None,
    /// In tiles of a row, packed by gzip; for all types but 8-byte integers.
    Gzip,
    /// In tiles of a row, packed by Rice's algorithm; for integers of up to 4 bytes, which it keeps exactly.
    Rice,
}

/// A FITS file being written; it appears under its name when it is finished.
///
/// The file is made in memory. It is packed by gzip if its name ends in `.gz`. Nothing but what is given is written, so that the same
/// content gives the same bytes.
pub struct FitsWriter {
    output: AtomicOutput,
    file: MemoryFile,
    place: Place,
    hdus: usize,
}

impl FitsWriter {
    /// Begins a file. An existing one is refused unless `overwrite`.
    ///
    /// # Errors
    /// Where it can't be made.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self, Error> {
        let output = AtomicOutput::create(path, overwrite)?;
        let place = Place::file(path);
        let file = MemoryFile::create().map_err(|reason| place.parameter(reason))?;
        Ok(FitsWriter { output, file, place, hdus: 0 })
    }

    /// Writes a primary HDU without data. Without a call, the first image becomes the primary HDU, and an empty one is put before a
    /// table.
    ///
    /// # Errors
    /// Where it is not the first HDU, or a card can't be written.
    pub fn primary(&mut self, header: &Header) -> Result<(), Error> {
        if self.hdus > 0 {
            return Err(self.place.parameter("the primary HDU is the first one"));
        }
        let place = self.begin("");
        self.file.create_image(8, &[], Packing::None).map_err(|reason| place.parameter(reason))?;
        self.end("", header, &place)
    }

    /// Appends an image.
    ///
    /// # Errors
    /// Where pixels and shape do not fit, a card can't be written, or the compression is not for the type.
    pub fn image(&mut self, image: &Image, compression: Compression) -> Result<(), Error> {
        if self.hdus == 0 && compression != Compression::None {
            self.primary(&Header::default())?;
        }
        let place = self.begin(&image.name);
        let expected = if image.shape.is_empty() { Some(0) } else { product(&image.shape) };
        let (bitpix, found) = about(&image.pixels);
        if expected != Some(found) {
            return Err(place.parameter(format!("shape {:?}, but {found} pixels", image.shape)));
        }
        let is_integer = matches!(bitpix, 8 | 10 | 16 | 20 | 32 | 40);
        let packing = match compression {
            Compression::None => Packing::None,
            _ if found == 0 => return Err(place.unsupported("compressing an image without pixels")),
            Compression::Rice if is_integer => Packing::Rice,
            Compression::Gzip if is_integer || bitpix < 0 => Packing::Gzip,
            other => return Err(place.unsupported(format!("{other:?} compression of this type"))),
        };
        let shape: Vec<i64> = image.shape.iter().rev().map(|length| *length as i64).collect();
        self.file
            .create_image(bitpix, &shape, packing)
            .and_then(|()| self.pixels(&image.pixels))
            .map_err(|reason| place.parameter(reason))?;
        self.end(&image.name, &image.header, &place)
    }

    fn pixels(&mut self, pixels: &Pixels) -> ffi::Result<()> {
        match pixels {
            Pixels::U8(v) => self.file.write_pixels(v),
            Pixels::I8(v) => self.file.write_pixels(v),
            Pixels::I16(v) => self.file.write_pixels(v),
            Pixels::U16(v) => self.file.write_pixels(v),
            Pixels::I32(v) => self.file.write_pixels(v),
            Pixels::U32(v) => self.file.write_pixels(v),
            Pixels::I64(v) => self.file.write_pixels(v),
            Pixels::F32(v) => self.file.write_pixels(v),
            Pixels::F64(v) => self.file.write_pixels(v),
        }
    }

    /// Appends a binary table.
    ///
    /// # Errors
    /// Where columns and rows do not fit, or a card can't be written.
    pub fn table(&mut self, table: &Table) -> Result<(), Error> {
        if self.hdus == 0 {
            self.primary(&Header::default())?;
        }
        let place = self.begin(&table.name);
        table::write(&mut self.file, table).map_err(|reason| place.parameter(reason))?;
        self.end("", &table.header, &place)
    }

    fn begin(&self, name: &str) -> Place {
        Place::hdu(&self.place.path, self.hdus, name)
    }

    fn end(&mut self, name: &str, header: &Header, place: &Place) -> Result<(), Error> {
        let failed = |reason: String| place.parameter(reason);
        if self.hdus == 0 {
            // A remark on the format.
            self.file.remove("COMMENT").map_err(failed)?;
        }
        if !name.is_empty() {
            cards::check_text(name)
                .and_then(|()| self.file.set_string("EXTNAME", name, ""))
                .map_err(failed)?;
        }
        cards::write(&mut self.file, header).map_err(failed)?;
        self.hdus += 1;
        Ok(())
    }

    /// Completes the file, with the sums by which it can be verified if wanted, and gives it its name.
    ///
    /// # Errors
    /// Where there is no HDU, or the file can't be written.
    pub fn finish(self, checksum: bool) -> Result<(), Error> {
        Ok(self.complete(checksum)?.commit()?)
    }

    /// Completes the file as [`finish`](Self::finish) does, but leaves it to the caller to give it its name, as one of several.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn complete(mut self, checksum: bool) -> Result<AtomicOutput, Error> {
        let place = self.place;
        if self.hdus == 0 {
            return Err(place.parameter("a file without an HDU"));
        }
        let failed = |reason: String| place.parameter(reason);
        if checksum {
            for number in 0..self.hdus {
                add_placeholders(&mut self.file, number).map_err(failed)?;
            }
        }
        let mut bytes = self.file.finish(self.hdus).map_err(failed)?;
        if checksum {
            add_checksums(&mut bytes, &place)?;
        }
        if place.path.extension().is_some_and(|name| name.eq_ignore_ascii_case("gz")) {
            bytes = gzip(&bytes).ok_or_else(|| place.parameter("could not be packed by gzip"))?;
        }
        fs::write(self.output.path(), &bytes).map_err(|error| place.io("write it", error))?;
        Ok(self.output)
    }
}

fn add_placeholders(file: &mut MemoryFile, number: usize) -> ffi::Result<()> {
    file.go(number)?;
    file.write_record(CHECKSUM)?;
    file.write_record(DATASUM)
}

/// Fills in the sums of all HDUs by the checksum convention; cfitsio's own call writes the date too.
fn add_checksums(bytes: &mut [u8], place: &Place) -> Result<(), Error> {
    let limits = Limits { max_allocation: u64::MAX, max_header: u64::MAX, ..Limits::default() };
    let units = FitsFile::from_bytes(&place.path, bytes.to_vec(), &limits)?.extents();
    for (header, data, end) in units {
        let find = |bytes: &[u8], card: &str| {
            let mut starts = (header..data).step_by(CARD);
            starts.find(|at| bytes[*at..].starts_with(card.as_bytes()))
        };
        let places = (find(bytes, DATASUM), find(bytes, CHECKSUM));
        let (Some(datasum), Some(checksum)) = places else {
            return Err(place.parameter("a header lost its sums"));
        };
        let sum = format!("{:<10}", ones_complement(&bytes[data..end]));
        bytes[datasum + VALUE..][..sum.len()].copy_from_slice(sum.as_bytes());
        let sum = ffi::encode(u64::from(ones_complement(&bytes[header..end])));
        bytes[checksum + VALUE..][..sum.len()].copy_from_slice(sum.as_bytes());
    }
    Ok(())
}

/// The sum of words of 4 bytes with the carry added at the lower end.
fn ones_complement(bytes: &[u8]) -> u32 {
    let words = bytes.as_chunks().0.iter().map(|word| u64::from(u32::from_be_bytes(*word)));
    let mut sum: u64 = words.sum();
    while sum >> 32 > 0 {
        sum = (sum & u64::from(u32::MAX)) + (sum >> 32);
    }
    sum as u32
}

fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut packed = vec![0; compressor.gzip_compress_bound(bytes.len())];
    let count = compressor.gzip_compress(bytes, &mut packed).ok()?;
    packed.truncate(count);
    Some(packed)
}

fn product(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |product, length| product.checked_mul(*length))
}

/// `BITPIX` with cfitsio's codes of shifted types, and the number of pixels.
fn about(pixels: &Pixels) -> (i32, usize) {
    match pixels {
        Pixels::U8(v) => (8, v.len()),
        Pixels::I8(v) => (10, v.len()),
        Pixels::I16(v) => (16, v.len()),
        Pixels::U16(v) => (20, v.len()),
        Pixels::I32(v) => (32, v.len()),
        Pixels::U32(v) => (40, v.len()),
        Pixels::I64(v) => (64, v.len()),
        Pixels::F32(v) => (-32, v.len()),
        Pixels::F64(v) => (-64, v.len()),
    }
}
