//! The event source.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tierline_report::LimitKind;

use super::convert::{CALIBRATION, Converter};
use super::gather::{Gather, RawEvent};
use super::{CONFIG, RawTables, RecordingConfig, wrong};
use crate::camera_file::{CameraFile, Pedestal, TraceMap};
use crate::event::Pointing;
use crate::instrument::Subarray;
use crate::observation::{Observation, PointingFrame};
use crate::pipeline::{EventSource, Undecoded};
use crate::simtel::source::SourceOptions;
use crate::{Error, Place};

/// Number of an observation that nobody has given one.
const OBS_ID: i32 = 1;

/// Raw-tier tables of a camera as an event source.
///
/// An event is a packet of the recording; its number is the recording's, which must rise. Calibration events are passed
/// over unless they are wanted.
pub struct RawTableSource {
    gather: Gather,
    converter: Arc<Converter>,
    subarray: Arc<Subarray>,
    /// Seconds since 1970 of the first event.
    start_time: Option<i64>,
    last: Option<i64>,
    left: Option<u64>,
    skip_calibration: bool,
}

impl RawTableSource {
    /// A source of tables. `path` names the recording, `camera_path` the camera's file.
    ///
    /// # Errors
    /// Where the camera file does not fit the recording.
    pub fn new(
        path: &Path,
        tables: RawTables,
        (camera_path, camera): (&Path, CameraFile),
        options: &SourceOptions,
    ) -> Result<Self, Error> {
        let RawTables { config, batches } = tables;
        let n_samples = check_samples(path, &config, &camera)?;
        // Of calibrated waveforms, samples have 4 bytes.
        let size = 4 * n_samples as u64 * camera.n_pixels() as u64;
        options.limits.check(LimitKind::Allocation, "the waveforms of an event", size)?;
        check_map(camera_path, &camera.trace_map, &config)?;
        check_telescope(&camera, options)?;
        let precision = camera.baseline_precision.unwrap_or(config.baseline_precision as f64);
        if camera.pedestal == Pedestal::Firmware && precision < 1.0 {
            let reason = format!(
                "expected a number from 1 on, found {precision}; give calibration.baseline_precision"
            );
            return Err(wrong(path, &format!("{CONFIG}/blprecision"), reason));
        }
        let obs_id = obs_id(options)?;
        let subarray = Arc::new(camera.subarray(n_samples, options.focal_length_choice)?);
        let gather = Gather {
            path: path.to_path_buf(),
            batches: Box::new(batches.fuse()),
            n_samples,
            period_ns: 1.0 / camera.sampling_rate_ghz,
            gps: config.gps,
            limits: options.limits,
            batch: None,
            pending: None,
            end: None,
            rows: 0,
            notes: Vec::new(),
        };
        let dc_to_pe = camera.adc_per_pe.iter().map(|gain| (1.0 / gain) as f32).collect();
        let path: PathBuf = path.to_path_buf();
        let adcs = config.adcs;
        let converter =
            Arc::new(Converter { path, camera, dc_to_pe, precision, n_samples, adcs, obs_id });
        Ok(RawTableSource {
            gather,
            converter,
            subarray,
            start_time: None,
            last: None,
            left: options.max_events,
            skip_calibration: options.skip_calibration_events,
        })
    }

    /// The array of one telescope.
    pub fn subarray(&self) -> &Arc<Subarray> {
        &self.subarray
    }

    /// The observation, which begins with the first event: `None` before that.
    pub fn observation(&self) -> Option<Observation> {
        let unknown = Pointing { azimuth: f64::NAN, altitude: f64::NAN };
        Some(Observation {
            obs_id: self.converter.obs_id,
            start_time: self.start_time?,
            pointing: self.converter.camera.pointing.unwrap_or(unknown),
            pointing_frame: PointingFrame::AltAz,
            observer: String::new(),
            target: String::new(),
        })
    }

    /// The next event that is wanted.
    fn next_raw(&mut self) -> Result<Option<RawEvent>, Error> {
        if self.left == Some(0) {
            return Ok(None);
        }
        while let Some(event) = self.gather.next()? {
            if self.skip_calibration && event.event_type == CALIBRATION {
                continue;
            }
            let number = event.key.number;
            if let Some(last) = self.last.filter(|last| number <= *last) {
                let reason = format!("it is left out: it comes after number {last}");
                let place = Place::Event(number);
                self.gather.notes.push(Error::malformed(&self.gather.path, place, reason));
                continue;
            }
            self.last = Some(number);
            self.start_time = self.start_time.or(Some(event.time.seconds));
            if let Some(left) = &mut self.left {
                *left -= 1;
            }
            return Ok(Some(event));
        }
        Ok(None)
    }
}

