//! Which cells of a dataset are safe to use.

use tierline_sky::{MapAxis, SkyCoord};

use super::from_maps::no_table;
use super::map::{missing, offsets, pointing};
use crate::Error;
use crate::data::Observation;
use crate::dataset::Dataset;
use crate::irf::EnergyKernel;
use crate::map::{Map, Mask, axis};
use crate::safe_mask::{aeff_max_energy, bkg_peak_energy, energy_mask, mask_invalid_background};
use crate::unit;

/// A condition that cells have to meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SafeMethod {
    /// Nearer to the pointing than a maximum.
    OffsetMax,
    /// Between the energies that the effective area's header tells.
    AeffDefault,
    /// Above the energy where the effective area is a share of its largest.
    AeffMax,
    /// Above the energy where the bias of the energy is small.
    EdispBias,
    /// Above the energy where the background is largest.
    BkgPeak,
}

/// All conditions with their names, in the order in which they are applied.
pub const SAFE_METHODS: [(SafeMethod, &str); 5] = [
    (SafeMethod::OffsetMax, "offset-max"),
    (SafeMethod::AeffDefault, "aeff-default"),
    (SafeMethod::AeffMax, "aeff-max"),
    (SafeMethod::EdispBias, "edisp-bias"),
    (SafeMethod::BkgPeak, "bkg-peak"),
];

impl SafeMethod {
    /// The condition of a name.
    ///
    /// # Errors
    /// Where there is none of that name.
    pub fn of_name(name: &str) -> Result<Self, Error> {
        let found = SAFE_METHODS.iter().find(|(_, own)| *own == name);
        found.map(|(method, _)| *method).ok_or_else(|| {
            let known = SAFE_METHODS.map(|(_, name)| name).join(", ");
            Error::parameter("safe mask method", format!("expected one of {known}, found {name}"))
        })
    }
}

/// Which responses energies are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SafeIrfs {
    /// Those of the dataset.
    Dl4,
    /// Those of the observation.
    Dl3,
}

/// Marks the cells that are safe.
#[derive(Debug, Clone, PartialEq)]
pub struct SafeMaskMaker {
    /// Conditions.
    pub methods: Vec<SafeMethod>,
    /// Share of the largest effective area, in percent.
    pub aeff_percent: f64,
    /// Bias, in percent.
    pub bias_percent: f64,
    /// Where responses are looked at; `None`: in the middle of the map.
    pub position: Option<SkyCoord>,
    /// Degrees north of the pointing where responses are looked at, instead of a position.
    pub fixed_offset_deg: Option<f64>,
    /// Degrees from the pointing.
    pub offset_max_deg: f64,
    /// Whose responses.
    pub irfs: SafeIrfs,
}

impl Default for SafeMaskMaker {
    fn default() -> Self {
        SafeMaskMaker {
            methods: vec![SafeMethod::AeffDefault],
            aeff_percent: 10.0,
            bias_percent: 10.0,
            position: None,
            fixed_offset_deg: None,
            offset_max_deg: 3.0,
            irfs: SafeIrfs::Dl4,
        }
    }
}

impl SafeMaskMaker {
    /// Takes off a dataset's safe mask what doesn't meet the conditions, and what has no background. Returns warnings.
    ///
    /// # Errors
    /// Where both a position and an offset are given, or what a condition needs is missing.
    pub fn run(
        &self,
        dataset: &mut Dataset,
        observation: &Observation,
    ) -> Result<Vec<String>, Error> {
        if self.position.is_some() && self.fixed_offset_deg.is_some() {
            let reason = "position and fixed_offset exclude each other";
            return Err(Error::parameter("safe mask", reason));
        }
        let geom = dataset.geom().clone();
        let mut mask = match dataset.mask_safe.take() {
            Some(mask) => mask,
            None => Mask::filled(geom, true),
        };
        let mut warnings = Vec::new();
        if let Some(background) = &dataset.background {
            let values = background.values.to_f64();
            mask_invalid_background(&mut mask.values, &values, dataset.off.is_none())?;
        }
        for (method, _) in SAFE_METHODS.iter().filter(|(method, _)| self.methods.contains(method)) {
            if *method == SafeMethod::OffsetMax {
                let offsets = offsets(&mask.geom, observation)?;
                keep(&mut mask, |_, pixel| offsets[pixel] < self.offset_max_deg);
            } else {
                let energies = self.energies(*method, dataset, observation, &mut warnings)?;
                keep(&mut mask, |plane, _| energies[plane]);
            }
        }
        dataset.mask_safe = Some(mask);
        Ok(warnings)
    }

