//! A file of sim_telarray as an event source: an array, a simulated run, and events.
//!
//! Names and conversions are those of ctapipe's `SimTelEventSource`.

mod convert;
mod names;
mod subarray;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use tierline_report::Limits;

pub use convert::{Converted, EventConverter, clip_altitude, describe_shower};
pub use names::{TelescopeNames, from_meta, from_numbers, size_name, size_of_area};

use super::event::SimtelEvent;
use super::file::{Header, Options, SimtelFile};
use super::history::Metaparameters;
use super::run::{McRunHeader, RunHeader};
use crate::event::Pointing;
use crate::eventio::Input;
use crate::eventio::histograms::{Axis, Bins, Histogram};
use crate::instrument::{Subarray, TelId};
use crate::observation::{
    AtmosphereProfile, Observation, PointingFrame, ShowerDistribution, SimulationRun,
};
use crate::{Error, Place};
use convert::TelescopeFacts;

/// Number of the histogram of all showers, by distance and logarithm of energy.
const SHOWERS: i32 = 6;

/// Which focal length turns places in the camera into angles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FocalLengthChoice {
    /// With the mean aberration. Old files don't have it.
    #[default]
    Effective,
    /// As built.
    Equivalent,
}

/// What of a file is wanted, and how.
#[derive(Debug, Clone)]
pub struct SourceOptions {
    /// Telescopes that are wanted; `None`: all.
    pub allowed_tels: Option<BTreeSet<TelId>>,
    /// Events that are wanted at most.
    pub max_events: Option<u64>,
    /// Whether calibration events are passed over.
    pub skip_calibration_events: bool,
    /// Whether showers that triggered no telescope are yielded, too; they don't count as events.
    pub keep_non_triggered: bool,
    /// Which focal length is used.
    pub focal_length_choice: FocalLengthChoice,
    /// Number of the observation, in place of the run's number.
    pub override_obs_id: Option<i32>,
    /// What is added to the run's number for the number of the observation.
    pub obs_id_offset: Option<i32>,
    /// Largest sizes.
    pub limits: Limits,
}

impl Default for SourceOptions {
    fn default() -> Self {
        SourceOptions {
            allowed_tels: None,
            max_events: None,
            skip_calibration_events: true,
            keep_non_triggered: false,
            focal_length_choice: FocalLengthChoice::Effective,
            override_obs_id: None,
            obs_id_offset: None,
            limits: Limits::default(),
        }
    }
}

/// A file of sim_telarray as an event source.
///
/// It is an iterator over events that are not decoded yet; [`converter`](Self::converter) does that, on another
/// thread if there is one. A file that ends early yields [`Error::Truncated`] as its last element.
pub struct SimtelEventSource {
    file: SimtelFile,
    subarray: Arc<Subarray>,
    converter: Arc<EventConverter>,
    observation: Observation,
    simulation_run: Option<SimulationRun>,
    atmosphere: Option<AtmosphereProfile>,
    left: Option<u64>,
    pseudo_event_id: i64,
}

impl SimtelEventSource {
    /// Opens a file and describes the array and the run.
    pub fn open(path: &Path, options: SourceOptions) -> Result<Self, Error> {
        let input = Input::open(path, &options.limits)?;
        Self::read(input, path, options)
    }

