//! Headers and statistics of runs (types 2000, 2001, 2024, 2025).

use crate::eventio::{Object, ObjectError};

/// Header of a run (type 2000, versions 0 to 2).
///
/// i4 run, time, kind, tracking mode, (≥ 2) i4 reverse, f4 direction\[2\], offset\[2\], convergence depth, (≥ 1) f4
/// reference\[2\], i4 telescopes, i2 numbers, f4 places\[3\] of each, i4 least triggers, i4 duration, 2 texts.
#[derive(Debug, Clone, PartialEq)]
pub struct RunHeader {
    /// Number.
    pub run: i32,
    /// Start, in seconds since 1970, UTC.
    pub time: i32,
    /// Kind of run.
    pub run_type: i32,
    /// 0: the direction is azimuth and altitude, 1: right ascension and declination.
    pub tracking_mode: i32,
    /// Whether telescopes point the other way round (version 2).
    pub reverse_flag: Option<i32>,
    /// Direction, in rad.
    pub direction: [f32; 2],
    /// Offset of the field of view, in rad.
    pub offset_fov: [f32; 2],
    /// Atmospheric depth at which the telescopes' axes meet, in g/cm²; 0 if parallel.
    pub conv_depth: f32,
    /// Place from which the depth is counted, in m (version ≥ 1).
    pub conv_ref_pos: Option<[f32; 2]>,
    /// Telescopes.
    pub tel_id: Vec<i16>,
    /// Their places: to the north, to the west, up, in m.
    pub tel_pos: Vec<[f32; 3]>,
    /// Least number of telescopes in a trigger.
    pub min_tel_trig: i32,
    /// Duration, in s.
    pub duration: i32,
    /// Target.
    pub target: String,
    /// Observer.
    pub observer: String,
}

impl RunHeader {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("run header", &[0, 1, 2])?;
        let version = object.header.version;
        let mut c = object.cursor();
        let (run, time, run_type, tracking_mode) = (c.i32()?, c.i32()?, c.i32()?, c.i32()?);
        let reverse_flag = if version >= 2 { Some(c.i32()?) } else { None };
        let (direction, offset_fov, conv_depth) = (c.f32_array()?, c.f32_array()?, c.f32()?);
        let conv_ref_pos = if version >= 1 { Some(c.f32_array()?) } else { None };
        let n = c.count("telescopes")?;
        let tel_id = c.i16s(n)?;
        let tel_pos = c.f32s(n.saturating_mul(3))?.as_chunks::<3>().0.to_vec();
        Ok(RunHeader {
            run,
            time,
            run_type,
            tracking_mode,
            reverse_flag,
            direction,
            offset_fov,
            conv_depth,
            conv_ref_pos,
            tel_id,
            tel_pos,
            min_tel_trig: c.i32()?,
            duration: c.i32()?,
            target: c.text()?,
            observer: c.text()?,
        })
    }
}

/// Header of a simulated run (type 2001, versions 1 to 4). What older versions don't have is 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct McRunHeader {
    /// Simulation of showers: 1 CORSIKA.
    pub shower_prog_id: i32,
    /// Its version times 1000.
    pub shower_prog_vers: i32,
    /// When it ran, in seconds since 1970 (version 4).
    pub shower_prog_start: i32,
    /// Simulation of telescopes: 1 sim_telarray.
    pub detector_prog_id: i32,
    /// Its version.
    pub detector_prog_vers: i32,
    /// When it ran, in seconds since 1970 (version 4).
    pub detector_prog_start: i32,
    /// Height of the observation level, in m.
    pub obsheight: f32,
    /// Showers.
    pub n_showers: i32,
    /// Uses of each.
    pub n_use: i32,
    /// Impact points: 0 in a circle, 1 in a rectangle.
    pub core_pos_mode: i32,
    /// Range of impact points, in m.
    pub core_range: [f32; 2],
    /// Range of altitudes, in rad.
    pub alt_range: [f32; 2],
    /// Range of azimuths, in rad.
    pub az_range: [f32; 2],
    /// Whether directions are diffuse.
    pub diffuse: i32,
    /// Range of the cone of directions, in degrees.
    pub viewcone: [f32; 2],
    /// Range of energies, in TeV.
    pub e_range: [f32; 2],
    /// Index of the spectrum.
    pub spectral_index: f32,
    /// Magnetic field, in µT.
    pub b_total: f32,
    /// Its inclination, in rad.
    pub b_inclination: f32,
    /// Its declination, in rad.
    pub b_declination: f32,
    /// Height of injection, in m.
    pub injection_height: f32,
    /// Model of the atmosphere.
    pub atmosphere: i32,
    /// Options of CORSIKA for Cherenkov telescopes (version ≥ 2, as are the next five).
    pub corsika_iact_options: i32,
    /// Hadronic model at low energies.
    pub corsika_low_e_model: i32,
    /// Hadronic model at high energies.
    pub corsika_high_e_model: i32,
    /// Photons of a bunch.
    pub corsika_bunchsize: f32,
    /// Shortest wavelength, in nm.
    pub corsika_wlen_min: f32,
    /// Longest wavelength, in nm.
    pub corsika_wlen_max: f32,
    /// Details of the model at low energies (version ≥ 3).
    pub corsika_low_e_detail: i32,
    /// Details of the model at high energies (version ≥ 3).
    pub corsika_high_e_detail: i32,
}

