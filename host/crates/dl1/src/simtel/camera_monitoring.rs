//! Monitoring of cameras (type 2022, versions 0 and 1).
//!
//! The object's number has the telescope and, in bits 8–23, which parts follow. i2 known and new parts, i4
//! number, time; numbers of groups, pixels, modules and gain channels (i2, in version 1 of variable length); then
//! the parts, each beginning with its time. What a later object does not have is kept from the earlier ones.

use super::camera::{gain_count, pixel_count};
use super::kind;
use crate::eventio::{Cursor, Object, ObjectError};
use crate::instrument::TelId;

/// Seconds and nanoseconds since 1970.
pub type Stamp = [i32; 2];

/// Part 1: status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// When.
    pub time: Stamp,
    /// Bits.
    pub bits: i32,
}

/// Part 2: counts and rates.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    /// When.
    pub time: Stamp,
    /// Coincidences.
    pub coinc_count: i32,
    /// Events.
    pub event_count: i32,
    /// Rate of triggers, in Hz.
    pub trigger_rate: f32,
    /// Rate of each group of pixels, in Hz.
    pub sector_rate: Vec<f32>,
    /// Rate of events, in Hz.
    pub event_rate: f32,
    /// Rate of data, in Hz.
    pub data_rate: f32,
    /// Mean number of pixels with signal.
    pub mean_significant: f32,
}

/// Part 4: pedestals.
#[derive(Debug, Clone, PartialEq)]
pub struct Pedestals {
    /// When.
    pub time: Stamp,
    /// Samples of which the pedestal is the sum.
    pub n_ped_slices: i16,
    /// Pedestal, in ADC counts, `[gain][pixel]`.
    pub pedestal: Vec<f32>,
    /// Its standard deviation, in ADC counts, `[gain][pixel]`.
    pub noise: Vec<f32>,
}

/// Part 8: voltages and temperatures, in units of the hardware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Temperatures {
    /// When.
    pub time: Stamp,
    /// Temperatures of a module.
    pub n_drawer_temp: usize,
    /// Voltage of each pixel.
    pub hv_v_mon: Vec<u16>,
    /// Current of each pixel's voltage.
    pub hv_i_mon: Vec<u16>,
    /// Status of each pixel's voltage.
    pub hv_stat: Vec<u8>,
    /// Temperatures, `[module][sensor]`.
    pub drawer_temp: Vec<i16>,
    /// Temperatures of the camera.
    pub camera_temp: Vec<i16>,
}

/// Part 0x10: currents, in units of the hardware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currents {
    /// When.
    pub time: Stamp,
    /// Current of each pixel.
    pub current: Vec<u16>,
    /// Counter of each pixel.
    pub scaler: Vec<u16>,
}

/// Part 0x20: voltages and thresholds as set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds {
    /// When.
    pub time: Stamp,
    /// Voltage of each pixel.
    pub hv_dac: Vec<u16>,
    /// Threshold of each module.
    pub thresh_dac: Vec<u16>,
    /// Whether each pixel's voltage is on.
    pub hv_set: Vec<u8>,
    /// Whether each pixel takes part in the trigger.
    pub trig_set: Vec<u8>,
}

/// Part 0x40: data acquisition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Daq {
    /// When.
    pub time: Stamp,
    /// Configuration, window of the counters, and three times.
    pub values: [i16; 5],
}

/// Monitoring of a camera; parts are `None` until an object has them.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraMonitoring {
    /// Telescope.
    pub tel_id: TelId,
    /// Parts of the last object.
    pub what: i32,
    /// Known parts, as the last object tells.
    pub known: i16,
    /// New parts, as the last object tells.
    pub new_parts: i16,
    /// Number of the last object.
    pub monitor_id: i32,
    /// When.
    pub time: Stamp,
    /// Groups of pixels.
    pub n_sectors: usize,
    /// Pixels.
    pub n_pixels: usize,
    /// Modules.
    pub n_drawers: usize,
    /// Gain channels.
    pub n_gains: usize,
    /// Part 1.
    pub status: Option<Status>,
    /// Part 2.
    pub rates: Option<Rates>,
    /// Part 4.
    pub pedestals: Option<Pedestals>,
    /// Part 8.
    pub temperatures: Option<Temperatures>,
    /// Part 0x10.
    pub currents: Option<Currents>,
    /// Part 0x20.
    pub thresholds: Option<Thresholds>,
    /// Part 0x40.
    pub daq: Option<Daq>,
}

