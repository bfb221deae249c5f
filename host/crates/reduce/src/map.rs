//! Maps: values over a geometry.

use tierline_sky::geom::Window;
use tierline_sky::{MapAxis, SkyCoord, WcsGeom};

use crate::Error;
use crate::geom::Geom;

/// Values of a map in the type they are kept in.
#[derive(Debug, Clone, PartialEq)]
pub enum MapValues {
    /// 4 bytes: counts, and everything that was stacked.
    F32(Vec<f32>),
    /// 8 bytes: what was computed for one observation.
    F64(Vec<f64>),
}

impl MapValues {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            MapValues::F32(values) => values.len(),
            MapValues::F64(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them.
    #[inline]
    pub fn get(&self, at: usize) -> f64 {
        match self {
            MapValues::F32(values) => f64::from(values[at]),
            MapValues::F64(values) => values[at],
        }
    }

    /// All in 8 bytes.
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            MapValues::F32(values) => values.iter().map(|value| f64::from(*value)).collect(),
            MapValues::F64(values) => values.clone(),
        }
    }
}

/// A number that maps are kept in.
pub(crate) trait Number: Copy + Into<f64> + std::ops::AddAssign {
    /// Rounded to this type.
    fn of(value: f64) -> Self;
}

impl Number for f32 {
    #[inline]
    fn of(value: f64) -> Self {
        value as f32
    }
}

impl Number for f64 {
    #[inline]
    fn of(value: f64) -> Self {
        value
    }
}

/// A map: a value for every cell of a geometry.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// Geometry.
    pub geom: Geom,
    /// Unit of the values; empty for numbers.
    pub unit: String,
    /// The values, in C order of the geometry's shape.
    pub values: MapValues,
}

/// A yes or no for every cell of a geometry.
#[derive(Debug, Clone, PartialEq)]
pub struct Mask {
    /// Geometry.
    pub geom: Geom,
    /// The values, in C order of the geometry's shape.
    pub values: Vec<bool>,
}

/// Which cells of a map that is stacked count.
#[derive(Debug, Clone, Copy)]
pub enum Weights<'a> {
    /// All.
    All,
    /// Those that are set, of all.
    Cells(&'a [bool]),
    /// Those whose pixel of the image is set.
    Image(&'a [bool]),
}

impl Weights<'_> {
    #[inline]
    pub(crate) fn row(&self, start: usize, n_image: usize, n: usize) -> Option<&[bool]> {
        match self {
            Weights::All => None,
            Weights::Cells(cells) => Some(&cells[start..start + n]),
            Weights::Image(image) => Some(&image[start % n_image..][..n]),
        }
    }
}

/// Cells of a geometry: planes times pixels of the image.
pub fn n_cells(geom: &Geom) -> usize {
    n_planes(geom) * geom.n_image_pixels()
}

/// Planes of a geometry: the product of its axes' bins.
pub fn n_planes(geom: &Geom) -> usize {
    geom.axes().iter().map(MapAxis::n_bins).product()
}

/// The axis of a name.
///
/// # Errors
/// Where there is none.
pub fn axis<'a>(geom: &'a Geom, name: &str) -> Result<&'a MapAxis, Error> {
    let found = geom.axes().iter().find(|axis| axis.name().eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let names: Vec<_> = geom.axes().iter().map(MapAxis::name).collect();
        Error::parameter(format!("axis {name}"), format!("the geometry has {names:?}"))
    })
}

/// The rows of pixels that two images have in common: for each, the first pixel here and there and how many.
///
/// # Errors
/// Where one is no cutout of the other.
pub(crate) fn common_rows(
    what: &str,
    here: &Geom,
    there: &Geom,
) -> Result<Vec<(usize, usize, usize)>, Error> {
    let refuse =
        || Error::parameter(what, "the images are neither equal nor cutouts of each other");
    match (here, there) {
        (Geom::Wcs(here), Geom::Wcs(there)) => {
            let (own, other) = here.overlap(there).ok_or_else(refuse)?;
            Ok(window_rows(&own, &other, here, there))
        }
        (Geom::Region(a), Geom::Region(b)) if a.is_close(b) => Ok(vec![(0, 0, 1)]),
        (Geom::Hpx(a), Geom::Hpx(b)) => {
            let (a, b) = (a.with_axes(Vec::new())?, b.with_axes(Vec::new())?);
            if a.is_close(&b) { Ok(vec![(0, 0, here.n_image_pixels())]) } else { Err(refuse()) }
        }
        _ => Err(refuse()),
    }
}

fn window_rows(
    own: &Window,
    other: &Window,
    here: &WcsGeom,
    there: &WcsGeom,
) -> Vec<(usize, usize, usize)> {
    let ([_, nx], [_, there_nx]) = (here.image_shape(), there.image_shape());
    let ys = own[0].clone().zip(other[0].clone());
    ys.map(|(y, other_y)| {
        (y * nx + own[1].start, other_y * there_nx + other[1].start, own[1].len())
    })
    .collect()
}

impl Map {
    /// A map of zeros in 4 bytes.
    pub fn zeros(geom: Geom, unit: &str) -> Self {
        let values = MapValues::F32(vec![0.0; n_cells(&geom)]);
        Map { geom, unit: unit.into(), values }
    }

    /// A map of values in 8 bytes.
    ///
    /// # Errors
    /// Where there isn't a value per cell.
    pub fn new(geom: Geom, unit: &str, values: Vec<f64>) -> Result<Self, Error> {
        check_len("map", &geom, values.len())?;
        Ok(Map { geom, unit: unit.into(), values: MapValues::F64(values) })
    }

