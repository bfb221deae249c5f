//! Off counts of regions as far from the pointing as the on region.

use std::f64::consts::{PI, TAU};

use tierline_sky::{
    PixelRegion, Projection, RegionGeom, Shape, Size, SkyCoord, SkyRegion, WcsGeom,
};

use super::fov::project_mask;
use super::map::{make_counts, missing, pointing};
use super::spectrum::counts_in_rad_max;
use crate::Error;
use crate::data::Observation;
use crate::dataset::{Dataset, OnOff};
use crate::geom::Geom;
use crate::irf::RadMax;
use crate::map::{Map, MapValues, Mask};
use crate::unit;

/// Finds regions by turning one about the pointing.
#[derive(Debug, Clone, PartialEq)]
pub enum RegionsFinder {
    /// As many as there are place for.
    Reflected {
        /// Step past an excluded place in rad.
        angle_increment: f64,
        /// Angle between two regions in rad.
        min_distance: f64,
        /// Angle between the first and the on region in rad.
        min_distance_input: f64,
        /// Most regions.
        max_region_number: usize,
        /// Pixels on which it is decided, in degrees.
        binsz: f64,
    },
    /// So many, at equal angles.
    Wobble {
        /// Regions.
        n_off_regions: usize,
        /// Pixels on which it is decided, in degrees.
        binsz: f64,
    },
}

impl Default for RegionsFinder {
    fn default() -> Self {
        RegionsFinder::Reflected {
            angle_increment: 0.1,
            min_distance: 0.0,
            min_distance_input: 0.1,
            max_region_number: 10_000,
            binsz: 0.01,
        }
    }
}

impl RegionsFinder {
    /// At equal angles.
    pub fn wobble(n_off_regions: usize) -> Self {
        RegionsFinder::Wobble { n_off_regions, binsz: 0.01 }
    }

    /// The off regions of a region about a centre, and the image on whose plane they lie. Those that hold an excluded pixel are left
    /// out; places outside the mask may be used.
    ///
    /// # Errors
    /// Where the finder is not for the kind of region, or the mask doesn't fit.
    pub fn run(
        &self,
        region: &SkyRegion,
        center: &SkyCoord,
        exclusion: Option<&Mask>,
    ) -> Result<(Vec<SkyRegion>, WcsGeom), Error> {
        let (RegionsFinder::Reflected { binsz, .. } | RegionsFinder::Wobble { binsz, .. }) = self;
        let middle = region.center()?;
        let width = 4.0 * middle.separation_deg(center) + 0.3;
        let size = Size::Width([width; 2]);
        let image =
            WcsGeom::create(center, size, [*binsz; 2], Projection::Tan, middle.frame, Vec::new())?;
        let about = image.wcs().coord_to_pix(center);
        let about =
            about.ok_or_else(|| Error::parameter("off regions", "no pointing in the plane"))?;
        let finder = Finder {
            region: region.to_pixel(image.wcs())?,
            excluded: excluded_pixels(&image, exclusion)?,
            shape: image.image_shape(),
            about,
        };
        let found = match self {
            RegionsFinder::Reflected { .. } => finder.reflected(self, region)?,
            RegionsFinder::Wobble { n_off_regions, .. } => finder.wobble(*n_off_regions, region),
        };
        let sky = found.iter().map(|region| region.to_sky(image.wcs()));
        Ok((sky.collect::<Result<_, _>>()?, image))
    }
}

/// Coordinates of pixels that must not be used.
fn excluded_pixels(image: &WcsGeom, exclusion: Option<&Mask>) -> Result<Vec<[f64; 2]>, Error> {
    let Some(mask) = exclusion else { return Ok(Vec::new()) };
    let nx = image.image_shape()[1];
    let usable = project_mask(mask, &Geom::Wcs(image.clone()), true)?;
    let excluded = usable.iter().enumerate().filter(|(_, usable)| !**usable);
    Ok(excluded.map(|(at, _)| [(at % nx) as f64, (at / nx) as f64]).collect())
}

struct Finder {
    region: PixelRegion,
    excluded: Vec<[f64; 2]>,
    shape: [usize; 2],
    about: [f64; 2],
}

impl Finder {
    fn turned(&self, angle: f64) -> PixelRegion {
        self.region.rotate(angle.to_degrees(), self.about)
    }

    fn is_free(&self, region: &PixelRegion) -> bool {
        let area = region.bounding_box();
        let is_near =
            |[x, y]: &[f64; 2]| area.x.contains(&(*x as i64)) && area.y.contains(&(*y as i64));
        !self.excluded.iter().filter(|at| is_near(at)).any(|[x, y]| region.contains(*x, *y))
    }

