//! The array that a file describes.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::camera::CameraSettings;
use super::super::file::{Header, TelescopeSettings};
use super::super::history::Meta;
use super::super::pixels::PixelSettings;
use super::FocalLengthChoice;
use super::names::{TelescopeNames, from_meta, from_numbers, size_name};
use crate::instrument::{
    CameraDescription, CameraGeometry, CameraReadout, OpticsDescription, PixelShape, Subarray,
    TelId, TelescopeDescription,
};
use crate::{Error, Place};

/// Name of an array that has none.
const NO_NAME: &str = "MonteCarloArray";

/// Describes the array. With `allowed`, only these telescopes of it.
pub(super) fn build(
    path: &Path,
    header: &Header,
    allowed: Option<&BTreeSet<TelId>>,
    choice: FocalLengthChoice,
) -> Result<Subarray, Error> {
    let name = header.meta.global.get("ARRAY_CONFIG_NAME").map_or(NO_NAME, String::as_str);
    let mut subarray = Subarray {
        name: name.into(),
        telescopes: Vec::new(),
        optics: Vec::new(),
        cameras: Vec::new(),
        reference_location: reference_location(header),
    };
    let telescopes = telescopes(header);
    if let Some(allowed) = allowed {
        let known: BTreeSet<TelId> = telescopes.iter().map(|(tel_id, _)| *tel_id).collect();
        if let Some(unknown) = allowed.iter().find(|tel_id| !known.contains(tel_id)) {
            let known = ranges(&known);
            let reason = format!("no telescope {unknown} in {}: it has {known}", path.display());
            return Err(Error::parameter("allowed_tels", reason));
        }
        subarray.name = format!("{name}_{}", ranges(allowed));
    }
    for (tel_id, position) in telescopes {
        if allowed.is_none_or(|allowed| allowed.contains(&tel_id)) {
            add(path, header, (tel_id, position), choice, &mut subarray)?;
        }
    }
    Ok(subarray)
}

/// Telescopes and their places, in the order of the run's header.
fn telescopes(header: &Header) -> Vec<(TelId, [f32; 3])> {
    let Some(run) = &header.run else { return Vec::new() };
    let pairs = run.tel_id.iter().zip(&run.tel_pos);
    pairs.filter_map(|(&tel, &position)| Some((TelId::try_from(tel).ok()?, position))).collect()
}

fn add(
    path: &Path,
    header: &Header,
    (tel_id, position_m): (TelId, [f32; 3]),
    choice: FocalLengthChoice,
    subarray: &mut Subarray,
) -> Result<(), Error> {
    let place = || Place::Entry(format!("telescope {tel_id}"));
    let missing = |what: &str| Error::malformed(path, place(), format!("no {what}"));
    let settings = header.telescopes.get(&tel_id).ok_or_else(|| missing("settings"))?;
    let camera = settings.camera.as_ref().ok_or_else(|| missing("camera settings"))?;
    let area = f64::from(camera.mirror_area);
    let focal_length = f64::from(camera.focal_length);
    let names = header.meta.telescopes.get(&tel_id).and_then(|meta| from_meta(meta, area));
    let names = names
        .unwrap_or_else(|| from_numbers(camera.n_pixels, focal_length, camera.n_mirrors, area));
    let optics = describe_optics(camera, &names);
    let focal_length_m = match choice {
        FocalLengthChoice::Equivalent => focal_length,
        FocalLengthChoice::Effective => optics.effective_focal_length_m,
    };
    if focal_length_m.is_nan() {
        let file = path.display();
        let reason = format!(
            "{file} has no effective focal length of telescope {tel_id}; choose EQUIVALENT"
        );
        return Err(Error::parameter("focal_length_choice", reason));
    }
    let geometry = describe_geometry(camera, &names.camera);
    let readout = describe_readout(settings, &names.camera).ok_or_else(|| {
        Error::unsupported(path, place(), "pixel settings without the time between samples")
    })?;
    let description = format!("{}_{}_{}", size_name(names.size), names.optics, names.camera);
    let optics = position_of(&mut subarray.optics, optics, same_optics);
    let camera = CameraDescription { geometry, readout };
    let camera = position_of(&mut subarray.cameras, camera, same_camera);
    subarray.telescopes.push(TelescopeDescription {
        tel_id,
        position_m,
        optics,
        camera,
        description,
        focal_length_m,
    });
    Ok(())
}

/// Position of an equal element, which is added if there is none.
fn position_of<T>(list: &mut Vec<T>, element: T, same: impl Fn(&T, &T) -> bool) -> usize {
    list.iter().position(|known| same(known, &element)).unwrap_or_else(|| {
        list.push(element);
        list.len() - 1
    })
}

fn describe_optics(camera: &CameraSettings, names: &TelescopeNames) -> OpticsDescription {
    OpticsDescription {
        name: names.optics.clone(),
        size_type: names.size,
        reflector_shape: names.shape,
        mirror_area_m2: f64::from(camera.mirror_area),
        n_mirrors: names.n_mirrors,
        n_mirror_tiles: i64::from(camera.n_mirrors),
        equivalent_focal_length_m: f64::from(camera.focal_length),
        effective_focal_length_m: camera.effective_focal_length.map_or(f64::NAN, f64::from),
    }
}

