//! World coordinates of images: FITS WCS papers I and II.

mod distortion;
mod keywords;
mod projection;
mod rotation;

use distortion::Distortion;
pub use projection::Projection;
use rotation::Rotation;

use crate::Error;
use crate::frame::{self, Frame, SkyCoord};

/// From pixels to the sky and back: a linear transformation, a projection and a rotation.
///
/// Pixel coordinates are 0 at the centre of the first pixel, unlike CRPIX, which is kept as in FITS. Longitude is the first axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Wcs {
    frame: Frame,
    projection: Projection,
    crpix: [f64; 2],
    crval: [f64; 2],
    cdelt: [f64; 2],
    pc: [[f64; 2]; 2],
    lonpole: f64,
    latpole: f64,
    pv: [f64; 2],
    distortion: Option<Distortion>,
    derived: Derived,
}

/// What is computed from the keywords once.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Derived {
    /// Pixels to radians in the plane.
    cd: [[f64; 2]; 2],
    /// Back.
    inverse: [[f64; 2]; 2],
    rotation: Rotation,
}

impl Wcs {
    /// Without rotation of the image and with the standard's defaults: `crval` and `cdelt` in degrees, `crpix` counted from 1.
    ///
    /// # Errors
    /// Where a number is not finite, a step is 0, or CRVAL2 is no latitude.
    pub fn new(
        frame: Frame,
        projection: Projection,
        crval: [f64; 2],
        crpix: [f64; 2],
        cdelt: [f64; 2],
    ) -> Result<Self, Error> {
        let pc = [[1.0, 0.0], [0.0, 1.0]];
        Self::with_all(frame, projection, [crval, crpix, cdelt], pc, [None, None], None)
    }

    /// From all parameters: CRVAL, CRPIX, CDELT; PC (or CD, with CDELT of 1); LONPOLE and LATPOLE, and PV2_1 and PV2_2, if they are given.
    ///
    /// # Errors
    /// As [`new`](Self::new), and where the matrix has no inverse or there is no native pole.
    pub fn with_all(
        frame: Frame,
        projection: Projection,
        [crval, crpix, cdelt]: [[f64; 2]; 3],
        pc: [[f64; 2]; 2],
        [lonpole, latpole]: [Option<f64>; 2],
        pv: Option<[f64; 2]>,
    ) -> Result<Self, Error> {
        for (name, value) in [("CRVAL", crval), ("CRPIX", crpix), ("CDELT", cdelt)] {
            if let Some(value) = value.iter().find(|value| !value.is_finite()) {
                return Err(Error::parameter(name, format!("{value} is no number")));
            }
        }
        if let Some(pole) = lonpole.iter().chain(&latpole).find(|pole| !pole.is_finite()) {
            return Err(Error::parameter("LONPOLE, LATPOLE", format!("{pole} is no number")));
        }
        if crval[1].abs() > 90.0 {
            let reason = format!("expected a latitude, found {}", crval[1]);
            return Err(Error::parameter("CRVAL2", reason));
        }
        let pv = pv.unwrap_or(projection.default_pv());
        projection.check_pv(pv)?;
        let theta0 = projection.theta0_deg();
        let lonpole = lonpole.unwrap_or(rotation::default_lonpole(crval[1], theta0));
        let rotation = Rotation::new(crval, theta0, lonpole, latpole.unwrap_or(90.0))?;
        let latpole = rotation.pole_lat_deg;
        let cd = [0, 1].map(|i| [0, 1].map(|j| (cdelt[i] * pc[i][j]).to_radians()));
        let inverse = invert(cd).ok_or_else(|| {
            Error::parameter("CDELT", format!("{cdelt:?} with PC {pc:?} has no inverse"))
        })?;
        let derived = Derived { cd, inverse, rotation };
        let distortion = None;
        Ok(Wcs {
            frame,
            projection,
            crpix,
            crval,
            cdelt,
            pc,
            lonpole,
            latpole,
            pv,
            distortion,
            derived,
        })
    }

    /// The same with another reference pixel (counted from 1).
    #[must_use]
    pub fn with_crpix(mut self, crpix: [f64; 2]) -> Self {
        self.crpix = crpix;
        self
    }

    /// The same with pixels `factor` times as many in x and y; the outer edge of the first pixel stays.
    pub(crate) fn resampled(&self, factor: f64) -> Result<Self, Error> {
        let crpix = self.crpix.map(|one| (one - 0.5) * factor + 0.5);
        let cdelt = self.cdelt.map(|one| one / factor);
        let poles = [Some(self.lonpole), Some(self.latpole)];
        if self.distortion.is_some() {
            return Err(Error::unsupported("other pixels", "of a distorted image"));
        }
        let numbers = [self.crval, crpix, cdelt];
        Self::with_all(self.frame, self.projection, numbers, self.pc, poles, Some(self.pv))
    }

