//! Energy dispersion: density of the migration, and the matrix from true to reconstructed energy.

use tierline_sky::{Interp, MapAxis};

use super::EnergyDispersion;
use super::energy_kernel::EnergyKernel;
use super::interpolate::{Interpolator, Outside};
use super::weights::{OffsetWeights, Section};
use crate::Error;

/// Entries of a matrix below this are noise.
pub(super) const NOISE: f64 = 1e-8;

/// An energy dispersion ready for evaluation.
#[derive(Debug, Clone)]
pub struct Dispersion {
    table: Interpolator,
    energy_true: MapAxis,
    migra: MapAxis,
}

impl EnergyDispersion {
    /// For evaluation.
    ///
    /// # Errors
    /// Where the axes are not those of the class.
    pub fn evaluator(&self) -> Result<Dispersion, Error> {
        self.table.check_axes("edisp_2d", &["energy_true", "migra", "offset"])?;
        let table = Interpolator::new(&self.table, Interp::Lin, Outside::Dispersion)?;
        let (energy_true, migra) = (self.table.axis("energy_true")?, self.table.axis("migra")?);
        Ok(Dispersion { table, energy_true: energy_true.clone(), migra: migra.clone() })
    }
}

impl Dispersion {
    /// Density per migration, which is reconstructed over true energy.
    pub fn evaluate(&self, energy_true: f64, migra: f64, offset: f64) -> f64 {
        self.table.at(&[energy_true, migra, offset])
    }

    /// The response's own axis of migration.
    pub fn migra_axis(&self) -> &MapAxis {
        &self.migra
    }

    /// Where pixels of these offsets are.
    ///
    /// # Errors
    /// As [`Interpolator::offset_weights`].
    pub fn offset_weights(&self, offsets: &[f64]) -> Result<OffsetWeights, Error> {
        self.table.offset_weights(offsets)
    }

    /// Densities whose integral over `migra_axis` is 1: planes of pixels for each true energy and centre of migration, which varies
    /// faster. Zero where there is no density.
    ///
    /// # Errors
    /// Where `out` hasn't a value per energy, migration and pixel.
    pub fn fill_migra_map(
        &self,
        energies_true: &[f64],
        migra_axis: &MapAxis,
        weights: &OffsetWeights,
        out: &mut [f64],
    ) -> Result<(), Error> {
        let n_pixels = weights.n_pixels();
        let cube = check_size(energies_true.len(), migra_axis.n_bins(), n_pixels, out.len())?;
        let (centers, edges) = (migra_axis.centers(), migra_axis.edges());
        let widths: Vec<f64> = edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let (mut section, mut sums) = (Section::default(), vec![0.0; n_pixels]);
        for (energy, cube) in energies_true.iter().zip(out.chunks_exact_mut(cube.max(1))) {
            sums.fill(0.0);
            let planes = cube.chunks_exact_mut(n_pixels.max(1));
            for ((migra, width), plane) in centers.iter().zip(&widths).zip(planes) {
                self.table.section(&[*energy, *migra], &mut section)?;
                self.table.fill(&section, weights, plane)?;
                for (sum, value) in sums.iter_mut().zip(plane) {
                    *sum += *value * width;
                }
            }
            for plane in cube.chunks_exact_mut(n_pixels.max(1)) {
                for (sum, value) in sums.iter().zip(plane) {
                    *value = share(*value, *sum);
                }
            }
        }
        Ok(())
    }

    /// Probabilities of bins of reconstructed energy: planes of pixels for each true energy and bin, which varies faster.
    ///
    /// The density is normalised and summed on the response's own axis of migration; the sum is linear between the edges of that.
    /// What is below 1e-8 is zero. Energies in the unit of the table's.
    ///
    /// # Errors
    /// Where `out` hasn't a value per energy, bin and pixel.
    pub fn fill_kernel_map(
        &self,
        energies_true: &[f64],
        energy_edges: &[f64],
        weights: &OffsetWeights,
        out: &mut [f64],
    ) -> Result<(), Error> {
        let n_pixels = weights.n_pixels();
        let n_bins = energy_edges.len().saturating_sub(1);
        let cube = check_size(energies_true.len(), n_bins, n_pixels, out.len())?;
        let mut sums = CumulativeMigration::new(self, n_pixels);
        for (energy, cube) in energies_true.iter().zip(out.chunks_exact_mut(cube.max(1))) {
            sums.fill(self, *energy, weights)?;
            let bins = energy_edges.windows(2).zip(cube.chunks_exact_mut(n_pixels.max(1)));
            for (edges, plane) in bins {
                sums.between([edges[0] / energy, edges[1] / energy], plane);
            }
        }
        Ok(())
    }

