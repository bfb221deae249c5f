//! Geometries of regions: one cell on the sky, with axes.

use super::{PixelRegion, SkyRegion};
use crate::geom::{TOLERANCE, axes_close, check_names, plane_volumes};
use crate::{CutoutMode, Error, Frame, MapAxis, Projection, Size, SkyCoord, Wcs, WcsGeom};

/// Pixel size of the WCS made for a region, in degrees.
const BINSZ_DEG: f64 = 0.1;

/// A region, the WCS in which its membership is decided, and axes.
#[derive(Debug, Clone, PartialEq)]
pub struct RegionGeom {
    place: Option<Place>,
    axes: Vec<MapAxis>,
}

/// A region in its WCS.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    region: SkyRegion,
    pixel: PixelRegion,
    image: WcsGeom,
    /// Middle of the box of whole pixels around the region.
    center: SkyCoord,
    /// Sizes of that box in degrees, in x and y.
    width: [f64; 2],
}

/// Most points along a pixel for the share of it that is in a region.
const MAX_FACTOR: usize = 100;

/// By how much a region is taken larger for its box: if it ends where a pixel does, the next one is in, whatever the rounding. (The
/// scale comes from a finite step, which makes regions of a gnomonic plane too large by about 1e-11.)
const LARGER: f64 = 1.0 + 1e-9;

/// Middle and sizes of the box around a region, with the scale at its middle.
fn bounds(region: &SkyRegion, wcs: &Wcs) -> Result<(SkyCoord, [f64; 2]), Error> {
    let all = region.to_pixel(wcs)?.scaled(LARGER).bounding_box();
    let [x, y] = all.center();
    // A box without extent counts as one pixel.
    let size = all.size();
    let size = if size.iter().all(|n| *n > 0.0) { size } else { [1.0; 2] };
    let center = wcs
        .pix_to_coord(x, y)
        .ok_or_else(|| Error::parameter("region", "its middle is outside the projection"))?;
    let scale = super::Local::new(&center, wcs)?.deg_per_pix;
    Ok((center, size.map(|n| n * scale)))
}

impl RegionGeom {
    /// A region in a gnomonic WCS of its own: around its centre, with pixels of 0.1 deg, so many as it takes.
    ///
    /// # Errors
    /// Where the region has no extent that fits a plane, or two axes have one name.
    pub fn new(region: SkyRegion, axes: Vec<MapAxis>) -> Result<Self, Error> {
        Self::with_binsz(region, axes, BINSZ_DEG)
    }

