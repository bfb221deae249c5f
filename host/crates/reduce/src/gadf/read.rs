//! Reading.

use std::path::Path;

use tierline_fits::{FitsFile, HduKind, Header, Pixels, Value};
use tierline_report::Limits;
use tierline_sky::{WcsGeom, header};

use super::bands::{malformed, read_axes};
use super::region::unsupported;
use super::{healpix, region};
use crate::Error;
use crate::data::Gti;
use crate::dataset::{Dataset, IrfMap, MetaRow, OnOff};
use crate::geom::Geom;
use crate::map::{Map, MapValues, Mask};

/// Reads a dataset of maps or spectra.
///
/// # Errors
/// Where it can't be read, has no counts, or what it has is no dataset.
pub fn read_dataset(path: &Path, limits: &Limits) -> Result<Dataset, Error> {
    read_dataset_of(&mut FitsFile::open(path, limits)?)
}

/// Reads a dataset of a file that is open.
pub(crate) fn read_dataset_of(fits: &mut FitsFile) -> Result<Dataset, Error> {
    let mut file = File { fits };
    let counts = file.map("COUNTS")?;
    let counts = counts.ok_or_else(|| malformed(file.fits.path(), "COUNTS", "there is none"))?;
    let name = file.fits.header(0)?.text("NAME").ok().flatten().unwrap_or_default().to_owned();
    let exposure = file.map("EXPOSURE")?;
    let (livetime_s, is_pointlike) = file.exposure_meta()?;
    let off = match file.map("ACCEPTANCE")? {
        Some(acceptance) => Some(OnOff {
            counts_off: file.map("COUNTS_OFF")?,
            acceptance,
            acceptance_off: file.map("ACCEPTANCE_OFF")?,
        }),
        None => None,
    };
    Ok(Dataset {
        name,
        counts,
        exposure,
        livetime_s,
        background: file.map("BACKGROUND")?,
        model: None,
        psf: file.irf("PSF")?,
        edisp: file.irf("EDISP")?,
        mask_safe: file.mask("MASK_SAFE")?,
        mask_fit: file.mask("MASK_FIT")?,
        off,
        gti: file.gti()?,
        is_pointlike,
        meta: file.meta()?,
    })
}

/// Reads a map: of an HDU's name, or the first that is not empty and no table of another map.
///
/// # Errors
/// Where there is none, it can't be read, or is no map.
pub fn read_map(path: &Path, name: Option<&str>, limits: &Limits) -> Result<Map, Error> {
    let mut fits = FitsFile::open(path, limits)?;
    let mut file = File { fits: &mut fits };
    let number = match name {
        Some(name) => file.fits.require(name)?,
        None => file.first_map()?,
    };
    file.map_of(number)
}

/// The map of an HDU of a file that is open.
///
/// # Errors
/// Where it can't be read, or is no map.
pub(crate) fn map_of_hdu(fits: &mut FitsFile, number: usize) -> Result<Map, Error> {
    File { fits }.map_of(number)
}

/// Geometry, unit and values of an image of a file that is open.
pub(crate) fn read_image_map(
    fits: &mut FitsFile,
    name: &str,
    number: usize,
) -> Result<(Geom, String, Pixels), Error> {
    File { fits }.image(name, number)
}

/// The response of an HDU of a file that is open, with its exposure in another HDU.
///
/// # Errors
/// As [`map_of_hdu`], or where there is no exposure.
pub(crate) fn irf_of_hdu(
    fits: &mut FitsFile,
    number: usize,
    exposure: &str,
) -> Result<IrfMap, Error> {
    let mut file = File { fits };
    let map = file.map_of(number)?;
    let found = file.map(exposure)?;
    let found =
        found.ok_or_else(|| malformed(file.fits.path(), exposure, "a response needs one"))?;
    Ok(IrfMap { map, exposure: found })
}

/// A file of maps.
pub(super) struct File<'a> {
    pub(super) fits: &'a mut FitsFile,
}

