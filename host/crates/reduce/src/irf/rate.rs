//! Integrals of a tabulated rate over bins of energy, for many pixels.

use tierline_sky::{Interp, MapAxis};

use super::interpolate::{Interpolator, unscaled};
use super::weights::{NOWHERE, PixelWeights, Section, blend, check};
use crate::Error;
use crate::integrate::{integrate_log_log, power_law};

/// Pixels that are taken through all energies together.
const BLOCK: usize = 256;

/// Edges, at most.
const MAX_EDGES: usize = 1 << 20;

/// The edges of an axis each of whose bins is parted in `factor`, equal on the scale of the axis.
///
/// # Errors
/// Where `factor` is 0 or there would be more than a million edges.
pub fn fine_edges(axis: &MapAxis, factor: usize) -> Result<Vec<f64>, Error> {
    match axis.n_bins().checked_mul(factor) {
        Some(n) if n > 0 && n < MAX_EDGES => {
            let pix = |k: usize| k as f64 / factor as f64 - 0.5;
            Ok((0..=n).map(|k| axis.pix_to_coord(pix(k))).collect())
        }
        _ => Err(Error::parameter(
            "oversampling",
            format!("expected 1 or more and at most {MAX_EDGES} edges, found {factor}"),
        )),
    }
}

/// A rate over energy and the field of view, ready to be integrated over bins of energy: a power law from edge to edge.
///
/// The rate at the edges is found by interpolation; see [`integrate_log_log`] for the integral between two of them.
#[derive(Debug, Clone)]
pub struct RateIntegral {
    sections: Vec<Section>,
    scale: Interp,
    edges: Vec<f64>,
    group: usize,
}

impl RateIntegral {
    /// Over the bins between `edges` (in the unit of the table's energy), `group` of them summed to one.
    ///
    /// # Errors
    /// Where there are fewer than two edges, they don't rise from above zero, or they are no whole number of groups.
    pub fn new(table: &Interpolator, edges: Vec<f64>, group: usize) -> Result<Self, Error> {
        let wrong = |reason: String| Err(Error::parameter("energies of a rate", reason));
        let n_fine = edges.len().saturating_sub(1);
        if n_fine == 0 || group == 0 || !n_fine.is_multiple_of(group) {
            return wrong(format!("{} edges in groups of {group} bins", edges.len()));
        }
        let rise = edges.windows(2).all(|pair| pair[0] < pair[1]);
        if !rise || edges[0] <= 0.0 || !edges.iter().all(|edge| edge.is_finite()) {
            return wrong("edges must rise and be above zero".into());
        }
        let mut sections = vec![Section::default(); edges.len()];
        for (section, edge) in sections.iter_mut().zip(&edges) {
            table.section(&[*edge], section)?;
        }
        Ok(RateIntegral { sections, scale: table.scale(), edges, group })
    }

    /// Bins it gives.
    pub fn n_bins(&self) -> usize {
        (self.edges.len() - 1) / self.group
    }

    /// Adds `factor` times the integrals to `out`, which is a plane of pixels per bin.
    ///
    /// They are in the unit of the table times that of its energy.
    ///
    /// # Errors
    /// Where `out` hasn't a value per bin and pixel, or the weights are for another table.
    pub fn add<const D: usize>(
        &self,
        weights: &PixelWeights<D>,
        factor: f64,
        out: &mut [f64],
    ) -> Result<(), Error> {
        self.pass(weights, factor, true, out)
    }

    /// The same into planes whose values are not kept: they are written before they are read, which spares fresh memory from being
    /// mapped twice.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn set<const D: usize>(
        &self,
        weights: &PixelWeights<D>,
        factor: f64,
        out: &mut [f64],
    ) -> Result<(), Error> {
        self.pass(weights, factor, false, out)
    }

    fn pass<const D: usize>(
        &self,
        weights: &PixelWeights<D>,
        factor: f64,
        keep: bool,
        out: &mut [f64],
    ) -> Result<(), Error> {
        let n_pixels = weights.n_pixels();
        for section in &self.sections {
            check(section, weights, n_pixels)?;
        }
        if n_pixels.checked_mul(self.n_bins()) != Some(out.len()) {
            let reason = format!("{} values for {} of {n_pixels}", out.len(), self.n_bins());
            return Err(Error::parameter("planes of a rate", reason));
        }
        let mut edges = [Edge::new(), Edge::new()];
        for start in (0..n_pixels).step_by(BLOCK) {
            let end = (start + BLOCK).min(n_pixels);
            if !keep {
                let planes = out.chunks_exact_mut(n_pixels);
                planes.for_each(|plane| plane[start..end].fill(0.0));
            }
            self.add_block(weights, start..end, factor, &mut edges, out);
        }
        Ok(())
    }

    /// The same for some pixels, which pass through all energies.
    fn add_block<const D: usize>(
        &self,
        weights: &PixelWeights<D>,
        pixels: std::ops::Range<usize>,
        factor: f64,
        [before, after]: &mut [Edge; 2],
        out: &mut [f64],
    ) {
        let n_pixels = weights.n_pixels();
        before.take(&self.sections[0], self.scale, weights, pixels.clone());
        for bin in 0..self.edges.len() - 1 {
            after.take(&self.sections[bin + 1], self.scale, weights, pixels.clone());
            let plane = bin / self.group * n_pixels;
            let out = &mut out[plane + pixels.start..plane + pixels.end];
            let energies = [self.edges[bin], self.edges[bin + 1]];
            if self.scale == Interp::Log {
                integrate_logs(energies, before, after, factor, out);
            } else {
                for (out, (y0, y1)) in out.iter_mut().zip(before.rate.iter().zip(&after.rate)) {
                    *out += factor * integrate_log_log(energies, [*y0, *y1]);
                }
            }
            std::mem::swap(before, after);
        }
    }
}

/// The rate at one edge in a block of pixels, and its logarithm.
#[derive(Debug)]
struct Edge {
    scaled: [f64; BLOCK],
    rate: [f64; BLOCK],
}

impl Edge {
    fn new() -> Self {
        Edge { scaled: [0.0; BLOCK], rate: [0.0; BLOCK] }
    }

    fn take<const D: usize>(
        &mut self,
        section: &Section,
        scale: Interp,
        weights: &PixelWeights<D>,
        pixels: std::ops::Range<usize>,
    ) {
        if section.is_zero {
            self.rate.fill(0.0);
            return;
        }
        let places = weights.low[pixels.clone()].iter().zip(&weights.weights[pixels]);
        for ((low, weights_here), (scaled, rate)) in
            places.zip(self.scaled.iter_mut().zip(&mut self.rate))
        {
            if *low == NOWHERE {
                (*scaled, *rate) = (0.0, 0.0);
                continue;
            }
            *scaled = blend(&section.values, *low as usize, &weights.steps, weights_here);
            let value = unscaled(scale, *scaled);
            *rate = if value.is_finite() { value } else { 0.0 };
        }
    }
}

/// Integrals where the logarithms are known already.
fn integrate_logs(energies: [f64; 2], y0: &Edge, y1: &Edge, factor: f64, out: &mut [f64]) {
    let log_step = (energies[1] / energies[0]).ln();
    let values = y0.rate.iter().zip(&y1.rate);
    let logs = y0.scaled.iter().zip(&y1.scaled);
    for ((out, (y0, y1)), (log0, log1)) in out.iter_mut().zip(values).zip(logs) {
        *out += factor * power_law(energies, [*y0, *y1], log1 - log0, log_step);
    }
}
