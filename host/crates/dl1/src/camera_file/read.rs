//! Reading of camera description files.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::keys::Keys;
use super::{CameraFile, Pedestal, TraceMap};
use crate::event::Pointing;
use crate::instrument::{CameraGeometry, OpticsDescription, PixelShape, ReflectorShape, SizeType};
use crate::simtel::source::size_of_area;
use crate::{Error, Place};

/// Largest file, in bytes.
const MAX_BYTES: u64 = 16 << 20;
/// Most pixels of a camera: those that traces have numbers for.
const MAX_PIXELS: usize = 1 << 16;
/// Most points of a reference pulse.
const MAX_POINTS: usize = 1 << 16;

pub(super) const SIZES: [(&str, SizeType); 4] = [
    ("LST", SizeType::Lst),
    ("MST", SizeType::Mst),
    ("SST", SizeType::Sst),
    ("UNKNOWN", SizeType::Unknown),
];
pub(super) const REFLECTORS: [(&str, ReflectorShape); 5] = [
    ("PARABOLIC", ReflectorShape::Parabolic),
    ("DAVIES_COTTON", ReflectorShape::DaviesCotton),
    ("HYBRID", ReflectorShape::Hybrid),
    ("SCHWARZSCHILD_COUDER", ReflectorShape::SchwarzschildCouder),
    ("UNKNOWN", ReflectorShape::Unknown),
];
pub(super) const SHAPES: [(&str, PixelShape); 3] = [
    ("hexagon", PixelShape::Hexagon),
    ("square", PixelShape::Square),
    ("circle", PixelShape::Circle),
];

impl CameraFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it can't be read, or a key is missing, unknown, or has a value that can't be.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let size = std::fs::metadata(path).map_err(|e| Error::io(path, "open it", e))?.len();
        if size > MAX_BYTES {
            let reason = format!("a camera file has at most {MAX_BYTES} bytes, this has {size}");
            return Err(Error::malformed(path, Place::File, reason));
        }
        let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, "read it", e))?;
        Self::from_text(path, &text)
    }

    /// Reads the text of a file. `path` names it in errors.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_text(path: &Path, text: &str) -> Result<Self, Error> {
        let malformed = |reason: String| Error::malformed(path, Place::File, reason);
        let json = text.trim_start().starts_with('{');
        let value: Value = match json {
            true => serde_json::from_str(text).map_err(|e| malformed(e.to_string()))?,
            false => serde_saphyr::from_str(text).map_err(|e| malformed(e.to_string()))?,
        };
        let mut keys = Keys::of_file(path, value)?;
        let (subarray, reference_location) = subarray(&mut keys)?;
        let telescope = telescope(keys.required_section("telescope")?)?;
        let geometry = geometry(keys.required_section("camera")?)?;
        let readout = readout(keys.required_section("readout")?)?;
        let n_pixels = geometry.n_pixels();
        let trace_map = trace_map(keys.required_section("trace_map")?, n_pixels)?;
        let calibration = calibration(keys.required_section("calibration")?, n_pixels)?;
        let broken = &calibration.broken;
        let mut connected = vec![false; n_pixels];
        trace_map.pixels().for_each(|pixel| connected[pixel as usize] = true);
        if let Some(pixel) = (0..n_pixels).find(|&pixel| !connected[pixel] && !broken[pixel]) {
            let reason =
                format!("pixel {pixel} has no trace and is not in calibration.broken_pixels");
            return Err(keys.wrong("trace_map", reason));
        }
        keys.finish()?;
        Ok(CameraFile {
            subarray,
            reference_location,
            tel_id: telescope.tel_id,
            position_m: telescope.position_m,
            optics: telescope.optics,
            pointing: telescope.pointing,
            geometry,
            sampling_rate_ghz: readout.0,
            reference_pulse_step_ns: readout.1,
            reference_pulse: readout.2,
            trace_map,
            adc_per_pe: calibration.adc_per_pe,
            pedestal: calibration.pedestal,
            baseline_precision: calibration.baseline_precision,
            time_shift_ns: calibration.time_shift_ns,
            broken: calibration.broken,
        })
    }
}

fn subarray(keys: &mut Keys<'_>) -> Result<(String, [f64; 3]), Error> {
    let Some(mut keys) = keys.section("subarray")? else { return Ok(("array".into(), [0.0; 3])) };
    let name = keys.optional("name")?.unwrap_or_else(|| "array".into());
    let mut number = |key| Ok::<_, Error>(keys.number(key)?.unwrap_or(0.0));
    let place = [number("latitude_deg")?, number("longitude_deg")?, number("height_m")?];
    keys.finish()?;
    Ok((name, place))
}

