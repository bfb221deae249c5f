//! Names of telescopes, from metaparameters or from what is known of cameras.

use super::super::history::Meta;
use crate::instrument::{ReflectorShape, SizeType};

/// What is known of a kind of telescope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelescopeNames {
    /// Size class.
    pub size: SizeType,
    /// Name of the optics.
    pub optics: String,
    /// Name of the camera.
    pub camera: String,
    /// Mirrors in the path of the light; -1 if not known.
    pub n_mirrors: i64,
    /// Form of the mirrors.
    pub shape: ReflectorShape,
}

/// Pixels, focal length in cm, facets if they matter; size, optics, camera, mirrors, form.
type Known = (usize, i64, Option<i32>, SizeType, &'static str, &'static str, i64, ReflectorShape);

/// Telescopes by their pixels and focal length, as ctapipe names them.
const KNOWN: [Known; 15] = {
    use ReflectorShape::{DaviesCotton, Hybrid, Parabolic, SchwarzschildCouder};
    use SizeType::{Lst, Mst, Sst};
    [
        (2048, 228, None, Sst, "GCT", "CHEC", 2, SchwarzschildCouder),
        (2368, 215, None, Sst, "ASTRI", "ASTRICam", 2, SchwarzschildCouder),
        (2048, 215, None, Sst, "ASTRI", "CHEC", 2, SchwarzschildCouder),
        (1296, 560, None, Sst, "1M", "DigiCam", 1, DaviesCotton),
        (1764, 1600, None, Mst, "MST", "FlashCam", 1, Hybrid),
        (1855, 1600, None, Mst, "MST", "NectarCam", 1, Hybrid),
        (1855, 2800, None, Lst, "LST", "LSTCam", 1, Parabolic),
        // It has two mirrors; one is what the table of ctapipe says.
        (11328, 559, None, Mst, "SCT", "SCTCam", 1, SchwarzschildCouder),
        (1039, 1697, Some(964), Lst, "MAGIC-1", "MAGICCam", 1, Parabolic),
        (1039, 1697, Some(247), Lst, "MAGIC-2", "MAGICCam", 1, Parabolic),
        (1039, 1700, Some(964), Lst, "MAGIC-1", "MAGICCam", 1, Parabolic),
        (1039, 1700, Some(247), Lst, "MAGIC-2", "MAGICCam", 1, Parabolic),
        (960, 1500, None, Mst, "HESS-I", "HESS-I", 1, DaviesCotton),
        (2048, 3600, None, Lst, "HESS-II", "HESS-II", 1, Parabolic),
        (1440, 489, None, Sst, "FACT", "FACT", 1, Hybrid),
    ]
};

/// Size class from the area of the mirror, in m²: a circle of this area has a diameter below 8 m, below 16 m, or
/// more.
pub fn size_of_area(area: f64) -> SizeType {
    match 2.0 * (area / std::f64::consts::PI).sqrt() {
        diameter if diameter < 8.0 => SizeType::Sst,
        diameter if diameter < 16.0 => SizeType::Mst,
        _ => SizeType::Lst,
    }
}

/// Name of a size class.
pub fn size_name(size: SizeType) -> &'static str {
    match size {
        SizeType::Lst => "LST",
        SizeType::Mst => "MST",
        SizeType::Sst => "SST",
        SizeType::Unknown => "UNKNOWN",
    }
}

/// What a telescope's metaparameters tell, if they tell all that is needed.
pub fn from_meta(meta: &Meta, area: f64) -> Option<TelescopeNames> {
    let optics = meta.get("OPTICS_CONFIG_NAME")?.clone();
    let camera = meta.get("CAMERA_CONFIG_NAME")?.clone();
    let class: i64 = meta.get("MIRROR_CLASS")?.trim().parse().ok()?;
    let number = |key: &str| meta.get(key).and_then(|text| text.trim().parse::<f64>().ok());
    let number = |key: &str| number(key).unwrap_or(0.0);
    let shape = match class {
        0 if number("PARABOLIC_DISH") == 1.0 => ReflectorShape::Parabolic,
        0 if number("DISH_SHAPE_Length") == number("FOCAL_Length") => ReflectorShape::DaviesCotton,
        0 => ReflectorShape::Hybrid,
        1 => ReflectorShape::Unknown,
        2 => ReflectorShape::SchwarzschildCouder,
        _ => return None,
    };
    let n_mirrors = if class == 2 { 2 } else { 1 };
    Some(TelescopeNames { size: size_of_area(area), optics, camera, n_mirrors, shape })
}

/// What is known of a telescope by its pixels, focal length in m and facets; names made of numbers otherwise.
pub fn from_numbers(n_pixels: usize, focal_length: f64, tiles: i32, area: f64) -> TelescopeNames {
    let length = (focal_length * 100.0).round() as i64;
    let fits = |known: &&Known| {
        known.0 == n_pixels && known.1 == length && known.2.is_none_or(|needed| needed == tiles)
    };
    match KNOWN.iter().find(fits) {
        Some(&(_, _, _, size, optics, camera, n_mirrors, shape)) => {
            TelescopeNames { size, optics: optics.into(), camera: camera.into(), n_mirrors, shape }
        }
        None => TelescopeNames {
            size: size_of_area(area),
            optics: format!("UNKNOWN-{area:.0}M2"),
            camera: format!("UNKNOWN-{n_pixels}PX"),
            n_mirrors: -1,
            shape: ReflectorShape::Unknown,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_known_and_unknown_telescopes() {
        let lst = from_numbers(1855, 28.0, 198, 386.7);
        assert_eq!((lst.optics.as_str(), lst.camera.as_str()), ("LST", "LSTCam"));
        assert_eq!(from_numbers(1039, f64::from(16.97f32), 247, 230.0).optics, "MAGIC-2");
        assert_eq!(from_numbers(1039, 17.0, 1, 230.0).optics, "UNKNOWN-230M2");
        let other = from_numbers(40_000, 1.0, 1, 12.4);
        assert_eq!((other.size, other.camera.as_str()), (SizeType::Sst, "UNKNOWN-40000PX"));
        assert_eq!(size_of_area(51.0), SizeType::Mst);
    }

    #[test]
    fn names_from_metaparameters() {
        let pairs = [("OPTICS_CONFIG_NAME", "MST"), ("CAMERA_CONFIG_NAME", "FlashCam")];
        let mut meta: Meta = pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        assert_eq!(from_meta(&meta, 100.0), None);
        meta.insert("MIRROR_CLASS".into(), "0".into());
        assert_eq!(from_meta(&meta, 100.0).unwrap().shape, ReflectorShape::DaviesCotton);
        meta.insert("DISH_SHAPE_Length".into(), "19.2".into());
        assert_eq!(from_meta(&meta, 100.0).unwrap().shape, ReflectorShape::Hybrid);
        meta.insert("PARABOLIC_DISH".into(), "1".into());
        assert_eq!(from_meta(&meta, 100.0).unwrap().shape, ReflectorShape::Parabolic);
    }
}
