//! Single maps of a file, by the names of their HDUs.

use std::fmt;
use std::path::Path;

use tierline_fits::{FitsFile, HduKind};
use tierline_report::Limits;
use tierline_sky::{Interp, MapAxis, NodeType, WcsGeom};

use super::read::{File, lookup, reals};
use crate::Error;
use crate::geom::Geom;
use crate::map::{Map, MapValues, Mask};

/// A file of maps: a dataset, of which only some members are read, or images of the sky from elsewhere.
pub struct MapFile {
    fits: FitsFile,
}

impl fmt::Debug for MapFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MapFile").field(&self.fits).finish()
    }
}

impl MapFile {
    /// Opens a file.
    ///
    /// # Errors
    /// Where it is no FITS file.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, Error> {
        Ok(MapFile { fits: FitsFile::open(path, limits)? })
    }

    /// The file.
    pub fn fits(&self) -> &FitsFile {
        &self.fits
    }

    /// Numbers and names of all images of two dimensions or more; that of a primary HDU may be empty.
    pub fn images(&self) -> Vec<(usize, String)> {
        let hdus = self.fits.hdus().iter().enumerate();
        let is_image = |kind: &HduKind| matches!(kind, HduKind::Image | HduKind::CompressedImage);
        hdus.filter(|(_, info)| is_image(&info.kind) && info.shape.len() >= 2)
            .map(|(number, info)| (number, info.hdu.name.clone()))
            .collect()
    }

    /// A map by the name of its HDU; `None` where there is no such HDU. Planes of an image without a table of them are numbered from 0.
    ///
    /// # Errors
    /// Where it is no map, or its content does not fit.
    pub fn map(&mut self, name: &str) -> Result<Option<Map>, Error> {
        match self.fits.find(name) {
            Some(number) if self.is_bare_cube(number)? => self.cube(number).map(Some),
            _ => File { fits: &mut self.fits }.map(name),
        }
    }

    /// A mask by the name of its HDU; `None` where there is no such HDU.
    ///
    /// # Errors
    /// As [`map`](Self::map).
    pub fn mask(&mut self, name: &str) -> Result<Option<Mask>, Error> {
        let Some(map) = self.map(name)? else { return Ok(None) };
        let values = (0..map.values.len()).map(|at| map.values.get(at) != 0.0).collect();
        Mask::new(map.geom, values).map(Some)
    }

    /// An image by the number of its HDU, as [`map`](Self::map).
    ///
    /// # Errors
    /// Where it is no image with coordinates of the sky.
    pub fn image(&mut self, number: usize) -> Result<Map, Error> {
        if self.is_bare_cube(number)? {
            return self.cube(number);
        }
        let name = self.fits.info(number)?.hdu.name.clone();
        let place = if name.is_empty() { number.to_string() } else { name };
        let (geom, unit, pixels) = File { fits: &mut self.fits }.image(&place, number)?;
        Ok(Map { geom, unit, values: MapValues::F64(reals(pixels)) })
    }

    /// Whether an HDU is an image of several planes that no table describes.
    fn is_bare_cube(&self, number: usize) -> Result<bool, Error> {
        let info = self.fits.info(number)?;
        let is_image = matches!(info.kind, HduKind::Image | HduKind::CompressedImage);
        let planes = info.shape.iter().rev().skip(2);
        let has_table = self.fits.header(number)?.value("BANDSHDU").is_some();
        Ok(is_image && !has_table && planes.into_iter().any(|n| *n > 1))
    }

    fn cube(&mut self, number: usize) -> Result<Map, Error> {
        let image = self.fits.image(number)?;
        let place = format!(": HDU {number}");
        let wrong = |reason: String| Error::malformed(self.fits.path(), &place, reason);
        let mut axes = Vec::new();
        for (k, n) in image.shape.iter().rev().skip(2).enumerate().filter(|(_, n)| **n > 1) {
            let nodes = (0..*n).map(|plane| plane as f64).collect();
            let name = if k == 0 { "plane".to_owned() } else { format!("plane{}", k + 1) };
            let axis = MapAxis::new(&name, "", Interp::Lin, NodeType::Center, nodes);
            axes.push(axis.map_err(|error| wrong(error.to_string()))?);
        }
        let lookup = |key: &str| match key {
            "WCSSHAPE" => None,
            _ => lookup(&image.header, &image.shape, key),
        };
        let geom = WcsGeom::from_keywords(&lookup, axes).map_err(|e| wrong(e.to_string()))?;
        let unit = image.header.text("BUNIT").ok().flatten().unwrap_or_default().trim().to_owned();
        let values = MapValues::F64(reals(image.pixels));
        Ok(Map { geom: Geom::Wcs(geom), unit, values })
    }
}

#[cfg(test)]
mod tests {
    use tierline_fits::{Compression, FitsWriter, Header, Image, Pixels};
    use tierline_sky::{Frame, Projection, Size, SkyCoord};

    use super::*;
    use crate::gadf::region::card_value;

    #[test]
    fn planes_without_a_table_are_numbered() {
        let (size, center) = (Size::Npix([4, 3]), SkyCoord::icrs(83.6, 22.0));
        let projection = Projection::Tan;
        let geom =
            WcsGeom::create(&center, size, [0.5; 2], projection, Frame::Icrs, Vec::new()).unwrap();
        let mut header = Header::default();
        for keyword in geom.keywords().into_iter().filter(|one| one.name != "WCSSHAPE") {
            header.set(&keyword.name, card_value(keyword.value), "");
        }
        let pixels = Pixels::I16((0..24).collect());
        let image = Image { name: "CUBE".into(), header, shape: vec![2, 3, 4], pixels };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cube.fits");
        let mut writer = FitsWriter::create(&path, false).unwrap();
        writer.primary(&Header::default()).unwrap();
        writer.image(&image, Compression::None).unwrap();
        writer.finish(false).unwrap();
        let mut file = MapFile::open(&path, &Limits::default()).unwrap();
        assert_eq!(file.images(), [(1, "CUBE".to_owned())]);
        let map = file.map("cube").unwrap().unwrap();
        assert_eq!(map.geom.shape().unwrap(), [2, 3, 4]);
        assert_eq!((map.geom.axes()[0].name(), map.values.get(23)), ("plane", 23.0));
        assert_eq!(file.image(1).unwrap(), map);
        let mask = file.mask("CUBE").unwrap().unwrap();
        assert_eq!(mask.count(), 23);
        assert!(file.map("nothing").unwrap().is_none() && file.image(0).is_err());
        assert!(format!("{file:?}").contains("cube.fits"));
    }
}
