//! The array's trigger (type 2009, versions 0 to 3). Its number is the event's.
//!
//! Two times, i4 patterns of triggered and read telescopes; (≥ 1) i2 number, i2 telescopes and f4 times of those
//! that triggered, i2 number and i2 telescopes of those with data; (≥ 2) masks of kinds of triggers, and for
//! telescopes with two or more of the first four f4 times of these; (≥ 3) f4 azimuth and altitude for which times
//! are corrected and f4 speed of light in cm/ns.

use crate::event::EventType;
use crate::eventio::{Cursor, Object, ObjectError};

/// Kinds of triggers with times of their own.
const KINDS: u32 = 0b1111;
/// Bits that programs before 2024 wrote four places too low.
const SHIFTED: u32 = 0x70;

/// One telescope's part of the trigger.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TriggeredTelescope {
    /// Telescope.
    pub tel_id: i16,
    /// When, in ns after [`Trigger::gps_time`].
    pub time_ns: f32,
    /// Kinds of triggers, repaired.
    pub type_mask: u32,
    /// When each kind triggered, in ns; none if there was one kind only.
    pub time_by_type: [Option<f32>; 4],
}

impl TriggeredTelescope {
    /// A telescope that triggered, nothing else being known.
    pub fn new(tel_id: i16, time_ns: f32) -> Self {
        TriggeredTelescope { tel_id, time_ns, type_mask: 1, time_by_type: [None; 4] }
    }

    /// What the telescope saw: the highest of the bits of random, muon and long events decides.
    pub fn event_type(&self) -> EventType {
        match self.type_mask {
            mask if mask & 0x400 != 0 => EventType::RANDOM_MONO,
            mask if mask & 0x200 != 0 => EventType::MUON,
            mask if mask & 0x100 != 0 => EventType::LONG_EVENT,
            _ => EventType::SUBARRAY,
        }
    }
}

/// Direction for which the times of triggers are corrected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlaneWave {
    /// Azimuth, in rad.
    pub az: f32,
    /// Altitude, in rad.
    pub alt: f32,
    /// Speed of light, in cm/ns.
    pub speed_of_light: f32,
}

/// The array's trigger.
#[derive(Debug, Clone, PartialEq)]
pub struct Trigger {
    /// Number of the event.
    pub id: i32,
    /// Time of the computer: seconds and nanoseconds since 1970.
    pub cpu_time: [i32; 2],
    /// Time of the trigger: seconds and nanoseconds since 1970, UTC.
    pub gps_time: [i32; 2],
    /// Telescopes that triggered, a bit each.
    pub trigger_pattern: i32,
    /// Telescopes with data, a bit each.
    pub data_pattern: i32,
    /// Whether the telescopes are listed, which version 0 does not.
    pub has_lists: bool,
    /// Telescopes that triggered, in the file's order.
    pub triggered: Vec<TriggeredTelescope>,
    /// Telescopes with data, in the file's order.
    pub with_data: Vec<i16>,
    /// Correction of the times (version 3).
    pub plane_wave: Option<PlaneWave>,
}

impl Trigger {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("trigger", &[0, 1, 2, 3])?;
        let version = object.header.version;
        let mut c = object.cursor();
        let mut trigger = Trigger {
            id: object.header.id,
            cpu_time: c.time()?,
            gps_time: c.time()?,
            trigger_pattern: c.i32()?,
            data_pattern: c.i32()?,
            has_lists: version >= 1,
            triggered: Vec::new(),
            with_data: Vec::new(),
            plane_wave: None,
        };
        if version >= 1 {
            let n = c.short_count("triggered telescopes")?;
            let (tel_ids, times) = (c.i16s(n)?, c.f32s(n)?);
            let pairs = tel_ids.into_iter().zip(times);
            trigger.triggered =
                pairs.map(|(tel_id, time)| TriggeredTelescope::new(tel_id, time)).collect();
            let n = c.short_count("telescopes with data")?;
            trigger.with_data = c.i16s(n)?;
        }
        if version >= 2 {
            read_masks(&mut c, &mut trigger.triggered)?;
        }
        if version >= 3 {
            let (az, alt) = (c.f32()?, c.f32()?);
            trigger.plane_wave = Some(PlaneWave { az, alt, speed_of_light: c.f32()? });
        }
        Ok(trigger)
    }
}

fn read_masks(c: &mut Cursor<'_>, triggered: &mut [TriggeredTelescope]) -> Result<(), ObjectError> {
    for telescope in triggered.iter_mut() {
        telescope.type_mask = c.unsigned_varint()? as u32;
    }
    for telescope in triggered {
        let mask = telescope.type_mask;
        if (mask & KINDS).count_ones() >= 2 {
            for (kind, time) in telescope.time_by_type.iter_mut().enumerate() {
                if mask & (1 << kind) != 0 {
                    *time = Some(c.f32()?);
                }
            }
        }
        // All versions there are were written with and without the mistake; the low bits mean nothing else.
        telescope.type_mask = (mask & !SHIFTED) | ((mask & SHIFTED) << 4);
    }
    Ok(())
}
