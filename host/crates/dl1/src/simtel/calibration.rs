//! Calibration and monitoring of pixels (types 2023, 2033). Their number is the telescope's.

use super::camera::{gain_count, pixel_count};
use crate::eventio::{Object, ObjectError};

/// Calibration of a camera (type 2023, versions 0 to 3).
///
/// u2 pixels, i2 gain channels, i4 number, f4 factors; (≥ 1) two f4 of each gain; (≥ 2) f4 times; (3) f4
/// flat-field factors.
#[derive(Debug, Clone, PartialEq)]
pub struct LaserCalibration {
    /// Pixels.
    pub n_pixels: usize,
    /// Gain channels.
    pub n_gains: usize,
    /// Number.
    pub lascal_id: i32,
    /// Photo-electrons per ADC count, `[gain][pixel]`.
    pub calib: Vec<f32>,
    /// Largest share of the integral, of each gain (version ≥ 1).
    pub max_int_frac: Option<Vec<f32>>,
    /// The same, of the sum with pixel timing (version ≥ 1).
    pub max_pixtm_frac: Option<Vec<f32>>,
    /// What each pixel is late, in ns, `[gain][pixel]` (version ≥ 2).
    pub tm_calib: Option<Vec<f32>>,
    /// Flat-field factors, `[gain][pixel]` (version 3).
    pub flat_fielding: Option<Vec<f32>>,
}

impl LaserCalibration {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("laser calibration", &[0, 1, 2, 3])?;
        let version = object.header.version;
        let mut c = object.cursor();
        let n_pixels = usize::from(c.u16()?);
        let n_gains = c.i16()?;
        let n_gains = gain_count(&c, n_gains.into())?;
        let n = n_gains * n_pixels;
        let (lascal_id, calib) = (c.i32()?, c.f32s(n)?);
        let (mut max_int_frac, mut max_pixtm_frac) = (None, None);
        if version >= 1 {
            let pairs = c.f32s(2 * n_gains)?;
            max_int_frac = Some(pairs.iter().step_by(2).copied().collect());
            max_pixtm_frac = Some(pairs.iter().skip(1).step_by(2).copied().collect());
        }
        Ok(LaserCalibration {
            n_pixels,
            n_gains,
            lascal_id,
            calib,
            max_int_frac,
            max_pixtm_frac,
            tm_calib: if version >= 2 { Some(c.f32s(n)?) } else { None },
            flat_fielding: if version >= 3 { Some(c.f32s(n)?) } else { None },
        })
    }
}

/// Monitoring of pixels (type 2033, version 0): i4 flags, i4 pixels, i2 gain channels, then a list for each flag.
#[derive(Debug, Clone, PartialEq)]
pub struct PixelMonitoring {
    /// Which lists there are.
    pub flags: i32,
    /// Pixels.
    pub n_pixels: usize,
    /// Gain channels.
    pub n_gains: usize,
    /// Flag 1: night-sky background, in photo-electrons per ns.
    pub nsb_rate: Option<Vec<f32>>,
    /// Flag 2: relative quantum efficiency.
    pub qe_rel: Option<Vec<f32>>,
    /// Flag 4: relative gain.
    pub gain_rel: Option<Vec<f32>>,
    /// Flag 8: relative voltage.
    pub hv_rel: Option<Vec<f32>>,
    /// Flag 16: current.
    pub current: Option<Vec<f32>>,
    /// Flag 32: amplitude of the high gain, in ADC counts.
    pub fadc_amp_hg: Option<Vec<f32>>,
    /// Flag 64: amplitude of the low gain, in ADC counts.
    pub fadc_amp_lg: Option<Vec<f32>>,
    /// Flag 128: whether a pixel is disabled.
    pub disabled: Option<Vec<bool>>,
}

impl PixelMonitoring {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("pixel monitoring", &[0])?;
        let mut c = object.cursor();
        let (flags, n, g) = (c.i32()?, c.i32()?, c.i16()?);
        let (n_pixels, n_gains) = (pixel_count(&c, n.into())?, gain_count(&c, g.into())?);
        let mut list = |flag| if flags & flag != 0 { c.f32s(n_pixels).map(Some) } else { Ok(None) };
        Ok(PixelMonitoring {
            flags,
            n_pixels,
            n_gains,
            nsb_rate: list(1)?,
            qe_rel: list(2)?,
            gain_rel: list(4)?,
            hv_rel: list(8)?,
            current: list(16)?,
            fadc_amp_hg: list(32)?,
            fadc_amp_lg: if n_gains > 1 { list(64)? } else { None },
            disabled: if flags & 128 != 0 {
                Some(c.bytes(n_pixels)?.iter().map(|&byte| byte != 0).collect())
            } else {
                None
            },
        })
    }
}