/// Pixels of a camera that is turned back by its rotation a: x' = x cos a - y sin a, y' = x sin a + y cos a.
fn describe_geometry(camera: &CameraSettings, name: &str) -> CameraGeometry {
    let (pix_type, rotation_deg) = match camera.pixel_shape.first() {
        Some(0) => (PixelShape::Circle, 0.0),
        Some(2) => (PixelShape::Square, 0.0),
        Some(3) => (PixelShape::Hexagon, 30.0),
        // Files without the form of pixels are of cameras with hexagons, as ctapipe takes them.
        _ => (PixelShape::Hexagon, 0.0),
    };
    let angle = f64::from(camera.cam_rot);
    let (sin, cos) = angle.sin_cos();
    let pixels = || camera.pixel_x.iter().zip(&camera.pixel_y);
    let pixels = || pixels().map(|(&x, &y)| (f64::from(x), f64::from(y)));
    CameraGeometry {
        name: name.into(),
        pix_x: pixels().map(|(x, y)| x * cos - y * sin).collect(),
        pix_y: pixels().map(|(x, y)| x * sin + y * cos).collect(),
        pix_area: camera.pixel_area.iter().map(|&area| f64::from(area)).collect(),
        pix_type,
        pix_rotation_deg: rotation_deg + angle.to_degrees(),
        cam_rotation_deg: 0.0,
    }
}

fn describe_readout(settings: &TelescopeSettings, name: &str) -> Option<CameraReadout> {
    let (pixels, organization) = (settings.pixels.as_ref()?, settings.organization.as_ref()?);
    Some(CameraReadout {
        name: name.into(),
        sampling_rate_ghz: 1.0 / f64::from(pixels.time_slice?),
        n_pixels: organization.n_pixels,
        n_channels: organization.n_gains,
        n_samples: usize::try_from(pixels.sum_bins?).ok()?,
        reference_pulse_shape: pulses(pixels),
        reference_pulse_sample_width_ns: f64::from(pixels.ref_step.unwrap_or(f32::NAN)),
    })
}

fn pulses(pixels: &PixelSettings) -> Vec<Vec<f64>> {
    let shapes = pixels.ref_shape.chunks_exact(pixels.n_ref_points.max(1));
    shapes.map(|shape| shape.iter().map(|&value| f64::from(value)).collect()).collect()
}

fn same_optics(a: &OpticsDescription, b: &OpticsDescription) -> bool {
    let lengths = |o: &OpticsDescription| {
        [o.mirror_area_m2, o.equivalent_focal_length_m, o.effective_focal_length_m]
            .map(f64::to_bits)
    };
    let names = |o: &OpticsDescription| {
        (o.name.clone(), o.size_type, o.reflector_shape, o.n_mirrors, o.n_mirror_tiles)
    };
    names(a) == names(b) && lengths(a) == lengths(b)
}

/// Cameras are the same if names and numbers agree, and everything measured does to one in 100 000.
fn same_camera(a: &CameraDescription, b: &CameraDescription) -> bool {
    let close = |a: f64, b: f64| a == b || (a - b).abs() <= 1e-8 + 1e-5 * b.abs();
    let all = |a: &[f64], b: &[f64]| {
        a.len() == b.len()
            && a.iter().zip(b).all(|(&a, &b)| close(a, b) || a.is_nan() && b.is_nan())
    };
    let (ga, gb, ra, rb) = (&a.geometry, &b.geometry, &a.readout, &b.readout);
    let step = |r: &CameraReadout| [r.reference_pulse_sample_width_ns];
    (&ga.name, ga.pix_type, ra.n_pixels, ra.n_channels, ra.n_samples)
        == (&gb.name, gb.pix_type, rb.n_pixels, rb.n_channels, rb.n_samples)
        && close(ga.pix_rotation_deg, gb.pix_rotation_deg)
        && all(&ga.pix_x, &gb.pix_x)
        && all(&ga.pix_y, &gb.pix_y)
        && close(ra.sampling_rate_ghz, rb.sampling_rate_ghz)
        && all(&step(ra), &step(rb))
        && ra.reference_pulse_shape.len() == rb.reference_pulse_shape.len()
        && ra.reference_pulse_shape.iter().zip(&rb.reference_pulse_shape).all(|(a, b)| all(a, b))
}

/// Place of the array from metaparameters; at the observation level where the equator meets the first meridian,
/// if they don't tell.
fn reference_location(header: &Header) -> [f64; 3] {
    let number = |meta: &Meta, key: &str| meta.get(key)?.trim().parse::<f64>().ok();
    let meta = &header.meta.global;
    let place = (|| {
        Some([number(meta, "*LATITUDE")?, number(meta, "*LONGITUDE")?, number(meta, "ALTITUDE")?])
    })();
    let height = header.mc_runs.last().map_or(0.0, |run| f64::from(run.obsheight));
    place.unwrap_or([0.0, 0.0, height])
}

/// Numbers as ranges, as `1-4,7`.
fn ranges(numbers: &BTreeSet<TelId>) -> String {
    let mut ranges: Vec<(TelId, TelId)> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let text = |(first, last): &(TelId, TelId)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    };
    ranges.iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telescopes_as_ranges() {
        let text = |numbers: &[TelId]| ranges(&numbers.iter().copied().collect());
        assert_eq!(text(&[]), "");
        assert_eq!(text(&[5]), "5");
        assert_eq!(text(&[1, 2, 3, 4, 7]), "1-4,7");
        assert_eq!(text(&[1, 2, 5]), "1,2,5");
    }
}
