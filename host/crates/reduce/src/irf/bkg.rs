//! Background rates: repair, padding, conversion, evaluation.

use std::f64::consts::TAU;

use tierline_sky::{Interp, MapAxis, NodeType};

use super::interpolate::{Interpolator, Outside, log_f32, log_f64, unscaled};
use super::{Background, IrfTable, Values};
use crate::Error;

impl Background {
    /// The table.
    pub fn table(&self) -> &IrfTable {
        match self {
            Background::TwoD(table) | Background::ThreeD(table, _) => table,
        }
    }

    /// Whether its axes are those of its class.
    fn check(&self) -> Result<(), Error> {
        match self {
            Background::TwoD(table) => table.check_axes("bkg_2d", &["energy", "offset"]),
            Background::ThreeD(table, _) => {
                table.check_axes("bkg_3d", &["energy", "fov_lon", "fov_lat"])
            }
        }
    }

    /// For evaluation in the unit of the table: logarithms of the rate are linear, zero outside the axes.
    ///
    /// # Errors
    /// Where the axes are not those of the class.
    pub fn interpolator(&self) -> Result<Interpolator, Error> {
        self.check()?;
        Interpolator::new(self.table(), Interp::Log, Outside::Zero)
    }

    /// Missing values (zero or no number) between two valid energies filled, linear in the number of the bin and the logarithm of
    /// the rate; others stay.
    ///
    /// # Errors
    /// Where the axes are not those of the class.
    pub fn interp_missing_data(&self) -> Result<Self, Error> {
        self.check()?;
        let table = self.table();
        let n_energies = table.axes.first().map_or(0, MapAxis::n_bins);
        let stride = table.values.len() / n_energies.max(1);
        let mut repaired = self.clone();
        let (Background::TwoD(table) | Background::ThreeD(table, _)) = &mut repaired;
        match &mut table.values {
            Values::F32(values) => {
                let is_valid = |v: f32| v.is_finite() && v != 0.0;
                let log = |v| f64::from(log_f32(v));
                repair(values, stride, is_valid, log, |v| v as f32);
            }
            Values::F64(values) => {
                repair(values, stride, |v: f64| v.is_finite() && v != 0.0, log_f64, |v| v);
            }
        }
        Ok(repaired)
    }

    /// A background over offset with a bin more at each end, which repeats the outermost values; one over longitude and latitude
    /// as it is.
    ///
    /// # Errors
    /// Where the axes are not those of the class, or there is only one node of offset.
    pub fn pad_offset(&self) -> Result<Self, Error> {
        self.check()?;
        let Background::TwoD(table) = self else {
            return Ok(self.clone());
        };
        let (energy, offset) = (table.axis("energy")?, table.axis("offset")?);
        let axes = vec![energy.clone(), padded(offset)?];
        let n = offset.n_bins();
        let values = match &table.values {
            Values::F32(values) => Values::F32(pad_rows(values, n)),
            Values::F64(values) => Values::F64(pad_rows(values, n)),
        };
        Ok(Background::TwoD(IrfTable { axes, values, unit: table.unit.clone() }))
    }

    /// Over offset: of a background over longitude and latitude the values at latitude 0 and longitudes of 0 and more.
    ///
    /// # Errors
    /// Where the axes are not those of the class or don't reach over 0.
    pub fn to_2d(&self) -> Result<Self, Error> {
        self.check()?;
        let Background::ThreeD(table, _) = self else {
            return Ok(self.clone());
        };
        let lon_edges = table.axis("fov_lon")?.edges();
        let lat_edges = table.axis("fov_lat")?.edges();
        let (lon, lat) = (bin_of_zero(&lon_edges)?, bin_of_zero(&lat_edges)?);
        let (n_lon, n_lat) = (lon_edges.len() - 1, lat_edges.len() - 1);
        let energy = table.axis("energy")?.clone();
        let unit = table.axis("fov_lon")?.unit();
        let edges = lon_edges[lon..].to_vec();
        let offset = MapAxis::new("offset", unit, Interp::Lin, NodeType::Edges, edges)?;
        let picked = (0..energy.n_bins())
            .flat_map(|e| (lon..n_lon).map(move |x| (e * n_lon + x) * n_lat + lat));
        let values = match &table.values {
            Values::F32(values) => Values::F32(picked.map(|at| values[at]).collect()),
            Values::F64(values) => Values::F64(picked.map(|at| values[at]).collect()),
        };
        Ok(Background::TwoD(IrfTable {
            axes: vec![energy, offset],
            values,
            unit: table.unit.clone(),
        }))
    }

