//! The tables of runs as a whole.

use tierline_h5::pytables::FileWriter;

use super::fields::{
    ATMOSPHERE, DISTRIBUTION, OBSERVATION_BLOCK, SCHEDULING_BLOCK, SIMULATION_RUN, STATISTICS_TABLE,
};
use super::header::Model;
use super::table::{Field, Meaning, Table};
use crate::Error;
use crate::observation::{
    AtmosphereProfile, Observation, PointingFrame, ShowerDistribution, SimulationRun,
};
use crate::time::mjd;
use crate::writer::{Criterion, Row, RunData, width};

/// ctapipe's numbers of what is simulated: for observation, completed, drifting; and of what is not known.
const OBSERVATION: i64 = 0;
const COMPLETED: i64 = 1;
const DRIFT: i64 = 1;
const UNKNOWN: i64 = -1;

/// Writes all of them that there is something for.
pub(super) fn write(
    file: &mut FileWriter,
    run: &RunData,
    model: Model,
    is_simulation: bool,
) -> Result<(), Error> {
    if !run.observations.is_empty() {
        scheduling_blocks(file, &run.observations, model, is_simulation)?;
        observation_blocks(file, &run.observations, model, is_simulation)?;
    }
    if is_simulation {
        if !run.simulation_runs.is_empty() {
            simulation_runs(file, &run.simulation_runs, model)?;
        }
        if let Some(atmosphere) = &run.atmosphere {
            atmosphere_profile(file, atmosphere)?;
        }
        distributions(file, &run.shower_distributions, model)?;
    }
    match run.image_statistics.is_empty() {
        true => Ok(()),
        false => statistics(file, &run.image_statistics),
    }
}

/// Columns, of which texts have a width.
fn columns(table: &mut Table, fields: &[Field], text: u16) {
    for field in fields {
        match field.meaning {
            Meaning::Text => table.text(field, text),
            _ => table.field("", field, &[]),
        };
    }
}

fn producer(is_simulation: bool) -> &'static str {
    if is_simulation { "simulation" } else { "unknown" }
}

fn scheduling_blocks(
    file: &mut FileWriter,
    observations: &[Observation],
    model: Model,
    is_simulation: bool,
) -> Result<(), Error> {
    let producer = producer(is_simulation);
    let mut table = Table::of_rows(model.ctapipe_version());
    table.begin("SchedulingBlockContainer");
    columns(&mut table, &SCHEDULING_BLOCK, width([producer]));
    let mut rows = Row::default();
    for observation in observations {
        rows.u64(observation.obs_id as u64).i64(OBSERVATION).text(producer, producer.len());
        rows.i64(UNKNOWN).i64(if is_simulation { DRIFT } else { UNKNOWN });
    }
    table.put(file, "configuration/observation/scheduling_block", &rows)
}

fn observation_blocks(
    file: &mut FileWriter,
    observations: &[Observation],
    model: Model,
    is_simulation: bool,
) -> Result<(), Error> {
    let producer = producer(is_simulation);
    let mut table = Table::of_rows(model.ctapipe_version());
    table.begin("ObservationBlockContainer");
    columns(&mut table, &OBSERVATION_BLOCK, width([producer]));
    let mut rows = Row::default();
    for observation in observations {
        let start = mjd(observation.start_time);
        rows.u64(observation.obs_id as u64).u64(observation.obs_id as u64);
        rows.text(producer, producer.len());
        rows.i64(if is_simulation { COMPLETED } else { UNKNOWN });
        // ctapipe converts what is f32 in the header as such.
        let degrees = |radians: f64| match radians as f32 {
            narrow if f64::from(narrow) == radians => narrow.to_degrees(),
            _ => radians.to_degrees() as f32,
        };
        rows.f32(degrees(observation.pointing.altitude));
        rows.f32(degrees(observation.pointing.azimuth));
        rows.i64(match observation.pointing_frame {
            PointingFrame::AltAz => 0,
            PointingFrame::Icrs => 1,
        });
        rows.f64(f64::NAN).f64(start).f64(start).f64(f64::NAN);
    }
    table.put(file, "configuration/observation/observation_block", &rows)
}

fn simulation_runs(
    file: &mut FileWriter,
    runs: &[SimulationRun],
    model: Model,
) -> Result<(), Error> {
    let mut table = Table::of_rows(model.ctapipe_version());
    table.begin("ExtraSimInfo").begin("SimulationConfigContainer");
    columns(&mut table, &SIMULATION_RUN, 1);
    let mut rows = Row::default();
    runs.iter().for_each(|run| simulation_run(&mut rows, run));
    table.put(file, "configuration/simulation/run", &rows)
}

