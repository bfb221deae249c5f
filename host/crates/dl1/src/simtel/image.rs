//! Parameters that sim_telarray computed (types 2014, 2015).

use super::kind;
use crate::eventio::{Cursor, Object, ObjectError};
use crate::instrument::TelId;

/// Parameters of an image (type 2014, versions 0 to 6).
///
/// (≥ 6) pixels and saturated pixels of variable length, (2–5) i2 pixels, (4, 5) i2 saturated pixels, (≥ 5, if
/// there are saturated ones) f4 amplitude of clipping, f4 amplitude, x, y, phi, l, w, i2 pixels of the
/// concentration, f4 concentration. The object's number tells what else: 0x100 five errors, 0x200 skewness and
/// kurtosis with errors, 0x400 the brightest pixels, 0x800 (≥ 3) five numbers about times.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageParameters {
    /// Flags, the object's number.
    pub flags: i32,
    /// Telescope.
    pub tel_id: TelId,
    /// Kind of cleaning.
    pub cut_id: i32,
    /// Pixels (version ≥ 2).
    pub pixels: Option<i64>,
    /// Saturated pixels (version ≥ 4).
    pub n_sat: Option<i64>,
    /// Amplitude at which pixels were clipped.
    pub clip_amp: Option<f32>,
    /// Photo-electrons.
    pub amplitude: f32,
    /// Centre of gravity, in rad.
    pub x: f32,
    /// Centre of gravity, in rad.
    pub y: f32,
    /// Direction of the axis, in rad.
    pub phi: f32,
    /// Length, in rad.
    pub l: f32,
    /// Width, in rad.
    pub w: f32,
    /// Pixels of the concentration.
    pub n_conc: i16,
    /// Share of the brightest pixels.
    pub concentration: f32,
    /// Errors of x, y, phi, l and w.
    pub errors: Option<[f32; 5]>,
    /// Skewness, its error, kurtosis, its error.
    pub moments: Option<[f32; 4]>,
    /// Amplitudes of the brightest pixels.
    pub hot_amp: Option<Vec<f32>>,
    /// The brightest pixels (version ≥ 1).
    pub hot_pixel: Option<Vec<i32>>,
    /// Slope of times, their residual, two widths of the pulse, and its rise time, in ns.
    pub timing: Option<[f32; 5]>,
}

impl ImageParameters {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("image parameters", &[0, 1, 2, 3, 4, 5, 6])?;
        let (version, flags) = (object.header.version, object.header.id);
        let mut c = object.cursor();
        let pixels = match version {
            0 | 1 => None,
            2..=5 => Some(i64::from(c.i16()?)),
            _ => Some(c.varint()?),
        };
        let n_sat = match version {
            0..=3 => None,
            4 | 5 => Some(i64::from(c.i16()?)),
            _ => Some(c.varint()?),
        };
        let clipped = version >= 5 && n_sat.is_some_and(|n| n > 0);
        let clip_amp = if clipped { Some(c.f32()?) } else { None };
        let [amplitude, x, y, phi, l, w] = c.f32_array()?;
        let (n_conc, concentration) = (c.i16()?, c.f32()?);
        let errors = if flags & 0x100 != 0 { Some(c.f32_array()?) } else { None };
        let moments = if flags & 0x200 != 0 { Some(c.f32_array()?) } else { None };
        let (mut hot_amp, mut hot_pixel) = (None, None);
        if flags & 0x400 != 0 {
            let (amplitudes, list) = hottest(&mut c, version)?;
            (hot_amp, hot_pixel) = (Some(amplitudes), list);
        }
        let timing = if flags & 0x800 != 0 && version >= 3 { Some(c.f32_array()?) } else { None };
        Ok(ImageParameters {
            flags,
            tel_id: kind::packed_tel(flags),
            cut_id: (flags & 0xf_f000) >> 12,
            pixels,
            n_sat,
            clip_amp,
            amplitude,
            x,
            y,
            phi,
            l,
            w,
            n_conc,
            concentration,
            errors,
            moments,
            hot_amp,
            hot_pixel,
            timing,
        })
    }
}

/// Amplitudes and, since version 1, numbers of the brightest pixels.
type Hottest = (Vec<f32>, Option<Vec<i32>>);

fn hottest(c: &mut Cursor<'_>, version: u16) -> Result<Hottest, ObjectError> {
    let what = "brightest pixels";
    let n = if version >= 6 { c.varint_count(what)? } else { c.short_count(what)? };
    let amplitudes = c.f32s(n)?;
    let pixels = match version {
        0 => None,
        1..=5 => Some(c.i16s(n)?.into_iter().map(i32::from).collect()),
        _ => Some(c.varints(n)?),
    };
    Ok((amplitudes, pixels))
}

/// Parameters of a shower (type 2015, version 1). The object's number tells which are there.
#[derive(Debug, Clone, PartialEq)]
pub struct Stereo {
    /// Which are there.
    pub result_bits: i32,
    /// Telescopes that triggered.
    pub n_trg: i16,
    /// Telescopes that were read.
    pub n_read: i16,
    /// Images that were used.
    pub n_img: i16,
    /// Which, a bit each.
    pub img_pattern: i32,
    /// Bit 0: azimuth and altitude, in rad.
    pub direction: Option<[f32; 2]>,
    /// Bit 1: errors of the direction.
    pub direction_error: Option<[f32; 3]>,
    /// Bit 2: impact point, in m.
    pub core: Option<[f32; 2]>,
    /// Bit 3: its errors.
    pub core_error: Option<[f32; 3]>,
    /// Bit 4: mean scaled length and width.
    pub mean_scaled: Option<[f32; 2]>,
    /// Bit 5: their errors.
    pub mean_scaled_error: Option<[f32; 2]>,
    /// Bit 6: energy, in TeV.
    pub energy: Option<f32>,
    /// Bit 7: its error.
    pub energy_error: Option<f32>,
    /// Bit 8: depth of the maximum, in g/cm².
    pub xmax: Option<f32>,
    /// Bit 9: its error.
    pub xmax_error: Option<f32>,
}

impl Stereo {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("stereo reconstruction", &[1])?;
        let mut c = object.cursor();
        let bits = object.header.id;
        Ok(Stereo {
            result_bits: bits,
            n_trg: c.i16()?,
            n_read: c.i16()?,
            n_img: c.i16()?,
            img_pattern: c.i32()?,
            direction: part(&mut c, bits, 0)?,
            direction_error: part(&mut c, bits, 1)?,
            core: part(&mut c, bits, 2)?,
            core_error: part(&mut c, bits, 3)?,
            mean_scaled: part(&mut c, bits, 4)?,
            mean_scaled_error: part(&mut c, bits, 5)?,
            energy: part(&mut c, bits, 6)?.map(|[value]| value),
            energy_error: part(&mut c, bits, 7)?.map(|[value]| value),
            xmax: part(&mut c, bits, 8)?.map(|[value]| value),
            xmax_error: part(&mut c, bits, 9)?.map(|[value]| value),
        })
    }
}

fn part<const N: usize>(
    c: &mut Cursor<'_>,
    bits: i32,
    bit: u32,
) -> Result<Option<[f32; N]>, ObjectError> {
    if bits & (1 << bit) != 0 { Ok(Some(c.f32_array()?)) } else { Ok(None) }
}
