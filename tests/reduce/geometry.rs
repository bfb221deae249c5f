//! World coordinates, solid angles, cutouts and axes as gammapy and astropy have them.

use serde_json::Value;
use tierline::sky::{
    CutoutMode, Frame, Interp, MapAxis, NodeType, Projection, Size, SkyCoord, WcsGeom,
};

use super::stored::{json, number, numbers};

fn near(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance, "{what}: {found} instead of {expected}");
}

/// The geometry of an entry, made as its maker made it.
fn geometry(entry: &Value, key: &str) -> WcsGeom {
    let geom = &entry["geom"];
    let frame = Frame::of_name(geom["frame"].as_str().unwrap()).unwrap();
    let crval = numbers(&geom["crval"]);
    let shape = numbers(&geom["shape"]);
    let binsz = numbers(&geom["cdelt"])[1];
    let made = WcsGeom::create(
        &SkyCoord::new(crval[0], crval[1], frame),
        Size::Npix([shape[1] as usize, shape[0] as usize]),
        [binsz; 2],
        Projection::of_code(geom["projection"].as_str().unwrap()).unwrap(),
        frame,
        Vec::new(),
    )
    .unwrap();
    let wcs = made.wcs();
    near(wcs.lonpole(), number(&geom["lonpole"]), 1e-9, key);
    near(wcs.latpole(), number(&geom["latpole"]), 1e-9, key);
    let keywords = made.keywords();
    for (name, expected) in ["CTYPE1", "CTYPE2"].iter().zip(geom["ctype"].as_array().unwrap()) {
        let found = keywords.iter().find(|keyword| keyword.name == *name).unwrap();
        assert_eq!(found.value, expected.as_str().unwrap().into(), "{key}");
    }
    for (k, expected) in numbers(&geom["crpix"]).into_iter().enumerate() {
        near(wcs.crpix()[k], expected, 0.0, key);
    }
    let header: std::collections::HashMap<_, _> =
        keywords.into_iter().map(|keyword| (keyword.name, keyword.value)).collect();
    let back = WcsGeom::from_keywords(&|name: &str| header.get(name).cloned(), Vec::new());
    assert_eq!(back.unwrap(), made, "{key}");
    made
}

#[test]
fn pixels_are_where_they_are() {
    let Some(golden) = json("geometry.json.gz") else { return };
    let from = SkyCoord::icrs(83.63, 22.01);
    let mut seen = 0;
    for (key, entry) in golden.as_object().unwrap() {
        if entry.get("pix_yx").is_none() {
            continue;
        }
        seen += 1;
        let geom = geometry(entry, key);
        let (lon, lat) = geom.coords();
        let (omega, separation) = (geom.solid_angle(), geom.separation(&from));
        let pixels = entry["pix_yx"].as_array().unwrap();
        let all = ["lon", "lat", "solid_angle_sr", "sep_from_icrs_83p63_22p01_deg"];
        let [lons, lats, omegas, separations] = all.map(|name| numbers(&entry[name]));
        for (at, pixel) in pixels.iter().map(numbers).enumerate() {
            let what = format!("{key} pixel {pixel:?}");
            let index = pixel[0] as usize * geom.image_shape()[1] + pixel[1] as usize;
            near(lon[index], lons[at], 1e-9, &what);
            near(lat[index], lats[at], 1e-9, &what);
            near(omega[index] / omegas[at], 1.0, 1e-9, &what);
            near(separation[index], separations[at], 1e-9, &what);
            let back = geom.wcs().sky_to_pix(lons[at], lats[at]).unwrap();
            near(back[0], pixel[1], 1e-8, &what);
            near(back[1], pixel[0], 1e-8, &what);
        }
        let total: f64 = omega.iter().sum();
        near(total / number(&entry["solid_angle_total"]), 1.0, 1e-9, key);
    }
    assert_eq!(seen, 72);
}

#[test]
fn the_whole_sky_has_corners_outside_it() {
    let Some(golden) = json("geometry.json.gz") else { return };
    for key in ["allsky|CAR", "allsky|AIT", "allsky|TAN"] {
        let entry = &golden[key];
        let geom = geometry(entry, key);
        let (lon, lat) = geom.coords();
        let count = |values: &[f64]| values.iter().filter(|value| value.is_nan()).count();
        let expected = number(&entry["n_invalid_coord"]) as usize;
        assert_eq!([count(&lon), count(&lat)], [expected; 2], "{key}");
        let omega = geom.solid_angle();
        let total: f64 = omega.iter().filter(|value| value.is_finite()).sum();
        near(total / number(&entry["solid_angle_total"]), 1.0, 1e-9, key);
        assert_eq!(geom.is_allsky(), key != "allsky|TAN");
    }
}