    /// Reads the header of a stream and describes the array and the run. `path` names it in errors.
    pub fn read(input: Input, path: &Path, options: SourceOptions) -> Result<Self, Error> {
        let allowed_tels = options.allowed_tels.filter(|allowed| !allowed.is_empty());
        let file_options = Options {
            allowed_tels: allowed_tels.clone(),
            skip_calibration: options.skip_calibration_events,
            keep_non_triggered: options.keep_non_triggered,
            limits: options.limits,
        };
        let file = SimtelFile::read(input, path, file_options)?;
        let header = file.header();
        let run = header.run.as_ref();
        let run = run.ok_or_else(|| {
            Error::malformed(path, Place::File, "object 2000, the header of the run, is missing")
        })?;
        let offset = options.obs_id_offset.unwrap_or(0);
        let shifted = || {
            run.run.checked_add(offset).ok_or_else(|| {
                Error::parameter("obs_id_offset", format!("{} + {offset} is too large", run.run))
            })
        };
        let obs_id = options.override_obs_id.map_or_else(shifted, Ok)?;
        let choice = options.focal_length_choice;
        let subarray = subarray::build(path, header, allowed_tels.as_ref(), choice)?;
        let telescopes = facts(header, &subarray);
        let has_true_images = header.has_true_images;
        let known = run.tel_id.iter().copied().collect();
        let simulation_run = header.mc_runs.last();
        Ok(SimtelEventSource {
            subarray: Arc::new(subarray),
            converter: Arc::new(EventConverter { obs_id, has_true_images, telescopes, known }),
            observation: describe_observation(obs_id, run),
            simulation_run: simulation_run.map(|mc| describe_run(obs_id, run, mc)),
            atmosphere: header.atmospheres.iter().find_map(usable_rows),
            left: options.max_events,
            pseudo_event_id: 0,
            file,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Number of the observation.
    pub fn obs_id(&self) -> i32 {
        self.observation.obs_id
    }

    /// The array, of wanted telescopes only.
    pub fn subarray(&self) -> &Arc<Subarray> {
        &self.subarray
    }

    /// What decodes events.
    pub fn converter(&self) -> &Arc<EventConverter> {
        &self.converter
    }

    /// The observation.
    pub fn observation(&self) -> &Observation {
        &self.observation
    }

    /// Settings of the simulation, the last ones in merged files; `None` if the file has none.
    pub fn simulation_run(&self) -> Option<&SimulationRun> {
        self.simulation_run.as_ref()
    }

    /// Profile of the atmosphere, the first with a table, without rows below sea level or above the atmosphere.
    /// [`header`](Self::header) has all profiles as they are in the file.
    pub fn atmosphere(&self) -> Option<&AtmosphereProfile> {
        self.atmosphere.as_ref()
    }

    /// Metaparameters.
    pub fn meta(&self) -> &Metaparameters {
        &self.file.header().meta
    }

    /// Everything that the file says before its first event.
    pub fn header(&self) -> &Header {
        self.file.header()
    }

    /// Whether images of photo-electrons should be in the file.
    pub fn has_true_images(&self) -> bool {
        self.file.header().has_true_images
    }

    /// Bytes of the decompressed file that were read.
    pub fn offset(&self) -> u64 {
        self.file.offset()
    }

    /// Distribution of the simulated showers, which is behind the last event: `None` before that, in files
    /// without it, and where reading stopped early.
    pub fn shower_distribution(&self) -> Option<ShowerDistribution> {
        let histogram = self.file.histograms()?.iter().find(|one| one.id == SHOWERS)?;
        describe_distribution(self.observation.obs_id, histogram)
    }

    /// What was left out until now and why; each unsupported version once.
    pub fn take_notes(&mut self) -> Vec<Error> {
        self.file.take_notes()
    }
}

impl Iterator for SimtelEventSource {
    type Item = Result<SimtelEvent, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == Some(0) {
            return None;
        }
        let mut event = match self.file.next()? {
            Ok(event) => event,
            Err(error) => return Some(Err(error)),
        };
        if let Some(left) = &mut self.left {
            *left -= u64::from(event.is_triggered());
        }
        if event.event_id == 0 {
            self.pseudo_event_id -= 1;
            event.event_id = self.pseudo_event_id;
        }
        Some(Ok(event))
    }
}

/// The rows of a profile with positive densities and depths, of which logarithms can be taken; `None` without.
fn usable_rows(profile: &AtmosphereProfile) -> Option<AtmosphereProfile> {
    let mut usable = AtmosphereProfile {
        height_km: Vec::new(),
        density: Vec::new(),
        column_density: Vec::new(),
        refractivity: Vec::new(),
        ..profile.clone()
    };
    for (at, &height) in profile.height_km.iter().enumerate() {
        let (density, depth) = (profile.density[at], profile.column_density[at]);
        if height >= 0.0 && density > 0.0 && depth > 0.0 {
            usable.height_km.push(height);
            usable.density.push(density);
            usable.column_density.push(depth);
            usable.refractivity.push(profile.refractivity[at]);
        }
    }
    Some(usable).filter(|usable| !usable.height_km.is_empty())
}

fn facts(header: &Header, subarray: &Subarray) -> BTreeMap<TelId, TelescopeFacts> {
    let numbers = header.run.as_ref().map_or(&[][..], |run| &run.tel_id);
    let index = |tel_id| numbers.iter().position(|&tel| TelId::try_from(tel) == Ok(tel_id));
    let mut facts = BTreeMap::new();
    for telescope in &subarray.telescopes {
        let tel_id = telescope.tel_id;
        let settings = header.telescopes.get(&tel_id);
        let n_pixels = subarray.camera(tel_id).map_or(0, |camera| camera.geometry.pix_x.len());
        let disabled = settings.and_then(|settings| settings.disabled.as_ref());
        let hv_disabled = disabled.map_or_else(Vec::new, |pixels| pixels.hv_disabled.clone());
        if let Some(index) = index(tel_id) {
            facts.insert(tel_id, TelescopeFacts { index, n_pixels, hv_disabled });
        }
    }
    facts
}

fn describe_observation(obs_id: i32, run: &RunHeader) -> Observation {
    let [azimuth, altitude] = run.direction.map(f64::from);
    let altaz = run.tracking_mode == 0;
    Observation {
        obs_id,
        start_time: run.time.into(),
        pointing: Pointing { azimuth, altitude },
        pointing_frame: if altaz { PointingFrame::AltAz } else { PointingFrame::Icrs },
        observer: run.observer.clone(),
        target: run.target.clone(),
    }
}

fn describe_run(obs_id: i32, run: &RunHeader, mc: &McRunHeader) -> SimulationRun {
    SimulationRun {
        obs_id,
        run_number: run.run,
        corsika_version: mc.shower_prog_vers,
        simtel_version: mc.detector_prog_vers,
        energy_range_min: mc.e_range[0],
        energy_range_max: mc.e_range[1],
        prod_site_b_total: mc.b_total,
        prod_site_b_declination: mc.b_declination,
        prod_site_b_inclination: mc.b_inclination,
        prod_site_alt: mc.obsheight,
        spectral_index: mc.spectral_index,
        shower_prog_start: mc.shower_prog_start,
        shower_prog_id: mc.shower_prog_id,
        detector_prog_start: mc.detector_prog_start,
        detector_prog_id: mc.detector_prog_id,
        n_showers: mc.n_showers,
        shower_reuse: mc.n_use,
        max_alt: clip_altitude(mc.alt_range[1].into()),
        min_alt: clip_altitude(mc.alt_range[0].into()),
        max_az: mc.az_range[1],
        min_az: mc.az_range[0],
        diffuse: mc.diffuse,
        max_viewcone_radius: mc.viewcone[1],
        min_viewcone_radius: mc.viewcone[0],
        max_scatter_range: mc.core_range[1],
        min_scatter_range: mc.core_range[0],
        core_pos_mode: mc.core_pos_mode,
        atmosphere: mc.atmosphere,
        corsika_iact_options: mc.corsika_iact_options,
        corsika_low_e_model: mc.corsika_low_e_model,
        corsika_high_e_model: mc.corsika_high_e_model,
        corsika_bunchsize: mc.corsika_bunchsize,
        corsika_wlen_min: mc.corsika_wlen_min,
        corsika_wlen_max: mc.corsika_wlen_max,
        corsika_low_e_detail: mc.corsika_low_e_detail,
        corsika_high_e_detail: mc.corsika_high_e_detail,
        injection_height: mc.injection_height,
    }
}

/// Larger empty histograms are not written out as zeros.
const MAX_EMPTY_BINS: usize = 1 << 24;

fn describe_distribution(obs_id: i32, histogram: &Histogram) -> Option<ShowerDistribution> {
    let y = histogram.y?;
    let contents = match &histogram.bins {
        Bins::Real(values) => values.iter().map(|&value| f64::from(value)).collect(),
        Bins::Integer(values) => values.iter().map(|&value| f64::from(value)).collect(),
        Bins::Empty if histogram.n_bins() > MAX_EMPTY_BINS => return None,
        Bins::Empty => vec![0.0; histogram.n_bins()],
    };
    Some(ShowerDistribution {
        obs_id,
        hist_id: histogram.id.into(),
        n_entries: histogram.entries.into(),
        bins_energy: edges(&y).into_iter().map(|edge| 10f64.powf(edge)).collect(),
        bins_core_dist: edges(&histogram.x),
        histogram: contents,
        single_precision: matches!(histogram.bins, Bins::Real(_)),
    })
}

/// Edges of the bins of an axis, equally spaced, first and last exact.
fn edges(axis: &Axis) -> Vec<f64> {
    let step = (axis.upper - axis.lower) / axis.n_bins as f64;
    let edge = |k: usize| if k == axis.n_bins { axis.upper } else { k as f64 * step + axis.lower };
    (0..=axis.n_bins).map(edge).collect()
}