    /// The bins of energy that meet a condition.
    fn energies(
        &self,
        method: SafeMethod,
        dataset: &Dataset,
        observation: &Observation,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<bool>, Error> {
        let energy = dataset.energy_axis()?;
        let min = match (method, self.irfs) {
            (SafeMethod::AeffDefault, _) => {
                return aeff_default(energy, observation, warnings);
            }
            (SafeMethod::AeffMax, SafeIrfs::Dl3) => {
                let aeff = &observation.responses.aeff;
                let aeff = aeff.as_ref().ok_or_else(|| no_table(observation, "aeff"))?;
                let min = aeff.max_energy(self.offset(observation)?, self.aeff_percent)?;
                min * unit::factor(aeff.table.axis("energy_true")?.unit(), energy.unit())?
            }
            (SafeMethod::AeffMax, SafeIrfs::Dl4) => match self.aeff_max(dataset, observation)? {
                Some(min) => min,
                None => {
                    warnings.push(format!(
                        "dataset {}: no effective area where the safe mask looks at it: nothing is safe",
                        dataset.name
                    ));
                    return Ok(vec![false; energy.n_bins()]);
                }
            },
            (SafeMethod::EdispBias, SafeIrfs::Dl3) => {
                let edisp = &observation.responses.edisp;
                let edisp = edisp.as_ref().ok_or_else(|| no_table(observation, "edisp"))?;
                let kernel =
                    edisp.evaluator()?.to_edisp_kernel(self.offset(observation)?, None, None)?;
                let min = kernel.bias_energy(self.bias_percent / 100.0)?;
                min * unit::factor(edisp.table.axis("energy_true")?.unit(), energy.unit())?
            }
            (SafeMethod::EdispBias, SafeIrfs::Dl4) => {
                let kernel = dataset.edisp_kernel(&self.position(dataset, observation)?)?;
                kernel.bias_energy(self.bias_percent / 100.0)?
            }
            (SafeMethod::BkgPeak, SafeIrfs::Dl3) => {
                let bkg = &observation.responses.bkg;
                let bkg = bkg.as_ref().ok_or_else(|| no_table(observation, "bkg"))?;
                let scale = unit::factor(bkg.table().axis("energy")?.unit(), energy.unit())?;
                bkg.to_2d()?.peak_energy()? * scale
            }
            (SafeMethod::BkgPeak, SafeIrfs::Dl4) | (SafeMethod::OffsetMax, _) => {
                let npred = dataset.npred_background()?.ok_or_else(|| {
                    Error::parameter(format!("dataset {}", dataset.name), "it has no background")
                })?;
                bkg_peak_energy(energy, &plane_sums(&npred))?
            }
        };
        Ok(energy_mask(energy, Some(min), None))
    }

    /// Degrees from the pointing where responses of the observation are looked at.
    fn offset(&self, observation: &Observation) -> Result<f64, Error> {
        Ok(match (self.fixed_offset_deg, &self.position) {
            (Some(offset), _) => offset,
            (None, Some(position)) => pointing(observation)?.separation_deg(position),
            (None, None) => 0.0,
        })
    }

    /// Where responses of the dataset are looked at.
    fn position(&self, dataset: &Dataset, observation: &Observation) -> Result<SkyCoord, Error> {
        match (self.fixed_offset_deg, &self.position) {
            (Some(offset), _) => Ok(pointing(observation)?.offset_by(0.0, offset)),
            (None, Some(position)) => Ok(*position),
            (None, None) => dataset.center(),
        }
    }

    fn aeff_max(&self, dataset: &Dataset, observation: &Observation) -> Result<Option<f64>, Error> {
        let name = || format!("dataset {}", dataset.name);
        let (Some(exposure), Some(livetime)) = (&dataset.exposure, dataset.livetime_s) else {
            return Err(Error::parameter(name(), "it has no exposure, which aeff-max needs"));
        };
        let energy_true = axis(&exposure.geom, "energy_true")?;
        let aeff = exposure.at_nearest(&self.position(dataset, observation)?);
        let aeff: Vec<f64> = aeff.iter().map(|value| value / livetime).collect();
        let min = aeff_max_energy(&energy_true.centers(), &aeff, self.aeff_percent)?;
        let scale = unit::factor(energy_true.unit(), dataset.energy_axis()?.unit())?;
        Ok(min.map(|min| min * scale))
    }
}

fn aeff_default(
    energy: &MapAxis,
    observation: &Observation,
    warnings: &mut Vec<String>,
) -> Result<Vec<bool>, Error> {
    let (lower, upper) = match (&observation.responses.aeff, &observation.responses.maps.aeff) {
        (Some(aeff), _) => (aeff.lo_threshold_tev, aeff.hi_threshold_tev),
        (None, Some(_)) => (None, None),
        (None, None) => return Err(missing(observation, "aeff")),
    };
    let scale = unit::factor("TeV", energy.unit())?;
    let limits = [("lower", lower), ("upper", upper)];
    for (which, _) in limits.iter().filter(|(_, limit)| limit.is_none()) {
        let obs_id = observation.id;
        warnings.push(format!("observation {obs_id}: no default {which} safe energy is told"));
    }
    let [min, max] = limits.map(|(_, limit)| limit.map(|limit| limit * scale));
    Ok(energy_mask(energy, min, max))
}

/// Keeps of a mask what a condition on plane and pixel allows.
fn keep(mask: &mut Mask, is_kept: impl Fn(usize, usize) -> bool) {
    let n = mask.geom.n_image_pixels();
    for (plane, cells) in mask.values.chunks_exact_mut(n.max(1)).enumerate() {
        for (pixel, cell) in cells.iter_mut().enumerate() {
            *cell &= is_kept(plane, pixel);
        }
    }
}

/// Sums of the planes of a map.
pub(crate) fn plane_sums(map: &Map) -> Vec<f64> {
    let n = map.geom.n_image_pixels();
    let planes = map.values.len() / n.max(1);
    (0..planes)
        .map(|plane| (plane * n..(plane + 1) * n).map(|at| map.values.get(at)).sum())
        .collect()
}

impl Dataset {
    /// The matrix from true to reconstructed energy at a position, from the nearest pixel of the energy dispersion.
    ///
    /// # Errors
    /// Where there is no energy dispersion, or the position is outside of it.
    pub fn edisp_kernel(&self, position: &SkyCoord) -> Result<EnergyKernel, Error> {
        let name = format!("dataset {}", self.name);
        let edisp = self.edisp.as_ref();
        let edisp = edisp.ok_or_else(|| Error::parameter(&name, "it has no energy dispersion"))?;
        let values = edisp.map.at_nearest(position);
        if values.iter().any(|value| value.is_nan()) {
            let SkyCoord { lon_deg, lat_deg, .. } = position;
            let reason = format!("no energy dispersion at ({lon_deg:.4}, {lat_deg:.4})");
            return Err(Error::parameter(name, reason));
        }
        let energy = self.energy_axis()?;
        let energy_true = axis(&edisp.map.geom, "energy_true")?;
        let scale = unit::factor(energy_true.unit(), energy.unit())?;
        let energies: Vec<f64> =
            energy_true.centers().iter().map(|energy| energy * scale).collect();
        if edisp.is_kernel() {
            return EnergyKernel::new(energies, energy.centers(), values);
        }
        let migra = axis(&edisp.map.geom, "migra")?;
        EnergyKernel::from_migra(&energies, migra, &values, energy)
    }
}
