//! The correction of one image.

use tierline_table::DType;

use crate::image::Pixels;

/// Flat fields: images of the beam alone.
#[derive(Debug, Clone, PartialEq)]
pub enum Flats {
    /// One for all images.
    One(Vec<f32>),
    /// Two, between which is interpolated by the index of the image; beyond them the nearer one counts.
    Two {
        /// The flat field at the first index.
        first: Vec<f32>,
        /// The flat field at the second index.
        second: Vec<f32>,
        /// Both indices.
        at: (f64, f64),
    },
}

/// Dark field, flat fields, and what is put where the correction is no number.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    /// The image without beam.
    pub dark: Vec<f32>,
    /// The images of the beam alone.
    pub flats: Flats,
    /// What stands for infinities and NaN in the result; they are kept if there is nothing.
    pub fill: Option<f32>,
}

/// An image that was corrected.
#[derive(Debug, Clone, PartialEq)]
pub struct Corrected {
    /// The elements, `f32`, little-endian.
    pub data: Vec<u8>,
    /// Pixels where flat and dark field are equal.
    pub zeros: u64,
}

impl Correction {
    /// `(raw - dark) / (flat - dark)`: everything is cast to `f32` first and computed in it; between two
    /// flat fields is interpolated in `f64`, `flat = first (1 - c) + second c` with
    /// `c = (index - first index) / (second index - first index)` between 0 and 1.
    ///
    /// The image has as many pixels as the dark field: surplus ones are left out.
    pub fn apply(&self, raw: &Pixels, index: f64) -> Corrected {
        match raw.dtype {
            DType::Bool | DType::U8 => self.each(raw, index, |[b]: [u8; 1]| f32::from(b)),
            DType::I8 => self.each(raw, index, |[b]: [u8; 1]| f32::from(b as i8)),
            DType::U16 => self.each(raw, index, |b| f32::from(u16::from_le_bytes(b))),
            DType::I16 => self.each(raw, index, |b| f32::from(i16::from_le_bytes(b))),
            DType::U32 => self.each(raw, index, |b| u32::from_le_bytes(b) as f32),
            DType::I32 => self.each(raw, index, |b| i32::from_le_bytes(b) as f32),
            DType::U64 => self.each(raw, index, |b| u64::from_le_bytes(b) as f32),
            DType::I64 => self.each(raw, index, |b| i64::from_le_bytes(b) as f32),
            DType::F32 => self.each(raw, index, f32::from_le_bytes),
            DType::F64 => self.each(raw, index, |b| f64::from_le_bytes(b) as f32),
            DType::Text(_) => Corrected { data: Vec::new(), zeros: 0 },
        }
    }

    fn each<const N: usize>(
        &self,
        raw: &Pixels,
        index: f64,
        number: impl Fn([u8; N]) -> f32,
    ) -> Corrected {
        let (raw, _) = raw.data.as_chunks::<N>();
        let raw = raw.iter().map(|bytes| number(*bytes)).zip(&self.dark);
        let mut data = vec![0; 4 * raw.len()];
        let (out, _) = data.as_chunks_mut::<4>();
        let mut zeros = 0;
        let mut put = |out: &mut [u8; 4], raw: f32, dark: f32, flat: f32| {
            let below = flat - dark;
            zeros += u64::from(below == 0.0);
            *out = ((raw - dark) / below).to_le_bytes();
        };
        match &self.flats {
            Flats::One(flat) => {
                for ((out, (raw, dark)), flat) in out.iter_mut().zip(raw).zip(flat) {
                    put(out, raw, *dark, *flat);
                }
            }
            Flats::Two { first, second, at } => {
                let c = ((index - at.0) / (at.1 - at.0)).clamp(0.0, 1.0);
                let flats = first.iter().zip(second);
                for ((out, (raw, dark)), (first, second)) in out.iter_mut().zip(raw).zip(flats) {
                    let flat = f64::from(*first) * (1.0 - c) + f64::from(*second) * c;
                    put(out, raw, *dark, flat as f32);
                }
            }
        }
        if let Some(fill) = self.fill {
            for value in data.as_chunks_mut::<4>().0 {
                if !f32::from_le_bytes(*value).is_finite() {
                    *value = fill.to_le_bytes();
                }
            }
        }
        Corrected { data, zeros }
    }
}

/// An image as `f32`.
pub fn plane(pixels: Pixels) -> Vec<f32> {
    let pixels = pixels.cast(DType::F32);
    pixels.data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(values: &[u16]) -> Pixels {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Pixels { dtype: DType::U16, shape: vec![values.len()], data }
    }

    fn floats(data: &[u8]) -> Vec<f32> {
        data.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
    }

    #[test]
    fn dark_and_flat() {
        let flats = Flats::One(vec![10.0, 10.0, 5.0, 5.0]);
        let mut correction = Correction { dark: vec![0.0, 5.0, 5.0, 5.0], flats, fill: None };
        let raw = pixels(&[5, 4, 6, 5]);
        let done = correction.apply(&raw, 0.0);
        assert_eq!(done.zeros, 2);
        let have = floats(&done.data);
        assert_eq!(have[..3], [0.5, -0.2, f32::INFINITY]);
        assert!(have[3].is_nan());
        correction.fill = Some(-1.0);
        assert_eq!(floats(&correction.apply(&raw, 0.0).data), [0.5, -0.2, -1.0, -1.0]);
    }

    #[test]
    fn the_flat_field_is_between_two() {
        let flats = Flats::Two { first: vec![10.0], second: vec![20.0], at: (100.0, 200.0) };
        let correction = Correction { dark: vec![0.0], flats, fill: None };
        for (index, want) in [(0.0, 1.5), (100.0, 1.5), (150.0, 1.0), (200.0, 0.75), (900.0, 0.75)]
        {
            assert_eq!(floats(&correction.apply(&pixels(&[15]), index).data), [want], "{index}");
        }
    }
}
