//! Opening FITS files.

use std::path::Path;

use tierline_fits::FitsFile;
use tierline_report::Limits;

use crate::Error;

/// Opens a file and adds what was noticed to the warnings.
pub(crate) fn open(
    path: &Path,
    limits: &Limits,
    warnings: &mut Vec<String>,
) -> Result<FitsFile, Error> {
    let file = FitsFile::open(path, limits)?;
    warnings.extend_from_slice(file.warnings());
    Ok(file)
}
