//! Files of CORSIKA for arrays of telescopes.
//!
//! Words of blocks are counted from 1 in CORSIKA's user's guide: of a run's header 16 is the index of the energies,
//! 17 and 18 are the smallest and largest one in GeV, 93 is the number of showers.

use std::path::Path;

use serde::Serialize;
use tierline_report::Limits;

use super::Counted;
use crate::Error;
use crate::eventio::iact::{self, ArrayOffsets, Block, InputCard, TelescopeDefinition};
use crate::eventio::{Input, Object, ObjectError, ObjectReader};

/// What a file of CORSIKA holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Corsika {
    /// Number of the run.
    pub run: Option<i64>,
    /// Version of CORSIKA.
    pub version: Option<f32>,
    /// Smallest and largest energy of a shower, in TeV.
    pub energy_range_tev: Option<[f64; 2]>,
    /// Index of the power law of energies.
    pub spectral_index: Option<f32>,
    /// Showers that were to be simulated.
    pub showers: Option<i64>,
    /// Telescopes as x, y, z, and the radius of the sphere around them, in m.
    pub telescopes: Vec<[f32; 4]>,
    /// Lines of CORSIKA's input.
    pub input_lines: usize,
    /// What was counted, if that was asked for.
    pub counted: Option<Counted>,
}

/// Reads what is before the first shower, and all of the file to count its showers if that is asked for.
pub fn summarize_corsika(path: &Path, count: bool) -> Result<Corsika, Error> {
    let mut reader = ObjectReader::open(path, Limits::default())?;
    let mut summary = Corsika::default();
    let mut counted = Counted::default();
    let mut payload = Vec::new();
    let error = loop {
        match next(&mut reader, &mut payload, &mut summary, &mut counted) {
            Ok(true) if !count && counted.showers > 0 => break None,
            Ok(true) => counted.objects += 1,
            Ok(false) => break None,
            Err(error) => break Some(error),
        }
    };
    if count {
        counted.finish(&reader, error);
        summary.counted = Some(counted);
    } else if let Some(error) = error {
        return Err(error);
    }
    Ok(summary)
}

fn next(
    reader: &mut ObjectReader<Input>,
    payload: &mut Vec<u8>,
    summary: &mut Corsika,
    counted: &mut Counted,
) -> Result<bool, Error> {
    let Some(header) = reader.next_header()? else { return Ok(false) };
    match header.kind {
        iact::TELESCOPE_DATA | iact::MARKER_BEGIN => {
            counted.events += 1;
            return Ok(true);
        }
        iact::RUN_HEADER
        | iact::EVENT_HEADER
        | iact::TELESCOPE_DEFINITION
        | iact::ARRAY_OFFSETS
        | iact::INPUT_CARD => {}
        _ => return Ok(true),
    }
    reader.read_payload(payload)?;
    let object = Object { header, payload };
    take(&object, summary, counted).map_err(|error| error.at(reader.path()))?;
    Ok(true)
}

fn take(
    object: &Object<'_>,
    summary: &mut Corsika,
    counted: &mut Counted,
) -> Result<(), ObjectError> {
    match object.header.kind {
        iact::RUN_HEADER => {
            let block = Block::parse(object)?;
            let word = |n: usize| block.words.get(n - 1).copied();
            summary.run = block.number().map(|number| number as i64);
            summary.version = block.version();
            summary.spectral_index = word(16);
            summary.showers = word(93).map(|count| count as i64);
            summary.energy_range_tev =
                word(17).zip(word(18)).map(|(a, b)| [a, b].map(|gev| f64::from(gev) / 1000.0));
        }
        iact::EVENT_HEADER => {
            let block = Block::parse(object)?;
            counted.showers += 1;
            block.energy_gev().into_iter().for_each(|gev| counted.energy(f64::from(gev) / 1000.0));
            block.particle().into_iter().for_each(|particle| counted.primary(particle as i64));
        }
        iact::TELESCOPE_DEFINITION => {
            let all = TelescopeDefinition::parse(object)?;
            let places = all.x_cm.iter().zip(&all.y_cm).zip(&all.z_cm).zip(&all.r_cm);
            let metres = places.map(|(((x, y), z), r)| [*x, *y, *z, *r].map(|cm| cm / 100.0));
            summary.telescopes = metres.collect();
        }
        iact::ARRAY_OFFSETS => counted.uses += ArrayOffsets::parse(object)?.x_cm.len() as u64,
        _ => summary.input_lines += InputCard::parse(object)?.lines.len(),
    }
    Ok(())
}
