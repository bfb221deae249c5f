//! Sums of waveforms (type 2012, versions 0 to 4), without reduction of data.
//!
//! Flags and sizes are those of [`adc_samples`](super::adc_samples). Arrays are u2 numbers up to version 2, then
//! differences. Without suppression of pixels, there is an array for each gain. With suppression 1, pixels are
//! in groups of 16: u2 mask, then arrays of the pixels in the mask of the low gain, if there are two, and of the
//! high gain. With suppression 2 there is a list first, i2 number and u2 pixels with bits 0x2000 no low gain,
//! 0x4000 high gain in a byte (version 4: numbers of variable length with bits 0x20_0000 and 0x40_0000), then the
//! array of the low gain, that of the high gain, and the bytes.

use super::adc_samples::AdcFlags;
use crate::eventio::{Cursor, Object, ObjectError};

/// Gain channel with the high gain.
pub const HIGH: usize = 0;
/// Gain channel with the low gain.
pub const LOW: usize = 1;

/// Sums of a telescope.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AdcSums {
    /// Gain channels: 0 high, 1 low.
    pub n_gains: usize,
    /// Pixels.
    pub n_pixels: usize,
    /// Sums, `[gain][pixel]`; 0 where pixels were suppressed.
    pub sums: Vec<u32>,
}

impl AdcSums {
    /// Reads them.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("ADC sums", &[0, 1, 2, 3, 4])?;
        let mut c = object.cursor();
        let flags = AdcFlags::parse(&mut c)?;
        let AdcFlags { zero_sup_mode, data_red_mode, n_pixels, n_gains, .. } = flags;
        if data_red_mode != 0 || zero_sup_mode > 2 || (zero_sup_mode != 0 && n_gains > 2) {
            let reason = format!(
                "ADC sums with data reduction {data_red_mode}, zero suppression {zero_sup_mode}, \
                 {n_gains} gains"
            );
            return Err(ObjectError::unsupported(&object.header, reason));
        }
        let sums = match zero_sup_mode {
            0 => (0..n_gains).try_fold(Vec::new(), |mut sums, _| {
                sums.extend(array(&mut c, n_pixels)?);
                Ok(sums)
            })?,
            1 => masked(&mut c, n_gains, n_pixels)?,
            _ => listed(&mut c, n_gains, n_pixels)?,
        };
        Ok(AdcSums { n_gains, n_pixels, sums })
    }
}

fn array(c: &mut Cursor<'_>, n: usize) -> Result<Vec<u32>, ObjectError> {
    if c.header().version < 3 {
        return Ok(c.u16s(n)?.into_iter().map(u32::from).collect());
    }
    c.differential(n)
}

fn masked(c: &mut Cursor<'_>, n_gains: usize, n_pixels: usize) -> Result<Vec<u32>, ObjectError> {
    c.at_least(n_pixels / 8)?;
    let mut sums = vec![0; n_gains * n_pixels];
    for start in (0..n_pixels).step_by(16) {
        let mask = c.u16()?;
        let width = (n_pixels - start).min(16);
        let pixels = || (0..width).filter(|bit| mask & (1 << bit) != 0).map(|bit| start + bit);
        let n = mask.count_ones() as usize;
        // The low gain is stored before the high one.
        for gain in (0..n_gains).rev() {
            for (pixel, value) in pixels().zip(array(c, n)?) {
                sums[gain * n_pixels + pixel] = value;
            }
        }
    }
    Ok(sums)
}

/// A pixel of the list of suppression 2.
struct Entry {
    pixel: usize,
    no_low_gain: bool,
    byte: bool,
}

fn entry(c: &Cursor<'_>, bits: u32, shift: u32, n_pixels: usize) -> Result<Entry, ObjectError> {
    let pixel = (bits & ((1 << shift) - 1)) as usize;
    if pixel >= n_pixels {
        return Err(c.malformed(format!("pixel {pixel} of {n_pixels}")));
    }
    let (no_low_gain, byte) = (bits & (1 << shift) != 0, bits & (2 << shift) != 0);
    Ok(Entry { pixel, no_low_gain, byte })
}

fn listed(c: &mut Cursor<'_>, n_gains: usize, n_pixels: usize) -> Result<Vec<u32>, ObjectError> {
    let entries: Vec<Entry> = if c.header().version >= 4 {
        let n = c.varint_count("pixels of a list")?;
        let list = c.varints(n)?;
        list.iter().map(|&bits| entry(c, bits as u32, 21, n_pixels)).collect::<Result<_, _>>()?
    } else {
        let n = c.short_count("pixels of a list")?;
        let list = c.u16s(n)?;
        list.iter().map(|&bits| entry(c, bits.into(), 13, n_pixels)).collect::<Result<_, _>>()?
    };
    let mut sums = vec![0; n_gains * n_pixels];
    if n_gains >= 2 {
        let low: Vec<_> = entries.iter().filter(|e| !e.no_low_gain && !e.byte).collect();
        for (entry, value) in low.iter().zip(array(c, low.len())?) {
            sums[LOW * n_pixels + entry.pixel] = value;
        }
    }
    if n_gains >= 1 {
        let (bytes, words): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.byte);
        for (entry, value) in words.iter().zip(array(c, words.len())?) {
            sums[HIGH * n_pixels + entry.pixel] = value;
        }
        for (entry, value) in bytes.iter().zip(c.bytes(bytes.len())?) {
            sums[HIGH * n_pixels + entry.pixel] = u32::from(*value);
        }
    }
    Ok(sums)
}