struct Telescope {
    tel_id: u16,
    position_m: [f32; 3],
    optics: OpticsDescription,
    pointing: Option<Pointing>,
}

/// A value by its name.
fn named<T: Copy>(
    keys: &mut Keys<'_>,
    key: &'static str,
    names: &[(&str, T)],
) -> Result<Option<T>, Error> {
    let Some(name) = keys.optional::<String>(key)? else { return Ok(None) };
    let found = names.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
    found.map(|(_, value)| Some(*value)).ok_or_else(|| {
        let known = names.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
        keys.wrong(key, format!("there is no '{name}', but {known}"))
    })
}

fn telescope(mut keys: Keys<'_>) -> Result<Telescope, Error> {
    let tel_id = keys.required("tel_id")?;
    let position: Option<[f32; 3]> = keys.optional("position_m")?;
    let position_m = position.unwrap_or_default();
    if position_m.iter().any(|at| !at.is_finite()) {
        return Err(keys.wrong("position_m", "these are no finite numbers"));
    }
    let mirror_area_m2 = keys.positive("mirror_area_m2")?;
    let effective = keys.number("effective_focal_length_m")?;
    if effective.is_some_and(|length| length <= 0.0) {
        return Err(keys.wrong("effective_focal_length_m", "expected a number above 0"));
    }
    let optics = OpticsDescription {
        name: keys.required("name")?,
        size_type: named(&mut keys, "size_type", &SIZES)?
            .unwrap_or_else(|| size_of_area(mirror_area_m2)),
        reflector_shape: named(&mut keys, "reflector_shape", &REFLECTORS)?
            .unwrap_or(ReflectorShape::Unknown),
        mirror_area_m2,
        n_mirrors: keys.optional("n_mirrors")?.unwrap_or(-1),
        n_mirror_tiles: keys.optional("n_mirror_tiles")?.unwrap_or(-1),
        equivalent_focal_length_m: keys.positive("equivalent_focal_length_m")?,
        effective_focal_length_m: effective.unwrap_or(f64::NAN),
    };
    let pointing = keys.section("pointing_deg")?.map(pointing).transpose()?;
    keys.finish()?;
    Ok(Telescope { tel_id, position_m, optics, pointing })
}

fn pointing(mut keys: Keys<'_>) -> Result<Pointing, Error> {
    let mut angle = |key| match keys.number(key)? {
        Some(angle) => Ok::<_, Error>(angle.to_radians()),
        None => Err(keys.wrong(key, "this key is missing")),
    };
    let (azimuth, altitude) = (angle("azimuth")?, angle("altitude")?);
    keys.finish()?;
    Ok(Pointing { azimuth, altitude })
}

fn geometry(mut keys: Keys<'_>) -> Result<CameraGeometry, Error> {
    let pix_x = keys.numbers("pix_x_m")?;
    let pix_y = keys.numbers("pix_y_m")?;
    let n = pix_x.len();
    if n == 0 || n > MAX_PIXELS {
        let reason = format!("expected 1 to {MAX_PIXELS} pixels, found {n}");
        return Err(keys.wrong("pix_x_m", reason));
    }
    if pix_y.len() != n {
        let reason = format!("expected {n} values as in pix_x_m, found {}", pix_y.len());
        return Err(keys.wrong("pix_y_m", reason));
    }
    let pix_area = keys.for_each("pix_area_m2", n)?;
    let pix_area = pix_area.ok_or_else(|| keys.wrong("pix_area_m2", "this key is missing"))?;
    if pix_area.iter().any(|area| *area <= 0.0) {
        return Err(keys.wrong("pix_area_m2", "expected areas above 0"));
    }
    let missing = |keys: &Keys<'_>| keys.wrong("pixel_shape", "this key is missing");
    let shape = named(&mut keys, "pixel_shape", &SHAPES)?;
    let geometry = CameraGeometry {
        name: keys.required("name")?,
        pix_x,
        pix_y,
        pix_area,
        pix_type: shape.ok_or_else(|| missing(&keys))?,
        pix_rotation_deg: keys.number("pixel_rotation_deg")?.unwrap_or(0.0),
        cam_rotation_deg: keys.number("camera_rotation_deg")?.unwrap_or(0.0),
    };
    keys.finish()?;
    Ok(geometry)
}

/// Sampling rate, step of the pulse, pulse.
fn readout(mut keys: Keys<'_>) -> Result<(f64, f64, Vec<f64>), Error> {
    let rate = keys.positive("sampling_rate_ghz")?;
    let step = keys.positive("reference_pulse_step_ns")?;
    let pulse = keys.numbers("reference_pulse")?;
    if pulse.is_empty() || pulse.len() > MAX_POINTS {
        let reason = format!("expected 1 to {MAX_POINTS} points, found {}", pulse.len());
        return Err(keys.wrong("reference_pulse", reason));
    }
    keys.finish()?;
    Ok((rate, step, pulse))
}

