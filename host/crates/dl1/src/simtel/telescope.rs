//! Header of a telescope's event (type 2011, versions 0 to 4). Its number is the telescope's.
//!
//! i4 local and global number, two times, i2 flags with the source of the trigger in the lower byte; with flag
//! 0x100 a list of groups of pixels, with 0x400 (≥ 1) f4 their times; with 0x200 a list of addresses; (≥ 3) f4
//! times of readout and of the trigger; (≥ 4) i4 first sample. Lists are i2 up to version 1, then of variable
//! length.

use crate::eventio::{Cursor, Object, ObjectError};

/// Header of a telescope's event.
#[derive(Debug, Clone, PartialEq)]
pub struct TelescopeHeader {
    /// Number of the telescope.
    pub telescope_id: i32,
    /// Number of the event at the telescope.
    pub loc_count: i32,
    /// Number of the event of the array.
    pub glob_count: i32,
    /// Time of the computer: seconds and nanoseconds since 1970.
    pub cpu_time: [i32; 2],
    /// Time of the trigger: seconds and nanoseconds since 1970, UTC.
    pub gps_time: [i32; 2],
    /// Source of the trigger.
    pub trg_source: i32,
    /// Groups of pixels that triggered, if stored.
    pub list_trgsect: Option<Vec<i32>>,
    /// When they did, in ns, if stored.
    pub time_trgsect: Option<Vec<f32>>,
    /// Addresses, if stored.
    pub phys_addr: Option<Vec<i32>>,
    /// Time of the readout, in ns (version ≥ 3).
    pub readout_time: Option<f32>,
    /// Time of the trigger relative to it, in ns (version ≥ 3).
    pub relative_trigger_time: Option<f32>,
    /// First sample of the readout (version 4).
    pub start_readout: Option<i32>,
}

impl TelescopeHeader {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("header of a telescope's event", &[0, 1, 2, 3, 4])?;
        let version = object.header.version;
        let mut c = object.cursor();
        let (loc_count, glob_count) = (c.i32()?, c.i32()?);
        let (cpu_time, gps_time) = (c.time()?, c.time()?);
        let flags = i32::from(c.i16()?);
        let (mut list_trgsect, mut time_trgsect, mut phys_addr) = (None, None, None);
        if flags & 0x100 != 0 {
            let list = read_list(&mut c, version)?;
            if version >= 1 && flags & 0x400 != 0 {
                time_trgsect = Some(c.f32s(list.len())?);
            }
            list_trgsect = Some(list);
        }
        if flags & 0x200 != 0 {
            phys_addr = Some(read_list(&mut c, version)?);
        }
        let (mut readout_time, mut relative_trigger_time) = (None, None);
        if version >= 3 {
            (readout_time, relative_trigger_time) = (Some(c.f32()?), Some(c.f32()?));
        }
        let start_readout = if version >= 4 { Some(c.i32()?) } else { None };
        Ok(TelescopeHeader {
            telescope_id: object.header.id,
            loc_count,
            glob_count,
            cpu_time,
            gps_time,
            trg_source: flags & 0xff,
            list_trgsect,
            time_trgsect,
            phys_addr,
            readout_time,
            relative_trigger_time,
            start_readout,
        })
    }
}

fn read_list(c: &mut Cursor<'_>, version: u16) -> Result<Vec<i32>, ObjectError> {
    if version <= 1 {
        let n = c.short_count("entries")?;
        return Ok(c.i16s(n)?.into_iter().map(i32::from).collect());
    }
    let n = c.varint_count("entries")?;
    c.varints(n)
}
