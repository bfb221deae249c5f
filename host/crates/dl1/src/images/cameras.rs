//! The cameras that are asked for, with what maps their images.

use std::collections::BTreeMap;
use std::path::Path;

use super::{MakeImages, Source};
use crate::instrument::{CameraGeometry, PixelShape, TelId};
use crate::mapping::{ImageMapper, MapperKind};
use crate::reader::ctaml;
use crate::{Error, Place};

/// Telescopes that are asked for.
pub(super) struct Cameras {
    /// By telescope type.
    mappers: Vec<(String, ImageMapper)>,
    telescopes: BTreeMap<TelId, usize>,
}

impl Cameras {
    pub(super) fn new(make: &MakeImages, path: &Path, source: &Source) -> Result<Self, Error> {
        let mut cameras = Cameras { mappers: Vec::new(), telescopes: BTreeMap::new() };
        for (tel_id, name, geometry) in telescopes(path, source)? {
            let by_number = make.tel_ids.is_empty() || make.tel_ids.contains(&tel_id);
            if !by_number || !by_name(&make.tel_types, &name, &geometry.name)? {
                continue;
            }
            let known = cameras.mappers.iter().position(|(own, _)| *own == name);
            let at = match known {
                Some(at) => at,
                None => {
                    let kind = make.mapper.unwrap_or(MapperKind::default_for(geometry.pix_type));
                    let mapper = ImageMapper::new(&geometry, kind, make.shape)?;
                    cameras.mappers.push((name, mapper));
                    cameras.mappers.len() - 1
                }
            };
            cameras.telescopes.insert(tel_id, at);
        }
        let shapes = cameras.mappers.iter().map(|(_, mapper)| (mapper.shape(), mapper.kind()));
        let mut shapes: Vec<(usize, MapperKind)> = shapes.collect();
        shapes.dedup();
        if shapes.len() > 1 {
            let own = |(name, mapper): &(String, ImageMapper)| format!("{name} {}", mapper.shape());
            let all: Vec<String> = cameras.mappers.iter().map(own).collect();
            let reason = format!(
                "grids of different extents ({}): choose telescopes, or an extent",
                all.join(", ")
            );
            return Err(Error::malformed(path, Place::File, reason));
        }
        Ok(cameras)
    }

    pub(super) fn first(&self) -> Option<&ImageMapper> {
        self.mappers.first().map(|(_, mapper)| mapper)
    }

    /// What maps a telescope's images, and the name of its type; `None` if it is not asked for.
    pub(super) fn of(&self, tel_id: TelId) -> Option<(&ImageMapper, &str)> {
        let at = self.telescopes.get(&tel_id)?;
        self.mappers.get(*at).map(|(name, mapper)| (mapper, name.as_str()))
    }
}

fn by_name(wanted: &[String], name: &str, camera: &str) -> Result<bool, Error> {
    for text in wanted {
        let pattern = glob::Pattern::new(text)
            .map_err(|error| Error::parameter("tel_type", format!("{text}: {error}")))?;
        if pattern.matches(name) || pattern.matches(camera) {
            return Ok(true);
        }
    }
    Ok(wanted.is_empty())
}

/// Numbers of all telescopes, names of their types, and their cameras.
fn telescopes(path: &Path, source: &Source) -> Result<Vec<(TelId, String, CameraGeometry)>, Error> {
    let unknown = |tel_id: TelId| {
        let reason = format!("telescope {tel_id} has no camera");
        Error::malformed(path, Place::File, reason)
    };
    match source {
        Source::Ctapipe(reader) => {
            let subarray = reader.subarray();
            let all = subarray.telescopes.iter();
            all.map(|own| {
                let camera = subarray.camera(own.tel_id).ok_or_else(|| unknown(own.tel_id))?;
                let mut geometry = camera.geometry.clone();
                if geometry.cam_rotation_deg != 0.0 {
                    geometry.derotate();
                }
                Ok((own.tel_id, own.description.clone(), geometry))
            })
            .collect()
        }
        Source::Ctaml(reader) => {
            let all = reader.telescopes().iter();
            all.map(|own| {
                let one = reader.types().iter().find(|one| one.name == own.type_name);
                let geometry = one.and_then(geometry).ok_or_else(|| unknown(own.tel_id))?;
                Ok((own.tel_id, own.type_name.clone(), geometry))
            })
            .collect()
        }
    }
}

/// Form and rotation of pixels of which only the places are known: by the nearest neighbours of those in the middle.
/// Of the rotations that look the same the smallest one is taken.
fn geometry(of: &ctaml::TelescopeType) -> Option<CameraGeometry> {
    let places: Vec<(f64, f64)> =
        of.pix_x.iter().zip(&of.pix_y).map(|(x, y)| (f64::from(*x), f64::from(*y))).collect();
    let distance = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).hypot(a.1 - b.1);
    let middle = places.iter().copied().min_by(|a, b| {
        let origin = (0.0, 0.0);
        distance(*a, origin).total_cmp(&distance(*b, origin))
    })?;
    let others = || places.iter().copied().filter(|other| distance(*other, middle) > 1e-6);
    let nearest = others().map(|other| distance(other, middle)).reduce(f64::min)?;
    let around: Vec<(f64, f64)> =
        others().filter(|other| distance(*other, middle) < 1.2 * nearest).collect();
    let (pix_type, period) = match around.len() {
        5.. => (PixelShape::Hexagon, 60.0_f64),
        _ => (PixelShape::Square, 90.0),
    };
    let angles = around.iter().map(|other| (other.1 - middle.1).atan2(other.0 - middle.0));
    // The mean of angles that repeat.
    let turns = angles.map(|angle| angle * 360.0 / period);
    let (sin, cos) = turns.fold((0.0, 0.0), |(s, c), turn| (s + turn.sin(), c + turn.cos()));
    Some(CameraGeometry {
        name: of.camera.clone(),
        pix_area: vec![nearest * nearest; places.len()],
        pix_x: places.iter().map(|(x, _)| *x).collect(),
        pix_y: places.iter().map(|(_, y)| *y).collect(),
        pix_type,
        pix_rotation_deg: f64::atan2(sin, cos).to_degrees() * period / 360.0,
        cam_rotation_deg: 0.0,
    })
}