    /// Sum of all values, in 8 bytes.
    pub fn sum(&self) -> f64 {
        match &self.values {
            MapValues::F32(values) => values.iter().map(|value| f64::from(*value)).sum(),
            MapValues::F64(values) => values.iter().sum(),
        }
    }

    /// Values of a cell nearest to a position, one per plane; NaN outside. Those of a region are its own, wherever the position is.
    pub fn at_nearest(&self, position: &SkyCoord) -> Vec<f64> {
        let n = self.geom.n_image_pixels();
        let pixel = match &self.geom {
            Geom::Region(_) => Some(0),
            geom => geom.image_index(position),
        };
        let value =
            |plane: usize| pixel.map_or(f64::NAN, |pixel| self.values.get(plane * n + pixel));
        (0..n_planes(&self.geom)).map(value).collect()
    }

    /// Adds another map of the same or a part of this image, in this map's type. What is no number counts as 0.
    ///
    /// # Errors
    /// Where the axes differ, or the images are not aligned.
    pub fn stack(&mut self, other: &Map, factor: f64, weights: Weights<'_>) -> Result<(), Error> {
        let rows = stackable("map", &self.geom, &other.geom)?;
        let sizes = (self.geom.n_image_pixels(), other.geom.n_image_pixels());
        match (&mut self.values, &other.values) {
            (MapValues::F32(own), MapValues::F32(other)) => {
                add(own, other, factor, weights, &rows, sizes)
            }
            (MapValues::F32(own), MapValues::F64(other)) => {
                add(own, other, factor, weights, &rows, sizes)
            }
            (MapValues::F64(own), MapValues::F32(other)) => {
                add(own, other, factor, weights, &rows, sizes)
            }
            (MapValues::F64(own), MapValues::F64(other)) => {
                add(own, other, factor, weights, &rows, sizes)
            }
        }
        Ok(())
    }
}

/// The rows that two maps share, whose axes must be the same.
pub(crate) fn stackable(
    what: &str,
    here: &Geom,
    there: &Geom,
) -> Result<Vec<(usize, usize, usize)>, Error> {
    let (a, b) = (here.axes(), there.axes());
    if a.len() != b.len() || !a.iter().zip(b).all(|(a, b)| a.is_close(b)) {
        return Err(Error::parameter(what, "maps with other axes can't be stacked"));
    }
    common_rows(what, here, there)
}

fn add<A: Number, B: Number>(
    own: &mut [A],
    other: &[B],
    factor: f64,
    weights: Weights<'_>,
    rows: &[(usize, usize, usize)],
    (n_own, n_other): (usize, usize),
) {
    let planes = own.chunks_exact_mut(n_own.max(1)).zip(other.chunks_exact(n_other.max(1)));
    for (plane, (own, other)) in planes.enumerate() {
        for &(here, there, n) in rows {
            let (own, other) = (&mut own[here..here + n], &other[there..there + n]);
            let value = |value: B| {
                let value = A::of(value.into() * factor);
                if value.into().is_finite() { value } else { A::of(0.0) }
            };
            match weights.row(plane * n_other + there, n_other, n) {
                None => own.iter_mut().zip(other).for_each(|(own, other)| *own += value(*other)),
                Some(weights) => {
                    for ((own, other), weight) in own.iter_mut().zip(other).zip(weights) {
                        *own += if *weight { value(*other) } else { A::of(0.0) };
                    }
                }
            }
        }
    }
}

fn check_len(what: &str, geom: &Geom, found: usize) -> Result<(), Error> {
    if found == n_cells(geom) {
        return Ok(());
    }
    let reason = format!("{found} values for {} cells", n_cells(geom));
    Err(Error::parameter(what, reason))
}

impl Mask {
    /// A mask with one value everywhere.
    pub fn filled(geom: Geom, value: bool) -> Self {
        let values = vec![value; n_cells(&geom)];
        Mask { geom, values }
    }

    /// A mask of these values.
    ///
    /// # Errors
    /// Where there isn't a value per cell.
    pub fn new(geom: Geom, values: Vec<bool>) -> Result<Self, Error> {
        check_len("mask", &geom, values.len())?;
        Ok(Mask { geom, values })
    }

    /// Whether any cell is set.
    pub fn any(&self) -> bool {
        self.values.iter().any(|set| *set)
    }

    /// How many cells are set.
    pub fn count(&self) -> usize {
        self.values.iter().filter(|set| **set).count()
    }

    /// The pixels of the image that are set in any plane.
    pub fn image(&self) -> Vec<bool> {
        let n = self.geom.n_image_pixels();
        let mut image = vec![false; n];
        for plane in self.values.chunks_exact(n.max(1)) {
            for (any, set) in image.iter_mut().zip(plane) {
                *any |= *set;
            }
        }
        image
    }

    /// Sets what is set in another mask of the same or a part of this image.
    ///
    /// # Errors
    /// As [`Map::stack`].
    pub fn stack(&mut self, other: &Mask) -> Result<(), Error> {
        let rows = stackable("mask", &self.geom, &other.geom)?;
        let (n_own, n_other) = (self.geom.n_image_pixels(), other.geom.n_image_pixels());
        let planes = self.values.chunks_exact_mut(n_own.max(1));
        for (own, other) in planes.zip(other.values.chunks_exact(n_other.max(1))) {
            for &(here, there, n) in &rows {
                let pairs = own[here..here + n].iter_mut().zip(&other[there..there + n]);
                pairs.for_each(|(own, other)| *own |= *other);
            }
        }
        Ok(())
    }
}
