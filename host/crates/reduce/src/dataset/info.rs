//! Numbers that sum a dataset up.

use serde::Serialize;

use super::Dataset;
use crate::Error;
use crate::map::axis;
use crate::stats::{self, CashCountsStatistic, CountsStatistic};

/// The numbers, each over the safe cells. NaN where a dataset doesn't tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Info {
    /// Name.
    pub name: String,
    /// Counts.
    pub counts: i64,
    /// Counts above the background.
    pub excess: f64,
    /// Their significance.
    pub sqrt_ts: f64,
    /// Background, without the factor of a model.
    pub background: f64,
    /// Expected counts without a source.
    pub npred: f64,
    /// Background with the factor of a model.
    pub npred_background: f64,
    /// Expected counts of sources.
    pub npred_signal: f64,
    /// Least exposure above 0 in safe pixels, in m2 s.
    pub exposure_min: f64,
    /// Largest exposure in safe pixels, in m2 s.
    pub exposure_max: f64,
    /// Seconds of the exposure.
    pub livetime_s: f64,
    /// Seconds of the good times.
    pub ontime_s: f64,
    /// Counts per second of livetime.
    pub counts_rate: f64,
    /// Background per second of livetime.
    pub background_rate: f64,
    /// Excess per second of livetime.
    pub excess_rate: f64,
    /// Cells.
    pub n_bins: usize,
    /// Safe cells that are fitted.
    pub n_fit_bins: usize,
    /// Statistic: cash or wstat.
    pub stat_type: &'static str,
    /// Its sum over the cells that are fitted.
    pub stat_sum: f64,
    /// Off counts, acceptances and their ratio.
    pub off: Option<InfoOff>,
}

/// What is summed up of off counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct InfoOff {
    /// Off counts.
    pub counts_off: i64,
    /// Acceptance.
    pub acceptance: f64,
    /// Acceptance over alpha.
    pub acceptance_off: f64,
    /// Ratio of the acceptances, weighted by off counts.
    pub alpha: f64,
}

impl Dataset {
    /// Sums it up.
    ///
    /// # Errors
    /// Where there is no energy axis.
    pub fn info(&self) -> Result<Info, Error> {
        axis(self.geom(), "energy")?;
        let safe = |at: usize| self.mask_safe.as_ref().is_none_or(|mask| mask.values[at]);
        let cells: Vec<usize> = (0..self.counts.values.len()).filter(|at| safe(*at)).collect();
        let sum = |value: &dyn Fn(usize) -> f64| cells.iter().map(|at| value(*at)).sum::<f64>();
        let counts = sum(&|at| self.counts.values.get(at));
        let npred = self.npred_background()?;
        let npred_background =
            npred.as_ref().map_or(f64::NAN, |npred| sum(&|at| npred.values.get(at)));
        let (mut background, mut excess, mut sqrt_ts) = (f64::NAN, f64::NAN, f64::NAN);
        let mut off = None;
        if self.off.is_some() {
            let summed = self.info_off(&cells)?;
            if let Some(scaled) = self.scaled_off()? {
                background = sum(&|at| scaled.values.get(at));
                excess = counts - background;
                let n_off = summed.counts_off as f64;
                sqrt_ts = stats::li_ma(counts, n_off, summed.alpha);
            }
            off = Some(summed);
        } else if let Some(map) = &self.background {
            background = sum(&|at| map.values.get(at));
            excess = counts - background;
            sqrt_ts = CashCountsStatistic { n_on: counts, mu_bkg: background }.sqrt_ts();
        }
        let [exposure_min, exposure_max] = self.exposure_range();
        let livetime_s = self.livetime_s.unwrap_or(f64::NAN);
        let fitted = |at: &&usize| self.mask_fit.as_ref().is_none_or(|mask| mask.values[**at]);
        Ok(Info {
            name: self.name.clone(),
            counts: counts as i64,
            excess,
            sqrt_ts,
            background,
            npred: if background.is_nan() { f64::NAN } else { npred_background },
            npred_background,
            npred_signal: f64::NAN,
            exposure_min,
            exposure_max,
            livetime_s,
            ontime_s: self.gti.as_ref().map_or(f64::NAN, |gti| gti.time_sum()),
            counts_rate: counts / livetime_s,
            background_rate: background / livetime_s,
            excess_rate: excess / livetime_s,
            n_bins: self.counts.values.len(),
            n_fit_bins: cells.iter().filter(fitted).count(),
            stat_type: if self.off.is_some() { "wstat" } else { "cash" },
            // The peer tells none of a map without a model.
            stat_sum: match (&self.off, &self.model) {
                (None, None) => f64::NAN,
                _ => self.stat_sum()?,
            },
            off,
        })
    }

    fn info_off(&self, cells: &[usize]) -> Result<InfoOff, Error> {
        let alpha = self.alpha()?;
        let Some(off) = &self.off else {
            return Err(Error::parameter(format!("dataset {}", self.name), "it has no off counts"));
        };
        let n_off = |at: usize| off.counts_off.as_ref().map_or(0.0, |map| map.values.get(at));
        let counts: f64 = cells.iter().map(|at| n_off(*at)).sum();
        let scaled: f64 = cells.iter().map(|at| alpha[*at] * n_off(*at)).sum();
        let acceptance: f64 = cells.iter().map(|at| off.acceptance.values.get(*at)).sum();
        let alpha = if off.acceptance_off.is_some() { scaled / counts } else { f64::NAN };
        let counts_off = counts as i64;
        Ok(InfoOff { counts_off, acceptance, acceptance_off: acceptance / alpha, alpha })
    }

    /// Least exposure above 0 and largest of safe pixels; of all if there is none.
    fn exposure_range(&self) -> [f64; 2] {
        let Some(exposure) = &self.exposure else { return [f64::NAN; 2] };
        let n = exposure.geom.n_image_pixels();
        let image = self.mask_safe_image();
        let value = |at: usize| exposure.values.get(at);
        let used =
            |at: &usize| value(*at) > 0.0 && image.as_ref().is_none_or(|image| image[at % n]);
        let range = |cells: &mut dyn Iterator<Item = usize>| {
            cells.fold([f64::NAN; 2], |[least, most], at| {
                [least.min(value(at)), most.max(value(at))]
            })
        };
        let all = 0..exposure.values.len();
        let range_of_used = range(&mut all.clone().filter(used));
        if range_of_used[0].is_nan() { range(&mut all.clone()) } else { range_of_used }
    }
}
