//! Effective area.

use tierline_sky::Interp;

use super::EffectiveArea;
use super::interpolate::{Interpolator, Outside};
use crate::Error;

impl EffectiveArea {
    /// For evaluation at true energy and offset, in the unit of the table; zero outside the axes.
    ///
    /// # Errors
    /// Where the axes are not those of the class.
    pub fn interpolator(&self) -> Result<Interpolator, Error> {
        self.table.check_axes("aeff_2d", &["energy_true", "offset"])?;
        Interpolator::new(&self.table, Interp::Lin, Outside::Zero)
    }
}