fn trace_map(mut keys: Keys<'_>, n_pixels: usize) -> Result<TraceMap, Error> {
    let traces: Option<Vec<Option<u32>>> = keys.optional("traces")?;
    let cards: Option<Vec<Value>> = keys.optional("cards")?;
    let (key, map) = match (traces, cards) {
        (Some(traces), None) => ("traces", TraceMap::Traces(traces)),
        (None, Some(list)) => ("cards", TraceMap::Inputs(cards_of(&keys, list)?)),
        (Some(_), Some(_)) => return Err(keys.wrong("cards", "there is traces, too: give one")),
        (None, None) => return Err(keys.wrong("traces", "neither traces nor cards are there")),
    };
    let mut taken = vec![false; n_pixels];
    for pixel in map.pixels() {
        match taken.get_mut(pixel as usize) {
            None => {
                let reason = format!("there is no pixel {pixel}, the camera has {n_pixels}");
                return Err(keys.wrong(key, reason));
            }
            Some(true) => {
                return Err(keys.wrong(key, format!("pixel {pixel} has more than one trace")));
            }
            Some(taken) => *taken = true,
        }
    }
    keys.finish()?;
    Ok(map)
}

fn cards_of(keys: &Keys<'_>, list: Vec<Value>) -> Result<BTreeMap<(u16, u16), Option<u32>>, Error> {
    let mut map = BTreeMap::new();
    for (at, card) in list.into_iter().enumerate() {
        let wrong = |reason: String| keys.wrong("cards", format!("card {at}: {reason}"));
        let card: Card = serde_json::from_value(card).map_err(|e| wrong(e.to_string()))?;
        for (input, pixel) in card.pixels.into_iter().enumerate() {
            let input = u16::try_from(input).map_err(|_| wrong("too many inputs".into()))?;
            if map.insert((card.address, input), pixel).is_some() {
                return Err(wrong(format!("address {} is there twice", card.address)));
            }
        }
    }
    Ok(map)
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    address: u16,
    pixels: Vec<Option<u32>>,
}

struct Calibration {
    adc_per_pe: Vec<f64>,
    pedestal: Pedestal,
    baseline_precision: Option<f64>,
    time_shift_ns: Vec<f32>,
    broken: Vec<bool>,
}

fn calibration(mut keys: Keys<'_>, n: usize) -> Result<Calibration, Error> {
    let adc_per_pe = keys.for_each("adc_per_pe", n)?;
    let adc_per_pe = adc_per_pe.ok_or_else(|| keys.wrong("adc_per_pe", "this key is missing"))?;
    if let Some(at) = adc_per_pe.iter().position(|gain| *gain <= 0.0) {
        let reason = format!("pixel {at}: expected a number above 0, found {}", adc_per_pe[at]);
        return Err(keys.wrong("adc_per_pe", reason));
    }
    let baseline_precision = keys.number("baseline_precision")?;
    if baseline_precision.is_some_and(|steps| steps < 1.0) {
        return Err(keys.wrong("baseline_precision", "expected a number from 1 on"));
    }
    let shifts = keys.for_each("time_shift_ns", n)?.unwrap_or_else(|| vec![0.0; n]);
    let mut broken = vec![false; n];
    for pixel in keys.optional::<Vec<usize>>("broken_pixels")?.unwrap_or_default() {
        let missing = || format!("there is no pixel {pixel}, the camera has {n}");
        *broken.get_mut(pixel).ok_or_else(|| keys.wrong("broken_pixels", missing()))? = true;
    }
    let pedestal = pedestal(&mut keys)?;
    keys.finish()?;
    let time_shift_ns = shifts.into_iter().map(|shift| shift as f32).collect();
    Ok(Calibration { adc_per_pe, pedestal, baseline_precision, time_shift_ns, broken })
}

fn pedestal(keys: &mut Keys<'_>) -> Result<Pedestal, Error> {
    const KEY: &str = "pedestal";
    let value = keys.value(KEY).ok_or_else(|| keys.wrong(KEY, "this key is missing"))?;
    let first = |value: &Value| value.as_object()?.get("first_samples")?.as_u64();
    match &value {
        Value::String(text) if text == "firmware" => Ok(Pedestal::Firmware),
        Value::Object(map) if map.len() == 1 => match first(&value) {
            Some(n) if n > 0 && n <= u64::from(u16::MAX) => Ok(Pedestal::FirstSamples(n as usize)),
            _ => Err(keys.wrong(KEY, "expected first_samples: a number of samples")),
        },
        _ => Err(keys.wrong(KEY, "expected firmware, or first_samples: a number of samples")),
    }
}