fn simulation_run(row: &mut Row, run: &SimulationRun) {
    let whole = |row: &mut Row, values: &[i32]| {
        values.iter().for_each(|value| _ = row.i64(i64::from(*value)));
    };
    let wide = |row: &mut Row, values: &[f32]| {
        values.iter().for_each(|value| _ = row.f64(f64::from(*value)));
    };
    row.i32(run.obs_id).i32(run.run_number);
    whole(row, &[run.corsika_version, run.simtel_version]);
    row.f32s(&[run.energy_range_min, run.energy_range_max]);
    wide(row, &[run.prod_site_b_total, run.prod_site_b_declination, run.prod_site_b_inclination]);
    wide(row, &[run.prod_site_alt, run.spectral_index]);
    whole(row, &[run.shower_prog_start, run.shower_prog_id]);
    whole(row, &[run.detector_prog_start, run.detector_prog_id]);
    whole(row, &[run.n_showers, run.shower_reuse]);
    row.f32s(&[run.max_alt as f32, run.min_alt as f32, run.max_az, run.min_az]);
    whole(row, &[run.diffuse]);
    row.f32s(&[run.max_viewcone_radius, run.min_viewcone_radius]);
    row.f32s(&[run.max_scatter_range, run.min_scatter_range]);
    whole(row, &[run.core_pos_mode, run.atmosphere, run.corsika_iact_options]);
    whole(row, &[run.corsika_low_e_model, run.corsika_high_e_model]);
    wide(row, &[run.corsika_bunchsize, run.corsika_wlen_min, run.corsika_wlen_max]);
    whole(row, &[run.corsika_low_e_detail, run.corsika_high_e_detail]);
}

fn atmosphere_profile(file: &mut FileWriter, profile: &AtmosphereProfile) -> Result<(), Error> {
    let mut table = Table::whole();
    table
        .value("TAB_TYPE", "ctapipe.atmosphere.TableAtmosphereDensityProfile")
        .value("TAB_VER", 1i64)
        .value("observation_level", profile.observation_level_cm)
        .value("atmosphere_id", i64::from(profile.id))
        .value("atmosphere_name", profile.name.as_str());
    if let Some(top) = profile.top_cm {
        table.value("atmosphere_height", top);
    }
    columns(&mut table, &ATMOSPHERE, 1);
    let mut rows = Row::default();
    let points = profile.height_km.iter().zip(&profile.density).zip(&profile.column_density);
    // ctapipe interpolates logarithms, and leaves out what has none.
    let valid = |((height, density), column): &((&f64, &f64), &f64)| {
        **height >= 0.0 && **density > 0.0 && **column > 0.0
    };
    for ((height, density), column_density) in points.filter(valid) {
        rows.f64s(&[*height, *density, *column_density]);
    }
    table.put(file, "simulation/service/atmosphere_density_profile", &rows)
}

/// Distributions of the shape of the first one; others don't fit into its table.
fn distributions(
    file: &mut FileWriter,
    all: &[ShowerDistribution],
    model: Model,
) -> Result<(), Error> {
    let Some(first) = all.first() else { return Ok(()) };
    let sizes = |one: &ShowerDistribution| (one.bins_energy.len(), one.bins_core_dist.len());
    let (energies, distances) = sizes(first);
    let bins = (energies.saturating_sub(1), distances.saturating_sub(1));
    let filled = |one: &ShowerDistribution| one.histogram.len() == bins.0.saturating_mul(bins.1);
    if bins.0 == 0
        || bins.1 == 0
        || all.iter().any(|one| sizes(one) != sizes(first) || !filled(one))
    {
        let reason = "bins of showers' energies and distances differ, or are none";
        return Err(Error::parameter("shower_distribution", reason));
    }
    let mut table = Table::of_rows(model.ctapipe_version());
    table.begin("SimulatedShowerDistribution");
    let single = first.single_precision;
    for field in &DISTRIBUTION {
        let kind = if single { tierline_table::DType::F32 } else { field.dtype };
        match field.name {
            "bins_energy" => table.field("", field, &[energies]),
            "bins_core_dist" => table.field("", field, &[distances]),
            "histogram" => table.field("", &Field { dtype: kind, ..*field }, &[bins.0, bins.1]),
            _ => table.field("", field, &[]),
        };
    }
    let mut rows = Row::default();
    for one in all {
        rows.i32(one.obs_id).i64(one.hist_id).i64(one.n_entries);
        rows.f64s(&one.bins_energy).f64s(&one.bins_core_dist);
        match single {
            true => one.histogram.iter().for_each(|value| _ = rows.f32(*value as f32)),
            false => _ = rows.f64s(&one.histogram),
        }
    }
    table.put(file, "simulation/service/shower_distribution", &rows)
}

fn statistics(file: &mut FileWriter, criteria: &[Criterion]) -> Result<(), Error> {
    let names = width(criteria.iter().map(|criterion| criterion.name.as_str()));
    let functions = width(criteria.iter().map(|criterion| criterion.function.as_str()));
    let mut table = Table::whole();
    for field in &STATISTICS_TABLE {
        match field.name {
            "criteria" => table.text(field, names),
            "func" => table.text(field, functions),
            _ => table.field("", field, &[]),
        };
    }
    let mut rows = Row::default();
    for criterion in criteria {
        rows.text(&criterion.name, names.into()).i64(criterion.counts);
        rows.i64(criterion.cumulative_counts).text(&criterion.function, functions.into());
    }
    table.put(file, "dl1/service/image_statistics", &rows)
}
