//! Maps of excess and significance of a dataset.

use crate::Error;
use crate::convolve::Kernel;
use crate::dataset::{Dataset, OnOff};
use crate::excess::{ExcessMaps, Plane, resample_energy, resample_mask};
use crate::geom::Geom;
use crate::map::{Map, n_cells};
use crate::unit;

/// Estimates the excess and its significance in a disk around each pixel: with off counts after Li and Ma (1983), else with the
/// statistic of Cash (1979) for the expected background.
#[derive(Debug, Clone, PartialEq)]
pub struct ExcessMapEstimator {
    /// Radius of the disk in degrees.
    pub correlation_radius_deg: f64,
    /// Edges of energy in TeV between which counts are summed, each moved to the nearest of the dataset; `None`: all energies.
    pub energy_edges: Option<Vec<f64>>,
    /// Whether off counts are summed over the disk, too; else each pixel's are of a region of its own.
    pub correlate_off: bool,
}

impl Default for ExcessMapEstimator {
    fn default() -> Self {
        ExcessMapEstimator { correlation_radius_deg: 0.1, energy_edges: None, correlate_off: true }
    }
}

/// Maps over the summed energies; no numbers where nothing is safe.
#[derive(Debug, Clone, PartialEq)]
pub struct ExcessEstimate {
    /// Counts in the disk.
    pub counts: Map,
    /// Counts less background.
    pub npred_excess: Map,
    /// Difference of the statistic with and without the excess.
    pub ts: Map,
    /// Its root with the sign of the excess.
    pub sqrt_ts: Map,
}

/// A dataset's planes, summed to fewer.
struct Sums<'a> {
    dataset: &'a Dataset,
    safe: Vec<bool>,
    n: usize,
    groups: Vec<usize>,
}

impl Sums<'_> {
    fn of(&self, map: &Map) -> Result<Vec<f64>, Error> {
        resample_energy(&map.values.to_f64(), &self.safe, self.n, &self.groups)
    }

    /// Cells that are used: those with anything safe, and to be fitted.
    fn mask(&self) -> Result<Vec<bool>, Error> {
        let mut mask = resample_mask(&self.safe, self.n, &self.groups)?;
        if let Some(fit) = &self.dataset.mask_fit {
            let fit = resample_mask(&fit.values, self.n, &self.groups)?;
            mask.iter_mut().zip(fit).for_each(|(cell, fit)| *cell &= fit);
        }
        Ok(mask)
    }
}

/// Off counts, acceptances and background, summed.
struct OffSums {
    counts_off: Vec<f64>,
    background: Vec<f64>,
    acceptance: Vec<f64>,
    acceptance_off: Vec<f64>,
}

impl OffSums {
    fn new(sums: &Sums<'_>, off: &OnOff) -> Result<Self, Error> {
        let missing = || {
            let name = format!("dataset {}", sums.dataset.name);
            Error::parameter(name, "it has no off counts")
        };
        let counts_off = sums.of(off.counts_off.as_ref().ok_or_else(missing)?)?;
        let background = sums.of(&sums.dataset.scaled_off()?.ok_or_else(missing)?)?;
        let acceptance = sums.of(&off.acceptance)?;
        let ratio = counts_off.iter().zip(&background).map(|(off, background)| off / background);
        let acceptance_off = acceptance.iter().zip(ratio).map(|(own, ratio)| own * ratio).collect();
        Ok(OffSums { counts_off, background, acceptance, acceptance_off })
    }
}

impl ExcessMapEstimator {
    /// Estimates the maps of a dataset.
    ///
    /// # Errors
    /// Where the dataset is no map or has neither background nor off counts, or radius or energies don't fit.
    pub fn run(&self, dataset: &Dataset) -> Result<ExcessEstimate, Error> {
        let name = || format!("dataset {}", dataset.name);
        let Geom::Wcs(image) = dataset.geom() else {
            return Err(Error::unsupported(name(), "significance of what is no map of pixels"));
        };
        let (geom, groups) = self.groups(dataset)?;
        let safe = match &dataset.mask_safe {
            Some(mask) => mask.values.clone(),
            None => vec![true; n_cells(dataset.geom())],
        };
        let sums = Sums { dataset, safe, n: image.n_image_pixels(), groups };
        let cdelt = image.wcs().cdelt();
        let pixel = 0.5 * (cdelt[0].abs() + cdelt[1].abs());
        let kernel = Kernel::disk(self.correlation_radius_deg / pixel)?;
        let (mask, counts) = (sums.mask()?, sums.of(&dataset.counts)?);
        let off = dataset.off.as_ref().map(|off| OffSums::new(&sums, off)).transpose()?;
        let background = match (&off, dataset.npred_background()?) {
            (Some(_), _) => Vec::new(),
            (None, Some(background)) => sums.of(&background)?,
            (None, None) => return Err(Error::parameter(name(), "it has no background")),
        };
        let planes = sums.groups.len() - 1;
        let mut maps = [(); 4].map(|()| Vec::with_capacity(planes * sums.n));
        for plane in 0..planes {
            let cells = plane * sums.n..(plane + 1) * sums.n;
            let of = |values: &'_ [f64]| values[cells.clone()].to_vec();
            let shape = image.image_shape();
            let place = Plane { shape, mask: &mask[cells.clone()], kernel: &kernel };
            let found = match &off {
                None => place.cash(&of(&counts), &of(&background))?,
                Some(off) if self.correlate_off => place.wstat(
                    &of(&counts),
                    &of(&off.counts_off),
                    &of(&off.background),
                    &of(&off.acceptance_off),
                )?,
                Some(off) => place.wstat_off_per_pixel(
                    &of(&counts),
                    &of(&off.counts_off),
                    &of(&off.acceptance),
                    &of(&off.acceptance_off),
                )?,
            };
            let ExcessMaps { counts, npred_excess, ts, sqrt_ts } = found;
            let found = [counts, npred_excess, ts, sqrt_ts];
            maps.iter_mut().zip(found).for_each(|(map, plane)| map.extend(plane));
        }
        let map = |values| Map::new(geom.clone(), "", values);
        let [counts, npred_excess, ts, sqrt_ts] = maps;
        Ok(ExcessEstimate {
            counts: map(counts)?,
            npred_excess: map(npred_excess)?,
            ts: map(ts)?,
            sqrt_ts: map(sqrt_ts)?,
        })
    }

    /// The geometry of the summed energies, and between which planes is summed.
    fn groups(&self, dataset: &Dataset) -> Result<(Geom, Vec<usize>), Error> {
        let energy = dataset.energy_axis()?;
        let (axis, groups) = match &self.energy_edges {
            None => (energy.squash()?, vec![0, energy.n_bins()]),
            Some(edges) => {
                let scale = unit::factor("TeV", energy.unit())?;
                let edges: Vec<f64> = edges.iter().map(|edge| edge * scale).collect();
                let group = energy.group(&edges)?;
                let first = group.bins.first().map(|bins| bins.start);
                let ends = group.bins.iter().map(|bins| bins.end);
                (group.axis, first.into_iter().chain(ends).collect())
            }
        };
        let axes = dataset.geom().axes().iter();
        let axes = axes.map(|one| if one.name() == "energy" { axis.clone() } else { one.clone() });
        if dataset.geom().axes().len() != 1 {
            let reason = "significance of maps with other axes than energy";
            return Err(Error::unsupported(format!("dataset {}", dataset.name), reason));
        }
        Ok((dataset.geom().with_axes(axes.collect())?, groups))
    }
}
