//! Point spread functions: density and containment of the tabulated, three-Gaussian and King forms.

use std::f64::consts::{PI, TAU};

use tierline_sky::{Interp, MapAxis, NodeType};

use super::interpolate::{Interpolator, Outside};
use super::weights::{OffsetWeights, Section};
use super::{IrfTable, PointSpread, Values};
use crate::Error;

/// Radii up to this are looked at where the response has no axis of radius, in degrees, and bins of them.
const DEFAULT_RAD: (f64, usize) = (0.66, 66);

/// A point spread function ready for evaluation.
#[derive(Debug, Clone)]
pub struct Psf {
    model: Model,
    /// Radii at which the containment is looked at for the radius of containment.
    rad_axis: MapAxis,
}

#[derive(Debug, Clone)]
enum Model {
    /// Density, and the containment up to the radius.
    Table { density: Interpolator, containment: Box<Interpolator> },
    /// Scale, three sigma, two amplitudes.
    ThreeGauss(Box<[Interpolator; 6]>),
    /// Gamma, sigma.
    King(Box<[Interpolator; 2]>),
}

/// Three Gaussians: widths in degrees, and their integrals.
#[derive(Debug, Clone, Copy)]
struct ThreeGauss {
    sigma: [f64; 3],
    norm: [f64; 3],
}

impl ThreeGauss {
    /// From scale, three sigma, two amplitudes. The integrals sum to 1.
    fn new([scale, s1, s2, s3, a2, a3]: [f64; 6]) -> Self {
        let (sigma, amplitude) = ([s1, s2, s3], [1.0, a2, a3]);
        let norm: [f64; 3] =
            std::array::from_fn(|i| 2.0 * scale * amplitude[i] * sigma[i] * sigma[i]);
        let sum: f64 = norm.iter().filter(|norm| !norm.is_nan()).sum();
        let norm = norm.map(|norm| norm / sum).map(|norm| if norm.is_nan() { 0.0 } else { norm });
        ThreeGauss { sigma, norm }
    }

    /// Per square degree, at a radius in degrees.
    fn density(&self, rad: f64) -> f64 {
        let part = |i: usize| {
            let variance = self.sigma[i] * self.sigma[i];
            self.norm[i] / (TAU * variance) * (-0.5 * rad * rad / variance).exp()
        };
        part(0) + part(1) + part(2)
    }

    fn containment(&self, rad: f64) -> f64 {
        let part = |i: usize| {
            let variance = self.sigma[i] * self.sigma[i];
            -self.norm[i] * (-0.5 * rad * rad / variance).exp_m1()
        };
        part(0) + part(1) + part(2)
    }
}

/// Density of a King profile per square degree.
fn king_density([gamma, sigma]: [f64; 2], rad: f64) -> f64 {
    let variance = sigma * sigma;
    let tail = (1.0 + rad * rad / (2.0 * gamma * variance)).powf(-gamma);
    1.0 / (TAU * variance) * (1.0 - 1.0 / gamma) * tail
}

/// Containment of a King profile.
fn king_containment([gamma, sigma]: [f64; 2], rad: f64) -> f64 {
    1.0 - (1.0 + rad * rad / (2.0 * gamma * sigma * sigma)).powf(1.0 - gamma)
}

impl PointSpread {
    /// For evaluation.
    ///
    /// # Errors
    /// Where the axes are not those of the class, or the unit of a table is no solid angle.
    pub fn evaluator(&self) -> Result<Psf, Error> {
        let parameter = |table: &IrfTable, class: &str| {
            table.check_axes(class, &["energy_true", "offset"])?;
            Interpolator::new(table, Interp::Lin, Outside::Extrapolate)
        };
        let model = match self {
            PointSpread::Table(table) => return table_evaluator(table),
            PointSpread::ThreeGauss(tables) => {
                let of = |at: usize| parameter(&tables[at], "psf_3gauss");
                let all = [of(0)?, of(1)?, of(2)?, of(3)?, of(4)?, of(5)?];
                Model::ThreeGauss(Box::new(all))
            }
            PointSpread::King([gamma, sigma]) => {
                let all = [parameter(gamma, "psf_king")?, parameter(sigma, "psf_king")?];
                Model::King(Box::new(all))
            }
        };
        let (max, n_bins) = DEFAULT_RAD;
        let rad_axis = MapAxis::from_bounds("rad", "deg", Interp::Lin, [0.0, max], n_bins)?;
        Ok(Psf { model, rad_axis })
    }
}

