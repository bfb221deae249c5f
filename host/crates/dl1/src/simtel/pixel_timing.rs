//! Times of pulses (type 2016, versions 1 and 2).
//!
//! Pixels (i2, in version 2 of variable length), i2 gain channels, samples before and after the peak, and kind
//! of list (1 pixels, 2 first and last of ranges); entries and the list itself (i2, or of variable length); i2
//! threshold, i2 kinds of times, i2 kinds, f4 levels, f4 unit and f4 mean peak. Of each listed pixel i2 times in
//! units; with sums, one sum per gain around its own peak, and if the threshold is negative one per gain around
//! the mean peak. If it is not, these come at last, for all pixels of each gain.

use super::camera::{gain_count, pixel_count};
use crate::eventio::{Cursor, Object, ObjectError};

/// Times of pulses of a telescope.
#[derive(Debug, Clone, PartialEq)]
pub struct PixelTiming {
    /// Pixels.
    pub n_pixels: usize,
    /// Gain channels.
    pub n_gains: usize,
    /// Samples before the peak that are summed; negative if there are no sums.
    pub before_peak: i16,
    /// Samples after the peak that are summed; negative if there are no sums.
    pub after_peak: i16,
    /// Kind of list: 1 pixels, 2 ranges.
    pub list_type: i16,
    /// Pixels, or first and last of ranges.
    pub pixel_list: Vec<i32>,
    /// Threshold; negative if only listed pixels have sums around the mean peak.
    pub threshold: i16,
    /// Kinds of times.
    pub time_type: Vec<i16>,
    /// Levels at which they are taken.
    pub time_level: Vec<f32>,
    /// Unit of times, in samples.
    pub granularity: f32,
    /// Mean peak, in samples.
    pub peak_global: f32,
    /// Times, `[pixel][kind]`, in samples; NaN where a pixel is not listed.
    pub time: Vec<f32>,
    /// Sums around the mean peak, `[gain][pixel]`.
    pub pulse_sum_glob: Vec<i32>,
    /// Sums around each pixel's peak, `[gain][pixel]`.
    pub pulse_sum_loc: Vec<i32>,
}

impl PixelTiming {
    /// Whether there are sums.
    pub fn with_sum(&self) -> bool {
        self.before_peak >= 0 && self.after_peak >= 0
    }

    /// Whether only listed pixels have sums around the mean peak.
    pub fn glob_only_selected(&self) -> bool {
        self.threshold < 0
    }

    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("pixel timing", &[1, 2])?;
        let mut c = object.cursor();
        let mut timing = parse_head(&mut c)?;
        let (n_pixels, n_types) = (timing.n_pixels, timing.time_type.len());
        c.at_least(timing.selected()?.len().saturating_mul(2 * n_types))?;
        if n_pixels.saturating_mul(n_types) > 1 << 26 {
            return Err(c.malformed(format!("{n_types} times of {n_pixels} pixels")));
        }
        timing.time = vec![f32::NAN; n_pixels * n_types];
        timing.pulse_sum_loc = vec![0; timing.n_gains * n_pixels];
        timing.pulse_sum_glob = vec![0; timing.n_gains * n_pixels];
        timing.parse_pixels(&mut c)?;
        Ok(timing)
    }

    fn parse_pixels(&mut self, c: &mut Cursor<'_>) -> Result<(), ObjectError> {
        let (with_sum, selected_only) = (self.with_sum(), self.glob_only_selected());
        let (n, n_types) = (self.n_pixels, self.time_type.len());
        for pixel in self.selected()? {
            if pixel >= n {
                return Err(c.malformed(format!("pixel {pixel} of {n}")));
            }
            for kind in 0..n_types {
                self.time[pixel * n_types + kind] = self.granularity * f32::from(c.i16()?);
            }
            for gain in 0..if with_sum { self.n_gains } else { 0 } {
                self.pulse_sum_loc[gain * n + pixel] = c.varint()? as i32;
            }
            for gain in 0..if with_sum && selected_only { self.n_gains } else { 0 } {
                self.pulse_sum_glob[gain * n + pixel] = c.varint()? as i32;
            }
        }
        if with_sum && !selected_only && !self.pixel_list.is_empty() {
            for sum in &mut self.pulse_sum_glob {
                *sum = c.varint()? as i32;
            }
        }
        Ok(())
    }

    /// Listed pixels, in the list's order, as long as they are pixels.
    fn selected(&self) -> Result<Vec<usize>, ObjectError> {
        let n = self.n_pixels;
        let pixel = |pixel: i32| usize::try_from(pixel).unwrap_or(n).min(n);
        if self.list_type == 1 {
            return Ok(self.pixel_list.iter().map(|&p| pixel(p)).collect());
        }
        let mut pixels = Vec::new();
        for [first, last] in self.pixel_list.as_chunks::<2>().0 {
            // A range behind the last pixel gives one that is refused, and no more.
            pixels.extend((pixel(*first)..=pixel(*last)).take(n + 1));
            if pixels.len() > 2 * n {
                pixels.push(n);
                break;
            }
        }
        Ok(pixels)
    }
}

fn parse_head(c: &mut Cursor<'_>) -> Result<PixelTiming, ObjectError> {
    let long = c.header().version >= 2;
    let n_pixels = if long { c.varint()? } else { c.i16()?.into() };
    let n_pixels = pixel_count(c, n_pixels)?;
    let n_gains = c.i16()?;
    let n_gains = gain_count(c, n_gains.into())?;
    let (before_peak, after_peak, list_type) = (c.i16()?, c.i16()?, c.i16()?);
    if !matches!(list_type, 1 | 2) {
        return Err(c.malformed(format!("a list of kind {list_type}, 1 and 2 are known")));
    }
    let what = "entries of a list";
    let n = if long { c.varint_count(what)? } else { c.short_count(what)? };
    let n = n.saturating_mul(if list_type == 2 { 2 } else { 1 });
    let pixel_list =
        if long { c.varints(n)? } else { c.i16s(n)?.into_iter().map(i32::from).collect() };
    let threshold = c.i16()?;
    let n_types = c.short_count("kinds of times")?;
    let (time_type, time_level) = (c.i16s(n_types)?, c.f32s(n_types)?);
    Ok(PixelTiming {
        n_pixels,
        n_gains,
        before_peak,
        after_peak,
        list_type,
        pixel_list,
        threshold,
        time_type,
        time_level,
        granularity: c.f32()?,
        peak_global: c.f32()?,
        time: Vec::new(),
        pulse_sum_glob: Vec::new(),
        pulse_sum_loc: Vec::new(),
    })
}
