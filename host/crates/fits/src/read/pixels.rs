//! Pixels of a plain image from its bytes.

use crate::error::Place;
use crate::{Error, Header, Pixels};

/// How stored numbers become pixels.
#[derive(Debug)]
pub(super) struct Scale {
    bitpix: i64,
    scale: f64,
    zero: f64,
    blank: Option<i64>,
}

impl Scale {
    pub(super) fn of(cards: &Header, place: &Place) -> Result<Self, Error> {
        let real = |key, default| {
            let found = cards.real(key).map_err(|mismatch| mismatch.at(&place.path, &place.hdu))?;
            Ok::<f64, Error>(found.unwrap_or(default))
        };
        let integer =
            |key| cards.integer(key).map_err(|mismatch| mismatch.at(&place.path, &place.hdu));
        let bitpix = integer("BITPIX")?.unwrap_or(8);
        let blank = if bitpix > 0 { integer("BLANK")? } else { None };
        Ok(Scale { bitpix, scale: real("BSCALE", 1.0)?, zero: real("BZERO", 0.0)?, blank })
    }

    fn shifts(&self, by: f64) -> bool {
        self.scale == 1.0 && self.zero == by
    }

    /// Whether pixels are the stored numbers.
    pub(super) fn keeps_blank(&self) -> bool {
        self.shifts(0.0)
    }

    fn is_unsigned(&self) -> bool {
        match self.bitpix {
            8 => self.shifts(-128.0),
            16 => self.shifts(32768.0),
            32 => self.shifts(2147483648.0),
            64 => self.shifts(9223372036854775808.0),
            _ => false,
        }
    }

    /// Bytes of the pixels in memory.
    pub(super) fn bytes(&self, stored: u64) -> u64 {
        if self.keeps_blank() || self.is_unsigned() {
            return stored;
        }
        (stored / (self.bitpix.unsigned_abs() / 8)).saturating_mul(8)
    }

    pub(super) fn pixels(&self, bytes: &[u8], place: &Place) -> Result<Pixels, Error> {
        macro_rules! numbers {
            ($type:ty) => {
                bytes.as_chunks().0.iter().map(|bytes| <$type>::from_be_bytes(*bytes))
            };
        }
        let (scale, zero, blank) = (self.scale, self.zero, self.blank);
        let real = |value: i64| {
            let value = if blank == Some(value) { f64::NAN } else { value as f64 };
            value * scale + zero
        };
        let (plain, unsigned) = (self.keeps_blank(), self.is_unsigned());
        Ok(match self.bitpix {
            8 if plain => Pixels::U8(bytes.to_vec()),
            8 if unsigned => Pixels::I8(bytes.iter().map(|value| (value ^ 0x80) as i8).collect()),
            8 => Pixels::F64(bytes.iter().map(|value| real(i64::from(*value))).collect()),
            16 if plain => Pixels::I16(numbers!(i16).collect()),
            16 if unsigned => Pixels::U16(numbers!(u16).map(|value| value ^ 1 << 15).collect()),
            16 => Pixels::F64(numbers!(i16).map(|value| real(i64::from(value))).collect()),
            32 if plain => Pixels::I32(numbers!(i32).collect()),
            32 if unsigned => Pixels::U32(numbers!(u32).map(|value| value ^ 1 << 31).collect()),
            32 => Pixels::F64(numbers!(i32).map(|value| real(i64::from(value))).collect()),
            64 if plain => Pixels::I64(numbers!(i64).collect()),
            64 if unsigned => match super::cells::unsigned(numbers!(i64).collect(), "") {
                Ok(crate::Cells::I64(values)) => Pixels::I64(values),
                _ => return Err(place.unsupported("unsigned numbers of 2^63 and more")),
            },
            64 => Pixels::F64(numbers!(i64).map(real).collect()),
            -32 if plain => Pixels::F32(numbers!(f32).collect()),
            -32 => {
                Pixels::F64(numbers!(f32).map(|value| f64::from(value) * scale + zero).collect())
            }
            _ if plain => Pixels::F64(numbers!(f64).collect()),
            _ => Pixels::F64(numbers!(f64).map(|value| value * scale + zero).collect()),
        })
    }
}