impl CameraMonitoring {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("camera monitoring", &[0, 1])?;
        let mut c = object.cursor();
        let what = (object.header.id >> 8) & 0xffff;
        let (known, new_parts, monitor_id, time) = (c.i16()?, c.i16()?, c.i32()?, c.time()?);
        let mut sizes = [0i64; 4];
        for size in &mut sizes {
            *size = if object.header.version >= 1 { c.varint()? } else { c.i16()?.into() };
        }
        let mut camera = CameraMonitoring {
            tel_id: kind::packed_tel(object.header.id),
            what,
            known,
            new_parts,
            monitor_id,
            time,
            n_sectors: c.natural(sizes[0], "groups of pixels")?,
            n_pixels: pixel_count(&c, sizes[1])?,
            n_drawers: c.natural(sizes[2], "modules")?,
            n_gains: gain_count(&c, sizes[3])?,
            status: None,
            rates: None,
            pedestals: None,
            temperatures: None,
            currents: None,
            thresholds: None,
            daq: None,
        };
        camera.parse_parts(&mut c)?;
        Ok(camera)
    }

    fn parse_parts(&mut self, c: &mut Cursor<'_>) -> Result<(), ObjectError> {
        let has = |part: i32| self.what & part != 0;
        let (has_daq, has_thresholds, has_currents) = (has(0x40), has(0x20), has(0x10));
        let (has_temperatures, has_pedestals, has_rates) = (has(8), has(4), has(2));
        if has(1) {
            self.status = Some(Status { time: c.time()?, bits: c.i32()? });
        }
        if has_rates {
            self.rates = Some(rates(c, self.n_sectors)?);
        }
        if has_pedestals {
            self.pedestals = Some(pedestals(c, self.n_gains * self.n_pixels)?);
        }
        if has_temperatures {
            self.temperatures = Some(temperatures(c, self.n_pixels, self.n_drawers)?);
        }
        let n = self.n_pixels;
        if has_currents {
            let time = c.time()?;
            self.currents = Some(Currents { time, current: c.u16s(n)?, scaler: c.u16s(n)? });
        }
        if has_thresholds {
            self.thresholds = Some(Thresholds {
                time: c.time()?,
                hv_dac: c.u16s(n)?,
                thresh_dac: c.u16s(self.n_drawers)?,
                hv_set: c.u8s(n)?,
                trig_set: c.u8s(n)?,
            });
        }
        if has_daq {
            let time = c.time()?;
            let values = [c.i16()?, c.i16()?, c.i16()?, c.i16()?, c.i16()?];
            self.daq = Some(Daq { time, values });
        }
        Ok(())
    }

    /// Takes from an earlier object what this one does not have.
    pub fn keep(&mut self, earlier: &CameraMonitoring) {
        fn keep<T: Clone>(now: &mut Option<T>, before: &Option<T>) {
            if now.is_none() {
                now.clone_from(before);
            }
        }
        keep(&mut self.status, &earlier.status);
        keep(&mut self.rates, &earlier.rates);
        keep(&mut self.pedestals, &earlier.pedestals);
        keep(&mut self.temperatures, &earlier.temperatures);
        keep(&mut self.currents, &earlier.currents);
        keep(&mut self.thresholds, &earlier.thresholds);
        keep(&mut self.daq, &earlier.daq);
    }
}

fn rates(c: &mut Cursor<'_>, n_sectors: usize) -> Result<Rates, ObjectError> {
    Ok(Rates {
        time: c.time()?,
        coinc_count: c.i32()?,
        event_count: c.i32()?,
        trigger_rate: c.f32()?,
        sector_rate: c.f32s(n_sectors)?,
        event_rate: c.f32()?,
        data_rate: c.f32()?,
        mean_significant: c.f32()?,
    })
}

fn pedestals(c: &mut Cursor<'_>, n: usize) -> Result<Pedestals, ObjectError> {
    let (time, n_ped_slices) = (c.time()?, c.i16()?);
    Ok(Pedestals { time, n_ped_slices, pedestal: c.f32s(n)?, noise: c.f32s(n)? })
}

fn temperatures(
    c: &mut Cursor<'_>,
    n_pixels: usize,
    n_drawers: usize,
) -> Result<Temperatures, ObjectError> {
    let time = c.time()?;
    let n_drawer_temp = c.short_count("temperatures of a module")?;
    let n_camera_temp = c.short_count("temperatures of the camera")?;
    Ok(Temperatures {
        time,
        n_drawer_temp,
        hv_v_mon: c.u16s(n_pixels)?,
        hv_i_mon: c.u16s(n_pixels)?,
        hv_stat: c.u8s(n_pixels)?,
        drawer_temp: c.i16s(n_drawers.saturating_mul(n_drawer_temp))?,
        camera_temp: c.i16s(n_camera_temp)?,
    })
}
