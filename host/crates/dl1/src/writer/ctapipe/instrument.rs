//! The tables of the instrument.

use tierline_h5::pytables::FileWriter;
use tierline_table::DType;

use super::fields::{GEOMETRY, LAYOUT, OPTICS, SAMPLE_TIME};
use super::header::Model;
use super::table::{Table, plain};
use crate::Error;
use crate::instrument::{
    CameraGeometry, CameraReadout, OpticsDescription, PixelShape, ReflectorShape, SizeType,
    Subarray,
};
use crate::writer::{Row, width};

const INSTRUMENT: &str = "configuration/instrument";

/// Writes where the telescopes are and what they are.
pub(super) fn write(file: &mut FileWriter, subarray: &Subarray, model: Model) -> Result<(), Error> {
    layout(file, subarray, model)?;
    optics(file, subarray, model)?;
    for (n, camera) in subarray.cameras.iter().enumerate() {
        geometry(file, n, &camera.geometry, model)?;
        readout(file, n, &camera.readout)?;
    }
    Ok(())
}

fn of_subarray(table: &mut Table, subarray: &Subarray, model: Model) {
    table
        .value("ORIGIN", "ctapipe.instrument.SubarrayDescription")
        .value("SOFT_VER", model.ctapipe_version())
        .value("SUBARRAY", subarray.name.as_str());
}

fn layout(file: &mut FileWriter, subarray: &Subarray, model: Model) -> Result<(), Error> {
    let optics = |at: usize| subarray.optics.get(at);
    let cameras = &subarray.cameras;
    let camera = |at: usize| cameras.get(at).map_or("", |camera| &camera.geometry.name);
    let name = |at| optics(at).map_or("", |optics| &optics.name);
    let size = |at| optics(at).map_or("", |optics| size_name(optics.size_type));
    let telescopes = &subarray.telescopes;
    let widths = [
        width(telescopes.iter().map(|tel| name(tel.optics))),
        width(telescopes.iter().map(|tel| size(tel.optics))),
        width(telescopes.iter().map(|tel| camera(tel.camera))),
        width(telescopes.iter().map(|tel| tel.description.as_str())),
    ];
    let mut table = Table::whole();
    of_subarray(&mut table, subarray, model);
    let [x, y, z] = geocentric(subarray.reference_location);
    table
        .value("TAB_VER", "2.0")
        .value("TAB_TYPE", "subarray")
        .value("name", subarray.name.as_str())
        .value("reference_itrs_x", x)
        .value("reference_itrs_y", y)
        .value("reference_itrs_z", z);
    for field in &LAYOUT {
        match field.name {
            "name" | "optics_name" => table.text(field, widths[0]),
            "type" => table.text(field, widths[1]),
            "camera_name" => table.text(field, widths[2]),
            "tel_description" => table.text(field, widths[3]),
            _ => table.field("", field, &[]),
        };
    }
    let [names, sizes, camera_names, descriptions] = widths.map(usize::from);
    let mut rows = Row::default();
    for tel in telescopes {
        rows.u16(tel.tel_id).text(name(tel.optics), names).text(size(tel.optics), sizes);
        rows.f32s(&tel.position_m).text(camera(tel.camera), camera_names);
        rows.text(name(tel.optics), names).i64(tel.camera as i64).i64(tel.optics as i64);
        rows.text(&tel.description, descriptions);
    }
    table.put(file, &format!("{INSTRUMENT}/subarray/layout"), &rows)
}

fn optics(file: &mut FileWriter, subarray: &Subarray, model: Model) -> Result<(), Error> {
    let all = &subarray.optics;
    let widths = [
        width(all.iter().map(|optics| optics.name.as_str())),
        width(all.iter().map(|optics| size_name(optics.size_type))),
        width(all.iter().map(|optics| reflector_name(optics.reflector_shape))),
    ];
    let mut table = Table::whole();
    of_subarray(&mut table, subarray, model);
    table.value("TAB_VER", "4.0").value("TAB_TYPE", "optics");
    for (n, field) in OPTICS.iter().enumerate() {
        match widths.get(n) {
            Some(width) => table.text(field, *width),
            None => table.field("", field, &[]),
        };
    }
    let [names, sizes, reflectors] = widths.map(usize::from);
    let mut rows = Row::default();
    for OpticsDescription {
        name,
        size_type,
        reflector_shape,
        mirror_area_m2,
        n_mirrors,
        n_mirror_tiles,
        equivalent_focal_length_m,
        effective_focal_length_m,
    } in all
    {
        rows.text(name, names).text(size_name(*size_type), sizes);
        rows.text(reflector_name(*reflector_shape), reflectors).f64(*mirror_area_m2);
        rows.i64(*n_mirrors).i64(*n_mirror_tiles);
        rows.f64(*equivalent_focal_length_m).f64(*effective_focal_length_m);
    }
    table.put(file, &format!("{INSTRUMENT}/telescope/optics"), &rows)
}

fn geometry(
    file: &mut FileWriter,
    n: usize,
    camera: &CameraGeometry,
    model: Model,
) -> Result<(), Error> {
    let mut table = Table::whole();
    let (shape, grid) = match camera.pix_type {
        PixelShape::Circle => ("circle", "hex"),
        PixelShape::Hexagon => ("hexagon", "hex"),
        PixelShape::Square => ("square", "square"),
    };
    table.value("TAB_TYPE", "ctapipe.instrument.CameraGeometry").value("PIX_TYPE", shape);
    match model {
        Model::V7_1_0 => table.value("TAB_VER", "2.0"),
        Model::V7_6_0 => table.value("TAB_VER", "2.1").value("GRID", grid),
    };
    table
        .value("CAM_ID", camera.name.as_str())
        .value("PIX_ROT", camera.pix_rotation_deg)
        .value("CAM_ROT", camera.cam_rotation_deg);
    GEOMETRY.iter().for_each(|field| _ = table.field("", field, &[]));
    let mut rows = Row::default();
    let pixels = camera.pix_x.iter().zip(&camera.pix_y).zip(&camera.pix_area);
    for (id, ((x, y), area)) in pixels.enumerate() {
        rows.i64(id as i64).f64(*x).f64(*y).f64(*area);
    }
    table.put(file, &format!("{INSTRUMENT}/telescope/camera/geometry_{n}"), &rows)
}