impl EventSource for RawTableSource {
    fn next_event(&mut self) -> Result<Option<Undecoded>, Error> {
        let Some(event) = self.next_raw()? else { return Ok(None) };
        let converter = Arc::clone(&self.converter);
        Ok(Some(Box::new(move |_| converter.convert(event))))
    }

    fn take_notes(&mut self) -> Vec<Error> {
        std::mem::take(&mut self.gather.notes)
    }

    /// Bytes of samples: batches have no place in a file.
    fn offset(&self) -> u64 {
        self.gather.rows * 2 * self.gather.n_samples as u64
    }
}

fn check_samples(
    path: &Path,
    config: &RecordingConfig,
    camera: &CameraFile,
) -> Result<usize, Error> {
    let samples = u16::try_from(config.samples).ok().filter(|samples| *samples > 0);
    let Some(samples) = samples.map(usize::from) else {
        let reason = format!("expected 1 to {} samples, found {}", u16::MAX, config.samples);
        return Err(wrong(path, &format!("{CONFIG}/nsamples"), reason));
    };
    match camera.pedestal {
        Pedestal::FirstSamples(n) if n > samples => {
            let reason =
                format!("first_samples is {n}, but {} has {samples} of a trace", path.display());
            Err(Error::parameter("calibration.pedestal", reason))
        }
        _ => Ok(samples),
    }
}

/// Whether the map of a camera file is one of the recording: both must have the same traces.
fn check_map(path: &Path, map: &TraceMap, config: &RecordingConfig) -> Result<(), Error> {
    let wrong = |key: &str, reason: String| Err(wrong(path, key, reason));
    match map {
        TraceMap::Traces(map) => {
            let (adcs, all) = (config.adcs, config.adcs.saturating_add(config.triggers));
            let found = map.len() as u64;
            if found != adcs && found != all {
                let reason = format!("expected {adcs} traces as recorded, found {found}");
                return wrong("trace_map.traces", reason);
            }
            let first = usize::try_from(adcs).unwrap_or(usize::MAX);
            match (first..map.len()).find(|&trace| map[trace].is_some()) {
                Some(trace) => {
                    let reason = format!("trace {trace} is one of a trigger, not of a pixel");
                    wrong("trace_map.traces", reason)
                }
                None => Ok(()),
            }
        }
        TraceMap::Inputs(_) if config.trace_map.is_empty() => Ok(()),
        TraceMap::Inputs(map) => {
            let adcs = usize::try_from(config.adcs).unwrap_or(usize::MAX);
            let recorded = config.trace_map.get(..adcs).unwrap_or(&config.trace_map);
            if let Some((card, input)) = recorded.iter().find(|at| !map.contains_key(at)) {
                let reason = format!("input {input} of card {card} is recorded, but not there");
                return wrong("trace_map.cards", reason);
            }
            let known: std::collections::BTreeSet<_> = recorded.iter().collect();
            let extra = map.iter().find(|(at, pixel)| pixel.is_some() && !known.contains(at));
            match extra {
                Some(((card, input), _)) => {
                    let reason = format!("input {input} of card {card} is not recorded");
                    wrong("trace_map.cards", reason)
                }
                None => Ok(()),
            }
        }
    }
}

fn check_telescope(camera: &CameraFile, options: &SourceOptions) -> Result<(), Error> {
    let Some(allowed) = options.allowed_tels.as_ref().filter(|allowed| !allowed.is_empty()) else {
        return Ok(());
    };
    match allowed.iter().find(|tel_id| **tel_id != camera.tel_id) {
        Some(unknown) => {
            let reason = format!("no telescope {unknown}: the camera file has {}", camera.tel_id);
            Err(Error::parameter("allowed_tels", reason))
        }
        None => Ok(()),
    }
}

/// A recording has no number of its own.
fn obs_id(options: &SourceOptions) -> Result<i32, Error> {
    let (number, offset) = (options.override_obs_id, options.obs_id_offset.unwrap_or(0));
    match number {
        Some(number) => Ok(number),
        None => OBS_ID.checked_add(offset).ok_or_else(|| {
            Error::parameter("obs_id_offset", format!("{OBS_ID} + {offset} is too large"))
        }),
    }
}
