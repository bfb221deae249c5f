//! Single maps of a file, by the names of their HDUs.

use std::fmt;
use std::path::Path;

use tierline_fits::{FitsFile, HduKind};
use tierline_report::Limits;

use super::read::{File, reals};
use crate::Error;
use crate::map::{Map, MapValues, Mask};

/// A file of maps: a dataset, of which only some members are read, or images of the sky from elsewhere.
pub struct MapFile {
    file: File,
}

impl fmt::Debug for MapFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MapFile").field(&self.file.fits).finish()
    }
}

impl MapFile {
    /// Opens a file.
    ///
    /// # Errors
    /// Where it is no FITS file.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, Error> {
        Ok(MapFile { file: File { fits: FitsFile::open(path, limits)? } })
    }

    /// The file.
    pub fn fits(&self) -> &FitsFile {
        &self.file.fits
    }

    /// Numbers and names of all images of two dimensions or more; that of a primary HDU may be empty.
    pub fn images(&self) -> Vec<(usize, String)> {
        let hdus = self.file.fits.hdus().iter().enumerate();
        let is_image = |kind: &HduKind| matches!(kind, HduKind::Image | HduKind::CompressedImage);
        hdus.filter(|(_, info)| is_image(&info.kind) && info.shape.len() >= 2)
            .map(|(number, info)| (number, info.hdu.name.clone()))
            .collect()
    }

    /// A map by the name of its HDU; `None` where there is no such HDU.
    ///
    /// # Errors
    /// Where it is no map, or its content does not fit.
    pub fn map(&mut self, name: &str) -> Result<Option<Map>, Error> {
        self.file.map(name)
    }

    /// A mask by the name of its HDU; `None` where there is no such HDU.
    ///
    /// # Errors
    /// As [`map`](Self::map).
    pub fn mask(&mut self, name: &str) -> Result<Option<Mask>, Error> {
        self.file.mask(name)
    }

    /// An image by the number of its HDU.
    ///
    /// # Errors
    /// Where it is no image with coordinates of the sky.
    pub fn image(&mut self, number: usize) -> Result<Map, Error> {
        let name = self.file.fits.info(number)?.hdu.name.clone();
        let place = if name.is_empty() { number.to_string() } else { name };
        let (geom, unit, pixels) = self.file.image(&place, number)?;
        Ok(Map { geom, unit, values: MapValues::F64(reals(pixels)) })
    }
}