impl File<'_> {
    /// Geometry, unit and values of a member.
    fn member(&mut self, name: &str) -> Result<Option<(Geom, String, Pixels)>, Error> {
        self.fits.find(name).map(|number| self.member_of(name, number)).transpose()
    }

    fn member_of(&mut self, name: &str, number: usize) -> Result<(Geom, String, Pixels), Error> {
        Ok(match self.fits.info(number)?.kind {
            HduKind::Image | HduKind::CompressedImage => self.image(name, number)?,
            HduKind::BinaryTable if healpix::is_healpix(self.fits.header(number)?) => {
                let limits = *self.fits.limits();
                let (geom, unit, pixels) = healpix::read_map(self.fits, name, number, &limits)?;
                (Geom::Hpx(geom), unit, pixels)
            }
            HduKind::BinaryTable => {
                let (geom, unit, pixels) = region::read_map(self.fits, name, number)?;
                (Geom::Region(geom), unit, pixels)
            }
            _ => return Err(unsupported(self.fits.path(), name)),
        })
    }

    /// The first image with pixels, or table of HEALPix pixels.
    fn first_map(&self) -> Result<usize, Error> {
        for (number, info) in self.fits.hdus().iter().enumerate() {
            let is_map = match &info.kind {
                HduKind::Image | HduKind::CompressedImage => !info.shape.is_empty(),
                HduKind::BinaryTable => healpix::is_healpix(self.fits.header(number)?),
                _ => false,
            };
            if is_map {
                return Ok(number);
            }
        }
        Err(Error::malformed(self.fits.path(), "", "there is no map"))
    }

    fn map_of(&mut self, number: usize) -> Result<Map, Error> {
        let name = self.fits.info(number)?.hdu.name.clone();
        let (geom, unit, pixels) = self.member_of(&name, number)?;
        Ok(map_from(geom, unit, pixels))
    }

    pub(super) fn image(
        &mut self,
        name: &str,
        number: usize,
    ) -> Result<(Geom, String, Pixels), Error> {
        let image = self.fits.image(number)?;
        let path = self.fits.path().to_owned();
        let wrong = |reason: String| malformed(&path, name, reason);
        let bands = image.header.text("BANDSHDU").map_err(|e| wrong(e.to_string()))?;
        let axes = match bands {
            Some(bands) => {
                let number = self.fits.require(bands)?;
                let bands = self.fits.table(number, None)?;
                read_axes(&image.header, &bands).map_err(wrong)?
            }
            None => Vec::new(),
        };
        let lookup = |key: &str| lookup(&image.header, &image.shape, key);
        let geom = WcsGeom::from_keywords(&lookup, axes).map_err(|e| wrong(e.to_string()))?;
        let (own, expected): (usize, usize) =
            (image.shape.iter().product(), geom.shape().iter().product());
        if own != expected {
            let (found, shape) = (&image.shape, geom.shape());
            return Err(wrong(format!("pixels {found:?} for a geometry of {shape:?}")));
        }
        let unit = image.header.text("BUNIT").ok().flatten().unwrap_or_default().to_owned();
        Ok((Geom::Wcs(geom), unit, image.pixels))
    }

    pub(super) fn map(&mut self, name: &str) -> Result<Option<Map>, Error> {
        let Some((geom, unit, pixels)) = self.member(name)? else { return Ok(None) };
        Ok(Some(map_from(geom, unit, pixels)))
    }

    fn mask(&mut self, name: &str) -> Result<Option<Mask>, Error> {
        let Some((geom, _, pixels)) = self.member(name)? else { return Ok(None) };
        let values = reals(pixels).into_iter().map(|value| value != 0.0).collect();
        Ok(Some(Mask::new(geom, values)?))
    }

    fn irf(&mut self, name: &str) -> Result<Option<IrfMap>, Error> {
        let Some(map) = self.map(name)? else { return Ok(None) };
        let exposure = format!("{name}_EXPOSURE");
        let found = self.map(&exposure)?;
        let found = found
            .ok_or_else(|| malformed(self.fits.path(), &exposure, format!("{name} needs one")))?;
        Ok(Some(IrfMap { map, exposure: found }))
    }

    /// Livetime and whether responses are for a point source, of the exposure's META.
    fn exposure_meta(&mut self) -> Result<(Option<f64>, bool), Error> {
        let Some(number) = self.fits.find("EXPOSURE") else { return Ok((None, false)) };
        let Ok(Some(text)) = self.fits.header(number)?.text("META") else {
            return Ok((None, false));
        };
        let wrong = |reason: String| malformed(self.fits.path(), "EXPOSURE", reason);
        let meta: serde_json::Value =
            serde_json::from_str(text).map_err(|e| wrong(format!("META is no JSON: {e}")))?;
        let livetime = match meta.get("livetime") {
            None => None,
            Some(value) => Some(seconds(value).ok_or_else(|| {
                wrong(format!("META: expected a livetime as \"1.5 s\", found {value}"))
            })?),
        };
        let is_pointlike = meta.get("is_pointlike").and_then(serde_json::Value::as_bool);
        Ok((livetime, is_pointlike.unwrap_or(false)))
    }

    fn gti(&mut self) -> Result<Option<Gti>, Error> {
        let Some(number) = self.fits.find("GTI") else { return Ok(None) };
        Gti::read(self.fits, number).map(Some)
    }

    fn meta(&mut self) -> Result<Vec<MetaRow>, Error> {
        let Some(number) = self.fits.find("META_TABLE") else { return Ok(Vec::new()) };
        let table = self.fits.table(number, None)?;
        let text = |name: &str| -> Vec<String> {
            let Some(column) = table.column(name) else { return Vec::new() };
            match (column.texts(), column.i64s()) {
                (Ok(texts), _) => texts.to_vec(),
                (_, Ok(numbers)) => numbers.iter().map(i64::to_string).collect(),
                _ => Vec::new(),
            }
        };
        let number = |name: &str| -> Vec<f64> {
            table.column(name).and_then(|column| column.f64s().ok()).unwrap_or_default()
        };
        let (telescope, mode) = (text("TELESCOP"), text("OBS_MODE"));
        let (ra, dec) = (number("RA_PNT"), number("DEC_PNT"));
        let at = |values: &[f64], k: usize| values.get(k).copied().unwrap_or(f64::NAN);
        let rows = text("OBS_ID").into_iter().enumerate().map(|(k, obs_id)| MetaRow {
            telescope: telescope.get(k).cloned().unwrap_or_default(),
            obs_id,
            obs_mode: mode.get(k).cloned().unwrap_or_default(),
            pointing: [at(&ra, k), at(&dec, k)],
        });
        Ok(rows.collect())
    }
}

