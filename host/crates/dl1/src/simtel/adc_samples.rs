//! Waveforms (type 2013, versions 0 to 3).
//!
//! The object's number is flags: bits 0–4 suppression of pixels, 5–9 reduction of data, 10 known list; the
//! telescope, in versions 0 and 1 also pixels and gain channels, are above. Since version 2 i4 pixels and i2 gain
//! channels follow; then i2 samples, and for each gain the waveforms of all pixels: u2 numbers, in version 3
//! differences. With suppression (version 3) a list of ranges of pixels comes first, and only these have
//! waveforms: a negative number -1-p is one pixel, others are the first and the last of a range.

use super::camera::{gain_count, pixel_count};
use crate::calib::rows_above;
use crate::event::Decoding;
use crate::eventio::{Cursor, Object, ObjectError};
use crate::instrument::TelId;

/// More samples of one telescope's event are not credible.
const MAX_VALUES: usize = 1 << 26;

/// Flags and sizes of sums and waveforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdcFlags {
    /// Telescope; of versions 0 and 1 only its lowest 5 bits.
    pub tel_id: TelId,
    /// Suppression of pixels.
    pub zero_sup_mode: u32,
    /// Reduction of data.
    pub data_red_mode: u32,
    /// Whether the list of pixels is that of another object.
    pub list_known: bool,
    /// Pixels.
    pub n_pixels: usize,
    /// Gain channels.
    pub n_gains: usize,
}

impl AdcFlags {
    /// Reads them. Of version 4 and reduction 2, three numbers that are not used are before the sizes.
    pub(super) fn parse(c: &mut Cursor<'_>) -> Result<Self, ObjectError> {
        let (version, bits) = (c.header().version, c.header().id as u32);
        let data_red_mode = (bits >> 5) & 0x1f;
        let old_tel = ((bits >> 25) & 0x1f) as TelId;
        let (tel_id, n_pixels, n_gains) = match version {
            0 => (old_tel, ((bits >> 12) & 0x7ff) as usize, ((bits >> 23) & 3) as usize),
            1 => {
                let n_gains = if bits & (1 << 24) != 0 { 2 } else { 1 };
                (old_tel, ((bits >> 12) & 0xfff) as usize, n_gains)
            }
            _ => {
                if version >= 4 && data_red_mode == 2 {
                    for _ in 0..3 {
                        c.varint()?;
                    }
                }
                let (n_pixels, n_gains) = (c.i32()?, c.i16()?);
                let tel_id = ((bits >> 12) & 0xffff) as TelId;
                (tel_id, pixel_count(c, n_pixels.into())?, gain_count(c, n_gains.into())?)
            }
        };
        let zero_sup_mode = bits & 0x1f;
        let list_known = bits & (1 << 10) != 0;
        Ok(AdcFlags { tel_id, zero_sup_mode, data_red_mode, list_known, n_pixels, n_gains })
    }
}

/// Waveforms of a telescope.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AdcSamples {
    /// Gain channels: 0 high, 1 low.
    pub n_gains: usize,
    /// Pixels.
    pub n_pixels: usize,
    /// Samples.
    pub n_samples: usize,
    /// Samples, `[gain][pixel][sample]`; 0 where pixels were suppressed.
    pub samples: Vec<u16>,
}

impl AdcSamples {
    /// Reads them.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        Self::parse_into(object, &mut Decoding::default())
    }

    /// Reads what is wanted of them into memory that is used again. The low gain is left out where the file has
    /// differences of all pixels.
    pub fn parse_into(object: &Object<'_>, decoding: &mut Decoding) -> Result<Self, ObjectError> {
        object.check_version("ADC samples", &[0, 1, 2, 3])?;
        let version = object.header.version;
        let mut c = object.cursor();
        let flags = AdcFlags::parse(&mut c)?;
        let old_suppressed = flags.zero_sup_mode != 0 && version < 3;
        if flags.data_red_mode != 0 || flags.list_known || old_suppressed {
            let reason = format!(
                "ADC samples with data reduction {}, zero suppression {}, known list {}",
                flags.data_red_mode, flags.zero_sup_mode, flags.list_known
            );
            return Err(ObjectError::unsupported(&object.header, reason));
        }
        let n_samples = c.short_count("samples")?;
        let (n_gains, n_pixels) = (flags.n_gains, flags.n_pixels);
        let n = n_gains * n_pixels * n_samples;
        if n > MAX_VALUES {
            return Err(c.malformed(format!("{n_gains} x {n_pixels} x {n_samples} samples")));
        }
        let mut samples = decoding.spare.pop().unwrap_or_default();
        if flags.zero_sup_mode != 0 {
            let ranges = read_ranges(&mut c, n_pixels)?;
            samples.clear();
            samples.resize(n, 0);
            read_suppressed(&mut c, &mut samples, &ranges, n_pixels, n_samples)?;
        } else if version < 3 {
            samples = c.u16s(n)?;
        } else {
            c.at_least(n)?;
            samples.resize(n, 0);
            let gain = n_pixels * n_samples;
            match decoding.low_gain_above {
                Some(threshold) if n_gains == 2 && gain > 0 => {
                    let (high, low) = samples.split_at_mut(gain);
                    c.differential_u16_into(high, n_samples)?;
                    read_where_above(&mut c, threshold, high, low, n_samples)?;
                }
                _ => c.differential_u16_into(&mut samples, n_samples)?,
            }
        }
        Ok(AdcSamples { n_gains, n_pixels, n_samples, samples })
    }
}

/// Ranges of pixels, first and last included.
fn read_ranges(c: &mut Cursor<'_>, n_pixels: usize) -> Result<Vec<[usize; 2]>, ObjectError> {
    let n = c.varint_count("ranges of pixels")?;
    c.at_least(n)?;
    if n > n_pixels {
        return Err(c.malformed(format!("{n} ranges of {n_pixels} pixels")));
    }
    (0..n)
        .map(|_| {
            let first = c.varint()?;
            let (first, last) =
                if first < 0 { (-1 - first, -1 - first) } else { (first, c.varint()?) };
            let range = (usize::try_from(first).ok()).zip(usize::try_from(last).ok());
            match range.filter(|&(first, last)| first <= last && last < n_pixels) {
                Some((first, last)) => Ok([first, last]),
                None => Err(c.malformed(format!("pixels {first} to {last} of {n_pixels}"))),
            }
        })
        .collect()
}

/// Reads the low gain of pixels of which a count of the high gain is above a threshold.
fn read_where_above(
    c: &mut Cursor<'_>,
    threshold: f64,
    high: &[u16],
    low: &mut [u16],
    n_samples: usize,
) -> Result<(), ObjectError> {
    let mut above = Vec::with_capacity(high.len() / n_samples);
    rows_above(high, n_samples, threshold, &mut above);
    for (is_above, low) in above.iter().zip(low.chunks_exact_mut(n_samples)) {
        if *is_above != 0 {
            c.differential_u16_into(low, n_samples)?;
        } else {
            c.skip_differential(n_samples)?;
            low.fill(0);
        }
    }
    Ok(())
}

fn read_suppressed(
    c: &mut Cursor<'_>,
    samples: &mut [u16],
    ranges: &[[usize; 2]],
    n_pixels: usize,
    n_samples: usize,
) -> Result<(), ObjectError> {
    let size = n_pixels * n_samples;
    if size == 0 {
        return Ok(());
    }
    for gain in samples.chunks_exact_mut(size) {
        for &[first, last] in ranges {
            let pixels = &mut gain[first * n_samples..(last + 1) * n_samples];
            c.differential_u16_into(pixels, n_samples)?;
        }
    }
    Ok(())
}
