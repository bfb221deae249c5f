//! From an observation to a dataset of maps.

use tierline_sky::frame::transform;
use tierline_sky::{FovFrame, Frame, MapAxis, Separation, SkyCoord};

use super::from_maps;
use super::rotation::{Rotation, to_icrs};
use crate::Error;
use crate::data::{Observation, Pointing};
use crate::dataset::{Dataset, IrfMap, MetaRow};
use crate::geom::Geom;
use crate::irf::{Background, FovAlignment, PointSpread, RateIntegral, fine_edges};
use crate::map::{Map, MapValues, Mask, axis, n_planes};
use crate::unit;

/// Which members of a dataset are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    /// Counts; zeros if not.
    pub counts: bool,
    /// Exposure.
    pub exposure: bool,
    /// Background.
    pub background: bool,
    /// Point spread function.
    pub psf: bool,
    /// Energy dispersion.
    pub edisp: bool,
}

impl Default for Selection {
    fn default() -> Self {
        Selection { counts: true, exposure: true, background: true, psf: true, edisp: true }
    }
}

impl Selection {
    /// Nothing.
    pub const NONE: Selection =
        Selection { counts: false, exposure: false, background: false, psf: false, edisp: false };

    /// The members of these names.
    ///
    /// # Errors
    /// Where a name is none of counts, exposure, background, psf and edisp.
    pub fn of_names<T: AsRef<str>>(names: &[T]) -> Result<Self, Error> {
        let mut selection = Selection::NONE;
        for name in names {
            let member = match name.as_ref() {
                "counts" => &mut selection.counts,
                "exposure" => &mut selection.exposure,
                "background" => &mut selection.background,
                "psf" => &mut selection.psf,
                "edisp" => &mut selection.edisp,
                other => {
                    let known = "expected counts, exposure, background, psf or edisp";
                    return Err(Error::parameter("selection", format!("{known}, found {other}")));
                }
            };
            *member = true;
        }
        Ok(selection)
    }
}

/// Makes maps of an observation: what was counted, and what its responses say on the geometry of a reference.
#[derive(Debug, Clone, PartialEq)]
pub struct MapMaker {
    /// What is made.
    pub selection: Selection,
    /// Parts of a bin of energy over which the background is integrated.
    pub background_oversampling: usize,
    /// Whether gaps of the background's table along energy are filled.
    pub background_interp_missing_data: bool,
    /// Whether a background over offset goes on flat by half a bin.
    pub background_pad_offset: bool,
    /// Degrees by which the field of view may turn in one step of the time integral of a background in the frame of the horizon.
    pub fov_rotation_step_deg: f64,
}

impl Default for MapMaker {
    fn default() -> Self {
        MapMaker {
            selection: Selection::default(),
            background_oversampling: 1,
            background_interp_missing_data: true,
            background_pad_offset: true,
            fov_rotation_step_deg: 1.0,
        }
    }
}

/// A response that is needed and not there.
pub(crate) fn missing(observation: &Observation, what: &str) -> Error {
    Error::parameter(format!("observation {}", observation.id), format!("it has no {what}"))
}

/// A dataset on the geometry of a reference with the times and facts of an observation. All cells are safe, nothing is counted.
pub(crate) fn begin(reference: &Dataset, observation: &Observation) -> Result<Dataset, Error> {
    let geom = reference.geom();
    Ok(Dataset {
        name: reference.name.clone(),
        counts: Map::zeros(geom.clone(), ""),
        exposure: None,
        livetime_s: None,
        background: None,
        model: None,
        psf: None,
        edisp: None,
        mask_safe: Some(Mask::filled(geom.clone(), true)),
        mask_fit: None,
        off: None,
        gti: Some(observation.gti.clone()),
        is_pointlike: observation.responses.aeff.as_ref().is_some_and(|aeff| aeff.is_pointlike),
        meta: vec![meta_row(observation)?],
    })
}