    /// Angle between the outermost pixels of the region, seen from the pointing.
    fn angular_size(&self) -> f64 {
        let nx = self.shape[1];
        let mask = self.region.mask(self.shape);
        let angles: Vec<f64> = mask
            .iter()
            .enumerate()
            .filter(|(_, inside)| **inside)
            .map(|(at, _)| {
                let (dx, dy) = (self.about[0] - (at % nx) as f64, self.about[1] - (at / nx) as f64);
                dx.atan2(dy)
            })
            .collect();
        let extent = |angles: &[f64]| {
            let least = angles.iter().copied().fold(f64::INFINITY, f64::min);
            let most = angles.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            most - least
        };
        let size = extent(&angles);
        if size <= PI {
            return size;
        }
        let wrapped: Vec<f64> =
            angles.iter().map(|angle| if *angle >= 0.0 { angle - TAU } else { *angle }).collect();
        extent(&wrapped)
    }

    fn reflected(
        &self,
        finder: &RegionsFinder,
        region: &SkyRegion,
    ) -> Result<Vec<PixelRegion>, Error> {
        let RegionsFinder::Reflected {
            angle_increment,
            min_distance,
            min_distance_input,
            max_region_number,
            ..
        } = finder
        else {
            return Ok(Vec::new());
        };
        if region.is_point() {
            let reason = "a point has no size by which it could be turned: use a number of regions";
            return Err(Error::parameter("reflected regions", reason));
        }
        let size = self.angular_size();
        let step = size + min_distance;
        if !(*angle_increment > 0.0 && step > 0.0) {
            // No pixel of the plane is in the region, or all are in one direction.
            let reason = format!("steps of {angle_increment} and {step} rad");
            return Err(Error::parameter("reflected regions", reason));
        }
        let end = TAU - step - min_distance_input;
        let mut angle = step + min_distance_input;
        let mut found = Vec::new();
        while angle < end && found.len() < *max_region_number {
            let region = self.turned(angle);
            if self.is_free(&region) {
                found.push(region);
                angle += step;
            } else {
                angle += angle_increment;
            }
        }
        Ok(found)
    }

    fn wobble(&self, n_off: usize, region: &SkyRegion) -> Vec<PixelRegion> {
        let is_point = region.is_point();
        let free = |region: &PixelRegion| match region {
            PixelRegion::Simple { center, shape: Shape::Point } => {
                let near = |[x, y]: &[f64; 2]| (x - center[0]).hypot(y - center[1]) < 1.0;
                !self.excluded.iter().any(near)
            }
            other => self.is_free(other),
        };
        let step = TAU / (n_off + 1) as f64;
        let regions: Vec<_> =
            (1..=n_off).map(|k| self.turned(k as f64 * step)).filter(|one| free(one)).collect();
        if !is_point && self.overlap(&regions) {
            return Vec::new();
        }
        regions
    }

    /// Whether any two regions share a pixel.
    fn overlap(&self, regions: &[PixelRegion]) -> bool {
        let mut taken = vec![false; self.shape[0] * self.shape[1]];
        for region in regions {
            for (taken, inside) in taken.iter_mut().zip(region.mask(self.shape)) {
                if *taken && inside {
                    return true;
                }
                *taken |= inside;
            }
        }
        false
    }
}

/// Replaces the background of a spectrum by counts in other regions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReflectedRegionsBackgroundMaker {
    /// How regions are found.
    pub finder: RegionsFinder,
    /// Pixels that may be used; those outside of it may be, too.
    pub exclusion: Option<Mask>,
}

