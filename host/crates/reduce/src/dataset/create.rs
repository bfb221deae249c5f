//! Empty datasets.

use tierline_sky::{Interp, MapAxis};

use super::{Dataset, IrfMap, OnOff};
use crate::Error;
use crate::data::{Gti, Time, TimeScale};
use crate::geom::Geom;
use crate::map::{Map, MapValues, Mask, axis, n_cells};

/// Axes of the responses of a dataset, and the pixels of their maps.
#[derive(Debug, Clone, PartialEq)]
pub struct Axes {
    /// True energy; `None`: as the reconstructed energy.
    pub energy_true: Option<MapAxis>,
    /// Migration of an energy dispersion; `None`: a matrix of energies.
    pub migra: Option<MapAxis>,
    /// Radius of a point spread function; `None`: 66 bins up to 0.66 deg.
    pub rad: Option<MapAxis>,
    /// Pixels of responses in degrees.
    pub binsz_irf: f64,
}

impl Default for Axes {
    fn default() -> Self {
        Axes { energy_true: None, migra: None, rad: None, binsz_irf: 0.2 }
    }
}

/// 66 bins of radius up to 0.66 degrees.
///
/// # Errors
/// None; the axis is checked as any other.
pub fn default_rad_axis() -> Result<MapAxis, Error> {
    Ok(MapAxis::from_bounds("rad", "deg", Interp::Lin, [0.0, 0.66], 66)?)
}

/// 48 bins of migration from 0.2 to 5.
///
/// # Errors
/// None; the axis is checked as any other.
pub fn default_migra_axis() -> Result<MapAxis, Error> {
    Ok(MapAxis::from_bounds("migra", "", Interp::Lin, [0.2, 5.0], 48)?)
}

/// An axis of one bin that covers another.
fn squashed(axis: &MapAxis) -> Result<MapAxis, Error> {
    Ok(axis.squash()?)
}

impl Dataset {
    /// A dataset of zeros on a geometry with an axis of energy; none of its cells is safe. Responses are on the same part of the sky;
    /// those on HEALPix pixels are in the pixels whose size is nearest to `binsz_irf`.
    ///
    /// # Errors
    /// Where an axis has another name than it should, a size is wrong, or HEALPix pixels are of several sizes.
    pub fn create(name: &str, geom: Geom, axes: &Axes) -> Result<Self, Error> {
        let energy = axis(&geom, "energy")?.clone();
        let energy_true = match &axes.energy_true {
            Some(axis) if axis.name() == "energy_true" => axis.clone(),
            Some(axis) => {
                let reason = format!("its name is {}, not energy_true", axis.name());
                return Err(Error::parameter("axis of true energy", reason));
            }
            None => {
                let (unit, interp, kind) = (energy.unit(), energy.interp(), energy.node_type());
                MapAxis::new("energy_true", unit, interp, kind, energy.nodes().to_vec())?
            }
        };
        let irf = match &geom {
            Geom::Wcs(wcs) => Geom::Wcs(wcs.to_image().to_binsz(axes.binsz_irf)?),
            Geom::Hpx(hpx) => Geom::Hpx(hpx.to_binsz(axes.binsz_irf)?),
            other => other.clone(),
        };
        let response = |first: MapAxis, unit: &str| {
            let squashed = squashed(&first)?;
            let map = irf.with_axes(vec![first, energy_true.clone()])?;
            let exposure = irf.with_axes(vec![squashed, energy_true.clone()])?;
            Ok::<_, Error>(IrfMap {
                map: Map::zeros(map, unit),
                exposure: Map::zeros(exposure, "m2 s"),
            })
        };
        let rad = axes.rad.clone().map_or_else(default_rad_axis, Ok)?;
        let psf = match geom {
            Geom::Wcs(_) | Geom::Hpx(_) => Some(response(rad, "sr-1")?),
            Geom::Region(_) => None,
        };
        let mut edisp = response(axes.migra.clone().unwrap_or(energy.clone()), "")?;
        diagonal(&mut edisp, &energy, &energy_true)?;
        let exposure = Map::zeros(geom.with_axes(vec![energy_true])?, "m2 s");
        let background = Map::zeros(geom.clone(), "");
        Ok(Dataset {
            name: name.into(),
            counts: Map::zeros(geom.clone(), ""),
            exposure: Some(exposure),
            livetime_s: None,
            background: Some(background),
            model: None,
            psf,
            edisp: Some(edisp),
            mask_safe: Some(Mask::filled(geom, false)),
            mask_fit: None,
            off: None,
            gti: Some(no_times()?),
            is_pointlike: false,
            meta: Vec::new(),
        })
    }