    /// Frame of the sky coordinates.
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// Projection.
    pub fn projection(&self) -> Projection {
        self.projection
    }

    /// Reference pixel in x and y, counted from 1.
    pub fn crpix(&self) -> [f64; 2] {
        self.crpix
    }

    /// Longitude and latitude of the reference point in degrees.
    pub fn crval(&self) -> [f64; 2] {
        self.crval
    }

    /// Steps in degrees per pixel; 1 where the matrix has them.
    pub fn cdelt(&self) -> [f64; 2] {
        self.cdelt
    }

    /// The PC matrix, by rows.
    pub fn pc(&self) -> [[f64; 2]; 2] {
        self.pc
    }

    /// The matrix from pixels to degrees in the plane, by rows: CDELT times PC.
    pub fn cd(&self) -> [[f64; 2]; 2] {
        [0, 1].map(|i| [0, 1].map(|j| self.cdelt[i] * self.pc[i][j]))
    }

    /// Native longitude of the celestial pole in degrees.
    pub fn lonpole(&self) -> f64 {
        self.lonpole
    }

    /// Celestial latitude of the native pole in degrees.
    pub fn latpole(&self) -> f64 {
        self.latpole
    }

    /// Sizes of a pixel in x and y in degrees: the norms of the matrix' columns.
    pub fn pixel_scales(&self) -> [f64; 2] {
        let cd = self.cd();
        [0, 1].map(|j| cd[0][j].hypot(cd[1][j]))
    }

    /// Area of a pixel in the plane, in square degrees.
    pub fn pixel_area(&self) -> f64 {
        let cd = self.cd();
        (cd[0][0] * cd[1][1] - cd[0][1] * cd[1][0]).abs()
    }

    /// Whether pixels are distorted before they are projected.
    pub fn is_distorted(&self) -> bool {
        self.distortion.is_some()
    }

    /// Whether x is along longitude and y along latitude in the plane.
    fn is_straight(&self) -> bool {
        let cd = &self.derived.cd;
        self.distortion.is_none() && cd[0][1] == 0.0 && cd[1][0] == 0.0
    }

    /// The direction, in its frame, of a pixel coordinate; `None` outside the projection.
    #[inline]
    pub fn pix_to_vector(&self, x: f64, y: f64) -> Option<[f64; 3]> {
        let [x, y] = self.to_plane(x, y);
        let native = self.projection.deproject(self.pv, x, y)?;
        Some(frame::rotate(&self.derived.rotation.matrix, native))
    }

    /// The pixel coordinate of a direction in its frame; `None` where it has none.
    #[inline]
    pub fn vector_to_pix(&self, vector: [f64; 3]) -> Option<[f64; 2]> {
        let native = frame::rotate_back(&self.derived.rotation.matrix, vector);
        let [x, y] = self.projection.project(self.pv, native)?;
        self.from_plane(x, y)
    }

    /// Longitude in [0, 360) and latitude of a pixel coordinate in degrees; `None` outside the projection.
    #[inline]
    pub fn pix_to_sky(&self, x: f64, y: f64) -> Option<[f64; 2]> {
        self.pix_to_vector(x, y).map(frame::lon_lat)
    }

    /// The pixel coordinate of a longitude and latitude in degrees; `None` where it has none.
    #[inline]
    pub fn sky_to_pix(&self, lon_deg: f64, lat_deg: f64) -> Option<[f64; 2]> {
        if !lon_deg.is_finite() || lat_deg.is_nan() || lat_deg.abs() > 90.0 {
            return None;
        }
        self.vector_to_pix(frame::unit_vector(lon_deg, lat_deg))
    }

    /// The pixel coordinate of a position of any frame; `None` where it has none.
    pub fn coord_to_pix(&self, coord: &SkyCoord) -> Option<[f64; 2]> {
        let coord = coord.to(self.frame);
        self.sky_to_pix(coord.lon_deg, coord.lat_deg)
    }

    /// The position of a pixel coordinate; `None` outside the projection.
    pub fn pix_to_coord(&self, x: f64, y: f64) -> Option<SkyCoord> {
        let [lon, lat] = self.pix_to_sky(x, y)?;
        Some(SkyCoord { lon_deg: lon, lat_deg: lat, frame: self.frame })
    }

    /// Directions of a grid of pixel coordinates, one pixel apart, from `[x0, y0]` on; x runs fastest. NaN outside the projection.
    pub fn grid(&self, [x0, y0]: [f64; 2], [ny, nx]: [usize; 2]) -> Vec<[f64; 3]> {
        let mut out = vec![[f64::NAN; 3]; ny.saturating_mul(nx)];
        if nx == 0 {
            return out;
        }
        // The native meridian of a column is the same in all rows of these.
        let shared = self.projection.is_cylindrical() && self.is_straight();
        let meridians: Option<Vec<_>> = shared.then(|| {
            let column = |i: usize| {
                let [x, _] = self.to_plane(x0 + i as f64, 0.0);
                self.projection.deproject(self.pv, x, 0.0)
            };
            (0..nx).map(column).collect()
        });
        for (j, row) in out.chunks_exact_mut(nx).enumerate() {
            let y = y0 + j as f64;
            match &meridians {
                Some(meridians) => self.fill_parallel(y, meridians, row),
                None => self.fill_row(x0, y, row),
            }
        }
        out
    }