fn table_evaluator(table: &IrfTable) -> Result<Psf, Error> {
    table.check_axes("psf_table", &["energy_true", "offset", "rad"])?;
    let density = Interpolator::new(table, Interp::Lin, Outside::Zero)?;
    let rad_axis = table.axis("rad")?.clone();
    let cumulated = cumulated(table, &rad_axis)?;
    let containment = Interpolator::new(&cumulated, Interp::Lin, Outside::Zero)?;
    Ok(Psf { model: Model::Table { density, containment: Box::new(containment) }, rad_axis })
}

/// The integral of a tabulated density up to the upper edges of its bins of radius.
fn cumulated(table: &IrfTable, rad_axis: &MapAxis) -> Result<IrfTable, Error> {
    let (centers, edges) = (rad_axis.centers(), rad_axis.edges());
    let unit = square_degree(&table.unit)?;
    let ring = |k: usize| TAU * centers[k] * (edges[k + 1] - edges[k]) * unit;
    let rings: Vec<f64> = (0..centers.len()).map(ring).collect();
    let mut values = table.values.to_f64();
    for row in values.chunks_exact_mut(rings.len().max(1)) {
        let mut sum = 0.0;
        for (value, ring) in row.iter_mut().zip(&rings) {
            sum += *value * ring;
            *value = sum;
        }
    }
    let upper = edges.get(1..).unwrap_or_default().to_vec();
    let mut axes = table.axes.clone();
    if let Some(axis) = axes.last_mut() {
        *axis = MapAxis::new("rad", rad_axis.unit(), rad_axis.interp(), NodeType::Center, upper)?;
    }
    Ok(IrfTable { axes, values: Values::F64(values), unit: String::new() })
}

/// A square degree in the solid angle of a unit.
fn square_degree(unit: &str) -> Result<f64, Error> {
    let plain: String =
        unit.chars().filter(|c| !matches!(c, ' ' | '^' | '*' | '(' | ')')).collect();
    match plain.as_str() {
        "sr-1" | "1/sr" => Ok((PI / 180.0) * (PI / 180.0)),
        "deg-2" | "1/deg2" => Ok(1.0),
        _ => Err(Error::unsupported(
            "psf_table",
            format!("expected the unit sr-1 or deg-2, found {unit:?}"),
        )),
    }
}

impl Psf {
    /// Density at true energy, offset and radius (degrees): per square degree, of a table in its unit.
    pub fn evaluate(&self, energy_true: f64, offset: f64, rad: f64) -> f64 {
        let at = [energy_true, offset];
        match &self.model {
            Model::Table { density, .. } => density.at(&[energy_true, offset, rad]),
            Model::ThreeGauss(tables) => {
                ThreeGauss::new(tables.each_ref().map(|table| table.at(&at))).density(rad)
            }
            Model::King(tables) => king_density(tables.each_ref().map(|table| table.at(&at)), rad),
        }
    }

    /// Share of events within a radius (degrees).
    pub fn containment(&self, energy_true: f64, offset: f64, rad: f64) -> f64 {
        let at = [energy_true, offset];
        match &self.model {
            Model::Table { containment, .. } => containment.at(&[energy_true, offset, rad]),
            Model::ThreeGauss(tables) => {
                ThreeGauss::new(tables.each_ref().map(|table| table.at(&at))).containment(rad)
            }
            Model::King(tables) => {
                king_containment(tables.each_ref().map(|table| table.at(&at)), rad)
            }
        }
    }

    /// The radius (degrees) with a share of the events: of the centres of the bins of radius, each parted in `factor`, the one whose
    /// containment is nearest.
    ///
    /// # Errors
    /// Where `factor` is 0 or too large.
    pub fn containment_radius(
        &self,
        energy_true: f64,
        offset: f64,
        fraction: f64,
        factor: usize,
    ) -> Result<f64, Error> {
        let edges = super::fine_edges(&self.rad_axis, factor)?;
        let (name, unit) = (self.rad_axis.name(), self.rad_axis.unit());
        let fine = MapAxis::new(name, unit, self.rad_axis.interp(), NodeType::Edges, edges)?;
        let mut best = (f64::INFINITY, f64::NAN);
        for rad in fine.centers() {
            let distance = (self.containment(energy_true, offset, rad) - fraction).abs();
            if distance < best.0 {
                best = (distance, rad);
            }
        }
        Ok(best.1)
    }

    /// Where pixels of these offsets are.
    ///
    /// # Errors
    /// As [`Interpolator::offset_weights`].
    pub fn offset_weights(&self, offsets: &[f64]) -> Result<OffsetWeights, Error> {
        match &self.model {
            Model::Table { density, .. } => density.offset_weights(offsets),
            Model::ThreeGauss(tables) => tables[0].offset_weights(offsets),
            Model::King(tables) => tables[0].offset_weights(offsets),
        }
    }