impl ReflectedRegionsBackgroundMaker {
    /// Gives a spectrum its off counts. Where there is no region for them no bin is safe any more, and a warning tells. Returns the off
    /// regions and warnings.
    ///
    /// # Errors
    /// Where the dataset is a map, or its region doesn't go with the radius of a point-like response.
    pub fn run(
        &self,
        dataset: &mut Dataset,
        observation: &Observation,
    ) -> Result<(Vec<SkyRegion>, Vec<String>), Error> {
        let name = format!("dataset {}", dataset.name);
        let geom = dataset.geom().clone();
        let Geom::Region(own) = &geom else {
            return Err(Error::parameter(name, "off regions are for a spectrum, this is a map"));
        };
        let region = own.region().ok_or_else(|| Error::parameter(&name, "it has no region"))?;
        let rad_max = observation.responses.rad_max.as_ref();
        if let Some(rad_max) = rad_max {
            check_rad_max(region, rad_max)?;
        }
        let center = pointing(observation)?;
        let (mut regions, image) = self.finder.run(region, &center, self.exclusion.as_ref())?;
        let mut warnings = Vec::new();
        if let (true, Some(rad_max)) = (region.is_point(), rad_max) {
            let radius = largest_radius(rad_max, dataset, region, observation)?;
            if overlap(region, &regions, radius)? {
                warnings.push(format!("{name}: on and off regions overlap, none is used"));
                regions.clear();
            }
        }
        let n_bins = dataset.counts.values.len();
        let map = |value: f32| {
            let values = MapValues::F32(vec![value; n_bins]);
            Map { geom: geom.clone(), unit: String::new(), values }
        };
        (dataset.background, dataset.model) = (None, None);
        if regions.is_empty() {
            warnings.push(format!(
                "{name}: no off region found outside the exclusion: nothing is safe"
            ));
            let off =
                OnOff { counts_off: None, acceptance: map(1.0), acceptance_off: Some(map(0.0)) };
            dataset.off = Some(off);
            dataset.mask_safe = Some(Mask::filled(geom, false));
            return Ok((regions, warnings));
        }
        let counts = self.counts_off(&regions, &image, &geom, observation)?;
        dataset.off = Some(OnOff {
            counts_off: Some(counts),
            acceptance: map(1.0),
            acceptance_off: Some(map(regions.len() as f32)),
        });
        Ok((regions, warnings))
    }

    fn counts_off(
        &self,
        regions: &[SkyRegion],
        image: &WcsGeom,
        geom: &Geom,
        observation: &Observation,
    ) -> Result<Map, Error> {
        if regions.iter().all(SkyRegion::is_point) {
            let rad_max = &observation.responses.rad_max;
            let rad_max = rad_max.as_ref().ok_or_else(|| missing(observation, "rad_max"))?;
            let points = regions.iter().map(SkyRegion::center).collect::<Result<Vec<_>, _>>()?;
            return counts_in_rad_max(geom, &points, rad_max, observation);
        }
        let union = SkyRegion::Union(regions.to_vec());
        let off = RegionGeom::with_wcs(union, image, geom.axes().to_vec())?;
        make_counts(&Geom::Region(off), observation)
    }
}

/// That a region goes with point-like responses.
fn check_rad_max(region: &SkyRegion, rad_max: &RadMax) -> Result<(), Error> {
    const TOLERANCE: f64 = 1e-3;
    let what = "region of a point-like response";
    match region {
        one if one.is_point() => Ok(()),
        SkyRegion::Simple { shape: Shape::Circle { radius }, .. } if rad_max.is_fixed => {
            let wanted = rad_max.table.values.to_f64().first().copied().unwrap_or(f64::NAN);
            match (radius - wanted).abs() <= 1e-8 + TOLERANCE * wanted {
                true => Ok(()),
                false => {
                    let reason = format!("expected a radius of {wanted} deg, found {radius}");
                    Err(Error::parameter(what, reason))
                }
            }
        }
        _ => Err(Error::parameter(what, "expected a point, or a circle of its one radius")),
    }
}

/// Largest radius within the energies of a dataset.
fn largest_radius(
    rad_max: &RadMax,
    dataset: &Dataset,
    region: &SkyRegion,
    observation: &Observation,
) -> Result<f64, Error> {
    let own = rad_max.table.axis("energy")?;
    let energy = dataset.energy_axis()?;
    let scale = unit::factor(energy.unit(), own.unit())?;
    let edges = energy.edges();
    let bounds = [edges[0] * scale, edges[edges.len() - 1] * scale];
    let offset = pointing(observation)?.separation_deg(&region.center()?);
    let radii = rad_max.interpolator()?;
    let mut largest = 0.0_f64;
    for (bin, center) in own.edges().windows(2).zip(own.centers()) {
        if bin[1] >= bounds[0] && bin[0] <= bounds[1] {
            largest = largest.max(radii.evaluate(&[center, offset])?);
        }
    }
    Ok(largest)
}

/// Whether any two of the points are nearer than two radii.
fn overlap(region: &SkyRegion, off: &[SkyRegion], radius: f64) -> Result<bool, Error> {
    let all = std::iter::once(region).chain(off).map(SkyRegion::center);
    let centers = all.collect::<Result<Vec<_>, _>>()?;
    let near = |(at, a): (usize, &SkyCoord)| {
        centers[at + 1..].iter().any(|b| a.separation_deg(b) < 2.0 * radius)
    };
    Ok(centers.iter().enumerate().any(near))
}
