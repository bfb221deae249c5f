//! A geometry's image from the keywords of a header, and back.

use super::WcsGeom;
use crate::header::{Keyword, Lookup, Value, text, whole};
use crate::{Error, MapAxis, Wcs};

/// Most pixels of an image that a header may ask for.
const MAX_PIXELS: usize = 1 << 28;

impl WcsGeom {
    /// Reads WCS and shape (WCSSHAPE, else NAXIS1 and NAXIS2). The axes come from elsewhere; WCSSHAPE is checked against them.
    ///
    /// # Errors
    /// As for [`Wcs::from_keywords`], and where there is no shape or another than that of the axes.
    pub fn from_keywords(lookup: &Lookup<'_>, axes: Vec<MapAxis>) -> Result<Self, Error> {
        let wcs = Wcs::from_keywords(lookup)?;
        let shape = match text(lookup, "WCSSHAPE")? {
            Some(text) => wcs_shape(&text, &axes)?,
            None => {
                let size = |name: &str| {
                    let found = whole(lookup, name)?;
                    found.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).ok_or_else(
                        || Error::malformed(name, format!("expected a size, found {found:?}")),
                    )
                };
                [size("NAXIS2")?, size("NAXIS1")?]
            }
        };
        if shape[0].checked_mul(shape[1]).is_none_or(|n| n > MAX_PIXELS) {
            let reason = format!("expected {MAX_PIXELS} pixels at most, found {shape:?}");
            return Err(Error::malformed("shape of the image", reason));
        }
        Self::new(wcs, shape, axes)
    }

    /// The keywords of the WCS, and WCSSHAPE with all sizes, x first.
    pub fn keywords(&self) -> Vec<Keyword> {
        let mut out = self.wcs.keywords();
        let [ny, nx] = self.shape;
        let sizes = [nx, ny].into_iter().chain(self.axes.iter().map(MapAxis::n_bins));
        let sizes: Vec<_> = sizes.map(|n| n.to_string()).collect();
        let value = Value::Text(format!("({})", sizes.join(",")));
        out.push(Keyword { name: "WCSSHAPE".into(), value, comment: "Shape of the map".into() });
        out
    }
}

/// `[ny, nx]` of a WCSSHAPE.
fn wcs_shape(text: &str, axes: &[MapAxis]) -> Result<[usize; 2], Error> {
    let wrong = |reason: String| Error::malformed("WCSSHAPE", reason);
    let inner = text.trim().trim_start_matches('(').trim_end_matches(')');
    let parts = inner.split(',').map(str::trim).filter(|part| !part.is_empty());
    // A size may be written as a real number.
    let size = |part: &str| {
        let n: Option<f64> = part.parse().ok();
        n.filter(|n| *n >= 1.0 && n.fract() == 0.0 && *n < 1e12).map(|n| n as usize)
    };
    let sizes: Option<Vec<usize>> = parts.map(size).collect();
    let sizes = sizes.ok_or_else(|| wrong(format!("expected sizes, found {text}")))?;
    let [nx, ny, rest @ ..] = sizes.as_slice() else {
        return Err(wrong(format!("expected two sizes or more, found {text}")));
    };
    let bins: Vec<_> = axes.iter().map(MapAxis::n_bins).collect();
    if !rest.is_empty() && rest != bins.as_slice() {
        return Err(wrong(format!("expected axes of {bins:?} bins, found {text}")));
    }
    Ok([*ny, *nx])
}
