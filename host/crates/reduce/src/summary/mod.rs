//! What files of gamma-ray data hold: data stores, event lists, responses, datasets, maps, and any other FITS file.
//!
//! What a file is follows from its content. Of folders only the index files are read, unless events are asked for; of other files
//! headers, responses and datasets.

mod dataset;
mod file;
mod geometry;
mod hdu;
mod store;

pub use dataset::{DatasetSummary, GtiSummary, MemberSummary};
pub use file::ObservationSummary;
pub use geometry::{AxisSummary, GeometrySummary};
pub use hdu::{ColumnSummary, HduSummary};
pub use store::{StoreSummary, StoredObservation};

use std::path::Path;

use serde::Serialize;
use tierline_fits::is_fits;
use tierline_report::Limits;

use crate::Error;
use crate::data::Environment;

/// What something is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "content", rename_all = "snake_case")]
pub enum Content {
    /// Observations of a folder or index file.
    Store(StoreSummary),
    /// A file of events, responses or both (DL3).
    Dl3 {
        /// What the header of the events tells.
        observation: Option<Box<ObservationSummary>>,
        /// Its HDUs.
        hdus: Vec<HduSummary>,
    },
    /// A dataset, or those of a list.
    Datasets {
        /// One or more.
        datasets: Vec<DatasetSummary>,
        /// Whether it is a list of files.
        is_list: bool,
    },
    /// Any other FITS file, maps with their geometry.
    Fits {
        /// Its HDUs.
        hdus: Vec<HduSummary>,
    },
}

/// What something is, and what was noticed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// What it is.
    #[serde(flatten)]
    pub content: Content,
    /// What was noticed and does no harm.
    pub warnings: Vec<String>,
    /// What is wrong with parts of it.
    pub problems: Vec<String>,
}

/// What a path leads to, as far as this module understands it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A folder of index files, or of FITS files.
    Folder,
    /// A FITS file.
    Fits,
    /// A list of datasets.
    List,
}

/// What a path leads to; `None` if it is nothing for [`summarize`].
///
/// # Errors
/// Where it can't be read.
pub fn kind(path: &Path) -> Result<Option<Kind>, Error> {
    if path.is_dir() {
        return Ok(store::is_store(path)?.then_some(Kind::Folder));
    }
    if is_fits(path)? {
        return Ok(Some(Kind::Fits));
    }
    Ok(dataset::is_list(path)?.then_some(Kind::List))
}

/// Says what a path of a kind holds. With `events` the files of a folder are opened and their events counted.
///
/// # Errors
/// Where it can't be read.
pub fn summarize(
    path: &Path,
    kind: Kind,
    events: bool,
    environment: Environment,
    limits: &Limits,
) -> Result<Summary, Error> {
    let mut noticed = Noticed::default();
    let content = match kind {
        Kind::Folder => {
            Content::Store(store::of_folder(path, events, environment, limits, &mut noticed)?)
        }
        Kind::Fits => file::summarize(path, events, environment, limits, &mut noticed)?,
        Kind::List => dataset::of_list(path, limits, &mut noticed)?,
    };
    let Noticed { mut warnings, mut problems } = noticed;
    for texts in [&mut warnings, &mut problems] {
        let mut seen = std::collections::HashSet::new();
        texts.retain(|text| seen.insert(text.clone()));
    }
    Ok(Summary { content, warnings, problems })
}

/// What is noticed on the way.
#[derive(Debug, Default)]
struct Noticed {
    warnings: Vec<String>,
    problems: Vec<String>,
}
