//! A camera description from a telescope of a simulation.

use std::path::Path;

use super::{CameraFile, Pedestal, TraceMap};
use crate::event::{Calibration, TelescopeEvent};
use crate::instrument::{Subarray, TelId};
use crate::simtel::source::{FocalLengthChoice, SimtelEventSource, SourceOptions};
use crate::{Error, Place};

impl CameraFile {
    /// The camera of a telescope in a file of sim_telarray, of its first gain. `tel_id` may be left out where there
    /// is one telescope only.
    ///
    /// Gains and time shifts are those of the telescope's first event. The simulation does not say how pixels are
    /// cabled: trace number i becomes pixel number i. It digitizes no firmware baseline, which pedestals are set to.
    ///
    /// # Errors
    /// Where the file can't be read, has no such telescope, or no event of it.
    pub fn from_simtel(path: &Path, tel_id: Option<TelId>) -> Result<Self, Error> {
        let options = SourceOptions {
            skip_calibration_events: false,
            focal_length_choice: FocalLengthChoice::Equivalent,
            ..Default::default()
        };
        let source = SimtelEventSource::open(path, options)?;
        let subarray = source.subarray().clone();
        let known = || {
            let known: Vec<_> = subarray.telescopes.iter().map(|t| t.tel_id.to_string()).collect();
            format!("{} has {}", path.display(), known.join(", "))
        };
        let tel_id = match (tel_id, &subarray.telescopes[..]) {
            (Some(tel_id), _) => tel_id,
            (None, [one]) => one.tel_id,
            (None, _) => {
                return Err(Error::parameter("telescope", format!("choose one: {}", known())));
            }
        };
        let Some(index) = subarray.index(tel_id) else {
            return Err(Error::parameter("telescope", format!("no {tel_id}: {}", known())));
        };
        let event = first_event(source, path, tel_id)?;
        let camera = describe(&subarray, index, &event);
        camera.ok_or_else(|| {
            let place = Place::Entry(format!("telescope {tel_id}"));
            Error::malformed(path, place, "its camera and its calibration do not fit")
        })
    }
}

/// The first event of a telescope.
fn first_event(
    source: SimtelEventSource,
    path: &Path,
    tel_id: TelId,
) -> Result<TelescopeEvent, Error> {
    let converter = source.converter().clone();
    for event in source {
        let event = event?;
        if !event.is_triggered() {
            continue;
        }
        let telescopes = converter.convert(&event)?.event.telescopes;
        if let Some(event) = telescopes.into_iter().find(|telescope| telescope.tel_id == tel_id) {
            return Ok(event);
        }
    }
    let place = Place::Entry(format!("telescope {tel_id}"));
    Err(Error::malformed(path, place, "no event tells its calibration"))
}

fn describe(subarray: &Subarray, index: usize, event: &TelescopeEvent) -> Option<CameraFile> {
    let telescope = subarray.telescopes.get(index)?;
    let camera = subarray.cameras.get(telescope.camera)?;
    let n = camera.geometry.n_pixels();
    let Calibration { dc_to_pe, time_shift_ns, broken, .. } = &*event.calibration;
    let usable = |dc_to_pe: f32| dc_to_pe.is_finite() && dc_to_pe > 0.0;
    let dc_to_pe = dc_to_pe.get(..n)?;
    Some(CameraFile {
        subarray: subarray.name.clone(),
        reference_location: subarray.reference_location,
        tel_id: telescope.tel_id,
        position_m: telescope.position_m,
        optics: subarray.optics.get(telescope.optics)?.clone(),
        pointing: None,
        geometry: camera.geometry.clone(),
        sampling_rate_ghz: camera.readout.sampling_rate_ghz,
        reference_pulse: camera.readout.reference_pulse_shape.first()?.clone(),
        reference_pulse_step_ns: camera.readout.reference_pulse_sample_width_ns,
        trace_map: TraceMap::Traces((0..n as u32).map(Some).collect()),
        // Those that are not usable are broken, which makes the value mean nothing.
        adc_per_pe: dc_to_pe
            .iter()
            .map(|&dc_to_pe| if usable(dc_to_pe) { 1.0 / f64::from(dc_to_pe) } else { 1.0 })
            .collect(),
        pedestal: Pedestal::Firmware,
        baseline_precision: None,
        time_shift_ns: time_shift_ns.get(..n)?.to_vec(),
        broken: broken.get(..n)?.iter().zip(dc_to_pe).map(|(b, &g)| *b || !usable(g)).collect(),
    })
}
