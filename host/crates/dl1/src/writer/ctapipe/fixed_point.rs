//! Images and times as whole numbers: times a scale, rounded, plus an offset.
//!
//! Three numbers of the type mean something else: of signed types the smallest is −∞, the next is not a
//! number, the largest is ∞; of unsigned types the three largest are −∞, not a number and ∞. What does not fit
//! between becomes infinite.

use tierline_h5::pytables::Value;
use tierline_table::DType;

use crate::Error;
use crate::writer::Row;

/// How numbers are turned into whole ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FixedPoint {
    dtype: DType,
    scale: f64,
    offset: i64,
    /// Smallest and largest number that stand for themselves.
    range: [i64; 2],
    /// −∞, not a number, ∞.
    special: [i64; 3],
}

impl FixedPoint {
    /// Charges in tenths of a photo-electron, of 4 bytes: ctapipe's default.
    pub const IMAGE: FixedPoint = Self::signed(DType::I32, i32::MIN as i64, 10.0, 0);
    /// Times in hundredths of a nanosecond, of 2 bytes: ctapipe's default.
    pub const PEAK_TIME: FixedPoint = Self::signed(DType::I16, i16::MIN as i64, 100.0, 0);

    const fn signed(dtype: DType, least: i64, scale: f64, offset: i64) -> Self {
        let most = -(least + 1);
        let (range, special) = ([least + 2, most - 1], [least, least + 1, most]);
        FixedPoint { dtype, scale, offset, range, special }
    }

    const fn unsigned(dtype: DType, most: i64, scale: f64, offset: i64) -> Self {
        FixedPoint {
            dtype,
            scale,
            offset,
            range: [0, most - 3],
            special: [most - 2, most - 1, most],
        }
    }

    /// Numbers of 1, 2 or 4 bytes, by NumPy's name of their type, for example `int16` or `uint8`.
    pub fn new(dtype: &str, scale: f64, offset: i64) -> Result<Self, Error> {
        if scale == 0.0 || !scale.is_finite() {
            return Err(Error::parameter("scale", format!("{scale} is no scale")));
        }
        Ok(match dtype {
            "int8" => Self::signed(DType::I8, i8::MIN.into(), scale, offset),
            "int16" => Self::signed(DType::I16, i16::MIN.into(), scale, offset),
            "int32" => Self::signed(DType::I32, i32::MIN.into(), scale, offset),
            "uint8" => Self::unsigned(DType::U8, u8::MAX.into(), scale, offset),
            "uint16" => Self::unsigned(DType::U16, u16::MAX.into(), scale, offset),
            "uint32" => Self::unsigned(DType::U32, u32::MAX.into(), scale, offset),
            other => {
                let reason = format!("{other} is none of int8, int16, int32 and their uint");
                return Err(Error::parameter("dtype", reason));
            }
        })
    }

    /// Type of the numbers in the file.
    pub(super) fn dtype(&self) -> DType {
        self.dtype
    }

    /// Attributes that tell how, without what they begin with.
    pub(super) fn values(&self) -> [(&'static str, Value); 7] {
        let [negative, nan, positive] = self.special;
        [
            ("TRANSFORM", "fixed_point".into()),
            ("TRANSFORM_SCALE", self.scale.into()),
            ("TRANSFORM_DTYPE", "float32".into()),
            ("TRANSFORM_OFFSET", self.offset.into()),
            ("NAN_VALUE", nan.into()),
            ("POSINF_VALUE", positive.into()),
            ("NEGINF_VALUE", negative.into()),
        ]
    }

    /// Appends numbers to a row.
    pub(super) fn put(&self, row: &mut Row, values: &[f32]) {
        let size = self.dtype.size();
        for value in values {
            row.bytes(&self.turned(*value).to_le_bytes()[..size]);
        }
    }

    fn turned(&self, value: f32) -> i64 {
        let scaled = (value * self.scale as f32).round_ties_even() + self.offset as f32;
        let [least, most] = self.range.map(|end| end as f64);
        match f64::from(scaled) {
            scaled if scaled.is_nan() => self.special[1],
            scaled if scaled < least => self.special[0],
            scaled if scaled > most => self.special[2],
            scaled => scaled as i64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_even_and_kept_in_range() {
        let signed = FixedPoint::new("int8", 10.0, 1).unwrap();
        let turned = |fixed: FixedPoint, values: &[f32]| -> Vec<i64> {
            values.iter().map(|value| fixed.turned(*value)).collect()
        };
        let values = [0.0, 0.25, 0.35, -1.0, 12.5, 12.6, -12.7, -12.8, f32::NAN, f32::INFINITY];
        assert_eq!(turned(signed, &values), [1, 3, 5, -9, 126, 127, -126, -128, -127, 127]);
        let unsigned = FixedPoint::new("uint8", 1.0, 0).unwrap();
        let values = [0.0, -0.4, -1.0, 252.0, 253.0, f32::NAN, f32::NEG_INFINITY];
        assert_eq!(turned(unsigned, &values), [0, 0, 253, 252, 255, 254, 253]);
        assert!(FixedPoint::new("float32", 1.0, 0).is_err());
        assert!(FixedPoint::new("int8", 0.0, 0).is_err());
        assert_eq!(FixedPoint::new("int16", 100.0, 0).unwrap(), FixedPoint::PEAK_TIME);
        let mut row = Row::default();
        FixedPoint::PEAK_TIME.put(&mut row, &[1.5, -0.01]);
        assert_eq!(row.0, [150, 0, 255, 255]);
    }
}