    fn fill_row(&self, x0: f64, y: f64, row: &mut [[f64; 3]]) {
        for (i, at) in row.iter_mut().enumerate() {
            if let Some(vector) = self.pix_to_vector(x0 + i as f64, y) {
                *at = vector;
            }
        }
    }

    fn fill_parallel(&self, y: f64, meridians: &[Option<[f64; 3]>], row: &mut [[f64; 3]]) {
        let [_, y] = self.to_plane(0.0, y);
        let Some([cos_theta, _, sin_theta]) = self.projection.deproject(self.pv, 0.0, y) else {
            return;
        };
        for (at, meridian) in row.iter_mut().zip(meridians) {
            if let Some([cos, sin, _]) = meridian {
                let native = [cos_theta * cos, cos_theta * sin, sin_theta];
                *at = frame::rotate(&self.derived.rotation.matrix, native);
            }
        }
    }

    /// Pixel coordinate to radians in the plane.
    #[inline]
    fn to_plane(&self, x: f64, y: f64) -> [f64; 2] {
        let mut at = [x - (self.crpix[0] - 1.0), y - (self.crpix[1] - 1.0)];
        if let Some(sip @ Distortion::Sip(_)) = &self.distortion {
            at = sip.apply(at);
        }
        let [u, v] = at;
        let cd = &self.derived.cd;
        let plane = [cd[0][0] * u + cd[0][1] * v, cd[1][0] * u + cd[1][1] * v];
        match &self.distortion {
            Some(tpv @ Distortion::Tpv(_)) => {
                tpv.apply(plane.map(f64::to_degrees)).map(f64::to_radians)
            }
            _ => plane,
        }
    }

    /// Radians in the plane to pixel coordinate.
    #[inline]
    #[expect(clippy::wrong_self_convention, reason = "from the plane, not from a value")]
    fn from_plane(&self, x: f64, y: f64) -> Option<[f64; 2]> {
        let mut plane = [x, y];
        if let Some(tpv @ Distortion::Tpv(_)) = &self.distortion {
            plane = tpv.undo(plane.map(f64::to_degrees))?.map(f64::to_radians);
        }
        let [x, y] = plane;
        let inverse = &self.derived.inverse;
        let mut at = [inverse[0][0] * x + inverse[0][1] * y, inverse[1][0] * x + inverse[1][1] * y];
        if let Some(sip @ Distortion::Sip(_)) = &self.distortion {
            at = sip.undo(at)?;
        }
        Some([at[0] + (self.crpix[0] - 1.0), at[1] + (self.crpix[1] - 1.0)])
    }

    /// Whether all parameters are the same within `tolerance`.
    pub fn is_close(&self, other: &Wcs, tolerance: f64) -> bool {
        self.offset_to(other, tolerance)
            .is_some_and(|shift| shift.iter().all(|d| d.abs() <= tolerance))
    }

    /// By how many pixels the other's coordinates are less, where all but CRPIX is the same within `tolerance`.
    pub fn offset_to(&self, other: &Wcs, tolerance: f64) -> Option<[f64; 2]> {
        let near = |a: f64, b: f64| (a - b).abs() <= tolerance;
        let near_2 = |a: [f64; 2], b: [f64; 2]| near(a[0], b[0]) && near(a[1], b[1]);
        let lon = (self.crval[0] - other.crval[0]).rem_euclid(360.0);
        let (a, b) = (self.cd(), other.cd());
        let same = self.frame == other.frame
            && self.projection == other.projection
            && self.distortion == other.distortion
            && near_2(self.pv, other.pv)
            && lon.min(360.0 - lon) <= tolerance
            && near(self.crval[1], other.crval[1])
            && near(self.lonpole, other.lonpole)
            && near(self.latpole, other.latpole)
            && near_2(a[0], b[0])
            && near_2(a[1], b[1]);
        same.then(|| [0, 1].map(|k| self.crpix[k] - other.crpix[k]))
    }
}

fn invert(m: [[f64; 2]; 2]) -> Option<[[f64; 2]; 2]> {
    let det = m[0][0] * m[1][1] - m[0][1] * m[1][0];
    let inverse = [[m[1][1] / det, -m[0][1] / det], [-m[1][0] / det, m[0][0] / det]];
    inverse.iter().flatten().all(|one| one.is_finite()).then_some(inverse)
}

#[cfg(test)]
mod tests;