impl McRunHeader {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("MC run header", &[0, 1, 2, 3, 4])?;
        let version = object.header.version;
        let mut c = object.cursor();
        let mut run = McRunHeader { shower_prog_id: c.i32()?, ..McRunHeader::default() };
        run.shower_prog_vers = c.i32()?;
        if version >= 4 {
            run.shower_prog_start = c.i32()?;
        }
        (run.detector_prog_id, run.detector_prog_vers) = (c.i32()?, c.i32()?);
        if version >= 4 {
            run.detector_prog_start = c.i32()?;
        }
        run.obsheight = c.f32()?;
        (run.n_showers, run.n_use, run.core_pos_mode) = (c.i32()?, c.i32()?, c.i32()?);
        (run.core_range, run.alt_range, run.az_range) =
            (c.f32_array()?, c.f32_array()?, c.f32_array()?);
        run.diffuse = c.i32()?;
        (run.viewcone, run.e_range) = (c.f32_array()?, c.f32_array()?);
        (run.spectral_index, run.b_total) = (c.f32()?, c.f32()?);
        (run.b_inclination, run.b_declination) = (c.f32()?, c.f32()?);
        (run.injection_height, run.atmosphere) = (c.f32()?, c.i32()?);
        if version >= 2 {
            run.corsika_iact_options = c.i32()?;
            (run.corsika_low_e_model, run.corsika_high_e_model) = (c.i32()?, c.i32()?);
            run.corsika_bunchsize = c.f32()?;
            (run.corsika_wlen_min, run.corsika_wlen_max) = (c.f32()?, c.f32()?);
        }
        if version >= 3 {
            (run.corsika_low_e_detail, run.corsika_high_e_detail) = (c.i32()?, c.i32()?);
        }
        Ok(run)
    }
}

/// Statistics of a run (type 2024, version 0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStatistics {
    /// Number of the run.
    pub run: i32,
    /// Triggers of the array.
    pub n_central_trig: i32,
    /// Telescopes.
    pub tel_ids: Vec<i32>,
    /// Triggers of each telescope.
    pub local_trig: Vec<i32>,
    /// Triggers of each telescope that took part in one of the array.
    pub local_sys_trig: Vec<i32>,
    /// Events of each telescope.
    pub events: Vec<i32>,
}

impl RunStatistics {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("run statistics", &[0])?;
        let mut c = object.cursor();
        let n = c.count("telescopes")?;
        Ok(RunStatistics {
            run: object.header.id,
            n_central_trig: c.i32()?,
            tel_ids: c.i32s(n)?,
            local_trig: c.i32s(n)?,
            local_sys_trig: c.i32s(n)?,
            events: c.i32s(n)?,
        })
    }
}

/// Statistics of a simulated run (type 2025, version 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct McRunStatistics {
    /// Number of the run.
    pub run: i32,
    /// Showers.
    pub n_showers: i32,
    /// Events.
    pub n_events: i32,
}

impl McRunStatistics {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("MC run statistics", &[0])?;
        let mut c = object.cursor();
        Ok(McRunStatistics { run: object.header.id, n_showers: c.i32()?, n_events: c.i32()? })
    }
}
