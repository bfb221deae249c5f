//! What was simulated (types 2020, 2021, 2026).

use crate::eventio::iact::{EXTRA_PARAMETERS, ExtraParameters};
use crate::eventio::{Cursor, Object, ObjectError, Objects};

/// Development of a simulated shower.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Kind.
    pub id: i32,
    /// First depth, in g/cm².
    pub start: f32,
    /// Last depth, in g/cm².
    pub end: f32,
    /// Values.
    pub content: Vec<f32>,
}

/// Simulated shower (type 2020, versions 0 to 2). Its number is the shower's.
///
/// i4 primary, f4 energy, azimuth, altitude, (≥ 1) start, first interaction, maximum, (≥ 1) three more maxima,
/// i2 profiles, each i4 kind, i4 steps, f4 first and last depth, f4 values; (2) an object 1215.
#[derive(Debug, Clone, PartialEq)]
pub struct McShower {
    /// Number.
    pub shower: i32,
    /// Primary: 0 gamma, 1 electron, 100·A + Z nuclei, ….
    pub primary_id: i32,
    /// Energy, in TeV.
    pub energy: f32,
    /// Azimuth, in rad.
    pub azimuth: f32,
    /// Altitude, in rad.
    pub altitude: f32,
    /// Depth at which it starts, in g/cm² (version ≥ 1).
    pub depth_start: Option<f32>,
    /// Height of the first interaction, in m.
    pub h_first_int: f32,
    /// Depth of the maximum of particles, in g/cm².
    pub xmax: f32,
    /// Height of the maximum, in m (version ≥ 1, else 0).
    pub hmax: f32,
    /// Depth of the maximum of electrons, in g/cm² (version ≥ 1, else 0).
    pub emax: f32,
    /// Depth of the maximum of light, in g/cm² (version ≥ 1, else 0).
    pub cmax: f32,
    /// Profiles.
    pub profiles: Vec<Profile>,
    /// More parameters (version 2).
    pub extra: Option<ExtraParameters>,
}

impl McShower {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("MC shower", &[0, 1, 2])?;
        let version = object.header.version;
        let mut c = object.cursor();
        let primary_id = c.i32()?;
        let [energy, azimuth, altitude] = c.f32_array()?;
        let depth_start = if version >= 1 { Some(c.f32()?) } else { None };
        let (h_first_int, xmax) = (c.f32()?, c.f32()?);
        let [hmax, emax, cmax] = if version >= 1 { c.f32_array()? } else { [0.0; 3] };
        let n = c.short_count("profiles")?;
        let profiles = (0..n).map(|_| profile(&mut c)).collect::<Result<_, _>>()?;
        Ok(McShower {
            shower: object.header.id,
            primary_id,
            energy,
            azimuth,
            altitude,
            depth_start,
            h_first_int,
            xmax,
            hmax,
            emax,
            cmax,
            profiles,
            extra: if version >= 2 { extra(&c)? } else { None },
        })
    }
}

fn profile(c: &mut Cursor<'_>) -> Result<Profile, ObjectError> {
    let id = c.i32()?;
    let n = c.count("steps")?;
    Ok(Profile { id, start: c.f32()?, end: c.f32()?, content: c.f32s(n)? })
}

/// The object behind the shower's own numbers.
fn extra(c: &Cursor<'_>) -> Result<Option<ExtraParameters>, ObjectError> {
    for inner in Objects::in_rest(*c.header(), c.rest()) {
        let inner = inner?;
        if inner.header.kind == EXTRA_PARAMETERS {
            return ExtraParameters::parse(&inner).map(Some);
        }
    }
    Ok(None)
}

/// Use of a simulated shower (type 2021, versions 0 to 2): i4 shower, f4 impact point, (2) f4 weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McEvent {
    /// Number of the event.
    pub event_id: i32,
    /// Number of the shower.
    pub shower_num: i32,
    /// Impact point to the north, in m.
    pub xcore: f32,
    /// Impact point to the west, in m.
    pub ycore: f32,
    /// Weight, in m² (version 2, else 1).
    pub aweight: f32,
}

impl McEvent {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("MC event", &[0, 1, 2])?;
        let mut c = object.cursor();
        Ok(McEvent {
            event_id: object.header.id,
            shower_num: c.i32()?,
            xcore: c.f32()?,
            ycore: c.f32()?,
            aweight: if object.header.version >= 2 { c.f32()? } else { 1.0 },
        })
    }
}

/// Photo-electrons of each telescope (type 2026, versions 0 to 2), in the order of the run's header.
///
/// i4 shower, i4 telescopes, i4 photo-electrons, i4 pixels (which must be 0), (≥ 1) f4 four kinds of photons,
/// (2) f4 a fifth.
#[derive(Debug, Clone, PartialEq)]
pub struct PeSum {
    /// Number of the event.
    pub event: i32,
    /// Number of the shower.
    pub shower_num: i32,
    /// Photo-electrons.
    pub n_pe: Vec<i32>,
    /// Photons at the ground (version ≥ 1).
    pub photons: Option<Vec<f32>>,
    /// Photons after the atmosphere (version ≥ 1).
    pub photons_atm: Option<Vec<f32>>,
    /// Of these from 300 to 600 nm (version ≥ 1).
    pub photons_atm_3_6: Option<Vec<f32>>,
    /// After the quantum efficiency (version ≥ 1).
    pub photons_atm_qe: Option<Vec<f32>>,
    /// Photons after the atmosphere around 400 nm (version 2).
    pub photons_atm_400: Option<Vec<f32>>,
}

impl PeSum {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("sums of photo-electrons", &[0, 1, 2])?;
        let version = object.header.version;
        let mut c = object.cursor();
        let shower_num = c.i32()?;
        let n = c.count("telescopes")?;
        let n_pe = c.i32s(n)?;
        if c.i32s(n)?.iter().any(|&pixels| pixels != 0) {
            let reason = "sums of photo-electrons with numbers for each pixel";
            return Err(ObjectError::unsupported(&object.header, reason));
        }
        let mut list = |since| if version >= since { c.f32s(n).map(Some) } else { Ok(None) };
        Ok(PeSum {
            event: object.header.id,
            shower_num,
            n_pe,
            photons: list(1)?,
            photons_atm: list(1)?,
            photons_atm_3_6: list(1)?,
            photons_atm_qe: list(1)?,
            photons_atm_400: list(2)?,
        })
    }
}
