//! Stacking: adding a dataset to another of the same image, or of a larger one.

use tierline_sky::{HpxGeom, SkyCoord, WcsGeom};

use super::{Dataset, IrfMap, OnOff};
use crate::Error;
use crate::geom::Geom;
use crate::map::{Map, MapValues, Mask, Weights, axis, common_rows, n_planes, stackable};

/// Square degrees in a steradian: 1 / deg² is so many / sr.
const PER_SR: f64 = 3282.806350011744;

/// What values in one unit are multiplied with to be in another.
fn unit_factor(what: &str, from: &str, to: &str) -> Result<f64, Error> {
    match (from, to) {
        _ if from == to => Ok(1.0),
        ("deg-2", "sr-1") => Ok(PER_SR),
        ("sr-1", "deg-2") => Ok(1.0 / PER_SR),
        _ => Err(Error::parameter(what, format!("can't add values in '{from}' to some in '{to}'"))),
    }
}

impl Dataset {
    /// Adds another dataset, as far as its safe mask goes. Members that either lacks are left as they are.
    ///
    /// Counts, background and exposure are summed, responses averaged by exposure, times united. With off counts, the acceptance of
    /// the off counts is such that the excess is the sum of the excesses.
    ///
    /// # Errors
    /// Where geometries differ by more than a cutout, units don't fit, or only one has off counts.
    pub fn stack(&mut self, other: &Dataset) -> Result<(), Error> {
        let name = || format!("dataset {}", other.name);
        if self.off.is_some() != other.off.is_some() {
            let reason = "datasets with and without off counts can't be stacked";
            return Err(Error::parameter(name(), reason));
        }
        if self.off.is_some() {
            self.stack_off(other)?;
        }
        if other.mask_safe.as_ref().is_some_and(|mask| !mask.any()) {
            return Ok(());
        }
        let image = other.mask_safe_image();
        let cells =
            other.mask_safe.as_ref().map_or(Weights::All, |mask| Weights::Cells(&mask.values));
        let pixels = image.as_deref().map_or(Weights::All, Weights::Image);
        self.counts.stack(&other.counts, 1.0, cells)?;
        if let (Some(own), Some(exposure)) = (&mut self.exposure, &other.exposure) {
            let factor = unit_factor("exposure", &exposure.unit, &own.unit)?;
            own.stack(exposure, factor, pixels)?;
            if let Some(seconds) = other.livetime_s {
                *self.livetime_s.get_or_insert(0.0) += seconds;
            }
        }
        self.stack_background(other, cells)?;
        self.stack_responses(other, image.as_deref())?;
        if let (Some(own), Some(mask)) = (&mut self.mask_safe, &other.mask_safe) {
            own.stack(mask)?;
        }
        match (&mut self.mask_fit, &other.mask_fit) {
            (Some(own), Some(mask)) => own.stack(mask)?,
            (None, Some(mask)) => {
                let mut own = Mask::filled(self.counts.geom.clone(), false);
                own.stack(mask)?;
                self.mask_fit = Some(own);
            }
            _ => {}
        }
        if let (Some(own), Some(gti)) = (&mut self.gti, &other.gti) {
            *own = own.stack(gti)?.union();
        }
        self.meta.extend(other.meta.iter().cloned());
        Ok(())
    }

    fn stack_background(&mut self, other: &Dataset, cells: Weights<'_>) -> Result<(), Error> {
        if self.off.is_some() || self.background.is_none() || other.background.is_none() {
            return Ok(());
        }
        if self.model.is_some() {
            // What is stacked from here on must not be scaled.
            let scaled = self.npred_background()?;
            if let (Some(own), Some(scaled)) = (&mut self.background, scaled) {
                own.values = match own.values {
                    MapValues::F64(_) => scaled.values,
                    MapValues::F32(_) => {
                        MapValues::F32(scaled.values.to_f64().iter().map(|v| *v as f32).collect())
                    }
                };
            }
            self.model = None;
        }
        let Some(own) = &mut self.background else { return Ok(()) };
        match (&other.model, &other.background) {
            (None, Some(background)) => own.stack(background, 1.0, cells),
            _ => match other.npred_background()? {
                Some(background) => own.stack(&background, 1.0, cells),
                None => Ok(()),
            },
        }
    }

