//! The tables of runs as a whole.

use tierline_h5::tree;

use crate::Error;
use crate::event::Pointing;
use crate::observation::{
    AtmosphereProfile, Observation, PointingFrame, ShowerDistribution, SimulationRun,
};
use crate::reader::cell::f64s;
use crate::reader::{Attributes, Cells};
use crate::time::from_mjd;
use crate::writer::{Criterion, RunData};

/// Rows of one of these tables.
const MAX_ROWS: usize = 1_000_000;

pub(super) fn read(file: &tree::Reader) -> Result<RunData, Error> {
    Ok(RunData {
        observations: each(file, "/configuration/observation/observation_block", observation)?,
        simulation_runs: each(file, "/configuration/simulation/run", simulation_run)?,
        atmosphere: atmosphere(file)?,
        shower_distributions: each(file, "/simulation/service/shower_distribution", distribution)?,
        image_statistics: each(file, "/dl1/service/image_statistics", criterion)?,
    })
}

/// Something for each row of a table; nothing if there is no table.
fn each<T>(file: &tree::Reader, path: &str, one: impl Fn(&Cells) -> T) -> Result<Vec<T>, Error> {
    let Some(mut table) = Cells::find(file, path)? else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for row in 0..table.rows().min(MAX_ROWS) {
        table.go(row)?;
        all.push(one(&table));
    }
    Ok(all)
}

fn observation(row: &Cells) -> Observation {
    Observation {
        obs_id: row.integer("obs_id") as i32,
        start_time: from_mjd(row.number("actual_start_time")),
        pointing: Pointing {
            azimuth: row.number("subarray_pointing_lon").to_radians(),
            altitude: row.number("subarray_pointing_lat").to_radians(),
        },
        pointing_frame: match row.integer("subarray_pointing_frame") {
            1 => PointingFrame::Icrs,
            _ => PointingFrame::AltAz,
        },
        observer: String::new(),
        target: String::new(),
    }
}

fn simulation_run(row: &Cells) -> SimulationRun {
    let (f32, i32) = (|name: &str| row.number(name) as f32, |name: &str| row.integer(name) as i32);
    SimulationRun {
        obs_id: i32("obs_id"),
        run_number: i32("run_number"),
        corsika_version: i32("corsika_version"),
        simtel_version: i32("simtel_version"),
        energy_range_min: f32("energy_range_min"),
        energy_range_max: f32("energy_range_max"),
        prod_site_b_total: f32("prod_site_B_total"),
        prod_site_b_declination: f32("prod_site_B_declination"),
        prod_site_b_inclination: f32("prod_site_B_inclination"),
        prod_site_alt: f32("prod_site_alt"),
        spectral_index: f32("spectral_index"),
        shower_prog_start: i32("shower_prog_start"),
        shower_prog_id: i32("shower_prog_id"),
        detector_prog_start: i32("detector_prog_start"),
        detector_prog_id: i32("detector_prog_id"),
        n_showers: i32("n_showers"),
        shower_reuse: i32("shower_reuse"),
        max_alt: row.number("max_alt"),
        min_alt: row.number("min_alt"),
        max_az: f32("max_az"),
        min_az: f32("min_az"),
        diffuse: i32("diffuse"),
        max_viewcone_radius: f32("max_viewcone_radius"),
        min_viewcone_radius: f32("min_viewcone_radius"),
        max_scatter_range: f32("max_scatter_range"),
        min_scatter_range: f32("min_scatter_range"),
        core_pos_mode: i32("core_pos_mode"),
        atmosphere: i32("atmosphere"),
        corsika_iact_options: i32("corsika_iact_options"),
        corsika_low_e_model: i32("corsika_low_E_model"),
        corsika_high_e_model: i32("corsika_high_E_model"),
        corsika_bunchsize: f32("corsika_bunchsize"),
        corsika_wlen_min: f32("corsika_wlen_min"),
        corsika_wlen_max: f32("corsika_wlen_max"),
        corsika_low_e_detail: i32("corsika_low_E_detail"),
        corsika_high_e_detail: i32("corsika_high_E_detail"),
        // The format has no place for it.
        injection_height: f32::NAN,
    }
}

fn atmosphere(file: &tree::Reader) -> Result<Option<AtmosphereProfile>, Error> {
    let path = "/simulation/service/atmosphere_density_profile";
    let Some(mut table) = Cells::find(file, path)? else { return Ok(None) };
    let attributes = Attributes::of(file, path)?;
    Ok(Some(AtmosphereProfile {
        id: attributes.number("atmosphere_id").unwrap_or(0.0) as i32,
        name: attributes.text("atmosphere_name").unwrap_or_default(),
        observation_level_cm: attributes.number("observation_level").unwrap_or(f64::NAN),
        top_cm: attributes.number("atmosphere_height"),
        height_km: table.all("height")?,
        density: table.all("density")?,
        column_density: table.all("column_density")?,
        refractivity: Vec::new(),
        five_layers: None,
    }))
}

fn distribution(row: &Cells) -> ShowerDistribution {
    let numbers = |name: &str| {
        row.find_column(name).map(|column| f64s(&column, row.row())).unwrap_or_default()
    };
    let histogram = row.find_column("histogram");
    ShowerDistribution {
        obs_id: row.integer("obs_id") as i32,
        hist_id: row.integer("hist_id"),
        n_entries: row.integer("n_entries"),
        bins_energy: numbers("bins_energy"),
        bins_core_dist: numbers("bins_core_dist"),
        histogram: numbers("histogram"),
        single_precision: histogram
            .is_some_and(|column| column.dtype == tierline_table::DType::F32),
    }
}

fn criterion(row: &Cells) -> Criterion {
    Criterion {
        name: row.text("criteria"),
        counts: row.integer("counts"),
        cumulative_counts: row.integer("cumulative_counts"),
        function: row.text("func"),
    }
}
