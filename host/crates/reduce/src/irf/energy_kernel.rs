//! The matrix from true to reconstructed energy at one place, and what is read off it.

use tierline_sky::MapAxis;

use super::edisp::NOISE;
use crate::Error;
use crate::safe_mask::Template;

/// Probabilities of reconstructed energies for true ones.
#[derive(Debug, Clone, PartialEq)]
pub struct EnergyKernel {
    energy_true: Vec<f64>,
    energy: Vec<f64>,
    matrix: Vec<f64>,
}

impl EnergyKernel {
    /// From the centres of true and reconstructed energies, in one unit, and a row of probabilities per true energy.
    ///
    /// # Errors
    /// Where the sizes don't fit.
    pub fn new(energy_true: Vec<f64>, energy: Vec<f64>, matrix: Vec<f64>) -> Result<Self, Error> {
        if energy_true.len().checked_mul(energy.len()) != Some(matrix.len()) || matrix.is_empty() {
            let reason =
                format!("{} values for {} by {}", matrix.len(), energy_true.len(), energy.len());
            return Err(Error::parameter("matrix of energies", reason));
        }
        Ok(EnergyKernel { energy_true, energy, matrix })
    }

    /// From a density over `migra`, a row per true energy: differences of its sum, which is linear between the edges, at the edges of
    /// `energy`. What is below 1e-8 is zero.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_migra(
        energies_true: &[f64],
        migra: &MapAxis,
        density: &[f64],
        energy: &MapAxis,
    ) -> Result<Self, Error> {
        let (migra_edges, edges) = (migra.edges(), energy.edges());
        let mut matrix = Vec::with_capacity(energies_true.len() * energy.n_bins());
        let rows = density.chunks_exact(migra.n_bins());
        for (energy_true, row) in energies_true.iter().zip(rows) {
            let sum_to = |migra: f64| -> f64 {
                let bins = migra_edges.windows(2).zip(row);
                bins.map(|(bin, density)| density * (migra.min(bin[1]) - bin[0]).max(0.0)).sum()
            };
            let sums: Vec<f64> = edges.iter().map(|edge| sum_to(edge / energy_true)).collect();
            let share =
                |pair: &[f64]| if pair[1] - pair[0] < NOISE { 0.0 } else { pair[1] - pair[0] };
            matrix.extend(sums.windows(2).map(share));
        }
        EnergyKernel::new(energies_true.to_vec(), energy.centers(), matrix)
    }

    /// The matrix, a row per true energy.
    pub fn matrix(&self) -> &[f64] {
        &self.matrix
    }

    fn rows(&self) -> impl Iterator<Item = (f64, &[f64])> {
        self.energy_true.iter().copied().zip(self.matrix.chunks_exact(self.energy.len()))
    }

    /// Mean reconstructed energy of a row; 0 of an empty one.
    fn mean(&self, row: &[f64]) -> f64 {
        let norm: f64 = row.iter().sum();
        let sum: f64 = row.iter().zip(&self.energy).map(|(p, energy)| p * energy).sum();
        let mean = sum / norm;
        if mean.is_finite() { mean } else { 0.0 }
    }

    /// Mean reconstructed less true energy, over true energy, per true energy; -1 where the row is empty.
    pub fn bias(&self) -> Vec<f64> {
        self.rows().map(|(energy, row)| (self.mean(row) - energy) / energy).collect()
    }

    /// Standard deviation of the reconstructed energy over true energy, per true energy; no number where the row is empty.
    pub fn resolution(&self) -> Vec<f64> {
        let of = |(energy, row): (f64, &[f64])| {
            let (mean, norm) = (self.mean(row), row.iter().sum::<f64>());
            let square = |(p, at): (&f64, &f64)| p * (at - mean) * (at - mean);
            let sum: f64 = row.iter().zip(&self.energy).map(square).sum();
            (sum / norm).sqrt() / energy
        };
        self.rows().map(of).collect()
    }

    /// The reconstructed energy above which the bias is below `bias`: its first crossing above the true energy where it is largest,
    /// times `1 + bias`; that energy itself where there is no crossing.
    ///
    /// # Errors
    /// Where no bias is a number.
    pub fn bias_energy(&self, bias: f64) -> Result<f64, Error> {
        let values = self.bias();
        let mut peak: Option<usize> = None;
        for (at, value) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            if peak.is_none_or(|peak| *value > values[peak]) {
                peak = Some(at);
            }
        }
        let (Some(peak), Some(last)) = (peak, self.energy_true.last().copied()) else {
            return Err(Error::parameter("edisp-bias", "no bias is a number"));
        };
        let start = self.energy_true[peak];
        let template = Template::new(&self.energy_true, &values)?;
        let energy = template.first_root(bias, [start, last]).unwrap_or(start);
        Ok(energy * (1.0 + bias))
    }
}