    /// The matrix at one offset. The response's own axis of true energy serves where none is given, for reconstructed energy too.
    ///
    /// # Errors
    /// As [`fill_kernel_map`](Self::fill_kernel_map).
    pub fn to_edisp_kernel(
        &self,
        offset: f64,
        energy_true: Option<&MapAxis>,
        energy: Option<&MapAxis>,
    ) -> Result<EnergyKernel, Error> {
        let energy_true = energy_true.unwrap_or(&self.energy_true);
        let energy = energy.unwrap_or(&self.energy_true);
        let mut matrix = vec![0.0; energy_true.n_bins() * energy.n_bins()];
        let weights = self.offset_weights(&[offset])?;
        self.fill_kernel_map(&energy_true.centers(), &energy.edges(), &weights, &mut matrix)?;
        EnergyKernel::new(energy_true.centers(), energy.centers(), matrix)
    }
}

/// The values of one energy, where `n_out` is what all of them need.
fn check_size(
    n_energies: usize,
    n_bins: usize,
    n_pixels: usize,
    n_out: usize,
) -> Result<usize, Error> {
    let cube = n_bins.checked_mul(n_pixels);
    match cube {
        Some(cube) if cube.checked_mul(n_energies) == Some(n_out) => Ok(cube),
        _ => Err(Error::parameter(
            "map of an energy dispersion",
            format!("{n_out} values for {n_energies} energies, {n_bins} bins, {n_pixels} pixels"),
        )),
    }
}

/// Of a sum; nothing of none.
fn share(value: f64, sum: f64) -> f64 {
    let share = value / sum;
    if share.is_finite() { share } else { 0.0 }
}

/// Sums of the density of migration up to each edge, a plane of pixels per edge.
struct CumulativeMigration {
    edges: Vec<f64>,
    centers: Vec<f64>,
    sums: Vec<f64>,
    n_pixels: usize,
    section: Section,
}

impl CumulativeMigration {
    fn new(dispersion: &Dispersion, n_pixels: usize) -> Self {
        let (edges, centers) = (dispersion.migra.edges(), dispersion.migra.centers());
        let sums = vec![0.0; edges.len() * n_pixels];
        CumulativeMigration { edges, centers, sums, n_pixels, section: Section::default() }
    }

    /// For one true energy; the last sums are 1, or 0 where there is no density.
    fn fill(
        &mut self,
        dispersion: &Dispersion,
        energy: f64,
        weights: &OffsetWeights,
    ) -> Result<(), Error> {
        let n = self.n_pixels;
        self.sums[..n].fill(0.0);
        for (k, migra) in self.centers.iter().enumerate() {
            dispersion.table.section(&[energy, *migra], &mut self.section)?;
            let (done, todo) = self.sums.split_at_mut((k + 1) * n);
            let plane = &mut todo[..n];
            dispersion.table.fill(&self.section, weights, plane)?;
            let width = self.edges[k + 1] - self.edges[k];
            for (value, before) in plane.iter_mut().zip(&done[k * n..]) {
                *value = before + *value * width;
            }
        }
        let (below, last) = self.sums.split_at_mut(self.centers.len() * n);
        for plane in below.chunks_exact_mut(n.max(1)) {
            for (value, sum) in plane.iter_mut().zip(last.iter()) {
                *value = share(*value, *sum);
            }
        }
        last.iter_mut().for_each(|sum| *sum = share(*sum, *sum));
        Ok(())
    }

    /// The edge before a migration, and the weight of the next one.
    fn place(&self, migra: f64) -> (usize, f64) {
        let last = self.edges.len() - 1;
        let low = self.edges.partition_point(|edge| *edge < migra).saturating_sub(1).min(last - 1);
        let width = self.edges[low + 1] - self.edges[low];
        (low, ((migra - self.edges[low]) / width).clamp(0.0, 1.0))
    }

    /// Probabilities between two migrations.
    fn between(&self, migra: [f64; 2], out: &mut [f64]) {
        let n = self.n_pixels;
        let plane = |at: usize| &self.sums[at * n..(at + 1) * n];
        let [(low0, weight0), (low1, weight1)] = migra.map(|migra| self.place(migra));
        let first = plane(low0).iter().zip(plane(low0 + 1));
        let second = plane(low1).iter().zip(plane(low1 + 1));
        for (out, ((a0, b0), (a1, b1))) in out.iter_mut().zip(first.zip(second)) {
            let from = a0 * (1.0 - weight0) + b0 * weight0;
            let to = a1 * (1.0 - weight1) + b1 * weight1;
            let probability = to - from;
            *out = if probability < NOISE { 0.0 } else { probability };
        }
    }
}