    /// An empty dataset of the same geometries, with off counts if this has them.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn empty_like(&self, name: &str) -> Result<Self, Error> {
        let zeros = |map: &Map| Map::zeros(map.geom.clone(), &map.unit);
        let response = |irf: &IrfMap, unit: &str| {
            let mut map = zeros(&irf.map);
            map.unit = unit.into();
            IrfMap { map, exposure: zeros(&irf.exposure) }
        };
        let geom = self.counts.geom.clone();
        Ok(Dataset {
            name: name.into(),
            counts: zeros(&self.counts),
            exposure: self.exposure.as_ref().map(zeros),
            livetime_s: None,
            background: self.background.as_ref().map(zeros),
            model: None,
            psf: self.psf.as_ref().map(|psf| response(psf, "sr-1")),
            edisp: self.edisp.as_ref().map(|edisp| response(edisp, "")),
            mask_safe: Some(Mask::filled(geom.clone(), false)),
            mask_fit: None,
            off: self.off.as_ref().map(|_| OnOff {
                counts_off: Some(Map::zeros(geom.clone(), "")),
                acceptance: Map::zeros(geom.clone(), ""),
                acceptance_off: Some(Map::zeros(geom, "")),
            }),
            gti: Some(no_times()?),
            is_pointlike: self.is_pointlike,
            meta: Vec::new(),
        })
    }

    /// The safe part of it, in an empty dataset.
    ///
    /// # Errors
    /// As [`stack`](Self::stack).
    pub fn to_masked(&self, name: &str) -> Result<Self, Error> {
        let mut masked = self.empty_like(name)?;
        masked.stack(self)?;
        Ok(masked)
    }
}

/// Sets what an empty energy dispersion holds: for a matrix the share of a bin of true energy in each of reconstructed energy, for a
/// map of migration a triangle at 1.
fn diagonal(edisp: &mut IrfMap, energy: &MapAxis, energy_true: &MapAxis) -> Result<(), Error> {
    let n = edisp.map.geom.n_image_pixels();
    let n_true = energy_true.n_bins();
    let plane: Vec<f64> = if edisp.is_kernel() {
        overlap_fractions(energy, energy_true)
    } else {
        let migra = axis(&edisp.map.geom, "migra")?;
        let one = migra.coord_to_pix(1.0);
        let widths: Vec<f64> = migra.edges().windows(2).map(|pair| pair[1] - pair[0]).collect();
        let triangle = |k: usize| (1.0 - (k as f64 - one).abs()).max(0.0) / widths[k];
        let row: Vec<f64> = (0..migra.n_bins()).map(triangle).collect();
        row.repeat(n_true)
    };
    let values = plane.iter().flat_map(|value| std::iter::repeat_n(*value as f32, n));
    edisp.map.values = MapValues::F32(values.collect());
    debug_assert_eq!(edisp.map.values.len(), n_cells(&edisp.map.geom));
    Ok(())
}

/// Shares of bins of true energy in bins of reconstructed energy, which vary faster.
fn overlap_fractions(energy: &MapAxis, energy_true: &MapAxis) -> Vec<f64> {
    let (edges, true_edges) = (energy.edges(), energy_true.edges());
    let mut shares = Vec::with_capacity(energy.n_bins() * energy_true.n_bins());
    for own in true_edges.windows(2) {
        for bin in edges.windows(2) {
            let common = own[1].min(bin[1]) - own[0].max(bin[0]);
            shares.push((common / (own[1] - own[0])).max(0.0));
        }
    }
    shares
}

/// No times, counted from the start of the year 2000 in UTC, as those of the peer's empty datasets are.
fn no_times() -> Result<Gti, Error> {
    let reference = Time::from_mjd(51_544, 0.0, TimeScale::Utc)?;
    Ok(Gti { reference, intervals: Vec::new() })
}
