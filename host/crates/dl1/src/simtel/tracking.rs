//! Pointing (types 2007, 2008, and 2100… by telescope).

use super::kind;
use crate::eventio::{Object, ObjectError};
use crate::instrument::TelId;

/// Correction of pointing (type 2007, version 0): i4 function, i4 number, f4 parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct PointingCorrection {
    /// Function.
    pub function_type: i32,
    /// Its parameters.
    pub parameters: Vec<f32>,
}

impl PointingCorrection {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("pointing correction", &[0])?;
        let mut c = object.cursor();
        let function_type = c.i32()?;
        let n = c.count("parameters")?;
        Ok(PointingCorrection { function_type, parameters: c.f32s(n)? })
    }
}

/// Settings of the drive (type 2008, version 0): two i2 kinds, then f4 numbers, each for azimuth and altitude.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackingSetup {
    /// Kinds of the drives.
    pub drive_type: [i16; 2],
    /// Zero points, in rad.
    pub zeropoint: [f32; 2],
    /// Senses.
    pub sign: [f32; 2],
    /// Resolutions, in rad.
    pub resolution: [f32; 2],
    /// Lower ends, in rad.
    pub range_low: [f32; 2],
    /// Upper ends, in rad.
    pub range_high: [f32; 2],
    /// Parking position, in rad.
    pub park_pos: [f32; 2],
}

impl TrackingSetup {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("tracking setup", &[0])?;
        let mut c = object.cursor();
        Ok(TrackingSetup {
            drive_type: [c.i16()?, c.i16()?],
            zeropoint: c.f32_array()?,
            sign: c.f32_array()?,
            resolution: c.f32_array()?,
            range_low: c.f32_array()?,
            range_high: c.f32_array()?,
            park_pos: c.f32_array()?,
        })
    }
}

/// Tracked position of a telescope (types 2100…, version 0), in rad. The object's number tells which are there:
/// 0x100 f4 azimuth and altitude as read, 0x200 as corrected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackingPosition {
    /// Telescope.
    pub tel_id: TelId,
    /// Azimuth and altitude as read.
    pub raw: Option<[f32; 2]>,
    /// Azimuth and altitude as corrected.
    pub corrected: Option<[f32; 2]>,
}

impl TrackingPosition {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("tracking position", &[0])?;
        let id = object.header.id;
        let found = kind::packed_tel(id);
        let tel_id = kind::tracking_tel(object.header.kind).filter(|&tel_id| tel_id == found);
        let Some(tel_id) = tel_id else {
            let reason = format!("the number is telescope {found}'s, the type another's");
            return Err(ObjectError::malformed(&object.header, reason));
        };
        let mut c = object.cursor();
        let raw = if id & 0x100 != 0 { Some(c.f32_array()?) } else { None };
        let corrected = if id & 0x200 != 0 { Some(c.f32_array()?) } else { None };
        Ok(TrackingPosition { tel_id, raw, corrected })
    }
}
