//! The chain of makers over many observations.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;

use tierline_sky::CutoutMode;

use super::map::pointing;
use super::{
    AdaptiveRingBackgroundMaker, FovBackgroundMaker, MapMaker, PhaseBackgroundMaker,
    ReflectedRegionsBackgroundMaker, RingBackgroundMaker, SafeMaskMaker, SpectrumMaker,
};
use crate::Error;
use crate::data::Observation;
use crate::dataset::Dataset;
use crate::geom::Geom;

/// A step of the chain.
#[derive(Debug, Clone, PartialEq)]
pub enum Maker {
    /// Maps of the observation.
    Map(MapMaker),
    /// The safe mask.
    SafeMask(SafeMaskMaker),
    /// The background scaled to the field of view.
    Fov(FovBackgroundMaker),
    /// Off counts from rings.
    Ring(RingBackgroundMaker),
    /// Off counts from rings that adapt.
    AdaptiveRing(AdaptiveRingBackgroundMaker),
    /// The spectrum of the observation on a region.
    Spectrum(SpectrumMaker),
    /// Off counts of a spectrum from regions as far from the pointing.
    Reflected(ReflectedRegionsBackgroundMaker),
    /// Off counts from other phases.
    Phase(PhaseBackgroundMaker),
}

impl Maker {
    /// Does the step, after which the dataset has what it makes. Returns warnings.
    fn run(&self, dataset: &mut Dataset, observation: &Observation) -> Result<Vec<String>, Error> {
        match self {
            Maker::Map(maker) => {
                *dataset = maker.run(dataset, observation)?;
                Ok(Vec::new())
            }
            Maker::SafeMask(maker) => maker.run(dataset, observation),
            Maker::Fov(maker) => maker.run(dataset),
            Maker::Ring(maker) => maker.run(dataset).map(|()| Vec::new()),
            Maker::AdaptiveRing(maker) => maker.run(dataset).map(|()| Vec::new()),
            Maker::Spectrum(maker) => {
                *dataset = maker.run(dataset, observation)?;
                Ok(Vec::new())
            }
            Maker::Reflected(maker) => maker.run(dataset, observation).map(|(_, told)| told),
            Maker::Phase(maker) => maker.run(dataset, observation).map(|()| Vec::new()),
        }
    }
}

/// Runs makers over observations, each on a cutout around its pointing.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetsMaker {
    /// The steps in their order.
    pub makers: Vec<Maker>,
    /// Width of the cutouts in degrees; `None`: twice the largest offset of a safe mask among the makers, else none is cut out.
    pub cutout_width_deg: Option<f64>,
    /// What happens to cutouts at the border.
    pub cutout_mode: CutoutMode,
    /// Whether observations for which no off region is found are left out.
    pub drop_without_off: bool,
    /// Threads.
    pub threads: usize,
}

/// What became of an observation.
#[derive(Debug)]
pub struct Made {
    /// Its number.
    pub obs_id: i64,
    /// Its dataset; `None` where it does not reach the map, or has no off region and those are not wanted.
    pub dataset: Option<Dataset>,
    /// Warnings.
    pub warnings: Vec<String>,
}

/// Opens an observation by its place in the list.
pub type Open<'a> = dyn Fn(usize) -> Result<Observation, Error> + Sync + 'a;

impl DatasetsMaker {
    /// Makers, by one thread.
    pub fn new(makers: Vec<Maker>) -> Self {
        let (cutout_width_deg, cutout_mode) = (None, CutoutMode::Trim);
        DatasetsMaker { makers, cutout_width_deg, cutout_mode, drop_without_off: false, threads: 1 }
    }

    fn cutout_width(&self) -> Option<f64> {
        let of_mask = self.makers.iter().find_map(|maker| match maker {
            Maker::SafeMask(mask) => Some(2.0 * mask.offset_max_deg),
            _ => None,
        });
        self.cutout_width_deg.or(of_mask)
    }