/// Slices as Python prints them: `(slice(0, 250, None), slice(50, np.int64(250), None))`.
fn slices(text: &str) -> Vec<usize> {
    let plain = text.replace("np.int64(", "").replace("None", "");
    let parts = plain.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().unwrap()).collect()
}

#[test]
fn cutouts_are_of_the_same_pixels() {
    let Some(golden) = json("geometry.json.gz") else { return };
    let center = SkyCoord::icrs(83.63, 22.01);
    let size = Size::Width([5.0; 2]);
    let parent =
        WcsGeom::create(&center, size, [0.02; 2], Projection::Car, Frame::Icrs, Vec::new())
            .unwrap();
    assert_eq!(parent.image_shape(), [250, 250]);
    for entry in golden["cutouts"].as_array().unwrap() {
        let at = numbers(&entry["position"]);
        let width = match &entry["width"] {
            Value::Array(_) => numbers(&entry["width"]),
            one => vec![number(one); 2],
        };
        let mode = match entry["mode"].as_str().unwrap() {
            "trim" => CutoutMode::Trim,
            "partial" => CutoutMode::Partial,
            other => panic!("{other}"),
        };
        let position = SkyCoord::icrs(at[0], at[1]);
        let cutout = parent.cutout(&position, [width[0], width[1]], mode).unwrap();
        let shape: Vec<_> = cutout.geom.shape().into_iter().map(|n| n as f64).collect();
        assert_eq!(shape, numbers(&entry["geom"]["shape"]), "{entry}");
        assert_eq!(cutout.geom.wcs().crpix().to_vec(), numbers(&entry["geom"]["crpix"]));
        let [y, x] = &cutout.parent;
        let found = vec![y.start, y.end, x.start, x.end];
        assert_eq!(found, slices(entry["parent_slices"].as_str().unwrap()), "{entry}");
        let (here, there) = parent.overlap(&cutout.geom).unwrap();
        assert_eq!((here, there), (cutout.parent.clone(), cutout.cutout.clone()));
        let inside = parent.cutout(&position, [width[0], width[1]], CutoutMode::Strict);
        assert_eq!(
            inside.is_ok(),
            y.len() == cutout.geom.shape()[0]
                && x.len() as f64 == (width[0] / 0.02).round_ties_even()
        );
    }
}

/// The axis of an entry, from the values it was made with.
fn axis(entry: &Value) -> MapAxis {
    let name = entry["name"].as_str().unwrap();
    let unit = entry["unit"].as_str().unwrap();
    let interp = Interp::of_name(entry["interp"].as_str().unwrap()).unwrap();
    match name {
        "energy" => MapAxis::from_energy_bounds(name, unit, [0.1, 10.0], 5, false).unwrap(),
        "energy_true" => {
            let nodes = vec![0.1, 0.3, 1.0, 5.0];
            MapAxis::new(name, unit, interp, NodeType::Center, nodes).unwrap()
        }
        _ => MapAxis::from_bounds(name, unit, interp, [0.0, 4.0], 5).unwrap(),
    }
}

#[test]
fn axes_have_the_same_numbers() {
    let Some(golden) = json("geometry.json.gz") else { return };
    let entries = golden["axes"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    for entry in entries {
        let axis = axis(entry);
        let what = axis.name().to_owned();
        assert_eq!(axis.n_bins() as f64, number(&entry["nbin"]));
        // But for the last bits of logarithm and power.
        let pairs = [(axis.edges(), "edges"), (axis.centers(), "center")];
        for (found, name) in pairs {
            let expected = numbers(&entry[name]);
            assert_eq!(found.len(), expected.len(), "{what}");
            for (found, expected) in found.into_iter().zip(expected) {
                near(found, expected, 1e-15 * expected, &what);
            }
        }
        let [coords, pixels, bins] =
            ["coord", "coord_to_pix", "coord_to_idx"].map(|name| numbers(&entry[name]));
        for ((coord, pix), bin) in coords.into_iter().zip(pixels).zip(bins) {
            near(axis.coord_to_pix(coord), pix, 1e-14 * pix.abs(), &what);
            let found = axis.coord_to_idx(coord).map_or(-1.0, |at| at as f64);
            assert_eq!(found, bin, "{what} {coord}");
        }
    }
}
