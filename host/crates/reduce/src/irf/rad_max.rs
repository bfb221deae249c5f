//! Radius of the region of a point-like response.

use tierline_sky::{Interp, MapAxis};

use super::RadMax;
use super::interpolate::{Interpolator, Outside};
use crate::Error;

impl RadMax {
    /// For evaluation at energy and offset: a radius from a keyword everywhere; a table's between its axes' edges, else zero.
    ///
    /// # Errors
    /// Where the axes are not those of the class.
    pub fn interpolator(&self) -> Result<Interpolator, Error> {
        self.table.check_axes("rad_max_2d", &["energy", "offset"])?;
        let outside = if self.is_fixed { Outside::Extrapolate } else { Outside::Zero };
        Interpolator::new(&self.table, Interp::Lin, outside)
    }

    /// The radius of the bin whose centre is nearest in energy and in offset, on the scales of the axes; zero outside a table's axes.
    ///
    /// # Errors
    /// Where the axes are not those of the class.
    pub fn nearest(&self, energy: f64, offset: f64) -> Result<f64, Error> {
        self.table.check_axes("rad_max_2d", &["energy", "offset"])?;
        let mut at = 0;
        for (axis, coord) in self.table.axes.iter().zip([energy, offset]) {
            let edges = axis.edges();
            let is_inside = edges.first().is_some_and(|lo| coord >= *lo)
                && edges.last().is_some_and(|hi| coord <= *hi);
            if !is_inside && !self.is_fixed {
                return Ok(0.0);
            }
            at = at * axis.n_bins() + nearest_bin(axis, coord);
        }
        let radius = self.table.values.to_f64().get(at).copied();
        radius.ok_or_else(|| Error::parameter("rad_max_2d", format!("no value of bin {at}")))
    }
}

/// The bin with the nearest centre; the lower of two as near.
fn nearest_bin(axis: &MapAxis, coord: f64) -> usize {
    let value = axis.interp().scale(coord);
    let scaled: Vec<f64> = axis.centers().iter().map(|c| axis.interp().scale(*c)).collect();
    let at = scaled.partition_point(|center| *center < value).clamp(1, scaled.len().max(2) - 1);
    match (scaled.get(at - 1), scaled.get(at)) {
        (Some(low), Some(high)) if high - value < value - low => at,
        _ => at - 1,
    }
}
