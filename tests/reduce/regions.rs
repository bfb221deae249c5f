//! Regions as the peer's finders turn and place them.

use std::f64::consts::{PI, TAU};

use serde_json::Value;
use tierline::sky::{
    Frame, PixelRegion, Projection, RegionGeom, Shape, Size, SkyCoord, SkyRegion, WcsGeom,
};

use super::stored::{json, number, numbers};

/// The plane around the pointing in which a finder turns the region.
fn plane(on: &SkyCoord, pointing: &SkyCoord) -> WcsGeom {
    let width = 4.0 * on.separation_deg(pointing) + 0.3;
    let size = Size::Width([width; 2]);
    WcsGeom::create(pointing, size, [0.01; 2], Projection::Tan, Frame::Icrs, Vec::new()).unwrap()
}

/// The angle that a region's pixels take up around a pixel coordinate.
fn angular_size(region: &PixelRegion, shape: [usize; 2], about: [f64; 2]) -> f64 {
    let mask = region.mask(shape);
    let pixels = mask.iter().enumerate().filter(|(_, inside)| **inside).map(|(at, _)| at);
    let angles: Vec<f64> = pixels
        .map(|at| [(at % shape[1]) as f64, (at / shape[1]) as f64])
        .map(|[x, y]| (about[0] - x).atan2(about[1] - y))
        .collect();
    let extent = |angles: &[f64]| {
        let highest = angles.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        highest - angles.iter().copied().fold(f64::INFINITY, f64::min)
    };
    let found = extent(&angles);
    if found <= PI {
        return found;
    }
    let wrapped: Vec<_> = angles.iter().map(|a| if *a > 0.0 { a - TAU } else { *a }).collect();
    extent(&wrapped)
}

/// The mask of exclusion: its image and what is in the excluded circle.
fn exclusion() -> (WcsGeom, Vec<bool>) {
    let size = Size::Npix([150, 150]);
    let crab = SkyCoord::icrs(83.63, 22.01);
    let mask = WcsGeom::create(&crab, size, [0.05; 2], Projection::Tan, Frame::Icrs, Vec::new());
    let mask = mask.unwrap();
    let circle = SkyRegion::circle(SkyCoord::galactic(183.604, -8.708), 0.5);
    let inside = circle.to_pixel(mask.wcs()).unwrap().mask(mask.image_shape());
    (mask, inside)
}

/// Pixels of the plane whose centres the mask excludes.
fn excluded(geom: &WcsGeom) -> Vec<[f64; 2]> {
    let (mask, inside) = exclusion();
    let (lon, lat) = geom.coords();
    let nx = geom.image_shape()[1];
    let hit = |(at, (lon, lat)): (usize, (&f64, &f64))| {
        let [y, x] = mask.coord_to_idx(*lon, *lat)?;
        inside[y * 150 + x].then_some([(at % nx) as f64, (at / nx) as f64])
    };
    lon.iter().zip(&lat).enumerate().filter_map(hit).collect()
}

#[test]
fn masks_have_the_same_pixels() {
    let Some(golden) = json("spectrum.json.gz") else { return };
    let (_, inside) = exclusion();
    let entry = &golden["exclusion_mask"];
    let outside = inside.iter().filter(|inside| !**inside).count() as f64;
    assert_eq!(outside, number(&entry["sum"]));
    let [at, values] = ["sample_flat_index_c_order", "sample_value"].map(|name| &entry[name]);
    for (at, value) in numbers(at).into_iter().zip(numbers(values)) {
        assert_eq!(inside[at as usize], value == 0.0);
    }
}

/// The turned regions.
fn turned(
    entry: &Value,
    region: &PixelRegion,
    about: [f64; 2],
    size: f64,
    excluded: &[[f64; 2]],
) -> Vec<PixelRegion> {
    let fine = |region: &PixelRegion| !excluded.iter().any(|[x, y]| region.contains(*x, *y));
    let at = |angle: f64| region.rotate(angle.to_degrees(), about);
    if let Some(n) = entry.get("wobble").map(number) {
        let all = (1..=n as usize).map(|i| at(i as f64 * TAU / (n + 1.0)));
        return all.filter(fine).collect();
    }
    let given = |name: &str, default: f64| {
        let value = entry["kwargs"].get(name);
        value.map_or(default, |value| match value {
            Value::String(text) => text.trim_end_matches(" rad").parse().unwrap(),
            other => number(other),
        })
    };
    let least = size + given("min_distance", 0.0);
    let margin = given("min_distance_input", 0.1);
    let most = given("max_region_number", 10_000.0) as usize;
    let (mut angle, mut found) = (least + margin, Vec::new());
    while angle < TAU - least - margin && found.len() < most {
        let region = at(angle);
        if fine(&region) {
            found.push(region);
            angle += least;
        } else {
            angle += given("angle_increment", 0.1);
        }
    }
    found
}