    /// Densities per square degree whose sum over rings of radius is 1: planes of pixels for each true energy and centre of
    /// `rad_axis` (degrees), which varies faster. Zero where there is no density.
    ///
    /// # Errors
    /// Where `out` hasn't a value per energy, radius and pixel.
    pub fn fill_map(
        &self,
        energies_true: &[f64],
        rad_axis: &MapAxis,
        weights: &OffsetWeights,
        out: &mut [f64],
    ) -> Result<(), Error> {
        let n_pixels = weights.n_pixels();
        let cube = rad_axis.n_bins().checked_mul(n_pixels);
        let wanted = cube.and_then(|cube| cube.checked_mul(energies_true.len()));
        if wanted != Some(out.len()) {
            let reason = format!("{} values, {wanted:?} are needed", out.len());
            return Err(Error::parameter("map of a point spread function", reason));
        }
        let (centers, edges) = (rad_axis.centers(), rad_axis.edges());
        let rings: Vec<f64> =
            (0..centers.len()).map(|k| TAU * centers[k] * (edges[k + 1] - edges[k])).collect();
        let mut scratch = Scratch::default();
        let planes = out.chunks_exact_mut(cube.unwrap_or(0).max(1));
        for (energy, cube) in energies_true.iter().zip(planes) {
            self.fill_energy(*energy, &centers, weights, &mut scratch, cube)?;
            normalise(cube, &rings, n_pixels, &mut scratch.sums);
        }
        Ok(())
    }

    /// Densities at one energy, before they are normalised.
    fn fill_energy(
        &self,
        energy: f64,
        centers: &[f64],
        weights: &OffsetWeights,
        scratch: &mut Scratch,
        cube: &mut [f64],
    ) -> Result<(), Error> {
        let n_pixels = weights.n_pixels();
        let planes = centers.iter().zip(cube.chunks_exact_mut(n_pixels.max(1)));
        match &self.model {
            Model::Table { density, .. } => {
                for (rad, plane) in planes {
                    density.section(&[energy, *rad], &mut scratch.section)?;
                    density.fill(&scratch.section, weights, plane)?;
                }
            }
            Model::ThreeGauss(tables) => {
                scratch.parameters(energy, tables.as_slice(), weights)?;
                for (pixel, model) in scratch.per_pixel::<6>(n_pixels).enumerate() {
                    let model = ThreeGauss::new(model);
                    for (k, rad) in centers.iter().enumerate() {
                        cube[k * n_pixels + pixel] = model.density(*rad);
                    }
                }
            }
            Model::King(tables) => {
                scratch.parameters(energy, tables.as_slice(), weights)?;
                for (pixel, model) in scratch.per_pixel::<2>(n_pixels).enumerate() {
                    for (k, rad) in centers.iter().enumerate() {
                        cube[k * n_pixels + pixel] = king_density(model, *rad);
                    }
                }
            }
        }
        Ok(())
    }
}

/// What is used again for each energy.
#[derive(Debug, Default)]
struct Scratch {
    section: Section,
    planes: Vec<f64>,
    sums: Vec<f64>,
}

impl Scratch {
    /// A plane per parameter.
    fn parameters(
        &mut self,
        energy: f64,
        tables: &[Interpolator],
        weights: &OffsetWeights,
    ) -> Result<(), Error> {
        let n_pixels = weights.n_pixels();
        self.planes.resize(n_pixels * tables.len(), 0.0);
        for (table, plane) in tables.iter().zip(self.planes.chunks_exact_mut(n_pixels.max(1))) {
            table.section(&[energy], &mut self.section)?;
            table.fill(&self.section, weights, plane)?;
        }
        Ok(())
    }

    /// The parameters pixel by pixel.
    fn per_pixel<const N: usize>(&self, n_pixels: usize) -> impl Iterator<Item = [f64; N]> {
        (0..n_pixels).map(move |pixel| std::array::from_fn(|k| self.planes[k * n_pixels + pixel]))
    }
}

/// Divides by the sum over rings; what is no number then is 0.
fn normalise(cube: &mut [f64], rings: &[f64], n_pixels: usize, sums: &mut Vec<f64>) {
    sums.clear();
    sums.resize(n_pixels, 0.0);
    for (ring, plane) in rings.iter().zip(cube.chunks_exact(n_pixels.max(1))) {
        for (sum, value) in sums.iter_mut().zip(plane) {
            *sum += ring * value;
        }
    }
    for plane in cube.chunks_exact_mut(n_pixels.max(1)) {
        for (sum, value) in sums.iter().zip(plane) {
            let share = *value / sum;
            *value = if share.is_finite() { share } else { 0.0 };
        }
    }
}
