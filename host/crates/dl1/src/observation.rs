//! What holds for a whole run: its settings, its place in the schedule, its atmosphere.

use crate::event::Pointing;

/// Frame of an observation's target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointingFrame {
    /// Fixed to the ground: azimuth and altitude.
    AltAz,
    /// Fixed to the sky: the azimuth is a right ascension, the altitude a declination.
    Icrs,
}

/// An observation, as its scheduling block and its observation block tell.
///
/// A simulated run has one scheduling block of the same number, was completed, and drifts.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Number of the observation, and of its scheduling block.
    pub obs_id: i32,
    /// When it began, in seconds since 1970, UTC, leap seconds not counted; scheduled and actual.
    pub start_time: i64,
    /// Where the array looks.
    pub pointing: Pointing,
    /// What the pointing is relative to.
    pub pointing_frame: PointingFrame,
    /// Who asked for it, if known.
    pub observer: String,
    /// What was observed, if known.
    pub target: String,
}

/// Settings of a simulated run. The names are those of ctapipe's simulation configuration, the values those of
/// sim_telarray's MC run header.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SimulationRun {
    /// Number of the observation.
    pub obs_id: i32,
    /// Number of the run in the file.
    pub run_number: i32,
    /// Version of CORSIKA times 1000.
    pub corsika_version: i32,
    /// Version of sim_telarray, as it says.
    pub simtel_version: i32,
    /// Smallest energy of a primary, in TeV.
    pub energy_range_min: f32,
    /// Largest energy of a primary, in TeV.
    pub energy_range_max: f32,
    /// Magnetic field, in µT.
    pub prod_site_b_total: f32,
    /// Its declination, in rad.
    pub prod_site_b_declination: f32,
    /// Its inclination, in rad.
    pub prod_site_b_inclination: f32,
    /// Height of the observation level, in m.
    pub prod_site_alt: f32,
    /// Index of the power law of energies.
    pub spectral_index: f32,
    /// When the showers were simulated, in seconds since 1970 (CORSIKA: the day).
    pub shower_prog_start: i32,
    /// Simulation of showers: 1 CORSIKA, 2 ALTAI, 3 KASCADE, 4 MOCCA.
    pub shower_prog_id: i32,
    /// When the telescopes were simulated, in seconds since 1970.
    pub detector_prog_start: i32,
    /// Simulation of telescopes: 1 sim_telarray.
    pub detector_prog_id: i32,
    /// Showers simulated.
    pub n_showers: i32,
    /// Uses of each shower.
    pub shower_reuse: i32,
    /// Largest altitude of a shower, in rad; not above π/2.
    pub max_alt: f64,
    /// Smallest altitude of a shower, in rad; not above π/2.
    pub min_alt: f64,
    /// Largest azimuth of a shower, in rad.
    pub max_az: f32,
    /// Smallest azimuth of a shower, in rad.
    pub min_az: f32,
    /// Whether directions are diffuse.
    pub diffuse: i32,
    /// Outer radius of the cone of directions, in degrees.
    pub max_viewcone_radius: f32,
    /// Inner radius of the cone of directions, in degrees.
    pub min_viewcone_radius: f32,
    /// Largest distance of an impact point, in m.
    pub max_scatter_range: f32,
    /// Smallest distance of an impact point, in m.
    pub min_scatter_range: f32,
    /// Impact points: 0 in a circle, 1 in a rectangle.
    pub core_pos_mode: i32,
    /// Number of the model of the atmosphere.
    pub atmosphere: i32,
    /// CORSIKA's options for Cherenkov telescopes.
    pub corsika_iact_options: i32,
    /// CORSIKA's hadronic model at low energies.
    pub corsika_low_e_model: i32,
    /// CORSIKA's hadronic model at high energies.
    pub corsika_high_e_model: i32,
    /// Photons of a bunch.
    pub corsika_bunchsize: f32,
    /// Shortest wavelength, in nm.
    pub corsika_wlen_min: f32,
    /// Longest wavelength, in nm.
    pub corsika_wlen_max: f32,
    /// Details of the model at low energies.
    pub corsika_low_e_detail: i32,
    /// Details of the model at high energies.
    pub corsika_high_e_detail: i32,
    /// Depth or height of injection, in m; not part of ctapipe's configuration.
    pub injection_height: f32,
}

/// The atmosphere above the array.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AtmosphereProfile {
    /// Number of the model.
    pub id: i32,
    /// Name of the model.
    pub name: String,
    /// Height of the observation level, in cm.
    pub observation_level_cm: f64,
    /// Height of the top of the atmosphere, in cm; `None` if the file has only a table.
    pub top_cm: Option<f64>,
    /// Heights of the table, in km.
    pub height_km: Vec<f64>,
    /// Densities at these heights, in g/cm³.
    pub density: Vec<f64>,
    /// Atmospheric depths at these heights, in g/cm².
    pub column_density: Vec<f64>,
    /// Refractive indices at these heights, less 1.
    pub refractivity: Vec<f64>,
    /// CORSIKA's five layers, if known: lower height in cm, then the parameters a, b, c and 1/c of each.
    pub five_layers: Option<[[f64; 5]; 5]>,
}

/// Where and at which energies showers were simulated, triggered or not.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowerDistribution {
    /// Number of the observation.
    pub obs_id: i32,
    /// Number of the histogram in the file.
    pub hist_id: i64,
    /// Entries.
    pub n_entries: i64,
    /// Edges of the bins of energy, in TeV; one more than there are bins.
    pub bins_energy: Vec<f64>,
    /// Edges of the bins of distance, in m; one more than there are bins.
    pub bins_core_dist: Vec<f64>,
    /// Contents, `[energy][distance]`.
    pub histogram: Vec<f64>,
    /// Whether the contents have single precision in the file, as they then have in the output.
    pub single_precision: bool,
}
