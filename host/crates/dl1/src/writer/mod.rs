//! Files of processed events.
//!
//! [`ctapipe`] writes the HDF5 format of ctapipe's DL1 data, [`ctaml`] the older one of dl1-data-handler for
//! machine learning. Both are files of PyTables' tables.

pub mod ctaml;
pub mod ctapipe;
mod row;
mod run;

pub(crate) use row::{Row, width};
pub use run::{Criterion, RunData};