    /// The rate of each bin of energy summed over the field of view, as function of offset: the sum of `2 pi` offset, width of the
    /// bin and rate, in the unit of the table times that of the offset squared.
    ///
    /// # Errors
    /// As [`to_2d`](Self::to_2d).
    pub fn offset_integral(&self) -> Result<Vec<f64>, Error> {
        let flat = self.to_2d()?;
        let offset = flat.table().axis("offset")?;
        let (centers, edges) = (offset.centers(), offset.edges());
        let ring = |k: usize| TAU * centers[k] * (edges[k + 1] - edges[k]);
        let rings: Vec<f64> = (0..centers.len()).map(ring).collect();
        let sum = |row: &[f64]| row.iter().zip(&rings).map(|(rate, ring)| rate * ring).sum();
        Ok(flat.table().values.to_f64().chunks_exact(rings.len().max(1)).map(sum).collect())
    }
}

/// Fills what isn't valid in columns of `stride`.
fn repair<T: Copy>(
    values: &mut [T],
    stride: usize,
    is_valid: impl Fn(T) -> bool,
    log: impl Fn(T) -> f64,
    back: impl Fn(f64) -> T,
) {
    for column in 0..stride {
        let mut before: Option<usize> = None;
        for at in (column..values.len()).step_by(stride) {
            if !is_valid(values[at]) {
                continue;
            }
            if let Some(from) = before.filter(|from| at - from > stride) {
                let (low, high) = (log(values[from]), log(values[at]));
                let (first, last) = ((from / stride) as f64, (at / stride) as f64);
                let slope = (high - low) / (last - first);
                for gap in (from + stride..at).step_by(stride) {
                    let bins = (gap / stride) as f64 - first;
                    values[gap] = back(unscaled(Interp::Log, slope * bins + low));
                }
            }
            before = Some(at);
        }
    }
}

/// An axis with a bin more at each end.
fn padded(axis: &MapAxis) -> Result<MapAxis, Error> {
    let n = axis.n_bins() as f64;
    let half = if axis.node_type() == NodeType::Edges { 0.5 } else { 0.0 };
    let mut nodes = vec![axis.pix_to_coord(-1.0 - half)];
    let n_nodes = axis.nodes().len();
    nodes.extend((0..n_nodes).map(|k| axis.pix_to_coord(k as f64 - half)));
    nodes.push(axis.pix_to_coord(n + half));
    Ok(MapAxis::new(axis.name(), axis.unit(), axis.interp(), axis.node_type(), nodes)?)
}

/// Rows of `n` values with the first and last repeated.
fn pad_rows<T: Copy>(values: &[T], n: usize) -> Vec<T> {
    let row = |row: &[T]| {
        let mut wide = Vec::with_capacity(n + 2);
        wide.extend(row.first());
        wide.extend(row);
        wide.extend(row.last());
        wide
    };
    values.chunks_exact(n.max(1)).flat_map(row).collect()
}

/// The bin with 0, the one above where it is an edge.
fn bin_of_zero(edges: &[f64]) -> Result<usize, Error> {
    let at = edges.partition_point(|edge| *edge <= 0.0);
    if at == 0 || at == edges.len() {
        return Err(Error::parameter("bkg_3d", "the axes of the field of view don't reach over 0"));
    }
    Ok(at - 1)
}
