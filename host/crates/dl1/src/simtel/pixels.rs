//! Pixels, electronics and software of cameras (types 2004, 2005, 2006). Their number is the telescope's.

use super::camera::pixel_count;
use crate::eventio::{Object, ObjectError};

/// Settings of pixels (type 2004, versions 0 to 3).
///
/// i4 setup, trigger mode, least pixels, pixels, voltages, modules, thresholds, modules once more, i2 first
/// samples, i2 numbers of samples; (≥ 1) f4 time between samples, i4 samples; (≥ 2) numbers of pulses and of
/// their points, f4 time between points, f2 points; (≥ 3) i4 offset.
#[derive(Debug, Clone, PartialEq)]
pub struct PixelSettings {
    /// Number of the settings.
    pub setup_id: i32,
    /// Kind of trigger.
    pub trigger_mode: i32,
    /// Least number of pixels in a trigger.
    pub min_pixel_mult: i32,
    /// Voltage of each pixel, as set.
    pub pixel_hv_dac: Vec<i32>,
    /// Threshold of each module, as set.
    pub threshold_dac: Vec<i32>,
    /// First sample of each module.
    pub adc_start: Vec<i16>,
    /// Samples of each module.
    pub adc_count: Vec<i16>,
    /// Time between two samples, in ns (version ≥ 1).
    pub time_slice: Option<f32>,
    /// Samples that are read out (version ≥ 1).
    pub sum_bins: Option<i32>,
    /// Points of a reference pulse (version ≥ 2).
    pub n_ref_points: usize,
    /// Time between two of them, in ns (version ≥ 2).
    pub ref_step: Option<f32>,
    /// Reference pulses, `[pulse][point]` (version ≥ 2), stored with 2 bytes each.
    pub ref_shape: Vec<f32>,
    /// First sample of the sums (version 3).
    pub sum_offset: Option<i32>,
}

impl PixelSettings {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("pixel settings", &[0, 1, 2, 3])?;
        let version = object.header.version;
        let mut c = object.cursor();
        let (setup_id, trigger_mode, min_pixel_mult) = (c.i32()?, c.i32()?, c.i32()?);
        let n_pixels = c.i32()?;
        let n_pixels = pixel_count(&c, n_pixels.into())?;
        let pixel_hv_dac = c.i32s(n_pixels)?;
        let n_drawers = c.count("modules")?;
        let threshold_dac = c.i32s(n_drawers)?;
        c.i32()?;
        let (adc_start, adc_count) = (c.i16s(n_drawers)?, c.i16s(n_drawers)?);
        let (mut time_slice, mut sum_bins) = (None, None);
        if version >= 1 {
            (time_slice, sum_bins) = (Some(c.f32()?), Some(c.i32()?));
        }
        let (mut n_ref_points, mut ref_step, mut ref_shape) = (0, None, Vec::new());
        if version >= 2 {
            let n_ref = c.varint_count("pulses")?;
            n_ref_points = c.varint_count("points of a pulse")?;
            ref_step = Some(c.f32()?);
            ref_shape = c.f16s(n_ref.saturating_mul(n_ref_points))?;
        }
        let sum_offset = if version >= 3 { Some(c.i32()?) } else { None };
        Ok(PixelSettings {
            setup_id,
            trigger_mode,
            min_pixel_mult,
            pixel_hv_dac,
            threshold_dac,
            adc_start,
            adc_count,
            time_slice,
            sum_bins,
            n_ref_points,
            ref_step,
            ref_shape,
            sum_offset,
        })
    }
}

/// Disabled pixels (type 2005, version 0): i4 number and i4 pixels, twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DisabledPixels {
    /// Pixels that take no part in the trigger.
    pub trigger_disabled: Vec<i32>,
    /// Pixels without voltage.
    pub hv_disabled: Vec<i32>,
}

impl DisabledPixels {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("disabled pixels", &[0])?;
        let mut c = object.cursor();
        let n = c.count("pixels")?;
        let trigger_disabled = c.i32s(n)?;
        let n = c.count("pixels")?;
        Ok(DisabledPixels { trigger_disabled, hv_disabled: c.i32s(n)? })
    }
}

/// Settings of a camera's software (type 2006, version 0): i4 numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraSoftware {
    /// Whether the trigger's threshold is adapted.
    pub dyn_trig_mode: i32,
    /// How.
    pub dyn_trig_threshold: i32,
    /// Whether the voltage is adapted.
    pub dyn_hv_mode: i32,
    /// How.
    pub dyn_hv_threshold: i32,
    /// Reduction of data.
    pub data_red_mode: i32,
    /// Suppression of pixels without signal.
    pub zero_sup_mode: i32,
    /// Its thresholds.
    pub zero_sup_thresholds: Vec<i32>,
    /// Unbiased share.
    pub unbiased_scale: i32,
    /// Whether pedestals are adapted.
    pub dyn_ped_mode: i32,
    /// From how many events.
    pub dyn_ped_events: i32,
    /// How often, in ms.
    pub dyn_ped_period: i32,
    /// How often currents are read, in ms.
    pub monitor_cur_period: i32,
    /// How often currents are reported, in ms.
    pub report_cur_period: i32,
    /// How often voltages are read, in ms.
    pub monitor_hv_period: i32,
    /// How often voltages are reported, in ms.
    pub report_hv_period: i32,
}

impl CameraSoftware {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("camera software settings", &[0])?;
        let mut c = object.cursor();
        let (dyn_trig_mode, dyn_trig_threshold) = (c.i32()?, c.i32()?);
        let (dyn_hv_mode, dyn_hv_threshold) = (c.i32()?, c.i32()?);
        let (data_red_mode, zero_sup_mode) = (c.i32()?, c.i32()?);
        let n = c.count("thresholds")?;
        Ok(CameraSoftware {
            dyn_trig_mode,
            dyn_trig_threshold,
            dyn_hv_mode,
            dyn_hv_threshold,
            data_red_mode,
            zero_sup_mode,
            zero_sup_thresholds: c.i32s(n)?,
            unbiased_scale: c.i32()?,
            dyn_ped_mode: c.i32()?,
            dyn_ped_events: c.i32()?,
            dyn_ped_period: c.i32()?,
            monitor_cur_period: c.i32()?,
            report_cur_period: c.i32()?,
            monitor_hv_period: c.i32()?,
            report_hv_period: c.i32()?,
        })
    }
}