    fn stack_responses(&mut self, other: &Dataset, image: Option<&[bool]>) -> Result<(), Error> {
        let weights = |irf: &IrfMap| match (&other.mask_safe, image) {
            (Some(mask), Some(image)) => IrfWeights::new(mask, image, irf).map(Some),
            _ => Ok(None),
        };
        if let (Some(own), Some(psf)) = (&mut self.psf, &other.psf) {
            own.stack(psf, weights(psf)?.as_ref())?;
        }
        if let (Some(own), Some(edisp)) = (&mut self.edisp, &other.edisp) {
            own.stack(edisp, weights(edisp)?.as_ref())?;
        }
        Ok(())
    }

    /// Sums off counts and acceptances.
    fn stack_off(&mut self, other: &Dataset) -> Result<(), Error> {
        let (own_alpha, other_alpha) = (self.alpha()?, other.alpha()?);
        let geom = self.counts.geom.clone();
        let cells =
            other.mask_safe.as_ref().map_or(Weights::All, |mask| Weights::Cells(&mask.values));
        let (Some(own), Some(off)) = (&mut self.off, &other.off) else { return Ok(()) };
        let mut acceptance = Map::zeros(geom.clone(), "");
        acceptance.stack(&own.acceptance, 1.0, Weights::All)?;
        acceptance.stack(&off.acceptance, 1.0, cells)?;
        let (mut counts, mut scaled) = (Map::zeros(geom.clone(), ""), Map::zeros(geom.clone(), ""));
        let parts =
            [(&own.counts_off, own_alpha, Weights::All), (&off.counts_off, other_alpha, cells)];
        for (part, alpha, weights) in parts {
            let Some(part) = part else { continue };
            let values = part.values.to_f64();
            let place = match &geom {
                // Off regions are elsewhere; their counts go with the region of the spectrum.
                Geom::Region(_) => geom.with_axes(part.geom.axes().to_vec())?,
                _ => part.geom.clone(),
            };
            let product = values.iter().zip(alpha).map(|(count, alpha)| alpha * count).collect();
            scaled.stack(&Map::new(place.clone(), "", product)?, 1.0, weights)?;
            counts.stack(&Map::new(place, "", values)?, 1.0, weights)?;
        }
        let average = scaled.sum() / counts.sum();
        let values = (0..counts.values.len()).map(|at| {
            let (acceptance, counts) = (acceptance.values.get(at), counts.values.get(at));
            let value = match counts == 0.0 {
                true => acceptance / average,
                false => acceptance * counts / scaled.values.get(at),
            };
            value as f32
        });
        let values = MapValues::F32(values.collect());
        let acceptance_off = Some(Map { geom, unit: String::new(), values });
        self.off = Some(OnOff { counts_off: Some(counts), acceptance, acceptance_off });
        Ok(())
    }
}

/// Which pixels of a response count when it is stacked.
struct IrfWeights {
    /// By plane of reconstructed energy, if the response has that axis, else one plane.
    planes: Vec<Vec<bool>>,
    /// Those set in any plane.
    image: Vec<bool>,
    /// Whether planes are those of the first axis.
    by_energy: bool,
}

