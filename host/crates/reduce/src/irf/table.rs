//! What tables and their values can be asked.

use tierline_sky::MapAxis;

use super::{IrfTable, Values};
use crate::Error;

impl Values {
    /// Values.
    pub fn len(&self) -> usize {
        match self {
            Values::F32(values) => values.len(),
            Values::F64(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// In 8 bytes.
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Values::F32(values) => values.iter().map(|v| f64::from(*v)).collect(),
            Values::F64(values) => values.clone(),
        }
    }
}

impl IrfTable {
    /// Bins of each axis.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(MapAxis::n_bins).collect()
    }

    /// The axis of a name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn axis(&self, name: &str) -> Result<&MapAxis, Error> {
        self.axes.iter().find(|axis| axis.name() == name).ok_or_else(|| {
            let names: Vec<&str> = self.axes.iter().map(MapAxis::name).collect();
            Error::parameter("table of a response", format!("no axis {name}, only {names:?}"))
        })
    }

    /// Whether there are as many values as bins.
    ///
    /// # Errors
    /// Where not.
    pub fn check(&self) -> Result<(), Error> {
        let shape = self.shape();
        let wanted = shape.iter().try_fold(1_usize, |n, bins| n.checked_mul(*bins));
        if wanted == Some(self.values.len()) && !self.values.is_empty() {
            return Ok(());
        }
        let reason = format!("{} values for axes of {shape:?} bins", self.values.len());
        Err(Error::parameter("table of a response", reason))
    }

    /// Whether its axes are those of a class, in that order.
    ///
    /// # Errors
    /// Where not.
    pub fn check_axes(&self, what: &str, names: &[&str]) -> Result<(), Error> {
        let found: Vec<&str> = self.axes.iter().map(MapAxis::name).collect();
        if found == names {
            return self.check();
        }
        Err(Error::parameter(what, format!("axes {names:?} are needed, found {found:?}")))
    }
}
