//! Values of a map between its pixels, on other geometries.

use tierline_sky::{MapAxis, SkyCoord, WcsGeom};

use crate::Error;
use crate::geom::Geom;
use crate::map::{Map, n_planes};
use crate::unit;

/// Two neighbours along one dimension: the first, how far the second is in the data, and its weight, which may be below 0 or above 1:
/// beyond the middle of the first and last pixel is extrapolated.
#[derive(Debug, Clone, Copy)]
struct Pair {
    low: usize,
    step: usize,
    weight: f64,
}

/// The neighbours of a pixel coordinate; `None` outside of all pixels.
fn pair(at: f64, n: usize) -> Option<Pair> {
    let nearest = (at + 0.5).floor();
    if !(nearest >= 0.0 && nearest < n as f64) {
        return None;
    }
    if n == 1 {
        return Some(Pair { low: 0, step: 0, weight: 0.0 });
    }
    let low = ((at.ceil() - 1.0).max(0.0) as usize).min(n - 2);
    Some(Pair { low, step: 1, weight: at - low as f64 })
}

/// The four neighbours of a position in a plane, with their weights.
type Corners = [(usize, f64); 4];

impl Map {
    /// Values at the centres of another geometry, in its order, by linear interpolation between pixels and bins of all axes; 0 outside.
    /// What is no number counts as 0. The geometries have axes of the same names, in any order and units.
    ///
    /// # Errors
    /// Where this map is none of an image, or an axis is in one of them only.
    pub fn interp_to_geom(&self, geom: &Geom) -> Result<Vec<f64>, Error> {
        self.interp(geom, &|value, _| value)
    }

    /// As [`interp_to_geom`](Self::interp_to_geom) for values that are sums over pixels, such as counts: their density is interpolated
    /// and multiplied with the solid angles of the new pixels. The first axes must be the same, as bins are not split.
    ///
    /// # Errors
    /// As there, and where first axes differ.
    pub fn interp_counts_to_geom(&self, geom: &Geom) -> Result<Vec<f64>, Error> {
        let same = match (self.geom.axes().first(), geom.axes().first()) {
            (Some(own), Some(other)) => own.is_close(other),
            (_, other) => other.is_none(),
        };
        if !same {
            let reason = "counts can only be resampled to the same axis of energy";
            return Err(Error::parameter("background map", reason));
        }
        let own = self.geom.solid_angle()?;
        let mut values = self.interp(geom, &|value, pixel| value / own[pixel])?;
        let omega = geom.solid_angle()?;
        for plane in values.chunks_exact_mut(omega.len().max(1)) {
            plane.iter_mut().zip(&omega).for_each(|(value, omega)| *value *= omega);
        }
        Ok(values)
    }

    fn interp(&self, geom: &Geom, of: &dyn Fn(f64, usize) -> f64) -> Result<Vec<f64>, Error> {
        let Geom::Wcs(own) = &self.geom else {
            return Err(Error::unsupported("interpolation", "of a map that is no image"));
        };
        let n_own = own.n_image_pixels();
        let has_any = (0..self.values.len()).any(|at| self.values.get(at).is_finite());
        let value = |at: usize| {
            let value = of(self.values.get(at), at % n_own);
            if value.is_finite() || !has_any { value } else { 0.0 }
        };
        let source: Vec<f64> = (0..self.values.len()).map(value).collect();
        let corners = corners(own, geom)?;
        let bins = planes(own.axes(), geom.axes())?;
        let n = corners.len();
        let mut values = vec![0.0; n_planes(geom) * n];
        for (plane, cells) in bins.into_iter().zip(values.chunks_exact_mut(n.max(1))) {
            for (start, weight) in plane.into_iter().filter(|(_, weight)| *weight != 0.0) {
                let source = &source[start * n_own..(start + 1) * n_own];
                for (cell, corners) in cells.iter_mut().zip(&corners) {
                    let Some(corners) = corners else { continue };
                    let sum: f64 = corners.iter().map(|(at, weight)| source[*at] * weight).sum();
                    *cell += weight * sum;
                }
            }
        }
        values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = 0.0);
        Ok(values)
    }
}