impl IrfWeights {
    fn new(mask: &Mask, image: &[bool], irf: &IrfMap) -> Result<Self, Error> {
        let geom = &irf.map.geom;
        let first = geom.axes().first().map(|axis| axis.name().to_owned()).unwrap_or_default();
        let n = mask.geom.n_image_pixels();
        let planes: Vec<Vec<bool>> = match (&mask.geom, geom) {
            (Geom::Wcs(own), Geom::Wcs(irf)) => {
                let positions = positions_in(own, irf);
                match first.as_str() {
                    "rad" => vec![positions.iter().map(|at| nearest(own, image, *at)).collect()],
                    "migra" => vec![positions.iter().map(|at| linear(own, image, *at)).collect()],
                    _ => {
                        let planes = mask.values.chunks_exact(n.max(1));
                        let plane = |plane: &[bool]| {
                            positions.iter().map(|at| linear(own, plane, *at)).collect()
                        };
                        planes.map(plane).collect()
                    }
                }
            }
            (Geom::Hpx(_), Geom::Hpx(irf)) => {
                let places = places_in(&mask.geom, irf)?;
                let set = |plane: &[bool]| -> Vec<bool> {
                    places.iter().map(|at| at.is_some_and(|at| plane[at])).collect()
                };
                match first.as_str() {
                    "energy" => mask.values.chunks_exact(n.max(1)).map(set).collect(),
                    _ => vec![set(image)],
                }
            }
            _ if first == "energy" => {
                mask.values.chunks_exact(n.max(1)).map(<[bool]>::to_vec).collect()
            }
            _ => vec![image.to_vec()],
        };
        let by_energy = first == "energy";
        if by_energy && planes.len() != axis(geom, "energy")?.n_bins() {
            let reason = format!("{} planes of the safe mask for its energies", planes.len());
            return Err(Error::parameter("energy dispersion", reason));
        }
        let n_irf = geom.n_image_pixels();
        let any = |pixel: usize| planes.iter().any(|plane| plane[pixel]);
        let image = (0..n_irf).map(any).collect();
        Ok(IrfWeights { planes, image, by_energy })
    }

    /// The weights of a plane of the response, of which the first axis has so many bins.
    fn plane(&self, plane: usize, n_first: usize) -> &[bool] {
        if self.by_energy { &self.planes[plane % n_first] } else { &self.planes[0] }
    }
}

/// Pixel coordinates in one image of the pixels of another; NaN outside the projection.
fn positions_in(image: &WcsGeom, of: &WcsGeom) -> Vec<[f64; 2]> {
    let (lon, lat) = of.coords();
    let position = |(lon, lat): (f64, f64)| {
        let coord = SkyCoord::new(lon, lat, of.frame());
        image.wcs().coord_to_pix(&coord).unwrap_or([f64::NAN; 2])
    };
    lon.into_iter().zip(lat).map(position).collect()
}

/// Where the pixels of a response are in a geometry of HEALPix pixels: in the pixel at the centre of each.
fn places_in(geom: &Geom, irf: &HpxGeom) -> Result<Vec<Option<usize>>, Error> {
    let (lon, lat) = irf.coords(0)?;
    let place = |(lon, lat)| geom.image_index(&SkyCoord::new(lon, lat, irf.frame()));
    Ok(lon.into_iter().zip(lat).map(place).collect())
}

/// Distance from the border of two pixels within which a position is on it.
const ON_BORDER: f64 = 1e-6;

/// The mask at the nearest pixel; false outside. A position between two pixels is in the second: without that, rounding errors
/// would tell, as they do in the peer (centres of large pixels are often borders of small ones).
fn nearest(geom: &WcsGeom, mask: &[bool], pix: [f64; 2]) -> bool {
    let [x, y] = pix.map(|at| {
        let border = (at - 0.5).round() + 0.5;
        if (at - border).abs() < ON_BORDER { border } else { at }
    });
    geom.pix_to_idx(x, y).is_some_and(|[iy, ix]| mask[iy * geom.image_shape()[1] + ix])
}

