//! Where the telescopes and the array stand.

use super::super::error::ObjectError;
use super::super::object::Object;

/// Spheres around the telescopes (type 1201): i4 number, then f4 x, y, z and radii, each of all telescopes.
#[derive(Debug, Clone, PartialEq)]
pub struct TelescopeDefinition {
    /// Places to the north, in cm.
    pub x_cm: Vec<f32>,
    /// Places to the west, in cm.
    pub y_cm: Vec<f32>,
    /// Heights, in cm.
    pub z_cm: Vec<f32>,
    /// Radii, in cm.
    pub r_cm: Vec<f32>,
}

impl TelescopeDefinition {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        let mut cursor = object.cursor();
        let n = cursor.count("telescopes")?;
        let (x_cm, y_cm) = (cursor.f32s(n)?, cursor.f32s(n)?);
        Ok(TelescopeDefinition { x_cm, y_cm, z_cm: cursor.f32s(n)?, r_cm: cursor.f32s(n)? })
    }
}

/// Places of the array for each use of a shower (type 1203, versions 0 and 1): i4 number, f4 time, then f4 x and
/// y, and of version 1 weights, each of all uses.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrayOffsets {
    /// Time from the first interaction to the ground at the speed of light, in ns.
    pub time_offset_ns: f32,
    /// Places to the north, in cm.
    pub x_cm: Vec<f32>,
    /// Places to the west, in cm.
    pub y_cm: Vec<f32>,
    /// Weights of the places, of version 1.
    pub weight: Option<Vec<f32>>,
}

impl ArrayOffsets {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("array offsets", &[0, 1])?;
        let mut cursor = object.cursor();
        let n = cursor.count("uses")?;
        let time_offset_ns = cursor.f32()?;
        let (x_cm, y_cm) = (cursor.f32s(n)?, cursor.f32s(n)?);
        let weight = if object.header.version >= 1 { Some(cursor.f32s(n)?) } else { None };
        Ok(ArrayOffsets { time_offset_ns, x_cm, y_cm, weight })
    }
}