impl MapMaker {
    /// Makes the maps, in 8 bytes but for counts. All cells are safe.
    ///
    /// # Errors
    /// Where a response is missing, units don't convert, or the observation has no fixed pointing.
    pub fn run(&self, reference: &Dataset, observation: &Observation) -> Result<Dataset, Error> {
        let geom = reference.geom();
        let selection = self.selection;
        let mut dataset = begin(reference, observation)?;
        if selection.counts {
            dataset.counts = make_counts(geom, observation)?;
        }
        if let (true, Some(exposure)) = (selection.exposure, &reference.exposure) {
            match &observation.responses.maps.aeff {
                // The time that is in such a map is not told.
                Some(map) => {
                    dataset.exposure = Some(from_maps::exposure(&exposure.geom, map, observation)?);
                }
                None => {
                    let offsets = offsets(&exposure.geom, observation)?;
                    dataset.exposure = Some(make_exposure(&exposure.geom, &offsets, observation)?);
                    dataset.livetime_s = Some(observation.livetime());
                }
            }
        }
        if selection.background {
            dataset.background = Some(self.make_background(geom, observation)?);
        }
        if let (true, Some(psf)) = (selection.psf, &reference.psf) {
            dataset.psf = Some(make_psf(psf, observation)?);
        }
        if let (true, Some(edisp)) = (selection.edisp, &reference.edisp) {
            dataset.edisp = Some(make_edisp(edisp, observation)?);
        }
        Ok(dataset)
    }

    /// Seconds from the start of an observation at which a background aligned with the horizon is taken.
    ///
    /// # Errors
    /// Where the observation has no fixed pointing, place or time, or there are too many steps.
    pub fn rotation_steps(&self, observation: &Observation) -> Result<Vec<f64>, Error> {
        Rotation::new(observation)?.steps(self.fov_rotation_step_deg)
    }

    /// Counts that the background's rate leaves in each cell.
    fn make_background(&self, geom: &Geom, observation: &Observation) -> Result<Map, Error> {
        if let Some(map) = &observation.responses.maps.bkg {
            return from_maps::background(geom, map, observation);
        }
        let bkg = observation.responses.bkg.as_ref().ok_or_else(|| missing(observation, "bkg"))?;
        let vectors = geom.vectors()?;
        let solid_angle = geom.solid_angle()?;
        let values = self.background_counts(geom, &vectors, &solid_angle, bkg, observation)?;
        Map::new(geom.clone(), "", values)
    }

    /// Counts per bin of energy at directions of the geometry's frame, each for a solid angle in sr.
    pub(crate) fn background_counts(
        &self,
        geom: &Geom,
        vectors: &[[f64; 3]],
        solid_angle: &[f64],
        bkg: &Background,
        observation: &Observation,
    ) -> Result<Vec<f64>, Error> {
        let repaired;
        let mut bkg = bkg;
        if self.background_interp_missing_data {
            repaired = bkg.interp_missing_data()?;
            bkg = &repaired;
        }
        let padded;
        if self.background_pad_offset && matches!(bkg, Background::TwoD(_)) {
            padded = bkg.pad_offset()?;
            bkg = &padded;
        }
        let energy = axis(geom, "energy")?;
        let table = bkg.table();
        let unit_of_energy = table.axis("energy")?.unit();
        let scale = unit::factor(energy.unit(), unit_of_energy)?;
        let mut edges = fine_edges(energy, self.background_oversampling)?;
        edges.iter_mut().for_each(|edge| *edge *= scale);
        let rate = RateIntegral::new(&bkg.interpolator()?, edges, self.background_oversampling)?;
        let rate_unit = if table.unit.trim().is_empty() { "s-1 MeV-1 sr-1" } else { &table.unit };
        let factor = unit::factor(rate_unit, &format!("s-1 {unit_of_energy}-1 sr-1"))?
            * observation.ontime();
        let mut values = vec![0.0; rate.n_bins() * vectors.len()];
        self.add_rates(&rate, factor, bkg, (geom.frame(), vectors), observation, &mut values)?;
        for plane in values.chunks_exact_mut(vectors.len().max(1)) {
            plane.iter_mut().zip(solid_angle).for_each(|(value, omega)| *value *= omega);
        }
        Ok(values)
    }

    /// Adds the rates at directions to zeros, by what the background's axes are aligned with.
    fn add_rates(
        &self,
        rate: &RateIntegral,
        factor: f64,
        bkg: &Background,
        (frame, vectors): (Frame, &[[f64; 3]]),
        observation: &Observation,
        values: &mut [f64],
    ) -> Result<(), Error> {
        let table = bkg.interpolator()?;
        match bkg {
            Background::TwoD(_) => {
                let offsets = offsets_of(frame, vectors, &pointing(observation)?);
                rate.set(&table.offset_weights(&offsets)?, factor, values)
            }
            Background::ThreeD(_, FovAlignment::AltAz) => {
                let (rotation, icrs) = (Rotation::new(observation)?, to_icrs(frame, vectors));
                let steps = rotation.steps(self.fov_rotation_step_deg)?;
                for (seconds, weight) in steps.iter().zip(rotation.weights(&steps)) {
                    let (lon, lat) = rotation.fov_coords(*seconds, &icrs)?;
                    rate.add(&table.fov_weights(&lon, &lat)?, factor * weight, values)?;
                }
                Ok(())
            }
            Background::ThreeD(_, alignment) => {
                let sign = if *alignment == FovAlignment::ReverseLonRaDec { -1.0 } else { 1.0 };
                let (lon, lat) = fov_coords(frame, vectors, &pointing(observation)?, sign);
                rate.set(&table.fov_weights(&lon, &lat)?, factor, values)
            }
        }
    }
}