/// Whether the mask, as 0 and 1 between which is interpolated linearly (and beyond the first and last pixels, too), is not 0.
fn linear(geom: &WcsGeom, mask: &[bool], [x, y]: [f64; 2]) -> bool {
    let [ny, nx] = geom.image_shape();
    let place = |at: f64, n: usize| {
        // A neighbour with the weight of a rounding error does not count.
        let at = if (at - at.round()).abs() < ON_BORDER { at.round() } else { at };
        let low = ((at.ceil() - 1.0).max(0.0) as usize).min(n.saturating_sub(2));
        let weight = if n == 1 { 0.0 } else { at - low as f64 };
        (low, (low + 1).min(n - 1), weight)
    };
    if !x.is_finite() || !y.is_finite() {
        return false;
    }
    let ((x0, x1, wx), (y0, y1, wy)) = (place(x, nx), place(y, ny));
    let value = |y: usize, x: usize| f64::from(u8::from(mask[y * nx + x]));
    let row = |y: usize| value(y, x0) * (1.0 - wx) + value(y, x1) * wx;
    row(y0) * (1.0 - wy) + row(y1) * wy != 0.0
}

impl IrfMap {
    /// Averages with another response, weighted by the exposures.
    fn stack(&mut self, other: &IrfMap, weights: Option<&IrfWeights>) -> Result<(), Error> {
        let what = "response";
        let factor = unit_factor(what, &other.map.unit, &self.map.unit)?;
        stackable(what, &self.map.geom, &other.map.geom)?;
        let rows = common_rows(what, &self.exposure.geom, &other.exposure.geom)?;
        let n_first = self.map.geom.axes().first().map_or(1, tierline_sky::MapAxis::n_bins);
        let sizes = [&self.map.geom, &other.map.geom].map(Geom::n_image_pixels);
        let planes = n_planes(&self.map.geom);
        let mut merge = Merge { rows: &rows, sizes, n_first, factor, weights };
        match &mut self.map.values {
            MapValues::F32(own) => {
                (0..planes).for_each(|plane| merge.plane(own, &self.exposure, other, plane));
            }
            MapValues::F64(own) => {
                (0..planes).for_each(|plane| merge.plane(own, &self.exposure, other, plane));
            }
        }
        let weights = weights.map_or(Weights::All, |weights| Weights::Image(&weights.image));
        self.exposure.stack(&other.exposure, 1.0, weights)
    }
}

/// What averaging needs to know.
struct Merge<'a> {
    rows: &'a [(usize, usize, usize)],
    sizes: [usize; 2],
    n_first: usize,
    factor: f64,
    weights: Option<&'a IrfWeights>,
}

impl Merge<'_> {
    /// One plane of the response, before the exposures are added: products with the exposure are summed and divided by its sum, each
    /// rounded to the map's type.
    fn plane<T: crate::map::Number>(
        &mut self,
        own: &mut [T],
        exposure: &Map,
        other: &IrfMap,
        plane: usize,
    ) {
        let [n_own, n_other] = self.sizes;
        let energy = plane / self.n_first;
        let weights = self.weights.map(|weights| weights.plane(plane, self.n_first));
        let image = self.weights.map(|weights| &weights.image[..]);
        for &(here, there, n) in self.rows {
            for k in 0..n {
                let cell = &mut own[plane * n_own + here + k];
                let own_exposure = exposure.values.get(energy * n_own + here + k);
                let at = there + k;
                let more = other.exposure.values.get(energy * n_other + at);
                let value = other.map.values.get(plane * n_other + at) * more * self.factor;
                let mut total = T::of((*cell).into() * own_exposure);
                if value.is_finite() && weights.is_none_or(|weights| weights[at]) {
                    total += T::of(value);
                }
                let counts = more.is_finite() && image.is_none_or(|image| image[at]);
                let mut sum = T::of(own_exposure);
                if counts {
                    sum += T::of(more);
                }
                let mean = total.into() / sum.into();
                *cell = T::of(if mean.is_nan() { 0.0 } else { mean });
            }
        }
    }
}