fn map_from(geom: Geom, unit: String, pixels: Pixels) -> Map {
    let values = match pixels {
        Pixels::F32(values) => MapValues::F32(values),
        other => MapValues::F64(reals(other)),
    };
    Map { geom, unit, values }
}

/// A quantity in seconds: a text of number and unit, or an object of value and unit.
fn seconds(value: &serde_json::Value) -> Option<f64> {
    let (number, unit) = match value {
        serde_json::Value::String(text) => {
            let (number, unit) = text.trim().split_once(' ')?;
            (number.parse().ok()?, unit.trim().to_owned())
        }
        _ => {
            let unit = value.get("unit")?.as_str()?.to_owned();
            (value.get("value")?.as_f64()?, unit)
        }
    };
    Some(number * crate::unit::factor(&unit, "s").ok()?)
}

/// A keyword as coordinates ask for it; sizes are those of the image.
pub(super) fn lookup(header: &Header, shape: &[usize], key: &str) -> Option<header::Value> {
    let size = |back: usize| {
        let at = shape.len().checked_sub(back)?;
        Some(header::Value::Integer(i64::try_from(*shape.get(at)?).ok()?))
    };
    match (key, header.value(key)) {
        ("NAXIS1", _) => size(1),
        ("NAXIS2", _) => size(2),
        (_, Some(Value::Text(text))) => Some(header::Value::Text(text.clone())),
        (_, Some(Value::Real(value))) => Some(header::Value::Real(*value)),
        (_, Some(Value::Integer(value))) => Some(header::Value::Integer(*value)),
        (_, Some(Value::Logical(value))) => Some(header::Value::Logical(*value)),
        _ => None,
    }
}

/// Pixels as numbers.
pub(crate) fn reals(pixels: Pixels) -> Vec<f64> {
    match pixels {
        Pixels::U8(v) => v.into_iter().map(f64::from).collect(),
        Pixels::I8(v) => v.into_iter().map(f64::from).collect(),
        Pixels::I16(v) => v.into_iter().map(f64::from).collect(),
        Pixels::U16(v) => v.into_iter().map(f64::from).collect(),
        Pixels::I32(v) => v.into_iter().map(f64::from).collect(),
        Pixels::U32(v) => v.into_iter().map(f64::from).collect(),
        Pixels::I64(v) => v.into_iter().map(|value| value as f64).collect(),
        Pixels::F32(v) => v.into_iter().map(f64::from).collect(),
        Pixels::F64(v) => v,
    }
}
