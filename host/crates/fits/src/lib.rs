//! FITS files: header cards in order, images, binary tables, checksums.
//!
//! A thin typed layer over cfitsio: one handle per thread, every size checked against the file and the limits before memory is
//! taken, outputs that appear under their name only when they are complete.

mod card;
mod error;
mod image;
mod table;

pub use card::{Card, Header, Value};
pub use error::{Error, Hdu};
pub use image::{Image, Pixels};
pub use table::{Cells, Column, Table};
