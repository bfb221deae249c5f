//! A reduction as a configuration describes it: which observations, which steps, what becomes of them.

mod parts;
mod steps;

use std::path::{Path, PathBuf};

use tierline_report::Limits;
use tierline_sky::hpx::{HpxGeom, HpxRegion, Order};
use tierline_sky::{CutoutMode, MapAxis, Projection, RegionGeom, Size, SkyRegion, WcsGeom};

use crate::Error;
use crate::config::{
    AnalysisConfig, AxisConfig, GeomConfig, Kind, RequiredIrf as Required, quantity,
};
use crate::data::{DataStore, Environment, Observation, RequiredIrf};
use crate::dataset::{Axes, Dataset};
use crate::geom::Geom;
use crate::makers::{
    DatasetsMaker, Maker, MapMaker, ReflectedRegionsBackgroundMaker, SafeMaskMaker, Selection,
    SpectrumMaker,
};
use crate::mask_file::read_exclusion_with;

/// What is done with each observation.
enum Steps {
    /// Maps on cutouts.
    Maps(DatasetsMaker),
    /// Spectra of a region.
    Spectra(Box<Spectra>),
}

/// What is done for a spectrum.
struct Spectra {
    maker: SpectrumMaker,
    off: Option<ReflectedRegionsBackgroundMaker>,
    safe: SafeMaskMaker,
}

/// A reduction ready to run.
pub struct Analysis {
    store: DataStore,
    parts: Vec<parts::Part>,
    required: RequiredIrf,
    reference: Dataset,
    steps: Steps,
    stack: bool,
    threads: usize,
    /// What was noticed before anything is reduced.
    warnings: Vec<String>,
}

/// What a reduction made.
#[derive(Debug, Default)]
pub struct Reduced {
    /// The datasets in the order of the observations, or one that is stacked.
    pub datasets: Vec<Dataset>,
    /// Observations that are in them.
    pub used: Vec<i64>,
    /// Observations that are not.
    pub left_out: Vec<i64>,
    /// Warnings.
    pub warnings: Vec<String>,
}

/// What one observation became.
struct One {
    id: i64,
    dataset: Option<Dataset>,
    warnings: Vec<String>,
}

impl Analysis {
    /// Prepares a reduction. `folder` is what relative paths of the configuration start from; names of environment variables are
    /// replaced.
    ///
    /// # Errors
    /// Where something of the configuration does not fit, or files that it names can't be read.
    pub fn new(config: &AnalysisConfig, folder: &Path, limits: &Limits) -> Result<Self, Error> {
        let environment = Environment::of_process();
        let place = |path: &Path| -> Result<PathBuf, Error> {
            let text = environment.expand(&path.to_string_lossy())?;
            Ok(folder.join(text))
        };
        let datastore = place(&config.observations.datastore)?;
        let store = DataStore::open(&datastore, environment.clone(), limits)?;
        let mut warnings = store.warnings.clone();
        let reference = reference(config)?;
        let exclusion = match &config.datasets.background.exclusion {
            Some(path) => {
                let (path, image) = (place(path)?, image_for_exclusion(&reference)?);
                Some(read_exclusion_with(&path, &image, limits, &mut warnings)?)
            }
            None => None,
        };
        let threads = config.general.n_jobs;
        let datasets = &config.datasets;
        let safe = steps::safe_mask(&datasets.safe_mask)?;
        let steps = match datasets.kind {
            Kind::Maps => {
                let selection = Selection::of_names(&datasets.map_selection)?;
                let mut makers = vec![Maker::Map(MapMaker { selection, ..MapMaker::default() })];
                makers.push(Maker::SafeMask(safe));
                let n_bins = reference.energy_axis()?.n_bins();
                makers.extend(steps::background_of_maps(&datasets.background, exclusion, n_bins)?);
                let offset_max =
                    quantity("offset_max", &datasets.geom.selection.offset_max, "deg")?;
                Steps::Maps(DatasetsMaker {
                    makers,
                    cutout_width_deg: Some(2.0 * offset_max),
                    cutout_mode: CutoutMode::Trim,
                    drop_without_off: false,
                    threads,
                })
            }
            Kind::Spectra => {
                let selection = Selection { background: false, psf: false, ..Selection::default() };
                let maker = SpectrumMaker {
                    map: MapMaker { selection, ..MapMaker::default() },
                    containment_correction: datasets.containment_correction,
                    use_region_center: true,
                };
                let off = steps::background_of_spectra(&datasets.background, exclusion)?;
                Steps::Spectra(Box::new(Spectra { maker, off, safe }))
            }
        };
        let parts = parts::parts(&config.observations, &store, &place)?;
        let required = match &config.observations.required_irf {
            Required::List(names) => {
                RequiredIrf::of_names(&names.iter().map(String::as_str).collect::<Vec<_>>())?
            }
            Required::Set(name) => RequiredIrf::of_names(&[name])?,
        };
        let stack = datasets.stack;
        Ok(Analysis { store, parts, required, reference, steps, stack, threads, warnings })
    }

