//! Photons at a telescope (type 1205).
//!
//! i2 array, i2 telescope, f4 photons, i4 bunches, then 8 numbers of each bunch: x, y, cosines, time, height of
//! emission, photons, wavelength. Versions 1000 to 1999 are compact, with i2 numbers: x, y and time in tenths,
//! cosines times 30 000, height as 1000 times its logarithm, photons in hundredths; others have f4 numbers.
//! Array and telescope 999 are particles on the ground.

use super::super::cursor::Cursor;
use super::super::error::ObjectError;
use super::super::object::Object;

/// Wavelength that marks an [`Emitter`].
const EMITTER: f32 = 9999.0;
/// Array and telescope of particles on the ground.
const GROUND: i32 = 999;

/// Photons that travel together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bunch {
    /// Place to the north of the telescope, in cm.
    pub x_cm: f32,
    /// Place to the west of the telescope, in cm.
    pub y_cm: f32,
    /// Cosine of the direction, to x.
    pub cx: f32,
    /// Cosine of the direction, to y.
    pub cy: f32,
    /// Time, in ns.
    pub time_ns: f32,
    /// Height of emission above sea level, in cm.
    pub zem_cm: f32,
    /// Photons.
    pub photons: f32,
    /// Wavelength, in nm; 0 if not known.
    pub wavelength_nm: f32,
}

/// The particle that emitted the bunch before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Emitter {
    /// Place to the north, in cm.
    pub x_cm: f32,
    /// Place to the west, in cm.
    pub y_cm: f32,
    /// Mass, in GeV.
    pub mass: f32,
    /// Charge.
    pub charge: f32,
    /// Time, in ns.
    pub time_ns: f32,
    /// Time of emission, in ns.
    pub emission_time_ns: f32,
    /// Energy, in GeV.
    pub energy: f32,
}

/// A particle that reached the ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Particle {
    /// Place to the north, in cm.
    pub x_cm: f32,
    /// Place to the west, in cm.
    pub y_cm: f32,
    /// Cosine of the direction, to x.
    pub cx: f32,
    /// Cosine of the direction, to y.
    pub cy: f32,
    /// Time, in ns.
    pub time_ns: f32,
    /// Momentum, in GeV.
    pub momentum: f32,
    /// Weight.
    pub weight: f32,
    /// What it is, by CORSIKA's numbers.
    pub particle_id: f32,
}

/// Photons at a telescope, or particles on the ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Photons {
    /// Use of the shower.
    pub array: i16,
    /// Telescope, from 0.
    pub telescope: i16,
    /// Photons of all bunches.
    pub n_photons: f32,
    /// Bunches.
    pub bunches: Vec<Bunch>,
    /// Particles that emitted them, if stored.
    pub emitters: Vec<Emitter>,
    /// Particles on the ground, in place of bunches.
    pub particles: Vec<Particle>,
}

impl Photons {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        let mut cursor = object.cursor();
        let (array, telescope) = (cursor.i16()?, cursor.i16()?);
        let n_photons = cursor.f32()?;
        let n = cursor.count("bunches")?;
        let compact = object.header.version / 1000 == 1;
        cursor.at_least(n.saturating_mul(if compact { 16 } else { 32 }))?;
        let ground = object.header.id == GROUND * 1000 + GROUND;
        let (bunches, emitters, particles) = (Vec::new(), Vec::new(), Vec::new());
        let mut photons = Photons { array, telescope, n_photons, bunches, emitters, particles };
        for _ in 0..n {
            let row = if compact { compact_row(&mut cursor)? } else { cursor.f32_array()? };
            photons.push(row, ground);
        }
        Ok(photons)
    }

    fn push(&mut self, row: [f32; 8], ground: bool) {
        let [x_cm, y_cm, a, b, time_ns, c, d, last] = row;
        if ground {
            let (momentum, weight, particle_id) = (c, d, last);
            let particle =
                Particle { x_cm, y_cm, cx: a, cy: b, time_ns, momentum, weight, particle_id };
            self.particles.push(particle);
        } else if last == EMITTER {
            let (mass, charge, emission_time_ns, energy) = (a, b, c, d);
            let emitter = Emitter { x_cm, y_cm, mass, charge, time_ns, emission_time_ns, energy };
            self.emitters.push(emitter);
        } else {
            let (zem_cm, photons, wavelength_nm) = (c, d, last);
            let bunch = Bunch { x_cm, y_cm, cx: a, cy: b, time_ns, zem_cm, photons, wavelength_nm };
            self.bunches.push(bunch);
        }
    }
}

fn compact_row(cursor: &mut Cursor<'_>) -> Result<[f32; 8], ObjectError> {
    let mut raw = [0.0; 8];
    for value in &mut raw {
        *value = f32::from(cursor.i16()?);
    }
    let [x, y, cx, cy, time, zem, photons, wavelength] = raw;
    let cosine = |value: f32| (value / 30_000.0).clamp(-1.0, 1.0);
    let height = 10f32.powf(zem * 0.001);
    Ok([x * 0.1, y * 0.1, cosine(cx), cosine(cy), time * 0.1, height, photons * 0.01, wavelength])
}
