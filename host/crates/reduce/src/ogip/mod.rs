//! Spectra with off counts as OGIP files: counts (PHA), background, effective area (ARF) and energy dispersion (RMF).
//!
//! | file | HDUs |
//! |--|--|
//! | `x.fits` | SPECTRUM: CHANNEL, COUNTS, QUALITY (set: not safe), BACKSCAL (acceptance); EBOUNDS; REGION; GTI |
//! | `x_bkg.fits` | the same of the off counts, without GTI |
//! | `x_arf.fits` | SPECRESP: ENERG_LO, ENERG_HI, SPECRESP (exposure over livetime) |
//! | `x_rmf.fits` | MATRIX: ENERG_LO, ENERG_HI, N_GRP, F_CHAN, N_CHAN, MATRIX; EBOUNDS |
//!
//! The PHA file names the others, which are beside it. Sources: OGIP 92-007 for spectra, CAL/GEN/92-002 for responses.

mod matrix;
mod read;
mod spectrum;
#[cfg(test)]
mod tests;
mod write;

pub use read::read_ogip;
pub(crate) use read::read_ogip_of;
pub use write::{Variant, write_ogip};

use std::path::Path;

use crate::Error;

/// The names of the files beside one of counts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Names {
    arf: String,
    rmf: String,
    bkg: String,
}

impl Names {
    /// The suffix goes before the first dot, so that of `x.fits.gz` comes `x_arf.fits.gz`.
    ///
    /// # Errors
    /// Where the path has no name that is text.
    fn beside(path: &Path) -> Result<Self, Error> {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| {
            Error::parameter(path.display().to_string(), "expected the name of a file")
        })?;
        // A dot in front makes a file hidden and begins no extension.
        let dot = name.char_indices().skip(1).find(|(_, letter)| *letter == '.');
        let (stem, extensions) = name.split_at(dot.map_or(name.len(), |(at, _)| at));
        let with = |suffix: &str| format!("{stem}_{suffix}{extensions}");
        Ok(Names { arf: with("arf"), rmf: with("rmf"), bkg: with("bkg") })
    }
}