/// Longitudes, times `sign`, and latitudes in the field of view around a pointing, whose longitude rises as right ascension falls.
fn fov_coords(
    frame: Frame,
    vectors: &[[f64; 3]],
    pointing: &SkyCoord,
    sign: f64,
) -> (Vec<f64>, Vec<f64>) {
    let pointing = pointing.to(Frame::Icrs);
    let field = FovFrame::new(pointing.lon_deg, pointing.lat_deg);
    let coords = |vector: &[f64; 3]| {
        let [lon, lat] = field.of_vector(transform(*vector, frame, Frame::Icrs));
        (lon * sign, lat)
    };
    vectors.iter().map(coords).unzip()
}

/// Where an observation points.
///
/// # Errors
/// Where it lets the sky drift by.
pub(crate) fn pointing(observation: &Observation) -> Result<SkyCoord, Error> {
    match observation.pointing {
        Pointing::Icrs { ra, dec } => Ok(SkyCoord::icrs(ra, dec)),
        Pointing::AltAz { .. } => {
            let what = format!("observation {}", observation.id);
            Err(Error::unsupported(
                what,
                "drift mode (OBS_MODE DRIFT): the sky moves through its field of view",
            ))
        }
    }
}

fn meta_row(observation: &Observation) -> Result<MetaRow, Error> {
    let pointing = pointing(observation)?;
    Ok(MetaRow {
        telescope: observation.info.telescope.clone(),
        obs_id: observation.id.to_string(),
        // Wobbles are pointings, too.
        obs_mode: "POINTING".into(),
        pointing: [pointing.lon_deg, pointing.lat_deg],
    })
}

/// Distances of the pixels from the pointing in degrees.
pub(crate) fn offsets(geom: &Geom, observation: &Observation) -> Result<Vec<f64>, Error> {
    Ok(offsets_of(geom.frame(), &geom.vectors()?, &pointing(observation)?))
}

fn offsets_of(frame: Frame, vectors: &[[f64; 3]], pointing: &SkyCoord) -> Vec<f64> {
    let from = Separation::from(pointing, frame);
    vectors.iter().map(|vector| from.to_vector(*vector)).collect()
}

/// The bin of a value on an axis, as the peer's maps are filled; `None` outside.
pub(crate) fn bin_of(axis: &MapAxis, value: f64) -> Option<usize> {
    let at = (axis.coord_to_pix(value) + 0.5).floor();
    (at >= 0.0 && at < axis.n_bins() as f64).then_some(at as usize)
}

/// Counts the events in each cell.
pub(crate) fn make_counts(geom: &Geom, observation: &Observation) -> Result<Map, Error> {
    let energy = axis(geom, "energy")?;
    let scale = unit::factor("TeV", energy.unit())?;
    let n = geom.n_image_pixels();
    let mut counts = vec![0.0_f32; n * n_planes(geom)];
    let events = &observation.events;
    let positions = events.ra.iter().zip(&events.dec);
    for ((ra, dec), value) in positions.zip(&events.energy) {
        let Some(bin) = bin_of(energy, value * scale) else { continue };
        if let Some(pixel) = geom.image_index(&SkyCoord::icrs(*ra, *dec)) {
            counts[bin * n + pixel] += 1.0;
        }
    }
    Ok(Map { geom: geom.clone(), unit: String::new(), values: MapValues::F32(counts) })
}

/// Effective area times livetime in m2 s, at offsets (degrees) of the pixels.
pub(crate) fn make_exposure(
    geom: &Geom,
    offsets: &[f64],
    observation: &Observation,
) -> Result<Map, Error> {
    Map::new(geom.clone(), "m2 s", exposure_values(geom, offsets, observation)?)
}

