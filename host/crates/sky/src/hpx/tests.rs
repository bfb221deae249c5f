use proptest::prelude::*;

use super::*;

#[test]
fn pixels_hold_their_centres() {
    for nside in [1, 2, 3, 5, 8, 16, 17] {
        for order in [Order::Ring, Order::Nested] {
            let Ok(partition) = Healpix::new(nside, order) else { continue };
            for pixel in 0..partition.n_pixels() {
                let vector = partition.pixel_to_vector(pixel).unwrap();
                assert_eq!(partition.vector_to_pixel(vector), Some(pixel), "{nside} {order:?}");
                let [lon, lat] = partition.pix2ang(pixel).unwrap();
                assert_eq!(partition.ang2pix(lon, lat), Some(pixel), "{nside} {order:?}");
            }
            assert_eq!(partition.pixel_to_vector(partition.n_pixels()), None);
        }
    }
}

#[test]
fn both_orders_are_of_the_same_pixels() {
    for nside in [1, 2, 8, 16] {
        let ring = Healpix::new(nside, Order::Ring).unwrap();
        let nested = Healpix::new(nside, Order::Nested).unwrap();
        for pixel in 0..ring.n_pixels() {
            let other = ring.ring_to_nested(pixel).unwrap();
            assert_eq!(ring.nested_to_ring(other), Some(pixel));
            assert_eq!(nested.vector_to_pixel(ring.pixel_to_vector(pixel).unwrap()), Some(other));
        }
    }
    assert_eq!(Healpix::new(3, Order::Ring).unwrap().ring_to_nested(0), None);
}

#[test]
fn numbers_are_those_of_the_paper() {
    // Ring order at nside 2: 4 pixels at the pole, then 8 in each ring; nested: four in each face.
    let ring = Healpix::new(2, Order::Ring).unwrap();
    assert!((ring.pix2ang(0).unwrap()[0] - 45.0).abs() < 1e-12);
    let z = ring.pixel_to_vector(4).unwrap()[2];
    assert!((z - 2.0 / 3.0).abs() < 1e-15);
    assert_eq!(ring.ring_to_nested(0), Some(3));
    assert_eq!(ring.nested_to_ring(0), Some(13));
    // As healpy 1.19 has them.
    let all = [
        (83.63, 22.01, 3_931_063, 6_191_509),
        (266.4, -28.9, 9_335_767, 7_380_519),
        (0.3, 89.9, 12, 1_048_571),
        (359.99, -60.0, 11_739_211, 11_812_929),
        (45.0, 41.8, 2_099_712, 262_143),
    ];
    for (lon, lat, ring, nested) in all {
        for (order, expected) in [(Order::Ring, ring), (Order::Nested, nested)] {
            let partition = Healpix::new(1024, order).unwrap();
            assert_eq!(partition.ang2pix(lon, lat), Some(expected), "{lon} {lat} {order:?}");
        }
    }
    for (nside, radius) in [(1, 48.189685104221404), (128, 0.47778497003680387)] {
        let found = Healpix::new(nside, Order::Ring).unwrap().max_pixel_radius_deg();
        assert!((found - radius).abs() < 1e-12);
    }
}

#[test]
fn disks_are_complete() {
    let partition = Healpix::new(16, Order::Ring).unwrap();
    for (lon, lat, radius) in [
        (83.0, 22.0, 7.0),
        (0.1, 0.0, 10.0),
        (12.0, 88.0, 9.0),
        (200.0, -90.0, 30.0),
        (5.0, 40.0, 180.0),
    ] {
        let center = SkyCoord::icrs(lon, lat);
        let found = partition.disk(&center, Frame::Icrs, radius);
        let inside = |pixel: &u64| {
            let [lon, lat] = partition.pix2ang(*pixel).unwrap();
            SkyCoord::icrs(lon, lat).separation_deg(&center) <= radius
        };
        let expected: Vec<_> = (0..partition.n_pixels()).filter(inside).collect();
        assert_eq!(found, expected, "{lon} {lat} {radius}");
    }
}

#[test]
fn regions_have_texts() {
    for text in ["DISK(83.63,22.01,3)", "DISK_INC(0,-5,1.5,4)", "HPX_PIXEL(NESTED,4,17)"] {
        assert_eq!(HpxRegion::parse(text).unwrap().text(), text);
    }
    for text in [
        "",
        "DISK",
        "DISK(1,2)",
        "DISK(1,99,3)",
        "HPX_PIXEL(NESTED,3,1)",
        "DISK(1,2,nan)",
        "HPX_PIXEL(RING,1,12)",
        "DISK_INC(1,2,3,5)",
        "DISK(1,2,3",
    ] {
        assert!(HpxRegion::parse(text).is_err(), "{text}");
    }
}

