//! Files of sim_telarray.

use std::path::Path;

use serde::Serialize;
use tierline_report::Limits;

use super::{Counted, TelescopeType, types};
use crate::Error;
use crate::eventio::{Input, Object, ObjectError, ObjectReader};
use crate::simtel::kind;
use crate::simtel::mc::McShower;
use crate::simtel::source::{FocalLengthChoice, SimtelEventSource, SourceOptions};

/// What a file of sim_telarray holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simtel {
    /// Number of the run.
    pub run: i32,
    /// When it began, in seconds since 1970 (UTC).
    pub start_time: i64,
    /// What was observed or simulated, as the file tells.
    pub target: String,
    /// Azimuth and altitude of the array, in degrees.
    pub direction_deg: [f64; 2],
    /// CORSIKA's version times 1000, and sim_telarray's, if it is a simulation.
    pub versions: Option<[i32; 2]>,
    /// Energies that were simulated, in TeV.
    pub energy_range_tev: Option<[f64; 2]>,
    /// Index of the power law of energies.
    pub spectral_index: Option<f64>,
    /// Showers that were to be simulated, and the uses of each.
    pub showers: Option<[i32; 2]>,
    /// Telescope types.
    pub telescopes: Vec<TelescopeType>,
    /// Whether images of photo-electrons should be in the file.
    pub has_true_images: bool,
    /// Bytes of the header, decompressed.
    pub header_bytes: u64,
    /// What was counted, if that was asked for.
    pub counted: Option<Counted>,
}

/// Reads the header of a file, and all of it to count its events if that is asked for.
pub fn summarize_simtel(path: &Path, count: bool) -> Result<Simtel, Error> {
    // Old files don't have the other focal length.
    let options = SourceOptions {
        focal_length_choice: FocalLengthChoice::Equivalent,
        ..SourceOptions::default()
    };
    let source = SimtelEventSource::open(path, options)?;
    let (observation, run) = (source.observation(), source.simulation_run());
    let pointing = observation.pointing;
    Ok(Simtel {
        run: observation.obs_id,
        start_time: observation.start_time,
        target: observation.target.clone(),
        direction_deg: [pointing.azimuth.to_degrees(), pointing.altitude.to_degrees()],
        versions: run.map(|run| [run.corsika_version, run.simtel_version]),
        energy_range_tev: run
            .map(|run| [f64::from(run.energy_range_min), f64::from(run.energy_range_max)]),
        spectral_index: run.map(|run| f64::from(run.spectral_index)),
        showers: run.map(|run| [run.n_showers, run.shower_reuse]),
        telescopes: types(source.subarray()),
        has_true_images: source.has_true_images(),
        header_bytes: source.offset(),
        counted: count.then(|| counted(path)).transpose()?,
    })
}

fn counted(path: &Path) -> Result<Counted, Error> {
    let mut reader = ObjectReader::open(path, Limits::default())?;
    let mut counted = Counted::default();
    let mut payload = Vec::new();
    let error = loop {
        match next(&mut reader, &mut payload, &mut counted) {
            Ok(true) => counted.objects += 1,
            Ok(false) => break None,
            Err(error) => break Some(error),
        }
    };
    counted.finish(&reader, error);
    Ok(counted)
}

/// Counts the next object; false at the end.
fn next(
    reader: &mut ObjectReader<Input>,
    payload: &mut Vec<u8>,
    counted: &mut Counted,
) -> Result<bool, Error> {
    let Some(header) = reader.next_header()? else { return Ok(false) };
    if ![kind::MC_SHOWER, kind::MC_EVENT, kind::ARRAY_EVENT, kind::CALIBRATION_EVENT]
        .contains(&header.kind)
    {
        return Ok(true);
    }
    reader.read_payload(payload)?;
    let object = Object { header, payload };
    take(&object, counted).map_err(|error| error.at(reader.path()))?;
    Ok(true)
}

fn take(object: &Object<'_>, counted: &mut Counted) -> Result<(), ObjectError> {
    match object.header.kind {
        kind::MC_SHOWER => {
            let shower = McShower::parse(object)?;
            counted.showers += 1;
            counted.energy(f64::from(shower.energy));
            counted.primary(i64::from(shower.primary_id));
        }
        kind::MC_EVENT => counted.uses += 1,
        kind::CALIBRATION_EVENT => {
            counted.calibration_events += 1;
            for inner in object.objects() {
                take(&inner?, counted)?;
            }
        }
        kind::ARRAY_EVENT => {
            counted.events += 1;
            for inner in object.objects() {
                let is_telescope = kind::telescope_event_tel(inner?.header.kind).is_some();
                counted.telescope_events += u64::from(is_telescope);
            }
        }
        _ => {}
    }
    Ok(())
}
