//! Masks from files: images, and regions of DS9.

use std::path::Path;

use tierline_fits::{FitsFile, HduKind, Header, Pixels, Value};
use tierline_report::Limits;
use tierline_sky::region::Ds9Region;
use tierline_sky::{WcsGeom, header};

use crate::Error;
use crate::geom::Geom;
use crate::map::Mask;
use crate::open::open;
use crate::region_file::read_ds9;

/// Reads the first image of a FITS file as a mask without axes: pixels above 0 may be used.
///
/// # Errors
/// Where it can't be read, there is no image of one plane, or its coordinates are not understood.
pub fn read_mask_image(path: &Path, limits: &Limits) -> Result<Mask, Error> {
    read_mask_of(FitsFile::open(path, limits)?)
}

fn read_mask_of(mut file: FitsFile) -> Result<Mask, Error> {
    let path = file.path().to_owned();
    let path = path.as_path();
    let is_image = |number: &usize| {
        file.info(*number).is_ok_and(|info| {
            matches!(info.kind, HduKind::Image | HduKind::CompressedImage) && !info.shape.is_empty()
        })
    };
    let number = (0..file.hdus().len()).find(is_image);
    let number = number.ok_or_else(|| Error::malformed(path, "", "there is no image"))?;
    let image = file.image(number)?;
    let place = format!(": HDU {number}");
    let wrong = |reason: String| Error::malformed(path, place.clone(), reason);
    let [planes @ .., ny, nx] = image.shape.as_slice() else {
        return Err(wrong(format!("expected an image, found the shape {:?}", image.shape)));
    };
    if planes.iter().any(|n| *n != 1) {
        return Err(wrong(format!("expected one plane, found the shape {:?}", image.shape)));
    }
    let shape = [*ny, *nx];
    let lookup = |key: &str| keyword(&image.header, shape, key);
    let geom = WcsGeom::from_keywords(&lookup, Vec::new()).map_err(|e| wrong(e.to_string()))?;
    if geom.image_shape() != shape {
        let expected = geom.image_shape();
        return Err(wrong(format!("pixels {shape:?} for a geometry of {expected:?}")));
    }
    Mask::new(Geom::Wcs(geom), above_zero(image.pixels))
}

/// A mask of an image from a DS9 region file: what is inside any of its regions may not be used. Pixels of regions of images are
/// those of this image.
///
/// # Errors
/// Where the file can't be read or understood, or a region is outside the image's projection.
pub fn read_region_mask(path: &Path, image: &WcsGeom) -> Result<Mask, Error> {
    let regions = read_ds9(path)?;
    let image = image.to_image();
    let mut inside = vec![false; image.n_image_pixels()];
    for region in &regions {
        let region = match region {
            Ds9Region::Sky(region) => &region.to_pixel(image.wcs())?,
            Ds9Region::Pixel(region) => region,
        };
        region.add_to_mask(&mut inside, image.image_shape());
    }
    Mask::new(Geom::Wcs(image), inside.into_iter().map(|inside| !inside).collect())
}

/// Reads a mask: a region file if its name ends in `.reg`, on the pixels of `image`; else a FITS image.
///
/// # Errors
/// As [`read_mask_image`] and [`read_region_mask`].
pub fn read_exclusion(path: &Path, image: &WcsGeom, limits: &Limits) -> Result<Mask, Error> {
    read_exclusion_with(path, image, limits, &mut Vec::new())
}

/// As [`read_exclusion`]; what is noticed of the file is added to the warnings.
pub(crate) fn read_exclusion_with(
    path: &Path,
    image: &WcsGeom,
    limits: &Limits,
    warnings: &mut Vec<String>,
) -> Result<Mask, Error> {
    match path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("reg")) {
        true => read_region_mask(path, image),
        false => read_mask_of(open(path, limits, warnings)?),
    }
}

/// A keyword of the image, whose size is that of its data.
fn keyword(cards: &Header, [ny, nx]: [usize; 2], key: &str) -> Option<header::Value> {
    let size = |n: usize| i64::try_from(n).ok().map(header::Value::Integer);
    match (key, cards.value(key)) {
        ("NAXIS1", _) => size(nx),
        ("NAXIS2", _) => size(ny),
        ("NAXIS", _) => size(2),
        (_, Some(Value::Text(text))) => Some(header::Value::Text(text.clone())),
        (_, Some(Value::Real(value))) => Some(header::Value::Real(*value)),
        (_, Some(Value::Integer(value))) => Some(header::Value::Integer(*value)),
        (_, Some(Value::Logical(value))) => Some(header::Value::Logical(*value)),
        _ => None,
    }
}

fn above_zero(pixels: Pixels) -> Vec<bool> {
    match pixels {
        Pixels::U8(v) => v.into_iter().map(|value| value > 0).collect(),
        Pixels::I8(v) => v.into_iter().map(|value| value > 0).collect(),
        Pixels::I16(v) => v.into_iter().map(|value| value > 0).collect(),
        Pixels::U16(v) => v.into_iter().map(|value| value > 0).collect(),
        Pixels::I32(v) => v.into_iter().map(|value| value > 0).collect(),
        Pixels::U32(v) => v.into_iter().map(|value| value > 0).collect(),
        Pixels::I64(v) => v.into_iter().map(|value| value > 0).collect(),
        Pixels::F32(v) => v.into_iter().map(|value| value > 0.0).collect(),
        Pixels::F64(v) => v.into_iter().map(|value| value > 0.0).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tierline_sky::{Frame, Projection, Size, SkyCoord};

    fn image() -> WcsGeom {
        let center = SkyCoord::icrs(83.63, 22.01);
        let (size, frame) = (Size::Npix([5, 3]), Frame::Icrs);
        WcsGeom::create(&center, size, [0.1; 2], Projection::Tan, frame, Vec::new()).unwrap()
    }

    #[test]
    fn regions_are_excluded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.reg");
        let text =
            "# Region file format: DS9\nfk5\ncircle(83.63,22.01,0.05)\nimage\ncircle(1,1,0.5)";
        std::fs::write(&path, text).unwrap();
        let mask = read_exclusion(&path, &image(), &Limits::default()).unwrap();
        let excluded: Vec<usize> = (0..15).filter(|at| !mask.values[*at]).collect();
        assert_eq!(excluded, [0, 7]);
        std::fs::write(&path, "fk5\nblob(1,2,3)").unwrap();
        let error = read_region_mask(&path, &image()).unwrap_err().to_string();
        assert!(error.contains("one.reg"), "{error}");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(read_region_mask(&path, &image()).is_err());
        assert!(read_region_mask(&folder.path().join("none.reg"), &image()).is_err());
        let path = folder.path().join("none.fits");
        std::fs::write(&path, "no FITS").unwrap();
        assert!(read_exclusion(&path, &image(), &Limits::default()).is_err());
    }
}
