//! Lists of pixels (types 2017, 2027, 2032).

use super::camera::pixel_count;
use crate::eventio::{Cursor, Object, ObjectError};

/// Pixels of one kind (type 2027, versions 0 and 1). The object's number is the telescope plus a million times
/// the kind. Pixels and their number are i2, in version 1 of variable length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PixelList {
    /// Kind: 0 triggered, 1 selected.
    pub code: i32,
    /// Telescope.
    pub telescope_id: i32,
    /// Pixels.
    pub pixels: Vec<i32>,
}

impl PixelList {
    /// Kind of the list.
    pub fn code_of(object: &Object<'_>) -> i32 {
        object.header.id / 1_000_000
    }

    /// Number of its pixels, without reading them.
    pub fn parse_len(object: &Object<'_>) -> Result<usize, ObjectError> {
        read_len(object, &mut object.cursor())
    }

    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        let mut c = object.cursor();
        let n = read_len(object, &mut c)?;
        let pixels = if object.header.version >= 1 {
            c.varints(n)?
        } else {
            c.i16s(n)?.into_iter().map(i32::from).collect()
        };
        let telescope_id = object.header.id % 1_000_000;
        Ok(PixelList { code: Self::code_of(object), telescope_id, pixels })
    }
}

fn read_len(object: &Object<'_>, c: &mut Cursor<'_>) -> Result<usize, ObjectError> {
    object.check_version("pixel list", &[0, 1])?;
    let what = "pixels of a list";
    if object.header.version >= 1 { c.varint_count(what) } else { c.short_count(what) }
}

/// Times at which pixels triggered (type 2032, version 0): f4 unit, number, pixels, times, of variable length.
#[derive(Debug, Clone, PartialEq)]
pub struct PixelTriggerTimes {
    /// Unit of times, in ns.
    pub time_step: f32,
    /// Pixels.
    pub pixel_ids: Vec<i32>,
    /// Times, in units.
    pub trigger_times: Vec<i32>,
}

impl PixelTriggerTimes {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("pixel trigger times", &[0])?;
        let mut c = object.cursor();
        let time_step = c.f32()?;
        let n = c.varint_count("times")?;
        let pixel_ids = c.varints(n)?;
        Ok(PixelTriggerTimes { time_step, pixel_ids, trigger_times: c.varints(n)? })
    }
}

/// Calibrated amplitudes (type 2017, version 0).
///
/// Pixels, method and kind of list of variable length. Kind 1: number and list of pixels of variable length, f2
/// amplitudes; -1: a byte per pixel, f2 amplitudes where it is not 0; 2: f2 amplitudes of all pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct PixelCalibrated {
    /// Telescope.
    pub telescope_id: i32,
    /// Method of integration.
    pub int_method: i64,
    /// Photo-electrons of each pixel; `None` where a pixel was not selected.
    pub pe: Vec<Option<f32>>,
}

impl PixelCalibrated {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("calibrated pixels", &[0])?;
        let mut c = object.cursor();
        let n = c.unsigned_varint_count("pixels")?;
        let n = pixel_count(&c, i64::try_from(n).unwrap_or(i64::MAX))?;
        let (int_method, kind) = (c.varint()?, c.varint()?);
        let mut pe = vec![None; n];
        let selected: Vec<usize> = match kind {
            1 => {
                let m = c.unsigned_varint_count("pixels of a list")?;
                c.at_least(m)?;
                (0..m).map(|_| c.unsigned_varint_count("pixel")).collect::<Result<_, _>>()?
            }
            -1 => {
                let flags = c.bytes(n)?;
                (0..n).filter(|&pixel| flags[pixel] != 0).collect()
            }
            2 => (0..n).collect(),
            _ => Vec::new(),
        };
        for (pixel, value) in selected.iter().zip(c.f16s(selected.len())?) {
            let slot = pe.get_mut(*pixel);
            *slot.ok_or_else(|| c.malformed(format!("pixel {pixel} of {n}")))? = Some(value);
        }
        Ok(PixelCalibrated { telescope_id: object.header.id, int_method, pe })
    }
}
