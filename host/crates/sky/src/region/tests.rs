use proptest::prelude::*;

use super::*;
use crate::{Frame, Projection, Size, WcsGeom};

fn image() -> WcsGeom {
    let center = SkyCoord::icrs(83.63, 22.01);
    let size = Size::Width([4.0, 3.0]);
    WcsGeom::create(&center, size, [0.02; 2], Projection::Tan, Frame::Icrs, Vec::new()).unwrap()
}

fn shapes() -> Vec<Shape> {
    let angle = 30.0;
    vec![
        Shape::Circle { radius: 0.3 },
        Shape::Ellipse { size: [0.8, 0.4], angle },
        Shape::Rectangle { size: [0.8, 0.4], angle },
        Shape::CircleAnnulus { inner: 0.2, outer: 0.4 },
        Shape::EllipseAnnulus { inner: [0.4, 0.2], outer: [0.8, 0.4], angle },
        Shape::RectangleAnnulus { inner: [0.4, 0.2], outer: [0.8, 0.4], angle },
    ]
}

fn all() -> Vec<SkyRegion> {
    let center = SkyCoord::icrs(83.2, 22.3);
    let simple = shapes().into_iter().map(|shape| SkyRegion::Simple { center, shape });
    let corners = [(83.0, 22.0), (83.6, 22.1), (83.5, 22.7), (83.1, 22.2)];
    let vertices = corners.map(|(lon, lat)| SkyCoord::icrs(lon, lat)).to_vec();
    let mut all: Vec<_> = simple.collect();
    all.push(SkyRegion::Polygon { vertices });
    all.push(SkyRegion::point(center));
    all.push(SkyRegion::Union(all.clone()));
    all
}

#[test]
fn masks_have_the_area() {
    let image = image();
    for region in all() {
        let pixel = region.to_pixel(image.wcs()).unwrap();
        let mask = pixel.mask(image.image_shape());
        let n = mask.iter().filter(|inside| **inside).count() as f64;
        assert!((n - pixel.area()).abs() <= 0.05 * pixel.area(), "{region:?}: {n}");
        // Nothing inside is outside the box.
        let nx = image.image_shape()[1];
        for (at, inside) in mask.iter().enumerate() {
            assert_eq!(*inside, pixel.contains((at % nx) as f64, (at / nx) as f64));
        }
    }
}

#[test]
fn there_and_back() {
    let image = image();
    for region in all() {
        let pixel = region.to_pixel(image.wcs()).unwrap();
        let back = pixel.to_sky(image.wcs()).unwrap();
        let again = back.to_pixel(image.wcs()).unwrap();
        for (a, b) in region.parts().iter().zip(back.parts()) {
            let distance = a.center().unwrap().separation_deg(&b.center().unwrap());
            assert!(distance < 1e-9, "{region:?}");
        }
        if let (PixelRegion::Simple { shape: a, .. }, PixelRegion::Simple { shape: b, .. }) =
            (&pixel, &again)
        {
            let pairs = a.sizes().into_iter().zip(b.sizes());
            assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-6));
            assert!((a.angle() - b.angle()).abs() < 1e-6);
        }
        if matches!(&region, SkyRegion::Simple { shape: Shape::RectangleAnnulus { .. }, .. })
            || region.parts().len() > 1
        {
            assert!(rows_of_region(&pixel).is_err());
            continue;
        }
        let rows = rows_of_region(&pixel).unwrap();
        assert_eq!(regions_from_rows(&rows).unwrap(), pixel);
    }
}

#[test]
fn regions_are_compared() {
    let image = image();
    for (at, region) in all().iter().enumerate() {
        let back = region.to_pixel(image.wcs()).unwrap().to_sky(image.wcs()).unwrap();
        assert!(region.is_close(&back, 1e-6), "{region:?}");
        let others = all().iter().filter(|other| region.is_close(other, 1e-6)).count();
        assert_eq!(others, 1, "{at}");
        let geom = RegionGeom::new(region.clone(), Vec::new()).unwrap();
        let again = RegionGeom::with_wcs(region.clone(), geom.image().unwrap(), Vec::new());
        assert!(geom.is_close(&again.unwrap()));
        let none = RegionGeom::nowhere(Vec::new()).unwrap();
        assert!(!geom.is_close(&none) && geom.has_same_axes(&none));
    }
}

#[test]
fn turning_is_counter_clockwise() {
    let region = PixelRegion::circle([2.0, 1.0], 0.5).rotate(90.0, [1.0, 1.0]);
    let PixelRegion::Simple { center, .. } = region else { panic!() };
    assert!((center[0] - 1.0).abs() < 1e-12 && (center[1] - 2.0).abs() < 1e-12);
}

#[test]
fn text_and_back() {
    let image = image();
    let mut regions: Vec<_> = all().into_iter().map(Ds9Region::Sky).collect();
    let union = regions.pop().unwrap();
    let pixel = all().into_iter().map(|region| region.to_pixel(image.wcs()).unwrap());
    regions.extend(pixel.take(7).map(Ds9Region::Pixel));
    let text = ds9_text(&regions).unwrap();
    let back = parse_ds9(&text).unwrap();
    assert_eq!(back.len(), regions.len());
    assert_eq!(ds9_text(&back).unwrap(), text);
    assert_eq!(ds9_text(&[union]).unwrap().lines().count(), 9);
}