fn readout(file: &mut FileWriter, n: usize, readout: &CameraReadout) -> Result<(), Error> {
    const PULSES: [&str; 4] = [
        "reference_pulse_shape_channel0",
        "reference_pulse_shape_channel1",
        "reference_pulse_shape_channel2",
        "reference_pulse_shape_channel3",
    ];
    let pulses = &readout.reference_pulse_shape;
    if pulses.is_empty() || pulses.len() > PULSES.len() {
        let reason = format!("{} reference pulses; 1 to {} can be written", pulses.len(), 4);
        return Err(Error::parameter(readout.name.as_str(), reason));
    }
    let mut table = Table::whole();
    table
        .value("TAB_TYPE", "ctapipe.instrument.CameraReadout")
        .value("TAB_VER", "3.0")
        .value("CAM_ID", readout.name.as_str())
        .value("NCHAN", readout.n_channels as i64)
        .value("NPIXELS", readout.n_pixels as i64)
        .value("SAMPFREQ", readout.sampling_rate_ghz)
        .value("REFWIDTH", readout.reference_pulse_sample_width_ns);
    let samples = i32::try_from(readout.n_samples).unwrap_or(i32::MAX);
    table.values.push((
        "NSAMPLES".to_owned(),
        tierline_h5::pytables::Value::Scalar(tierline_table::Scalar::I32(samples)),
    ));
    for name in PULSES.iter().take(pulses.len()) {
        table.field("", &plain(name, DType::F64, ""), &[]);
    }
    table.field("", &SAMPLE_TIME, &[]);
    let points = pulses.iter().map(Vec::len).min().unwrap_or(0);
    let mut rows = Row::default();
    for k in 0..points {
        pulses.iter().for_each(|pulse| _ = rows.f64(pulse[k]));
        rows.f64(k as f64 * readout.reference_pulse_sample_width_ns);
    }
    table.put(file, &format!("{INSTRUMENT}/telescope/camera/readout_{n}"), &rows)
}

/// Name of a size class.
pub(crate) fn size_name(size: SizeType) -> &'static str {
    match size {
        SizeType::Lst => "LST",
        SizeType::Mst => "MST",
        SizeType::Sst => "SST",
        SizeType::Unknown => "UNKNOWN",
    }
}

/// Name of a form of the mirrors.
pub(crate) fn reflector_name(shape: ReflectorShape) -> &'static str {
    match shape {
        ReflectorShape::Parabolic => "PARABOLIC",
        ReflectorShape::DaviesCotton => "DAVIES_COTTON",
        ReflectorShape::Hybrid => "HYBRID",
        ReflectorShape::SchwarzschildCouder => "SCHWARZSCHILD_COUDER",
        ReflectorShape::Unknown => "UNKNOWN",
    }
}

/// Semi-major axis of the ellipsoid of WGS 84, in m, and its flattening.
const AXIS: f64 = 6_378_137.0;
const FLATTENING: f64 = 1.0 / 298.257_223_563;

/// Geocentric coordinates, in m, of a latitude and a longitude in degrees and a height in m on the ellipsoid
/// of WGS 84.
pub(crate) fn geocentric([latitude, longitude, height]: [f64; 3]) -> [f64; 3] {
    let (sin, cos) = latitude.to_radians().sin_cos();
    let (sin_lon, cos_lon) = longitude.to_radians().sin_cos();
    let shrink = (1.0 - FLATTENING) * (1.0 - FLATTENING);
    let normal = AXIS / (cos * cos + shrink * sin * sin).sqrt();
    let across = (normal + height) * cos;
    [across * cos_lon, across * sin_lon, (shrink * normal + height) * sin]
}

/// Latitude and longitude in degrees, height in m, of geocentric coordinates in m. The latitude is found by
/// iterations that gain two digits each.
pub(crate) fn geodetic([x, y, z]: [f64; 3]) -> [f64; 3] {
    let eccentricity = FLATTENING * (2.0 - FLATTENING);
    let across = x.hypot(y);
    let mut latitude = z.atan2(across * (1.0 - eccentricity));
    let mut height = 0.0;
    for _ in 0..12 {
        let (sin, cos) = latitude.sin_cos();
        let normal = AXIS / (1.0 - eccentricity * sin * sin).sqrt();
        height = match cos.abs() > 0.1 {
            true => across / cos - normal,
            false => z / sin - normal * (1.0 - eccentricity),
        };
        latitude = (z + eccentricity * normal * sin).atan2(across);
    }
    [latitude.to_degrees(), y.atan2(x).to_degrees(), height]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_on_the_ellipsoid_come_back() {
        assert_eq!(geocentric([0.0, 0.0, 2150.0]), [6_380_287.0, 0.0, 0.0]);
        for place in [[28.76, -17.89, 2158.0], [-24.68, -70.32, 2147.0], [89.9, 12.0, 10.0]] {
            let back = geodetic(geocentric(place));
            for (have, want) in back.iter().zip(place) {
                assert!((have - want).abs() < 1e-7, "{back:?} {place:?}");
            }
        }
    }
}