/// The same as planes of the offsets, one per true energy.
pub(crate) fn exposure_values(
    geom: &Geom,
    offsets: &[f64],
    observation: &Observation,
) -> Result<Vec<f64>, Error> {
    let aeff = &observation.responses.aeff;
    let aeff = aeff.as_ref().ok_or_else(|| from_maps::no_table(observation, "aeff"))?;
    let table = aeff.interpolator()?;
    let energy = axis(geom, "energy_true")?;
    let scale = unit::factor(energy.unit(), aeff.table.axis("energy_true")?.unit())?;
    let factor = unit::factor(&aeff.table.unit, "m2")? * observation.livetime();
    let weights = table.offset_weights(offsets)?;
    let mut values = vec![0.0; energy.n_bins() * offsets.len()];
    let mut section = Default::default();
    let planes = values.chunks_exact_mut(offsets.len().max(1));
    for (energy, plane) in energy.centers().into_iter().zip(planes) {
        table.section(&[energy * scale], &mut section)?;
        table.fill(&section, &weights, plane)?;
        plane.iter_mut().for_each(|value| *value *= factor);
    }
    Ok(values)
}

/// The exposure that goes with a response.
fn irf_exposure(irf: &IrfMap, offsets: &[f64], observation: &Observation) -> Result<Map, Error> {
    make_exposure(&irf.exposure.geom, offsets, observation)
}

/// Centres of true energy in the unit of a response.
fn true_energies(geom: &Geom, unit_of_response: &str) -> Result<Vec<f64>, Error> {
    let energy = axis(geom, "energy_true")?;
    let scale = unit::factor(energy.unit(), unit_of_response)?;
    Ok(energy.centers().into_iter().map(|energy| energy * scale).collect())
}

fn make_psf(reference: &IrfMap, observation: &Observation) -> Result<IrfMap, Error> {
    if let Some(map) = &observation.responses.maps.psf {
        return from_maps::response(reference, map);
    }
    let psf = observation.responses.psf.as_ref().ok_or_else(|| missing(observation, "psf"))?;
    let geom = &reference.map.geom;
    let offsets = offsets(geom, observation)?;
    let evaluator = psf.evaluator()?;
    let rad = axis(geom, "rad")?;
    let energies = true_energies(geom, energy_unit(psf)?)?;
    let weights = evaluator.offset_weights(&offsets)?;
    let mut values = vec![0.0; n_planes(geom) * offsets.len()];
    evaluator.fill_map(&energies, rad, &weights, &mut values)?;
    let map = Map::new(geom.clone(), "deg-2", values)?;
    Ok(IrfMap { map, exposure: irf_exposure(reference, &offsets, observation)? })
}

/// Unit of a point spread function's true energies.
pub(crate) fn energy_unit(psf: &PointSpread) -> Result<&str, Error> {
    let table = match psf {
        PointSpread::Table(table) => table,
        PointSpread::ThreeGauss(tables) => &tables[0],
        PointSpread::King(tables) => &tables[0],
    };
    Ok(table.axis("energy_true")?.unit())
}

fn make_edisp(reference: &IrfMap, observation: &Observation) -> Result<IrfMap, Error> {
    if let Some(map) = &observation.responses.maps.edisp {
        return from_maps::response(reference, map);
    }
    let edisp =
        observation.responses.edisp.as_ref().ok_or_else(|| missing(observation, "edisp"))?;
    let geom = &reference.map.geom;
    let offsets = offsets(geom, observation)?;
    let map = edisp_map(geom, &offsets, edisp)?;
    Ok(IrfMap { map, exposure: irf_exposure(reference, &offsets, observation)? })
}

/// The energy dispersion at offsets (degrees) of the pixels, as a matrix of energies or over migration.
pub(crate) fn edisp_map(
    geom: &Geom,
    offsets: &[f64],
    edisp: &crate::irf::EnergyDispersion,
) -> Result<Map, Error> {
    let evaluator = edisp.evaluator()?;
    let energy_unit = edisp.table.axis("energy_true")?.unit().to_owned();
    let energies = true_energies(geom, &energy_unit)?;
    let weights = evaluator.offset_weights(offsets)?;
    let mut values = vec![0.0; n_planes(geom) * offsets.len()];
    if let Ok(migra) = axis(geom, "migra") {
        evaluator.fill_migra_map(&energies, migra, &weights, &mut values)?;
    } else {
        let energy = axis(geom, "energy")?;
        let scale = unit::factor(energy.unit(), &energy_unit)?;
        let edges: Vec<f64> = energy.edges().into_iter().map(|edge| edge * scale).collect();
        evaluator.fill_kernel_map(&energies, &edges, &weights, &mut values)?;
    }
    Map::new(geom.clone(), "", values)
}
