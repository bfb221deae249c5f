//! Parts of datasets.

use tierline_sky::{CutoutMode, SkyCoord};

use super::{Dataset, IrfMap};
use crate::Error;
use crate::geom::Geom;
use crate::map::{Map, MapValues};

/// Pixels of a response's cutout at least, so that it can be interpolated.
const MIN_PIXELS: f64 = 3.0;

/// A map of this geometry without values, to which a maker gives them.
fn bare(geom: Geom, unit: &str) -> Map {
    Map { geom, unit: unit.into(), values: MapValues::F32(Vec::new()) }
}

impl Dataset {
    /// The geometries of its members, without values: a reference for makers.
    pub fn geometry_only(&self) -> Dataset {
        let map = |map: &Map| bare(map.geom.clone(), &map.unit);
        let irf = |irf: &IrfMap| IrfMap { map: map(&irf.map), exposure: map(&irf.exposure) };
        self.reference(
            map(&self.counts),
            self.exposure.as_ref().map(map),
            [self.psf.as_ref().map(irf), self.edisp.as_ref().map(irf)],
        )
    }

    /// The geometries of a part of it, of so many degrees in x and y around a position.
    ///
    /// # Errors
    /// Where nothing of it is there, or with [`CutoutMode::Strict`] not all.
    pub fn cutout(
        &self,
        position: &SkyCoord,
        width_deg: [f64; 2],
        mode: CutoutMode,
    ) -> Result<Dataset, Error> {
        let part = |map: &Map, least: f64| -> Result<Map, Error> {
            let Geom::Wcs(geom) = &map.geom else {
                return Err(Error::unsupported("cutout", "parts of what is no map of pixels"));
            };
            let scales = geom.pixel_scales();
            let width = [0, 1].map(|k| width_deg[k].max(least * scales[k]));
            Ok(bare(Geom::Wcs(geom.cutout(position, width, mode)?.geom), &map.unit))
        };
        let irf = |irf: &Option<IrfMap>| -> Result<Option<IrfMap>, Error> {
            let Some(irf) = irf else { return Ok(None) };
            let (map, exposure) = (part(&irf.map, MIN_PIXELS)?, part(&irf.exposure, MIN_PIXELS)?);
            Ok(Some(IrfMap { map, exposure }))
        };
        let exposure = self.exposure.as_ref().map(|map| part(map, 1.0)).transpose()?;
        let irfs = [irf(&self.psf)?, irf(&self.edisp)?];
        Ok(self.reference(part(&self.counts, 1.0)?, exposure, irfs))
    }

    fn reference(
        &self,
        counts: Map,
        exposure: Option<Map>,
        [psf, edisp]: [Option<IrfMap>; 2],
    ) -> Dataset {
        Dataset {
            name: self.name.clone(),
            counts,
            exposure,
            livetime_s: None,
            background: None,
            model: None,
            psf,
            edisp,
            mask_safe: None,
            mask_fit: None,
            off: None,
            gti: None,
            is_pointlike: self.is_pointlike,
            meta: Vec::new(),
        }
    }

    /// It with its off counts as background, unless they are wanted.
    ///
    /// # Errors
    /// As [`scaled_off`](Self::scaled_off).
    pub fn without_off(mut self, with_off: bool) -> Result<Dataset, Error> {
        if self.off.is_some() && !with_off {
            self.background = self.scaled_off()?;
            self.off = None;
        }
        Ok(self)
    }
}