    /// As [`new`](Self::new), with pixels of another size in degrees.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_binsz(region: SkyRegion, axes: Vec<MapAxis>, binsz: f64) -> Result<Self, Error> {
        let center = region.center()?;
        let create = |width: [f64; 2]| {
            let size = Size::Width(width);
            WcsGeom::create(&center, size, [binsz; 2], Projection::Tan, center.frame, Vec::new())
        };
        let sky = create([360.0, 180.0])?;
        let (middle, width) = bounds(&region, sky.wcs())?;
        let image = create(width)?;
        let pixel = region.to_pixel(image.wcs())?;
        check_names(&axes)?;
        Ok(RegionGeom { place: Some(Place { region, pixel, image, center: middle, width }), axes })
    }

    /// A region in the WCS of an image, whose axes don't count.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_wcs(region: SkyRegion, image: &WcsGeom, axes: Vec<MapAxis>) -> Result<Self, Error> {
        let (center, width) = bounds(&region, image.wcs())?;
        let pixel = region.to_pixel(image.wcs())?;
        let place = Place { region, pixel, image: image.to_image(), center, width };
        check_names(&axes)?;
        Ok(RegionGeom { place: Some(place), axes })
    }

    /// Axes only: of what was measured somewhere nobody wrote down.
    ///
    /// # Errors
    /// Where two axes have one name.
    pub fn nowhere(axes: Vec<MapAxis>) -> Result<Self, Error> {
        check_names(&axes)?;
        Ok(RegionGeom { place: None, axes })
    }

    fn place(&self) -> Result<&Place, Error> {
        self.place.as_ref().ok_or_else(|| Error::parameter("geometry", "it has no region"))
    }

    /// The region, if there is one.
    pub fn region(&self) -> Option<&SkyRegion> {
        self.place.as_ref().map(|place| &place.region)
    }

    /// The region in pixels of its WCS, if there is one.
    pub fn pixel_region(&self) -> Option<&PixelRegion> {
        self.place.as_ref().map(|place| &place.pixel)
    }

    /// The image in whose pixels the region is, if there is a region.
    pub fn image(&self) -> Option<&WcsGeom> {
        self.place.as_ref().map(|place| &place.image)
    }

    /// Its WCS, if there is a region.
    pub fn wcs(&self) -> Option<&Wcs> {
        self.image().map(WcsGeom::wcs)
    }

    /// Frame of the WCS; ICRS without one.
    pub fn frame(&self) -> Frame {
        self.wcs().map_or(Frame::Icrs, Wcs::frame)
    }

    /// Axes.
    pub fn axes(&self) -> &[MapAxis] {
        &self.axes
    }

    /// The axis of a name.
    pub fn axis(&self, name: &str) -> Option<&MapAxis> {
        self.axes.iter().find(|axis| axis.name().eq_ignore_ascii_case(name))
    }

    /// Shape of the data: the axes in reverse, then 1, 1.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().rev().map(MapAxis::n_bins).chain([1, 1]).collect()
    }

    /// The same region with other axes.
    ///
    /// # Errors
    /// Where two have one name.
    pub fn with_axes(&self, axes: Vec<MapAxis>) -> Result<Self, Error> {
        check_names(&axes)?;
        Ok(RegionGeom { place: self.place.clone(), axes })
    }

    /// Middle of the box of whole pixels around the region.
    ///
    /// # Errors
    /// Where there is no region.
    pub fn center_skydir(&self) -> Result<SkyCoord, Error> {
        Ok(self.place()?.center)
    }

    /// Sizes of that box in degrees, in x and y.
    ///
    /// # Errors
    /// Where there is no region.
    pub fn width(&self) -> Result<[f64; 2], Error> {
        Ok(self.place()?.width)
    }

    /// Degrees from [`center_skydir`](Self::center_skydir) to a position.
    ///
    /// # Errors
    /// Where there is no region.
    pub fn separation(&self, position: &SkyCoord) -> Result<f64, Error> {
        Ok(self.center_skydir()?.separation_deg(position))
    }

    /// Whether a position is inside, in the plane of the WCS; everything is in a point, whose size comes from elsewhere.
    ///
    /// # Errors
    /// Where there is no region.
    pub fn contains(&self, position: &SkyCoord) -> Result<bool, Error> {
        let place = self.place()?;
        if place.region.is_point() {
            return Ok(true);
        }
        let pix = place.image.wcs().coord_to_pix(position);
        Ok(pix.is_some_and(|[x, y]| place.pixel.contains(x, y)))
    }

    /// Solid angle in sr, as area of the plane; that of a union is counted on pixels a tenth as large.
    ///
    /// # Errors
    /// Where there is no region.
    pub fn solid_angle(&self) -> Result<f64, Error> {
        const FINER: f64 = 10.0;
        let place = self.place()?;
        let wcs = place.image.wcs();
        let area = match &place.region {
            SkyRegion::Union(_) => {
                let [binsz, _] = wcs.pixel_scales();
                let fine = Self::with_binsz(place.region.clone(), Vec::new(), binsz / FINER)?;
                fine.place()?.pixel.area() / (FINER * FINER)
            }
            _ => place.pixel.area(),
        };
        Ok(area * wcs.pixel_area() * 1f64.to_radians().powi(2))
    }

    /// Volumes of the cells in the order of the data: solid angle times the widths of the axes' bins.
    ///
    /// # Errors
    /// Where there is no region.
    pub fn bin_volume(&self) -> Result<Vec<f64>, Error> {
        let omega = self.solid_angle()?;
        Ok(plane_volumes(&self.axes).into_iter().map(|volume| omega * volume).collect())
    }

    /// The part of the image with the region in it.
    ///
    /// # Errors
    /// Where there is no region, or nothing of it is in the image.
    pub fn to_wcs_geom(&self) -> Result<WcsGeom, Error> {
        let place = self.place()?;
        let cutout = place.image.cutout(&place.center, place.width, CutoutMode::Trim)?;
        cutout.geom.with_axes(self.axes.clone())
    }

    /// Centres of the pixels of its WCS that have some of the region in them, and how much of each: the share of `factor` by
    /// `factor` points of the pixel that are inside. A point is all in itself.
    ///
    /// # Errors
    /// Where there is no region, or the factor is not between 1 and 100.
    pub fn wcs_coords_and_weights(
        &self,
        factor: usize,
    ) -> Result<(Vec<SkyCoord>, Vec<f64>), Error> {
        let place = self.place()?;
        if place.region.is_point() {
            return Ok((vec![place.center], vec![1.0]));
        }
        if !(1..=MAX_FACTOR).contains(&factor) {
            let reason = format!("expected 1 to {MAX_FACTOR}, found {factor}");
            return Err(Error::parameter("factor", reason));
        }
        let geom = self.to_wcs_geom()?.to_image();
        let fine = geom.upsample(factor)?;
        let inside = place.region.to_pixel(fine.wcs())?.mask(fine.image_shape());
        let [ny, nx] = geom.image_shape();
        let (mut coords, mut weights) = (Vec::new(), Vec::new());
        for (y, x) in (0..ny).flat_map(|y| (0..nx).map(move |x| (y, x))) {
            let row = |k: usize| {
                let first = (y * factor + k) * nx * factor + x * factor;
                inside.get(first..first + factor).unwrap_or_default()
            };
            let n = (0..factor).flat_map(row).filter(|inside| **inside).count();
            let center = geom.wcs().pix_to_coord(x as f64, y as f64);
            if let (Some(center), true) = (center, n > 0) {
                coords.push(center);
                weights.push(n as f64 / (factor * factor) as f64);
            }
        }
        Ok((coords, weights))
    }

    /// Whether region, WCS and axes are the same, within 1e-6.
    pub fn is_close(&self, other: &RegionGeom) -> bool {
        let places = match (&self.place, &other.place) {
            (None, None) => true,
            (Some(a), Some(b)) => {
                a.region.is_close(&b.region, TOLERANCE) && a.image.is_close(&b.image)
            }
            _ => false,
        };
        places && self.has_same_axes(other)
    }

    /// Whether the axes are the same, within 1e-6: all that gammapy asks of spectra that are stacked.
    pub fn has_same_axes(&self, other: &RegionGeom) -> bool {
        axes_close(&self.axes, &other.axes)
    }
}