    /// Integrates the background over so many parts of a bin of energy.
    #[must_use]
    pub fn with_background_oversampling(mut self, parts: usize) -> Self {
        let maps = match &mut self.steps {
            Steps::Maps(maker) => maker.makers.iter_mut().find_map(|maker| match maker {
                Maker::Map(map) => Some(map),
                _ => None,
            }),
            Steps::Spectra(steps) => Some(&mut steps.maker.map),
        };
        if let Some(map) = maps {
            map.background_oversampling = parts;
        }
        self
    }

    /// Numbers of the observations that will be reduced, as often as they are in a range of time.
    pub fn ids(&self) -> Vec<i64> {
        self.parts.iter().map(|part| part.id).collect()
    }

    /// Runs it. `progress` is told how many observations are done, and may stop the run by an error.
    ///
    /// # Errors
    /// Where an observation can't be read or a step fails. Observations that lack a required file are left out and told of.
    pub fn run(
        &self,
        progress: &mut dyn FnMut(usize) -> Result<(), Error>,
    ) -> Result<Reduced, Error> {
        if self.parts.is_empty() {
            return Err(Error::parameter("observations", "none is selected"));
        }
        let mut reduced = Reduced { warnings: self.warnings.clone(), ..Reduced::default() };
        let mut stacked: Option<Dataset> = None;
        let make = |at: usize| {
            let part = &self.parts[at];
            self.one(part).map_err(|error| error.of_observation(part.id))
        };
        let mut done = 0;
        let mut take = |one: One| -> Result<(), Error> {
            reduced.warnings.extend(one.warnings);
            match one.dataset {
                None => add(&mut reduced.left_out, one.id),
                Some(dataset) => {
                    add(&mut reduced.used, one.id);
                    match (&mut stacked, self.stack) {
                        (_, false) => reduced.datasets.push(dataset),
                        (Some(stacked), true) => stacked.stack(&dataset)?,
                        (None, true) => stacked = Some(self.first(dataset)?),
                    }
                }
            }
            done += 1;
            progress(done)
        };
        crate::makers::in_order(self.threads, self.parts.len(), &make, &mut take)?;
        if reduced.used.is_empty() {
            let reason = "none could be used: ".to_owned() + &reduced.warnings.join("; ");
            return Err(Error::parameter("observations", reason));
        }
        reduced.datasets.extend(stacked);
        // What is used in one range of time is not left out.
        let Reduced { used, left_out, .. } = &mut reduced;
        left_out.retain(|id| !used.contains(id));
        Ok(reduced)
    }

    /// What the first dataset of a stack is added to: the whole map, or what it leaves of a spectrum.
    fn first(&self, dataset: Dataset) -> Result<Dataset, Error> {
        match &self.steps {
            Steps::Spectra(_) => dataset.to_masked("stacked"),
            Steps::Maps(_) => {
                let mut stacked = self.reference.clone();
                let dataset = dataset.without_off(false)?;
                let Dataset { exposure, background, psf, edisp, .. } = &dataset;
                // What was not asked for is not in the stack.
                stacked.exposure = stacked.exposure.filter(|_| exposure.is_some());
                stacked.background = stacked.background.filter(|_| background.is_some());
                stacked.psf = stacked.psf.filter(|_| psf.is_some());
                stacked.edisp = stacked.edisp.filter(|_| edisp.is_some());
                stacked.stack(&dataset)?;
                Ok(stacked)
            }
        }
    }

    fn one(&self, part: &parts::Part) -> Result<One, Error> {
        let id = part.id;
        let mut loaded = self.store.observations(Some(&[id]), &self.required, true)?;
        let Some(mut observation) = loaded.observations.pop() else {
            return Ok(One { id, dataset: None, warnings: loaded.warnings });
        };
        if let Some(range) = part.time {
            observation = observation.select_time(range)?;
        }
        if observation.gti.intervals.is_empty() {
            let range = if part.time.is_some() { " in the range" } else { "" };
            let text = format!("observation {id} is left out: no good time{range}");
            loaded.warnings.push(text);
            return Ok(One { id, dataset: None, warnings: loaded.warnings });
        }
        let (dataset, more) = match &self.steps {
            Steps::Maps(maker) => {
                let made = maker.run_one(&self.reference, &observation)?;
                let dataset = made.dataset.map(|dataset| dataset.without_off(!self.stack));
                (dataset.transpose()?, made.warnings)
            }
            Steps::Spectra(steps) => self.spectrum(&observation, steps)?,
        };
        let mut warnings = loaded.warnings;
        warnings.extend(more);
        let mut dataset = dataset;
        if let Some(dataset) = &mut dataset {
            dataset.name.push_str(&part.suffix);
        }
        Ok(One { id, dataset, warnings })
    }

