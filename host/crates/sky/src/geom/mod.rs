//! Geometries of maps: which part of the sky, in which pixels, with which axes.

mod any;
mod cutout;
mod keywords;
mod solid_angle;

pub use any::Geom;
pub use cutout::{Cutout, CutoutMode, Window};
pub(crate) use solid_angle::plane_volumes;

use crate::frame::{self, Frame, Separation, SkyCoord};
use crate::wcs::{Projection, Wcs};
use crate::{Error, MapAxis};

/// Most pixels of an image, and most cells of a map.
const MAX_CELLS: usize = 1 << 36;

/// Tolerance within which two WCS are the same.
pub(crate) const TOLERANCE: f64 = 1e-6;

/// How large an image is to be, in x and y.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size {
    /// Degrees.
    Width([f64; 2]),
    /// Pixels.
    Npix([usize; 2]),
}

/// An image of the sky with a rectangular grid of pixels, and further axes.
///
/// Data has the shape of the axes in reverse, then y, then x.
#[derive(Debug, Clone, PartialEq)]
pub struct WcsGeom {
    wcs: Wcs,
    shape: [usize; 2],
    axes: Vec<MapAxis>,
}

impl WcsGeom {
    /// A geometry of `[ny, nx]` pixels.
    ///
    /// # Errors
    /// Where it has no pixels or too many, or two axes of one name.
    pub fn new(wcs: Wcs, shape: [usize; 2], axes: Vec<MapAxis>) -> Result<Self, Error> {
        let sizes = shape.into_iter().chain(axes.iter().map(MapAxis::n_bins));
        let cells = sizes.clone().try_fold(1usize, |all, n| all.checked_mul(n));
        if !cells.is_some_and(|cells| (1..=MAX_CELLS).contains(&cells)) {
            let found: Vec<_> = sizes.collect();
            let reason = format!("expected 1 to {MAX_CELLS} cells, found {found:?}");
            return Err(Error::parameter("geometry", reason));
        }
        check_names(&axes)?;
        Ok(WcsGeom { wcs, shape, axes })
    }

    /// A geometry around a position, whose reference point is `skydir`, with pixels of `binsz` degrees in x and y.
    ///
    /// A width that is no whole number of pixels is rounded to the nearest, half to even.
    ///
    /// # Errors
    /// As [`new`](Self::new), or where a width or pixel size is not positive.
    pub fn create(
        skydir: &SkyCoord,
        size: Size,
        binsz: [f64; 2],
        projection: Projection,
        frame: Frame,
        axes: Vec<MapAxis>,
    ) -> Result<Self, Error> {
        if let Some(binsz) = binsz.iter().find(|binsz| !(binsz.is_finite() && **binsz > 0.0)) {
            return Err(Error::parameter("binsz", format!("expected a size, found {binsz}")));
        }
        let [nx, ny] = match size {
            Size::Npix(npix) => npix,
            Size::Width(width) => {
                let pixels = [0, 1].map(|k| (width[k] / binsz[k]).round_ties_even());
                if let Some(found) = pixels.iter().find(|n| !(**n >= 1.0 && **n < 1e9)) {
                    let reason = format!("{width:?} deg is {found} pixels of {binsz:?} deg");
                    return Err(Error::parameter("width", reason));
                }
                pixels.map(|n| n as usize)
            }
        };
        let center = skydir.to(frame);
        let crpix = [(nx as f64 + 1.0) / 2.0, (ny as f64 + 1.0) / 2.0];
        let crval = [center.lon_deg, center.lat_deg];
        let wcs = Wcs::new(frame, projection, crval, crpix, [-binsz[0], binsz[1]])?;
        Self::new(wcs, [ny, nx], axes)
    }

    /// World coordinates.
    pub fn wcs(&self) -> &Wcs {
        &self.wcs
    }

    /// Frame of the sky coordinates.
    pub fn frame(&self) -> Frame {
        self.wcs.frame()
    }

    /// Projection.
    pub fn projection(&self) -> Projection {
        self.wcs.projection()
    }

    /// Pixels of the image: `[ny, nx]`.
    pub fn image_shape(&self) -> [usize; 2] {
        self.shape
    }