#[test]
fn foreign_text() {
    let text = "# Region file format: DS9 astropy/regions\nglobal color=green\nfk5\n\
        circle(83.633008,22.013995,0.300000) # text={a}\n\
        circle(5:34:31.94, -22:00:52.2, 18')\ngalactic;ellipse 184.5 -5.8 30\" 0.1r 45\n\
        image; box(10,20,3p,4,0)\npoint(1,2)";
    let regions = parse_ds9(text).unwrap();
    assert_eq!(regions.len(), 5);
    let Ds9Region::Sky(SkyRegion::Simple { center, shape }) = &regions[1] else { panic!() };
    assert!((center.lon_deg - (5.0 + 34.0 / 60.0 + 31.94 / 3600.0) * 15.0).abs() < 1e-12);
    assert!((center.lat_deg + 22.0 + 52.2 / 3600.0).abs() < 1e-12);
    assert_eq!(*shape, Shape::Circle { radius: 0.3 });
    let Ds9Region::Sky(SkyRegion::Simple { shape, .. }) = &regions[2] else { panic!() };
    let size = [1.0 / 60.0, 0.2f64.to_degrees()];
    let found = shape.sizes();
    assert!((found[0] - size[0]).abs() < 1e-12 && (found[1] - size[1]).abs() < 1e-12);
    let Ds9Region::Pixel(PixelRegion::Simple { center, .. }) = &regions[3] else { panic!() };
    assert_eq!(*center, [9.0, 19.0]);
}

#[test]
fn bad_text_is_refused() {
    for text in [
        "circle(1,2,3)",
        "fk5\ncircle(1,2)",
        "fk5\ncircle(1,2,-3)",
        "fk5\ncircle(1,99,3)",
        "fk5\n-circle(1,2,3)",
        "fk5\npanda(1,2,3)",
        "fk5\ncircle(1,2,3p)",
        "fk5\ncircle(a,2,3)",
        "fk5\npolygon(1,2,3,4)",
        "fk4\ncircle(1,2,3)",
        "image\ncircle(1,2,3\")",
        "fk5\ncircle",
    ] {
        assert!(parse_ds9(text).is_err(), "{text}");
    }
}

#[test]
fn a_region_makes_its_own_plane() {
    let center = SkyCoord::icrs(83.63, 22.01);
    let geom = RegionGeom::new(SkyRegion::circle(center, 0.11), Vec::new()).unwrap();
    assert_eq!(geom.image().unwrap().image_shape(), [4, 4]);
    assert_eq!(geom.wcs().unwrap().crpix(), [2.5, 2.5]);
    assert!(geom.center_skydir().unwrap().separation_deg(&center) < 1e-9);
    assert!(geom.contains(&center.offset_by(10.0, 0.1099)).unwrap());
    assert!(!geom.contains(&center.offset_by(10.0, 0.1101)).unwrap());
    let omega = std::f64::consts::PI * 0.11f64.to_radians().powi(2);
    assert!((geom.solid_angle().unwrap() / omega - 1.0).abs() < 1e-6);
    let (coords, weights) = geom.wcs_coords_and_weights(10).unwrap();
    assert_eq!(coords.len(), 12);
    let total: f64 = weights.iter().sum();
    assert!((total * 0.01 / (std::f64::consts::PI * 0.0121) - 1.0).abs() < 0.03);
    let union = SkyRegion::Union(vec![
        SkyRegion::circle(center, 0.11),
        SkyRegion::circle(center.offset_by(90.0, 1.0), 0.11),
    ]);
    let two = RegionGeom::new(union, Vec::new()).unwrap();
    assert!((two.solid_angle().unwrap() / omega / 2.0 - 1.0).abs() < 0.02);
    let point = RegionGeom::new(SkyRegion::point(center), Vec::new()).unwrap();
    assert!(point.contains(&SkyCoord::icrs(0.0, 0.0)).unwrap());
    assert!(point.center_skydir().unwrap().separation_deg(&center) < 1e-9);
    let none = RegionGeom::nowhere(Vec::new()).unwrap();
    assert!(none.contains(&center).is_err() && none.solid_angle().is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[a-z0-9 ,.()'\":;#+|hdms-]{0,60}") {
        let _ = parse_ds9(&format!("fk5\n{text}"));
    }

    #[test]
    fn any_row_is_read_or_refused(
        shape in prop::sample::select(vec!["circle", "polygon", "elliptannulus", "rectangle", "x"]),
        x in prop::collection::vec(prop::num::f64::ANY, 0..5),
        r in prop::collection::vec(prop::num::f64::ANY, 0..5),
        rotang in prop::num::f64::ANY,
    ) {
        let row = RegionRow { shape: shape.into(), y: x.clone(), x, r, rotang };
        if let Ok(region) = regions_from_rows(&[row]) {
            let _ = region.bounding_box();
            let _ = region.mask([3, 4]);
            let _ = region.to_sky(image().wcs());
        }
    }
}