    fn spectrum(
        &self,
        observation: &Observation,
        Spectra { maker, off, safe }: &Spectra,
    ) -> Result<(Option<Dataset>, Vec<String>), Error> {
        let mut warnings = Vec::new();
        let mut dataset = maker.run(&self.reference, observation)?;
        dataset.name = observation.id.to_string();
        if let Some(off) = off {
            let (regions, more) = off.run(&mut dataset, observation)?;
            warnings.extend(more);
            if regions.is_empty() {
                return Ok((None, warnings));
            }
        }
        warnings.extend(safe.run(&mut dataset, observation)?);
        Ok((Some(dataset), warnings))
    }
}

/// Adds a number to a list that has it not.
fn add(list: &mut Vec<i64>, id: i64) {
    if !list.contains(&id) {
        list.push(id);
    }
}

/// Degrees around a disk of HEALPix pixels on which a region file is a mask.
const MARGIN_DEG: f64 = 1.0;

/// The pixels on which a region file is a mask: those of a map, or a wide field around the region of spectra or HEALPix pixels.
fn image_for_exclusion(reference: &Dataset) -> Result<WcsGeom, Error> {
    if let Geom::Wcs(geom) = reference.geom() {
        return Ok(geom.to_image());
    }
    let center = reference.center()?;
    let (width, projection) = match reference.geom() {
        Geom::Hpx(_) => {
            let away = reference.geom().separation(&center)?.into_iter().fold(0.0, f64::max);
            (2.0 * (away + MARGIN_DEG), Projection::Car)
        }
        _ => (12.0, Projection::Tan),
    };
    let size = Size::Width([width.min(360.0), width.min(180.0)]);
    Ok(WcsGeom::create(&center, size, [0.02; 2], projection, center.frame, Vec::new())?)
}

/// The geometry that a configuration describes, with zeros.
fn reference(config: &AnalysisConfig) -> Result<Dataset, Error> {
    let geom = &config.datasets.geom;
    let axis = |axis: &AxisConfig, name: &str| {
        axis.axis(name)?.ok_or_else(|| {
            Error::parameter(format!("geom.axes.{name}"), "min, max and nbins are needed")
        })
    };
    let energy = axis(&geom.axes.energy, "energy")?;
    let axes = Axes {
        energy_true: geom.axes.energy_true.axis("energy_true")?,
        binsz_irf: quantity("binsize_irf", &geom.wcs.binsize_irf, "deg")?,
        ..Axes::default()
    };
    let geom = match config.datasets.kind {
        Kind::Maps => map_geom(geom, energy)?,
        Kind::Spectra => {
            let on = &config.datasets.on_region;
            let needed = || Error::parameter("on_region", "lon, lat, frame and radius are needed");
            let center = on.center("on_region")?.ok_or_else(needed)?;
            let radius = on.radius_deg("on_region")?.ok_or_else(needed)?;
            Geom::Region(RegionGeom::new(SkyRegion::circle(center, radius), vec![energy])?)
        }
    };
    Dataset::create("stacked", geom, &axes)
}

/// The pixels of maps that a configuration describes.
fn map_geom(config: &GeomConfig, energy: MapAxis) -> Result<Geom, Error> {
    let center = config.wcs.skydir.center("geom.wcs.skydir")?;
    let center = center
        .ok_or_else(|| Error::parameter("geom.wcs.skydir", "lon, lat and frame are needed"))?;
    let width = &config.wcs.width;
    let width =
        [quantity("width", &width.width, "deg")?, quantity("height", &width.height, "deg")?];
    if let Some(nside) = config.hpx_nside {
        if width[0] != width[1] {
            let reason = format!("a disk of HEALPix pixels has one, found {width:?}");
            return Err(Error::parameter("width", reason));
        }
        let lon_lat_radius = [center.lon_deg, center.lat_deg, 0.5 * width[0]];
        let disk = HpxRegion::Disk { lon_lat_radius, inclusive: None };
        let (order, frame) = (Order::Nested, center.frame);
        return Ok(Geom::Hpx(HpxGeom::new(&[nside], order, frame, Some(disk), vec![energy])?));
    }
    let binsz = quantity("binsize", &config.wcs.binsize, "deg")?;
    let (size, car) = (Size::Width(width), Projection::Car);
    Ok(Geom::Wcs(WcsGeom::create(&center, size, [binsz; 2], car, center.frame, vec![energy])?))
}