#[test]
fn turned_regions_are_where_the_finders_have_them() {
    let Some(golden) = json("spectrum.json.gz") else { return };
    let entries = golden["finder"].as_array().unwrap();
    assert_eq!(entries.len(), 8);
    for entry in entries {
        let (on, center) = (numbers(&entry["on"]), numbers(&entry["center"]));
        let pointing = SkyCoord::icrs(center[0], center[1]);
        let position = SkyCoord::icrs(on[0], on[1]);
        let geom = plane(&position, &pointing);
        let region = SkyRegion::circle(position, on[2]).to_pixel(geom.wcs()).unwrap();
        let about = geom.wcs().coord_to_pix(&pointing).unwrap();
        let size = angular_size(&region, geom.image_shape(), about);
        let found = turned(entry, &region, about, size, &excluded(&geom));
        let expected: Vec<_> = entry["off"].as_array().unwrap().iter().map(numbers).collect();
        assert_eq!(found.len(), expected.len(), "{}", entry["kwargs"]);
        for (off, expected) in found.into_iter().zip(expected) {
            let off = off.to_sky(geom.wcs()).unwrap();
            let SkyRegion::Simple { center, shape: Shape::Circle { radius } } = off else {
                panic!("no circle")
            };
            let away = center.separation_deg(&SkyCoord::icrs(expected[0], expected[1]));
            assert!(away < 1e-9, "{away} deg off");
            // The scale is that of 1 arcsec, in double precision.
            assert!((radius / expected[2] - 1.0).abs() < 1e-8, "{radius}");
        }
    }
}

/// What gammapy 2.1 makes of a region: pixels of its plane in y and x, its reference pixel, its solid angle in sr, pixels with some
/// of the region, and the sum of their weights and of the squares of these.
struct Expected {
    shape: [usize; 2],
    crpix: [f64; 2],
    omega: f64,
    n: usize,
    sums: [f64; 2],
}

#[test]
fn regions_have_the_cells_of_their_plane() {
    let center = SkyCoord::icrs(83.63, 22.01);
    let simple = |shape| SkyRegion::Simple { center, shape };
    let circle = |at: SkyCoord, radius| SkyRegion::circle(at, radius);
    let expected = |shape, crpix, omega, n, sums| Expected { shape, crpix, omega, n, sums };
    let cases = [
        (
            circle(center, 0.3),
            expected([8, 8], [4.5, 4.5], 8.612854634074742e-05, 36, [28.28, 25.7636]),
        ),
        (
            simple(Shape::Ellipse { size: [0.5, 0.3], angle: 30.0 }),
            expected([4, 6], [3.5, 2.5], 3.5886894308633274e-05, 22, [11.88, 9.6344]),
        ),
        (
            simple(Shape::Rectangle { size: [0.6, 0.2], angle: 45.0 }),
            expected([6, 6], [3.5, 3.5], 3.655409037718651e-05, 24, [12.32, 9.8092]),
        ),
        (
            simple(Shape::CircleAnnulus { inner: 0.2, outer: 0.4 }),
            expected([10, 10], [5.5, 5.5], 0.00011483806178766322, 56, [37.6, 32.8216]),
        ),
        (
            SkyRegion::Union(vec![circle(center, 0.3), circle(center.offset_by(90.0, 1.0), 0.2)]),
            expected([7, 17], [9.0, 4.0], 0.0001243448307569345, 66, [40.92, 34.9196]),
        ),
    ];
    for (region, expected) in cases {
        let geom = RegionGeom::new(region.clone(), Vec::new()).unwrap();
        let image = geom.image().unwrap();
        assert_eq!(image.image_shape(), expected.shape, "{region:?}");
        assert_eq!(image.wcs().crpix(), expected.crpix, "{region:?}");
        let omega = geom.solid_angle().unwrap();
        assert!((omega / expected.omega - 1.0).abs() < 1e-9, "{region:?}: {omega}");
        let (coords, weights) = geom.wcs_coords_and_weights(10).unwrap();
        assert_eq!([coords.len(), weights.len()], [expected.n; 2], "{region:?}");
        let sums = [1, 2].map(|power| weights.iter().map(|w| w.powi(power)).sum::<f64>());
        for (found, expected) in sums.into_iter().zip(expected.sums) {
            assert!((found - expected).abs() < 1e-9, "{region:?}: {found}");
        }
    }
}
