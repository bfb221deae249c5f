//! Parts of images.

use std::ops::Range;

use super::WcsGeom;
use crate::Error;
use crate::frame::SkyCoord;

/// What happens to a cutout that reaches beyond its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutoutMode {
    /// It is clipped.
    Trim,
    /// It keeps its size.
    Partial,
    /// That is an error.
    Strict,
}

/// A part of an image, and which pixels of which are which.
#[derive(Debug, Clone, PartialEq)]
pub struct Cutout {
    /// Its geometry.
    pub geom: WcsGeom,
    /// Its pixels in the parent, y and x.
    pub parent: Window,
    /// The same pixels in the cutout.
    pub cutout: Window,
}

/// Pixels of an image: y and x.
pub type Window = [Range<usize>; 2];

/// Rounds up, but takes for whole what is so but for rounding errors of the coordinates.
fn ceil(value: f64) -> f64 {
    let near = value.round();
    if (value - near).abs() < 1e-9 { near } else { value.ceil() }
}

/// Start and pixels of a cutout along one axis, and the overlap in parent and cutout.
fn overlap(start: f64, n: usize, parent: usize) -> Option<(Range<usize>, Range<usize>)> {
    if start.is_nan() || start.abs() > 1e15 {
        return None;
    }
    let (start, n, parent) = (start as i64, i64::try_from(n).ok()?, i64::try_from(parent).ok()?);
    let (from, to) = (start.max(0), (start + n).min(parent));
    let range = |a: i64, b: i64| Some(usize::try_from(a).ok()?..usize::try_from(b).ok()?);
    if from >= to {
        return None;
    }
    Some((range(from, to)?, range(from - start, to - start)?))
}

impl WcsGeom {
    /// The part of `width` degrees in x and y around a position, by whole pixels.
    ///
    /// # Errors
    /// Where nothing of it is in the image; with [`CutoutMode::Strict`] where not all of it is.
    pub fn cutout(
        &self,
        position: &SkyCoord,
        width: [f64; 2],
        mode: CutoutMode,
    ) -> Result<Cutout, Error> {
        let scales = self.pixel_scales();
        let pixels = [0, 1].map(|k| (width[k] / scales[k]).max(1.0).round_ties_even());
        if let Some(n) = pixels.iter().find(|n| !(**n >= 1.0 && **n < 1e9)) {
            return Err(Error::parameter("width", format!("{width:?} deg is {n} pixels")));
        }
        let none = || {
            let at = position.to(self.frame());
            let reason = format!("nothing around ({}, {}) is in it", at.lon_deg, at.lat_deg);
            Error::parameter("cutout", reason)
        };
        let [x, y] = self.wcs.coord_to_pix(position).ok_or_else(none)?;
        let start = [ceil(y - pixels[1] / 2.0), ceil(x - pixels[0] / 2.0)];
        let full = [pixels[1] as usize, pixels[0] as usize];
        let (parent_y, cutout_y) = overlap(start[0], full[0], self.shape[0]).ok_or_else(none)?;
        let (parent_x, cutout_x) = overlap(start[1], full[1], self.shape[1]).ok_or_else(none)?;
        let (first, shape) = match mode {
            CutoutMode::Strict if [cutout_y.len(), cutout_x.len()] != full => {
                return Err(Error::parameter("cutout", "it reaches beyond the image"));
            }
            CutoutMode::Trim => {
                let first = [parent_y.start as f64, parent_x.start as f64];
                (first, [parent_y.len(), parent_x.len()])
            }
            _ => (start, full),
        };
        let cutout = match mode {
            CutoutMode::Trim => [0..shape[0], 0..shape[1]],
            _ => [cutout_y, cutout_x],
        };
        let crpix = self.wcs.crpix();
        let wcs = self.wcs.clone().with_crpix([crpix[0] - first[1], crpix[1] - first[0]]);
        let geom = WcsGeom::new(wcs, shape, self.axes.clone())?;
        Ok(Cutout { geom, parent: [parent_y, parent_x], cutout })
    }

    /// The pixels, y and x, that another image has in common with it, here and there; `None` where the two are not aligned or
    /// have nothing in common.
    pub fn overlap(&self, other: &WcsGeom) -> Option<(Window, Window)> {
        let [y, x] = other.offset_in(self)?;
        let (here_y, there_y) = overlap(y as f64, other.shape[0], self.shape[0])?;
        let (here_x, there_x) = overlap(x as f64, other.shape[1], self.shape[1])?;
        Some(([here_y, here_x], [there_y, there_x]))
    }
}
