//! FITS files: header cards in order, images, binary tables, checksums.
//!
//! A thin typed layer: headers, tables and plain images are read in place, every size checked against the file and the limits before
//! memory is taken; cfitsio makes the files and packs and unpacks compressed images. Outputs appear under their name only when they
//! are complete. Source: the FITS standard 4.0.
//!
//! ```
//! use tierline_fits::{Compression, FitsFile, FitsWriter, Header, Image, Pixels};
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("map.fits.gz");
//! let image = Image {
//!     name: "COUNTS".into(),
//!     header: Header::default(),
//!     shape: vec![2, 3],
//!     pixels: Pixels::F32(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
//! };
//! let mut writer = FitsWriter::create(&path, false)?;
//! writer.primary(&Header::default())?;
//! writer.image(&image, Compression::None)?;
//! writer.finish(true)?;
//! let mut file = FitsFile::open(&path, &Default::default())?;
//! let number = file.require("counts")?;
//! assert_eq!(file.image(number)?.pixels, image.pixels);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(unsafe_op_in_unsafe_fn)]

mod card;
mod error;
mod ffi;
mod header;
mod image;
mod read;
mod table;
#[cfg(test)]
mod tests;
mod write;

pub use card::{Card, Header, Value};
pub use error::{Error, Hdu, Mismatch};
pub use image::{Image, Pixels};
pub use read::{ColumnInfo, FitsFile, HduInfo, HduKind, is_fits};
pub use table::{Cells, Column, Table};
pub use write::{Compression, FitsWriter};
