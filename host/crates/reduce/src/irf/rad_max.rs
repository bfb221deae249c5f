//! Radius of the region of a point-like response.

use tierline_sky::Interp;

use super::RadMax;
use super::interpolate::{Interpolator, Outside};
use crate::Error;

impl RadMax {
    /// For evaluation at energy and offset, for regions with [`Interpolator::evaluate_nearest`]: a radius from a keyword everywhere; a
    /// table's between its axes' edges, else zero.
    ///
    /// # Errors
    /// Where the axes are not those of the class.
    pub fn interpolator(&self) -> Result<Interpolator, Error> {
        self.table.check_axes("rad_max_2d", &["energy", "offset"])?;
        let outside = if self.is_fixed { Outside::Extrapolate } else { Outside::Zero };
        Interpolator::new(&self.table, Interp::Lin, outside)
    }
}
