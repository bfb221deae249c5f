//! The atmosphere, and what else a shower was simulated with.

use super::super::error::ObjectError;
use super::super::object::Object;
use crate::observation::AtmosphereProfile;

/// Profile of the atmosphere (type 1216, versions 0 and 1): name, f8 observation level in cm, number of rows,
/// rows of f8 height in km, density, depth and refractivity; number of layers, and if that is 5, f8 top in cm
/// and f8 parameters of CORSIKA's layers.
#[derive(Debug, Clone, PartialEq)]
pub struct Atmosphere;

impl Atmosphere {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<AtmosphereProfile, ObjectError> {
        object.check_version("atmospheric profile", &[0, 1])?;
        let mut cursor = object.cursor();
        let name = cursor.varint_text()?;
        let mut profile = AtmosphereProfile {
            id: object.header.id,
            name,
            observation_level_cm: cursor.f64()?,
            ..AtmosphereProfile::default()
        };
        let n = cursor.unsigned_varint_count("rows")?;
        for row in cursor.f64s(n.saturating_mul(4))?.as_chunks::<4>().0 {
            profile.height_km.push(row[0]);
            profile.density.push(row[1]);
            profile.column_density.push(row[2]);
            profile.refractivity.push(row[3]);
        }
        if cursor.unsigned_varint()? == 5 {
            profile.top_cm = Some(cursor.f64()?);
            let mut layers = [[0.0; 5]; 5];
            for value in layers.iter_mut().flatten() {
                *value = cursor.f64()?;
            }
            profile.five_layers = Some(layers);
        }
        Ok(profile)
    }
}

/// More parameters of a shower (type 1215): f4 weight, numbers of integers and of floats, i4 integers, f4 floats.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtraParameters {
    /// Weight of the shower.
    pub weight: f32,
    /// Integers, by the agreement of who wrote them.
    pub integers: Vec<i32>,
    /// Floats, by the agreement of who wrote them.
    pub floats: Vec<f32>,
}

impl ExtraParameters {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        let mut cursor = object.cursor();
        let weight = cursor.f32()?;
        let n_integers = cursor.unsigned_varint_count("integers")?;
        let n_floats = cursor.unsigned_varint_count("floats")?;
        let integers = cursor.i32s(n_integers)?;
        Ok(ExtraParameters { weight, integers, floats: cursor.f32s(n_floats)? })
    }
}