    /// Makes the dataset of one observation.
    ///
    /// # Errors
    /// Where a maker fails.
    pub fn run_one(&self, reference: &Dataset, observation: &Observation) -> Result<Made, Error> {
        let obs_id = observation.id;
        let mut warnings = Vec::new();
        let mut dataset = match self.cutout_width() {
            Some(width) if matches!(reference.geom(), Geom::Wcs(_)) => {
                let position = pointing(observation)?;
                match reference.cutout(&position, [width; 2], self.cutout_mode) {
                    Ok(cutout) => cutout,
                    Err(error) => {
                        warnings.push(format!("observation {obs_id} is left out: {error}"));
                        return Ok(Made { obs_id, dataset: None, warnings });
                    }
                }
            }
            _ => reference.geometry_only(),
        };
        dataset.name = format!("obs_{obs_id}");
        for maker in &self.makers {
            warnings.extend(maker.run(&mut dataset, observation)?);
        }
        if self.drop_without_off && dataset.off.as_ref().is_some_and(|off| off.counts_off.is_none())
        {
            warnings.push(format!("observation {obs_id} is left out: it has no off region"));
            return Ok(Made { obs_id, dataset: None, warnings });
        }
        Ok(Made { obs_id, dataset: Some(dataset), warnings })
    }

    /// Makes the datasets of `n` observations by several threads and gives them to `take` in their order.
    ///
    /// # Errors
    /// The first of `open`, of a maker or of `take`, in the order of the observations.
    pub fn run(
        &self,
        reference: &Dataset,
        n: usize,
        open: &Open<'_>,
        mut take: impl FnMut(Made) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let make =
            |at: usize| open(at).and_then(|observation| self.run_one(reference, &observation));
        in_order(self.threads, n, &make, &mut take)
    }

    /// Makes the datasets and stacks them onto the reference, in the order of the observations. Returns warnings by observation.
    /// Off counts become background where the reference has none; but spectra with off counts stay such.
    ///
    /// # Errors
    /// As [`run`](Self::run), or where datasets can't be stacked.
    pub fn run_stacked(
        &self,
        reference: &Dataset,
        n: usize,
        open: &Open<'_>,
    ) -> Result<(Dataset, BTreeMap<i64, Vec<String>>), Error> {
        let mut stacked = reference.clone();
        let mut warnings = BTreeMap::new();
        let mut is_first = true;
        self.run(reference, n, open, |made| {
            if !made.warnings.is_empty() {
                warnings.insert(made.obs_id, made.warnings);
            }
            let Some(dataset) = made.dataset else { return Ok(()) };
            if std::mem::take(&mut is_first) && reference.is_spectrum() && dataset.off.is_some() {
                stacked = dataset.to_masked(&reference.name)?;
                return Ok(());
            }
            stacked.stack(&dataset.without_off(stacked.off.is_some())?)
        })?;
        Ok((stacked, warnings))
    }
}

/// Makes `n` things by several threads and gives them to `take` in their order. Each thread takes every so manyth and is at most one
/// ahead, so that few are in memory.
///
/// # Errors
/// The first of `make` or of `take`, in the order of the things.
pub(crate) fn in_order<T: Send>(
    threads: usize,
    n: usize,
    make: &(dyn Fn(usize) -> Result<T, Error> + Sync),
    take: &mut dyn FnMut(T) -> Result<(), Error>,
) -> Result<(), Error> {
    let threads = threads.clamp(1, n.max(1));
    if threads == 1 {
        return (0..n).try_for_each(|at| take(make(at)?));
    }
    thread::scope(|scope| {
        let mut lanes = Vec::new();
        for lane in 0..threads {
            let (sender, receiver) = mpsc::sync_channel(0);
            scope.spawn(move || {
                for at in (lane..n).step_by(threads) {
                    if sender.send(make(at)).is_err() {
                        return;
                    }
                }
            });
            lanes.push(receiver);
        }
        for at in 0..n {
            let made = lanes[at % threads].recv().map_err(|_| {
                Error::parameter("datasets", "a thread ended before its work was done")
            })?;
            take(made?)?;
        }
        Ok(())
    })
}