/// The neighbours in an image of the positions of a geometry; `None` outside.
fn corners(own: &WcsGeom, geom: &Geom) -> Result<Vec<Option<Corners>>, Error> {
    let [ny, nx] = own.image_shape();
    let (lon, lat) = geom.coords()?;
    let corner = |(lon, lat): (f64, f64)| {
        let [x, y] = own.wcs().coord_to_pix(&SkyCoord::new(lon, lat, geom.frame()))?;
        let (x, y) = (pair(x, nx)?, pair(y, ny)?);
        let place = |dy: usize, dx: usize| {
            let weight =
                |pair: Pair, second| if second == 1 { pair.weight } else { 1.0 - pair.weight };
            let at = (y.low + dy * y.step) * nx + x.low + dx * x.step;
            (at, weight(y, dy) * weight(x, dx))
        };
        Some([place(0, 0), place(0, 1), place(1, 0), place(1, 1)])
    };
    Ok(lon.into_iter().zip(lat).map(corner).collect())
}

/// For each plane of the new axes the planes of the own ones between which it lies, with their weights; none outside.
fn planes(own: &[MapAxis], new: &[MapAxis]) -> Result<Vec<Vec<(usize, f64)>>, Error> {
    let names = |axes: &[MapAxis]| axes.iter().map(|axis| axis.name().to_owned()).collect();
    let (own_names, new_names): (Vec<String>, Vec<String>) = (names(own), names(new));
    let is_same =
        own_names.len() == new_names.len() && own_names.iter().all(|name| new_names.contains(name));
    if !is_same {
        let reason = format!("a map with axes {own_names:?} for a geometry with {new_names:?}");
        return Err(Error::parameter("interpolation", reason));
    }
    let mut all = Vec::new();
    for (place, axis) in own.iter().enumerate() {
        let at = new_names.iter().position(|name| *name == own_names[place]).unwrap_or(place);
        let scale = unit::factor(new[at].unit(), axis.unit())?;
        let pix = |value: f64| pair(axis.coord_to_pix(value * scale), axis.n_bins());
        all.push((at, new[at].centers().into_iter().map(pix).collect::<Vec<_>>()));
    }
    let n: usize = new.iter().map(MapAxis::n_bins).product();
    Ok((0..n).map(|plane| around(plane, own, new, &all).unwrap_or_default()).collect())
}