#[test]
fn parts_of_the_sky() {
    let region = HpxRegion::parse("HPX_PIXEL(NESTED,4,17)").unwrap();
    let geom = HpxGeom::new(&[32], Order::Nested, Frame::Galactic, Some(region), Vec::new());
    let geom = geom.unwrap();
    assert_eq!(geom.n_pixels(0).unwrap(), 64);
    assert_eq!(geom.global_pixel(0, 0), Some(17 * 64));
    assert_eq!(geom.local_pixel(0, 17 * 64 + 5), Some(5));
    assert_eq!(geom.local_pixel(0, 3), None);
    let header = geom.keywords();
    let lookup = |name: &str| {
        header.iter().find(|keyword| keyword.name == name).map(|keyword| keyword.value.clone())
    };
    assert_eq!(HpxGeom::from_keywords(&lookup, None, Vec::new(), 64).unwrap(), geom);
    assert!(HpxGeom::from_keywords(&lookup, None, Vec::new(), 63).is_err());
    let disk = HpxRegion::parse("DISK(10,20,5)").unwrap();
    let wide = HpxRegion::parse("DISK_INC(10,20,5,4)").unwrap();
    let new = |region| HpxGeom::new(&[32], Order::Ring, Frame::Icrs, Some(region), Vec::new());
    let (disk, wide) = (new(disk).unwrap(), new(wide).unwrap());
    assert!(wide.n_pixels(0).unwrap() > disk.n_pixels(0).unwrap());
    assert!(
        (0..disk.n_pixels(0).unwrap() as usize)
            .all(|at| wide.local_pixel(0, disk.global_pixel(0, at).unwrap()).is_some())
    );
    let whole = HpxGeom::new(&[1 << 29], Order::Ring, Frame::Icrs, None, Vec::new());
    assert!(whole.is_err());
    assert!(HpxGeom::new(&[4, 8], Order::Ring, Frame::Icrs, None, Vec::new()).is_err());
}

#[test]
fn lists_of_pixels() {
    let of = |pixels: &[u64]| {
        HpxGeom::of_pixels(4, Order::Ring, Frame::Icrs, None, pixels.to_vec(), Vec::new())
    };
    let geom = of(&[3, 90, 191]).unwrap();
    assert_eq!((geom.max_pixels(), geom.global_pixel(0, 1)), (3, Some(90)));
    assert_eq!((geom.local_pixel(0, 191), geom.local_pixel(0, 4)), (Some(2), None));
    assert!(!geom.is_whole_sky() && geom.is_regular() && geom.region().is_none());
    assert!(geom.is_close(&geom.clone()) && !geom.is_close(&of(&[3, 90]).unwrap()));
    let scheme = geom.keywords().into_iter().find(|keyword| keyword.name == "INDXSCHM");
    assert_eq!(scheme.unwrap().value, crate::header::Value::Text("EXPLICIT".into()));
    for wrong in [&[][..], &[1, 1], &[2, 1], &[192]] {
        assert!(of(wrong).is_err(), "{wrong:?}");
    }
    assert!(geom.to_binsz(1.0).is_err());
    // Of one pixel, the middle is its own.
    let one = of(&[90]).unwrap();
    let (lon, lat) = one.coords(0).unwrap();
    assert!(one.center_skydir().separation_deg(&SkyCoord::icrs(lon[0], lat[0])) < 1e-9);
}

#[test]
fn pixels_of_another_size() {
    let disk = HpxRegion::parse("DISK(83.63,22.01,3)").unwrap();
    let geom = HpxGeom::new(&[256], Order::Ring, Frame::Icrs, Some(disk), Vec::new()).unwrap();
    let coarse = geom.to_binsz(0.2).unwrap();
    assert_eq!((coarse.nside(), coarse.order()), (vec![256], Order::Ring));
    assert_eq!(geom.to_binsz(1.0).unwrap().nside(), [64]);
    assert_eq!(geom.to_binsz(1.0).unwrap().region(), Some(&disk));
}

#[test]
fn resolutions_by_their_order() {
    let read = |cards: &[(&str, crate::header::Value)]| {
        let lookup =
            |name: &str| cards.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        HpxKeywords::read(&lookup)
    };
    let cards = [("ORDERING", "RING".into()), ("COORDTYPE", "GAL".into()), ("ORDER", 3.into())];
    let found = read(&cards).unwrap();
    assert_eq!((found.nside, found.frame, found.region), (Some(8), Frame::Galactic, None));
    for (key, value) in [("ORDER", 30.into()), ("NSIDE", (-1).into()), ("HPX_REG", "DISK".into())] {
        let mut cards = cards.to_vec();
        cards.retain(|(own, _)| *own != key);
        cards.push((key, value));
        assert!(read(&cards).is_err(), "{key}");
    }
}

#[test]
fn no_corner_is_further_than_that() {
    for nside in [1, 2, 4, 16, 128] {
        let found = Healpix::new(nside, Order::Ring).unwrap().max_pixel_radius_deg();
        let side = (4.0 * std::f64::consts::PI / 12.0f64).sqrt().to_degrees() / nside as f64;
        assert!(found > side * 0.7 && found < side * 1.2, "{nside}: {found} of {side}");
    }
}

proptest! {
    #[test]
    fn any_direction_has_a_pixel(
        lon in prop::num::f64::ANY,
        lat in prop::num::f64::ANY,
        order in prop::sample::select(vec![Order::Ring, Order::Nested]),
        level in 0u32..30,
    ) {
        let partition = Healpix::new(1 << level, order).unwrap();
        if let Some(pixel) = partition.ang2pix(lon, lat) {
            prop_assert!(pixel < partition.n_pixels());
        }
    }

    #[test]
    fn fine_pixels_hold_their_centres(
        share in 0.0..1.0f64,
        order in prop::sample::select(vec![Order::Ring, Order::Nested]),
        level in 10u32..24,
    ) {
        let partition = Healpix::new(1 << level, order).unwrap();
        let pixel = (share * partition.n_pixels() as f64) as u64;
        let vector = partition.pixel_to_vector(pixel).unwrap();
        prop_assert_eq!(partition.vector_to_pixel(vector), Some(pixel));
    }
}