    /// Pixels of the image.
    pub fn n_image_pixels(&self) -> usize {
        self.shape[0] * self.shape[1]
    }

    /// Axes, in the order of the format: the first runs fastest after x and y.
    pub fn axes(&self) -> &[MapAxis] {
        &self.axes
    }

    /// The axis of a name.
    pub fn axis(&self, name: &str) -> Option<&MapAxis> {
        self.axes.iter().find(|axis| axis.name().eq_ignore_ascii_case(name))
    }

    /// Shape of the data: the axes in reverse, then `ny`, `nx`.
    pub fn shape(&self) -> Vec<usize> {
        let axes = self.axes.iter().rev().map(MapAxis::n_bins);
        axes.chain(self.shape).collect()
    }

    /// Image planes: the product of the axes' bins.
    pub fn n_planes(&self) -> usize {
        self.axes.iter().map(MapAxis::n_bins).product()
    }

    /// The same image without axes.
    pub fn to_image(&self) -> Self {
        WcsGeom { wcs: self.wcs.clone(), shape: self.shape, axes: Vec::new() }
    }

    /// The same image with these axes.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_axes(&self, axes: Vec<MapAxis>) -> Result<Self, Error> {
        Self::new(self.wcs.clone(), self.shape, axes)
    }

    /// Pixel coordinate `[x, y]` of the middle of the image.
    pub fn center_pix(&self) -> [f64; 2] {
        [(self.shape[1] as f64 - 1.0) / 2.0, (self.shape[0] as f64 - 1.0) / 2.0]
    }

    /// Position of the middle of the image.
    ///
    /// # Errors
    /// Where that is outside the projection.
    pub fn center_skydir(&self) -> Result<SkyCoord, Error> {
        let [x, y] = self.center_pix();
        self.wcs.pix_to_coord(x, y).ok_or_else(|| {
            Error::parameter("geometry", "the middle of the image is outside the projection")
        })
    }

    /// Sizes of a pixel in x and y in degrees.
    pub fn pixel_scales(&self) -> [f64; 2] {
        self.wcs.pixel_scales()
    }

    /// Width of the image in x and y in degrees: pixels times their size.
    pub fn width(&self) -> [f64; 2] {
        let [ny, nx] = self.shape;
        let [x, y] = self.pixel_scales();
        [nx as f64 * x, ny as f64 * y]
    }

    /// Whether it covers 360 by 180 degrees.
    pub fn is_allsky(&self) -> bool {
        let [x, y] = self.width();
        (x - 360.0).abs() <= 1e-8 + 1e-5 * 360.0 && (y - 180.0).abs() <= 1e-8 + 1e-5 * 180.0
    }

    /// Directions of all pixels of the image in its frame, y by y; NaN outside the projection.
    pub fn vectors(&self) -> Vec<[f64; 3]> {
        self.wcs.grid([0.0, 0.0], self.shape)
    }

    /// Longitudes in [0, 360) and latitudes of all pixels of the image in degrees, y by y; NaN outside the projection.
    pub fn coords(&self) -> (Vec<f64>, Vec<f64>) {
        let position = |vector| {
            let [lon, lat] = frame::lon_lat(vector);
            (lon, lat)
        };
        self.vectors().into_iter().map(position).unzip()
    }

    /// Distances in degrees of all pixels of the image from a position, y by y; NaN outside the projection.
    pub fn separation(&self, center: &SkyCoord) -> Vec<f64> {
        let from = Separation::from(center, self.frame());
        self.vectors().into_iter().map(|vector| from.to_vector(vector)).collect()
    }

    /// Index `[y, x]` of the pixel of a pixel coordinate; `None` outside the image.
    #[inline]
    pub fn pix_to_idx(&self, x: f64, y: f64) -> Option<[usize; 2]> {
        let index = |pix: f64, n: usize| {
            let at = (pix + 0.5).floor();
            (at >= 0.0 && at < n as f64).then_some(at as usize)
        };
        Some([index(y, self.shape[0])?, index(x, self.shape[1])?])
    }

    /// Index `[y, x]` of the pixel of a position of its frame in degrees; `None` outside the image.
    #[inline]
    pub fn coord_to_idx(&self, lon_deg: f64, lat_deg: f64) -> Option<[usize; 2]> {
        let [x, y] = self.wcs.sky_to_pix(lon_deg, lat_deg)?;
        self.pix_to_idx(x, y)
    }

    /// Whether a position is in the image.
    pub fn contains(&self, coord: &SkyCoord) -> bool {
        let coord = coord.to(self.frame());
        self.coord_to_idx(coord.lon_deg, coord.lat_deg).is_some()
    }

    /// The same region with square pixels of another size: its reference point is the middle of this image.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn to_binsz(&self, binsz: f64) -> Result<Self, Error> {
        let size = Size::Width(self.width());
        let center = self.center_skydir()?;
        let axes = self.axes.clone();
        Self::create(&center, size, [binsz; 2], self.projection(), self.frame(), axes)
    }

    /// The same region with pixels split by a factor in x and y.
    ///
    /// # Errors
    /// Where the factor is 0 or there are too many pixels.
    pub fn upsample(&self, factor: usize) -> Result<Self, Error> {
        self.resampled(factor, true)
    }

    /// The same region with pixels put together by a factor in x and y.
    ///
    /// # Errors
    /// Where the factor does not divide the shape.
    pub fn downsample(&self, factor: usize) -> Result<Self, Error> {
        if factor == 0 || self.shape.iter().any(|n| n % factor != 0) {
            let reason = format!("{factor} does not divide {:?} pixels", self.shape);
            return Err(Error::parameter("factor", reason));
        }
        self.resampled(factor, false)
    }

    fn resampled(&self, factor: usize, up: bool) -> Result<Self, Error> {
        let shape = self.shape.map(|n| if up { n.saturating_mul(factor) } else { n / factor });
        let scale = if up { factor as f64 } else { (factor as f64).recip() };
        let wcs = self.wcs.resampled(scale)?;
        Self::new(wcs, shape, self.axes.clone())
    }

    /// The same with one axis replaced.
    ///
    /// # Errors
    /// Where there is no axis of that name, or as [`new`](Self::new).
    pub fn replace_axis(&self, name: &str, axis: MapAxis) -> Result<Self, Error> {
        let mut axes = self.axes.clone();
        let at = axes.iter().position(|one| one.name().eq_ignore_ascii_case(name));
        match at.and_then(|at| axes.get_mut(at)) {
            Some(old) => *old = axis,
            None => return Err(no_axis(name, &self.axes)),
        }
        self.with_axes(axes)
    }

    /// Whether shape, axes and WCS are the same, within 1e-6.
    pub fn is_close(&self, other: &WcsGeom) -> bool {
        self.shape == other.shape
            && axes_close(&self.axes, &other.axes)
            && self.wcs.is_close(&other.wcs, TOLERANCE)
    }

    /// Whether the images' pixels fall on each other: the same but for a shift by whole pixels. Axes are not compared.
    pub fn is_aligned(&self, other: &WcsGeom) -> bool {
        self.offset_in(other).is_some()
    }

    /// Position `[y, x]` of its first pixel in the pixels of a geometry it is aligned with.
    pub fn offset_in(&self, parent: &WcsGeom) -> Option<[i64; 2]> {
        let [x, y] = parent.wcs.offset_to(&self.wcs, TOLERANCE)?;
        let whole = |d: f64| {
            let near = d.round();
            ((d - near).abs() <= TOLERANCE && near.abs() < 1e15).then_some(near as i64)
        };
        Some([whole(y)?, whole(x)?])
    }
}

/// Whether two lists of axes are the same.
pub(crate) fn axes_close(a: &[MapAxis], b: &[MapAxis]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_close(b))
}

pub(crate) fn no_axis(name: &str, axes: &[MapAxis]) -> Error {
    let names: Vec<_> = axes.iter().map(MapAxis::name).collect();
    Error::parameter(format!("axis {name}"), format!("there is none, but {names:?}"))
}

/// That no two axes have one name.
pub(crate) fn check_names(axes: &[MapAxis]) -> Result<(), Error> {
    for (at, axis) in axes.iter().enumerate() {
        if axes.iter().take(at).any(|one| one.name().eq_ignore_ascii_case(axis.name())) {
            return Err(Error::parameter(format!("axis {}", axis.name()), "there are two"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