/// The own planes around a new one; `None` outside.
fn around(
    plane: usize,
    own: &[MapAxis],
    new: &[MapAxis],
    pairs: &[(usize, Vec<Option<Pair>>)],
) -> Option<Vec<(usize, f64)>> {
    let mut found = vec![(0, 1.0)];
    let mut step = 1;
    for (axis, (at, pairs)) in own.iter().zip(pairs) {
        let before: usize = new[..*at].iter().map(MapAxis::n_bins).product();
        let bin = plane / before % new[*at].n_bins();
        let Pair { low, step: next, weight } = pairs[bin]?;
        let mut more = Vec::with_capacity(2 * found.len());
        for (start, product) in found {
            more.push((start + low * step, product * (1.0 - weight)));
            more.push((start + (low + next) * step, product * weight));
        }
        found = more;
        step *= axis.n_bins();
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use tierline_sky::{Frame, Interp, Projection, Size};

    use super::*;

    fn axis(name: &str, unit: &str, bounds: [f64; 2], bins: usize) -> MapAxis {
        MapAxis::from_bounds(name, unit, Interp::Log, bounds, bins).unwrap()
    }

    fn geom(width: f64, binsz: f64, axes: Vec<MapAxis>) -> Geom {
        let (center, size) = (SkyCoord::icrs(83.6, 22.0), Size::Width([width; 2]));
        let frame = Frame::Icrs;
        let geom = WcsGeom::create(&center, size, [binsz; 2], Projection::Tan, frame, axes);
        Geom::Wcs(geom.unwrap())
    }

    /// A map that is linear in all pixel coordinates.
    fn linear(geom: Geom) -> Map {
        let Geom::Wcs(own) = &geom else { panic!() };
        let [ny, nx] = own.image_shape();
        let bins: Vec<usize> = geom.axes().iter().map(MapAxis::n_bins).collect();
        let value = |at: usize| {
            let (x, y, plane) = (at % nx, at / nx % ny, at / nx / ny);
            let (a, b) = (plane % bins[0], plane / bins[0]);
            1.0 + x as f64 + 10.0 * y as f64 + 100.0 * a as f64 + 1000.0 * b as f64
        };
        let n = crate::map::n_cells(&geom);
        Map::new(geom.clone(), "", (0..n).map(value).collect()).unwrap()
    }

    /// Pixel coordinates have rounding errors.
    fn near(found: &[f64], wanted: &[f64]) {
        assert_eq!(found.len(), wanted.len());
        let mut pairs = found.iter().zip(wanted);
        assert!(pairs.all(|(a, b)| (a - b).abs() < 1e-8), "they differ");
    }

    #[test]
    fn linear_maps_stay_so() {
        let axes =
            vec![axis("energy_true", "TeV", [1.0, 100.0], 4), axis("rad", "deg", [0.1, 1.0], 2)];
        let map = linear(geom(2.0, 0.25, axes.clone()));
        near(&map.interp_to_geom(&map.geom).unwrap(), &map.values.to_f64());
        // Half the pixels, half the bins, axes turned round, energies in another unit.
        let finer =
            vec![axis("rad", "deg", [0.1, 1.0], 4), axis("energy_true", "GeV", [1e3, 1e5], 8)];
        let fine = geom(2.0, 0.125, finer);
        let found = map.interp_to_geom(&fine).unwrap();
        for (at, value) in found.into_iter().enumerate() {
            let (x, y, plane) = (at % 16, at / 16 % 16, at / 256);
            let half = |k: usize| (k as f64 - 0.5) / 2.0;
            let wanted =
                1.0 + half(x) + 10.0 * half(y) + 100.0 * half(plane / 4) + 1000.0 * half(plane % 4);
            // Nearly: two tangential planes with one centre are the same.
            assert!((value - wanted).abs() < 1e-6, "{at}: {value} for {wanted}");
        }
    }

    #[test]
    fn nothing_is_outside() {
        let axes = vec![axis("energy", "TeV", [1.0, 10.0], 1), axis("rad", "deg", [0.1, 1.0], 2)];
        let map = linear(geom(1.0, 0.5, axes));
        let wide = vec![axis("energy", "TeV", [0.01, 10.0], 3), axis("rad", "deg", [0.1, 1.0], 2)];
        let found = map.interp_to_geom(&geom(3.0, 0.5, wide)).unwrap();
        let set = found.iter().filter(|value| **value != 0.0).count();
        assert_eq!((found.len(), set), (36 * 6, 4 * 2));
        for axes in [vec![axis("energy", "TeV", [1.0, 10.0], 1)], Vec::new()] {
            assert!(map.interp_to_geom(&geom(1.0, 0.5, axes)).is_err());
        }
        let other = vec![axis("energy", "TeV", [1.0, 10.0], 1), axis("migra", "", [0.1, 1.0], 2)];
        assert!(map.interp_to_geom(&geom(1.0, 0.5, other)).is_err());
    }

    #[test]
    fn gaps_count_as_nothing() {
        let mut map = linear(geom(
            1.0,
            0.5,
            vec![axis("energy", "TeV", [1.0, 10.0], 1), axis("rad", "deg", [0.1, 1.0], 1)],
        ));
        map.values = crate::map::MapValues::F64(vec![f64::NAN, 2.0, 4.0, 6.0]);
        near(&map.interp_to_geom(&map.geom).unwrap(), &[0.0, 2.0, 4.0, 6.0]);
        map.values = crate::map::MapValues::F64(vec![f64::NAN; 4]);
        assert_eq!(map.interp_to_geom(&map.geom).unwrap(), [0.0; 4]);
    }

    #[test]
    fn counts_are_kept() {
        let axes = || vec![axis("energy", "TeV", [1.0, 10.0], 2)];
        let coarse = geom(4.0, 0.5, axes());
        let omega = coarse.solid_angle().unwrap();
        let values: Vec<f64> = omega.iter().chain(&omega).map(|omega| omega * 1e6).collect();
        let map = Map::new(coarse, "", values).unwrap();
        let fine = map.interp_counts_to_geom(&geom(4.0, 0.125, axes())).unwrap();
        let (sum, wanted) = (fine.iter().sum::<f64>(), map.sum());
        assert!((sum / wanted - 1.0).abs() < 1e-3, "{sum} for {wanted}");
        let other = vec![axis("energy", "TeV", [1.0, 11.0], 2)];
        assert!(map.interp_counts_to_geom(&geom(4.0, 0.125, other)).is_err());
        assert!(map.interp_counts_to_geom(&geom(4.0, 0.125, Vec::new())).is_err());
    }
}
